/** A range of cluster IPs, and how it is shared out. Upstream: registry/core/service/ipallocator. */
import { addressOf, cidrParts, isIpv6, maskedAddress, numberOf } from './ip-address.ts'

export type IpFamily = 'IPv4' | 'IPv6'

/** The longest range of IPv6 that addresses are given out of. */
const MIN_IPV6_LENGTH = 64
/** The lower part is kept for addresses that are asked for by name: a sixteenth, within these bounds. */
const MIN_STATIC = 16n
const MAX_STATIC = 256n
const STATIC_PART = 16n

export interface AddressRange {
  readonly cidr: string
  readonly family: IpFamily
  /** The network's own address, which nobody gets. */
  readonly network: string
  /** The first and the last that are given out. */
  readonly first: bigint
  readonly last: bigint
  /** From here on addresses are given to who asks for any. */
  readonly dynamicFrom: bigint
}

/** undefined when no addresses can be given out of it. */
export function addressRange(cidr: string): AddressRange | undefined {
  const parts = cidrParts(cidr)
  if (parts === undefined) return undefined
  const family = familyOfIp(parts.ip)
  if (family === 'IPv6' && parts.length < MIN_IPV6_LENGTH) return undefined
  const network = maskedAddress(parts.ip, parts.length)
  const { value, bits } = numberOf(network)
  const size = 1n << BigInt(bits - parts.length)
  const first = value + 1n
  // The last address of IPv4 is for broadcasts.
  const last = value + size - (family === 'IPv4' ? 2n : 1n)
  return { cidr, family, network, first, last, dynamicFrom: first + staticSize(size) }
}

/** Upstream: calculateRangeOffset. */
function staticSize(size: bigint): bigint {
  if (size <= MIN_STATIC) return 0n
  const part = size / STATIC_PART
  return part < MIN_STATIC ? MIN_STATIC : part > MAX_STATIC ? MAX_STATIC : part
}

/** The first address that is given out. */
export function firstAddress({ first, family }: AddressRange): string {
  return addressIn(family, first)
}

export function addressIn(family: IpFamily, value: bigint): string {
  return addressOf(value, family === 'IPv4' ? 32 : 128)
}

/** Is it one that is given out? Upstream: servicecidr.PrefixContainsIP */
export function hasAddress({ family, first, last }: AddressRange, ip: string): boolean {
  if (familyOfIp(ip) !== family) return false
  const { value } = numberOf(ip)
  return value >= first && value <= last
}

/** Is every address of `inner` one of `outer`? */
export function containsRange(outer: AddressRange, inner: AddressRange): boolean {
  return outer.family === inner.family && outer.first <= inner.first && outer.last >= inner.last
}

export function overlap(a: AddressRange, b: AddressRange): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last
}

export function familyOfIp(ip: string): IpFamily {
  return isIpv6(ip) ? 'IPv6' : 'IPv4'
}
