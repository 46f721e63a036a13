import type { DeploymentStatus } from '../../api/types.gen.ts'
import { availableOf, desiredReplicas, sizeOf, total } from './limits.ts'
import type { Rollout } from './rollout.ts'
import { isComplete } from './status.ts'

/** Why a Deployment isn't as it is to be; undefined when it is. */
export function waitingOn(rollout: Rollout, status: DeploymentStatus): string | undefined {
  const { deployment, newSet, oldSets } = rollout
  if (deployment.metadata.deletionTimestamp !== undefined) return 'the Deployment is being deleted'
  if (isComplete(rollout, status)) return undefined
  if (deployment.spec.paused) return 'the Deployment is paused'
  const failure = status.conditions?.find(({ type }) => type === 'ReplicaFailure')
  if (failure?.message !== undefined) return failure.message
  if (newSet !== undefined && availableOf(newSet) < sizeOf(newSet)) {
    return `${sizeOf(newSet) - availableOf(newSet)} of ${sizeOf(newSet)} pods of ReplicaSet "${newSet.metadata.name}" to become available`
  }
  const oldPods = total(oldSets, (replicaSet) => Math.max(sizeOf(replicaSet), replicaSet.status?.replicas ?? 0))
  if (oldPods > 0) return `${oldPods} pods of older ReplicaSets to be gone`
  return `${desiredReplicas(deployment)} pods to be there`
}
