/** Upstream: k8s.io/component-helpers/storage/volume pv_helpers.go */
export const BIND_COMPLETED = 'pv.kubernetes.io/bind-completed'
/** The binding, or half of it, was the controller's own choice, which it may take back. */
export const BOUND_BY_CONTROLLER = 'pv.kubernetes.io/bound-by-controller'
export const PROVISIONED_BY = 'pv.kubernetes.io/provisioned-by'
export const STORAGE_PROVISIONER = 'volume.kubernetes.io/storage-provisioner'
export const BETA_STORAGE_PROVISIONER = 'volume.beta.kubernetes.io/storage-provisioner'
/** Set by the scheduler, on claims that wait for their first consumer. */
export const SELECTED_NODE = 'volume.kubernetes.io/selected-node'
/** The old place of storageClassName, which still wins over it. */
export const BETA_STORAGE_CLASS = 'volume.beta.kubernetes.io/storage-class'
/** On classes: claims that name none get this one. */
export const DEFAULT_CLASS = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class'] as const

/** Of our own, on PersistentVolumes: what is in them. A JSON object: by path the text of a file, or what nodes/volumes/volume-data.ts keeps of it. */
export const FILES = 'coracle.dev/files'

export const CLAIMS = 'persistentvolumeclaims'
export const VOLUMES = 'persistentvolumes'
export const STORAGE_CLASSES = 'storageclasses.storage.k8s.io'
