/** The numbers of a Deployment's spec, with what is absent filled in. Upstream: deployment_util.go MaxSurge, MaxUnavailable, … */
import type { Deployment, ReplicaSet } from '../../api/types.gen.ts'
import { intOrPercent } from '../pods/int-or-percent.ts'

/** Stands for "no limit" in revisionHistoryLimit and progressDeadlineSeconds. */
const MAX_INT32 = 2147483647

export function desiredReplicas(deployment: Deployment): number {
  return deployment.spec.replicas ?? 1
}

export function isRecreate(deployment: Deployment): boolean {
  return deployment.spec.strategy?.type === 'Recreate'
}

/** How many pods more than wanted there may be during a rollout. */
export function maxSurge(deployment: Deployment): number {
  if (isRecreate(deployment)) return 0
  return intOrPercent(deployment.spec.strategy?.rollingUpdate?.maxSurge, desiredReplicas(deployment), 'up')
}

/** How many pods fewer than wanted may be available during a rollout. */
export function maxUnavailable(deployment: Deployment): number {
  const desired = desiredReplicas(deployment)
  if (isRecreate(deployment) || desired === 0) return 0
  const unavailable = intOrPercent(deployment.spec.strategy?.rollingUpdate?.maxUnavailable, desired, 'down')
  // Percentages of few pods may round to nothing on both sides, and then nothing could ever move.
  if (unavailable === 0 && maxSurge(deployment) === 0) return 1
  return Math.min(unavailable, desired)
}

export function minAvailable(deployment: Deployment): number {
  return desiredReplicas(deployment) - maxUnavailable(deployment)
}

/** undefined when progress isn't watched. */
export function progressDeadlineMs(deployment: Deployment): number | undefined {
  const seconds = deployment.spec.progressDeadlineSeconds
  return seconds === undefined || seconds === MAX_INT32 ? undefined : seconds * 1000
}

/** undefined when all old ReplicaSets are kept. */
export function revisionHistoryLimit(deployment: Deployment): number | undefined {
  const limit = deployment.spec.revisionHistoryLimit
  return limit === MAX_INT32 ? undefined : limit
}

export function sizeOf(replicaSet: ReplicaSet): number {
  return replicaSet.spec.replicas ?? 1
}

/** What a count of the ReplicaSets' spec or status adds up to. */
export function total(replicaSets: readonly ReplicaSet[], count: (replicaSet: ReplicaSet) => number | undefined): number {
  return replicaSets.reduce((sum, replicaSet) => sum + (count(replicaSet) ?? 0), 0)
}

export function availableOf(replicaSet: ReplicaSet): number {
  return replicaSet.status?.availableReplicas ?? 0
}
