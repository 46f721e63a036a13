/**
 * The storage systems that pods' volumes and PersistentVolumes name directly. All but a few only ask that some fields be
 * there, so they are a table. Upstream: validation.go validate…VolumeSource.
 */
import { type FieldError, invalid, notSupported, required } from '../../meta/field-error.ts'
import { isDns1123Label } from '../../meta/names.ts'
import type {
  AzureDiskVolumeSource,
  AzureFilePersistentVolumeSource,
  FCVolumeSource,
  GlusterfsPersistentVolumeSource,
  ISCSIVolumeSource,
  QuobyteVolumeSource,
} from '../../types.gen.ts'
import { pushInvalid, rangeMessage } from './formats.ts'
import { checkDescendingPath } from './local-path.ts'

type Source = Record<string, unknown>

interface StorageSystem {
  /** How upstream names the field in a path, where it differs. */
  readonly field?: string
  readonly required?: readonly string[]
  /** @param volumeName of the PersistentVolume; undefined in a pod */
  readonly check?: (errors: FieldError[], source: never, path: string, volumeName: string | undefined) => void
}

export const STORAGE_SYSTEMS: Readonly<Record<string, StorageSystem>> = {
  gitRepo: { required: ['repository'], check: checkGitRepo },
  gcePersistentDisk: { field: 'persistentDisk', required: ['pdName'], check: checkPartition },
  awsElasticBlockStore: { required: ['volumeID'], check: checkPartition },
  nfs: { required: ['server', 'path'], check: checkNfs },
  iscsi: { required: ['targetPortal'], check: checkIscsi },
  glusterfs: { required: ['endpoints', 'path'], check: checkGlusterfs },
  flocker: { check: checkFlocker },
  rbd: { required: ['monitors', 'image'] },
  cinder: { required: ['volumeID'], check: checkSecretRef },
  cephfs: { required: ['monitors'] },
  quobyte: { check: checkQuobyte },
  fc: { check: checkFc },
  flexVolume: { required: ['driver'], check: checkFlexOptions },
  azureFile: { required: ['secretName', 'shareName'], check: checkAzureFile },
  vsphereVolume: { required: ['volumePath'] },
  photonPersistentDisk: { required: ['pdID'] },
  portworxVolume: { required: ['volumeID'] },
  azureDisk: { required: ['diskName', 'diskURI'], check: checkAzureDisk },
  storageos: { required: ['volumeName'], check: checkStorageos },
  scaleIO: { required: ['gateway', 'system', 'volumeName'] },
}

/**
 * @param holder the volume, or the spec of the PersistentVolume, that has the source as `key`
 * @param volumeName of the PersistentVolume
 */
export function checkStorageSystem(errors: FieldError[], key: string, holder: object, path: string, volumeName?: string): void {
  const system = STORAGE_SYSTEMS[key]
  const source = (holder as Record<string, Source>)[key]!
  if (system === undefined) return
  const at = `${path}.${system.field ?? key}`
  for (const name of system.required ?? []) {
    const value = source[name]
    if (!value || (Array.isArray(value) && value.length === 0)) errors.push(required(`${at}.${name}`))
  }
  system.check?.(errors, source as never, at, volumeName)
}

function checkGitRepo(errors: FieldError[], { directory }: { directory?: string }, path: string): void {
  checkDescendingPath(errors, directory ?? '', `${path}.directory`)
}

function checkPartition(errors: FieldError[], { partition }: { partition?: number }, path: string): void {
  if (partition !== undefined && (partition < 0 || partition > 255)) {
    errors.push(invalid(`${path}.partition`, partition, rangeMessage(1, 255)))
  }
}

function checkNfs(errors: FieldError[], { path: directory }: { path?: string }, path: string): void {
  if (!directory?.startsWith('/')) errors.push(invalid(`${path}.path`, directory ?? '', 'must be an absolute path'))
}

interface WithSecret {
  readonly secretRef?: { readonly name?: string; readonly namespace?: string }
}

/** A pod's secret is in its own namespace. */
function checkSecretRef(errors: FieldError[], { secretRef }: WithSecret, path: string, volumeName: string | undefined): void {
  if (!secretRef) return
  if (!secretRef.name) errors.push(required(`${path}.secretRef.name`))
  if (volumeName !== undefined && !secretRef.namespace) errors.push(required(`${path}.secretRef.namespace`))
}

/** Only PersistentVolumes have the field. */
function checkGlusterfs(errors: FieldError[], { endpointsNamespace: namespace }: GlusterfsPersistentVolumeSource, path: string): void {
  if (namespace === undefined) return
  const at = `${path}.endpointsNamespace`
  if (namespace === '') errors.push(invalid(at, namespace, 'if the endpointnamespace is set, it must be a valid namespace name'))
  else pushInvalid(errors, at, namespace, isDns1123Label(namespace))
}

/** Only PersistentVolumes have the field. */
function checkAzureFile(errors: FieldError[], { secretNamespace }: AzureFilePersistentVolumeSource, path: string): void {
  if (secretNamespace === '') errors.push(required(`${path}.secretNamespace`))
}

function checkStorageos(
  errors: FieldError[],
  source: WithSecret & { volumeName?: string; volumeNamespace?: string },
  path: string,
  persistent: string | undefined,
): void {
  const { volumeName, volumeNamespace } = source
  if (volumeName) pushInvalid(errors, `${path}.volumeName`, volumeName, isDns1123Label(volumeName))
  if (volumeNamespace) pushInvalid(errors, `${path}.volumeNamespace`, volumeNamespace, isDns1123Label(volumeNamespace))
  checkSecretRef(errors, source, path, persistent)
}

const ISCSI_NAMES: Readonly<Record<string, RegExp>> = {
  iqn: /iqn\.\d{4}-\d{2}\.([a-zA-Z0-9-.]+)(:[^,;*&$|\s]+)$/,
  eui: /^eui.[a-zA-Z0-9]{16}$/,
  naa: /^naa.[a-zA-Z0-9]{32}$/,
}

function iscsiNameFault(name: string, volumeName: string | undefined): string | undefined {
  const pattern = ISCSI_NAMES[name.slice(0, 3)]
  // Upstream tells more of it to pods.
  if (pattern === undefined)
    return volumeName === undefined ? 'must be valid format starting with iqn, eui, or naa' : 'must be valid format'
  return pattern.test(name) ? undefined : 'must be valid format'
}

function checkIscsi(errors: FieldError[], source: ISCSIVolumeSource, path: string, volumeName: string | undefined): void {
  const { iqn, lun, initiatorName, targetPortal } = source
  if (volumeName !== undefined && initiatorName !== undefined && Buffer.byteLength(`${volumeName}:${targetPortal}`) > 64) {
    const detail = 'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.'
    errors.push(invalid(`${path}.targetportal`, targetPortal, detail))
  }
  if (!iqn) errors.push(required(`${path}.iqn`))
  else {
    const fault = iscsiNameFault(iqn, volumeName)
    if (fault !== undefined) errors.push(invalid(`${path}.iqn`, iqn, fault))
  }
  if (lun < 0 || lun > 255) errors.push(invalid(`${path}.lun`, lun, rangeMessage(0, 255)))
  if ((source.chapAuthDiscovery || source.chapAuthSession) && !source.secretRef) errors.push(required(`${path}.secretRef`))
  if (volumeName !== undefined && source.secretRef && !source.secretRef.name) errors.push(required(`${path}.secretRef.name`))
  if (initiatorName !== undefined) {
    const fault = iscsiNameFault(initiatorName, volumeName)
    if (fault !== undefined) errors.push(invalid(`${path}.initiatorname`, initiatorName, fault))
  }
}

function checkFlocker(errors: FieldError[], source: { datasetName?: string; datasetUUID?: string }, path: string): void {
  const { datasetName, datasetUUID } = source
  if (!datasetName && !datasetUUID) errors.push(required(path, 'one of datasetName and datasetUUID is required'))
  if (datasetName && datasetUUID) {
    errors.push(invalid(path, 'resource', 'datasetName and datasetUUID can not be specified simultaneously'))
  }
  if (datasetName?.includes('/')) errors.push(invalid(`${path}.datasetName`, datasetName, "must not contain '/'"))
}

function checkQuobyte(errors: FieldError[], { registry, tenant, volume }: QuobyteVolumeSource, path: string): void {
  const form = 'must be a host:port pair or multiple pairs separated by commas'
  if (!registry) errors.push(required(`${path}.registry`, form))
  else if ((tenant?.length ?? 0) >= 65) {
    errors.push(required(`${path}.tenant`, 'must be a UUID and may not exceed a length of 64 characters'))
  } else {
    for (const pair of registry.split(',')) {
      if (!/^(?:[^:[\]]*|\[[^[\]]*\]):[^:[\]]*$/.test(pair)) errors.push(invalid(`${path}.registry`, registry, form))
    }
  }
  if (!volume) errors.push(required(`${path}.volume`))
}

function checkFc(errors: FieldError[], { targetWWNs = [], wwids = [], lun }: FCVolumeSource, path: string): void {
  if (targetWWNs.length === 0 && wwids.length === 0) {
    errors.push(required(`${path}.targetWWNs`, 'must specify either targetWWNs or wwids, but not both'))
  }
  if (targetWWNs.length > 0 && wwids.length > 0) {
    errors.push(invalid(`${path}.targetWWNs`, targetWWNs, 'targetWWNs and wwids can not be specified simultaneously'))
  }
  if (targetWWNs.length === 0) return
  if (lun === undefined) errors.push(required(`${path}.lun`, 'lun is required if targetWWNs is specified'))
  else if (lun < 0 || lun > 255) errors.push(invalid(`${path}.lun`, lun, rangeMessage(0, 255)))
}

function checkFlexOptions(errors: FieldError[], { options }: { options?: Record<string, string> }, path: string): void {
  for (const key in options) {
    const domain = `.${key.split('/')[0]!.toLowerCase()}`
    if (domain.endsWith('.kubernetes.io') || domain.endsWith('.k8s.io')) {
      errors.push(invalid(`${path}.options[${key}]`, key, 'kubernetes.io and k8s.io namespaces are reserved'))
    }
  }
}

function checkAzureDisk(errors: FieldError[], { cachingMode, kind, diskURI }: AzureDiskVolumeSource, path: string): void {
  const cachingModes = ['None', 'ReadOnly', 'ReadWrite']
  const kinds = ['Dedicated', 'Managed', 'Shared']
  if (cachingMode !== undefined && !cachingModes.includes(cachingMode)) {
    errors.push(notSupported(`${path}.cachingMode`, cachingMode, cachingModes))
  }
  if (kind === undefined) return
  if (!kinds.includes(kind)) errors.push(notSupported(`${path}.kind`, kind, kinds))
  const isManaged = kind === 'Managed'
  if (diskURI?.startsWith(isManaged ? '/subscriptions/' : 'https://')) return
  const form = isManaged
    ? '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}'
    : 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd'
  errors.push(notSupported(`${path}.diskURI`, diskURI ?? '', [form]))
}
