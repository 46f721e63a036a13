/** EndpointSlices: the addresses behind a Service, a hundred to an object. */
import type { KubeObject } from '../../api/object.ts'
import type { EndpointSlice, Node, Service } from '../../api/types.gen.ts'
import type { ControllerDefinition, Key, Reader } from '../../runtime/controller.ts'
import { keyOf, splitKey } from '../../runtime/owner-keys.ts'
import { hasPodEndpoints, PODS, podsOf, SERVICE_POD_INDEXES, SERVICES, servicesOfPod } from '../endpoint/service-pods.ts'
import { TriggerTimes } from '../endpoint/trigger-times.ts'
import { ENDPOINT_SLICES, type ObservedSlices, reconcileSlices } from './reconcile.ts'
import { MANAGED_BY_LABEL, MANAGER, SERVICE_NAME_LABEL } from './slice-metadata.ts'
import { isOverloaded, wantsTopologyHints } from './topology-hints.ts'
import { ZoneCapacity, type ZoneRatios } from './zone-capacity.ts'

const NODES = 'nodes'
const BY_SERVICE = 'service'

/** Upstream: endpointSliceChangeMinSyncDelay */
const SLICE_CHANGE_DELAY_MS = 1000

const BY_HINTS = 'hints'
const TOPOLOGY = 'topology'

export function endpointSliceController(): ControllerDefinition<ObservedSlices> {
  const capacity = new ZoneCapacity()
  const times = new TriggerTimes()
  return {
    name: 'endpointslice',
    component: 'endpoint-slice-controller',
    reconciles: SERVICES,
    watches: {
      [PODS]: servicesOfPod,
      [ENDPOINT_SLICES]: (current, old) => [...new Set([...serviceKeys(current), ...serviceKeys(old)])],
      // Their zones, and whether a pod's node exists, are only read; but when the zones' parts change hints may.
      [NODES]: (current, old, reader) => {
        const isChange = capacity.set((current ?? old)!.metadata.name, current as Node | undefined)
        return isChange ? overloaded(reader, capacity.ratios()) : []
      },
    },
    watchDelaysMs: { [ENDPOINT_SLICES]: SLICE_CHANGE_DELAY_MS },
    retryDelays: { firstMs: 1000, longestMs: 1000_000 },
    indexes: {
      ...SERVICE_POD_INDEXES,
      [SERVICES]: {
        ...SERVICE_POD_INDEXES[SERVICES],
        [BY_HINTS]: (service: Service) => (wantsTopologyHints(service) ? [TOPOLOGY] : []),
      },
      [ENDPOINT_SLICES]: { [BY_SERVICE]: serviceKeys },
    },
    observe: (reader, key) => observe(reader, key, capacity, times),
    reconcile: reconcileSlices,
  }
}

/** The Services with too few endpoints for some zone, of those whose endpoints are shared out to zones. */
function overloaded(reader: Reader, ratios: ZoneRatios | undefined): Key[] {
  const keys = reader.indexed<Service>(SERVICES, BY_HINTS, TOPOLOGY).map(({ metadata }) => keyOf(metadata.namespace, metadata.name))
  return keys.filter((key) => {
    const byFamily = new Map<string, Map<string, number>>()
    for (const { addressType, endpoints = [] } of reader.indexed<EndpointSlice>(ENDPOINT_SLICES, BY_SERVICE, key)) {
      const counts = byFamily.get(addressType) ?? new Map<string, number>()
      byFamily.set(addressType, counts)
      for (const { name } of endpoints.flatMap(({ hints }) => hints?.forZones ?? [])) counts.set(name, (counts.get(name) ?? 0) + 1)
    }
    return [...byFamily.values()].some((counts) => isOverloaded(counts, ratios))
  })
}

function observe(reader: Reader, key: Key, capacity: ZoneCapacity, times: TriggerTimes): ObservedSlices | undefined {
  const { namespace, name } = splitKey(key)
  const service = reader.get<Service>(SERVICES, namespace, name)
  if (service === undefined) times.forget(key)
  if (service === undefined || !hasPodEndpoints(service)) return undefined
  const pods = podsOf(reader, service)
  const nodes = new Map<string, Node>()
  for (const { spec } of pods) {
    const node = spec.nodeName && !nodes.has(spec.nodeName) ? reader.get<Node>(NODES, '', spec.nodeName) : undefined
    if (node !== undefined) nodes.set(node.metadata.name, node)
  }
  const slices = reader.indexed<EndpointSlice>(ENDPOINT_SLICES, BY_SERVICE, key)
  return { service, slices, pods, nodes, zoneRatios: capacity.ratios(), triggerTime: times.next(key, service, pods) }
}

function serviceKeys(slice: KubeObject | undefined): readonly Key[] {
  const labels = slice?.metadata.labels
  const name = labels?.[SERVICE_NAME_LABEL]
  return name === undefined || labels?.[MANAGED_BY_LABEL] !== MANAGER ? [] : [keyOf(slice!.metadata.namespace, name)]
}
