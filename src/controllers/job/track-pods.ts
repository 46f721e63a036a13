/**
 * Counts each pod exactly once, over any crash. A pod that ends is first named in status.uncountedTerminatedPods; only then
 * may its finalizer go; only when that is gone does the pod move into the counters. What the status says already is the
 * only thing relied on, so it takes several plans, each of which may be cut off anywhere.
 * Upstream: job_controller.go trackJobStatusAndRemoveFinalizers, which does the same within one sync.
 */
import type { JobStatus, Pod } from '../../api/types.gen.ts'
import { isPodSucceeded } from '../pods/pod-state.ts'
import type { Finish } from './finish.ts'
import { formatIndexes, hasIndex, type IndexIntervals } from './index-intervals.ts'
import { canCount, completionIndex, hasFailed, isTracked } from './job-pods.ts'
import { isIndexed } from './job-state.ts'
import type { JobView } from './job-view.ts'
import { judgeFailedPod } from './pod-failure-policy.ts'

/** Keeps the uids in a status under 20 KB. */
const MOST_UNCOUNTED = 500

export interface Tracking {
  /** Pods whose outcome is on record, or needs none: their finalizer can go. */
  readonly released: readonly Pod[]
  /** The fields of the status that count pods, as they are to be when that is done. */
  readonly counters: Pick<JobStatus, 'succeeded' | 'failed' | 'completedIndexes' | 'failedIndexes' | 'uncountedTerminatedPods'>
  /** Every pod that has ended is in the counters when that is done. */
  readonly isSettled: boolean
}

export function trackPods(view: JobView, finish: Finish | undefined): Tracking {
  const { job, uncounted } = view
  // The status must say how the Job ends before the pods that show why may go.
  const isHeld = finish !== undefined && !finish.isRecorded
  const released: Pod[] = []
  const succeeded: string[] = []
  const failed: string[] = []
  let room = MOST_UNCOUNTED - uncounted.succeeded.size - uncounted.failed.size
  let isSettled = true

  for (const pod of view.pods) {
    if (!isTracked(pod) || !canLeave(view, pod, finish)) continue
    const uid = pod.metadata.uid
    const outcome = outcomeOf(view, pod, finish)
    const isRecorded =
      outcome === 'none' ||
      uncounted.failed.has(uid) ||
      (outcome === 'succeeded' && (isIndexed(job) ? hasIndex(view.recordedIndexes, completionIndex(pod)!) : uncounted.succeeded.has(uid)))
    if (isRecorded && !isHeld) {
      released.push(pod)
      continue
    }
    isSettled = false
    if (isRecorded || room <= 0) continue
    room--
    if (outcome === 'failed') failed.push(uid)
    // An index that is on record is enough to count its success once.
    else if (!isIndexed(job)) succeeded.push(uid)
  }

  const tracked = new Set(view.pods.filter(isTracked).map((pod) => pod.metadata.uid))
  for (const pod of released) tracked.delete(pod.metadata.uid)
  const stillSucceeded = [...uncounted.succeeded].filter((uid) => tracked.has(uid))
  const stillFailed = [...uncounted.failed].filter((uid) => tracked.has(uid))
  const uncountedTerminatedPods = {
    ...(stillSucceeded.length + succeeded.length > 0 && { succeeded: [...stillSucceeded, ...succeeded] }),
    ...(stillFailed.length + failed.length > 0 && { failed: [...stillFailed, ...failed] }),
  }
  return {
    released,
    counters: {
      succeeded: isIndexed(job)
        ? orAbsent(view.succeeded)
        : orAbsent((job.status?.succeeded ?? 0) + uncounted.succeeded.size - stillSucceeded.length),
      failed: orAbsent((job.status?.failed ?? 0) + uncounted.failed.size - stillFailed.length),
      completedIndexes: isIndexed(job) ? formatIndexes(view.succeededIndexes) || undefined : job.status?.completedIndexes,
      failedIndexes: isIndexed(job) ? failedIndexesText(view.failedIndexes) : job.status?.failedIndexes,
      uncountedTerminatedPods,
    },
    isSettled: isSettled && stillSucceeded.length + stillFailed.length === 0,
  }
}

/** A limit per index shows even as an empty text. */
function failedIndexesText(indexes: IndexIntervals | undefined): string | undefined {
  return indexes && formatIndexes(indexes)
}

/** Upstream: canRemoveFinalizer. */
function canLeave({ job, awaitingReplacement }: JobView, pod: Pod, finish: Finish | undefined): boolean {
  if (job.metadata.deletionTimestamp !== undefined || finish !== undefined || isPodSucceeded(pod)) return true
  const index = completionIndex(pod)
  return hasFailed(pod, job) && (index === undefined || awaitingReplacement.get(index) !== pod)
}

/** How the pod counts. When the Job fails, all pods that haven't succeeded have failed. */
function outcomeOf({ job, uncounted }: JobView, pod: Pod, finish: Finish | undefined): 'succeeded' | 'failed' | 'none' {
  if (!canCount(job, pod)) return 'none'
  if (isPodSucceeded(pod) && !uncounted.failed.has(pod.metadata.uid)) return 'succeeded'
  if (uncounted.failed.has(pod.metadata.uid)) return 'failed'
  if (!hasFailed(pod, job) && finish?.final !== 'Failed') return 'none'
  return judgeFailedPod(job.spec?.podFailurePolicy, pod).counts ? 'failed' : 'none'
}

function orAbsent(count: number): number | undefined {
  return count === 0 ? undefined : count
}
