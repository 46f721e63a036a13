/** What Endpoints say, as EndpointSlices say it. Upstream: endpointslicemirroring utils.go, reconciler_helpers.go; RepackSubsets. */
import { addressText, withoutLeadingZeros } from '../../api/core/v1/ip-address.ts'
import type { DiscoveryV1EndpointPort, Endpoint, EndpointAddress, EndpointPort, Endpoints } from '../../api/types.gen.ts'
import { familyOf, type IpFamily } from '../endpoint/pod-endpoint.ts'
import { portsKey } from '../endpointslice/pack.ts'

/** Upstream: --mirroring-max-endpoints-per-subset */
export const MAX_MIRRORED = 1000

/** One slice's worth: the endpoints of one address family behind one set of ports. */
export interface MirroredGroup {
  readonly family: IpFamily
  readonly ports: readonly DiscoveryV1EndpointPort[]
  readonly endpoints: readonly Endpoint[]
}

export interface Mirrored {
  readonly groups: ReadonlyMap<string, MirroredGroup>
  readonly invalidCount: number
  /** Beyond those that are invalid. */
  readonly skippedCount: number
}

export function groupKey(family: string, ports: readonly DiscoveryV1EndpointPort[] | undefined): string {
  return `${family} ${portsKey(ports)}`
}

export function mirroredGroups({ subsets = [] }: Endpoints): Mirrored {
  const groups = new Map<string, { family: IpFamily; ports: readonly DiscoveryV1EndpointPort[]; endpoints: Endpoint[] }>()
  let invalidCount = 0
  let skippedCount = 0
  for (const { ports, addressees } of repacked(subsets)) {
    let added = 0
    for (const [i, { address, isReady }] of addressees.entries()) {
      if (added >= MAX_MIRRORED) {
        skippedCount += addressees.length - i
        break
      }
      const ip = addressText(withoutLeadingZeros(address.ip))
      if (ip === undefined) {
        invalidCount++
        continue
      }
      added++
      const family = familyOf(ip)
      const key = groupKey(family, ports)
      const group = groups.get(key) ?? { family, ports, endpoints: [] }
      groups.set(key, group)
      group.endpoints.push(endpointOf({ ...address, ip }, isReady))
    }
  }
  return { groups, invalidCount, skippedCount }
}

function endpointOf({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): Endpoint {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname && { hostname }),
    ...(targetRef && { targetRef }),
    ...(nodeName && { nodeName }),
  }
}

interface Addressee {
  readonly address: EndpointAddress
  readonly isReady: boolean
}

/** Subsets whose addresses are the same become one with the ports of both; an address that is both ready and not isn't ready. */
function repacked(subsets: NonNullable<Endpoints['subsets']>): { ports: DiscoveryV1EndpointPort[]; addressees: Addressee[] }[] {
  const byPort = new Map<string, { port: DiscoveryV1EndpointPort | undefined; behind: Map<string, Addressee> }>()
  for (const { addresses = [], notReadyAddresses = [], ports } of subsets) {
    const addressees = [
      ...addresses.map((address) => ({ address, isReady: true })),
      ...notReadyAddresses.map((address) => ({ address, isReady: false })),
    ]
    for (const port of ports?.length ? ports.map(slicePort) : [undefined]) {
      const key = JSON.stringify(port ?? null)
      const entry = byPort.get(key) ?? { port, behind: new Map<string, Addressee>() }
      byPort.set(key, entry)
      for (const addressee of addressees) entry.behind.set(`${addressee.address.ip} ${addressee.address.targetRef?.uid ?? ''}`, addressee)
    }
  }
  const groups = new Map<string, { ports: DiscoveryV1EndpointPort[]; addressees: Addressee[] }>()
  for (const [, { port, behind }] of [...byPort].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const addressees = [...behind].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, addressee]) => addressee)
    // Ready ones are mirrored first.
    addressees.sort((a, b) => Number(b.isReady) - Number(a.isReady))
    const key = JSON.stringify(addressees)
    const group = groups.get(key) ?? { ports: [], addressees }
    groups.set(key, group)
    if (port !== undefined) group.ports.push(port)
  }
  return [...groups.values()]
}

function slicePort({ name = '', port, protocol = 'TCP', appProtocol }: EndpointPort): DiscoveryV1EndpointPort {
  return { name, port, protocol, ...(appProtocol !== undefined && { appProtocol }) }
}
