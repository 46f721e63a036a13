import type { DaemonSet } from '../../api/types.gen.ts'
import { intOrPercent } from '../pods/int-or-percent.ts'

/** May a node have an old and a new pod at once? Upstream: AllowsSurge. */
export function allowsSurge(set: DaemonSet): boolean {
  return surgeCount(set, 1) > 0
}

/** How many nodes may have two pods, and on how many the pod may be away, of `desired`. Upstream: updatedDesiredNodeCounts. */
export function updateLimits(set: DaemonSet, desired: number): { maxSurge: number; maxUnavailable: number } {
  const maxSurge = surgeCount(set, desired)
  const maxUnavailable = intOrPercent(set.spec.updateStrategy?.rollingUpdate?.maxUnavailable, desired, 'up')
  // With neither, no update would ever get anywhere.
  const isStuck = desired > 0 && maxSurge === 0 && maxUnavailable === 0
  return { maxSurge, maxUnavailable: isStuck ? 1 : maxUnavailable }
}

function surgeCount(set: DaemonSet, desired: number): number {
  const { type, rollingUpdate } = set.spec.updateStrategy ?? {}
  return type === 'RollingUpdate' ? intOrPercent(rollingUpdate?.maxSurge, desired, 'up') : 0
}
