/** KWOK's Stage: what becomes of an object, when and how. Upstream: kubernetes-sigs/kwok pkg/apis/v1alpha1/stage_types.go. */
import { defineResource } from '../../definition.ts'
import { type FieldError, invalid, notSupported, required } from '../../meta/field-error.ts'
import { ageColumn, nameColumn } from '../../table-columns.ts'
import type { Stage } from '../../types.gen.ts'

const PATCH_TYPES = ['json', 'merge', 'strategic']
const APPLY_TYPES = ['apply', 'merge', 'strategic']
const OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist']

export const stage = defineResource<Stage>('kwok.x-k8s.io/v1alpha1/stages', {
  countsGenerations: true,
  setDefaults: ({ spec }) => {
    if (spec?.resourceRef === undefined) return
    spec.resourceRef.apiGroup ??= 'v1'
    spec.weight ??= 0
    if (spec.next !== undefined) spec.next.statusSubresource ??= 'status'
  },
  validate: ({ spec }) => {
    if (spec?.resourceRef === undefined) return [required('spec.resourceRef')]
    const errors: FieldError[] = []
    const { selector, delay, next, steps = [] } = spec
    if (!spec.resourceRef.kind) errors.push(required('spec.resourceRef.kind'))
    const atLeastZero = (path: string, value: number | undefined) => {
      if (value !== undefined && value < 0) errors.push(invalid(path, value, `${path} in body should be greater than or equal to 0`))
    }
    const oneOf = (path: string, value: string | undefined, values: readonly string[]) => {
      if (value !== undefined && !values.includes(value)) errors.push(notSupported(path, value, values))
    }
    atLeastZero('spec.weight', spec.weight)
    atLeastZero('spec.delay.durationMilliseconds', delay?.durationMilliseconds)
    atLeastZero('spec.delay.jitterDurationMilliseconds', delay?.jitterDurationMilliseconds)
    for (const [index, { operator, jq }] of (selector?.matchExpressions ?? []).entries()) {
      const path = `spec.selector.matchExpressions[${index}]`
      oneOf(`${path}.operator`, operator, OPERATORS)
      oneOf(`${path}.jq.operator`, jq?.operator, OPERATORS)
    }
    for (const [index, { type }] of (next?.patches ?? []).entries()) oneOf(`spec.next.patches[${index}].type`, type, PATCH_TYPES)
    for (const [index, { patch, apply }] of steps.entries()) {
      oneOf(`spec.steps[${index}].patch.type`, patch?.type, PATCH_TYPES)
      oneOf(`spec.steps[${index}].apply.type`, apply?.type, APPLY_TYPES)
    }
    return errors
  },
  columns: [nameColumn, ageColumn],
})
