/** The text of a FailedScheduling event. Upstream: framework/types.go FitError. */
import type { Objection } from './filters.ts'

export const NO_NODES = 'no nodes available to schedule pods'

export interface FailedNode {
  readonly node: string
  readonly objection: Objection
}

/** @param preemption what came of looking for pods to remove; undefined when some were found */
export function fitErrorText(nodeCount: number, failed: readonly FailedNode[], preemption: string | undefined): string {
  const reasons = summary(
    nodeCount,
    failed.map(({ objection }) => objection.reasons),
  )
  return preemption === undefined ? `${reasons}.` : `${reasons}. no new claims to deallocate, preemption: ${preemption}`
}

/** When the pod can't run whatever the node. */
export function preFilterErrorText(nodeCount: number, reason: string): string {
  return `0/${nodeCount} nodes are available: ${reason}. no new claims to deallocate, preemption: 0/${nodeCount} nodes are available: ${nodeCount} Preemption is not helpful for scheduling.`
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
  const reasons = failed.map(({ node, objection }) => {
    if (!objection.isResolvable) return ['Preemption is not helpful for scheduling']
    return tried.get(node)?.reasons ?? ['No preemption victims found for incoming pod']
  })
  return `${summary(nodeCount, reasons)}.`
}

function summary(nodeCount: number, reasons: readonly (readonly string[])[]): string {
  const counts = new Map<string, number>()
  for (const reason of reasons.flat()) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  const parts = [...counts].map(([reason, count]) => `${count} ${reason}`).sort()
  return `0/${nodeCount} nodes are available: ${parts.join(', ')}`
}
