/** Which addresses and ports a service has from the server. Upstream: pkg/api/service/util.go and registry/core/service. */
import type { Service } from '../../types.gen.ts'

/** A service without an address of its own: clients get the addresses of its pods. */
export function isHeadless({ spec }: Service): boolean {
  return spec.clusterIPs?.length === 1 && spec.clusterIPs[0] === 'None'
}

export function needsClusterIp({ spec: { type } }: Service): boolean {
  return type === 'ClusterIP' || type === 'NodePort' || type === 'LoadBalancer'
}

/** Of a LoadBalancer only unless it says otherwise. */
export function needsNodePorts({ spec }: Service): boolean {
  return spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false)
}

/** A port for the load balancer to ask each node whether it has pods of the service. */
export function needsHealthCheckPort({ spec }: Service): boolean {
  return spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local'
}

/** Can it be reached from outside? */
export function isExternallyAccessible({ spec }: Service): boolean {
  return spec.type === 'LoadBalancer' || spec.type === 'NodePort' || (spec.type === 'ClusterIP' && (spec.externalIPs?.length ?? 0) > 0)
}
