/** What Endpoints and EndpointSlices ask of a pod. Upstream: endpointslice/util, pod/util.go FindPort */
import type { ObjectReference, Pod, Service, ServicePort } from '../../api/types.gen.ts'
import { isPodTerminal } from '../pods/pod-state.ts'

export type IpFamily = 'IPv4' | 'IPv6'

/** It has an address and hasn't ended. */
export function isReachable(pod: Pod, includesTerminating: boolean): boolean {
  if (isPodTerminal(pod) || podIps(pod).length === 0) return false
  return includesTerminating || pod.metadata.deletionTimestamp === undefined
}

export function podIps({ status }: Pod): readonly string[] {
  const ips = (status?.podIPs ?? []).map(({ ip }) => ip).filter((ip) => ip !== '')
  return ips.length > 0 ? ips : status?.podIP ? [status.podIP] : []
}

export function familyOf(ip: string): IpFamily {
  return ip.includes(':') ? 'IPv6' : 'IPv4'
}

/** Headless Services have DNS names for their pods: only those of the pods that ask for it through their `subdomain`. */
export function hostnameFor({ spec }: Pod, { metadata }: Service): string | undefined {
  return spec.hostname && spec.subdomain === metadata.name ? spec.hostname : undefined
}

export function podReference({ metadata }: Pod): ObjectReference {
  return { kind: 'Pod', namespace: metadata.namespace, name: metadata.name, uid: metadata.uid }
}

/** The number a Service's port leads to in this pod; undefined when it names a port that the pod hasn't. */
export function findPort({ spec }: Pod, { targetPort, port, protocol = 'TCP' }: ServicePort): number | undefined {
  if (targetPort === undefined || targetPort === '' || targetPort === 0) return port
  if (typeof targetPort === 'number') return targetPort
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always')
  for (const container of [...spec.containers, ...sidecars]) {
    const found = container.ports?.find((candidate) => candidate.name === targetPort && (candidate.protocol ?? 'TCP') === protocol)
    if (found !== undefined) return found.containerPort
  }
  return undefined
}

export function isHeadless({ spec }: Service): boolean {
  return spec.clusterIP === 'None'
}
