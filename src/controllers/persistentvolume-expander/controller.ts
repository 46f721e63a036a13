/**
 * Claims that ask for more than they have, or for other attributes, get it if their volume is of the simulated provisioner.
 * Upstream: pkg/controller/volume/expand and, for what is out of its tree, the CSI external-resizer; the last step is the kubelet's.
 */

import { claimKeysOfPod } from '../../api/core/v1/pod-claims.ts'
import type { PersistentVolume, PersistentVolumeClaim, Pod, VolumeAttributesClass } from '../../api/types.gen.ts'
import type { ControllerDefinition } from '../../runtime/controller.ts'
import { keyOf, splitKey } from '../../runtime/owner-keys.ts'
import { isPodTerminal } from '../pods/pod-state.ts'
import { type ObservedExpansion, reconcileExpansion } from './expand.ts'
import { reconcileAttributes } from './modify.ts'

const CLAIMS = 'persistentvolumeclaims'
const VOLUMES = 'persistentvolumes'
const PODS = 'pods'
const ATTRIBUTES_CLASSES = 'volumeattributesclasses.storage.k8s.io'
const BY_CLAIM = 'claim'
const BY_ATTRIBUTES_CLASS = 'attributes-class'

export const persistentVolumeExpander: ControllerDefinition<ObservedExpansion> = {
  name: 'persistentvolume-expander',
  component: 'volume_expand',
  reconciles: CLAIMS,
  watches: {
    [VOLUMES]: (current) => {
      const { namespace, name } = (current as PersistentVolume | undefined)?.spec?.claimRef ?? {}
      return name === undefined ? [] : [keyOf(namespace, name)]
    },
    // A file system grows where a pod has it mounted.
    [PODS]: (current, old) => (isMounted(current as Pod) && !isMounted(old as Pod | undefined) ? claimKeysOfPod(current as Pod) : []),
    [ATTRIBUTES_CLASSES]: (current, old, reader) =>
      old === undefined
        ? reader
            .indexed(CLAIMS, BY_ATTRIBUTES_CLASS, current!.metadata.name)
            .map(({ metadata }) => keyOf(metadata.namespace, metadata.name))
        : [],
  },
  indexes: {
    [PODS]: { [BY_CLAIM]: claimKeysOfPod },
    [CLAIMS]: { [BY_ATTRIBUTES_CLASS]: ({ spec }: PersistentVolumeClaim) => [spec.volumeAttributesClassName ?? ''].filter(Boolean) },
  },
  observe(reader, key) {
    const { namespace, name } = splitKey(key)
    const claim = reader.get<PersistentVolumeClaim>(CLAIMS, namespace, name)
    if (claim?.status?.phase !== 'Bound' || claim.metadata.deletionTimestamp !== undefined) return undefined
    const volume = reader.get<PersistentVolume>(VOLUMES, '', claim.spec.volumeName ?? '')
    if (volume === undefined || volume.spec?.claimRef?.uid !== claim.metadata.uid) return undefined
    return {
      claim,
      volume,
      attributesClass: reader.get<VolumeAttributesClass>(ATTRIBUTES_CLASSES, '', claim.spec.volumeAttributesClassName ?? ''),
      mountedBy: reader.indexed<Pod>(PODS, BY_CLAIM, key).find(isMounted),
    }
  },
  reconcile: (observed, context) => reconcileExpansion(observed, context) ?? reconcileAttributes(observed, context),
}

function isMounted(pod: Pod | undefined): boolean {
  return pod?.status?.phase === 'Running' && !isPodTerminal(pod) && Boolean(pod.spec.nodeName)
}
