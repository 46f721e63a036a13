import { cidrWarnings } from '../../core/v1/ip-warnings.ts'
import type { NetworkPolicy, NetworkPolicyPeer } from '../../types.gen.ts'

/** Upstream: registry/networking/networkpolicy/strategy.go networkPolicyWarnings. */
export function networkPolicyWarnings({ spec }: NetworkPolicy): string[] {
  return [
    ...(spec?.ingress ?? []).flatMap(({ from }, i) => peerWarnings(from, `spec.ingress[${i}].from`)),
    ...(spec?.egress ?? []).flatMap(({ to }, i) => peerWarnings(to, `spec.egress[${i}].to`)),
  ]
}

function peerWarnings(peers: readonly NetworkPolicyPeer[] = [], path: string): string[] {
  return peers.flatMap(({ ipBlock }, i) => {
    if (!ipBlock) return []
    const at = `${path}[${i}].ipBlock`
    const except = ipBlock.except ?? []
    return [...cidrWarnings(`${at}.cidr`, ipBlock.cidr), ...except.flatMap((cidr, j) => cidrWarnings(`${at}.except[${j}]`, cidr))]
  })
}
