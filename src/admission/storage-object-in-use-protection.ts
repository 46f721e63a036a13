import type { AdmissionPlugin } from './admission.ts'

const FINALIZERS: Readonly<Record<string, string>> = {
  persistentvolumeclaims: 'kubernetes.io/pvc-protection',
  persistentvolumes: 'kubernetes.io/pv-protection',
}

/** Claims and volumes stay while they are in use: a controller takes the finalizer off. Upstream: plugin/storage/storageobjectinuseprotection. */
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
