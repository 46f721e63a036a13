import type { PersistentVolume, PersistentVolumeClaim } from '../../types.gen.ts'
import { nodeTermWarnings } from './node-label-warnings.ts'
import { claimSpecWarnings } from './resource-warnings.ts'

const STORAGE_CLASS = 'volume.beta.kubernetes.io/storage-class'
const MOUNT_OPTIONS = 'volume.beta.kubernetes.io/mount-options'
const BY_ATTRIBUTE = 'deprecated since v1.8; use "storageClassName" attribute instead'

const DEPRECATED = {
  cephfs: ['cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  photonPersistentDisk: ['photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  scaleIO: ['scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  // Upstream writes it as Go spells it.
  storageos: ['storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  glusterfs: ['glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  rbd: ['rbd', 'deprecated in v1.28, non-functional in v1.31+'],
} as const

/** Upstream: pkg/api/persistentvolume/util.go. */
export function persistentVolumeWarnings({ metadata: { annotations }, spec }: PersistentVolume): string[] {
  const texts: string[] = []
  if (annotations?.[STORAGE_CLASS] !== undefined) texts.push(`metadata.annotations[${STORAGE_CLASS}]: ${BY_ATTRIBUTE}`)
  if (annotations?.[MOUNT_OPTIONS] !== undefined) {
    texts.push(`metadata.annotations[${MOUNT_OPTIONS}]: deprecated since v1.31; use "mountOptions" attribute instead`)
  }
  if (spec.persistentVolumeReclaimPolicy === 'Recycle') {
    const advice = 'The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.'
    texts.push(`spec.persistentVolumeReclaimPolicy: ${advice}`)
  }
  const terms = spec.nodeAffinity?.required?.nodeSelectorTerms ?? []
  texts.push(...terms.flatMap((term, i) => nodeTermWarnings(term, `spec.nodeAffinity.required.nodeSelectorTerms[${i}]`)))
  for (const key of Object.keys(DEPRECATED) as (keyof typeof DEPRECATED)[]) {
    if (spec[key]) texts.push(`spec.${DEPRECATED[key][0]}: ${DEPRECATED[key][1]}`)
  }
  return texts
}

/** Upstream: pkg/api/persistentvolumeclaim/util.go. */
export function persistentVolumeClaimWarnings({ metadata, spec }: PersistentVolumeClaim): string[] {
  const isAnnotated = metadata.annotations?.[STORAGE_CLASS] !== undefined
  return [...(isAnnotated ? [`metadata.annotations[${STORAGE_CLASS}]: ${BY_ATTRIBUTE}`] : []), ...claimSpecWarnings('spec', spec)]
}
