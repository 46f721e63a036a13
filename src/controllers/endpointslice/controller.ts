/** EndpointSlices: the addresses behind a Service, a hundred to an object. */
import { controllerOf } from '../../api/meta/owner-references.ts'
import type { KubeObject } from '../../api/object.ts'
import type { EndpointSlice, Node, Service } from '../../api/types.gen.ts'
import type { ControllerDefinition, Key, Reader } from '../../runtime/controller.ts'
import { keyOf, splitKey } from '../../runtime/owner-keys.ts'
import { hasPodEndpoints, PODS, podsOf, SERVICE_POD_INDEXES, SERVICES, servicesOfPod } from '../endpoint/service-pods.ts'
import { ENDPOINT_SLICES, type ObservedSlices, reconcileSlices } from './reconcile.ts'
import { MANAGED_BY_LABEL, MANAGER, SERVICE_NAME_LABEL } from './slice-metadata.ts'

const NODES = 'nodes'
const BY_SERVICE = 'service'

export const endpointSliceController: ControllerDefinition<ObservedSlices> = {
  name: 'endpointslice',
  component: 'endpoint-slice-controller',
  reconciles: SERVICES,
  watches: {
    [PODS]: servicesOfPod,
    [ENDPOINT_SLICES]: (current, old) => [...new Set([...serviceKeys(current), ...serviceKeys(old)])],
    // Only read: zones, and whether a pod's node exists.
    [NODES]: () => [],
  },
  indexes: { ...SERVICE_POD_INDEXES, [ENDPOINT_SLICES]: { [BY_SERVICE]: serviceKeys } },
  observe,
  reconcile: reconcileSlices,
}

function observe(reader: Reader, key: Key): ObservedSlices | undefined {
  const { namespace, name } = splitKey(key)
  const service = reader.get<Service>(SERVICES, namespace, name)
  if (service === undefined || !hasPodEndpoints(service)) return undefined
  const pods = podsOf(reader, service)
  const nodes = new Map<string, Node>()
  for (const { spec } of pods) {
    const node = spec.nodeName && !nodes.has(spec.nodeName) ? reader.get<Node>(NODES, '', spec.nodeName) : undefined
    if (node !== undefined) nodes.set(node.metadata.name, node)
  }
  // A namesake's slices, of a Service that was deleted, are the garbage collector's.
  const slices = reader
    .indexed<EndpointSlice>(ENDPOINT_SLICES, BY_SERVICE, key)
    .filter((slice) => [undefined, service.metadata.uid].includes(controllerOf(slice)?.uid))
  return { service, slices, pods, nodes }
}

function serviceKeys(slice: KubeObject | undefined): readonly Key[] {
  const labels = slice?.metadata.labels
  const name = labels?.[SERVICE_NAME_LABEL]
  return name === undefined || labels?.[MANAGED_BY_LABEL] !== MANAGER ? [] : [keyOf(slice!.metadata.namespace, name)]
}
