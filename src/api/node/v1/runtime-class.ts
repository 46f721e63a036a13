import { nodeLabelsWarnings } from '../../core/v1/node-label-warnings.ts'
import { defineResource } from '../../definition.ts'
import { pushChanged, pushInvalid } from '../../meta/field-checks.ts'
import { type FieldError, required } from '../../meta/field-error.ts'
import { isDns1123Label } from '../../meta/names.ts'
import { validateLabels } from '../../meta/object-meta-validation.ts'
import { ageColumn, column, nameColumn } from '../../table-columns.ts'
import type { RuntimeClass } from '../../types.gen.ts'

export const runtimeClass = defineResource<RuntimeClass>('node.k8s.io/v1/runtimeclasses', {
  createsOnUpdate: true,
  refusesUnconditionalUpdate: true,
  validate: ({ handler, scheduling }) => {
    const errors: FieldError[] = []
    if (!handler) errors.push(required('handler'))
    else pushInvalid(errors, 'handler', handler, isDns1123Label(handler))
    errors.push(...validateLabels(scheduling?.nodeSelector, 'scheduling.nodeSelector'))
    return errors
  },
  validateUpdate: (next, old) => {
    const errors: FieldError[] = []
    pushChanged(errors, 'handler', next.handler, old.handler)
    return errors
  },
  warnings: ({ scheduling }) => nodeLabelsWarnings(scheduling?.nodeSelector, () => 'scheduling.nodeSelector'),
  columns: [nameColumn, column('Handler', 'string', 'The runtime that nodes know by it.', ({ handler }) => handler), ageColumn],
})
