import type { Node, Pod } from '../../api/types.gen.ts'
import { type ByTopology, sumUp } from '../affinity-state.ts'
import { podAffinities } from '../pod-info.ts'
import { allOf } from '../pod-matcher.ts'
import type { Situation } from '../situation.ts'
import { domainOf } from '../spread-state.ts'
import { BEST, type Change, never, type Plugin, perhaps } from './plugin.ts'

export const interPodAffinity: Plugin = {
  name: 'InterPodAffinity',
  filter({ affinity }, { node }) {
    if (!affinity.isWanted(node!)) return never("node(s) didn't match pod affinity rules")
    if (affinity.isShunned(node!)) return perhaps("node(s) didn't match pod anti-affinity rules")
    if (affinity.isClosed(node!)) return perhaps("node(s) didn't satisfy existing pods anti-affinity rules")
    return undefined
  },
  score: {
    weight: 2,
    rate(situation, nodes) {
      const attraction = attractions(situation)
      if (attraction.size === 0) return undefined
      const rates = nodes.map(({ node }) => {
        let sum = 0
        for (const [topologyKey, domains] of attraction) {
          const domain = domainOf(node!, topologyKey)
          if (domain !== undefined) sum += domains.get(domain) ?? 0
        }
        return sum
      })
      const greatest = Math.max(...rates)
      const least = Math.min(...rates)
      return rates.map((rate) => (greatest === least ? 0 : Math.trunc(BEST * ((rate - least) / (greatest - least)))))
    },
  },
  hints: {
    pods(pod, { current, old }: Change<Pod>, labelsOf) {
      const { required, requiredAgainst } = podAffinities(pod, labelsOf)
      const isIn = (terms: typeof required, other: Pod) => terms.length > 0 && allOf(terms.map(({ matcher }) => matcher)).matches(other)
      if (current !== undefined) {
        if (isIn(required, current) && (old === undefined || !isIn(required, old))) return true
        return old !== undefined && isIn(requiredAgainst, old) && !isIn(requiredAgainst, current)
      }
      return isIn(requiredAgainst, old!) || isIn(podAffinities(old!, labelsOf).requiredAgainst, pod)
    },
    nodes(pod, { current, old }: Change<Node>, labelsOf) {
      if (current === undefined) return false
      const { required, requiredAgainst } = podAffinities(pod, labelsOf)
      if (old === undefined) {
        return requiredAgainst.length > 0 || required.some(({ topologyKey }) => domainOf(current, topologyKey) !== undefined)
      }
      const isMoved = (topologyKey: string) => domainOf(old, topologyKey) !== domainOf(current, topologyKey)
      return (
        required.some(({ topologyKey }) => isMoved(topologyKey) && domainOf(current, topologyKey) !== undefined) ||
        requiredAgainst.some(({ topologyKey }) => isMoved(topologyKey) && domainOf(old, topologyKey) !== undefined)
      )
    },
  },
}

/** What draws the pod to a domain or away from it: what it prefers, and what those who are there prefer. Upstream: processExistingPod. */
function attractions({ cache, pod }: Situation): ByTopology {
  const totals: ByTopology = new Map()
  for (const { term, weight } of pod.affinity.preferred) sumUp(cache, totals, term.topologyKey, cache.counts.of(term.matcher), weight)
  for (const { term, weight, byNode } of cache.placedTerms.about(pod.pod)) {
    if (weight !== undefined) sumUp(cache, totals, term.topologyKey, byNode, weight)
  }
  return totals
}
