import { claimFault } from '../../api/core/v1/ephemeral-claim.ts'
import { controllerReference } from '../../api/meta/owner-references.ts'
import type { PersistentVolumeClaim, Pod, Volume } from '../../api/types.gen.ts'
import type { Action, Plan, PlannedEvent } from '../../runtime/plan.ts'

export interface ObservedEphemeralVolumes {
  readonly pod: Pod
  /** The pod's ephemeral volumes, with the claims of their names. */
  readonly volumes: readonly { readonly volume: Volume; readonly claim: PersistentVolumeClaim | undefined }[]
}

/** Upstream: controller.go handleVolume; a volume that can't be had holds up those after it. */
export function reconcileEphemeralVolumes({ pod, volumes }: ObservedEphemeralVolumes): Plan {
  const actions: Action[] = []
  for (const { volume, claim } of volumes) {
    const fault = claim && claimFault(pod, claim)
    if (fault !== undefined) return { actions, events: [failure(pod, volume, fault)], waitingOn: fault }
    if (claim === undefined) actions.push(create(pod, volume))
  }
  return { actions }
}

function create(pod: Pod, volume: Volume): Action {
  const { metadata = {}, spec } = volume.ephemeral!.volumeClaimTemplate!
  const { annotations, labels } = metadata as Pod['metadata']
  const object = {
    metadata: {
      name: `${pod.metadata.name}-${volume.name}`,
      namespace: pod.metadata.namespace,
      ownerReferences: [controllerReference(pod, 'v1', 'Pod')],
      ...(annotations && { annotations }),
      ...(labels && { labels }),
    },
    spec: structuredClone(spec),
  }
  const failureEvent = failure(pod, volume, `create PVC ${object.metadata.name}: `)
  return { verb: 'create', resource: 'persistentvolumeclaims', object: object as never, failureEvent }
}

function failure(about: Pod, { name }: Volume, fault: string): PlannedEvent {
  return { type: 'Warning', reason: 'FailedBinding', message: `ephemeral volume ${name}: ${fault}`, about }
}
