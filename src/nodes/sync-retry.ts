/** A sync of a pod that failed is followed by another. Upstream: pod_workers.go completeWork, backOffPeriod, without its jitter. */
export const SYNC_RETRY_MS = 10_000

/** The first sync after `after`, when there was one at `since`. */
export function nextSync(since: number, after: number): number {
  return since + (Math.floor(Math.max(0, after - since) / SYNC_RETRY_MS) + 1) * SYNC_RETRY_MS
}
