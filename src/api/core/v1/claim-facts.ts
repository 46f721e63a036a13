import type { ObjectReference, PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../types.gen.ts'
import { BETA_STORAGE_CLASS, BOUND_BY_CONTROLLER, DEFAULT_CLASS } from './volume-annotations.ts'

/** '' asks for a volume without a class. */
export function classOf({ metadata, spec }: PersistentVolumeClaim | PersistentVolume): string {
  return metadata.annotations?.[BETA_STORAGE_CLASS] ?? spec?.storageClassName ?? ''
}

/** Is the volume reserved for the claim? By whoever set claimRef; without a uid it is for any claim of that name. */
export function isReservedFor({ spec }: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean {
  const reference = spec?.claimRef
  if (reference === undefined || reference.name !== metadata.name || reference.namespace !== metadata.namespace) return false
  return !reference.uid || reference.uid === metadata.uid
}

/** `NAMESPACE/NAME` of the claim a volume refers to. */
export function claimKeyOf(volume: PersistentVolume | undefined): string | undefined {
  const reference = volume?.spec?.claimRef
  return reference === undefined ? undefined : `${reference.namespace}/${reference.name}`
}

export function hasSameMode(claim: PersistentVolumeClaim, volume: PersistentVolume): boolean {
  return (claim.spec.volumeMode ?? 'Filesystem') === (volume.spec?.volumeMode ?? 'Filesystem')
}

export function isDefaultClass({ metadata }: StorageClass): boolean {
  return DEFAULT_CLASS.some((annotation) => metadata.annotations?.[annotation] === 'true')
}

export function claimReference({ metadata }: PersistentVolumeClaim): ObjectReference {
  const { namespace, name, uid, resourceVersion } = metadata
  return { kind: 'PersistentVolumeClaim', apiVersion: 'v1', namespace, name, uid, resourceVersion }
}

/** A merge patch by which the volume comes to refer to the claim. Upstream: GetBindVolumeToClaim. */
export function claimRefPatch(volume: PersistentVolume, claim: PersistentVolumeClaim) {
  const { uid, resourceVersion } = volume.metadata
  const isOurChoice = !isReservedFor(volume, claim)
  return {
    metadata: { uid, resourceVersion, ...(isOurChoice && { annotations: { [BOUND_BY_CONTROLLER]: 'yes' } }) },
    spec: { claimRef: claimReference(claim) },
  }
}
