import { forbiddenError } from '../api/meta/api-error.ts'
import { compareQuantities } from '../api/meta/quantity.ts'
import type { PersistentVolumeClaim, StorageClass } from '../api/types.gen.ts'
import { type AdmissionPlugin, nameForMessages } from './admission.ts'

const BETA_CLASS = 'volume.beta.kubernetes.io/storage-class'

/** A claim grows only once it is bound, and only where its class allows it. Upstream: plugin/admission/storage/persistentvolume/resize. */
export const persistentVolumeClaimResize: AdmissionPlugin = {
  name: 'PersistentVolumeClaimResize',
  handles: ({ operation, definition, subresource }) =>
    operation === 'update' && subresource === '' && definition.groupResource === 'persistentvolumeclaims',
  validate: ({ object, old, definition }, cluster) => {
    const claim = object as PersistentVolumeClaim
    const before = old as PersistentVolumeClaim
    if (compareQuantities(sizeOf(claim), sizeOf(before)) <= 0) return
    const refuse = (why: string) => forbiddenError(definition, nameForMessages(claim), why)
    if (before.status?.phase !== 'Bound') throw refuse('Only bound persistent volume claims can be expanded')
    const name = classOf(claim)
    const found = name === '' || name !== classOf(before) ? undefined : cluster.get<StorageClass>('storageclasses.storage.k8s.io', '', name)
    if (found?.allowVolumeExpansion !== true) {
      throw refuse('only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize')
    }
  },
}

function sizeOf({ spec }: PersistentVolumeClaim): string | undefined {
  return spec.resources?.requests?.storage
}

function classOf({ metadata, spec }: PersistentVolumeClaim): string {
  return metadata.annotations?.[BETA_CLASS] ?? spec.storageClassName ?? ''
}
