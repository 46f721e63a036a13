import { defineResource } from '../../definition.ts'
import { isSameValue } from '../../meta/field-checks.ts'
import { type FieldError, forbidden } from '../../meta/field-error.ts'
import { ageColumn, column, nameColumn } from '../../table-columns.ts'
import type { VolumeAttributesClass } from '../../types.gen.ts'
import { pushParameterFaults, pushProvisionerFaults } from './driver-parameters.ts'

export const volumeAttributesClass = defineResource<VolumeAttributesClass>('storage.k8s.io/v1/volumeattributesclasses', {
  validatesUpdateAlone: true,
  validate: faultsOf,
  validateUpdate: (next, old) => {
    const errors = (['driverName', 'parameters'] as const)
      .filter((field) => !isSameValue(next[field], old[field]))
      .map((field) => forbidden(field, `updates to ${field} are forbidden.`))
    return [...errors, ...faultsOf(next)]
  },
  columns: [nameColumn, column('DriverName', 'string', 'The driver that knows the attributes.', ({ driverName }) => driverName), ageColumn],
})

function faultsOf({ driverName, parameters }: VolumeAttributesClass): FieldError[] {
  const errors: FieldError[] = []
  pushProvisionerFaults(errors, driverName, 'driverName')
  pushParameterFaults(errors, parameters, false)
  return errors
}
