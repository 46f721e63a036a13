import { findUntoleratedTaint, toleratesTaint } from '../../api/core/v1/node-match.ts'
import type { Node, Pod } from '../../api/types.gen.ts'
import { type Change, never, normalized, type Plugin } from './plugin.ts'

const PREFER = 'PreferNoSchedule'

export const taintToleration: Plugin = {
  name: 'TaintToleration',
  filter: ({ pod }, { node }) => (isTolerated(pod.pod, node!) ? undefined : never('node(s) had untolerated taint(s)')),
  score: {
    weight: 3,
    rate({ pod }, nodes) {
      // Only tolerations that can be about this effect. Upstream: getAllTolerationPreferNoSchedule.
      const tolerations = (pod.pod.spec.tolerations ?? []).filter(({ effect }) => !effect || effect === PREFER)
      const unwelcome = ({ spec }: Node) =>
        (spec.taints ?? []).filter(
          (taint) => taint.effect === PREFER && !tolerations.some((toleration) => toleratesTaint(toleration, taint)),
        )
      return normalized(
        nodes.map(({ node }) => unwelcome(node!).length),
        true,
      )
    },
  },
  hints: {
    nodes: (pod, { current, old }: Change<Node>) =>
      current !== undefined && isTolerated(pod, current) && (old === undefined || !isTolerated(pod, old)),
  },
}

function isTolerated({ spec }: Pod, node: Node): boolean {
  return findUntoleratedTaint(node.spec.taints, spec.tolerations, ({ effect }) => effect !== PREFER) === undefined
}
