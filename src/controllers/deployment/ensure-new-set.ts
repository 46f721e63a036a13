import type { ReplicaSet } from '../../api/types.gen.ts'
import { deepEqual } from '../../lib/deep-equal.ts'
import type { Plan, ReconcileContext } from '../../runtime/plan.ts'
import { deploymentCondition, PROGRESSING, withDeploymentCondition } from './conditions.ts'
import { progressDeadlineMs } from './limits.ts'
import { newReplicaSet, newReplicaSetName } from './new-replica-set.ts'
import type { Rollout } from './rollout.ts'
import { withStatus } from './status.ts'

/** How admission ends its message when the namespace goes. */
const NAMESPACE_TERMINATING = 'because it is being terminated'

/** The rollout with a new ReplicaSet, or the plan when there can't be one yet. Upstream: getNewReplicaSet. */
export function ensureNewSet(
  rollout: Rollout,
  namesake: ReplicaSet | undefined,
  { now, lastFailure }: ReconcileContext,
): { rollout: Rollout } | { plan: Plan } {
  const { deployment, conditions } = rollout
  if (rollout.newSet !== undefined) return { rollout }
  const name = newReplicaSetName(deployment)
  if (namesake !== undefined) {
    const status = { ...deployment.status, conditions: [...conditions], collisionCount: (deployment.status?.collisionCount ?? 0) + 1 }
    return { plan: { status: withStatus(deployment, status), waitingOn: `a name for its ReplicaSet: "${name}" is taken` } }
  }
  const watchesProgress = progressDeadlineMs(deployment) !== undefined
  const progressing = (state: string, reason: string, message: string) =>
    watchesProgress ? withDeploymentCondition(conditions, deploymentCondition(PROGRESSING, state, reason, message, now)) : conditions
  if (lastFailure?.action.verb === 'create' && lastFailure.reason !== 'AlreadyExists') {
    if (lastFailure.message.includes(NAMESPACE_TERMINATING)) return { plan: { waitingOn: 'the namespace is being terminated' } }
    const message = `Failed to create new replica set "${name}": ${lastFailure.message}`
    const told = progressing('False', 'ReplicaSetCreateError', message)
    // A plan that fails leaves no status behind, so the fault is told before the next try.
    if (!deepEqual(told, deployment.status?.conditions ?? [])) {
      const status = { ...deployment.status, conditions: [...told] }
      return { plan: { status: withStatus(deployment, status), requeueAfterMs: 1, waitingOn: message } }
    }
  }
  const newSet = newReplicaSet(deployment, rollout.oldSets)
  return { rollout: { ...rollout, newSet, conditions: progressing('True', 'NewReplicaSetCreated', `Created new replica set "${name}"`) } }
}
