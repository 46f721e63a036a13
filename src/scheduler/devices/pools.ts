/**
 * The devices that a node can use, by the pools they belong to. Of a pool only the slices of its newest generation count, and it is
 * complete when there are as many as they say. Upstream: structured/internal/incubating/pools_incubating.go.
 */
import { matchesNodeSelectorTerms } from '../../api/core/v1/node-match.ts'
import type { CounterSet, Device, Node, NodeSelector, ResourceSlice } from '../../api/types.gen.ts'
import { type DeviceReader, poolId } from './device-reader.ts'

export interface Pool {
  readonly id: string
  readonly driver: string
  readonly name: string
  /** Usable; else there are slices still to come, or they contradict each other. */
  readonly state: 'complete' | 'incomplete' | 'invalid'
  /** Those whose devices the node can use, by name. */
  readonly slices: readonly ResourceSlice[]
  /** Of other nodes: what their devices consume counts too. */
  readonly others: readonly ResourceSlice[]
  readonly counterSets: ReadonlyMap<string, CounterSet>
}

interface Place {
  readonly nodeName?: string | undefined
  readonly allNodes?: boolean | undefined
  readonly nodeSelector?: NodeSelector | undefined
}

export function isAt({ nodeName, allNodes, nodeSelector }: Place, node: Node): boolean {
  if (nodeName) return nodeName === node.metadata.name
  if (allNodes) return true
  return nodeSelector !== undefined && matchesNodeSelectorTerms(nodeSelector.nodeSelectorTerms, node)
}

/** In the order in which devices are taken. Pools whose devices have to be made ready first come last. */
export function gatherPools(reader: DeviceReader, node: Node): Pool[] {
  const newest = new Map<string, ResourceSlice[]>()
  for (const slice of [...reader.slicesOfNode(node.metadata.name), ...reader.sharedSlices()]) {
    if (!isRelevant(slice, node)) continue
    const { driver, pool } = slice.spec
    const id = poolId(driver, pool.name)
    const known = newest.get(id)
    const age = known === undefined ? 1 : pool.generation - known[0]!.spec.pool.generation
    if (age > 0) newest.set(id, [slice])
    else if (age === 0) known!.push(slice)
  }
  const pools = [...newest.values()].map((slices) => poolOf(reader, slices)).filter((pool) => pool !== undefined)
  const isLate = ({ slices }: Pool) =>
    slices.some(({ spec }) => spec.devices?.some(({ bindingConditions }) => bindingConditions !== undefined))
  return pools.sort((a, b) => Number(isLate(a)) - Number(isLate(b)) || compare(a.driver, b.driver) || compare(a.name, b.name))
}

function isRelevant({ spec }: ResourceSlice, node: Node): boolean {
  if (spec.sharedCounters?.length) return true
  if (spec.perDeviceNodeSelection && !spec.nodeName && !spec.allNodes && !spec.nodeSelector) {
    return (spec.devices ?? []).some((device) => isAt(device, node))
  }
  return isAt(spec, node)
}

/** undefined when there is a newer generation that has nothing for the node */
function poolOf(reader: DeviceReader, relevant: readonly ResourceSlice[]): Pool | undefined {
  const { driver, pool } = relevant[0]!.spec
  const isWhole = relevant.length === pool.resourceSliceCount
  const all = isWhole ? relevant : reader.slicesOfPool(driver, pool.name)
  if (all.some(({ spec }) => spec.pool.generation > pool.generation)) return undefined
  const current = all.filter(({ spec }) => spec.pool.generation === pool.generation)
  const base = { id: poolId(driver, pool.name), driver, name: pool.name, slices: [], others: [], counterSets: new Map() }
  if (current.length !== pool.resourceSliceCount) return { ...base, state: 'incomplete' }
  const withDevices = (slices: readonly ResourceSlice[]) => slices.filter(({ spec }) => !spec.sharedCounters?.length)
  const slices = withDevices(relevant).sort((a, b) => compare(a.metadata.name, b.metadata.name))
  const counterSets = countersOf(current)
  const isValid =
    areNamesUnique(slices) && counterSets !== undefined && current.every(({ spec }) => consumesKnown(spec.devices, counterSets))
  if (!isValid) return { ...base, state: 'invalid' }
  return { ...base, state: 'complete', slices, others: withDevices(current).filter((slice) => !relevant.includes(slice)), counterSets }
}

/** undefined when two sets have one name */
function countersOf(slices: readonly ResourceSlice[]): Map<string, CounterSet> | undefined {
  const sets = slices.flatMap(({ spec }) => spec.sharedCounters ?? [])
  const byName = new Map(sets.map((set) => [set.name, set]))
  return byName.size === sets.length ? byName : undefined
}

function areNamesUnique(slices: readonly ResourceSlice[]): boolean {
  const names = slices.flatMap(({ spec }) => (spec.devices ?? []).map(({ name }) => name))
  return new Set(names).size === names.length
}

function consumesKnown(devices: readonly Device[] | undefined, sets: ReadonlyMap<string, CounterSet>): boolean {
  return (devices ?? []).every(({ consumesCounters = [] }) =>
    consumesCounters.every(
      ({ counterSet, counters }) =>
        Object.keys(counters).every((name) => sets.get(counterSet)?.counters[name] !== undefined) && sets.has(counterSet),
    ),
  )
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
