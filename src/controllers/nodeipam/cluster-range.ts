/** Out of which ranges nodes get theirs. Upstream: nodeipamcontroller.go setNodeCIDRMaskSizes, cidrset.go NewCIDRSet. */
import { cidrParts, isIpv6, maskedAddress } from '../../api/core/v1/ip-address.ts'

export interface ClusterRange {
  readonly cidr: string
  /** The prefix length of a node's range. */
  readonly nodeLength: number
  /** The range that is given out first; the lowest when not given. */
  readonly firstCidr?: string
}

/** The prefix lengths of nodes' ranges, where they are said: of whichever family, or of one. */
export interface NodeLengths {
  readonly any?: number | undefined
  readonly ipv4?: number | undefined
  readonly ipv6?: number | undefined
}

const DEFAULT_LENGTHS = { IPv4: 24, IPv6: 64 }
/** Upstream: clusterSubnetMaxDiff */
const MAX_IPV6_DIFFERENCE = 16

/** As kubeadm's 10.244.0.0/16 at first, which would end at 256 nodes. */
const DEFAULT_IPV4: ClusterRange = { cidr: '10.128.0.0/9', nodeLength: DEFAULT_LENGTHS.IPv4, firstCidr: '10.244.0.0/24' }
const DEFAULT_IPV6: ClusterRange = { cidr: 'fd00:10:244::/48', nodeLength: DEFAULT_LENGTHS.IPv6 }

/** One of each family that Services have, in their order. */
export function defaultClusterRanges(serviceCidrs: readonly string[]): ClusterRange[] {
  return serviceCidrs.map((cidr) => (isIpv6(cidr.split('/')[0]!) ? DEFAULT_IPV6 : DEFAULT_IPV4))
}

/** Or why they can't be used. */
export function clusterRanges(cidrs: readonly string[], lengths: NodeLengths): ClusterRange[] | string {
  const parsed = cidrs.map((cidr) => cidrParts(cidr.trim()))
  const families = new Set(parsed.map((parts) => parts && isIpv6(parts.ip)))
  if (families.has(undefined) || families.size !== parsed.length || parsed.length === 0) {
    return '--cluster-cidr must be a CIDR, or one of IPv4 and one of IPv6'
  }
  const fault = lengthFault(lengths, parsed.length > 1, isIpv6(parsed[0]!.ip))
  if (fault !== undefined) return fault
  const ranges: ClusterRange[] = []
  for (const { ip, length } of parsed as { ip: string; length: number }[]) {
    const isV6 = isIpv6(ip)
    const own = isV6 ? lengths.ipv6 : lengths.ipv4
    const nodeLength = lengths.any ?? own ?? DEFAULT_LENGTHS[isV6 ? 'IPv6' : 'IPv4']
    if (nodeLength < length || nodeLength > (isV6 ? 128 : 32)) {
      return 'the mask size of --cluster-cidr must be less than or equal to --node-cidr-mask-size of its family'
    }
    if (isV6 && nodeLength - length > MAX_IPV6_DIFFERENCE)
      return 'a node’s range of IPv6 must not be a smaller part than a 65,536th of --cluster-cidr'
    ranges.push({ cidr: `${maskedAddress(ip, length)}/${length}`, nodeLength })
  }
  return ranges
}

function lengthFault({ any, ipv4, ipv6 }: NodeLengths, isDualStack: boolean, isFirstIpv6: boolean): string | undefined {
  if (isDualStack) return any === undefined ? undefined : '--node-cidr-mask-size is not allowed with dual-stack clusters'
  if (any !== undefined && (ipv4 !== undefined || ipv6 !== undefined)) {
    return '--node-cidr-mask-size-ipv4 and --node-cidr-mask-size-ipv6 are not allowed if --node-cidr-mask-size is set'
  }
  if (ipv4 !== undefined && isFirstIpv6) return '--node-cidr-mask-size-ipv4 is not allowed for a single-stack IPv6 cluster'
  if (ipv6 !== undefined && !isFirstIpv6) return '--node-cidr-mask-size-ipv6 is not allowed for a single-stack IPv4 cluster'
  return undefined
}
