/** The subsets of an Endpoints object. Upstream: endpoints_controller.go addEndpointSubset, endpoints/util.go RepackSubsets */
import type { EndpointAddress, EndpointPort, EndpointSubset, Pod, Service } from '../../api/types.gen.ts'
import { isPodReady } from '../pods/pod-state.ts'
import { familyOf, findPort, hostnameFor, isHeadless, isReachable, podIps, podReference } from './pod-endpoint.ts'

/** Upstream: maxCapacity */
const MAX_ADDRESSES = 1000

export interface Subsets {
  readonly subsets: readonly EndpointSubset[]
  /** There were more addresses than an object may have. */
  readonly isTruncated: boolean
}

interface Addressee {
  readonly address: EndpointAddress
  readonly isReady: boolean
}

/** Ports behind which the same pods are, in the same state, share a subset. Upstream: endpoints/util.go RepackSubsets. */
export function subsetsOf(service: Service, pods: readonly Pod[]): Subsets {
  const publishesAll = service.spec.publishNotReadyAddresses === true
  const byPort = new Map<string, { port: EndpointPort | undefined; behind: Addressee[] }>()
  for (const pod of pods) {
    const ip = isReachable(pod, publishesAll) ? addressOf(service, pod) : undefined
    if (ip === undefined) continue
    const addressee = { address: endpointAddress(service, pod, ip), isReady: publishesAll || isPodReady(pod) }
    // A Service with ports is of no use to who reaches a pod that has none of them.
    const ports = isHeadless(service) && !service.spec.ports?.length ? [undefined] : portsOf(service, pod)
    for (const port of ports) {
      const key = JSON.stringify(port ?? null)
      const entry = byPort.get(key) ?? { port, behind: [] }
      byPort.set(key, entry)
      entry.behind.push(addressee)
    }
  }
  const groups = new Map<string, { ports: EndpointPort[]; behind: readonly Addressee[] }>()
  for (const [, { port, behind }] of [...byPort].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const key = JSON.stringify(behind.map(({ address, isReady }) => [address.ip, address.targetRef?.uid, isReady]).sort())
    const group = groups.get(key) ?? { ports: [], behind }
    groups.set(key, group)
    if (port !== undefined) group.ports.push(port)
  }
  const subsets = [...groups.values()].map(({ ports, behind }): EndpointSubset => {
    const those = (ready: boolean) => sorted(behind.filter(({ isReady }) => isReady === ready).map(({ address }) => address))
    return subset(those(true), those(false), ports)
  })
  return truncated(subsets)
}

function addressOf({ spec }: Service, pod: Pod): string | undefined {
  const family = spec.ipFamilies?.[0] ?? familyOf(spec.clusterIP && spec.clusterIP !== 'None' ? spec.clusterIP : podIps(pod)[0]!)
  return podIps(pod).find((ip) => familyOf(ip) === family)
}

function endpointAddress(service: Service, pod: Pod, ip: string): EndpointAddress {
  const hostname = hostnameFor(pod, service)
  const { nodeName } = pod.spec
  return { ip, ...(hostname && { hostname }), ...(nodeName && { nodeName }), targetRef: podReference(pod) }
}

function portsOf({ spec }: Service, pod: Pod): EndpointPort[] {
  const ports: EndpointPort[] = []
  for (const servicePort of spec.ports ?? []) {
    const port = findPort(pod, servicePort)
    if (port === undefined) continue
    const { name, protocol = 'TCP', appProtocol } = servicePort
    ports.push({ ...(name && { name }), port, protocol, ...(appProtocol !== undefined && { appProtocol }) })
  }
  return ports
}

function subset(addresses: EndpointAddress[], notReadyAddresses: EndpointAddress[], ports: EndpointPort[]): EndpointSubset {
  return {
    ...(addresses.length > 0 && { addresses }),
    ...(notReadyAddresses.length > 0 && { notReadyAddresses }),
    ...(ports.length > 0 && { ports }),
  }
}

function sorted(addresses: EndpointAddress[]): EndpointAddress[] {
  return addresses.sort((a, b) => (a.ip !== b.ip ? (a.ip < b.ip ? -1 : 1) : (a.targetRef?.uid ?? '') < (b.targetRef?.uid ?? '') ? -1 : 1))
}

/** Ready addresses are kept first. Upstream: truncateEndpoints, which takes from each subset in proportion. */
function truncated(subsets: readonly EndpointSubset[]): Subsets {
  const readyCount = subsets.reduce((sum, { addresses }) => sum + (addresses?.length ?? 0), 0)
  const notReadyCount = subsets.reduce((sum, { notReadyAddresses }) => sum + (notReadyAddresses?.length ?? 0), 0)
  if (readyCount + notReadyCount <= MAX_ADDRESSES) return { subsets, isTruncated: false }
  const takesReady = share(MAX_ADDRESSES, readyCount)
  const takesNotReady = share(Math.max(0, MAX_ADDRESSES - readyCount), notReadyCount)
  const kept = subsets.map(({ addresses = [], notReadyAddresses = [], ports = [] }) =>
    subset(takesReady(addresses), takesNotReady(notReadyAddresses), ports),
  )
  return { subsets: kept.filter(({ addresses, notReadyAddresses }) => addresses || notReadyAddresses), isTruncated: true }
}

/** Takes from several lists so many in all, from each as large a part as from the others. */
function share(room: number, total: number): <T>(list: T[]) => T[] {
  let left = room
  return (list) => {
    const taken = list.slice(0, Math.min(left, total <= room ? list.length : Math.ceil((list.length * room) / total)))
    left -= taken.length
    return taken
  }
}
