/**
 * Is the rollout getting on? The Progressing condition's lastUpdateTime is when progress was last seen.
 * Upstream: pkg/controller/deployment/progress.go.
 */
import { findCondition, withoutCondition } from '../../api/meta/conditions.ts'
import { parseTimestamp } from '../../api/meta/time.ts'
import type { Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet } from '../../api/types.gen.ts'
import {
  type Conditions,
  deploymentCondition,
  NEW_SET_AVAILABLE,
  PROGRESSING,
  replaceCondition,
  TIMED_OUT,
  withDeploymentCondition,
} from './conditions.ts'
import { progressDeadlineMs } from './limits.ts'
import { allSets, type Rollout } from './rollout.ts'
import { isComplete } from './status.ts'

const REPLICA_FAILURE = 'ReplicaFailure'

/** The status with what is known of the rollout's progress and its failures. Upstream: syncRolloutStatus. */
export function withProgress(rollout: Rollout, status: DeploymentStatus, now: number): DeploymentStatus {
  const conditions = withFailure(progressed(rollout, status, now), rollout)
  return { ...status, conditions: [...conditions] }
}

function progressed(rollout: Rollout, status: DeploymentStatus, now: number): Conditions {
  const { deployment, newSet } = rollout
  const conditions = status.conditions ?? []
  if (progressDeadlineMs(deployment) === undefined) return withoutCondition(conditions, PROGRESSING)
  const current = findCondition(rollout.conditions, PROGRESSING)
  // A rollout that was completed stays so, whatever becomes of its pods later.
  if ((status.replicas ?? 0) === (status.updatedReplicas ?? 0) && current?.reason === NEW_SET_AVAILABLE) return conditions
  const subject = newSet ? `ReplicaSet "${newSet.metadata.name}"` : `Deployment "${deployment.metadata.name}"`
  const condition = (state: string, reason: string, what: string) =>
    deploymentCondition(PROGRESSING, state, reason, `${subject} ${what}.`, now)
  if (isComplete(rollout, status)) {
    return withDeploymentCondition(conditions, condition('True', NEW_SET_AVAILABLE, 'has successfully progressed'))
  }
  if (hasProgressed(deployment, status)) {
    // Every sign of progress renews lastUpdateTime, even where nothing else of the condition changes.
    return replaceCondition(conditions, condition('True', 'ReplicaSetUpdated', 'is progressing'))
  }
  if (hasTimedOut(deployment, current, now)) {
    return withDeploymentCondition(conditions, condition('False', TIMED_OUT, 'has timed out progressing'))
  }
  return conditions
}

/** More new pods, fewer old ones, more ready, or more available than last told. Upstream: DeploymentProgressing. */
function hasProgressed({ status: old }: Deployment, status: DeploymentStatus): boolean {
  const oldPods = (counts: DeploymentStatus | undefined) => (counts?.replicas ?? 0) - (counts?.updatedReplicas ?? 0)
  return (
    (status.updatedReplicas ?? 0) > (old?.updatedReplicas ?? 0) ||
    oldPods(status) < oldPods(old) ||
    (status.readyReplicas ?? 0) > (old?.readyReplicas ?? 0) ||
    (status.availableReplicas ?? 0) > (old?.availableReplicas ?? 0)
  )
}

/** Upstream: DeploymentTimedOut. */
function hasTimedOut(deployment: Deployment, current: DeploymentCondition | undefined, now: number): boolean {
  if (current === undefined || current.reason === NEW_SET_AVAILABLE) return false
  return current.reason === TIMED_OUT || deadlineOf(deployment, current) < now
}

function deadlineOf(deployment: Deployment, { lastUpdateTime }: DeploymentCondition): number {
  return parseTimestamp(lastUpdateTime) + (progressDeadlineMs(deployment) ?? Number.POSITIVE_INFINITY)
}

/** When to look whether the rollout got stuck; undefined when there is nothing to watch. Upstream: requeueStuckDeployment. */
export function untilProgressCheck(deployment: Deployment, status: DeploymentStatus, now: number): number | undefined {
  const current = findCondition(status.conditions, PROGRESSING)
  if (progressDeadlineMs(deployment) === undefined || current === undefined) return undefined
  if (isComplete({ deployment }, status) || current.reason === TIMED_OUT) return undefined
  const left = deadlineOf(deployment, current) - now
  // A second more, as the deadline has to be past.
  return Number.isFinite(left) ? Math.max(0, left) + 1000 : undefined
}

/** The first failure of a ReplicaSet, the new one's above all. Upstream: getReplicaFailures. */
function withFailure(conditions: Conditions, rollout: Rollout): Conditions {
  const sets: ReplicaSet[] = [...(rollout.newSet ? [rollout.newSet] : []), ...allSets(rollout)]
  const failure = sets.flatMap((replicaSet) => replicaSet.status?.conditions ?? []).find(({ type }) => type === REPLICA_FAILURE)
  if (failure === undefined) return withoutCondition(conditions, REPLICA_FAILURE)
  return withDeploymentCondition(conditions, { ...failure, lastUpdateTime: failure.lastTransitionTime })
}
