/** The spec of a claim, in a PersistentVolumeClaim, in a template of one, in a pod's ephemeral volume. */
import { type FieldError, forbidden, invalid, notSupported, required } from '../../meta/field-error.ts'
import { isDns1123Subdomain, nameIsDnsLabel, nameIsDnsSubdomain } from '../../meta/names.ts'
import { validateLabelSelector } from '../../meta/object-meta-validation.ts'
import { compareQuantities } from '../../meta/quantity.ts'
import type { PersistentVolumeClaimSpec, TypedObjectReference } from '../../types.gen.ts'
import { NOT_POSITIVE, pushInvalid } from './formats.ts'

const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod']
const VOLUME_MODES = ['Block', 'Filesystem']

/** Of claims and volumes. */
export function checkAccessModes(errors: FieldError[], modes: readonly string[] | undefined, detail: string, path: string): void {
  if (!modes?.length) {
    errors.push(required(path, detail))
    return
  }
  for (const mode of modes) if (!ACCESS_MODES.includes(mode)) errors.push(notSupported(path, mode, ACCESS_MODES))
  if (modes.includes('ReadWriteOncePod') && modes.some((mode) => mode !== 'ReadWriteOncePod' && ACCESS_MODES.includes(mode))) {
    errors.push(forbidden(path, 'may not use ReadWriteOncePod with other access modes'))
  }
}

export function checkVolumeMode(errors: FieldError[], mode: string | undefined, path: string): void {
  if (mode !== undefined && !VOLUME_MODES.includes(mode)) errors.push(notSupported(path, mode, VOLUME_MODES))
}

/** Upstream: validation.go ValidatePersistentVolumeClaimSpec. */
export function checkClaimSpec(errors: FieldError[], spec: PersistentVolumeClaimSpec, path: string): void {
  const { dataSource, dataSourceRef, storageClassName, volumeAttributesClassName } = spec
  checkAccessModes(errors, spec.accessModes, 'at least 1 access mode is required', `${path}.accessModes`)
  if (spec.selector) errors.push(...validateLabelSelector(spec.selector, `${path}.selector`))
  const storage = spec.resources?.requests?.storage
  if (storage === undefined) errors.push(required(`${path}.resources[storage]`))
  else if (compareQuantities(storage, '0') <= 0) errors.push(invalid(`${path}.resources[storage]`, storage, NOT_POSITIVE))
  if (storageClassName) pushInvalid(errors, `${path}.storageClassName`, storageClassName, nameIsDnsSubdomain(storageClassName, false))
  checkVolumeMode(errors, spec.volumeMode, `${path}.volumeMode`)
  if (dataSource) checkDataSource(errors, dataSource, `${path}.dataSource`)
  if (dataSourceRef) {
    checkDataSource(errors, dataSourceRef, `${path}.dataSourceRef`)
    const { namespace } = dataSourceRef
    if (namespace) pushInvalid(errors, `${path}.dataSourceRef.namespace`, namespace, nameIsDnsLabel(namespace, false))
  }
  if (dataSource && dataSourceRef) {
    const isSame =
      dataSource.apiGroup === dataSourceRef.apiGroup && dataSource.kind === dataSourceRef.kind && dataSource.name === dataSourceRef.name
    if (dataSourceRef.namespace) {
      errors.push(invalid(path, `${path}.dataSource`, 'may not be specified when dataSourceRef.namespace is specified'))
    } else if (!isSame) errors.push(invalid(path, `${path}.dataSource`, 'must match dataSourceRef'))
  }
  if (volumeAttributesClassName) {
    const messages = nameIsDnsSubdomain(volumeAttributesClassName, false)
    pushInvalid(errors, `${path}.volumeAttributesClassName`, volumeAttributesClassName, messages)
  }
}

function checkDataSource(errors: FieldError[], { apiGroup, kind, name }: TypedObjectReference, path: string): void {
  if (!name) errors.push(required(`${path}.name`))
  if (!kind) errors.push(required(`${path}.kind`))
  if (!apiGroup && kind !== 'PersistentVolumeClaim') {
    errors.push(invalid(path, kind ?? '', "must be 'PersistentVolumeClaim' when referencing the default apiGroup"))
  }
  if (apiGroup) pushInvalid(errors, `${path}.apiGroup`, apiGroup, isDns1123Subdomain(apiGroup))
}
