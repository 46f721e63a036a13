import { BlockList, isIPv6 } from 'node:net'

/** Is `inner` a part of `outer`, and not all of it? Both are well-formed CIDRs. */
export function isStrictSubnet(inner: string, outer: string): boolean {
  const [innerAddress = '', innerBits = '0'] = inner.split('/')
  const [outerAddress = '', outerBits = '0'] = outer.split('/')
  const family = isIPv6(outerAddress) ? 'ipv6' : 'ipv4'
  if ((isIPv6(innerAddress) ? 'ipv6' : 'ipv4') !== family) return false
  const network = new BlockList()
  network.addSubnet(outerAddress, Number(outerBits), family)
  return Number(innerBits) > Number(outerBits) && network.check(innerAddress, family)
}
