/**
 * Every cluster IP is an IPAddress too, of the same name. Upstream: registry/core/service/ipallocator/controller/repairip.go, where
 * the API server makes them as it gives out addresses, and this only repairs.
 */
import { hasAddress } from '../../api/core/v1/address-range.ts'
import { canonicalIp } from '../../api/core/v1/ip-address.ts'
import type { KubeObject } from '../../api/object.ts'
import type { IPAddress, Service, ServiceCIDR } from '../../api/types.gen.ts'
import type { ControllerDefinition } from '../../runtime/controller.ts'
import { rangesOf } from '../service-cidr/reconcile.ts'
import { IP_ADDRESSES } from './managed-address.ts'
import { type ObservedClusterIp, reconcileClusterIp } from './reconcile.ts'

const SERVICES = 'services'
const SERVICE_CIDRS = 'servicecidrs.networking.k8s.io'
const BY_ADDRESS = 'address'

export const ipAllocatorRepairController: ControllerDefinition<ObservedClusterIp> = {
  name: 'ipallocator-repair',
  reconciles: IP_ADDRESSES,
  watches: {
    [SERVICES]: (current, old) => [...new Set([...addressesOf(current), ...addressesOf(old)])],
    [SERVICE_CIDRS]: () => [],
  },
  indexes: { [SERVICES]: { [BY_ADDRESS]: addressesOf } },
  observe(reader, ip) {
    const address = reader.get<IPAddress>(IP_ADDRESSES, '', ip)
    const services = reader.indexed<Service>(SERVICES, BY_ADDRESS, ip)
    if (address === undefined && services.length === 0) return undefined
    const isInRange = reader.list<ServiceCIDR>(SERVICE_CIDRS).some((cidr) => rangesOf(cidr).some((range) => hasAddress(range, ip)))
    return { ip, address, services, isInRange }
  },
  reconcile: reconcileClusterIp,
}

function addressesOf(object: KubeObject | undefined): string[] {
  const { type, clusterIPs = [] } = (object as Service | undefined)?.spec ?? {}
  return type === 'ExternalName' ? [] : clusterIPs.filter((ip) => ip !== 'None').map(canonicalIp)
}
