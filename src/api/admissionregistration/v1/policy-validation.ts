/** What admission policies may say, but for their expressions. Upstream: pkg/apis/admissionregistration/validation. */
import { isSameValue, pushInvalid, pushUnsupported, pushUnsupportedOrMissing } from '../../meta/field-checks.ts'
import { duplicate, type FieldError, invalid, notSupported, required } from '../../meta/field-error.ts'
import { isLongerThan, isQualifiedName } from '../../meta/names.ts'
import type {
  AuditAnnotation,
  MatchCondition,
  MatchResources,
  MutatingAdmissionPolicySpec,
  Mutation,
  ParamKind,
  ValidatingAdmissionPolicySpec,
  Validation,
  Variable,
} from '../../types.gen.ts'
import { pushConditionFaults, pushMatchFaults, pushParamKindFaults, pushUnmutableOperationFaults } from './match-validation.ts'

const REASONS = ['Forbidden', 'Invalid', 'RequestEntityTooLarge']
const MAX_ANNOTATIONS = 20
const MAX_VALUE_BYTES = 5 * 1024
const IDENTIFIER = /^[_a-zA-Z][_a-zA-Z0-9]*$/
/** Words of CEL. */
const RESERVED = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(' '),
)

interface PolicySpec {
  readonly failurePolicy?: string | undefined
  readonly paramKind?: ParamKind | undefined
  readonly matchConstraints?: MatchResources | undefined
  readonly matchConditions?: MatchCondition[] | undefined
  readonly variables?: Variable[] | undefined
}

/** @param old match conditions that didn't change since are not looked at again */
export function validateValidatingPolicy(
  name: string,
  spec: ValidatingAdmissionPolicySpec,
  old?: ValidatingAdmissionPolicySpec,
): FieldError[] {
  const errors: FieldError[] = []
  pushFailurePolicyFaults(errors, spec)
  pushConstraintFaults(errors, spec.matchConstraints)
  pushConditionAndVariableFaults(errors, spec, old)
  const { validations = [], auditAnnotations = [] } = spec
  if (validations.length === 0 && auditAnnotations.length === 0) {
    const detail = 'validations or auditAnnotations must contain at least one item'
    errors.push(required('spec.validations', detail), required('spec.auditAnnotations', detail))
  }
  validations.forEach((validation, i) => {
    pushValidationFaults(errors, validation, `spec.validations[${i}]`)
  })
  pushAnnotationFaults(errors, name, auditAnnotations, 'spec.auditAnnotations')
  return errors
}

/** As `validateValidatingPolicy`. */
export function validateMutatingPolicy(spec: MutatingAdmissionPolicySpec, old?: MutatingAdmissionPolicySpec): FieldError[] {
  const errors: FieldError[] = []
  pushFailurePolicyFaults(errors, spec)
  pushConstraintFaults(errors, spec.matchConstraints)
  if (spec.matchConstraints !== undefined) pushUnmutableOperationFaults(errors, spec.matchConstraints, 'spec.matchConstraints')
  pushConditionAndVariableFaults(errors, spec, old)
  if (!spec.mutations?.length) errors.push(required('spec.mutations', 'mutations must contain at least one item'))
  spec.mutations?.forEach((mutation, i) => {
    pushMutationFaults(errors, mutation, `spec.mutations[${i}]`)
  })
  pushUnsupportedOrMissing(errors, 'spec.reinvocationPolicy', spec.reinvocationPolicy, ['IfNeeded', 'Never'])
  return errors
}

function pushFailurePolicyFaults(errors: FieldError[], { failurePolicy, paramKind }: PolicySpec): void {
  pushUnsupported(errors, 'spec.failurePolicy', failurePolicy, ['Fail', 'Ignore'])
  if (paramKind !== undefined) pushParamKindFaults(errors, paramKind, 'spec.paramKind')
}

function pushConstraintFaults(errors: FieldError[], match: MatchResources | undefined): void {
  if (match === undefined) {
    errors.push(required('spec.matchConstraints'))
    return
  }
  pushMatchFaults(errors, match, 'spec.matchConstraints')
  if (!match.resourceRules?.length) errors.push(required('spec.matchConstraints.resourceRules'))
}

function pushConditionAndVariableFaults(errors: FieldError[], spec: PolicySpec, old: PolicySpec | undefined): void {
  const isUnchanged =
    old !== undefined && isSameValue(spec.paramKind, old.paramKind) && isSameValue(spec.matchConditions, old.matchConditions)
  if (!isUnchanged) pushConditionFaults(errors, spec.matchConditions, 'spec.matchConditions')
  spec.variables?.forEach(({ name, expression }, i) => {
    const path = `spec.variables[${i}]`
    if (!name?.trim()) errors.push(required(`${path}.name`, 'name is not specified'))
    else if (!IDENTIFIER.test(name) || RESERVED.has(name)) errors.push(invalid(`${path}.name`, name, 'must be a valid CEL identifier'))
    if (!expression?.trim()) errors.push(required(`${path}.expression`, 'expression is not specified'))
  })
}

function pushValidationFaults(
  errors: FieldError[],
  { expression, message = '', messageExpression, reason }: Validation,
  path: string,
): void {
  if (!expression?.trim()) errors.push(required(`${path}.expression`, 'expression is not specified'))
  if (messageExpression && !messageExpression.trim()) {
    errors.push(invalid(`${path}.messageExpression`, messageExpression, 'must be non-empty if specified'))
  }
  if (message !== '' && message.trim() === '') errors.push(invalid(`${path}.message`, message, 'must be non-empty if specified'))
  else if (/[\n\r]/.test(message.trim())) errors.push(invalid(`${path}.message`, message, 'must not contain line breaks'))
  if (reason !== undefined) pushUnsupported(errors, `${path}.reason`, reason, REASONS)
}

function pushAnnotationFaults(errors: FieldError[], policyName: string, annotations: readonly AuditAnnotation[], path: string): void {
  if (annotations.length > MAX_ANNOTATIONS) {
    errors.push(invalid(path, annotations, `must not have more than ${MAX_ANNOTATIONS} auditAnnotations`))
  }
  const keys = new Set<string>()
  annotations.forEach(({ key = '', valueExpression }, i) => {
    const at = `${path}[${i}]`
    const fullKey = `${policyName}/${key}`
    pushInvalid(errors, `${at}.key`, fullKey, isQualifiedName(fullKey))
    const value = valueExpression?.trim() ?? ''
    if (value === '') errors.push(required(`${at}.valueExpression`, 'valueExpression is not specified'))
    else if (isLongerThan(value, MAX_VALUE_BYTES)) {
      errors.push(required(`${at}.valueExpression`, `must not exceed ${MAX_VALUE_BYTES} bytes in length`))
    }
    if (keys.has(key)) errors.push(duplicate(`${at}.key`, key))
    keys.add(key)
  })
}

/** Where the two kinds of patches stand. */
const PATCHES = { ApplyConfiguration: 'applyConfiguration', JSONPatch: 'jsonPatch' } as const

function pushMutationFaults(errors: FieldError[], mutation: Mutation, path: string): void {
  const { patchType } = mutation
  if (!patchType) errors.push(required(`${path}.patchType`))
  else if (!(patchType in PATCHES)) errors.push(notSupported(`${path}.patchType`, patchType, Object.keys(PATCHES)))
  else {
    const field = PATCHES[patchType as keyof typeof PATCHES]
    const other = field === 'jsonPatch' ? 'applyConfiguration' : 'jsonPatch'
    const patch = mutation[field]
    if (patch === undefined) errors.push(required(`${path}.${field}`, `must be specified when patchType is ${patchType}`))
    else if (!patch.expression?.trim()) errors.push(required(`${path}.${field}.expression`))
    if (mutation[other] !== undefined) {
      errors.push(invalid(`${path}.${other}`, `{${other}}`, `must not be specified when patchType is ${patchType}`))
    }
  }
}
