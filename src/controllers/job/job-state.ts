/** What a Job asks for and has come to, read from it alone. */
import { isConditionTrue } from '../../api/meta/conditions.ts'
import { timestamp } from '../../api/meta/time.ts'
import type { Job, JobCondition } from '../../api/types.gen.ts'

export const JOBS = 'jobs.batch'
export const JOB_API_VERSION = 'batch/v1'
/** Keeps a pod from going before it is counted. */
export const TRACKING_FINALIZER = 'batch.kubernetes.io/job-tracking'
/** The value of spec.managedBy that means us, as does none. */
const OUR_NAME = 'kubernetes.io/job-controller'

export function isIndexed(job: Job): boolean {
  return job.spec?.completionMode === 'Indexed'
}

export function isSuspended(job: Job): boolean {
  return job.spec?.suspend === true
}

export function hasBackoffLimitPerIndex(job: Job): boolean {
  return job.spec?.backoffLimitPerIndex !== undefined
}

/** The controller that is to look after the Job when it isn't this one. */
export function externalManager(job: Job): string | undefined {
  const manager = job.spec?.managedBy
  return manager === OUR_NAME ? undefined : manager
}

/** It is Complete or Failed, and nothing more happens to it. */
export function isJobFinished(job: Job): boolean {
  return finishedAs(job) !== undefined
}

export function finishedAs(job: Job): 'Complete' | 'Failed' | undefined {
  return findTrue(job, 'Complete') ? 'Complete' : findTrue(job, 'Failed') ? 'Failed' : undefined
}

function findTrue(job: Job, type: string): boolean {
  return isConditionTrue(job.status?.conditions, type)
}

/**
 * Must a pod have ended, rather than be on its way out, before another takes its place (and before it counts as failed)?
 * A pod failure policy implies it, as it looks at how the pod ended.
 */
export function replacesOnlyEndedPods(job: Job): boolean {
  return job.spec?.podReplacementPolicy === 'Failed' || job.spec?.podFailurePolicy !== undefined
}

/** Indexed Jobs always have completions; a Job without is done when one of its pods is. */
export function completionsOf(job: Job): number {
  return job.spec?.completions ?? 0
}

export function jobCondition(type: string, status: 'True' | 'False', reason: string, message: string, now: number): JobCondition {
  const time = timestamp(now)
  return { type, status, lastProbeTime: time, lastTransitionTime: time, reason, message }
}

/**
 * The conditions with this one set; undefined when that changes nothing. One that doesn't exist isn't set to False.
 * Upstream: job_controller.go ensureJobConditionStatus.
 */
export function changeCondition(conditions: readonly JobCondition[], next: JobCondition): JobCondition[] | undefined {
  const at = conditions.findIndex((condition) => condition.type === next.type)
  if (at < 0) return next.status === 'False' ? undefined : [...conditions, next]
  const old = conditions[at]!
  if (old.status === next.status && (old.reason ?? '') === next.reason && (old.message ?? '') === next.message) return undefined
  return conditions.with(at, next)
}
