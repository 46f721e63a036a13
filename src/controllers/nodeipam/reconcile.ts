import { podCIDRsOf } from '../../api/core/v1/pod-cidrs.ts'
import type { Node } from '../../api/types.gen.ts'
import type { Plan } from '../../runtime/plan.ts'

export interface ObservedRanges {
  readonly node: Node
  /** undefined when there are none left. */
  readonly ranges: readonly string[] | undefined
}

const NONE_LEFT = 'CIDRNotAvailable'

export function reconcileRanges({ node, ranges }: ObservedRanges): Plan {
  const { name, uid } = node.metadata
  if (ranges === undefined) {
    const events = [{ type: 'Normal', reason: NONE_LEFT, message: `Node ${name} status is now: ${NONE_LEFT}` }] as const
    return { events, isIncomplete: true, waitingOn: 'a range of pod addresses: there is none left' }
  }
  if (podCIDRsOf(node).length > 0) return {}
  const patch = { metadata: { uid }, spec: { podCIDR: ranges[0], podCIDRs: ranges } }
  return { actions: [{ verb: 'patch', target: { resource: 'nodes', namespace: '', name }, patch }] }
}
