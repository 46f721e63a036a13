/** Admission policies in CEL, and what binds them: validating and mutating. */

import { type Behaviour, defineResource } from '../../definition.ts'
import { validateConditions } from '../../meta/condition-validation.ts'
import { pushUnsupported } from '../../meta/field-checks.ts'
import { duplicate, type FieldError, invalid, required } from '../../meta/field-error.ts'
import { keepMetadata } from '../../meta/keep-metadata.ts'
import { ageColumn, column, nameColumn } from '../../table-columns.ts'
import type {
  ExpressionWarning,
  LabelSelector,
  MatchResources,
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  ParamKind,
  ParamRef,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '../../types.gen.ts'
import { pushMatchFaults, pushParamRefFaults, pushPolicyNameFaults, pushUnmutableOperationFaults } from './match-validation.ts'
import { validateMutatingPolicy, validateValidatingPolicy } from './policy-validation.ts'
import { staticNameWarnings } from './static-name-warnings.ts'

const PATH = 'admissionregistration.k8s.io/v1'
const DENY_AND_WARN =
  'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)'

export const validatingAdmissionPolicy = defineResource<ValidatingAdmissionPolicy>(`${PATH}/validatingadmissionpolicies`, {
  countsGenerations: true,
  warnings: staticNameWarnings,
  refusesUnconditionalUpdate: true,
  setDefaults: (object) => {
    object.spec ??= {}
    object.spec.failurePolicy ??= 'Fail'
    setMatchDefaults(object.spec.matchConstraints)
  },
  prepareForCreate: (object) => {
    object.status = {}
  },
  prepareForStatusUpdate: keepMetadata,
  validatesUpdateAlone: true,
  validate: ({ metadata, spec = {} }) => validateValidatingPolicy(metadata.name, spec),
  validateUpdate: ({ metadata, spec = {} }, old) => validateValidatingPolicy(metadata.name, spec, old.spec),
  validateStatusUpdate: ({ status }) => [
    ...typeCheckingFaults(status?.typeChecking?.expressionWarnings),
    ...validateConditions(status?.conditions, 'status.conditions'),
  ],
  columns: [
    nameColumn,
    column('Validations', 'integer', 'Number of its rules.', ({ spec }) => spec?.validations?.length ?? 0),
    column('ParamKind', 'string', 'Kind of its parameters.', ({ spec }) => paramKindText(spec?.paramKind)),
    ageColumn,
  ],
})

export const mutatingAdmissionPolicy = defineResource<MutatingAdmissionPolicy>(`${PATH}/mutatingadmissionpolicies`, {
  countsGenerations: true,
  warnings: staticNameWarnings,
  refusesUnconditionalUpdate: true,
  setDefaults: (object) => {
    object.spec ??= {}
    object.spec.failurePolicy ??= 'Fail'
    setMatchDefaults(object.spec.matchConstraints)
  },
  validatesUpdateAlone: true,
  validate: ({ spec = {} }) => validateMutatingPolicy(spec),
  validateUpdate: ({ spec = {} }, old) => validateMutatingPolicy(spec, old.spec),
  columns: [
    nameColumn,
    column('Mutations', 'integer', 'Number of its changes.', ({ spec }) => spec?.mutations?.length ?? 0),
    column('ParamKind', 'string', 'Kind of its parameters.', ({ spec }) => paramKindText(spec?.paramKind)),
    ageColumn,
  ],
})

export const validatingAdmissionPolicyBinding = defineResource<ValidatingAdmissionPolicyBinding>(
  `${PATH}/validatingadmissionpolicybindings`,
  {
    ...bindingBehaviour<ValidatingAdmissionPolicyBinding>(),
    validate: ({ spec }) => {
      const errors = bindingFaults(spec)
      const { validationActions: actions = [] } = spec ?? {}
      actions.forEach((action, i) => {
        pushUnsupported(errors, `spec.validationActions[${i}]`, action, ['Audit', 'Deny', 'Warn'])
        if (actions.indexOf(action) < i) errors.push(duplicate(`spec.validationActions[${i}]`, action))
      })
      if (actions.includes('Deny') && actions.includes('Warn')) errors.push(invalid('spec.validationActions', actions, DENY_AND_WARN))
      if (actions.length === 0) errors.push(required('spec.validationActions', 'at least one validation action is required'))
      return errors
    },
  },
)

export const mutatingAdmissionPolicyBinding = defineResource<MutatingAdmissionPolicyBinding>(`${PATH}/mutatingadmissionpolicybindings`, {
  ...bindingBehaviour<MutatingAdmissionPolicyBinding>(),
  validate: ({ spec }) => {
    const errors = bindingFaults(spec)
    if (spec?.matchResources !== undefined) pushUnmutableOperationFaults(errors, spec.matchResources, 'spec.matchResources')
    return errors
  },
})

function setMatchDefaults(match: MatchResources | undefined): void {
  if (match === undefined) return
  match.matchPolicy ??= 'Equivalent'
  match.namespaceSelector ??= {}
  match.objectSelector ??= {}
  for (const rule of [...(match.resourceRules ?? []), ...(match.excludeResourceRules ?? [])]) rule.scope ??= '*'
}

/** Upstream: validateExpressionWarnings. */
function typeCheckingFaults(warnings: readonly ExpressionWarning[] = []): FieldError[] {
  return warnings.flatMap(({ warning, fieldRef }, i) => {
    const path = `status.typeChecking.expressionWarnings[${i}]`
    return [...(warning ? [] : [required(`${path}.warning`)]), ...(fieldRef?.trim() ? [] : [required(`${path}.fieldRef`)])]
  })
}

interface Binding {
  apiVersion?: string | undefined
  kind?: string | undefined
  metadata: ValidatingAdmissionPolicyBinding['metadata']
  spec?: { policyName?: string | undefined; paramRef?: ParamRef | undefined; matchResources?: MatchResources | undefined } | undefined
}

function bindingFaults(spec: Binding['spec']): FieldError[] {
  const errors: FieldError[] = []
  pushPolicyNameFaults(errors, spec?.policyName, 'spec.policyName')
  if (spec?.paramRef !== undefined) pushParamRefFaults(errors, spec.paramRef, 'spec.paramRef')
  if (spec?.matchResources !== undefined) pushMatchFaults(errors, spec.matchResources, 'spec.matchResources')
  return errors
}

function bindingBehaviour<T extends Binding>(): Behaviour<T> {
  return {
    countsGenerations: true,
    warnings: staticNameWarnings,
    refusesUnconditionalUpdate: true,
    setDefaults: ({ spec }) => setMatchDefaults(spec?.matchResources),
    columns: [
      nameColumn,
      column<T>('PolicyName', 'string', 'The policy it binds.', ({ spec }) => spec?.policyName ?? ''),
      column<T>('ParamRef', 'string', 'The parameters it gives.', ({ spec }) => paramText(spec?.paramRef)),
      ageColumn,
    ],
  }
}

function paramKindText(kind: ParamKind | undefined): string {
  return kind === undefined ? '<unset>' : `${kind.apiVersion ?? ''}/${kind.kind ?? ''}`
}

function paramText(ref: ParamRef | undefined): string {
  if (ref?.name) return `${ref.namespace || '*'}/${ref.name}`
  return ref?.selector === undefined ? '<unset>' : selectorAsGoShowsIt(ref.selector)
}

/** Upstream prints the struct itself here. */
function selectorAsGoShowsIt({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const labels = Object.keys(matchLabels)
    .sort()
    .map((key) => `${key}: ${matchLabels[key]},`)
  const expressions = matchExpressions.map(
    ({ key, operator, values = [] }) => `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],},`,
  )
  return `&LabelSelector{MatchLabels:map[string]string{${labels.join('')}},MatchExpressions:[]LabelSelectorRequirement{${expressions.join('')}},}`
}
