/** IP addresses and ranges as the API takes them. Upstream: k8s.io/apimachinery/pkg/util/validation/ip.go. */
import { BlockList, isIP, isIPv6 } from 'node:net'
import { type FieldError, invalid } from '../../meta/field-error.ts'

const OCTET_WITH_LEADING_ZERO = /^\d+\.\d+\.\d+\.\d+$/

export function isIpv6(text: string): boolean {
  return isIPv6(text)
}

/** RFC 5952's form of a valid address. */
function canonicalIp(ip: string): string {
  return isIPv6(ip) ? new URL(`http://[${ip}]/`).hostname.slice(1, -1) : ip
}

/** Strict: no leading zeros, no IPv4 in IPv6, canonical. Upstream: IsValidIP. */
export function checkIp(errors: FieldError[], text: string | undefined, path: string): boolean {
  const ip = text ?? ''
  const before = errors.length
  checkIpSyntax(errors, ip, path)
  if (errors.length > before) return false
  const canonical = canonicalIp(ip)
  if (canonical !== ip) errors.push(invalid(path, ip, `must be in canonical form ("${canonical}")`))
  return errors.length === before
}

/** As checkIp, but any valid spelling will do. Upstream: IsValidIPForLegacyField. */
export function checkIpSyntax(errors: FieldError[], ip: string, path: string): void {
  if (isIP(ip) === 0 || ip.includes('%')) {
    const isSloppy = OCTET_WITH_LEADING_ZERO.test(ip) && ip.split('.').every((octet) => Number(octet) < 256)
    errors.push(invalid(path, ip, isSloppy ? 'must not have leading 0s' : 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'))
  } else if (isIpv4InIpv6(ip)) errors.push(invalid(path, ip, 'must not be an IPv4-mapped IPv6 address'))
}

function isIpv4InIpv6(ip: string): boolean {
  return isIPv6(ip) && canonicalIp(ip).startsWith('::ffff:')
}

/** Upstream: IsValidCIDRForLegacyField. */
export function checkCidr(errors: FieldError[], text: string, path: string): void {
  const [ip = '', length = ''] = text.split('/')
  const version = isIP(ip)
  if (version === 0 || text.split('/').length !== 2 || !/^\d{1,3}$/.test(length) || Number(length) > (version === 4 ? 32 : 128)) {
    errors.push(invalid(path, text, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'))
  } else if (length.length > 1 && length.startsWith('0')) {
    errors.push(invalid(path, text, 'must not have leading 0s in IP or prefix length'))
  } else if (isIpv4InIpv6(ip)) {
    errors.push(invalid(path, text, 'must not have an IPv4-mapped IPv6 address'))
  } else if (hasHostBits(ip, Number(length))) {
    errors.push(invalid(path, text, 'must not have bits set beyond the prefix length'))
  }
}

function hasHostBits(ip: string, length: number): boolean {
  const [bits, value] = isIPv6(ip) ? [128, ipv6Value(ip)] : [32, ipv4Value(ip)]
  return (value & ((1n << BigInt(bits - length)) - 1n)) !== 0n
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
