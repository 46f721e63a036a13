import type { KubeObject } from '../../api/object.ts'
import type { Deployment, DeploymentStatus, ReplicaSet } from '../../api/types.gen.ts'
import { deploymentCondition, withDeploymentCondition } from './conditions.ts'
import { availableOf, desiredReplicas, minAvailable, sizeOf, total } from './limits.ts'
import { REVISION } from './revisions.ts'
import { allSets, type Rollout } from './rollout.ts'

/** The Deployment's status by its ReplicaSets. Counts that are zero are absent, as on the wire. Upstream: sync.go calculateStatus. */
export function deploymentStatus(rollout: Rollout, now: number): DeploymentStatus {
  const { deployment, newSet } = rollout
  const sets = allSets(rollout)
  const available = total(sets, availableOf)
  // Under Recreate everything may be away for a while, and yet all of it is wanted: minAvailable is the full size.
  const availability =
    available >= minAvailable(deployment)
      ? deploymentCondition('Available', 'True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.', now)
      : deploymentCondition('Available', 'False', 'MinimumReplicasUnavailable', 'Deployment does not have minimum availability.', now)
  return {
    observedGeneration: deployment.metadata.generation || undefined,
    replicas: total(sets, (replicaSet) => replicaSet.status?.replicas) || undefined,
    updatedReplicas: newSet?.status?.replicas || undefined,
    readyReplicas: total(sets, (replicaSet) => replicaSet.status?.readyReplicas) || undefined,
    availableReplicas: available || undefined,
    unavailableReplicas: Math.max(0, total(sets, sizeOf) - available) || undefined,
    terminatingReplicas: terminatingReplicas(sets),
    collisionCount: deployment.status?.collisionCount,
    conditions: [...withDeploymentCondition(rollout.conditions, availability)],
  }
}

/** Unknown when a ReplicaSet's controller doesn't say; one that was never looked at has none. */
function terminatingReplicas(sets: readonly ReplicaSet[]): number | undefined {
  const counts = sets
    .filter(({ status }) => status?.terminatingReplicas !== undefined || (status?.observedGeneration ?? 0) > 0)
    .map(({ status }) => status?.terminatingReplicas)
  return counts.includes(undefined) ? undefined : counts.reduce<number>((sum, count) => sum + count!, 0)
}

/** All pods are of the new template and available, and nothing is left of the old. Upstream: DeploymentComplete. */
export function isComplete({ deployment }: Pick<Rollout, 'deployment'>, status: DeploymentStatus | undefined): boolean {
  const desired = desiredReplicas(deployment)
  return (
    (status?.updatedReplicas ?? 0) === desired &&
    (status?.replicas ?? 0) === desired &&
    (status?.availableReplicas ?? 0) === desired &&
    (status?.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  )
}

/** The Deployment with this status, and its revision when it has one. Upstream writes the revision through /status too, where it doesn't count as a new generation. */
export function withStatus(deployment: Deployment, status: DeploymentStatus, revision?: string): KubeObject {
  const { metadata } = deployment
  const annotations = revision === undefined ? metadata.annotations : { ...metadata.annotations, [REVISION]: revision }
  const conditions = status.conditions?.length === 0 ? undefined : status.conditions
  const next: Deployment = { ...deployment, metadata: { ...metadata, annotations }, status: { ...status, conditions } }
  return next
}
