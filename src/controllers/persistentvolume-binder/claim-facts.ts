import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../../api/types.gen.ts'
import { BETA_STORAGE_CLASS, DEFAULT_CLASS } from './annotations.ts'

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
