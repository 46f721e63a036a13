import { defineResource } from '../../definition.ts'
import { pushNegative } from '../../meta/field-checks.ts'
import { type FieldError, invalid } from '../../meta/field-error.ts'
import { ageColumn, column, nameColumn } from '../../table-columns.ts'
import type { Lease } from '../../types.gen.ts'

export const lease = defineResource<Lease>('coordination.k8s.io/v1/leases', {
  createsOnUpdate: true,
  refusesUnconditionalUpdate: true,
  keepsNoHistory: true,
  setDefaults: (object) => {
    object.spec ??= {}
  },
  prepareForCreate: dropCoordination,
  prepareForUpdate: dropCoordination,
  validate: ({ spec }) => {
    const errors: FieldError[] = []
    const { leaseDurationSeconds } = spec
    if (leaseDurationSeconds !== undefined && leaseDurationSeconds <= 0) {
      errors.push(invalid('spec.leaseDurationSeconds', leaseDurationSeconds, 'must be greater than 0'))
    }
    pushNegative(errors, 'spec.leaseTransitions', spec.leaseTransitions)
    return errors
  },
  columns: [nameColumn, column('Holder', 'string', 'Who holds it.', ({ spec }) => spec?.holderIdentity ?? ''), ageColumn],
})

/** Behind the gate CoordinatedLeaderElection, which is off. */
function dropCoordination({ spec }: Lease): void {
  delete spec?.strategy
  delete spec?.preferredHolder
}
