import { toleratesTaint } from '../../api/core/v1/node-match.ts'
import type { Node } from '../../api/types.gen.ts'
import { type Change, never, type Plugin } from './plugin.ts'

const TAINT = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }

/** Cordoned nodes. */
export const nodeUnschedulable: Plugin = {
  name: 'NodeUnschedulable',
  filter: ({ pod: { pod } }, { node }) =>
    node!.spec.unschedulable !== true || pod.spec.tolerations?.some((toleration) => toleratesTaint(toleration, TAINT))
      ? undefined
      : never('node(s) were unschedulable'),
  hints: {
    nodes: (_pod, { current, old }: Change<Node>) =>
      current !== undefined && current.spec.unschedulable !== true && (old === undefined || old.spec.unschedulable === true),
  },
}
