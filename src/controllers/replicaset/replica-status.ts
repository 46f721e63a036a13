import { findCondition, withCondition, withoutCondition } from '../../api/meta/conditions.ts'
import { fromLabels, matchesSelector } from '../../api/meta/selectors.ts'
import { timestamp } from '../../api/meta/time.ts'
import type { Pod, ReplicaSetCondition, ReplicaSetStatus } from '../../api/types.gen.ts'
import { isPodAvailable, isPodReady } from '../pods/pod-state.ts'
import type { ReplicaOwner } from './replica-owner.ts'

const REPLICA_FAILURE = 'ReplicaFailure'

/** Why pods could not be created or deleted. */
export interface ReplicaFault {
  readonly reason: 'FailedCreate' | 'FailedDelete' | ''
  readonly message: string
}

/** The owner's status with these pods. Counts that are zero are absent, as on the wire. Upstream: replica_set_utils.go calculateStatus. */
export function replicaStatus(
  owner: ReplicaOwner,
  active: readonly Pod[],
  terminating: readonly Pod[],
  fault: ReplicaFault | undefined,
  now: number,
): ReplicaSetStatus {
  const templateLabels = fromLabels(owner.template?.metadata?.labels)
  const count = (has: (pod: Pod) => boolean) => active.filter(has).length || undefined
  const conditions = failureConditions(owner.status?.conditions, fault, now)
  return {
    replicas: active.length,
    fullyLabeledReplicas: count((pod) => matchesSelector(templateLabels, pod.metadata.labels)),
    readyReplicas: count(isPodReady),
    availableReplicas: count((pod) => isPodAvailable(pod, owner.minReadySeconds, now)),
    terminatingReplicas: owner.countsTerminating ? terminating.length : undefined,
    observedGeneration: owner.object.metadata.generation || undefined,
    conditions: conditions.length === 0 ? undefined : conditions,
  }
}

/** A fault that is known already stays as it was first told. */
function failureConditions(
  conditions: readonly ReplicaSetCondition[] | undefined,
  fault: ReplicaFault | undefined,
  now: number,
): ReplicaSetCondition[] {
  if (fault === undefined) return withoutCondition(conditions, REPLICA_FAILURE)
  if (findCondition(conditions, REPLICA_FAILURE) !== undefined) return [...(conditions ?? [])]
  return withCondition(conditions, {
    type: REPLICA_FAILURE,
    status: 'True',
    lastTransitionTime: timestamp(now),
    ...(fault.reason !== '' && { reason: fault.reason }),
    message: fault.message,
  })
}
