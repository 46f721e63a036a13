/** Which pods a Job creates and deletes. Upstream: job_controller.go manageJob. */
import type { Pod } from '../../api/types.gen.ts'
import type { Action, DeleteAction, ReconcileContext } from '../../runtime/plan.ts'
import { isPodReady, isPodTerminating } from '../pods/pod-state.ts'
import { compareActivePods } from '../pods/rank-for-deletion.ts'
import { backoffLeftMs, indexBackoffLeftMs } from './backoff.ts'
import { firstIndexesOutside, uniteIntervals, withIndexes } from './index-intervals.ts'
import { completionIndex, isTracked, untrack, validIndex } from './job-pods.ts'
import { completionsOf, hasBackoffLimitPerIndex, isIndexed, isSuspended, replacesOnlyEndedPods } from './job-state.ts'
import type { JobView } from './job-view.ts'
import { createJobPod } from './new-pod.ts'

/** So that no plan grows without bounds; the rest follows in the next. */
const MOST_PODS_AT_ONCE = 500

export interface PodWork {
  readonly actions: readonly Action[]
  /** Counts of pods when the actions are done. */
  readonly active: number
  readonly ready: number
  readonly terminating: number
  readonly requeueAfterMs?: number
  readonly waitingOn?: string
}

export function noWork({ active, ready, terminating }: JobView, waitingOn: string, requeueAfterMs?: number): PodWork {
  return { actions: [], active: active.length, ready, terminating, waitingOn, ...(requeueAfterMs !== undefined && { requeueAfterMs }) }
}

/** Ends all active pods. They keep their finalizer until they are counted. */
export function stopPods(view: JobView): PodWork {
  return afterDeleting(view, view.active, view.active.map(deletePod))
}

/** Brings the number of active pods to what the Job wants now: deletes, creates, or waits; never two of these at once. */
export function managePods(view: JobView, context: ReconcileContext): PodWork {
  const { job, active } = view
  if (isSuspended(job)) {
    return active.length === 0 ? noWork(view, 'the Job is suspended') : removePods(view, [...active])
  }
  const wanted = wantedActive(view)
  const surplus = podsToRemove(view, Math.max(0, active.length - wanted)).slice(0, MOST_PODS_AT_ONCE)
  if (surplus.length > 0) return removePods(view, surplus)

  const missing = wanted - active.length - (replacesOnlyEndedPods(job) ? view.terminating : 0)
  if (missing <= 0) {
    return noWork(view, active.length > 0 ? `${active.length} active pod(s)` : `${view.terminating} terminating pod(s) to end`)
  }
  return hasBackoffLimitPerIndex(job) ? createByIndex(view, missing, context) : createTogether(view, missing, context)
}

/** Never more than what is left to complete. Without completions, the first success means that no more pods start. */
function wantedActive({ job, active, succeeded }: JobView): number {
  const parallelism = job.spec?.parallelism ?? 1
  if (job.spec?.completions === undefined) return succeeded > 0 ? active.length : parallelism
  return Math.max(0, Math.min(parallelism, job.spec.completions - succeeded))
}

function createTogether(view: JobView, missing: number, context: ReconcileContext): PodWork {
  const { job, now } = view
  const delay = backoffLeftMs(view.failures, now)
  if (delay > 0) return backOff(view, 'after failed pods', delay)
  const count = Math.min(missing, MOST_PODS_AT_ONCE)
  if (isIndexed(job)) {
    return afterCreating(
      view,
      pendingIndexes(view, count).map((index) => createJobPod(job, context, index)),
    )
  }
  return afterCreating(
    view,
    Array.from({ length: count }, () => createJobPod(job, context)),
  )
}

/**
 * Upstream tells then that no pod is active, whatever there are. Its validation refuses that as long as some of them are ready,
 * and the whole status with it; we tell the truth then. Upstream: job_controller.go manageJob, where it waits for remainingTime.
 */
function backOff(view: JobView, what: string, delay: number): PodWork {
  const work = noWork(view, `the back-off ${what}, for ${Math.ceil(delay / 1000)}s`, delay)
  return view.ready > 0 ? work : { ...work, active: 0 }
}

/** Each index has a back-off of its own. */
function createByIndex(view: JobView, missing: number, context: ReconcileContext): PodWork {
  const { job, now, awaitingReplacement } = view
  const indexes = pendingIndexes(view, Math.min(missing, MOST_PODS_AT_ONCE))
  const delays = indexes.map((index) => indexBackoffLeftMs(awaitingReplacement.get(index), now))
  const due = indexes.filter((_, at) => delays[at] === 0)
  const later = delays.filter((delay) => delay > 0)
  const requeueAfterMs = later.length > 0 ? Math.min(...later) : undefined
  if (due.length === 0 && requeueAfterMs !== undefined) {
    return backOff(view, 'of failed indexes', requeueAfterMs)
  }
  const work = afterCreating(
    view,
    due.map((index) => createJobPod(job, context, index, awaitingReplacement.get(index))),
  )
  return requeueAfterMs === undefined ? work : { ...work, requeueAfterMs }
}

function pendingIndexes({ job, pods, active, succeededIndexes, failedIndexes }: JobView, count: number): number[] {
  const occupied = replacesOnlyEndedPods(job) ? [...active, ...pods.filter(isPodTerminating)] : active
  const running = occupied.map(completionIndex).filter((index) => index !== undefined)
  const taken = uniteIntervals(withIndexes(succeededIndexes, running), failedIndexes ?? [])
  return firstIndexesOutside(taken, count, completionsOf(job))
}

/** Pods without a valid index, all but one of each index, and then as many more as it takes. */
function podsToRemove({ job, active }: JobView, atLeast: number): Pod[] {
  const remaining: Pod[] = []
  const removed: Pod[] = []
  if (isIndexed(job)) {
    const byIndex = new Map<number | undefined, Pod[]>()
    for (const pod of active) {
      const index = validIndex(job, pod)
      byIndex.set(index, [...(byIndex.get(index) ?? []), pod])
    }
    for (const [index, pods] of byIndex) {
      if (index === undefined) removed.push(...pods)
      else {
        const ranked = [...pods].sort(compareActivePods)
        remaining.push(ranked.pop()!)
        removed.push(...ranked)
      }
    }
  } else remaining.push(...active)
  return [...removed, ...remaining.sort(compareActivePods).slice(0, Math.max(0, atLeast - removed.length))]
}

/** What the Job takes away itself is neither a success nor a failure, so its finalizer goes first. */
function removePods(view: JobView, pods: readonly Pod[]): PodWork {
  return afterDeleting(view, pods, [...pods.filter(isTracked).map(untrack), ...pods.map(deletePod)])
}

function afterDeleting(view: JobView, pods: readonly Pod[], actions: readonly Action[]): PodWork {
  return {
    actions,
    active: view.active.length - pods.length,
    ready: view.ready - pods.filter(isPodReady).length,
    terminating: view.terminating + pods.length,
  }
}

function afterCreating(view: JobView, actions: readonly Action[]): PodWork {
  return { actions, active: view.active.length + actions.length, ready: view.ready, terminating: view.terminating }
}

function deletePod({ metadata: { namespace, name, uid } }: Pod): DeleteAction {
  return {
    verb: 'delete',
    target: { resource: 'pods', namespace, name },
    preconditions: { uid },
    event: { type: 'Normal', reason: 'SuccessfulDelete', message: `Deleted pod: ${name}` },
    failureEvent: { type: 'Warning', reason: 'FailedDelete', message: 'Error deleting: ' },
  }
}
