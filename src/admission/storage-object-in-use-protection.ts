import type { AdmissionPlugin } from './admission.ts'

const FINALIZERS: Readonly<Record<string, string>> = {
  persistentvolumeclaims: 'kubernetes.io/pvc-protection',
  persistentvolumes: 'kubernetes.io/pv-protection',
  'volumeattributesclasses.storage.k8s.io': 'kubernetes.io/vac-protection',
}

/** Claims, volumes and their classes of attributes stay while they are in use: controllers take the finalizers off. Upstream: plugin/storage/storageobjectinuseprotection. */
export const storageObjectInUseProtection: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',
  handles: ({ operation, definition, subresource }) =>
    operation === 'create' && subresource === '' && FINALIZERS[definition.groupResource] !== undefined,
  mutate: ({ object, definition }) => {
    const { metadata } = object!
    const finalizer = FINALIZERS[definition.groupResource]!
    if (!metadata.finalizers?.includes(finalizer)) metadata.finalizers = [...(metadata.finalizers ?? []), finalizer]
  },
}
