/** The text of a FailedScheduling event. Upstream: framework/types.go FitError. */
import type { Objection } from './filtering.ts'
import { NOT_NAMED } from './plugins/node-affinity.ts'

export const NO_NODES = 'no nodes available to schedule pods'

export interface FailedNode {
  readonly node: string
  readonly objection: Objection
}

/**
 * @param preemption what came of looking for pods to remove; undefined when some were found
 * @param devices what came of looking for claims to take devices from. Upstream: dynamicresources.go PostFilter
 */
export function fitErrorText(nodeCount: number, failed: readonly FailedNode[], preemption: string | undefined, devices: string): string {
  const reasons = failed.map(({ objection }) => objection.reasons)
  for (let others = nodeCount - failed.length; others > 0; others--) reasons.push([NOT_NAMED])
  const text = summary(nodeCount, reasons)
  return preemption === undefined ? text : `${text} ${devices}, preemption: ${preemption}`
}

/** When its claims are why the pod can't run whatever the node. */
export function claimErrorText(nodeCount: number, reason: string, preemption: string): string {
  return `0/${nodeCount} nodes are available: ${reason}. ${NO_CLAIMS}, preemption: ${preemption}`
}

export const NO_CLAIMS = 'no new claims to deallocate'

/**
 * When the pod can't run whatever the node. Upstream: what follows is what the plugin of resource claims says, which is asked to
 * make room though it has not been asked about the pod before: dynamicresources.go PostFilter, getStateData.
 */
export function generalErrorText(nodeCount: number, reason: string): string {
  return `0/${nodeCount} nodes are available: ${reason}. not found`
}

/**
 * Of a preemption that found nothing.
 * @param tried what still stood against the pod on nodes whose lower pods were gone in thought; undefined where there are none
 */
export function preemptionText(
  nodeCount: number,
  failed: readonly FailedNode[],
  tried: ReadonlyMap<string, Objection | undefined>,
): string {
  const reasons = failed.map(({ node, objection }): readonly string[] => {
    if (!objection.isResolvable) return [NOT_HELPFUL]
    return tried.get(node)?.reasons ?? ['No preemption victims found for incoming pod']
  })
  for (let others = nodeCount - failed.length; others > 0; others--) reasons.push([NOT_HELPFUL])
  return summary(nodeCount, reasons)
}

const NOT_HELPFUL = 'Preemption is not helpful for scheduling'

function summary(nodeCount: number, reasons: readonly (readonly string[])[]): string {
  const counts = new Map<string, number>()
  for (const reason of reasons.flat()) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  const parts = [...counts].map(([reason, count]) => `${count} ${reason}`).sort()
  return `0/${nodeCount} nodes are available: ${parts.join(', ')}.`
}
