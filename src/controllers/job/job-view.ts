/** A Job with what its pods add up to: all that the decisions about it read. Upstream: job_controller.go syncJobCtx. */
import type { Job, Pod } from '../../api/types.gen.ts'
import { isPodActive, isPodReady, isPodSucceeded, isPodTerminating } from '../pods/pod-state.ts'
import { type FailureRecord, recordFailures } from './backoff.ts'
import { hasIndex, type IndexIntervals, parseIndexes, withIndexes } from './index-intervals.ts'
import {
  completionIndex,
  finishedAt,
  freshPods,
  hasFailed,
  ignoredIndexFailures,
  indexFailures,
  isTracked,
  validIndex,
} from './job-pods.ts'
import { completionsOf, hasBackoffLimitPerIndex, isIndexed } from './job-state.ts'
import { judgeFailedPod } from './pod-failure-policy.ts'

export interface JobView {
  readonly job: Job
  readonly now: number
  readonly failures: FailureRecord
  /** In order of their indexes, if they have any. */
  readonly pods: readonly Pod[]
  readonly active: readonly Pod[]
  readonly ready: number
  readonly terminating: number
  /** Uids of pods that the status names, but doesn't count yet. */
  readonly uncounted: { readonly succeeded: ReadonlySet<string>; readonly failed: ReadonlySet<string> }
  /** Counted or not; of an Indexed Job the number of its indexes. */
  readonly succeeded: number
  /** Counted or not, but without those that the pod failure policy ignores. */
  readonly failed: number
  /** As the status has them, within the completions of now. */
  readonly recordedIndexes: IndexIntervals
  readonly succeededIndexes: IndexIntervals
  /** undefined unless failures are limited per index. */
  readonly failedIndexes: IndexIntervals | undefined
  /** Failed pods that stay until a new pod of their index takes over their count of failures. */
  readonly awaitingReplacement: ReadonlyMap<number, Pod>
}

/**
 * @param claimed the Job's pods
 * @param failures what the controller remembers of those that failed; else what the pods tell of them
 */
export function viewJob(job: Job, claimed: readonly Pod[], now: number, failures = recordFailures(undefined, job, claimed)): JobView {
  const pods = isIndexed(job) ? [...claimed].sort((a, b) => (completionIndex(a) ?? -1) - (completionIndex(b) ?? -1)) : claimed
  const active = pods.filter(isPodActive)
  const uncounted = {
    succeeded: new Set(job.status?.uncountedTerminatedPods?.succeeded),
    failed: new Set(job.status?.uncountedTerminatedPods?.failed),
  }
  const fresh = freshPods(job, pods)
  const freshSucceeded = fresh.filter(isPodSucceeded)
  const freshFailed = fresh.filter((pod) => hasFailed(pod, job) && judgeFailedPod(job.spec?.podFailurePolicy, pod).counts)
  const recordedIndexes = parseIndexes(job.status?.completedIndexes, completionsOf(job))
  const succeededIndexes = withIndexes(
    recordedIndexes,
    isIndexed(job) ? freshSucceeded.map((pod) => validIndex(job, pod)!).sort((a, b) => a - b) : [],
  )
  const failedIndexes = isIndexed(job) && hasBackoffLimitPerIndex(job) ? findFailedIndexes(job, pods) : undefined
  return {
    job,
    now,
    pods,
    failures,
    active,
    ready: active.filter(isPodReady).length,
    terminating: pods.filter(isPodTerminating).length,
    uncounted,
    succeeded: isIndexed(job)
      ? succeededIndexes.reduce((sum, [first, last]) => sum + last - first + 1, 0)
      : (job.status?.succeeded ?? 0) + uncounted.succeeded.size + freshSucceeded.length,
    failed: (job.status?.failed ?? 0) + uncounted.failed.size + freshFailed.length,
    recordedIndexes,
    succeededIndexes,
    failedIndexes,
    awaitingReplacement: failedIndexes === undefined ? new Map() : findAwaiting(job, pods, active, succeededIndexes, failedIndexes),
  }
}

/** Those that the status has, and those of pods that now have failed once too often. */
function findFailedIndexes(job: Job, pods: readonly Pod[]): IndexIntervals {
  const failed = pods.filter((pod) => isTracked(pod) && validIndex(job, pod) !== undefined && failsItsIndex(job, pod))
  return withIndexes(
    parseIndexes(job.status?.failedIndexes, completionsOf(job)),
    failed.map((pod) => validIndex(job, pod)!),
  )
}

function failsItsIndex(job: Job, pod: Pod): boolean {
  if (!hasFailed(pod, job)) return false
  const { action, counts } = judgeFailedPod(job.spec?.podFailurePolicy, pod)
  return action === 'FailIndex' || (counts && indexFailures(pod) >= job.spec!.backoffLimitPerIndex!)
}

/** Of each index that is to run again, the failed pod with the most failures behind it. */
function findAwaiting(
  job: Job,
  pods: readonly Pod[],
  active: readonly Pod[],
  succeededIndexes: IndexIntervals,
  failedIndexes: IndexIntervals,
): Map<number, Pod> {
  const activeIndexes = new Set(active.map(completionIndex))
  const awaiting = new Map<number, Pod>()
  for (const pod of pods) {
    const index = validIndex(job, pod)
    if (index === undefined || !isTracked(pod) || !hasFailed(pod, job)) continue
    if (activeIndexes.has(index) || hasIndex(succeededIndexes, index) || hasIndex(failedIndexes, index)) continue
    const other = awaiting.get(index)
    if (other === undefined || (allFailures(other) <= allFailures(pod) && finishedAt(other) <= finishedAt(pod))) awaiting.set(index, pod)
  }
  return awaiting
}

function allFailures(pod: Pod): number {
  return indexFailures(pod) + ignoredIndexFailures(pod)
}
