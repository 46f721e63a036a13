/** The cluster IPs of a Service. Upstream: registry/core/service/storage/alloc.go allocClusterIPs, updateClusterIPs. */
import type { IpFamily } from '../../api/core/v1/address-range.ts'
import { isSettledDualStack } from '../../api/core/v1/service-families.ts'
import { internalError, invalidError } from '../../api/meta/api-error.ts'
import { invalid } from '../../api/meta/field-error.ts'
import type { Service } from '../../api/types.gen.ts'
import { type AddressPool, FULL } from './address-pool.ts'

const KIND = { group: '', kind: 'Service' }

/**
 * In place, once the families are known. Addresses that `service` has had stay; one that is given back is free when the write is
 * done.
 * @throws ApiError
 */
export function allocateAddresses(pool: AddressPool, service: Service, old: Service | undefined, seed: string, isDryRun: boolean): void {
  const { spec } = service
  if (spec.type === 'ExternalName' || isSettledDualStack(service, old)) return
  const wasOther = old === undefined || old.spec.type === 'ExternalName'
  if (wasOther ? spec.clusterIPs?.[0] === 'None' : old.spec.clusterIPs?.[0] === 'None') return
  const kept = wasOther ? 0 : (old.spec.ipFamilies?.length ?? 0)
  const ips = [...(spec.clusterIPs ?? [])]
  for (let i = kept; i < (spec.ipFamilies?.length ?? 0); i++) {
    const asked = ips[i]
    const name = service.metadata.name ?? ''
    if (asked) {
      const fault = faultOf(pool, asked, isDryRun)
      if (fault === undefined) continue
      throw invalidError(KIND, name, [invalid('spec.clusterIPs', ips, `failed to allocate IP ${asked}: ${fault}`)])
    }
    const family = spec.ipFamilies![i] as IpFamily
    const ip = isDryRun ? pool.sample(family) : pool.next(family, seed)
    if (ip === undefined) throw internalError(`failed to allocate a serviceIP for Service ${JSON.stringify(name)}: ${FULL}`)
    ips[i] = ip
  }
  if (ips.length === 0) return
  spec.clusterIPs = ips
  if (wasOther) spec.clusterIP = ips[0]!
}

/** A dry run isn't told of others. Upstream: dryRunRange */
function faultOf(pool: AddressPool, ip: string, isDryRun: boolean): string | undefined {
  const fault = pool.faultOf(ip)
  return isDryRun && pool.isTaken(ip) ? undefined : fault
}
