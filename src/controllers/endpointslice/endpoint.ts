/** One endpoint of a slice, and the ports it offers. Upstream: k8s.io/endpointslice utils.go podToEndpoint, getEndpointPorts */
import type { DiscoveryV1EndpointPort, Endpoint, EndpointHints, Node, Pod, Service } from '../../api/types.gen.ts'
import { familyOf, findPort, hostnameFor, type IpFamily, podIps, podReference } from '../endpoint/pod-endpoint.ts'
import { isPodReady } from '../pods/pod-state.ts'
import { wantsTopologyHints } from './topology-hints.ts'

const ZONE_LABEL = 'topology.kubernetes.io/zone'

/** undefined when the pod has no address of the family. */
export function endpointOf(service: Service, pod: Pod, node: Node | undefined, family: IpFamily): Endpoint | undefined {
  const addresses = podIps(pod).filter((ip) => familyOf(ip) === family)
  if (addresses.length === 0) return undefined
  const serving = isPodReady(pod)
  const terminating = pod.metadata.deletionTimestamp !== undefined
  const ready = service.spec.publishNotReadyAddresses === true || (serving && !terminating)
  const { nodeName } = pod.spec
  const zone = node?.metadata.labels?.[ZONE_LABEL]
  const hostname = hostnameFor(pod, service)
  // Hints by topology are given to all endpoints together.
  const hints = ready && !wantsTopologyHints(service) ? hintsFor(service, nodeName, zone) : undefined
  return {
    addresses,
    conditions: { ready, serving, terminating },
    ...(hostname && { hostname }),
    targetRef: podReference(pod),
    ...(nodeName && { nodeName }),
    ...(zone && { zone }),
    ...(hints && { hints }),
  }
}

/** Upstream: trafficdist/trafficdist.go */
function hintsFor({ spec }: Service, nodeName: string | undefined, zone: string | undefined): EndpointHints | undefined {
  const forZones = zone ? { forZones: [{ name: zone }] } : undefined
  switch (spec.trafficDistribution) {
    case 'PreferClose':
    case 'PreferSameZone':
      return forZones
    case 'PreferSameNode':
      return nodeName ? { ...forZones, forNodes: [{ name: nodeName }] } : forZones
    default:
      return undefined
  }
}

/** A named port that the pod hasn't is left out: its endpoint goes to another slice than those that have it. */
export function portsOf({ spec }: Service, pod: Pod): DiscoveryV1EndpointPort[] {
  const ports: DiscoveryV1EndpointPort[] = []
  for (const servicePort of spec.ports ?? []) {
    const port = findPort(pod, servicePort)
    if (port === undefined) continue
    const { name = '', protocol = 'TCP', appProtocol } = servicePort
    ports.push({ name, port, protocol, ...(appProtocol !== undefined && { appProtocol }) })
  }
  return ports
}
