/** How the cluster's CPUs are spread over its zones, kept as nodes come, change and go. Upstream: topologycache.go SetNodes */
import { isConditionTrue } from '../../api/meta/conditions.ts'
import { quantityMilliValue } from '../../api/meta/quantity.ts'
import type { Node } from '../../api/types.gen.ts'

const ZONE_LABEL = 'topology.kubernetes.io/zone'
const CONTROL_PLANE_LABELS = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master']

/** The part of all CPUs that each zone has. */
export type ZoneRatios = ReadonlyMap<string, number>

interface Counted {
  readonly zone: string
  readonly milliCpu: number
}

export class ZoneCapacity {
  readonly #nodes = new Map<string, Counted>()
  #ratios: ZoneRatios | undefined
  #isCurrent = false

  /** @returns whether the zones' parts may have changed */
  set(name: string, node: Node | undefined): boolean {
    const before = this.#nodes.get(name)
    const now = node === undefined || !isCounted(node) ? undefined : countOf(node)
    if (before?.zone === now?.zone && before?.milliCpu === now?.milliCpu) return false
    if (now === undefined) this.#nodes.delete(name)
    else this.#nodes.set(name, now)
    this.#isCurrent = false
    return true
  }

  /** undefined when the nodes are all of one zone, or one doesn't say enough. */
  ratios(): ZoneRatios | undefined {
    if (!this.#isCurrent) {
      this.#ratios = ratiosOf([...this.#nodes.values()])
      this.#isCurrent = true
    }
    return this.#ratios
  }
}

function isCounted({ metadata, status }: Node): boolean {
  const isControlPlane = CONTROL_PLANE_LABELS.some((label) => metadata.labels?.[label] !== undefined)
  return !isControlPlane && isConditionTrue(status?.conditions, 'Ready')
}

function countOf({ metadata, status }: Node): Counted {
  return { zone: metadata.labels?.[ZONE_LABEL] ?? '', milliCpu: quantityMilliValue(status?.allocatable?.cpu) }
}

export function ratiosOf(nodes: readonly Counted[]): ZoneRatios | undefined {
  if (nodes.some(({ zone, milliCpu }) => zone === '' || milliCpu === 0)) return undefined
  const zones = new Map<string, number>()
  let total = 0
  for (const { zone, milliCpu } of nodes) {
    zones.set(zone, (zones.get(zone) ?? 0) + milliCpu)
    total += milliCpu
  }
  if (zones.size < 2) return undefined
  return new Map([...zones].sort().map(([zone, milliCpu]) => [zone, milliCpu / total]))
}
