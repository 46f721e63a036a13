/** IP addresses and ranges as the API takes them. Upstream: k8s.io/apimachinery/pkg/util/validation/ip.go. */
import { BlockList, isIP, isIPv6 } from 'node:net'
import { type FieldError, invalid } from '../../meta/field-error.ts'

/** Only before digits, and not in IPv6, where they are fine. */
const LEADING_ZEROS = /(?<![\d:a-f])0+(?=\d)(?=[\d.]*$)/gi

export function isIpv6(text: string): boolean {
  return isIPv6(text)
}

/** RFC 5952's form of a valid address. */
export function canonicalIp(ip: string): string {
  return isIPv6(ip) ? new URL(`http://[${ip}]/`).hostname.slice(1, -1) : ip
}

/**
 * Any spelling that all software reads alike: no leading zeros, no IPv4 in IPv6. For fields that were there before spellings
 * were looked at; StrictIPCIDRValidation is on. Upstream: IsValidIPForLegacyField.
 */
export function checkIp(errors: FieldError[], text: string | undefined, path: string): boolean {
  const fault = ipFault(text ?? '')
  if (fault !== undefined) errors.push(invalid(path, text ?? '', fault))
  return fault === undefined
}

/** The one spelling of RFC 5952, for newer fields. Upstream: IsValidIP. */
export function canonicalIpFaults(ip: string): string[] {
  const fault = ipFault(ip)
  if (fault !== undefined) return [fault]
  const canonical = canonicalIp(ip)
  return canonical === ip ? [] : [`must be in canonical form ("${canonical}")`]
}

function ipFault(ip: string): string | undefined {
  if (isIP(ip) === 0 || ip.includes('%')) {
    return isIP(withoutLeadingZeros(ip)) === 4
      ? 'must not have leading 0s'
      : 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'
  }
  return isIpv4InIpv6(ip) ? 'must not be an IPv4-mapped IPv6 address' : undefined
}

/** As Go reads an IPv4 address, where others take octets that begin with 0 for octal. */
export function withoutLeadingZeros(ip: string): string {
  return ip.replace(LEADING_ZEROS, '')
}

export function isIpv4InIpv6(ip: string): boolean {
  return isIPv6(ip) && canonicalIp(ip).startsWith('::ffff:')
}

/** Upstream: IsValidCIDRForLegacyField. */
export function checkCidr(errors: FieldError[], text: string, path: string): boolean {
  const fault = cidrFault(text)
  if (fault !== undefined) errors.push(invalid(path, text, fault))
  return fault === undefined
}

/** Upstream: IsValidCIDR. */
export function checkCanonicalCidr(errors: FieldError[], text: string, path: string): void {
  if (!checkCidr(errors, text, path)) return
  const [ip = '', length = ''] = text.split('/')
  const canonical = `${canonicalIp(ip)}/${length}`
  if (canonical !== text) errors.push(invalid(path, text, `must be in canonical form ("${canonical}")`))
}

function cidrFault(text: string): string | undefined {
  const parts = cidrParts(text)
  if (parts === undefined) return 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'
  if (!parts.isStandard) return 'must not have leading 0s in IP or prefix length'
  if (isIpv4InIpv6(parts.ip)) return 'must not have an IPv4-mapped IPv6 address'
  return hasHostBits(parts.ip, parts.length) ? 'must not have bits set beyond the prefix length' : undefined
}

/** An address with the size of its network, which may have bits beyond it. Upstream: IsValidInterfaceAddress. */
export function checkInterfaceAddress(errors: FieldError[], text: string, path: string): void {
  const parts = cidrParts(text)
  if (parts === undefined) {
    errors.push(invalid(path, text, 'must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)'))
    return
  }
  const length = isIpv4InIpv6(parts.ip) ? parts.length - 96 : parts.length
  const canonical = `${addressText(parts.ip)}/${length}`
  if (text !== canonical) errors.push(invalid(path, text, `must be in canonical form (${JSON.stringify(canonical)})`))
}

export interface CidrParts {
  /** Without leading zeros. */
  readonly ip: string
  /** In bits. */
  readonly length: number
  /** Written without leading zeros? */
  readonly isStandard: boolean
}

/** undefined when it isn't one in any spelling. Upstream: netutils.ParseCIDRSloppy. */
export function cidrParts(text: string): CidrParts | undefined {
  const [written = '', length = '', ...rest] = text.split('/')
  const ip = withoutLeadingZeros(written)
  const version = isIP(ip)
  if (version === 0 || ip.includes('%') || rest.length > 0 || !/^\d+$/.test(length) || Number(length) > (version === 4 ? 32 : 128)) {
    return undefined
  }
  return { ip, length: Number(length), isStandard: ip === written && !/^0\d/.test(length) }
}

function hasHostBits(ip: string, length: number): boolean {
  const { value, bits } = numberOf(ip)
  return (value & ((1n << BigInt(bits - length)) - 1n)) !== 0n
}

/** The first address of the range. */
export function maskedAddress(ip: string, length: number): string {
  const { value, bits } = numberOf(ip)
  const rest = BigInt(bits - length)
  return addressOf((value >> rest) << rest, bits)
}

/** The text of an address that is given as a number. */
export function addressOf(value: bigint, bits: 32 | 128): string {
  const groups = (count: number, size: number, radix: number): string[] =>
    Array.from({ length: count }, (_, i) => ((value >> BigInt((count - 1 - i) * size)) & ((1n << BigInt(size)) - 1n)).toString(radix))
  return bits === 32 ? groups(4, 8, 10).join('.') : canonicalIp(groups(8, 16, 16).join(':'))
}

/** As Go writes an address: an IPv4 one in IPv6 as what it is. undefined when it is none. Upstream: net.IP.String. */
export function addressText(ip: string): string | undefined {
  if (isIP(ip) === 0 || ip.includes('%')) return undefined
  if (!isIpv4InIpv6(ip)) return canonicalIp(ip)
  const value = ipv6Value(ip)
  return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.')
}

/** A valid address as a number. */
export function numberOf(ip: string): { value: bigint; bits: 32 | 128 } {
  return isIPv6(ip) ? { value: ipv6Value(ip), bits: 128 } : { value: ipv4Value(ip), bits: 32 }
}

function ipv4Value(ip: string): bigint {
  return ip.split('.').reduce((sum, octet) => (sum << 8n) | BigInt(octet), 0n)
}

function ipv6Value(ip: string): bigint {
  const [head = '', tail] = canonicalIp(ip).split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const groups = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right]
  return groups.reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n)
}

function subnets(...members: [string, number, 'ipv4' | 'ipv6'][]): BlockList {
  const list = new BlockList()
  for (const member of members) list.addSubnet(...member)
  return list
}

const LOOPBACK = subnets(['127.0.0.0', 8, 'ipv4'], ['::1', 128, 'ipv6'])
const LINK_LOCAL = subnets(['169.254.0.0', 16, 'ipv4'], ['fe80::', 10, 'ipv6'])
const LINK_LOCAL_MULTICAST = subnets(['224.0.0.0', 24, 'ipv4'], ['ff02::', 16, 'ipv6'])
/** No address of these is in one of the lists, and almost every address of a pod is one. */
const PRIVATE = /^10\.\d/

/** Addresses that make no sense as an endpoint. Upstream: ValidateNonSpecialIP. */
export function checkNonSpecialIp(errors: FieldError[], ip: string, path: string): void {
  const version = isIP(ip)
  if (version === 0) {
    errors.push(invalid(path, ip, 'must be a valid IP address'))
    return
  }
  if (PRIVATE.test(ip)) return
  const family = version === 4 ? 'ipv4' : 'ipv6'
  if (canonicalIp(ip) === '::' || ip === '0.0.0.0') errors.push(invalid(path, ip, `may not be unspecified (${ip})`))
  if (LOOPBACK.check(ip, family)) {
    errors.push(invalid(path, ip, 'may not be in the loopback range (127.0.0.0/8, ::1/128)'))
  }
  if (LINK_LOCAL.check(ip, family)) {
    errors.push(invalid(path, ip, 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'))
  }
  if (LINK_LOCAL_MULTICAST.check(ip, family)) {
    errors.push(invalid(path, ip, 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'))
  }
}

/** At most one address of each family? */
export function isDualStack(ips: readonly string[]): boolean {
  return ips.some((ip) => isIPv6(ip)) && ips.some((ip) => !isIPv6(ip))
}
