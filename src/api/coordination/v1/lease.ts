import { defineResource } from '../../definition.ts'
import { pushInvalid, pushNegative } from '../../meta/field-checks.ts'
import { type FieldError, forbidden, invalid } from '../../meta/field-error.ts'
import { isQualifiedName } from '../../meta/names.ts'
import { ageColumn, column, nameColumn } from '../../table-columns.ts'
import type { Lease } from '../../types.gen.ts'

export const lease = defineResource<Lease>('coordination.k8s.io/v1/leases', {
  createsOnUpdate: true,
  refusesUnconditionalUpdate: true,
  keepsNoHistory: true,
  setDefaults: (object) => {
    object.spec ??= {}
  },
  validate: ({ spec }) => {
    const errors: FieldError[] = []
    const { leaseDurationSeconds, strategy, preferredHolder } = spec
    if (leaseDurationSeconds !== undefined && leaseDurationSeconds <= 0) {
      errors.push(invalid('spec.leaseDurationSeconds', leaseDurationSeconds, 'must be greater than 0'))
    }
    pushNegative(errors, 'spec.leaseTransitions', spec.leaseTransitions)
    if (strategy !== undefined && strategy !== 'OldestEmulationVersion') {
      pushInvalid(errors, 'spec.strategy', strategy, isQualifiedName(strategy))
    }
    if (preferredHolder && !strategy) errors.push(forbidden('spec.preferredHolder', 'may only be specified if `strategy` is defined'))
    return errors
  },
  columns: [nameColumn, column('Holder', 'string', 'Who holds it.', ({ spec }) => spec?.holderIdentity ?? ''), ageColumn],
})
