import { defineResource } from '../../definition.ts'
import { validateConditions } from '../../meta/condition-validation.ts'
import { pushNegative, pushUnsupported } from '../../meta/field-checks.ts'
import { type FieldError, invalid } from '../../meta/field-error.ts'
import { type GoStruct, showGoStruct } from '../../meta/go-struct.ts'
import { pushMoreThanWhole, pushNotIntOrPercent } from '../../meta/int-or-percent.ts'
import { nameIsPathSegment } from '../../meta/names.ts'
import { type LabelSelectorRules, validateLabelSelector } from '../../meta/object-meta-validation.ts'
import { ageColumn, column, nameColumn } from '../../table-columns.ts'
import type { PodDisruptionBudget } from '../../types.gen.ts'

const GO_SPEC: GoStruct = { MinAvailable: null, Selector: null, MaxUnavailable: null, UnhealthyPodEvictionPolicy: null }
const COUNTS = ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'] as const

export const podDisruptionBudget = defineResource<PodDisruptionBudget>('policy/v1/poddisruptionbudgets', {
  countsGenerations: true,
  refusesUnconditionalUpdate: true,
  // Upstream looks at its name no closer than any URL does.
  validateName: nameIsPathSegment,
  setDefaults: (object) => {
    object.spec ??= {}
  },
  prepareForCreate: (object) => {
    object.status = { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 }
  },
  validatesUpdateAlone: true,
  validate: ({ spec }) => specFaults(spec, {}),
  // A selector that was bad already may stay.
  validateUpdate: ({ spec }, old) => specFaults(spec, { allowInvalidLabelValue: validateLabelSelector(old.spec.selector, '').length > 0 }),
  validateStatusUpdate: ({ status }) => {
    const errors = validateConditions(status?.conditions, 'status.conditions')
    for (const field of COUNTS) pushNegative(errors, `status.${field}`, status?.[field])
    return errors
  },
  columns: [
    nameColumn,
    column('Min Available', 'string', 'How many pods must stay available.', ({ spec }) => String(spec.minAvailable ?? 'N/A')),
    column('Max Unavailable', 'string', 'How many pods may be unavailable.', ({ spec }) => String(spec.maxUnavailable ?? 'N/A')),
    column('Allowed Disruptions', 'integer', 'How many pods may be disrupted now.', ({ status }) => status?.disruptionsAllowed ?? 0),
    ageColumn,
  ],
})

function specFaults(spec: NonNullable<PodDisruptionBudget['spec']>, rules: LabelSelectorRules): FieldError[] {
  const errors: FieldError[] = []
  if (spec.minAvailable !== undefined && spec.maxUnavailable !== undefined) {
    errors.push(invalid('spec', showGoStruct(spec, GO_SPEC), 'minAvailable and maxUnavailable cannot be both set'))
  }
  for (const field of ['minAvailable', 'maxUnavailable'] as const) {
    pushNotIntOrPercent(errors, `spec.${field}`, spec[field])
    pushMoreThanWhole(errors, `spec.${field}`, spec[field])
  }
  errors.push(...validateLabelSelector(spec.selector, 'spec.selector', rules))
  if (spec.unhealthyPodEvictionPolicy !== undefined) {
    pushUnsupported(errors, 'spec.unhealthyPodEvictionPolicy', spec.unhealthyPodEvictionPolicy, ['AlwaysAllow', 'IfHealthyBudget'])
  }
  return errors
}
