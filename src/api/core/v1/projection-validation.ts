/** Files that a volume makes of other objects: projected volumes, the downward API, keys of ConfigMaps and Secrets. */
import { type FieldError, forbidden, invalid, notSupported, required } from '../../meta/field-error.ts'
import { isDns1123Subdomain } from '../../meta/names.ts'
import { validateLabelSelector } from '../../meta/object-meta-validation.ts'
import type {
  ClusterTrustBundleProjection,
  DownwardAPIVolumeFile,
  KeyToPath,
  PodCertificateProjection,
  ProjectedVolumeSource,
  VolumeProjection,
} from '../../types.gen.ts'
import { checkFieldRef, checkResourceFieldRef } from './env-validation.ts'
import { pushInvalid } from './formats.ts'
import { checkLocalPath } from './local-path.ts'

const VOLUME_FIELDS = ['metadata.annotations', 'metadata.labels', 'metadata.name', 'metadata.namespace', 'metadata.uid']

export function checkFileMode(errors: FieldError[], mode: number | undefined, path: string): void {
  if (mode !== undefined && (mode < 0 || mode > 0o777)) {
    errors.push(invalid(path, mode, 'must be a number between 0 and 0777 (octal), both inclusive'))
  }
}

export function checkKeysToPaths(errors: FieldError[], items: KeyToPath[] | undefined, path: string): void {
  items?.forEach((item, i) => {
    if (!item.key) errors.push(required(`${path}[${i}].key`))
    if (!item.path) errors.push(required(`${path}[${i}].path`))
    checkLocalPath(errors, item.path ?? '', `${path}[${i}].path`)
    checkFileMode(errors, item.mode, `${path}[${i}].mode`)
  })
}

/** Upstream: validation.go validateDownwardAPIVolumeFile, which leaves out the index. */
export function checkDownwardFiles(errors: FieldError[], files: DownwardAPIVolumeFile[] | undefined, path: string): void {
  for (const file of files ?? []) {
    if (!file.path) errors.push(required(`${path}.path`))
    checkLocalPath(errors, file.path ?? '', `${path}.path`)
    if (file.fieldRef) {
      checkFieldRef(errors, file.fieldRef, VOLUME_FIELDS, `${path}.fieldRef`)
      if (file.resourceFieldRef) {
        errors.push(invalid(path, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'))
      }
    } else if (file.resourceFieldRef) checkResourceFieldRef(errors, file.resourceFieldRef, true, `${path}.resourceFieldRef`)
    else errors.push(required(path, 'one of fieldRef and resourceFieldRef is required'))
    checkFileMode(errors, file.mode, `${path}.mode`)
  }
}

/** Upstream: validation.go validateProjectionSources. */
export function checkProjected(errors: FieldError[], { defaultMode, sources }: ProjectedVolumeSource, path: string): void {
  checkFileMode(errors, defaultMode, `${path}.defaultMode`)
  const files = new Set<string>()
  const addFile = (file: string | undefined, badValue: unknown): void => {
    if (!file) return
    if (files.has(file)) errors.push(invalid(path, badValue, 'conflicting duplicate paths'))
    files.add(file)
  }
  sources?.forEach((source, i) => {
    const at = `${path}.sources[${i}]`
    checkProjection(errors, source, path, at, addFile)
    const count = [
      source.secret,
      source.configMap,
      source.downwardAPI,
      source.serviceAccountToken,
      source.clusterTrustBundle,
      source.podCertificate,
    ].filter(Boolean).length
    if (count > 1) errors.push(forbidden(at, 'may not specify more than 1 volume type per source'))
  })
}

type AddFile = (file: string | undefined, badValue: unknown) => void

function checkProjection(errors: FieldError[], source: VolumeProjection, volumePath: string, path: string, addFile: AddFile): void {
  for (const key of ['secret', 'configMap'] as const) {
    const projection = source[key]
    if (!projection) continue
    if (!projection.name) errors.push(required(`${path}.${key}.name`))
    checkKeysToPaths(errors, projection.items, `${path}.${key}.items`)
    for (const item of projection.items ?? []) addFile(item.path, projection.name)
  }
  if (source.downwardAPI) {
    checkDownwardFiles(errors, source.downwardAPI.items, `${path}.downwardAPI`)
    for (const item of source.downwardAPI.items ?? []) addFile(item.path, item.path)
  }
  if (source.serviceAccountToken) {
    const { expirationSeconds = 3600, path: file } = source.serviceAccountToken
    const at = `${path}.serviceAccountToken.expirationSeconds`
    if (expirationSeconds < 600) errors.push(invalid(at, expirationSeconds, 'may not specify a duration less than 10 minutes'))
    if (expirationSeconds > 2 ** 32) errors.push(invalid(at, expirationSeconds, 'may not specify a duration larger than 2^32 seconds'))
    // Upstream names the volume here, not the source.
    if (!file) errors.push(required(`${volumePath}.path`))
    else checkLocalPath(errors, file, `${volumePath}.path`)
  }
  if (source.clusterTrustBundle) checkTrustBundle(errors, source.clusterTrustBundle, `${path}.clusterTrustBundle`, addFile)
  if (source.podCertificate) checkPodCertificate(errors, source.podCertificate, `${path}.podCertificate`, addFile)
}

function checkTrustBundle(errors: FieldError[], bundle: ClusterTrustBundleProjection, path: string, addFile: AddFile): void {
  const { name, signerName, labelSelector, path: file } = bundle
  if (name !== undefined && signerName !== undefined) {
    errors.push(invalid(path, bundle, 'only one of name and signerName may be used'))
  } else if (name !== undefined) {
    if (name === '') errors.push(required(`${path}.name`, 'must be a valid object name'))
    const plain = name.includes(':') ? name.slice(name.lastIndexOf(':') + 1) : name
    for (const message of isDns1123Subdomain(plain)) {
      errors.push(invalid(`${path}.name`, name, `not a valid clustertrustbundlename: ${message}`))
    }
    if (labelSelector) {
      errors.push(invalid(`${path}.labelSelector`, labelSelector, 'labelSelector must be unset if name is specified'))
    }
  } else if (signerName !== undefined) {
    if (signerName === '') errors.push(required(`${path}.signerName`, 'must be a valid signer name'))
    checkSignerName(errors, signerName, `${path}.signerName`)
    if (labelSelector) errors.push(...validateLabelSelector(labelSelector, `${path}.labelSelector`))
  } else errors.push(required(path, 'either name or signerName must be specified'))
  if (!file) errors.push(required(`${path}.path`))
  checkLocalPath(errors, file ?? '', `${path}.path`)
  addFile(file, file)
}

function checkSignerName(errors: FieldError[], signerName: string, path: string): void {
  const [domain = '', ...rest] = signerName.split('/')
  if (signerName === '') errors.push(required(path))
  else if (rest.length !== 1)
    errors.push(invalid(path, signerName, "must be a fully qualified domain and path of the form 'example.com/signer-name'"))
  else if (rest[0] === '') errors.push(invalid(path, signerName, 'validating label "": must not be empty'))
  else {
    pushInvalid(errors, path, domain, isDns1123Subdomain(domain))
    if (!domain.includes('.')) errors.push(invalid(path, domain, 'should be a domain with at least two segments separated by dots'))
  }
}

const KEY_TYPES = ['ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519', 'RSA3072', 'RSA4096']

function checkPodCertificate(errors: FieldError[], projection: PodCertificateProjection, path: string, addFile: AddFile): void {
  const { signerName, keyType, maxExpirationSeconds, credentialBundlePath, keyPath, certificateChainPath } = projection
  checkSignerName(errors, signerName ?? '', `${path}.signerName`)
  if (!KEY_TYPES.includes(keyType)) errors.push(notSupported(`${path}.keyType`, keyType ?? '', KEY_TYPES))
  if (maxExpirationSeconds !== undefined) {
    if (maxExpirationSeconds < 3600) {
      errors.push(invalid(`${path}.maxExpirationSeconds`, maxExpirationSeconds, 'if provided, maxExpirationSeconds must be >= 3600'))
    } else if (maxExpirationSeconds > 91 * 86400) {
      errors.push(invalid(`${path}.maxExpirationSeconds`, maxExpirationSeconds, 'if provided, maxExpirationSeconds must be <= 7862400'))
    }
  }
  const files = { credentialBundlePath, keyPath, certificateChainPath }
  if (Object.values(files).every((file) => !file)) {
    errors.push(required(path, 'specify at least one of credentialBundlePath, keyPath, and certificateChainPath'))
  }
  for (const [key, file] of Object.entries(files)) {
    if (!file) continue
    checkLocalPath(errors, file, `${path}.${key}`)
    addFile(file, file)
  }
}
