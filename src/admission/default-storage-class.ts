import type { PersistentVolumeClaim, StorageClass } from '../api/types.gen.ts'
import type { AdmissionPlugin } from './admission.ts'

const DEFAULT = 'storageclass.kubernetes.io/is-default-class'

/** A claim that names no class gets the default one; of several, the newest. Upstream: plugin/storage/storageclass/setdefault. */
export const defaultStorageClass: AdmissionPlugin = {
  name: 'DefaultStorageClass',
  handles: ({ operation, definition, subresource }) =>
    operation === 'create' && subresource === '' && definition.groupResource === 'persistentvolumeclaims',
  mutate: ({ object }, cluster) => {
    const claim = object as PersistentVolumeClaim
    if (claim.spec.storageClassName !== undefined) return
    const defaults = cluster
      .list<StorageClass>('storageclasses.storage.k8s.io')
      .filter(({ metadata }) => metadata.annotations?.[DEFAULT] === 'true')
      .sort((a, b) =>
        a.metadata.creationTimestamp === b.metadata.creationTimestamp
          ? a.metadata.name < b.metadata.name
            ? -1
            : 1
          : a.metadata.creationTimestamp > b.metadata.creationTimestamp
            ? -1
            : 1,
      )
    if (defaults[0] !== undefined) claim.spec.storageClassName = defaults[0].metadata.name
  },
}
