import { nodeLabelDeprecation } from '../../core/v1/node-label-warnings.ts'
import { defineResource } from '../../definition.ts'
import { pushChanged, pushInvalid, pushUnsupported, pushUnsupportedOrMissing } from '../../meta/field-checks.ts'
import { type FieldError, invalid, required, tooLong } from '../../meta/field-error.ts'
import { isQualifiedName } from '../../meta/names.ts'
import { ageColumn, column, nameColumn } from '../../table-columns.ts'
import type { StorageClass } from '../../types.gen.ts'

const IS_DEFAULT = 'storageclass.kubernetes.io/is-default-class'
const IS_DEFAULT_BETA = 'storageclass.beta.kubernetes.io/is-default-class'
const MAX_PARAMETERS = 512
const MAX_PARAMETERS_BYTES = 256 * 1024

/** Do claims that name no class get this one? */
export function isDefaultStorageClass({ metadata }: StorageClass): boolean {
  return metadata.annotations?.[IS_DEFAULT] === 'true' || metadata.annotations?.[IS_DEFAULT_BETA] === 'true'
}

export const storageClass = defineResource<StorageClass>('storage.k8s.io/v1/storageclasses', {
  setDefaults: (object) => {
    object.reclaimPolicy ??= 'Delete'
    object.volumeBindingMode ??= 'Immediate'
  },
  validate: ({ provisioner, parameters, reclaimPolicy, volumeBindingMode }) => {
    const errors: FieldError[] = []
    if (!provisioner) errors.push(required('provisioner'))
    else pushInvalid(errors, 'provisioner', provisioner.toLowerCase(), isQualifiedName(provisioner.toLowerCase()))
    pushParameterFaults(errors, parameters)
    if (reclaimPolicy) pushUnsupported(errors, 'reclaimPolicy', reclaimPolicy, ['Delete', 'Retain'])
    pushUnsupportedOrMissing(errors, 'volumeBindingMode', volumeBindingMode, ['Immediate', 'WaitForFirstConsumer'])
    return errors
  },
  validateUpdate: (next, old) => {
    const errors: FieldError[] = []
    for (const field of ['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode'] as const) {
      pushChanged(errors, field, next[field], old[field])
    }
    return errors
  },
  warnings: ({ allowedTopologies = [] }) =>
    allowedTopologies.flatMap(({ matchLabelExpressions = [] }, i) =>
      matchLabelExpressions.flatMap(({ key }, j) => {
        const message = nodeLabelDeprecation(key)
        return message === undefined ? [] : [`allowedTopologies[${i}].matchLabelExpressions[${j}].key: ${message}`]
      }),
    ),
  columns: [
    {
      ...nameColumn,
      cell: (object: StorageClass) => `${object.metadata.name}${isDefaultStorageClass(object) ? ' (default)' : ''}`,
    },
    column('Provisioner', 'string', 'Who makes its volumes.', ({ provisioner }) => provisioner),
    column('ReclaimPolicy', 'string', 'What becomes of a released volume.', ({ reclaimPolicy }) => reclaimPolicy ?? 'Delete'),
    column('VolumeBindingMode', 'string', 'When a claim is bound.', ({ volumeBindingMode }) => volumeBindingMode ?? 'Immediate'),
    column('AllowVolumeExpansion', 'string', 'May volumes grow?', ({ allowVolumeExpansion }) => allowVolumeExpansion ?? false),
    ageColumn,
  ],
})

function pushParameterFaults(errors: FieldError[], parameters: Readonly<Record<string, string>> | undefined): void {
  if (parameters === undefined) return
  const entries = Object.entries(parameters)
  if (entries.length > MAX_PARAMETERS) {
    errors.push(tooLong('parameters', MAX_PARAMETERS))
    return
  }
  if ('' in parameters) errors.push(invalid('parameters', '', 'field can not be empty.'))
  const bytes = entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0)
  if (bytes > MAX_PARAMETERS_BYTES) errors.push(tooLong('parameters', MAX_PARAMETERS_BYTES))
}
