/** Makes the claims of pods' generic ephemeral volumes. They go with their pods, whose they are. Upstream: pkg/controller/volume/ephemeral */
import type { PersistentVolumeClaim, Pod, Volume } from '../../api/types.gen.ts'
import type { ControllerDefinition } from '../../runtime/controller.ts'
import { splitKey } from '../../runtime/owner-keys.ts'
import { type ObservedEphemeralVolumes, reconcileEphemeralVolumes } from './reconcile.ts'

const PODS = 'pods'
const CLAIMS = 'persistentvolumeclaims'

export const ephemeralVolumeController: ControllerDefinition<ObservedEphemeralVolumes> = {
  name: 'ephemeral-volume',
  component: 'ephemeral_volume',
  watches: {
    [PODS]: (current) => (current !== undefined && ephemeralVolumes(current as Pod).length > 0 ? [keyOfPod(current as Pod)] : []),
    // One that goes while its pod needs it is made again.
    [CLAIMS]: (current, old) => {
      const owner = old?.metadata.ownerReferences?.find(({ controller, kind }) => controller === true && kind === 'Pod')
      return current === undefined && owner !== undefined ? [`${old!.metadata.namespace}/${owner.name}`] : []
    },
  },
  observe(reader, key) {
    const { namespace, name } = splitKey(key)
    const pod = reader.get<Pod>(PODS, namespace, name)
    if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) return undefined
    const volumes = ephemeralVolumes(pod).map((volume) => ({
      volume,
      claim: reader.get<PersistentVolumeClaim>(CLAIMS, namespace, `${name}-${volume.name}`),
    }))
    return { pod, volumes }
  },
  reconcile: reconcileEphemeralVolumes,
}

function ephemeralVolumes({ spec }: Pod): Volume[] {
  return (spec.volumes ?? []).filter(({ ephemeral }) => ephemeral !== undefined)
}

function keyOfPod({ metadata }: Pod): string {
  return `${metadata.namespace}/${metadata.name}`
}
