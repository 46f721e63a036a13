/** How long a Job waits before it replaces failed pods. Upstream: backoff_utils.go. */
import type { Job, Pod } from '../../api/types.gen.ts'
import { isPodFailed, isPodSucceeded } from '../pods/pod-state.ts'
import { canCount, finishedAt, freshPods, hasFailed, ignoredIndexFailures, indexFailures, isTracked } from './job-pods.ts'

const FIRST_DELAY_MS = 10_000
const LONGEST_DELAY_MS = 600_000

/** What is remembered of a Job's failures, since pods that failed may be taken away while it still waits because of them. */
export interface FailureRecord {
  readonly jobUid: string
  /** Since the last success. */
  readonly failures: number
  /** In milliseconds since the epoch; undefined when there was none. */
  readonly lastFailure: number | undefined
  /** Ended pods that are in it, but not in the Job's status yet: they will be seen again. */
  readonly seen: ReadonlySet<string>
}

/**
 * The record with what the pods now show.
 * @param before undefined after a restart; then the record begins with those ended pods that are still there.
 */
export function recordFailures(before: FailureRecord | undefined, job: Job, pods: readonly Pod[]): FailureRecord {
  const fresh = freshPods(job, pods)
  const base = before?.jobUid === job.metadata.uid ? before : recordOfCounted(job, pods, fresh)
  const unseen = fresh.filter((pod) => !base.seen.has(pod.metadata.uid))
  const successes = unseen.filter(isPodSucceeded).map(finishedAt)
  const failures = unseen.filter((pod) => hasFailed(pod, job)).map(finishedAt)
  const ended = fresh.filter((pod) => isPodSucceeded(pod) || hasFailed(pod, job))
  return { ...advance(base, successes, failures), jobUid: job.metadata.uid, seen: new Set(ended.map((pod) => pod.metadata.uid)) }
}

/**
 * The failures that the pods of earlier plans tell of. A pod that is going without a finalizer doesn't say whether it failed or
 * was taken away by the Job, so it isn't counted.
 */
function recordOfCounted(job: Job, pods: readonly Pod[], fresh: readonly Pod[]): FailureRecord {
  const isFresh = new Set(fresh)
  const counted = pods.filter((pod) => !isFresh.has(pod) && canCount(job, pod))
  const failed = counted.filter((pod) =>
    isTracked(pod) ? hasFailed(pod, job) : isPodFailed(pod) && pod.metadata.deletionTimestamp === undefined,
  )
  const empty = { failures: 0, lastFailure: undefined, seen: new Set<string>(), jobUid: job.metadata.uid }
  return { ...empty, ...advance(empty, counted.filter(isPodSucceeded).map(finishedAt), failed.map(finishedAt)) }
}

/** A success ends what failures before it have built up. */
function advance(
  { failures, lastFailure }: Pick<FailureRecord, 'failures' | 'lastFailure'>,
  successes: readonly number[],
  failureTimes: readonly number[],
): Pick<FailureRecord, 'failures' | 'lastFailure'> {
  if (successes.length === 0) {
    if (failureTimes.length === 0) return { failures, lastFailure }
    return { failures: failures + failureTimes.length, lastFailure: latest(failureTimes) }
  }
  const lastSuccess = latest(successes)
  const later = failureTimes.filter((time) => time > lastSuccess)
  return { failures: later.length, lastFailure: later.length === 0 ? undefined : latest(later) }
}

function latest(times: readonly number[]): number {
  return times.reduce((last, time) => Math.max(last, time), Number.NEGATIVE_INFINITY)
}

/** Milliseconds until the Job may create pods again. */
export function backoffLeftMs({ failures, lastFailure }: FailureRecord, now: number): number {
  return lastFailure === undefined ? 0 : delayLeft(failures, lastFailure, now)
}

/** Milliseconds until an index may run again. @param lastFailed its last pod, if that has failed */
export function indexBackoffLeftMs(lastFailed: Pod | undefined, now: number): number {
  if (lastFailed === undefined) return 0
  return delayLeft(indexFailures(lastFailed) + ignoredIndexFailures(lastFailed) + 1, finishedAt(lastFailed), now)
}

function delayLeft(failures: number, lastFailure: number, now: number): number {
  if (failures === 0) return 0
  const delay = Math.min(FIRST_DELAY_MS * 2 ** Math.min(failures - 1, 20), LONGEST_DELAY_MS)
  return Math.max(0, lastFailure + delay - now)
}
