/** The text of a FailedScheduling event. Upstream: framework/types.go FitError. */
import type { Objection } from './filters.ts'

export const NO_NODES = 'no nodes available to schedule pods'

export interface FailedNode {
  readonly node: string
  readonly objection: Objection
}

/** @param preemption what came of looking for pods to remove, as a sentence without its full stop */
export function fitErrorText(nodeCount: number, failed: readonly FailedNode[], preemption: string): string {
  return `${summary(
    nodeCount,
    failed.map(({ objection }) => objection.reasons),
  )}. no new claims to deallocate, preemption: ${preemption}.`
}

/** When the pod can't run whatever the node. */
export function preFilterErrorText(nodeCount: number, reason: string): string {
  return `0/${nodeCount} nodes are available: ${reason}. no new claims to deallocate, preemption: 0/${nodeCount} nodes are available: ${nodeCount} Preemption is not helpful for scheduling.`
}

/** Of a preemption that found nothing. */
export function preemptionText(nodeCount: number, failed: readonly FailedNode[]): string {
  const reasons = failed.map(({ objection }) => [
    objection.isResolvable ? 'No preemption victims found for incoming pod' : 'Preemption is not helpful for scheduling',
  ])
  return summary(nodeCount, reasons)
}

function summary(nodeCount: number, reasons: readonly (readonly string[])[]): string {
  const counts = new Map<string, number>()
  for (const reason of reasons.flat()) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  const parts = [...counts].map(([reason, count]) => `${count} ${reason}`).sort()
  return `0/${nodeCount} nodes are available: ${parts.join(', ')}`
}
