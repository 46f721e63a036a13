import { internalError, invalidError } from '../api/meta/api-error.ts'
import { invalid } from '../api/meta/field-error.ts'
import type { Service, ServicePort } from '../api/types.gen.ts'
import type { AdmissionPlugin, ClusterView } from './admission.ts'

/** Upstream's defaults: --service-cluster-ip-range 10.96.0.0/12 of kubeadm, --service-node-port-range. */
const FIRST_ADDRESS = 0x0a600001
const ADDRESSES = (1 << 20) - 2
const FIRST_NODE_PORT = 30000
const NODE_PORTS = 2768
/** Upstream keeps the lower part of the range for addresses that are asked for by name. */
const STATIC_ADDRESSES = 256
const STATIC_NODE_PORTS = 86

/**
 * Gives Services their cluster IP and node ports, and takes them back when the type no longer has them.
 * Upstream does this in the Service's storage (registry/core/service/storage/alloc.go), between admission and validation.
 */
export const serviceAddresses: AdmissionPlugin = {
  name: 'ServiceAddresses',
  handles: ({ operation, definition, subresource }) =>
    operation !== 'delete' && subresource === '' && definition.groupResource === 'services',
  mutate: ({ object, old, definition, name }, cluster) => {
    const service = object as Service
    const before = old as Service | undefined
    service.spec ??= {}
    if (before !== undefined) keepAddresses(service, before)
    if (service.spec.type === 'ExternalName') return
    const others = othersThan(service, cluster)
    setClusterIp(service, others, definition, name)
    if (service.spec.type === 'NodePort' || service.spec.type === 'LoadBalancer') setNodePorts(service, others, definition, name)
    else if (before !== undefined && before.spec.type !== service.spec.type) {
      for (const port of service.spec.ports ?? []) delete port.nodePort
    }
  },
}

/** What an update leaves out stays. Upstream: patchAllocatedValues. */
function keepAddresses({ spec }: Service, { spec: before }: Service): void {
  if (spec.type !== 'ExternalName' && before.type !== 'ExternalName') {
    if (!spec.clusterIP && before.clusterIP) spec.clusterIP = before.clusterIP
    if (!spec.clusterIPs?.length && before.clusterIPs && spec.clusterIP === before.clusterIP) spec.clusterIPs = [...before.clusterIPs]
    spec.ipFamilies ??= before.ipFamilies
    spec.ipFamilyPolicy ??= before.ipFamilyPolicy
  }
  if (spec.type === 'ExternalName' && before.type !== 'ExternalName') {
    for (const field of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy'] as const) delete spec[field]
  }
  const hasNodePorts = (type: string | undefined) => type === 'NodePort' || type === 'LoadBalancer'
  if (!hasNodePorts(spec.type) || !hasNodePorts(before.type)) return
  for (const port of spec.ports ?? []) {
    if (port.nodePort) continue
    const same = before.ports?.find((each) => each.port === port.port && (each.protocol ?? 'TCP') === (port.protocol ?? 'TCP'))
    if (same?.nodePort && !spec.ports?.some((each) => each.nodePort === same.nodePort)) port.nodePort = same.nodePort
  }
}

function othersThan(service: Service, cluster: ClusterView): readonly Service[] {
  const { namespace, name, uid } = service.metadata
  return cluster
    .list<Service>('services')
    .filter(({ metadata }) => (uid ? metadata.uid !== uid : metadata.namespace !== namespace || metadata.name !== name))
}

function setClusterIp(
  { spec, metadata }: Service,
  others: readonly Service[],
  definition: { group: string; kind: string },
  name: string,
): void {
  if (!spec.clusterIP && spec.clusterIPs?.[0]) spec.clusterIP = spec.clusterIPs[0]
  spec.ipFamilies ??= ['IPv4']
  spec.ipFamilyPolicy ??= 'SingleStack'
  if (spec.clusterIP === 'None') {
    spec.clusterIPs = ['None']
    return
  }
  const used = new Set(others.map((other) => other.spec.clusterIP))
  if (!spec.clusterIP) {
    spec.clusterIP = firstFree(`${metadata.namespace}/${metadata.name}`, STATIC_ADDRESSES, ADDRESSES, (offset) => {
      const address = addressText(FIRST_ADDRESS + offset)
      return used.has(address) ? undefined : address
    })
  } else if (used.has(spec.clusterIP)) {
    throw invalidError(definition, name, [
      invalid('spec.clusterIPs', [spec.clusterIP], `failed to allocate IP ${spec.clusterIP}: provided IP is already allocated`),
    ])
  }
  spec.clusterIPs = [spec.clusterIP]
}

function setNodePorts(
  { spec, metadata }: Service,
  others: readonly Service[],
  definition: { group: string; kind: string },
  name: string,
): void {
  if (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts === false) return
  const key = ({ nodePort }: ServicePort, protocol: string) => `${protocol}/${nodePort}`
  const used = new Set(others.flatMap((other) => (other.spec.ports ?? []).map((port) => key(port, port.protocol ?? 'TCP'))))
  for (const [i, port] of (spec.ports ?? []).entries()) {
    const protocol = port.protocol ?? 'TCP'
    if (!port.nodePort) {
      port.nodePort = firstFree(`${metadata.namespace}/${metadata.name}/${i}`, STATIC_NODE_PORTS, NODE_PORTS, (offset) => {
        const nodePort = FIRST_NODE_PORT + offset
        return used.has(`${protocol}/${nodePort}`) ? undefined : nodePort
      })
    } else if (used.has(key(port, protocol))) {
      throw invalidError(definition, name, [invalid(`spec.ports[${i}].nodePort`, port.nodePort, 'provided port is already allocated')])
    }
    used.add(key(port, protocol))
  }
}

/** The first offset that `take` accepts, from one that follows from the seed: addresses look drawn, yet a run can be repeated. */
function firstFree<T>(seed: string, from: number, size: number, take: (offset: number) => T | undefined): T {
  let hash = 2166136261
  for (const char of seed) hash = Math.imul(hash ^ char.charCodeAt(0), 16777619) >>> 0
  for (let step = 0; step < size - from; step++) {
    const taken = take(from + ((hash + step) % (size - from)))
    if (taken !== undefined) return taken
  }
  throw internalError('failed to allocate: range is full')
}

function addressText(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.')
}
