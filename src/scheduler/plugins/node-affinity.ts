import { matchesNodeAffinity, matchesNodeSelector, matchesNodeSelectorTerm } from '../../api/core/v1/node-match.ts'
import type { Node, Pod } from '../../api/types.gen.ts'
import { type Change, never, normalized, type Plugin } from './plugin.ts'

const NAME = 'NodeAffinity'

export const nodeAffinity: Plugin = {
  name: NAME,
  preFilter: ({ pod }) => (namedNodes(pod.pod)?.size === 0 ? 'pod affinity terms conflict' : undefined),
  filter: ({ pod }, { node }) => (matches(pod.pod, node!) ? undefined : never("node(s) didn't match Pod's node affinity/selector")),
  score: {
    weight: 2,
    rate({ pod }, nodes) {
      const preferred = pod.pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
      if (preferred.length === 0) return undefined
      return normalized(
        nodes.map(({ node }) =>
          preferred.reduce((sum, { preference, weight }) => (matchesNodeSelectorTerm(preference, node!) ? sum + weight : sum), 0),
        ),
      )
    },
  },
  hints: {
    nodes: (pod, { current, old }: Change<Node>) =>
      current !== undefined && matches(pod, current) && (old === undefined || !matches(pod, old)),
  },
}

function matches(pod: Pod, node: Node): boolean {
  return matchesNodeSelector(pod, node) && matchesNodeAffinity(pod, node)
}

/**
 * Those its affinity names, when it names nodes in every term: no other is looked at. Empty when no node can have them all.
 * Upstream: node_affinity.go PreFilter.
 */
export function namedNodes({ spec }: Pod): ReadonlySet<string> | undefined {
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  if (terms.length === 0) return undefined
  const names = new Set<string>()
  for (const { matchFields = [] } of terms) {
    const lists = matchFields.filter(({ key, operator }) => key === 'metadata.name' && operator === 'In').map(({ values = [] }) => values)
    const [first, ...others] = lists
    // Terms are alternatives: one that names no node leaves all of them.
    if (first === undefined) return undefined
    for (const name of first) if (others.every((list) => list.includes(name))) names.add(name)
  }
  return names
}

/** Of the nodes that aren't named. Upstream: schedule_one.go findNodesThatFitPod. */
export const NOT_NAMED = `node(s) didn't satisfy plugin(s) [${NAME}]`
