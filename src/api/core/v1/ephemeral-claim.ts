import { controllerOf } from '../../meta/owner-references.ts'
import type { PersistentVolumeClaim, Pod } from '../../types.gen.ts'

/**
 * Why a claim of the name that a pod's ephemeral volume has isn't the pod's; undefined when it is.
 * Upstream: component-helpers/storage/ephemeral VolumeIsForPod
 */
export function claimFault({ metadata: pod }: Pod, claim: PersistentVolumeClaim): string | undefined {
  const { namespace, name } = claim.metadata
  if (namespace === pod.namespace && controllerOf(claim)?.uid === pod.uid) return undefined
  return `PVC ${namespace}/${name} was not created for pod ${pod.namespace}/${pod.name} (pod is not owner)`
}
