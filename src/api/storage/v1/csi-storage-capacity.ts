import { nodeSelectorWarnings } from '../../core/v1/node-label-warnings.ts'
import { defineResource } from '../../definition.ts'
import { pushChanged, pushInvalid } from '../../meta/field-checks.ts'
import { type FieldError, invalid } from '../../meta/field-error.ts'
import { isDns1123Subdomain } from '../../meta/names.ts'
import { type LabelSelectorRules, validateLabelSelector } from '../../meta/object-meta-validation.ts'
import { parseQuantity } from '../../meta/quantity.ts'
import type { CSIStorageCapacity } from '../../types.gen.ts'

/** Its table has the columns of kinds that define none, though upstream has a printer for it. */
export const csiStorageCapacity = defineResource<CSIStorageCapacity>('storage.k8s.io/v1/csistoragecapacities', {
  refusesUnconditionalUpdate: true,
  validatesUpdateAlone: true,
  validate: (object) => faultsOf(object, {}),
  warnings: ({ nodeTopology }) => nodeSelectorWarnings(nodeTopology, 'nodeTopology'),
  validateUpdate: (next, old) => {
    const errors = faultsOf(next, { allowInvalidLabelValue: validateLabelSelector(old.nodeTopology, '').length > 0 })
    pushChanged(errors, 'nodeTopology', next.nodeTopology, old.nodeTopology)
    pushChanged(errors, 'storageClassName', next.storageClassName, old.storageClassName)
    return errors
  },
})

function faultsOf({ nodeTopology, storageClassName, capacity }: CSIStorageCapacity, rules: LabelSelectorRules): FieldError[] {
  const errors = validateLabelSelector(nodeTopology, 'nodeTopology', rules)
  pushInvalid(errors, 'storageClassName', storageClassName ?? '', isDns1123Subdomain(storageClassName ?? ''))
  if (capacity !== undefined && (parseQuantity(capacity)?.nano ?? 0n) < 0n) {
    errors.push(invalid('capacity', capacity, 'must be greater than or equal to 0'))
  }
  return errors
}
