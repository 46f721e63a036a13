import type { Node, Pod } from '../../api/types.gen.ts'
import type { PlannedEvent } from '../../runtime/plan.ts'
import { manageNode, type NodeSituation } from './manage-node.ts'
import type { NodeFit } from './node-fit.ts'

export interface Work {
  /** Names of nodes. */
  creates: string[]
  deletes: Pod[]
  events: PlannedEvent[]
  backOffMs: number | undefined
}

/** What all nodes need, those of the cluster and those that pods were for. Upstream: daemon_controller.go manage. */
export function manageNodes(
  situation: NodeSituation,
  nodes: readonly Node[],
  fits: ReadonlyMap<string, NodeFit>,
  byNode: ReadonlyMap<string, readonly Pod[]>,
): Work {
  const work: Work = { creates: [], deletes: [], events: [], backOffMs: undefined }
  for (const node of nodes) {
    const { name } = node.metadata
    const decision = manageNode(situation, node, fits.get(name)!, byNode.get(name))
    if (decision.needsPod) work.creates.push(name)
    work.deletes.push(...decision.deletes)
    work.events.push(...decision.events)
    if (decision.backOffMs !== undefined) work.backOffMs = Math.min(decision.backOffMs, work.backOffMs ?? decision.backOffMs)
  }
  // Bound pods of a node that is gone are the pod garbage collector's; the unbound ones nobody else would ever find.
  // Upstream: getUnscheduledPodsWithoutNode.
  for (const [name, pods] of byNode) if (!fits.has(name)) work.deletes.push(...pods.filter((pod) => !pod.spec.nodeName))
  return work
}
