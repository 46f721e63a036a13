/**
 * Which zone each endpoint is for, so that zones have endpoints in proportion to their CPUs, and mostly their own.
 * Upstream: k8s.io/endpointslice topologycache AddHints and utils.go
 */
import type { Endpoint, Service } from '../../api/types.gen.ts'
import type { PlannedEvent } from '../../runtime/plan.ts'
import type { ZoneRatios } from './zone-capacity.ts'

/** A zone may have so much more work for each of its endpoints than it would have if all were alike. */
const OVERLOAD = 0.2

/** The older annotation comes first. Upstream: utils.go hintsEnabled */
export function wantsTopologyHints({ metadata }: Service): boolean {
  const { 'service.kubernetes.io/topology-aware-hints': hints, 'service.kubernetes.io/topology-mode': mode } = metadata.annotations ?? {}
  return ['Auto', 'auto'].includes(hints ?? mode ?? '')
}

/** A slice as it shall be. */
export interface Draft {
  readonly endpoints: readonly Endpoint[]
  /** It will be written; else it is as it is stored. */
  readonly isWritten: boolean
}

export interface Allocation {
  readonly minimum: number
  readonly maximum: number
  readonly desired: number
}

export interface Hinted<D extends Draft> {
  readonly drafts: readonly D[]
  /** What to tell of it; undefined when all have their hints. */
  readonly fault: string | undefined
}

/** @param ratios undefined when the nodes don't say enough */
export function withTopologyHints<D extends Draft>(drafts: readonly D[], ratios: ZoneRatios | undefined): Hinted<D> {
  const endpointCount = drafts.reduce((sum, { endpoints }) => sum + endpoints.filter(isReady).length, 0)
  const allocations = allocate(ratios, endpointCount)
  if (typeof allocations === 'string') return { drafts: withoutHints(drafts), fault: allocations }
  const allocated = new Map<string, number>()
  const settled = drafts.map((draft) => {
    const hints = draft.isWritten ? undefined : hintsByZone(draft.endpoints, allocated, allocations)
    for (const [zone, count] of hints ?? []) add(allocated, zone, count)
    return hints === undefined ? { ...draft, isWritten: true } : draft
  })
  const open = settled.filter(({ isWritten }) => isWritten)
  if (open.some(({ endpoints }) => endpoints.some((endpoint) => isReady(endpoint) && !endpoint.zone))) {
    return { drafts: withoutHints(drafts), fault: 'One or more endpoints do not have a zone specified' }
  }
  for (const { endpoints } of open) for (const endpoint of endpoints) if (isReady(endpoint)) add(allocated, endpoint.zone!, 1)
  const { giving, receiving } = givingAndReceiving(allocations, allocated)
  const hinted = settled.map((draft) =>
    draft.isWritten ? { ...draft, endpoints: draft.endpoints.map((endpoint) => hint(endpoint, giving, receiving)) } : draft,
  )
  if (allocated.size === 0) return { drafts: withoutHints(drafts), fault: 'No hints allocated for zones' }
  return { drafts: hinted, fault: undefined }
}

/** A slice that has any is written. */
export function withoutHints<D extends Draft>(drafts: readonly D[]): D[] {
  return drafts.map((draft) => {
    if (!draft.isWritten && draft.endpoints.every(({ hints }) => hints === undefined)) return draft
    return { ...draft, isWritten: true, endpoints: draft.endpoints.map(({ hints: _, ...endpoint }) => endpoint) }
  })
}

/** How many endpoints each zone must, may and ought to have; or why that can't be said. Upstream: getAllocations */
function allocate(ratios: ZoneRatios | undefined, endpointCount: number): ReadonlyMap<string, Allocation> | string {
  if (ratios === undefined) return 'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes'
  const counts = `(${endpointCount} endpoints, ${ratios.size} zones)`
  if (ratios.size > endpointCount) return `Insufficient number of endpoints ${counts}`
  const minimums = new Map([...ratios].map(([zone, ratio]) => [zone, Math.ceil(ratio * endpointCount * (1 / (1 + OVERLOAD)))]))
  const spare = endpointCount - [...minimums.values()].reduce((sum, minimum) => sum + minimum, 0)
  if (spare < 0) {
    return `Unable to allocate minimum required endpoints to each zone without exceeding overload threshold ${counts}`
  }
  return new Map(
    [...minimums].map(([zone, minimum]) => [
      zone,
      { minimum, maximum: minimum + spare, desired: Math.max(ratios.get(zone)! * endpointCount, minimum) },
    ]),
  )
}

/** The hints that a slice has; undefined when they won't do any more. Upstream: getHintsByZone */
export function hintsByZone(
  endpoints: readonly Endpoint[],
  allocated: ReadonlyMap<string, number>,
  allocations: ReadonlyMap<string, Pick<Allocation, 'maximum'>>,
): ReadonlyMap<string, number> | undefined {
  const counts = new Map<string, number>()
  for (const { hints } of endpoints.filter(isReady)) {
    if (!hints?.forZones?.length || hints.forZones.some(({ name }) => !allocations.has(name))) return undefined
    for (const { name } of hints.forZones) add(counts, name, 1)
  }
  for (const [zone, count] of counts) if (count + (allocated.get(zone) ?? 0) > allocations.get(zone)!.maximum) return undefined
  return counts
}

/** How many endpoints are to be for other zones than their own, and for which. Upstream: getGivingAndReceivingZones */
export function givingAndReceiving(
  allocations: ReadonlyMap<string, Pick<Allocation, 'desired'>>,
  allocated: ReadonlyMap<string, number>,
): { giving: Map<string, number>; receiving: Map<string, number> } {
  const surplus = new Map([...allocations].map(([zone, { desired }]) => [zone, (allocated.get(zone) ?? 0) - desired]))
  const [giving, receiving] = [new Map<string, number>(), new Map<string, number>()]
  for (;;) {
    const [giver, extra] = most(surplus, 1)
    const [receiver, lack] = most(surplus, -1)
    if (giver === undefined || receiver === undefined || (extra < 1 && lack < 1) || extra < 0.5 || lack < 0.5) return { giving, receiving }
    add(giving, giver, 1)
    add(receiving, receiver, 1)
    add(surplus, giver, -1)
    add(surplus, receiver, 1)
  }
}

function most(surplus: ReadonlyMap<string, number>, sign: 1 | -1): [zone: string | undefined, amount: number] {
  let found: [string | undefined, number] = [undefined, 0]
  for (const [zone, amount] of surplus) if (amount * sign > found[1]) found = [zone, amount * sign]
  return found
}

/** For its own zone, or for one that lacks endpoints if its own has too many. Upstream: redistributeHints */
function hint({ hints: _, ...endpoint }: Endpoint, giving: Map<string, number>, receiving: Map<string, number>): Endpoint {
  if (!isReady(endpoint)) return endpoint
  const own = endpoint.zone!
  const [receiver] = giving.has(own) ? receiving.keys() : []
  if (receiver === undefined) return { ...endpoint, hints: { forZones: [{ name: own }] } }
  take(giving, own)
  take(receiving, receiver)
  return { ...endpoint, hints: { forZones: [{ name: receiver }] } }
}

/** Has a zone too few of these endpoints? Upstream: serviceOverloaded */
export function isOverloaded(hints: ReadonlyMap<string, number>, ratios: ZoneRatios | undefined): boolean {
  if (hints.size === 0) return false
  if (ratios === undefined) return true
  const total = [...hints.values()].reduce((sum, count) => sum + count, 0)
  return [...ratios].some(([zone, ratio]) => (hints.get(zone) ?? -1) < Math.ceil(total * ratio * (1 / (1 + OVERLOAD))))
}

export function hintsEvent(type: PlannedEvent['type'], what: 'Enabled' | 'Disabled', text: string, addressType: string): PlannedEvent {
  return { type, reason: `TopologyAwareHints${what}`, message: `${text}, addressType: ${addressType}` }
}

function isReady({ conditions }: Pick<Endpoint, 'conditions'>): boolean {
  return conditions?.ready === true
}

function add(counts: Map<string, number>, zone: string, count: number): void {
  counts.set(zone, (counts.get(zone) ?? 0) + count)
}

function take(counts: Map<string, number>, zone: string): void {
  const left = counts.get(zone)! - 1
  if (left > 0) counts.set(zone, left)
  else counts.delete(zone)
}
