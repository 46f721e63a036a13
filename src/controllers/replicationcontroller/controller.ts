/** ReplicationControllers: decided as ReplicaSets are, of which they are the older form. */
import { fromLabels, type Selector } from '../../api/meta/selectors.ts'
import type { ReplicationController } from '../../api/types.gen.ts'
import type { ControllerDefinition } from '../../runtime/controller.ts'
import { splitKey } from '../../runtime/owner-keys.ts'
import { claimantKeys } from '../pods/claimant-keys.ts'
import { observeReplicas } from '../replicaset/observe-replicas.ts'
import { reconcileReplicas } from '../replicaset/reconcile.ts'
import { type ObservedReplicas, PODS, type ReplicaOwner } from '../replicaset/replica-owner.ts'

const REPLICATION_CONTROLLERS = 'replicationcontrollers'

export const replicationControllerController: ControllerDefinition<ObservedReplicas> = {
  name: 'replicationcontroller',
  reconciles: REPLICATION_CONTROLLERS,
  watches: { [PODS]: claimantKeys<ReplicationController>('ReplicationController', REPLICATION_CONTROLLERS, selectorOf) },
  observe(reader, key) {
    const { namespace, name } = splitKey(key)
    const controller = reader.get<ReplicationController>(REPLICATION_CONTROLLERS, namespace, name)
    return controller && observeReplicas(reader, REPLICATION_CONTROLLERS, asReplicaOwner(controller))
  },
  reconcile: reconcileReplicas,
}

/** An absent or empty one selects nothing. */
function selectorOf({ spec }: ReplicationController): Selector | undefined {
  const requirements = fromLabels(spec.selector)
  return requirements.length === 0 ? undefined : requirements
}

export function asReplicaOwner(controller: ReplicationController): ReplicaOwner {
  return {
    object: controller,
    apiVersion: 'v1',
    kind: 'ReplicationController',
    replicas: controller.spec.replicas ?? 1,
    minReadySeconds: controller.spec.minReadySeconds ?? 0,
    selector: selectorOf(controller),
    template: controller.spec.template,
    status: controller.status,
    countsTerminating: false,
  }
}
