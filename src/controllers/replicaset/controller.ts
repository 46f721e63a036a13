/** ReplicaSets: as many pods of one template as are wanted. */
import { fromLabelSelector } from '../../api/meta/selectors.ts'
import type { ReplicaSet } from '../../api/types.gen.ts'
import type { ControllerDefinition } from '../../runtime/controller.ts'
import { splitKey } from '../../runtime/owner-keys.ts'
import { claimantKeys } from '../pods/claimant-keys.ts'
import { observeReplicas } from './observe-replicas.ts'
import { reconcileReplicas } from './reconcile.ts'
import { type ObservedReplicas, PODS, type ReplicaOwner } from './replica-owner.ts'

const REPLICA_SETS = 'replicasets.apps'

export const replicaSetController: ControllerDefinition<ObservedReplicas> = {
  name: 'replicaset',
  reconciles: REPLICA_SETS,
  watches: { [PODS]: claimantKeys<ReplicaSet>('ReplicaSet', REPLICA_SETS, (owner) => fromLabelSelector(owner.spec.selector)) },
  observe(reader, key) {
    const { namespace, name } = splitKey(key)
    const replicaSet = reader.get<ReplicaSet>(REPLICA_SETS, namespace, name)
    return replicaSet && observeReplicas(reader, REPLICA_SETS, asReplicaOwner(replicaSet))
  },
  reconcile: reconcileReplicas,
}

export function asReplicaOwner(replicaSet: ReplicaSet): ReplicaOwner {
  return {
    object: replicaSet,
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    replicas: replicaSet.spec.replicas ?? 1,
    minReadySeconds: replicaSet.spec.minReadySeconds ?? 0,
    selector: fromLabelSelector(replicaSet.spec.selector),
    template: replicaSet.spec.template,
    status: replicaSet.status,
    countsTerminating: true,
  }
}
