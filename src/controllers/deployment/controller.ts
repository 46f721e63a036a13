/** Deployments: ReplicaSets, one for each template there was, that hand pods over from the old to the new. */
import { controllerOf } from '../../api/meta/owner-references.ts'
import { fromLabelSelector } from '../../api/meta/selectors.ts'
import type { KubeObject } from '../../api/object.ts'
import type { Deployment, Pod, ReplicaSet } from '../../api/types.gen.ts'
import type { ControllerDefinition, Key, Reader } from '../../runtime/controller.ts'
import { keyOf, splitKey } from '../../runtime/owner-keys.ts'
import { claimCandidates } from '../pods/claim.ts'
import { claimantKeys } from '../pods/claimant-keys.ts'
import { isPodTerminal } from '../pods/pod-state.ts'
import { isRecreate } from './limits.ts'
import { newReplicaSetName } from './new-replica-set.ts'
import { type ObservedDeployment, reconcileDeployment } from './reconcile.ts'

const DEPLOYMENTS = 'deployments.apps'
const REPLICA_SETS = 'replicasets.apps'
const PODS = 'pods'

export const deploymentController: ControllerDefinition<ObservedDeployment> = {
  name: 'deployment',
  reconciles: DEPLOYMENTS,
  watches: {
    [REPLICA_SETS]: claimantKeys<Deployment>('Deployment', DEPLOYMENTS, (deployment) => fromLabelSelector(deployment.spec.selector)),
    [PODS]: keysOfEndedPod,
  },
  observe(reader, key) {
    const { namespace, name } = splitKey(key)
    const deployment = reader.get<Deployment>(DEPLOYMENTS, namespace, name)
    if (deployment === undefined) return undefined
    const candidates = claimCandidates<ReplicaSet>(reader, REPLICA_SETS, deployment)
    return {
      deployment,
      candidates,
      namesake: reader.get<ReplicaSet>(REPLICA_SETS, namespace, newReplicaSetName(deployment)),
      podsOf: isRecreate(deployment) ? podsOf(reader, deployment, candidates) : new Map(),
    }
  },
  reconcile: reconcileDeployment,
}

function podsOf(reader: Reader, deployment: Deployment, replicaSets: readonly ReplicaSet[]): Map<string, readonly Pod[]> {
  const own = replicaSets.filter((replicaSet) => controllerOf(replicaSet)?.uid === deployment.metadata.uid)
  return new Map(own.map(({ metadata: { uid } }) => [uid, reader.controlledBy<Pod>(PODS, uid)]))
}

/**
 * Recreate goes on when the last old pod is gone, which its ReplicaSet doesn't tell: it forgets a pod that is being deleted
 * before it is gone. All else about pods comes through their ReplicaSets. Upstream: deployment_controller.go deletePod.
 */
function keysOfEndedPod(current: KubeObject | undefined, old: KubeObject | undefined, reader: Reader): readonly Key[] {
  const hasEnded = current === undefined || (isPodTerminal(current as Pod) && (old === undefined || !isPodTerminal(old as Pod)))
  const pod = current ?? old
  const owner = pod && controllerOf(pod)
  if (!hasEnded || owner?.kind !== 'ReplicaSet') return []
  const { namespace } = pod!.metadata
  const replicaSet = reader.get<ReplicaSet>(REPLICA_SETS, namespace, owner.name)
  const parent = replicaSet?.metadata.uid === owner.uid ? controllerOf(replicaSet) : undefined
  if (parent?.kind !== 'Deployment') return []
  const deployment = reader.get<Deployment>(DEPLOYMENTS, namespace, parent.name)
  return deployment !== undefined && isRecreate(deployment) ? [keyOf(namespace, parent.name)] : []
}
