/** ServiceCIDRs: ready for use, and kept while cluster IPs are of them. Upstream: pkg/controller/servicecidrs */
import { type addressRange, hasAddress, overlap } from '../../api/core/v1/address-range.ts'
import type { KubeObject } from '../../api/object.ts'
import type { IPAddress, ServiceCIDR } from '../../api/types.gen.ts'
import type { ControllerDefinition, Key, Reader } from '../../runtime/controller.ts'
import { IP_ADDRESSES, isManagedAddress } from '../ipallocator-repair/managed-address.ts'
import { type ObservedServiceCidr, rangesOf, reconcileServiceCidr } from './reconcile.ts'

export const SERVICE_CIDRS = 'servicecidrs.networking.k8s.io'

export const serviceCidrController: ControllerDefinition<ObservedServiceCidr> = {
  name: 'service-cidr',
  reconciles: SERVICE_CIDRS,
  watches: {
    // One that comes may take over the addresses of those that are to go.
    [SERVICE_CIDRS]: (current, old, reader) => (old === undefined ? overlapping(reader, current as ServiceCIDR) : []),
    [IP_ADDRESSES]: (current, old, reader) => (current === undefined || old === undefined ? containing(reader, (current ?? old)!) : []),
  },
  observe(reader, name) {
    const cidr = reader.get<ServiceCIDR>(SERVICE_CIDRS, '', name)
    if (cidr === undefined) return undefined
    const isGoing = cidr.metadata.deletionTimestamp !== undefined
    const others = reader.list<ServiceCIDR>(SERVICE_CIDRS).filter(({ metadata }) => metadata.name !== name)
    const addresses = isGoing ? reader.list<IPAddress>(IP_ADDRESSES).filter(isManagedAddress) : []
    return { cidr, others, addresses: addresses.map(({ metadata }) => metadata.name) }
  },
  reconcile: reconcileServiceCidr,
}

function overlapping(reader: Reader, cidr: ServiceCIDR): readonly Key[] {
  const ranges = rangesOf(cidr)
  return namesOf(reader, (other) => other.some((range) => ranges.some((own) => overlap(own, range))))
}

function containing(reader: Reader, address: KubeObject): readonly Key[] {
  if (!isManagedAddress(address)) return []
  return namesOf(reader, (ranges) => ranges.some((range) => hasAddress(range, address.metadata.name)))
}

function namesOf(reader: Reader, isMeant: (ranges: readonly NonNullable<ReturnType<typeof addressRange>>[]) => boolean): readonly Key[] {
  return reader
    .list<ServiceCIDR>(SERVICE_CIDRS)
    .filter((cidr) => isMeant(rangesOf(cidr)))
    .map(({ metadata }) => metadata.name)
}
