import { nodeLabelsWarnings } from '../../core/v1/node-label-warnings.ts'
import { checkContainerResourceName } from '../../core/v1/resource-names.ts'
import { checkResourceRequirements } from '../../core/v1/resource-validation.ts'
import { checkTolerations } from '../../core/v1/scheduling-validation.ts'
import { defineResource } from '../../definition.ts'
import { pushChanged, pushInvalid } from '../../meta/field-checks.ts'
import { duplicate, type FieldError, required } from '../../meta/field-error.ts'
import { type GoStruct, showGoStruct } from '../../meta/go-struct.ts'
import { isDns1123Label } from '../../meta/names.ts'
import { validateLabels } from '../../meta/object-meta-validation.ts'
import { ageColumn, column, nameColumn } from '../../table-columns.ts'
import type { RuntimeClass, Toleration } from '../../types.gen.ts'

const GO_TOLERATION: GoStruct = { Key: '', Operator: '', Value: '', Effect: '', TolerationSeconds: null }

export const runtimeClass = defineResource<RuntimeClass>('node.k8s.io/v1/runtimeclasses', {
  createsOnUpdate: true,
  refusesUnconditionalUpdate: true,
  validate: ({ handler, overhead, scheduling }) => {
    const errors: FieldError[] = []
    if (!handler) errors.push(required('handler'))
    else pushInvalid(errors, 'handler', handler, isDns1123Label(handler))
    if (overhead !== undefined) {
      checkResourceRequirements(errors, { limits: overhead.podFixed ?? {} }, 'overhead', checkContainerResourceName, [])
    }
    errors.push(...validateLabels(scheduling?.nodeSelector, 'scheduling.nodeSelector'))
    pushTolerationFaults(errors, scheduling?.tolerations ?? [], 'scheduling.tolerations')
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

/** Two may differ in more than how long they last. */
function pushTolerationFaults(errors: FieldError[], tolerations: Toleration[], path: string): void {
  checkTolerations(errors, tolerations, path)
  const seen = new Set<string>()
  tolerations.forEach((toleration, i) => {
    const { key = '', operator = '', value = '', effect = '' } = toleration
    const identity = JSON.stringify([key, operator, value, effect])
    if (seen.has(identity)) errors.push(duplicate(`${path}[${i}]`, showGoStruct(toleration, GO_TOLERATION)))
    seen.add(identity)
  })
}
