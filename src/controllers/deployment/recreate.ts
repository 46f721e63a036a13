/** All old pods away, then all new ones: two versions never run at once. Upstream: pkg/controller/deployment/recreate.go. */
import type { Pod } from '../../api/types.gen.ts'
import { isPodTerminal } from '../pods/pod-state.ts'
import { total } from './limits.ts'
import { isActive } from './revisions.ts'
import { type Rollout, scaled } from './rollout.ts'

/** With every old ReplicaSet empty; the same rollout when they are so already. */
export function scaleDownForRecreate(rollout: Rollout): Rollout {
  return rollout.oldSets.filter(isActive).reduce((next, old) => scaled(next, old, 0), rollout)
}

/**
 * Does any pod of an older template still run? A pod that is being deleted runs until it is gone.
 * @param podsOf pods by the uid of their ReplicaSet
 */
export function areOldPodsRunning(rollout: Rollout, podsOf: ReadonlyMap<string, readonly Pod[]>): boolean {
  if (total(rollout.oldSets, (replicaSet) => replicaSet.status?.replicas) > 0) return true
  for (const [uid, pods] of podsOf) {
    if (uid !== rollout.newSet?.metadata.uid && pods.some((pod) => !isPodTerminal(pod))) return true
  }
  return false
}
