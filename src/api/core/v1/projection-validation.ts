/** Files that a volume makes of other objects: projected volumes, the downward API, keys of ConfigMaps and Secrets. */
import { type FieldError, forbidden, invalid, required } from '../../meta/field-error.ts'
import type { DownwardAPIVolumeFile, KeyToPath, ProjectedVolumeSource, VolumeProjection } from '../../types.gen.ts'
import { checkFieldRef, checkResourceFieldRef } from './env-validation.ts'
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
    const count = [source.secret, source.configMap, source.downwardAPI, source.serviceAccountToken].filter(Boolean).length
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
}
