/**
 * When pods may be evicted from a node that isn't ready: one node of a zone at a time; slower or not at all when much of the zone is
 * down; never when all of the cluster is. Upstream: node_lifecycle_controller.go doNoExecuteTaintingPass, handleDisruption.
 */
import type { Eviction } from './node-taints.ts'
import type { Disruption } from './zones.ts'

export interface Pace {
  readonly eviction: Eviction
  /** When it may change, in milliseconds since the epoch. */
  readonly at?: number
}

/**
 * Of a node that isn't ready and has no taint for it.
 * @param lastEvictionAt when the last node of its zone was tainted, in milliseconds since the epoch
 */
export function evictionPace({ isTotal, intervalMs }: Disruption, lastEvictionAt: number | undefined, now: number): Pace {
  if (isTotal) return { eviction: 'remove' }
  if (intervalMs === undefined) return { eviction: 'keep' }
  const next = (lastEvictionAt ?? Number.NEGATIVE_INFINITY) + intervalMs
  return next <= now ? { eviction: 'add' } : { eviction: 'keep', at: next }
}
