/** The EndpointSlices of a Service that selects pods. Upstream: k8s.io/endpointslice reconciler.go Reconcile */
import type { DiscoveryV1EndpointPort, Endpoint, EndpointSlice, Node, Pod, Service } from '../../api/types.gen.ts'
import { deepEqual } from '../../lib/deep-equal.ts'
import type { Action, Plan, PlannedEvent, ReconcileContext } from '../../runtime/plan.ts'
import { familyOf, type IpFamily, isReachable } from '../endpoint/pod-endpoint.ts'
import { LAST_CHANGE_TRIGGER_TIME } from '../endpoint/trigger-times.ts'
import { endpointOf, portsOf } from './endpoint.ts'
import { type Packed, packEndpoints, portsKey } from './pack.ts'
import { copiedLabels, isOwned, newSliceMetadata, sliceLabels, slicePrefix } from './slice-metadata.ts'
import { type Draft, hintsEvent, wantsTopologyHints, withTopologyHints } from './topology-hints.ts'
import type { ZoneRatios } from './zone-capacity.ts'

export interface ObservedSlices {
  readonly service: Service
  /** Those that are labelled as the Service's and this controller's. */
  readonly slices: readonly EndpointSlice[]
  readonly pods: readonly Pod[]
  /** Of the pods, by name. */
  readonly nodes: ReadonlyMap<string, Node>
  /** How the zones share the CPUs; undefined when that can't be said. */
  readonly zoneRatios?: ZoneRatios | undefined
  /** Of the first change that wasn't told of. */
  readonly triggerTime?: string | undefined
}

export const ENDPOINT_SLICES = 'endpointslices.discovery.k8s.io'

interface PortGroup {
  readonly ports: readonly DiscoveryV1EndpointPort[]
  readonly endpoints: Endpoint[]
}

export function reconcileSlices(observed: ObservedSlices, context: ReconcileContext): Plan {
  const { service } = observed
  const slices = observed.slices.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
  const { pods, strays } = usablePods(observed)
  const families = familiesOf(service)
  const writer = sliceWriter(observed, context)
  const actions: Action[] = []
  const events: PlannedEvent[] = []
  const hadHints = slices.some(({ endpoints }) => (endpoints ?? []).some(({ hints }) => hints?.forZones?.length))
  for (const family of families) {
    const own = slices.filter((slice) => slice.addressType === family)
    const planned = planFamily(observed, pods, own, family, hadHints, writer)
    actions.push(...planned.actions)
    events.push(...planned.events)
  }
  const strangers = slices.filter(({ addressType }) => !families.includes(addressType as IpFamily))
  actions.push(...strangers.map((slice) => writer.remove(slice)))
  // Deletes last: nobody shall see fewer endpoints in between than there are before or after.
  const inOrder = ['create', 'update', 'delete'].flatMap((verb) => actions.filter((action) => action.verb === verb))
  const told = withoutRepeats(events)
  if (strays.length === 0) return { actions: inOrder, events: told }
  const failed = failureOf(service, strays)
  return { actions: inOrder, events: [...told, failed], isIncomplete: true, waitingOn: 'the node of a pod is not known' }
}

/** That hints come or go is told of a Service once, not once a family. */
function withoutRepeats(events: readonly PlannedEvent[]): PlannedEvent[] {
  const isSwitch = ({ message }: PlannedEvent) => message.startsWith('Topology Aware Hints has been')
  const first = events.find(isSwitch)
  return events.filter((event) => event === first || !isSwitch(event))
}

/** Without their nodes pods are no endpoints, unless all are to be published. */
function usablePods({ service, pods, nodes }: ObservedSlices): { pods: readonly Pod[]; strays: readonly Pod[] } {
  const reachable = pods.filter((pod) => isReachable(pod, true))
  const isUsable = ({ spec }: Pod) => nodes.has(spec.nodeName ?? '') || service.spec.publishNotReadyAddresses === true
  return { pods: reachable.filter(isUsable), strays: reachable.filter((pod) => !isUsable(pod)) }
}

function failureOf(service: Service, strays: readonly Pod[]): PlannedEvent {
  const of = `Service ${service.metadata.namespace}/${service.metadata.name}`
  const faults = strays.map(({ metadata, spec }) => `skipping Pod ${metadata.name} for ${of}: Node ${spec.nodeName ?? ''} Not Found`)
  return {
    ...updateFailure(service),
    message: `${updateFailure(service).message}${faults.length === 1 ? faults[0] : `[${faults.join(', ')}]`}`,
  }
}

function updateFailure({ metadata }: Service): PlannedEvent {
  const message = `Error updating Endpoint Slices for Service ${metadata.namespace}/${metadata.name}: `
  return { type: 'Warning', reason: 'FailedToUpdateEndpointSlices', message }
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
  hadHints: boolean,
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
  const existing = byPorts(slices.filter((slice) => isOwned(slice, service)))
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
  const { drafts, events } = hinted([...created, ...kept], service, hadHints, family, byTopology ? { zoneRatios } : undefined)
  // A slice that would go is made into one that would come. Upstream: reconciler.go finalize
  const actions = drafts
    .filter(({ isWritten }) => isWritten)
    .map(({ slice, ports, endpoints }) => {
      const spare = slice ?? remove.shift()
      if (slice !== undefined) return writer.update(slice, ports, endpoints)
      return spare === undefined ? writer.create(family, ports, endpoints) : writer.recycle(spare, ports, endpoints)
    })
    .filter((action) => action.verb !== 'create' || service.metadata.deletionTimestamp === undefined)
  // Slices of a Service that had the same name are not made into ours.
  const others = slices.filter((slice) => !isOwned(slice, service))
  return { actions: [...actions, ...[...remove, ...others].map((slice) => writer.remove(slice))], events }
}

/** @param byTopology undefined when the Service doesn't ask for hints by topology */
function hinted(
  drafts: readonly SliceDraft[],
  service: Service,
  hadHints: boolean,
  family: IpFamily,
  byTopology: { readonly zoneRatios: ZoneRatios | undefined } | undefined,
): { drafts: readonly SliceDraft[]; events: PlannedEvent[] } {
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
  /** A new slice in the place of one that isn't wanted any more: nothing but the name stays. */
  recycle(slice: EndpointSlice, ports: readonly DiscoveryV1EndpointPort[], endpoints: readonly Endpoint[]): Action
  remove(slice: EndpointSlice): Action
}

function sliceWriter({ service, triggerTime }: ObservedSlices, { newName }: ReconcileContext): SliceWriter {
  const labels = sliceLabels(service)
  const copied = copiedLabels(labels)
  const failureEvent = updateFailure(service)
  const failed = (what: string) => ({ ...failureEvent, message: `${failureEvent.message}failed to ${what}: ` })
  const of = `EndpointSlice for Service ${service.metadata.namespace}/${service.metadata.name}`
  const written = (slice: EndpointSlice, endpoints: readonly Endpoint[], ports: readonly DiscoveryV1EndpointPort[]): Action => ({
    verb: 'update',
    resource: ENDPOINT_SLICES,
    object: { ...slice, endpoints: [...endpoints], ports: [...ports] } as EndpointSlice,
    failureEvent: failed(`update ${slice.metadata.name} ${of}`),
  })
  return {
    isOutdated: ({ metadata }) => !deepEqual(copiedLabels(metadata.labels), copied),
    create: (addressType, ports, endpoints) => ({
      verb: 'create',
      resource: ENDPOINT_SLICES,
      object: { metadata: newSliceMetadata(service, newName(slicePrefix(service)), triggerTime), addressType, endpoints, ports } as never,
      failureEvent: failed(`create ${of}`),
    }),
    update: (slice, ports, endpoints) => {
      const { [LAST_CHANGE_TRIGGER_TIME]: _, ...others } = slice.metadata.annotations ?? {}
      const annotations = { ...others, ...(triggerTime !== undefined && { [LAST_CHANGE_TRIGGER_TIME]: triggerTime }) }
      return written({ ...slice, metadata: { ...slice.metadata, labels, annotations } }, endpoints, ports)
    },
    recycle: (slice, ports, endpoints) => {
      const { name, resourceVersion, uid, creationTimestamp, generation } = slice.metadata
      const kept = { resourceVersion, uid, creationTimestamp, ...(generation !== undefined && { generation }) }
      const metadata = { ...newSliceMetadata(service, name, triggerTime), ...kept } as EndpointSlice['metadata']
      return written({ ...slice, metadata }, endpoints, ports)
    },
    remove: ({ metadata }) => ({
      verb: 'delete',
      target: { resource: ENDPOINT_SLICES, namespace: metadata.namespace ?? '', name: metadata.name },
      preconditions: { uid: metadata.uid },
      failureEvent: failed(`delete ${metadata.name} ${of}`),
    }),
  }
}

/** A Service that doesn't say has the family of its address; without one, both. Upstream: utils.go getAddressTypesForService */
function familiesOf({ spec }: Service): readonly IpFamily[] {
  if (spec.ipFamilies !== undefined && spec.ipFamilies.length > 0) return spec.ipFamilies as IpFamily[]
  return spec.clusterIP && spec.clusterIP !== 'None' ? [familyOf(spec.clusterIP)] : ['IPv4', 'IPv6']
}
