/** A range of pod addresses, as numbers counted from its own address. */
import { addressOf, cidrParts, isIpv6, numberOf } from '../../api/core/v1/ip-address.ts'
import { formatIPv4, parseIPv4 } from '../ipv4.ts'

/** More than any node has pods: of larger ranges the rest isn't used. */
const MAX_SIZE = 2 ** 32

export interface PodRange {
  readonly size: number
  addressAt(offset: number): string
  /** undefined for an address of elsewhere. */
  offsetOf(ip: string): number | undefined
}

/** undefined for what isn't a CIDR. */
export function podRange(cidr: string): PodRange | undefined {
  const parts = cidrParts(cidr)
  if (parts === undefined) return undefined
  return isIpv6(parts.ip) ? ipv6Range(parts.ip, parts.length) : ipv4Range(parts.ip, parts.length)
}

function ipv4Range(ip: string, length: number): PodRange {
  const size = 2 ** (32 - length)
  const address = parseIPv4(ip)!
  const first = address - (address % size)
  return {
    size,
    addressAt: (offset) => formatIPv4(first + offset),
    offsetOf: (text) => within((parseIPv4(text) ?? Number.NaN) - first, size),
  }
}

function ipv6Range(ip: string, length: number): PodRange {
  const rest = BigInt(128 - length)
  const size = Math.min(MAX_SIZE, 2 ** (128 - length))
  const first = (numberOf(ip).value >> rest) << rest
  return {
    size,
    addressAt: (offset) => addressOf(first + BigInt(offset), 128),
    offsetOf: (text) => (isIpv6(text) ? within(Number(numberOf(text).value - first), size) : undefined),
  }
}

function within(offset: number, size: number): number | undefined {
  return offset >= 0 && offset < size ? offset : undefined
}
