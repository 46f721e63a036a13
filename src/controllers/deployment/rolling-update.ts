/**
 * New pods as the surge allows, old ones away as availability allows. One direction a time: what was scaled up is waited
 * for before anything is scaled down.
 * Upstream: pkg/controller/deployment/rolling.go.
 */
import type { ReplicaSet } from '../../api/types.gen.ts'
import { availableOf, desiredReplicas, minAvailable, sizeOf, total } from './limits.ts'
import { newSetSize } from './new-replica-set.ts'
import { byCreation, isActive } from './revisions.ts'
import { allSets, type Rollout, scaled } from './rollout.ts'

/** The next step of a rolling update. The new ReplicaSet must be there, or be about to be created. */
export function rollingUpdate(rollout: Rollout, newSet: ReplicaSet): Rollout {
  const grown = scaleNewSet(rollout, newSet)
  return grown === rollout ? scaleOldSets(rollout, newSet) : grown
}

/** Upstream: reconcileNewReplicaSet. */
function scaleNewSet(rollout: Rollout, newSet: ReplicaSet): Rollout {
  const desired = desiredReplicas(rollout.deployment)
  if (sizeOf(newSet) >= desired) return scaled(rollout, newSet, desired)
  return scaled(rollout, newSet, newSetSize(rollout.deployment, allSets(rollout), newSet))
}

/**
 * New pods that aren't available yet are counted as if they never would be, so that a broken template can't take away
 * more than is allowed. Upstream: reconcileOldReplicaSets.
 */
function scaleOldSets(rollout: Rollout, newSet: ReplicaSet): Rollout {
  if (!rollout.oldSets.some(isActive)) return rollout
  const newUnavailable = sizeOf(newSet) - availableOf(newSet)
  const mostToGo = total(allSets(rollout), sizeOf) - minAvailable(rollout.deployment) - newUnavailable
  if (mostToGo <= 0) return rollout
  const { rollout: cleaned, isSettled } = removeUnhealthy(rollout, mostToGo)
  return isSettled ? removeAvailable(cleaned, newSet) : cleaned
}

/**
 * Old pods that aren't available go first, as that costs nothing: otherwise broken old pods could block a rollout forever.
 * `isSettled` is false when an old ReplicaSet is still losing pods: then no more is taken now. Upstream: cleanupUnhealthyReplicas.
 */
export function removeUnhealthy(rollout: Rollout, most: number): { rollout: Rollout; isSettled: boolean } {
  let next = rollout
  let left = most
  for (const old of rollout.oldSets.filter(isActive).sort(byCreation)) {
    if (left <= 0) break
    const unhealthy = sizeOf(old) - availableOf(old)
    if (unhealthy < 0) return { rollout: next, isSettled: false }
    const going = Math.min(left, unhealthy)
    next = scaled(next, old, sizeOf(old) - going)
    left -= going
  }
  return { rollout: next, isSettled: true }
}

/** Upstream: scaleDownOldReplicaSetsForRollingUpdate. */
export function removeAvailable(rollout: Rollout, newSet: ReplicaSet | undefined): Rollout {
  const old = rollout.oldSets.filter(
    (replicaSet) => isActive(replicaSet) || rollout.scalings.some(({ name }) => name === replicaSet.metadata.name),
  )
  let next = rollout
  let left = total(newSet ? [...old, newSet] : old, availableOf) - minAvailable(rollout.deployment)
  for (const replicaSet of old.sort(byCreation)) {
    if (left <= 0) break
    const going = Math.min(sizeOf(replicaSet), left)
    next = scaled(next, replicaSet, sizeOf(replicaSet) - going)
    left -= going
  }
  return next
}
