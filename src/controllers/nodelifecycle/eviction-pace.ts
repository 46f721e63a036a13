/**
 * How fast pods are evicted from nodes that aren't ready: one node in ten seconds and zone; slower or not at all when much
 * of a zone is down, for then it is likelier that the fault is on this side; never when all of the cluster is.
 * Upstream: node_lifecycle_controller.go handleDisruption.
 */
import { isConditionTrue } from '../../api/meta/conditions.ts'
import { parseTimestamp } from '../../api/meta/time.ts'
import type { Node } from '../../api/types.gen.ts'
import { type Eviction, isEvictionTaint } from './node-taints.ts'

const INTERVAL_MS = 10_000
const SLOW_INTERVAL_MS = 100_000
const UNHEALTHY_SHARE = 0.55
/** Zones of up to as many nodes are left alone when they are disrupted. */
const LARGE_ZONE = 50

export interface Pace {
  readonly eviction: Eviction
  /** When it may change, in milliseconds since the epoch. */
  readonly at?: number
}

/** Of a node that isn't ready and has no taint for it. */
export function evictionPace(node: Node, nodes: readonly Node[], now: number): Pace {
  const counted = nodes.filter(({ metadata }) => metadata.labels?.['node.kubernetes.io/exclude-disruption'] === undefined)
  if (!counted.some(isReady)) return { eviction: 'remove' }
  const zone = nodes.filter((each) => zoneOf(each) === zoneOf(node))
  const countedInZone = counted.filter((each) => zoneOf(each) === zoneOf(node))
  const interval = intervalOf(countedInZone)
  if (interval === undefined) return { eviction: 'keep' }
  const taintedAt = zone.flatMap(({ spec }) =>
    (spec.taints ?? []).filter(isEvictionTaint).map(({ timeAdded }) => parseTimestamp(timeAdded)),
  )
  const next = Math.max(0, ...taintedAt.filter((at) => !Number.isNaN(at))) + interval
  return next <= now ? { eviction: 'add' } : { eviction: 'keep', at: next }
}

function intervalOf(zone: readonly Node[]): number | undefined {
  const ready = zone.filter(isReady).length
  const notReady = zone.length - ready
  // A zone that is all down, while others aren't, is evicted from at the full rate.
  if (ready === 0) return INTERVAL_MS
  if (!(notReady > 2 && notReady / zone.length >= UNHEALTHY_SHARE)) return INTERVAL_MS
  return zone.length > LARGE_ZONE ? SLOW_INTERVAL_MS : undefined
}

export function isReady(node: Node): boolean {
  return isConditionTrue(node.status?.conditions, 'Ready')
}

function zoneOf({ metadata }: Node): string {
  return `${metadata.labels?.['topology.kubernetes.io/region'] ?? ''}:${metadata.labels?.['topology.kubernetes.io/zone'] ?? ''}`
}
