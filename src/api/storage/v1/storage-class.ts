import { nodeLabelDeprecation } from '../../core/v1/node-label-warnings.ts'
import { defineResource } from '../../definition.ts'
import { pushChanged, pushInvalid, pushUnsupported } from '../../meta/field-checks.ts'
import { duplicate, type FieldError, required } from '../../meta/field-error.ts'
import { isQualifiedName } from '../../meta/names.ts'
import { ageColumn, column, nameColumn } from '../../table-columns.ts'
import type { StorageClass, TopologySelectorTerm } from '../../types.gen.ts'
import { pushParameterFaults, pushProvisionerFaults } from './driver-parameters.ts'

const IS_DEFAULT = 'storageclass.kubernetes.io/is-default-class'
const IS_DEFAULT_BETA = 'storageclass.beta.kubernetes.io/is-default-class'

/** Do claims that name no class get this one? */
export function isDefaultStorageClass({ metadata }: StorageClass): boolean {
  return metadata.annotations?.[IS_DEFAULT] === 'true' || metadata.annotations?.[IS_DEFAULT_BETA] === 'true'
}

export const storageClass = defineResource<StorageClass>('storage.k8s.io/v1/storageclasses', {
  setDefaults: (object) => {
    object.reclaimPolicy ??= 'Delete'
    object.volumeBindingMode ??= 'Immediate'
  },
  validate: ({ provisioner, parameters, reclaimPolicy, volumeBindingMode, allowedTopologies = [] }) => {
    const errors: FieldError[] = []
    pushProvisionerFaults(errors, provisioner, 'provisioner')
    pushParameterFaults(errors, parameters, true)
    if (reclaimPolicy) pushUnsupported(errors, 'reclaimPolicy', reclaimPolicy, ['Delete', 'Retain'])
    pushUnsupported(errors, 'volumeBindingMode', volumeBindingMode, ['Immediate', 'WaitForFirstConsumer'])
    pushTopologyFaults(errors, allowedTopologies, 'allowedTopologies')
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

/** Two terms may not say the same. Upstream: validateAllowedTopologies, ValidateTopologySelectorTerm. */
function pushTopologyFaults(errors: FieldError[], terms: readonly TopologySelectorTerm[], path: string): void {
  const seen = new Set<string>()
  terms.forEach(({ matchLabelExpressions = [] }, i) => {
    const at = `${path}[${i}].matchLabelExpressions`
    const keys = new Map<string, string[]>()
    matchLabelExpressions.forEach(({ key = '', values = [] }, k) => {
      if (values.length === 0) errors.push(required(`${at}[${k}].values`))
      values.forEach((value, v) => {
        if (values.indexOf(value) < v) errors.push(duplicate(`${at}[${k}].values[${v}]`, value))
      })
      pushInvalid(errors, `${at}[${k}].key`, key, isQualifiedName(key))
      if (keys.has(key)) errors.push(duplicate(`${at}[${k}].key`, key))
      keys.set(key, [...new Set(values)].sort())
    })
    const meaning = JSON.stringify([...keys].sort(([a], [b]) => (a < b ? -1 : 1)))
    // Upstream compares with as many empty terms as there are terms.
    if (keys.size === 0 || seen.has(meaning)) errors.push(duplicate(at, ''))
    seen.add(meaning)
  })
}
