/** What is asked of a question about who may do what. Upstream: pkg/apis/authorization/validation. */
import { isSameValue } from '../../meta/field-checks.ts'
import { type FieldError, forbidden, invalid, required } from '../../meta/field-error.ts'
import { validateLabelSelectorRequirement } from '../../meta/object-meta-validation.ts'
import type {
  FieldSelectorAttributes,
  FieldSelectorRequirement,
  LabelSelectorAttributes,
  LabelSelectorRequirement,
  LocalSubjectAccessReview,
  ObjectMeta,
  SelfSubjectAccessReview,
  SelfSubjectAccessReviewSpec,
  SubjectAccessReview,
  SubjectAccessReviewSpec,
} from '../../types.gen.ts'

export function subjectAccessReviewFaults({ metadata, spec }: SubjectAccessReview): FieldError[] {
  return [...subjectFaults(spec), ...metadataFaults(metadata, 'must be empty')]
}

export function selfSubjectAccessReviewFaults({ metadata, spec }: SelfSubjectAccessReview): FieldError[] {
  return [...attributesFaults(spec), ...selectorFaults(spec), ...metadataFaults(metadata, 'must be empty')]
}

export function localSubjectAccessReviewFaults({ metadata, spec }: LocalSubjectAccessReview): FieldError[] {
  const { namespace, ...others } = metadata
  const errors = [...subjectFaults(spec), ...metadataFaults(others, 'must be empty except for namespace', metadata)]
  const about = spec.resourceAttributes?.namespace ?? ''
  if (spec.resourceAttributes && about !== namespace) {
    errors.push(invalid('spec.resourceAttributes.namespace', about, 'must match metadata.namespace'))
  }
  if (spec.nonResourceAttributes) {
    errors.push(invalid('spec.nonResourceAttributes', spec.nonResourceAttributes, 'disallowed on this kind of request'))
  }
  return errors
}

function subjectFaults(spec: SubjectAccessReviewSpec): FieldError[] {
  const errors = attributesFaults(spec)
  if (!spec.user && !spec.groups?.length) errors.push(invalid('spec.user', '', 'at least one of user or group must be specified'))
  return [...errors, ...selectorFaults(spec)]
}

function attributesFaults({ resourceAttributes, nonResourceAttributes }: SelfSubjectAccessReviewSpec): FieldError[] {
  if (resourceAttributes && nonResourceAttributes) {
    return [invalid('spec.nonResourceAttributes', nonResourceAttributes, 'cannot be specified in combination with resourceAttributes')]
  }
  if (resourceAttributes || nonResourceAttributes) return []
  return [invalid('spec.resourceAttributes', null, 'exactly one of nonResourceAttributes or resourceAttributes must be specified')]
}

/** @param shown what the fault shows, when that is more than `metadata` */
function metadataFaults(metadata: Partial<ObjectMeta>, what: string, shown = metadata): FieldError[] {
  const { managedFields: _, ...others } = metadata
  return isSameValue(others, {}) ? [] : [invalid('metadata', shown, what)]
}

function selectorFaults({ resourceAttributes }: SelfSubjectAccessReviewSpec): FieldError[] {
  const { fieldSelector, labelSelector } = resourceAttributes ?? {}
  return [
    ...requirementsFaults(fieldSelector, 'spec.resourceAttributes.fieldSelector', fieldRequirementFaults),
    ...requirementsFaults(labelSelector, 'spec.resourceAttributes.labelSelector', labelRequirementFaults),
  ]
}

type Selector = FieldSelectorAttributes | LabelSelectorAttributes

function requirementsFaults<T extends FieldSelectorRequirement | LabelSelectorRequirement>(
  selector: Selector | undefined,
  path: string,
  faultsOf: (requirement: T, path: string) => FieldError[],
): FieldError[] {
  if (!selector) return []
  const { rawSelector, requirements = [] } = selector
  const errors: FieldError[] = []
  if (rawSelector && requirements.length > 0) {
    errors.push(invalid(`${path}.rawSelector`, rawSelector, 'may not specified at the same time as requirements'))
  }
  if (!rawSelector && requirements.length === 0) {
    errors.push(required(`${path}.requirements`, `when ${path} is specified, requirements or rawSelector is required`))
  }
  return [...errors, ...(requirements as T[]).flatMap((requirement, i) => faultsOf(requirement, `${path}.requirements[${i}]`))]
}

function labelRequirementFaults(requirement: LabelSelectorRequirement, path: string): FieldError[] {
  return validateLabelSelectorRequirement(requirement, path, { allowUnknownOperator: true })
}

/** Operators that are unknown here a newer client may know. */
function fieldRequirementFaults({ key, operator, values }: FieldSelectorRequirement, path: string): FieldError[] {
  const errors: FieldError[] = []
  if (!key) errors.push(required(`${path}.key`, 'must be specified'))
  const isOfValues = operator === 'In' || operator === 'NotIn'
  const isOfNone = operator === 'Exists' || operator === 'DoesNotExist'
  if (isOfValues && !values?.length) errors.push(required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'"))
  if (isOfNone && values?.length) {
    errors.push(forbidden(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
  }
  return errors
}
