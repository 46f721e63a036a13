/** What a Node says about the machine that is simulated behind it. */
import type { Node } from '../api/types.gen.ts'

/** On a Node: `failed` makes its kubelet fall silent; removed, it comes back. Stored, so that a failure outlives a restart. */
export const STATE_ANNOTATION = 'coracle.dev/state'

export function isFailedNode(node: Node): boolean {
  return node.metadata.annotations?.[STATE_ANNOTATION] === 'failed'
}

export function internalIP(node: Node): string | undefined {
  return node.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address
}

export function podCIDROf(node: Node): string | undefined {
  return node.spec.podCIDR ?? node.spec.podCIDRs?.[0]
}

/** Why its kubelet does nothing; undefined when it works. */
export function whyKubeletIsIdle(node: Node): string | undefined {
  if (isFailedNode(node)) return `node ${node.metadata.name} has failed`
  if (internalIP(node) === undefined || podCIDROf(node) === undefined) return `node ${node.metadata.name} is not set up yet`
  return undefined
}
