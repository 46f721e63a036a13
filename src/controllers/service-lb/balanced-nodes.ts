/** The nodes behind load balancers. Upstream: cloud-provider controllers/service/controller.go stableNodeSetPredicates */
import type { Node } from '../../api/types.gen.ts'

const EXCLUDE_LABEL = 'node.kubernetes.io/exclude-from-external-load-balancers'
/** Set by the cluster autoscaler on nodes that it is about to remove. */
const TO_BE_DELETED_TAINT = 'ToBeDeletedByClusterAutoscaler'
/** What Go takes for false. Upstream: strconv.ParseBool */
const FALSE = ['0', 'f', 'F', 'false', 'FALSE', 'False']

export function isIncluded({ metadata }: Node): boolean {
  const label = metadata.labels?.[EXCLUDE_LABEL]
  return label === undefined || FALSE.includes(label)
}

export function isBalanced(node: Node): boolean {
  const isGoing = node.metadata.deletionTimestamp !== undefined
  return !isGoing && isIncluded(node) && !(node.spec.taints ?? []).some(({ key }) => key === TO_BE_DELETED_TAINT)
}

/** Must load balancers be told of the change? A taint alone is not enough. Upstream: shouldSyncUpdatedNode */
export function isNodeChange(current: Node | undefined, old: Node | undefined): boolean {
  if (current === undefined || old === undefined) return true
  return isIncluded(current) !== isIncluded(old) || current.spec.providerID !== old.spec.providerID
}

/** Differs when the load balancers' nodes do. Upstream: nodesSufficientlyEqual */
export function nodeSet(nodes: readonly Node[]): string {
  const texts = nodes.map(({ metadata, spec }) => `${metadata.name} ${spec.providerID ?? ''}`)
  return texts.sort().join('\n')
}
