/** Which IP families a Service is of. Upstream: registry/core/service/storage/alloc.go initIPFamilyFields. */
import { deepEqual } from '../../../lib/deep-equal.ts'
import { type FieldError, invalid } from '../../meta/field-error.ts'
import type { Service } from '../../types.gen.ts'
import { familyOfIp, type IpFamily } from './address-range.ts'
import { checkClusterIps } from './service-validation.ts'

const POLICY = 'spec.ipFamilyPolicy'

/**
 * In place: fills in ipFamilyPolicy and ipFamilies, and drops what a Service that becomes single-stack no longer has.
 * @param configured the families that the cluster has addresses of, the default first
 * @returns what is asked for and can't be; nothing is to be allocated then
 */
export function setIpFamilies(service: Service, old: Service | undefined, configured: readonly IpFamily[]): FieldError[] {
  const { spec } = service
  if (spec.type === 'ExternalName' || isSettledDualStack(service, old)) return []
  const isSelectorlessHeadless = spec.clusterIP === 'None' && Object.keys(spec.selector ?? {}).length === 0
  spec.ipFamilyPolicy ??= old?.spec.ipFamilyPolicy ?? (isSelectorlessHeadless ? 'RequireDualStack' : 'SingleStack')
  const faults: FieldError[] = []
  checkClusterIps(faults, service)
  if (faults.length > 0) return faults

  const errors = [...(old === undefined ? [] : changeFamilies(service, old)), ...singleStackFaults(service)]
  spec.clusterIPs?.forEach((ip, i) => {
    if (ip === 'None' || i < (spec.ipFamilies?.length ?? 0)) return
    const family = familyOfIp(ip)
    if (configured.includes(family)) spec.ipFamilies = [...(spec.ipFamilies ?? []), family]
    else errors.push(invalid(`spec.clusterIPs[${i}]`, spec.clusterIPs, `${family} is not configured on this cluster`))
  })
  if (errors.length > 0) return errors

  const [first, ...rest] = spec.ipFamilies ?? []
  if (!isSelectorlessHeadless) {
    errors.push(...clusterFaults(service, configured))
    if (errors.length > 0) return errors
  }
  // Whose endpoints are somebody else's may be of families that the cluster hasn't.
  const canBeDual = isSelectorlessHeadless || configured.length === 2
  const primary = (first as IpFamily | undefined) ?? configured[0]!
  spec.ipFamilies =
    rest.length === 0 && canBeDual && spec.ipFamilyPolicy !== 'SingleStack' ? [primary, otherThan(primary)] : [primary, ...rest]
  return []
}

function otherThan(family: IpFamily): IpFamily {
  return family === 'IPv4' ? 'IPv6' : 'IPv4'
}

/**
 * One that prefers to be dual-stack stays as it is, whatever families the cluster has come to have, until the client changes it.
 * Upstream: isMatchingPreferDualStackClusterIPFields
 */
export function isSettledDualStack({ spec }: Service, old: Service | undefined): boolean {
  if (old === undefined || spec.ipFamilyPolicy !== 'PreferDualStack' || old.spec.type !== spec.type) return false
  if (old.spec.ipFamilyPolicy !== undefined && old.spec.ipFamilyPolicy !== 'PreferDualStack') return false
  return deepEqual(old.spec.clusterIPs ?? [], spec.clusterIPs ?? []) && deepEqual(old.spec.ipFamilies ?? [], spec.ipFamilies ?? [])
}

/** To ask for a single stack is to give back the second; nothing else is. */
function changeFamilies({ spec }: Service, { spec: before }: Service): FieldError[] {
  const fields = ['clusterIPs', 'ipFamilies'] as const
  if (spec.ipFamilyPolicy === 'SingleStack') {
    for (const field of fields) {
      if (deepEqual(before[field] ?? [], spec[field] ?? []) && (spec[field]?.length ?? 0) > 1) spec[field] = spec[field]!.slice(0, 1)
    }
    return []
  }
  const names = { clusterIPs: 'cluster IP', ipFamilies: 'IP family' } as const
  return fields
    .filter((field) => spec[field]?.length && spec[field].length < (before[field]?.length ?? 0))
    .map((field) => invalid(POLICY, spec.ipFamilyPolicy, `must be 'SingleStack' to release the secondary ${names[field]}`))
}

function singleStackFaults({ spec }: Service): FieldError[] {
  if (spec.ipFamilyPolicy !== 'SingleStack') return []
  const fault = (what: string) =>
    invalid(POLICY, spec.ipFamilyPolicy, `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`)
  return [
    ...(spec.clusterIPs?.length === 2 ? [fault('cluster IPs')] : []),
    ...(spec.ipFamilies?.length === 2 ? [fault('IP families')] : []),
  ]
}

function clusterFaults({ spec }: Service, configured: readonly IpFamily[]): FieldError[] {
  const errors: FieldError[] = []
  if (spec.ipFamilyPolicy === 'RequireDualStack' && configured.length < 2) {
    errors.push(invalid(POLICY, spec.ipFamilyPolicy, 'this cluster is not configured for dual-stack services'))
  }
  spec.ipFamilies?.forEach((family, i) => {
    if (!configured.includes(family as IpFamily)) errors.push(invalid(`spec.ipFamilies[${i}]`, family, 'not configured on this cluster'))
  })
  return errors
}
