/** What is to be done about one Job. Upstream: job_controller.go syncJob. */
import { controllerOf } from '../../api/meta/owner-references.ts'
import { fromLabelSelector } from '../../api/meta/selectors.ts'
import { timestamp } from '../../api/meta/time.ts'
import type { Job, JobCondition, Pod } from '../../api/types.gen.ts'
import { deepEqual } from '../../lib/deep-equal.ts'
import { dropUndefined } from '../../lib/drop-undefined.ts'
import type { Action, Plan, PlannedEvent, ReconcileContext } from '../../runtime/plan.ts'
import { claimObjects } from '../pods/claim.ts'
import type { FailureRecord } from './backoff.ts'
import { deadlineLeftMs, type Finish, findCompletion, findFinish } from './finish.ts'
import { isTracked, untrack } from './job-pods.ts'
import {
  changeCondition,
  externalManager,
  isJobFinished,
  isSuspended,
  JOB_API_VERSION,
  jobCondition,
  TRACKING_FINALIZER,
} from './job-state.ts'
import { type JobView, viewJob } from './job-view.ts'
import { managePods, noWork, type PodWork, stopPods } from './manage-pods.ts'
import { type Tracking, trackPods } from './track-pods.ts'

export interface ObservedJob {
  /** undefined when it is gone. */
  readonly job: Job | undefined
  /** The pods it controls, and those of its namespace without a controller. */
  readonly candidates: readonly Pod[]
  /** Pods that carry the tracking finalizer of a Job of this name that is gone. */
  readonly orphans: readonly Pod[]
  /** What is remembered of its failures; without it, what its pods tell of them counts. */
  readonly failures?: FailureRecord
}

export function reconcile({ job, candidates, orphans, failures }: ObservedJob, context: ReconcileContext): Plan {
  const letGo = orphans.map(untrack)
  if (job === undefined) return { actions: letGo }
  const manager = externalManager(job)
  if (manager !== undefined) return { actions: letGo, waitingOn: `the controller ${manager}, which spec.managedBy names` }
  if (isJobFinished(job)) {
    const left = candidates.filter((pod) => controllerOf(pod)?.uid === job.metadata.uid && isTracked(pod))
    return { actions: [...letGo, ...left.map(untrack)] }
  }
  const claims = claimPods(job, candidates)
  // All that follows relies on the finalizers and versions that these leave behind.
  if (claims.actions.length > 0) return { actions: [...letGo, ...claims.actions], waitingOn: 'pods to be adopted or released' }

  const view = viewJob(job, claims.claimed, context.now, failures)
  if (context.lastFailure?.action.verb === 'create') {
    // A quota or a webhook may refuse pods for long; that must not keep the rest from being counted and shown.
    const quiet = planJob(view, (v) => noWork(v, `pods that can't be created: ${context.lastFailure!.message}`), letGo)
    if (quiet.actions!.length > 0 || !deepEqual(quiet.status, job)) return { ...quiet, requeueAfterMs: 0 }
  }
  return planJob(view, (v) => managePods(v, context), letGo)
}

/** Adopted pods get the finalizer with their owner, released ones lose it. */
function claimPods(job: Job, candidates: readonly Pod[]): { claimed: readonly Pod[]; actions: Action[] } {
  const selector = fromLabelSelector(job.spec?.selector)
  const { claimed, actions } = claimObjects({
    owner: job,
    apiVersion: JOB_API_VERSION,
    kind: 'Job',
    resource: 'pods',
    selector,
    candidates,
  })
  const adopted = new Set(claimed.map((pod) => pod.metadata.name))
  const byName = new Map(candidates.map((pod) => [pod.metadata.name, pod]))
  return {
    claimed,
    actions: actions.map((action) => {
      if (action.verb !== 'patch') return action
      const pod = byName.get(action.target.name)!
      const others = (pod.metadata.finalizers ?? []).filter((finalizer) => finalizer !== TRACKING_FINALIZER)
      const finalizers = adopted.has(pod.metadata.name) ? [...others, TRACKING_FINALIZER] : others.length > 0 ? others : null
      return { ...action, patch: { metadata: { ...(action.patch.metadata as object), finalizers } } }
    }),
  }
}

function planJob(view: JobView, manage: (view: JobView) => PodWork, first: readonly Action[]): Plan {
  const { job, now } = view
  const isDeleting = job.metadata.deletionTimestamp !== undefined
  const ending = findFinish(view)
  const work = ending !== undefined ? endPods(view, ending) : isDeleting ? noWork(view, 'the Job to be deleted') : manage(view)
  const finish = ending ?? findCompletion(view, work.active)
  const tracking = trackPods(view, finish)
  const suspension = finish === undefined && !isDeleting ? changeSuspension(job, now) : undefined
  const conclusion = conclude(view, finish, work, tracking)

  const status: Job['status'] = dropUndefined({
    ...job.status,
    ...tracking.counters,
    startTime: suspension === undefined ? (job.status?.startTime ?? (isSuspended(job) ? undefined : timestamp(now))) : suspension.startTime,
    conditions: conclusion?.conditions ?? suspension?.conditions ?? job.status?.conditions,
    completionTime: conclusion?.completionTime ?? job.status?.completionTime,
    active: work.active === 0 ? undefined : work.active,
    ready: work.ready,
    terminating: work.terminating,
  })
  const next: Job = { ...job, status }
  const waits = [work.requeueAfterMs, finish === undefined ? deadlineLeftMs(next, now) : undefined].filter((wait) => wait !== undefined)
  const waitingOn = work.waitingOn ?? (work.terminating > 0 ? `${work.terminating} terminating pod(s) to end` : undefined)
  return {
    actions: [...first, ...tracking.released.map(untrack), ...work.actions],
    status: next,
    events: [...(suspension?.events ?? []), ...(conclusion?.events ?? [])],
    ...(waits.length > 0 && { requeueAfterMs: Math.max(0, Math.min(...waits)) }),
    ...(waitingOn !== undefined && { waitingOn }),
  }
}

/**
 * When the Job has failed, its active pods are deleted at once. When it has succeeded without them, that must be on record
 * first: else they would look like failures while they terminate.
 */
function endPods(view: JobView, ending: Finish): PodWork {
  if (ending.final === 'Complete' && !ending.isRecorded) return noWork(view, 'the status to say that the Job has succeeded')
  return view.active.length > 0 ? stopPods(view) : noWork(view, `${view.terminating} terminating pod(s) to end`)
}

interface StatusChange {
  readonly conditions?: JobCondition[]
  readonly startTime?: string
  readonly completionTime?: string
  readonly events: readonly PlannedEvent[]
}

/**
 * A suspended Job has no start time, and one that is resumed starts anew, so that its deadline counts only the time in which
 * it is active. Upstream: job_controller.go syncJob, with MutableSchedulingDirectivesForSuspendedJobs.
 */
function changeSuspension(job: Job, now: number): StatusChange | undefined {
  const old = job.status?.conditions ?? []
  if (isSuspended(job)) {
    const conditions = changeCondition(old, jobCondition('Suspended', 'True', 'JobSuspended', 'Job suspended', now))
    return conditions && { conditions, events: [{ type: 'Normal', reason: 'Suspended', message: 'Job suspended' }] }
  }
  const conditions = changeCondition(old, jobCondition('Suspended', 'False', 'JobResumed', 'Job resumed', now))
  return conditions && { conditions, startTime: timestamp(now), events: [{ type: 'Normal', reason: 'Resumed', message: 'Job resumed' }] }
}

/** The interim condition, or the final one when every pod has ended and is counted. */
function conclude(view: JobView, finish: Finish | undefined, work: PodWork, tracking: Tracking): StatusChange | undefined {
  if (finish === undefined) return undefined
  const { job, now } = view
  const old = job.status?.conditions ?? []
  if (!finish.isRecorded)
    return { conditions: [...old, jobCondition(finish.interim, 'True', finish.reason, finish.message, now)], events: [] }
  if (!tracking.isSettled || work.active > 0 || work.terminating > 0) return undefined
  const final = jobCondition(finish.final, 'True', finish.reason, finish.message, now)
  const conditions = changeCondition(old, final) ?? [...old]
  if (finish.final === 'Failed') {
    return { conditions, events: [{ type: 'Warning', reason: finish.reason, message: finish.message }] }
  }
  const surplus: PlannedEvent = {
    type: 'Warning',
    reason: 'TooManySucceededPods',
    message: 'Too many succeeded pods running after completion count reached',
  }
  const hasSurplus = job.spec?.completions !== undefined && (tracking.counters.succeeded ?? 0) > job.spec.completions
  return {
    conditions,
    completionTime: timestamp(now),
    events: [...(hasSurplus ? [surplus] : []), { type: 'Normal', reason: 'Completed', message: 'Job completed' }],
  }
}
