/**
 * What to say of addresses and ranges that are read, but may be read differently elsewhere. For fields whose faults `checkIp` and
 * `checkCidr` find; of what isn't an address at all nothing is said.
 * Upstream: k8s.io/apimachinery/pkg/util/validation/ip.go GetWarningsForIP, GetWarningsForCIDR.
 */
import { isIPv6 } from 'node:net'
import { addressText, canonicalIp, cidrParts, isIpv4InIpv6, maskedAddress, withoutLeadingZeros } from './ip-address.ts'

export function ipWarnings(path: string, value: string): string[] {
  const ip = withoutLeadingZeros(value)
  if (ip !== value || isIpv4InIpv6(value)) {
    const standard = addressText(ip)
    return standard === undefined ? [] : [`${path}: non-standard IP address "${value}" is invalid: use "${standard}"`]
  }
  if (!isIPv6(value) || value.includes('%')) return []
  const canonical = canonicalIp(value)
  return canonical === value ? [] : [`${path}: IPv6 address "${value}" should be in RFC 5952 canonical format ("${canonical}")`]
}

export function cidrWarnings(path: string, value: string): string[] {
  const parts = cidrParts(value)
  if (parts === undefined) return []
  const { ip, length, isStandard } = parts
  const network = maskedAddress(ip, length)
  const subnet = `${addressText(network)}/${isIpv4InIpv6(network) ? length - 96 : length}`
  const texts: string[] = []
  if (canonicalIp(ip) !== canonicalIp(network)) {
    const single = `${addressText(ip)}/${isIPv6(ip) ? 128 : 32}`
    texts.push(`${path}: CIDR value "${value}" is ambiguous in this context (should be "${subnet}" or "${single}"?)`)
  }
  if (!isStandard || isIpv4InIpv6(ip)) texts.push(`${path}: non-standard CIDR value "${value}" is invalid: use "${subnet}"`)
  const canonical = `${canonicalIp(ip)}/${length}`
  if (texts.length === 0 && isIPv6(ip) && canonical !== value) {
    texts.push(`${path}: IPv6 CIDR value "${value}" should be in RFC 5952 canonical format ("${canonical}")`)
  }
  return texts
}
