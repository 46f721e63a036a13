/** What a service keeps, and what it loses, when a client leaves out what the server had filled in. Upstream: registry/core/service/strategy.go. */
import { deepEqual } from '../../../lib/deep-equal.ts'
import type { Service } from '../../types.gen.ts'
import { isExternallyAccessible, needsClusterIp, needsHealthCheckPort, needsNodePorts } from './service-needs.ts'

/** In place, on create: clusterIPs follows clusterIP, when only the one was given. Before addresses are allocated. */
export function setClusterIps({ spec }: Service): void {
  if (spec.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP]
}

/** In place, on update, once addresses are allocated and before faults are looked for. */
export function keepAllocated(service: Service, old: Service): void {
  fillInAllocated(service, old)
  dropTypeDependent(service, old)
}

/** In place, on update, before addresses are allocated: what the client left out is what it was. */
export function fillInAllocated(service: Service, old: Service): void {
  patchAllocated(service, old)
  normalizeClusterIps(service, old)
}

/** Upstream: patchAllocatedValues. A PUT made from a manifest knows nothing of addresses. */
function patchAllocated(service: Service, old: Service): void {
  const { spec } = service
  if (needsClusterIp(old) && needsClusterIp(service)) {
    if (!spec.clusterIP && old.spec.clusterIP) spec.clusterIP = old.spec.clusterIP
    if (!spec.clusterIPs?.length && old.spec.clusterIPs && spec.clusterIP === old.spec.clusterIP) spec.clusterIPs = old.spec.clusterIPs
  }
  if (needsNodePorts(old) && needsNodePorts(service)) patchNodePorts(service, old)
  if (needsHealthCheckPort(old) && needsHealthCheckPort(service)) spec.healthCheckNodePort ||= old.spec.healthCheckNodePort
}

function patchNodePorts({ spec }: Service, old: Service): void {
  const before = new Map((old.spec.ports ?? []).map(({ name = '', nodePort = 0 }) => [name, nodePort]))
  const used = new Set((spec.ports ?? []).flatMap(({ nodePort }) => (nodePort ? [nodePort] : [])))
  for (const port of spec.ports ?? []) {
    if (port.nodePort) continue
    const known = before.get(port.name ?? '')
    if (!known || used.has(known)) continue
    port.nodePort = known
    used.add(known)
  }
}

/** clusterIP and the first of clusterIPs are one; which of them did the client mean to change? */
function normalizeClusterIps({ spec }: Service, { spec: before }: Service): void {
  if (before.clusterIPs?.length && !spec.clusterIPs?.length && before.clusterIP === spec.clusterIP) spec.clusterIPs = before.clusterIPs
  if ((before.clusterIP ?? '') === (spec.clusterIP ?? '') || !deepEqual(before.clusterIPs ?? [], spec.clusterIPs ?? [])) return
  if (before.clusterIP && !spec.clusterIP) delete spec.clusterIPs
  else spec.clusterIPs = [spec.clusterIP!]
}

/** Upstream: dropTypeDependentFields. What only the old type had goes, unless the client has just changed it. */
function dropTypeDependent(service: Service, old: Service): void {
  const { spec } = service
  const before = old.spec
  if (needsClusterIp(old) && !needsClusterIp(service) && deepEqual(before.clusterIPs, spec.clusterIPs)) {
    delete spec.clusterIP
    delete spec.clusterIPs
    delete spec.ipFamilies
    delete spec.ipFamilyPolicy
  }
  if (needsNodePorts(old) && !needsNodePorts(service) && hasSameNodePorts(service, old)) {
    for (const port of spec.ports ?? []) delete port.nodePort
  }
  if (needsHealthCheckPort(old) && !needsHealthCheckPort(service) && before.healthCheckNodePort === spec.healthCheckNodePort) {
    delete spec.healthCheckNodePort
  }
  // What is left to do for a load balancer that isn't wanted any more is nothing to the user.
  if (spec.type !== 'LoadBalancer' && service.status?.loadBalancer?.ingress !== undefined)
    service.status = { ...service.status, loadBalancer: {} }
  if (before.type === 'LoadBalancer' && spec.type !== 'LoadBalancer') {
    if (before.allocateLoadBalancerNodePorts === spec.allocateLoadBalancerNodePorts) delete spec.allocateLoadBalancerNodePorts
    if (before.loadBalancerClass === spec.loadBalancerClass) delete spec.loadBalancerClass
  }
  if (isExternallyAccessible(old) && !isExternallyAccessible(service) && before.externalTrafficPolicy === spec.externalTrafficPolicy) {
    delete spec.externalTrafficPolicy
  }
}

function hasSameNodePorts(service: Service, old: Service): boolean {
  const portsOf = ({ spec }: Service): number[] => (spec.ports ?? []).map(({ nodePort = 0 }) => nodePort).sort()
  return deepEqual(portsOf(service), portsOf(old))
}
