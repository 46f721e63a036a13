/**
 * How well a node suits a pod that would rather be apart from its like: by its own soft spread constraints or, where it has none
 * at all, by those that every pod of a service or a controller has. Upstream: podtopologyspread/scoring.go.
 */
import type { Node } from '../../api/types.gen.ts'
import type { NodeInfo } from '../node-info.ts'
import { type PodMatcher, spreadMatcher } from '../pod-matcher.ts'
import type { Situation } from '../situation.ts'
import { domainOf, eligibility, spreadConstraints } from '../spread-state.ts'
import { BEST } from './plugin.ts'

const HOSTNAME = 'kubernetes.io/hostname'
const ZONE = 'topology.kubernetes.io/zone'

interface SoftConstraint {
  readonly topologyKey: string
  readonly maxSkew: number
  readonly matcher: PodMatcher
  readonly isEligible: (node: Node) => boolean
}

export function rateSpread(situation: Situation, nodes: readonly NodeInfo[]): number[] | undefined {
  const { pod } = situation.pod
  const isOwn = (pod.spec.topologySpreadConstraints ?? []).length > 0
  const constraints: readonly SoftConstraint[] = isOwn ? spreadConstraints(pod, 'ScheduleAnyway') : defaultConstraints(situation)
  if (constraints.length === 0) return undefined
  // A node outside of a domain that the pod itself speaks of is the worst; a cluster without zones is fine.
  const isCounted = (node: Node) => !isOwn || constraints.every(({ topologyKey }) => domainOf(node, topologyKey) !== undefined)
  const counted = nodes.filter(({ node }) => isCounted(node!))
  const parts = constraints.map((constraint) => crowding(situation, constraint, counted, isCounted))
  const rates = nodes.map(({ name, node }) =>
    isCounted(node!) ? Math.round(parts.reduce((sum, part) => sum + part(name, node!), 0)) : undefined,
  )
  const known = rates.filter((rate) => rate !== undefined)
  const most = Math.max(0, ...known)
  const least = Math.min(...known)
  return rates.map((rate) => {
    if (rate === undefined) return 0
    return most === 0 ? BEST : Math.trunc((BEST * (most + least - rate)) / most)
  })
}

/** Upstream: systemDefaultConstraints, buildDefaultConstraints. */
function defaultConstraints({ pod: { pod }, likeSelector }: Situation): SoftConstraint[] {
  const selector = likeSelector()
  if (selector === undefined || selector.length === 0) return []
  const matcher = spreadMatcher(selector, pod.metadata.namespace)
  const isEligible = eligibility({}, pod)
  return [
    { topologyKey: HOSTNAME, maxSkew: 3, matcher, isEligible },
    { topologyKey: ZONE, maxSkew: 5, matcher, isEligible },
  ]
}

/** How crowded a node's domain is; the more domains there are the more weight a pod has, and the more skew is allowed the less. */
function crowding(
  { cache }: Situation,
  { topologyKey, maxSkew, matcher, isEligible }: SoftConstraint,
  nodes: readonly NodeInfo[],
  isCounted: (node: Node) => boolean,
): (name: string, node: Node) => number {
  const byNode = cache.counts.of(matcher)
  const value = (count: number, size: number) => count * Math.log(size + 2) + maxSkew - 1
  if (topologyKey === HOSTNAME) {
    return (name, node) => (domainOf(node, HOSTNAME) === undefined ? 0 : value(byNode.get(name) ?? 0, nodes.length))
  }
  const size = new Set(nodes.map(({ node }) => domainOf(node!, topologyKey))).size
  const byDomain = new Map<string, number>()
  for (const [name, count] of byNode) {
    const node = cache.node(name)?.node
    const domain = node && domainOf(node, topologyKey)
    if (domain === undefined || !isCounted(node!) || !isEligible(node!)) continue
    byDomain.set(domain, (byDomain.get(domain) ?? 0) + count)
  }
  return (_name, node) => {
    const domain = domainOf(node, topologyKey)
    return domain === undefined ? 0 : value(byDomain.get(domain) ?? 0, size)
  }
}
