import type { Node, Pod } from '../../api/types.gen.ts'
import { domainOf, type SpreadConstraint, spreadConstraints } from '../spread-state.ts'
import { type Change, isEqual, never, type Plugin, perhaps } from './plugin.ts'
import { rateSpread } from './spread-score.ts'

const MISFIT = "node(s) didn't match pod topology spread constraints"

export const podTopologySpread: Plugin = {
  name: 'PodTopologySpread',
  filter({ spread }, { node }) {
    for (const { constraint, domains } of spread.counted) {
      const domain = domainOf(node!, constraint.topologyKey)
      if (domain === undefined) return never(`${MISFIT} (missing required label)`)
      const least = domains.size < constraint.minDomains ? 0 : domains.least
      if (domains.get(domain) + (constraint.matchesItself ? 1 : 0) - least > constraint.maxSkew) return perhaps(MISFIT)
    }
    return undefined
  },
  score: { weight: 2, rate: rateSpread },
  hints: {
    pods(pod, { current, old }: Change<Pod>) {
      if ((current ?? old)!.metadata.namespace !== pod.metadata.namespace) return false
      const constraints = spreadConstraints(pod, 'DoNotSchedule')
      if (current === undefined || old === undefined) return constraints.some(({ selects }) => selects((current ?? old)!))
      return constraints.some(({ selects }) => selects(current) !== selects(old))
    },
    nodes(pod, { current, old }: Change<Node>) {
      const constraints = spreadConstraints(pod, 'DoNotSchedule')
      const counts = (node: Node | undefined) => node !== undefined && hasKeys(node, constraints)
      if (current === undefined || old === undefined) return counts(current ?? old)
      if (counts(old) !== counts(current)) return true
      const hasMoved = constraints.some(({ topologyKey }) => domainOf(old, topologyKey) !== domainOf(current, topologyKey))
      return counts(current) && (hasMoved || !isEqual(old.spec.taints, current.spec.taints))
    },
  },
}

function hasKeys(node: Node, constraints: readonly SpreadConstraint[]): boolean {
  return constraints.every(({ topologyKey }) => domainOf(node, topologyKey) !== undefined)
}
