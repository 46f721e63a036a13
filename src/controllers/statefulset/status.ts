import type { Pod, StatefulSet, StatefulSetStatus } from '../../api/types.gen.ts'
import { isPodAvailable } from '../pods/pod-state.ts'
import { isRunningAndReady, isTerminating, podRevision, replicasOf } from './identity.ts'
import type { SetRevisions } from './revisions.ts'

/**
 * The set with its status as the pods are. Conditions are not kept: nothing sets them.
 * @param updating how many pods at the current revision this plan deletes for an update: they are discounted already
 * Upstream: computeReplicaStatus, completeRollingUpdate.
 */
export function withStatus(set: StatefulSet, pods: readonly Pod[], revisions: SetRevisions, now: number, updating = 0): StatefulSet {
  const created = pods.filter((pod) => pod.status?.phase)
  const ready = pods.filter(isRunningAndReady)
  const standing = created.filter((pod) => !isTerminating(pod))
  const at = (revision: string) => standing.filter((pod) => podRevision(pod) === revision).length
  const { current, update, collisionCount } = revisions
  const updatedReplicas = at(update.name)
  const wanted = replicasOf(set)
  const isComplete =
    set.spec.updateStrategy?.type === 'RollingUpdate' && updatedReplicas === wanted && ready.length === wanted && created.length === wanted
  const status: StatefulSetStatus = {
    ...(set.metadata.generation !== undefined && { observedGeneration: set.metadata.generation }),
    replicas: created.length,
    ...counted('readyReplicas', ready.length),
    ...counted('currentReplicas', isComplete ? updatedReplicas : at(current.name) - updating),
    ...counted('updatedReplicas', updatedReplicas),
    currentRevision: isComplete ? update.name : current.name,
    updateRevision: update.name,
    collisionCount,
    availableReplicas: ready.filter((pod) => isPodAvailable(pod, set.spec.minReadySeconds, now)).length,
  }
  return { ...set, status }
}

/** On the wire these are absent rather than 0. */
function counted(field: 'readyReplicas' | 'currentReplicas' | 'updatedReplicas', count: number): Partial<StatefulSetStatus> {
  return count === 0 ? {} : { [field]: count }
}
