/** Admission policies in CEL, and what binds them: validating and mutating. */

import { type Behaviour, defineResource } from '../../definition.ts'
import { pushUnsupported } from '../../meta/field-checks.ts'
import { type FieldError, required } from '../../meta/field-error.ts'
import { keepMetadata } from '../../meta/keep-metadata.ts'
import { fromLabelSelector, selectorText } from '../../meta/selectors.ts'
import { ageColumn, column, nameColumn } from '../../table-columns.ts'
import type {
  MatchResources,
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  ParamKind,
  ParamRef,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '../../types.gen.ts'
import { staticNameWarnings } from './static-name-warnings.ts'

const PATH = 'admissionregistration.k8s.io/v1'

export const validatingAdmissionPolicy = defineResource<ValidatingAdmissionPolicy>(`${PATH}/validatingadmissionpolicies`, {
  countsGenerations: true,
  warnings: staticNameWarnings,
  refusesUnconditionalUpdate: true,
  setDefaults: ({ spec }) => {
    if (spec === undefined) return
    spec.failurePolicy ??= 'Fail'
    setMatchDefaults(spec.matchConstraints)
  },
  prepareForCreate: (object) => {
    object.status = {}
  },
  prepareForStatusUpdate: keepMetadata,
  validate: ({ spec }) => {
    const errors = policyFaults(spec)
    if (!spec?.validations?.length && !spec?.auditAnnotations?.length) {
      const detail = 'validations or auditAnnotations must contain at least one item'
      errors.push(required('spec.validations', detail), required('spec.auditAnnotations', detail))
    }
    spec?.validations?.forEach(({ expression }, i) => {
      if (!expression?.trim()) errors.push(required(`spec.validations[${i}].expression`, 'expression is not specified'))
    })
    return errors
  },
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
  setDefaults: ({ spec }) => {
    if (spec === undefined) return
    spec.failurePolicy ??= 'Fail'
    setMatchDefaults(spec.matchConstraints)
  },
  validate: ({ spec }) => {
    const errors = policyFaults(spec)
    if (!spec?.mutations?.length) errors.push(required('spec.mutations', 'mutations must contain at least one item'))
    if (!spec?.reinvocationPolicy) errors.push(required('spec.reinvocationPolicy'))
    else pushUnsupported(errors, 'spec.reinvocationPolicy', spec.reinvocationPolicy, ['IfNeeded', 'Never'])
    return errors
  },
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
      const errors: FieldError[] = []
      if (!spec?.policyName) errors.push(required('spec.policyName'))
      if (!spec?.validationActions?.length) errors.push(required('spec.validationActions', 'at least one validation action is required'))
      for (const action of spec?.validationActions ?? []) {
        pushUnsupported(errors, 'spec.validationActions', action, ['Audit', 'Deny', 'Warn'])
      }
      return errors
    },
  },
)

export const mutatingAdmissionPolicyBinding = defineResource<MutatingAdmissionPolicyBinding>(`${PATH}/mutatingadmissionpolicybindings`, {
  ...bindingBehaviour<MutatingAdmissionPolicyBinding>(),
  validate: ({ spec }) => (spec?.policyName ? [] : [required('spec.policyName')]),
})

function setMatchDefaults(match: MatchResources | undefined): void {
  if (match === undefined) return
  match.matchPolicy ??= 'Equivalent'
  match.namespaceSelector ??= {}
  match.objectSelector ??= {}
  for (const rule of [...(match.resourceRules ?? []), ...(match.excludeResourceRules ?? [])]) rule.scope ??= '*'
}

function policyFaults(
  spec:
    | { failurePolicy?: string | undefined; matchConstraints?: MatchResources | undefined; paramKind?: ParamKind | undefined }
    | undefined,
): FieldError[] {
  const errors: FieldError[] = []
  pushUnsupported(errors, 'spec.failurePolicy', spec?.failurePolicy, ['Fail', 'Ignore'])
  if (spec?.paramKind !== undefined) {
    if (!spec.paramKind.apiVersion) errors.push(required('spec.paramKind.apiVersion'))
    if (!spec.paramKind.kind) errors.push(required('spec.paramKind.kind'))
  }
  if (spec?.matchConstraints === undefined) errors.push(required('spec.matchConstraints'))
  else if (!spec.matchConstraints.resourceRules?.length) errors.push(required('spec.matchConstraints.resourceRules'))
  return errors
}

interface Binding {
  apiVersion?: string | undefined
  kind?: string | undefined
  metadata: ValidatingAdmissionPolicyBinding['metadata']
  spec?: { policyName?: string | undefined; paramRef?: ParamRef | undefined; matchResources?: MatchResources | undefined } | undefined
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
  return ref?.selector === undefined ? '<unset>' : selectorText(fromLabelSelector(ref.selector) ?? [])
}
