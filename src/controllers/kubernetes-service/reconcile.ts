import type { KubeObject, New } from '../../api/object.ts'
import type { EndpointSlice, Endpoints, Service } from '../../api/types.gen.ts'
import { deepEqual } from '../../lib/deep-equal.ts'
import type { Action, Plan } from '../../runtime/plan.ts'

export const NAME = 'kubernetes'
export const NAMESPACE = 'default'
export const SERVICES = 'services'
export const ENDPOINTS = 'endpoints'
export const ENDPOINT_SLICES = 'endpointslices.discovery.k8s.io'

const SKIP_MIRROR_LABEL = 'endpointslice.kubernetes.io/skip-mirror'
const SERVICE_NAME_LABEL = 'kubernetes.io/service-name'

/** What clients in the cluster are told of the API server. */
export interface Advertised {
  /** IPv4 */
  readonly address: string
  readonly port: number
  /** The first address of the range of cluster IPs. */
  readonly clusterIP: string
}

export interface ObservedKubernetesService {
  readonly service: Service | undefined
  readonly endpoints: Endpoints | undefined
  readonly slice: EndpointSlice | undefined
}

/** Makes what is missing; of the Service nothing but its being there is seen to, as upstream. */
export function reconcileKubernetesService({ service, endpoints, slice }: ObservedKubernetesService, advertised: Advertised): Plan {
  const actions: Action[] = []
  if (service === undefined) actions.push({ verb: 'create', resource: SERVICES, object: newService(advertised) })
  const write = (resource: string, wanted: New<KubeObject>, current: KubeObject | undefined) => {
    if (current === undefined) actions.push({ verb: 'create', resource, object: wanted })
    else if (!holds(current, wanted)) actions.push({ verb: 'update', resource, object: rewritten(current, wanted) })
  }
  write(ENDPOINTS, newEndpoints(advertised), endpoints)
  write(ENDPOINT_SLICES, newSlice(advertised), slice)
  return { actions }
}

/** Upstream: reconcilers/helpers, endpointsadapter.go: labels of others are left alone. */
function holds(current: KubeObject, { metadata, ...content }: New<KubeObject>): boolean {
  const { labels = {} } = current.metadata
  const hasLabels = Object.entries(metadata.labels ?? {}).every(([key, value]) => labels[key] === value)
  const held = current as unknown as Record<string, unknown>
  return hasLabels && Object.entries(content).every(([field, value]) => deepEqual(held[field], value))
}

function rewritten(current: KubeObject, wanted: New<KubeObject>): KubeObject {
  const metadata = { ...current.metadata, labels: { ...current.metadata.labels, ...wanted.metadata.labels } }
  return { ...current, ...wanted, metadata }
}

function newService({ port, clusterIP }: Advertised): New<Service> {
  return {
    metadata: { name: NAME, namespace: NAMESPACE, labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: {
      type: 'ClusterIP',
      clusterIP,
      ipFamilyPolicy: 'SingleStack',
      sessionAffinity: 'None',
      ports: [{ name: 'https', protocol: 'TCP', port: 443, targetPort: port }],
    },
  }
}

function newEndpoints({ address, port }: Advertised): New<Endpoints> {
  return {
    metadata: { name: NAME, namespace: NAMESPACE, labels: { [SKIP_MIRROR_LABEL]: 'true' } },
    subsets: [{ addresses: [{ ip: address }], ports: [{ name: 'https', port, protocol: 'TCP' }] }],
  }
}

function newSlice({ address, port }: Advertised): New<EndpointSlice> {
  return {
    metadata: { name: NAME, namespace: NAMESPACE, labels: { [SERVICE_NAME_LABEL]: NAME } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
    ports: [{ name: 'https', port, protocol: 'TCP' }],
  }
}
