/** How long a Job waits before it replaces failed pods. Upstream: backoff_utils.go. */
import type { Job, Pod } from '../../api/types.gen.ts'
import { isPodFailed, isPodSucceeded } from '../pods/pod-state.ts'
import { finishedAt, hasFailed, ignoredIndexFailures, indexFailures, isTracked } from './job-pods.ts'

const FIRST_DELAY_MS = 10_000
const LONGEST_DELAY_MS = 600_000

/**
 * Milliseconds until the Job may create pods again, from the failures after its last success.
 *
 * Upstream keeps these counts in memory and loses them at a restart; here they are read off the pods, which stay.
 * A pod that is going without having been counted was removed by the Job itself, so it is no failure.
 */
export function backoffLeftMs(job: Job, pods: readonly Pod[], now: number): number {
  const lastSuccess = Math.max(...pods.filter(isPodSucceeded).map(finishedAt), Number.NEGATIVE_INFINITY)
  const failures = pods
    .filter((pod) => (isTracked(pod) ? hasFailed(pod, job) : isPodFailed(pod) && pod.metadata.deletionTimestamp === undefined))
    .map(finishedAt)
    .filter((time) => time > lastSuccess)
  return failures.length === 0 ? 0 : delayLeft(failures.length, Math.max(...failures), now)
}

/** Milliseconds until an index may run again. @param lastFailed its last pod, if that has failed */
export function indexBackoffLeftMs(lastFailed: Pod | undefined, now: number): number {
  if (lastFailed === undefined) return 0
  return delayLeft(indexFailures(lastFailed) + ignoredIndexFailures(lastFailed) + 1, finishedAt(lastFailed), now)
}

function delayLeft(failures: number, lastFailure: number, now: number): number {
  const delay = Math.min(FIRST_DELAY_MS * 2 ** Math.min(failures - 1, 20), LONGEST_DELAY_MS)
  return Math.max(0, lastFailure + delay - now)
}
