/** `volumes` of pods. What the storage systems of old ask is in storage-system-validation.ts. */
import { duplicate, type FieldError, forbidden, invalid, notSupported, required, tooLong } from '../../meta/field-error.ts'
import { isDns1123Label, isDns1123Subdomain, isLongerThan, nameIsDnsSubdomain } from '../../meta/names.ts'
import { validateAnnotations, validateLabels } from '../../meta/object-meta-validation.ts'
import { compareQuantities } from '../../meta/quantity.ts'
import type { CSIVolumeSource, EphemeralVolumeSource, HostPathVolumeSource, ObjectMeta, Volume } from '../../types.gen.ts'
import { checkClaimSpec } from './claim-validation.ts'
import { pushInvalid } from './formats.ts'
import { checkNoBacksteps } from './local-path.ts'
import type { VolumesByName } from './mount-validation.ts'
import type { PodSpecRules } from './pod-spec-validation.ts'
import { checkDownwardFiles, checkFileMode, checkKeysToPaths, checkProjected } from './projection-validation.ts'
import { checkStorageSystem, STORAGE_SYSTEMS } from './storage-system-validation.ts'

/** Upstream's order, which decides which of several sources is one too many. */
const SOURCES = [
  'hostPath',
  'gitRepo',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'secret',
  'nfs',
  'iscsi',
  'glusterfs',
  'flocker',
  'persistentVolumeClaim',
  'rbd',
  'cinder',
  'cephfs',
  'quobyte',
  'downwardAPI',
  'fc',
  'flexVolume',
  'configMap',
  'azureFile',
  'vsphereVolume',
  'photonPersistentDisk',
  'portworxVolume',
  'azureDisk',
  'storageos',
  'projected',
  'scaleIO',
  'csi',
  'ephemeral',
  'image',
] as const satisfies readonly (keyof Volume)[]

const NO_VOLUMES: VolumesByName = new Map()

/**
 * Upstream: validation.go ValidateVolumes.
 * @returns the volumes without a fault, which are those that containers may mount
 */
export function checkVolumes(
  errors: FieldError[],
  volumes: Volume[] | undefined,
  pod: Pick<PodSpecRules, 'isPod' | 'podName'>,
  path: string,
): VolumesByName {
  if (!volumes?.length) return NO_VOLUMES
  const { podName } = pod
  const valid = new Map<string, Volume>()
  for (let i = 0; i < volumes.length; i++) {
    const volume = volumes[i]!
    const at = `${path}[${i}]`
    const before = errors.length
    checkSource(errors, volume, pod, at)
    if (!volume.name) errors.push(required(`${at}.name`))
    else pushInvalid(errors, `${at}.name`, volume.name, isDns1123Label(volume.name))
    if (valid.has(volume.name)) errors.push(duplicate(`${at}.name`, volume.name))
    if (errors.length === before) valid.set(volume.name, volume)
    const claimName = volume.persistentVolumeClaim?.claimName
    if (claimName && podName !== '' && volumes.some((other) => other.ephemeral && claimName === `${podName}-${other.name}`)) {
      const detail = 'must not reference a PVC that gets created for an ephemeral volume'
      errors.push(invalid(`${at}.persistentVolumeClaim.claimName`, claimName, detail))
    }
  }
  return valid
}

function checkSource(errors: FieldError[], volume: Volume, pod: Pick<PodSpecRules, 'isPod' | 'podName'>, path: string): void {
  let sources = 0
  if (volume.emptyDir) {
    sources++
    if (compareQuantities(volume.emptyDir.sizeLimit, '0') < 0) {
      errors.push(forbidden(`${path}.emptyDir.sizeLimit`, 'SizeLimit field must be a valid resource quantity'))
    }
  }
  for (const key of SOURCES) {
    if (volume[key] === undefined || volume[key] === null) continue
    if (sources++ > 0) errors.push(forbidden(`${path}.${MISSPELT[key] ?? key}`, 'may not specify more than 1 volume type'))
    else checkOneSource(errors, volume, key, pod, path)
  }
  if (sources === 0) errors.push(required(path, 'must specify a volume type'))
}

/** As upstream spells them where they are one too many. */
const MISSPELT: Readonly<Record<string, string>> = { cephfs: 'cephFS', downwardAPI: 'downwarAPI' }

function checkOneSource(
  errors: FieldError[],
  volume: Volume,
  key: (typeof SOURCES)[number],
  { isPod, podName }: Pick<PodSpecRules, 'isPod' | 'podName'>,
  path: string,
): void {
  switch (key) {
    case 'configMap':
      if (!volume.configMap!.name) errors.push(required(`${path}.configMap.name`))
      checkFileMode(errors, volume.configMap!.defaultMode, `${path}.configMap.defaultMode`)
      checkKeysToPaths(errors, volume.configMap!.items, `${path}.configMap.items`)
      break
    case 'secret':
      if (!volume.secret!.secretName) errors.push(required(`${path}.secret.secretName`))
      checkFileMode(errors, volume.secret!.defaultMode, `${path}.secret.defaultMode`)
      checkKeysToPaths(errors, volume.secret!.items, `${path}.secret.items`)
      break
    case 'persistentVolumeClaim':
      if (!volume.persistentVolumeClaim!.claimName) errors.push(required(`${path}.persistentVolumeClaim.claimName`))
      break
    case 'hostPath':
      checkHostPath(errors, volume.hostPath!, `${path}.hostPath`)
      break
    case 'projected':
      checkProjected(errors, volume.projected!, `${path}.projected`)
      break
    case 'downwardAPI':
      checkFileMode(errors, volume.downwardAPI!.defaultMode, `${path}.downwardAPI.defaultMode`)
      checkDownwardFiles(errors, volume.downwardAPI!.items, `${path}.downwardAPI`)
      break
    case 'csi':
      checkCsi(errors, volume.csi!, `${path}.csi`)
      break
    case 'ephemeral':
      checkEphemeral(errors, volume.ephemeral!, `${path}.ephemeral`)
      if (podName !== '' && volume.name) {
        const claimName = `${podName}-${volume.name}`
        for (const message of nameIsDnsSubdomain(claimName, false)) {
          errors.push(invalid(`${path}.name`, volume.name, `PVC name "${claimName}": ${message}`))
        }
      }
      break
    case 'image':
      // A template may leave it to whoever makes pods of it.
      if (isPod && !volume.image!.reference) errors.push(required(`${path}.image.reference`))
      if (!PULL_POLICIES.includes(volume.image!.pullPolicy ?? '')) {
        errors.push(notSupported(`${path}.image.pullPolicy`, volume.image!.pullPolicy, PULL_POLICIES))
      }
      break
    case 'iscsi':
      checkStorageSystem(errors, 'iscsi', volume, path)
      if (volume.iscsi!.initiatorName !== undefined && `${volume.name}:${volume.iscsi!.targetPortal}`.length > 64) {
        const detail = 'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.'
        errors.push(invalid(`${path}.name`, volume.name, detail))
      }
      break
    default:
      if (key in STORAGE_SYSTEMS) checkStorageSystem(errors, key, volume, path)
  }
}

const PULL_POLICIES: readonly string[] = ['Always', 'IfNotPresent', 'Never']
const HOST_PATH_TYPES = ['', 'BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate', 'Socket']

/** Of volumes and of PersistentVolumes. */
export function checkHostPath(errors: FieldError[], { path: hostPath, type }: HostPathVolumeSource, path: string): void {
  if (!hostPath) {
    errors.push(required(`${path}.path`))
    return
  }
  checkNoBacksteps(errors, hostPath, `${path}.path`)
  if (type !== undefined && !HOST_PATH_TYPES.includes(type)) errors.push(notSupported(`${path}.type`, type, HOST_PATH_TYPES))
}

/** Upstream: validation.go ValidateCSIDriverName. */
export function checkCsiDriverName(errors: FieldError[], driver: string | undefined, path: string): void {
  if (!driver) {
    errors.push(required(path))
    return
  }
  if (isLongerThan(driver, 63)) errors.push(tooLong(path, 63))
  pushInvalid(errors, path, driver, isDns1123Subdomain(driver.toLowerCase()))
}

function checkCsi(errors: FieldError[], { driver, nodePublishSecretRef }: CSIVolumeSource, path: string): void {
  checkCsiDriverName(errors, driver, `${path}.driver`)
  if (!nodePublishSecretRef) return
  const { name } = nodePublishSecretRef
  if (!name) errors.push(required(`${path}.nodePublishSecretRef.name`))
  else pushInvalid(errors, `${path}.name`, name, nameIsDnsSubdomain(name, false))
}

/** Templates of claims may have labels and annotations, nothing else. Upstream: ValidateTemplateObjectMeta. */
export function checkTemplateMetadata(errors: FieldError[], metadata: Partial<ObjectMeta>, path: string): void {
  errors.push(...validateAnnotations(metadata.annotations, `${path}.annotations`))
  errors.push(...validateLabels(metadata.labels, `${path}.labels`))
  for (const key in metadata) {
    const value = metadata[key as keyof ObjectMeta]
    if (key === 'labels' || key === 'annotations' || value === undefined || value === null || value === '') continue
    errors.push(forbidden(`${path}.${key}`, 'cannot be set'))
  }
}

function checkEphemeral(errors: FieldError[], { volumeClaimTemplate: template }: EphemeralVolumeSource, path: string): void {
  const at = `${path}.volumeClaimTemplate`
  if (!template) {
    errors.push(required(at))
    return
  }
  checkTemplateMetadata(errors, template.metadata ?? {}, `${at}.metadata`)
  checkClaimSpec(errors, template.spec ?? {}, `${at}.spec`)
}
