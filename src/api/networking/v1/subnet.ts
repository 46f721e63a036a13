import { BlockList, isIP } from 'node:net'

/** As Go reads an IPv4 address and a length: zeros before digits are nothing. */
const LEADING_ZEROS = /(?<![\d:a-f])0+(?=\d)/gi

interface Subnet {
  readonly address: string
  readonly bits: number
  readonly family: 'ipv4' | 'ipv6'
}

/** A range of addresses, however it is spelled. Upstream: netutils.ParseCIDRSloppy. */
function parseSubnet(cidr: string): Subnet | undefined {
  const [written = '', length = '', ...rest] = cidr.split('/')
  const address = written.includes(':') ? written : written.replace(LEADING_ZEROS, '')
  const version = isIP(address)
  const bits = Number(length)
  if (version === 0 || address.includes('%') || rest.length > 0 || !/^\d+$/.test(length) || bits > (version === 4 ? 32 : 128)) {
    return undefined
  }
  return { address, bits, family: version === 4 ? 'ipv4' : 'ipv6' }
}

/** Does any software read it, even if not all alike? */
export function isCidr(text: string): boolean {
  return parseSubnet(text) !== undefined
}

/** Is `inner` a part of `outer`, and not all of it? false for what is no range. */
export function isStrictSubnet(inner: string, outer: string): boolean {
  const [part, whole] = [parseSubnet(inner), parseSubnet(outer)]
  if (part === undefined || whole === undefined || part.family !== whole.family) return false
  const network = new BlockList()
  network.addSubnet(whole.address, whole.bits, whole.family)
  return part.bits > whole.bits && network.check(part.address, part.family)
}
