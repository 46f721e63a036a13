import { canonicalQuantity } from '../../meta/quantity.ts'
import type { PersistentVolumeClaimSpec, Volume, VolumeProjection } from '../../types.gen.ts'
import { isLatestImage } from './image-name.ts'
import { setValueFromDefaults } from './pod-spec-defaults.ts'
import { setResourceRequirementsDefaults } from './resource-list.ts'

/** 0644 */
const FILE_MODE = 420

/** Upstream: defaults.go SetDefaults_Volume and the sources' own. */
export function setVolumeDefaults(volume: Volume): void {
  if (hasNoSource(volume)) {
    volume.emptyDir = {}
    return
  }
  if (volume.emptyDir?.sizeLimit !== undefined) volume.emptyDir.sizeLimit = canonicalQuantity(volume.emptyDir.sizeLimit)
  if (volume.configMap) volume.configMap.defaultMode ??= FILE_MODE
  if (volume.secret) volume.secret.defaultMode ??= FILE_MODE
  if (volume.hostPath) volume.hostPath.type ??= ''
  if (volume.downwardAPI) {
    volume.downwardAPI.defaultMode ??= FILE_MODE
    if (volume.downwardAPI.items) for (const item of volume.downwardAPI.items) setValueFromDefaults(item)
  }
  if (volume.projected) {
    volume.projected.defaultMode ??= FILE_MODE
    if (volume.projected.sources) for (const source of volume.projected.sources) setProjectionDefaults(source)
  }
  if (volume.ephemeral?.volumeClaimTemplate?.spec) setPersistentVolumeClaimSpecDefaults(volume.ephemeral.volumeClaimTemplate.spec)
  if (volume.image) volume.image.pullPolicy ||= isLatestImage(volume.image.reference) ? 'Always' : 'IfNotPresent'
  setStorageSystemDefaults(volume)
}

/** The storage systems with defaults of their own, which pods' volumes and PersistentVolumes name alike. */
interface StorageSystems {
  iscsi?: { iscsiInterface?: string | undefined } | undefined
  rbd?: { pool?: string | undefined; user?: string | undefined; keyring?: string | undefined } | undefined
  azureDisk?: Volume['azureDisk']
  scaleIO?: { storageMode?: string | undefined; fsType?: string | undefined } | undefined
}

/** Of volumes and of PersistentVolumes. */
export function setStorageSystemDefaults({ iscsi, rbd, azureDisk, scaleIO }: StorageSystems): void {
  if (iscsi) iscsi.iscsiInterface ||= 'default'
  if (rbd) {
    rbd.pool ||= 'rbd'
    rbd.user ||= 'admin'
    rbd.keyring ||= '/etc/ceph/keyring'
  }
  if (azureDisk) {
    azureDisk.cachingMode ??= 'ReadWrite'
    azureDisk.fsType ??= 'ext4'
    azureDisk.readOnly ??= false
    azureDisk.kind ??= 'Shared'
  }
  if (scaleIO) {
    scaleIO.storageMode ||= 'ThinProvisioned'
    scaleIO.fsType ||= 'xfs'
  }
}

/** Of claims and of claim templates. Upstream: defaults.go SetDefaults_PersistentVolumeClaimSpec. */
export function setPersistentVolumeClaimSpecDefaults(spec: PersistentVolumeClaimSpec): void {
  spec.volumeMode ??= 'Filesystem'
  // Not a pointer upstream: always shown, even when empty.
  if (spec.resources) setResourceRequirementsDefaults(spec.resources)
  else spec.resources = {}
}

function hasNoSource(volume: Volume): boolean {
  for (const key in volume) {
    const source = volume[key as keyof Volume]
    if (key !== 'name' && source !== undefined && source !== null) return false
  }
  return true
}

function setProjectionDefaults(source: VolumeProjection): void {
  if (source.downwardAPI?.items) for (const item of source.downwardAPI.items) setValueFromDefaults(item)
  if (source.serviceAccountToken) source.serviceAccountToken.expirationSeconds ??= 3600
  // Behind gates that are off: ClusterTrustBundleProjection, PodCertificateRequest.
  if (source.clusterTrustBundle) delete source.clusterTrustBundle
  if (source.podCertificate) delete source.podCertificate
}
