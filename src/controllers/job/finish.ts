/** Whether a Job has come to its end, and how. */
import { isConditionTrue } from '../../api/meta/conditions.ts'
import { parseTimestamp } from '../../api/meta/time.ts'
import type { Job, Pod } from '../../api/types.gen.ts'
import { countIndexes } from './index-intervals.ts'
import { hasFailed } from './job-pods.ts'
import { completionsOf, isIndexed, isSuspended } from './job-state.ts'
import type { JobView } from './job-view.ts'
import { judgeFailedPod } from './pod-failure-policy.ts'
import { matchSuccessPolicy } from './success-policy.ts'

/**
 * A Job ends in two steps: an interim condition says how, its pods are stopped and counted, then the final condition
 * follows. Only the first step decides.
 */
export interface Finish {
  readonly interim: 'SuccessCriteriaMet' | 'FailureTarget'
  readonly final: 'Complete' | 'Failed'
  readonly reason: string
  readonly message: string
  /** The interim condition is in the status already. */
  readonly isRecorded: boolean
}

function success(reason: string, message: string, isRecorded = false): Finish {
  return { interim: 'SuccessCriteriaMet', final: 'Complete', reason, message, isRecorded }
}

function failure(reason: string, message: string, isRecorded = false): Finish {
  return { interim: 'FailureTarget', final: 'Failed', reason, message, isRecorded }
}

/** Ends the Job whatever its pods are doing. The first reason counts. */
export function findFinish(view: JobView): Finish | undefined {
  return recordedFinish(view.job) ?? policyFailure(view) ?? limitFailure(view) ?? indexFailure(view) ?? policySuccess(view)
}

/** Enough pods have succeeded and none is left. @param active when the planned creations and deletions are done */
export function findCompletion({ job, succeeded }: JobView, active: number): Finish | undefined {
  const isEnough = job.spec?.completions === undefined ? succeeded > 0 : succeeded >= job.spec.completions
  return isEnough && active === 0 ? success('CompletionsReached', 'Reached expected number of succeeded pods') : undefined
}

function recordedFinish({ status }: Job): Finish | undefined {
  for (const [type, finish] of [
    ['SuccessCriteriaMet', success],
    ['FailureTarget', failure],
  ] as const) {
    const condition = status?.conditions?.find((candidate) => candidate.type === type)
    if (condition !== undefined && isConditionTrue([condition], type)) return finish(condition.reason ?? '', condition.message ?? '', true)
  }
  return undefined
}

function policyFailure({ job, pods }: JobView): Finish | undefined {
  const policy = job.spec?.podFailurePolicy
  if (policy === undefined) return undefined
  for (const pod of pods) {
    const message = hasFailed(pod, job) ? judgeFailedPod(policy, pod).jobFailure : undefined
    if (message !== undefined) return failure('PodFailurePolicy', message)
  }
  return undefined
}

function limitFailure({ job, pods, failed, now }: JobView): Finish | undefined {
  const limit = job.spec?.backoffLimit ?? 6
  if (failed > limit || hasRestartedTooOften(job, pods, limit)) {
    return failure('BackoffLimitExceeded', 'Job has reached the specified backoff limit')
  }
  const left = deadlineLeftMs(job, now)
  return left !== undefined && left <= 0 ? failure('DeadlineExceeded', 'Job was active longer than specified deadline') : undefined
}

/** Containers that are restarted in place don't fail their pod, so their restarts are what counts. */
function hasRestartedTooOften(job: Job, pods: readonly Pod[], limit: number): boolean {
  if (job.spec?.template.spec?.restartPolicy !== 'OnFailure') return false
  let restarts = 0
  for (const { status } of pods) {
    if (status?.phase !== 'Running' && status?.phase !== 'Pending') continue
    for (const container of status.initContainerStatuses ?? []) restarts += container.restartCount
    for (const container of status.containerStatuses ?? []) restarts += container.restartCount
  }
  return limit === 0 ? restarts > 0 : restarts >= limit
}

/** Milliseconds until the Job has been active too long; undefined when it may be so forever, or isn't now. */
export function deadlineLeftMs(job: Job, now: number): number | undefined {
  const deadline = job.spec?.activeDeadlineSeconds
  if (deadline === undefined || isSuspended(job)) return undefined
  // One that hasn't started does so now.
  const startedAt = job.status?.startTime === undefined ? now : parseTimestamp(job.status.startTime)
  return startedAt + deadline * 1000 - now
}

function indexFailure({ job, failedIndexes, succeededIndexes }: JobView): Finish | undefined {
  if (failedIndexes === undefined) return undefined
  const failed = countIndexes(failedIndexes)
  const limit = job.spec?.maxFailedIndexes
  if (limit !== undefined && failed > limit) {
    return failure('MaxFailedIndexesExceeded', 'Job has exceeded the specified maximal number of failed indexes')
  }
  const isAllDone = failed + countIndexes(succeededIndexes) >= completionsOf(job)
  return failed > 0 && isAllDone ? failure('FailedIndexes', 'Job has failed indexes') : undefined
}

function policySuccess({ job, succeededIndexes }: JobView): Finish | undefined {
  if (!isIndexed(job)) return undefined
  const message = matchSuccessPolicy(job.spec?.successPolicy, completionsOf(job), succeededIndexes)
  return message === undefined ? undefined : success('SuccessPolicy', message)
}
