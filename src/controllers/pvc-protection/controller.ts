/** A claim that is deleted stays while a pod may be using it. Upstream: pkg/controller/volume/pvcprotection */

import { claimKeysOfPod } from '../../api/core/v1/pod-claims.ts'
import type { PersistentVolumeClaim, Pod } from '../../api/types.gen.ts'
import type { ControllerDefinition } from '../../runtime/controller.ts'
import { splitKey } from '../../runtime/owner-keys.ts'
import type { Plan } from '../../runtime/plan.ts'
import { protect } from './protect.ts'

const CLAIMS = 'persistentvolumeclaims'
const PODS = 'pods'
const BY_CLAIM = 'claim'
const FINALIZER = 'kubernetes.io/pvc-protection'

export interface ObservedProtectedClaim {
  readonly claim: PersistentVolumeClaim
  readonly pods: readonly Pod[]
}

export const pvcProtectionController: ControllerDefinition<ObservedProtectedClaim> = {
  name: 'persistentvolumeclaim-protection',
  reconciles: CLAIMS,
  // Only a pod that goes can free a claim.
  watches: {
    [PODS]: (current, old) => (old === undefined || current?.metadata.uid === old.metadata.uid ? [] : claimKeysOfPod(old as Pod)),
  },
  indexes: { [PODS]: { [BY_CLAIM]: claimKeysOfPod } },
  observe(reader, key) {
    const { namespace, name } = splitKey(key)
    const claim = reader.get<PersistentVolumeClaim>(CLAIMS, namespace, name)
    return claim && { claim, pods: claim.metadata.deletionTimestamp === undefined ? [] : reader.indexed<Pod>(PODS, BY_CLAIM, key) }
  },
  reconcile: reconcileProtectedClaim,
}

export function reconcileProtectedClaim({ claim, pods }: ObservedProtectedClaim): Plan {
  // A pod without a node can't start any more with a claim that is being deleted. One that has ended still counts.
  const user = pods.find(({ spec }) => Boolean(spec.nodeName))
  return protect(CLAIMS, claim, FINALIZER, user === undefined ? undefined : `pod ${user.metadata.name} uses it`)
}
