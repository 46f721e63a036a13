/** The claims a StatefulSet makes for each of its pods. */
import { pushInvalid } from '../../meta/field-checks.ts'
import { type FieldError, forbidden, invalid, notSupported, required } from '../../meta/field-error.ts'
import { isDns1123Subdomain } from '../../meta/names.ts'
import { validateLabelSelector } from '../../meta/object-meta-validation.ts'
import { parseQuantity } from '../../meta/quantity.ts'
import type { PersistentVolumeClaimSpec } from '../../types.gen.ts'

const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod']

/** Upstream: pkg/apis/core/validation ValidatePersistentVolumeClaimSpec. */
export function pushClaimSpecFaults(errors: FieldError[], spec: PersistentVolumeClaimSpec, path: string): void {
  const modes = spec.accessModes ?? []
  if (modes.length === 0) errors.push(required(`${path}.accessModes`, 'at least 1 access mode is required'))
  errors.push(...validateLabelSelector(spec.selector, `${path}.selector`))
  for (const mode of modes) if (!ACCESS_MODES.includes(mode)) errors.push(notSupported(`${path}.accessModes`, mode, ACCESS_MODES))
  const others = modes.filter((mode) => mode !== 'ReadWriteOncePod' && ACCESS_MODES.includes(mode))
  if (modes.includes('ReadWriteOncePod') && others.length > 0) {
    errors.push(forbidden(`${path}.accessModes`, 'may not use ReadWriteOncePod with other access modes'))
  }
  const storage = spec.resources?.requests?.storage
  if (storage === undefined) errors.push(required(`${path}.resources[storage]`))
  else if ((parseQuantity(storage)?.nano ?? 0n) <= 0n) {
    errors.push(invalid(`${path}.resources[storage]`, storage, 'must be greater than zero'))
  }
  if (spec.storageClassName) {
    pushInvalid(errors, `${path}.storageClassName`, spec.storageClassName, isDns1123Subdomain(spec.storageClassName))
  }
  if (spec.volumeMode !== undefined && spec.volumeMode !== 'Block' && spec.volumeMode !== 'Filesystem') {
    errors.push(notSupported(`${path}.volumeMode`, spec.volumeMode, ['Block', 'Filesystem']))
  }
}
