/**
 * Spreads endpoints over slices so that few objects are written: endpoints stay in the slice they are in, and the room that
 * others leave is filled before a new slice is made. Upstream: reconciler.go reconcileByPortMapping
 */
import type { DiscoveryV1EndpointPort, Endpoint, EndpointSlice } from '../../api/types.gen.ts'
import { deepEqual } from '../../lib/deep-equal.ts'

/** Upstream: --max-endpoints-per-slice */
export const MAX_ENDPOINTS = 100

export interface Packed {
  /** A list of endpoints for each slice to be made. */
  readonly create: readonly (readonly Endpoint[])[]
  readonly update: readonly { readonly slice: EndpointSlice; readonly endpoints: readonly Endpoint[] }[]
  readonly unchanged: readonly EndpointSlice[]
  readonly remove: readonly EndpointSlice[]
}

/**
 * @param slices of one address type and one set of ports
 * @param desired the endpoints there shall be
 * @param isOutdated a slice must be written even if its endpoints stay
 * @param ignoresHints those are seen to later
 */
export function packEndpoints(
  slices: readonly EndpointSlice[],
  desired: readonly Endpoint[],
  isOutdated: (slice: EndpointSlice) => boolean,
  ignoresHints = false,
): Packed {
  const missing = new Map(desired.map((endpoint) => [identityOf(endpoint), endpoint]))
  const updated = new Map<EndpointSlice, Endpoint[]>()
  const unchanged: EndpointSlice[] = []
  const remove: EndpointSlice[] = []
  for (const slice of slices) {
    const kept: Endpoint[] = []
    let isChanged = isOutdated(slice)
    for (const endpoint of slice.endpoints ?? []) {
      const identity = identityOf(endpoint)
      const wanted = missing.get(identity)
      missing.delete(identity)
      if (wanted !== undefined) kept.push(wanted)
      isChanged ||= wanted === undefined || !isSame(wanted, endpoint, ignoresHints)
    }
    if (kept.length === 0) remove.push(slice)
    else if (isChanged) updated.set(slice, kept)
    else unchanged.push(slice)
  }
  const toAdd = [...missing.values()]
  // The fullest first.
  for (const endpoints of [...updated.values()].sort((a, b) => b.length - a.length)) fill(endpoints, toAdd)
  const create: Endpoint[][] = []
  while (toAdd.length > 0) {
    const chunk = toAdd.splice(0, MAX_ENDPOINTS)
    if (!fillFittingSlice(unchanged, updated, chunk)) create.push(chunk)
  }
  return { create, update: [...updated].map(([slice, endpoints]) => ({ slice, endpoints })), unchanged, remove }
}

function isSame(wanted: Endpoint, { hints, ...endpoint }: Endpoint, ignoresHints: boolean): boolean {
  return deepEqual(wanted, ignoresHints || hints === undefined ? endpoint : { ...endpoint, hints })
}

/** Less than a slice full goes into the fullest slice it still fits into, if there is one: one write instead of two objects. */
function fillFittingSlice(unchanged: EndpointSlice[], updated: Map<EndpointSlice, Endpoint[]>, chunk: readonly Endpoint[]): boolean {
  const size = (slice: EndpointSlice) => slice.endpoints?.length ?? 0
  const [fullest] = unchanged.filter((slice) => size(slice) + chunk.length <= MAX_ENDPOINTS).sort((a, b) => size(b) - size(a))
  if (fullest === undefined || chunk.length === MAX_ENDPOINTS) return false
  unchanged.splice(unchanged.indexOf(fullest), 1)
  updated.set(fullest, [...(fullest.endpoints ?? []), ...chunk])
  return true
}

function fill(endpoints: Endpoint[], toAdd: Endpoint[]): void {
  endpoints.push(...toAdd.splice(0, Math.max(0, MAX_ENDPOINTS - endpoints.length)))
}

/** Endpoints with it are states of the same one; a pod's namesake with its address takes its place. Upstream: endpointset.go hashEndpoint */
export function identityOf({ addresses, hostname = '', targetRef }: Endpoint): string {
  return JSON.stringify([...addresses].sort().concat(hostname, targetRef?.namespace ?? '', targetRef?.name ?? ''))
}

/** Slices and endpoints with the same ports belong together. */
export function portsKey(ports: readonly DiscoveryV1EndpointPort[] | undefined): string {
  const texts = (ports ?? []).map(({ name = '', port, protocol = 'TCP', appProtocol }) =>
    JSON.stringify([name, port, protocol, appProtocol]),
  )
  return texts.sort().join()
}
