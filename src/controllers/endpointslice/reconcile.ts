/** The EndpointSlices of a Service that selects pods. Upstream: k8s.io/endpointslice reconciler.go Reconcile */
import type { DiscoveryV1EndpointPort, Endpoint, EndpointSlice, Node, Pod, Service } from '../../api/types.gen.ts'
import { deepEqual } from '../../lib/deep-equal.ts'
import type { Action, Plan, PlannedEvent, ReconcileContext } from '../../runtime/plan.ts'
import { familyOf, type IpFamily, isReachable, podIps } from '../endpoint/pod-endpoint.ts'
import { LAST_CHANGE_TRIGGER_TIME, triggerTime } from '../endpoint/trigger-time.ts'
import { endpointOf, portsOf } from './endpoint.ts'
import { type Packed, packEndpoints, portsKey } from './pack.ts'
import { newSliceMetadata, sliceLabels, slicePrefix } from './slice-metadata.ts'
import { type Draft, hintsEvent, wantsTopologyHints, withTopologyHints } from './topology-hints.ts'
import type { ZoneRatios } from './zone-capacity.ts'

export interface ObservedSlices {
  readonly service: Service
  /** Those of the Service that this controller made. */
  readonly slices: readonly EndpointSlice[]
  readonly pods: readonly Pod[]
  /** Of the pods, by name. */
  readonly nodes: ReadonlyMap<string, Node>
  /** How the zones share the CPUs; undefined when that can't be said. */
  readonly zoneRatios?: ZoneRatios | undefined
}

export const ENDPOINT_SLICES = 'endpointslices.discovery.k8s.io'

/** Until a pod is looked at again whose node isn't known (yet). */
const NODE_RETRY_MS = 1000

interface PortGroup {
  readonly ports: readonly DiscoveryV1EndpointPort[]
  readonly endpoints: Endpoint[]
}

export function reconcileSlices(observed: ObservedSlices, context: ReconcileContext): Plan {
  const { service, slices } = observed
  if (service.metadata.deletionTimestamp !== undefined) return {}
  const { pods, isWaitingForNode } = usablePods(observed)
  const families = familiesOf(service, pods)
  const writer = sliceWriter(service, pods, slices, context)
  const actions: Action[] = []
  const events: PlannedEvent[] = []
  for (const family of families) {
    const own = slices.filter((slice) => slice.addressType === family && slice.metadata.deletionTimestamp === undefined)
    const planned = planFamily(observed, pods, own, family, writer)
    actions.push(...planned.actions)
    events.push(...planned.events)
  }
  const strangers = slices.filter(({ addressType }) => !families.includes(addressType as IpFamily))
  actions.push(...strangers.map((slice) => writer.remove(slice)))
  // Deletes last: nobody shall see fewer endpoints in between than there are before or after.
  const inOrder = ['create', 'update', 'delete'].flatMap((verb) => actions.filter((action) => action.verb === verb))
  const plan = { actions: inOrder, events }
  return isWaitingForNode ? { ...plan, requeueAfterMs: NODE_RETRY_MS, waitingOn: 'the node of a pod is not known' } : plan
}

function usablePods({ service, pods, nodes }: ObservedSlices): { pods: readonly Pod[]; isWaitingForNode: boolean } {
  const reachable = pods.filter((pod) => isReachable(pod, true))
  const usable = reachable.filter(
    ({ spec }) => !spec.nodeName || nodes.has(spec.nodeName) || service.spec.publishNotReadyAddresses === true,
  )
  return { pods: usable, isWaitingForNode: usable.length < reachable.length }
}

/** A slice as it shall be; without `slice` there is none yet. */
interface SliceDraft extends Draft {
  readonly slice: EndpointSlice | undefined
  readonly ports: readonly DiscoveryV1EndpointPort[]
}

function planFamily(
  { service, nodes, zoneRatios }: ObservedSlices,
  pods: readonly Pod[],
  slices: readonly EndpointSlice[],
  family: IpFamily,
  writer: SliceWriter,
): { actions: Action[]; events: PlannedEvent[] } {
  const groups = new Map<string, PortGroup>()
  for (const pod of pods) {
    const endpoint = endpointOf(service, pod, pod.spec.nodeName ? nodes.get(pod.spec.nodeName) : undefined, family)
    if (endpoint === undefined) continue
    const ports = portsOf(service, pod)
    const key = portsKey(ports)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { ports, endpoints: [endpoint] })
    else group.endpoints.push(endpoint)
  }
  // A Service without endpoints has one empty slice, which says that there are none.
  if (groups.size === 0) groups.set('', { ports: [], endpoints: [] })
  const existing = byPorts(slices)
  const created: SliceDraft[] = []
  const kept: SliceDraft[] = []
  const remove = [...existing].filter(([key]) => !groups.has(key)).flatMap(([, unwanted]) => unwanted)
  const byTopology = wantsTopologyHints(service)
  for (const [key, { ports, endpoints }] of groups) {
    const own = existing.get(key) ?? []
    const packed = endpoints.length === 0 ? packNothing(own, writer) : packEndpoints(own, endpoints, writer.isOutdated, byTopology)
    for (const list of packed.create) created.push({ slice: undefined, ports, endpoints: list, isWritten: true })
    for (const { slice, endpoints: list } of packed.update) kept.push({ slice, ports, endpoints: list, isWritten: true })
    for (const slice of packed.unchanged) kept.push({ slice, ports, endpoints: slice.endpoints ?? [], isWritten: false })
    remove.push(...packed.remove)
  }
  const { drafts, events } = hinted([...created, ...kept], service, slices, family, byTopology ? { zoneRatios } : undefined)
  // A slice that would go is made into one that would come. Upstream: reconciler.go finalize
  const actions = drafts
    .filter(({ isWritten }) => isWritten)
    .map(({ slice, ports, endpoints }) => {
      const spare = slice ?? remove.shift()
      return spare === undefined ? writer.create(family, ports, endpoints) : writer.update(spare, ports, endpoints)
    })
  return { actions: [...actions, ...remove.map((slice) => writer.remove(slice))], events }
}

/** @param byTopology undefined when the Service doesn't ask for hints by topology */
function hinted(
  drafts: readonly SliceDraft[],
  service: Service,
  slices: readonly EndpointSlice[],
  family: IpFamily,
  byTopology: { readonly zoneRatios: ZoneRatios | undefined } | undefined,
): { drafts: readonly SliceDraft[]; events: PlannedEvent[] } {
  const hadHints = slices.some(({ endpoints }) => (endpoints ?? []).some(({ hints }) => hints?.forZones?.length))
  if (byTopology === undefined) {
    // Hints of the traffic distribution were given with the endpoints.
    const areGone = hadHints && service.spec.trafficDistribution === undefined
    return { drafts, events: areGone ? [hintsEvent('Warning', 'Disabled', 'Topology Aware Hints has been disabled', family)] : [] }
  }
  const { drafts: next, fault } = withTopologyHints(drafts, byTopology.zoneRatios)
  if (fault !== undefined) return { drafts: next, events: [hintsEvent('Warning', 'Disabled', fault, family)] }
  return { drafts: next, events: hadHints ? [] : [hintsEvent('Normal', 'Enabled', 'Topology Aware Hints has been enabled', family)] }
}

function byPorts(slices: readonly EndpointSlice[]): Map<string, EndpointSlice[]> {
  const groups = new Map<string, EndpointSlice[]>()
  for (const slice of slices) {
    const key = portsKey(slice.ports)
    groups.set(key, [...(groups.get(key) ?? []), slice])
  }
  return groups
}

function packNothing([first, ...rest]: readonly EndpointSlice[], { isOutdated }: SliceWriter): Packed {
  if (first === undefined) return { create: [[]], update: [], unchanged: [], remove: [] }
  const isChanged = isOutdated(first) || (first.endpoints?.length ?? 0) > 0
  return { create: [], update: isChanged ? [{ slice: first, endpoints: [] }] : [], unchanged: isChanged ? [] : [first], remove: rest }
}

interface SliceWriter {
  readonly isOutdated: (slice: EndpointSlice) => boolean
  create(family: IpFamily, ports: readonly DiscoveryV1EndpointPort[], endpoints: readonly Endpoint[]): Action
  update(slice: EndpointSlice, ports: readonly DiscoveryV1EndpointPort[], endpoints: readonly Endpoint[]): Action
  remove(slice: EndpointSlice): Action
}

function sliceWriter(service: Service, pods: readonly Pod[], slices: readonly EndpointSlice[], { newName }: ReconcileContext): SliceWriter {
  const labels = sliceLabels(service)
  const published = slices.map(({ metadata }) => metadata.annotations?.[LAST_CHANGE_TRIGGER_TIME]).filter((time) => time !== undefined)
  const time = triggerTime(service, pods, published.sort().at(-1))
  return {
    isOutdated: ({ metadata }) => !deepEqual(metadata.labels ?? {}, labels),
    create: (addressType, ports, endpoints) => ({
      verb: 'create',
      resource: ENDPOINT_SLICES,
      object: { metadata: newSliceMetadata(service, newName(slicePrefix(service)), time), addressType, endpoints, ports } as never,
    }),
    update: (slice, ports, endpoints) => {
      const annotations = { ...slice.metadata.annotations, ...(time !== undefined && { [LAST_CHANGE_TRIGGER_TIME]: time }) }
      const object: EndpointSlice = {
        ...slice,
        metadata: { ...slice.metadata, labels, annotations },
        endpoints: [...endpoints],
        ports: [...ports],
      }
      return { verb: 'update', resource: ENDPOINT_SLICES, object }
    },
    remove: ({ metadata }) => ({
      verb: 'delete',
      target: { resource: ENDPOINT_SLICES, namespace: metadata.namespace ?? '', name: metadata.name },
      preconditions: { uid: metadata.uid },
    }),
  }
}

/** Upstream: utils.go getAddressTypesForService */
function familiesOf({ spec }: Service, pods: readonly Pod[]): readonly IpFamily[] {
  if (spec.ipFamilies !== undefined && spec.ipFamilies.length > 0) return spec.ipFamilies as IpFamily[]
  if (spec.clusterIP && spec.clusterIP !== 'None') return [familyOf(spec.clusterIP)]
  const ip = pods.flatMap((pod) => podIps(pod))[0]
  return [ip === undefined ? 'IPv4' : familyOf(ip)]
}
