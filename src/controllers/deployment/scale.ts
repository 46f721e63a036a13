/**
 * A change of the Deployment's size, apart from any rollout: the ReplicaSets take their shares of it.
 * Upstream: sync.go isScalingEvent, scale; deployment_util.go GetReplicaSetProportion.
 */
import type { Deployment, ReplicaSet } from '../../api/types.gen.ts'
import { availableOf, desiredReplicas, isRecreate, maxSurge, sizeOf, total } from './limits.ts'
import { annotatedCount, byCreation, DESIRED_REPLICAS, isActive, MAX_REPLICAS } from './revisions.ts'
import { allSets, type Rollout, scaled, withSize } from './rollout.ts'

/** Was the size changed since the ReplicaSets were last scaled? */
export function isScalingEvent(rollout: Rollout): boolean {
  const desired = desiredReplicas(rollout.deployment)
  return allSets(rollout)
    .filter(isActive)
    .map((replicaSet) => annotatedCount(replicaSet, DESIRED_REPLICAS))
    .some((annotated) => annotated !== undefined && annotated !== desired)
}

export function scale(rollout: Rollout): Rollout {
  const desired = desiredReplicas(rollout.deployment)
  const only = activeOrLatest(rollout)
  if (only !== undefined) return scaled(rollout, only, desired)
  if (isSaturated(rollout.deployment, rollout.newSet)) {
    return rollout.oldSets.filter(isActive).reduce((next, old) => scaled(next, old, 0), rollout)
  }
  return isRecreate(rollout.deployment) ? rollout : scaleInProportion(rollout)
}

/** The one active ReplicaSet; the latest when none is; undefined when several are. */
function activeOrLatest({ newSet, oldSets }: Rollout): ReplicaSet | undefined {
  const active = [...oldSets, ...(newSet ? [newSet] : [])].filter(isActive)
  if (active.length > 0) return active.length === 1 ? active[0] : undefined
  return newSet ?? [...oldSets].sort(byCreation).at(-1)
}

/** The new ReplicaSet has all pods of the wanted size, and they are available. */
function isSaturated(deployment: Deployment, newSet: ReplicaSet | undefined): boolean {
  if (newSet === undefined) return false
  const desired = desiredReplicas(deployment)
  return sizeOf(newSet) === desired && annotatedCount(newSet, DESIRED_REPLICAS) === desired && availableOf(newSet) === desired
}

/**
 * In the midst of a rollout all active ReplicaSets grow or shrink by their share, so that what risk there is stays spread.
 * What rounding leaves over goes to the largest: among equals the newest when growing, the oldest when shrinking.
 */
function scaleInProportion(rollout: Rollout): Rollout {
  const { deployment } = rollout
  const desired = desiredReplicas(deployment)
  const active = allSets(rollout).filter(isActive)
  const allowed = desired > 0 ? desired + maxSurge(deployment) : 0
  const toAdd = allowed - total(active, sizeOf)
  active.sort((a, b) => sizeOf(b) - sizeOf(a) || (toAdd > 0 ? byCreation(b, a) : byCreation(a, b)))
  const shares: number[] = []
  let added = 0
  for (const replicaSet of active) {
    const left = toAdd - added
    const share = left === 0 ? 0 : withinBounds(fraction(replicaSet, deployment), left)
    shares.push(share)
    added += share
  }
  return active.reduce((next, replicaSet, i) => {
    const leftover = i === 0 ? toAdd - added : 0
    return withSize(next, replicaSet, Math.max(0, sizeOf(replicaSet) + shares[i]! + leftover))
  }, rollout)
}

/** Not beyond what is left to add, or to take away. */
function withinBounds(share: number, left: number): number {
  return left > 0 ? Math.min(share, left) : Math.max(share, left)
}

/** By how much a ReplicaSet changes to keep its share of the Deployment's pods. Upstream: getReplicaSetFraction. */
export function fraction(replicaSet: ReplicaSet, deployment: Deployment): number {
  const size = sizeOf(replicaSet)
  const desired = desiredReplicas(deployment)
  if (desired === 0) return -size
  // Without the annotation the Deployment's own count is the best guess.
  const before = annotatedCount(replicaSet, MAX_REPLICAS) || deployment.status?.replicas || 0
  return before === 0 ? 0 : Math.round((size * (desired + maxSurge(deployment))) / before) - size
}
