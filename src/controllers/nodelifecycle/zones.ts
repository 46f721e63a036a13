/**
 * How many nodes of each zone are ready, kept with each change of a node: what one node costs doesn't grow with the cluster.
 * Upstream: node_lifecycle_controller.go ComputeZoneState, handleDisruption.
 */
import { isConditionTrue } from '../../api/meta/conditions.ts'
import type { Node } from '../../api/types.gen.ts'

/** Upstream: --node-eviction-rate, --secondary-node-eviction-rate, --unhealthy-zone-threshold, --large-cluster-size-threshold. */
const INTERVAL_MS = 10_000
const SLOW_INTERVAL_MS = 100_000
const UNHEALTHY_SHARE = 0.55
const LARGE_ZONE = 50
const EXCLUDED_LABEL = 'node.kubernetes.io/exclude-disruption'

/** How a node's zone, and the cluster, bear up. */
export interface Disruption {
  /** Not one node is ready: then it is likelier that the fault is on this side, and nobody is evicted. */
  readonly isTotal: boolean
  /** Between two nodes of the zone that are evicted from; undefined: from none. */
  readonly intervalMs: number | undefined
}

interface Zone {
  ready: number
  /** Those that count and aren't ready. */
  notReady: number
  /** All that aren't ready, those that don't count too. */
  readonly unready: Set<string>
}

interface Member {
  readonly zone: string
  readonly isCounted: boolean
  readonly isReady: boolean
}

export class Zones {
  readonly #members = new Map<string, Member>()
  readonly #zones = new Map<string, Zone>()
  #ready = 0

  /** Takes note of a node, or that it went. Returns the nodes that may be treated otherwise because of it. */
  set(name: string, node: Node | undefined): readonly string[] {
    const old = this.#members.get(name)
    const next = node && { zone: zoneOf(node), isCounted: node.metadata.labels?.[EXCLUDED_LABEL] === undefined, isReady: isReady(node) }
    if (old?.zone === next?.zone && old?.isCounted === next?.isCounted && old?.isReady === next?.isReady) return []
    const zones = [...new Set([old?.zone, next?.zone])].filter((zone) => zone !== undefined)
    const before = zones.map((zone) => this.#intervalOf(zone))
    const wasTotal = this.#ready === 0
    if (old !== undefined) this.#count(name, old, -1)
    if (next === undefined) this.#members.delete(name)
    else {
      this.#members.set(name, next)
      this.#count(name, next, 1)
    }
    const isTotal = this.#ready === 0
    const concerned = wasTotal === isTotal ? zones.filter((zone, i) => this.#intervalOf(zone) !== before[i]) : [...this.#zones.keys()]
    return concerned.flatMap((zone) => [...(this.#zones.get(zone)?.unready ?? [])])
  }

  of(node: Node): Disruption {
    return { isTotal: this.#ready === 0, intervalMs: this.#intervalOf(zoneOf(node)) }
  }

  #count(name: string, { zone: key, isCounted, isReady }: Member, by: 1 | -1): void {
    const zone = this.#zones.get(key) ?? { ready: 0, notReady: 0, unready: new Set<string>() }
    this.#zones.set(key, zone)
    if (isCounted && isReady) {
      zone.ready += by
      this.#ready += by
    }
    if (isCounted && !isReady) zone.notReady += by
    if (isReady) return
    if (by === 1) zone.unready.add(name)
    else zone.unready.delete(name)
  }

  #intervalOf(key: string): number | undefined {
    const { ready, notReady } = this.#zones.get(key) ?? { ready: 0, notReady: 0 }
    // A zone that is all down, while others aren't, is evicted from at the full rate.
    if (ready === 0) return INTERVAL_MS
    if (!(notReady > 2 && notReady / (ready + notReady) >= UNHEALTHY_SHARE)) return INTERVAL_MS
    return ready + notReady > LARGE_ZONE ? SLOW_INTERVAL_MS : undefined
  }
}

export function isReady(node: Node): boolean {
  return isConditionTrue(node.status?.conditions, 'Ready')
}

/** Upstream: component-helpers node/topology GetZoneKey. */
export function zoneOf({ metadata: { labels = {} } }: Node): string {
  return `${labels['topology.kubernetes.io/region'] ?? ''}:${labels['topology.kubernetes.io/zone'] ?? ''}`
}
