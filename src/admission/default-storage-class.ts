import { isDefaultStorageClass } from '../api/storage/v1/storage-class.ts'
import type { PersistentVolumeClaim } from '../api/types.gen.ts'
import type { AdmissionPlugin } from './admission.ts'
import { defaultClass } from './default-class.ts'

const BETA_CLASS = 'volume.beta.kubernetes.io/storage-class'

/** A claim that names no class gets the default one. Upstream: plugin/storage/storageclass/setdefault. */
export const defaultStorageClass: AdmissionPlugin = {
  name: 'DefaultStorageClass',
  handles: ({ operation, definition, subresource }) =>
    operation === 'create' && subresource === '' && definition.groupResource === 'persistentvolumeclaims',
  mutate: ({ object }, cluster) => {
    const { metadata, spec } = object as PersistentVolumeClaim
    if (spec.storageClassName !== undefined || metadata.annotations?.[BETA_CLASS] !== undefined) return
    const found = defaultClass(cluster, 'storageclasses.storage.k8s.io', isDefaultStorageClass)
    if (found !== undefined) spec.storageClassName = found.metadata.name
  },
}
