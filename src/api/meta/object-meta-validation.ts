/**
 * What metadata may say, for objects of every kind, on create and on update. Runs for every write: what is absent costs
 * nothing, and what is fine allocates one empty list.
 * Upstream: k8s.io/apimachinery/pkg/api/validation/objectmeta.go, pkg/apis/meta/v1/validation/validation.go.
 */
import type { LabelSelector, LabelSelectorRequirement, ManagedFieldsEntry, ObjectMeta, OwnerReference } from '../types.gen.ts'
import { type FieldError, forbidden, invalid, notSupported, required, tooLong } from './field-error.ts'
import { isDns1123Label, isLongerThan, isQualifiedName, isValidLabelValue, nameIsDnsSubdomain, type ValidateName } from './names.ts'
import { parseTimestamp } from './time.ts'

const TOTAL_ANNOTATION_BYTES = 256 * 1024
const ORPHAN_DEPENDENTS = 'orphan'
const DELETE_DEPENDENTS = 'foregroundDeletion'

export interface ObjectMetaRules {
  readonly namespaced: boolean
  /** DNS-1123 subdomain when not given. */
  readonly validateName?: ValidateName | undefined
}

/** On create, after the name was generated. Upstream: ValidateObjectMeta. */
export function validateObjectMeta(meta: Partial<ObjectMeta>, rules: ObjectMetaRules, path = 'metadata'): FieldError[] {
  const errors: FieldError[] = []
  const validateName = rules.validateName ?? nameIsDnsSubdomain
  if (meta.generateName) {
    for (const message of validateName(meta.generateName, true)) errors.push(invalid(`${path}.generateName`, meta.generateName, message))
  }
  if (!meta.name) errors.push(required(`${path}.name`, 'name or generateName is required'))
  else for (const message of validateName(meta.name, false)) errors.push(invalid(`${path}.name`, meta.name, message))

  if (!rules.namespaced) {
    if (meta.namespace) errors.push(forbidden(`${path}.namespace`, 'not allowed on this type'))
  } else if (!meta.namespace) errors.push(required(`${path}.namespace`))
  else for (const message of isDns1123Label(meta.namespace)) errors.push(invalid(`${path}.namespace`, meta.namespace, message))

  addGenerationErrors(errors, meta, path)
  addMapErrors(errors, meta, path)
  addFinalizerErrors(errors, meta.finalizers, `${path}.finalizers`)
  addManagedFieldsErrors(errors, meta.managedFields, `${path}.managedFields`)
  return errors
}

/** On update, whatever the kind. Upstream: ValidateObjectMetaUpdate, which does not look at finalizers' names again. */
export function validateObjectMetaUpdate(next: ObjectMeta, old: ObjectMeta, path = 'metadata'): FieldError[] {
  const errors: FieldError[] = []
  if (old.deletionTimestamp !== undefined) addNewFinalizerErrors(errors, next.finalizers, old.finalizers, `${path}.finalizers`)
  if (!next.resourceVersion) errors.push(invalid(`${path}.resourceVersion`, '', 'must be specified for an update'))
  addGenerationErrors(errors, next, path)
  if ((next.generation ?? 0) < (old.generation ?? 0)) {
    errors.push(invalid(`${path}.generation`, next.generation ?? 0, 'must not be decremented'))
  }
  for (const field of ['name', 'namespace', 'uid'] as const) {
    if ((next[field] ?? '') !== (old[field] ?? '')) errors.push(invalid(`${path}.${field}`, next[field] ?? '', 'field is immutable'))
  }
  for (const field of ['creationTimestamp', 'deletionTimestamp'] as const) {
    if (!isSameInstant(next[field], old[field])) errors.push(invalid(`${path}.${field}`, next[field], 'field is immutable'))
  }
  if (next.deletionGracePeriodSeconds !== old.deletionGracePeriodSeconds) {
    errors.push(invalid(`${path}.deletionGracePeriodSeconds`, next.deletionGracePeriodSeconds, 'field is immutable'))
  }
  addMapErrors(errors, next, path)
  addManagedFieldsErrors(errors, next.managedFields, `${path}.managedFields`)
  return errors
}

/** Keys and values. Upstream: ValidateLabels. */
export function validateLabels(labels: Readonly<Record<string, string>> | undefined, path: string): FieldError[] {
  const errors: FieldError[] = []
  if (labels !== undefined) addLabelErrors(errors, labels, path)
  return errors
}

/** Keys, whose case doesn't matter, and the size of all together. Upstream: ValidateAnnotations. */
export function validateAnnotations(annotations: Readonly<Record<string, string>> | undefined, path: string): FieldError[] {
  const errors: FieldError[] = []
  if (annotations !== undefined) addAnnotationErrors(errors, annotations, path)
  return errors
}

function addLabelErrors(errors: FieldError[], labels: Readonly<Record<string, string>>, path: string): void {
  for (const key in labels) {
    for (const message of isQualifiedName(key)) errors.push(invalid(path, key, message))
    const value = labels[key]!
    for (const message of isValidLabelValue(value)) errors.push(invalid(path, value, message))
  }
}

function addAnnotationErrors(errors: FieldError[], annotations: Readonly<Record<string, string>>, path: string): void {
  let characters = 0
  for (const key in annotations) {
    for (const message of isQualifiedName(key.toLowerCase())) errors.push(invalid(path, key, message))
    characters += key.length + annotations[key]!.length
  }
  // A UTF-16 unit takes at most three bytes, so that bytes are rarely counted.
  if (characters * 3 > TOTAL_ANNOTATION_BYTES && countBytes(annotations) > TOTAL_ANNOTATION_BYTES) {
    errors.push(tooLong(path, TOTAL_ANNOTATION_BYTES))
  }
}

export interface LabelSelectorRules {
  /** For objects that were stored before values were checked. */
  readonly allowInvalidLabelValue?: boolean
  /** For questions of clients that are newer than the server. */
  readonly allowUnknownOperator?: boolean
}

/** An absent selector is fine here; whether one is needed is the kind's rule. Upstream: ValidateLabelSelector. */
export function validateLabelSelector(selector: LabelSelector | undefined, path: string, rules: LabelSelectorRules = {}): FieldError[] {
  const errors: FieldError[] = []
  if (selector === undefined) return errors
  if (selector.matchLabels !== undefined) addLabelErrors(errors, selector.matchLabels, `${path}.matchLabels`)
  selector.matchExpressions?.forEach((requirement, i) => {
    errors.push(...validateLabelSelectorRequirement(requirement, `${path}.matchExpressions[${i}]`, rules))
  })
  return errors
}

/** Upstream: ValidateLabelSelectorRequirement. */
export function validateLabelSelectorRequirement(
  { key, operator, values }: LabelSelectorRequirement,
  at: string,
  rules: LabelSelectorRules,
): FieldError[] {
  const errors: FieldError[] = []
  const count = values?.length ?? 0
  if (operator === 'In' || operator === 'NotIn') {
    if (count === 0) errors.push(required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'"))
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (count > 0) errors.push(forbidden(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
  } else if (!rules.allowUnknownOperator) errors.push(invalid(`${at}.operator`, operator ?? '', 'not a valid selector operator'))
  for (const message of isQualifiedName(key ?? '')) errors.push(invalid(`${at}.key`, key ?? '', message))
  if (rules.allowInvalidLabelValue) return errors
  values?.forEach((value, v) => {
    for (const message of isValidLabelValue(value)) errors.push(invalid(`${at}.values[${v}]`, value, message))
  })
  return errors
}

function addGenerationErrors(errors: FieldError[], meta: Partial<ObjectMeta>, path: string): void {
  if (meta.generation !== undefined && meta.generation < 0) {
    errors.push(invalid(`${path}.generation`, meta.generation, 'must be greater than or equal to 0'))
  }
}

/** What create and update ask alike. */
function addMapErrors(errors: FieldError[], meta: Partial<ObjectMeta>, path: string): void {
  if (meta.labels !== undefined) addLabelErrors(errors, meta.labels, `${path}.labels`)
  if (meta.annotations !== undefined) addAnnotationErrors(errors, meta.annotations, `${path}.annotations`)
  if (meta.ownerReferences !== undefined) addOwnerErrors(errors, meta.ownerReferences, `${path}.ownerReferences`)
}

function addOwnerErrors(errors: FieldError[], references: readonly OwnerReference[], path: string): void {
  let controller = ''
  references.forEach((reference, i) => {
    const at = `${path}[${i}]`
    const slashes = reference.apiVersion?.split('/') ?? []
    if (!reference.apiVersion) errors.push(required(`${at}.apiVersion`, 'must not be empty'))
    else if (slashes.length > 2 || slashes.at(-1) === '') {
      errors.push(invalid(`${at}.apiVersion`, reference.apiVersion, 'must be <group>/<version> or <version>'))
    }
    for (const field of ['kind', 'name', 'uid'] as const) {
      if (!reference[field]) errors.push(required(`${at}.${field}`, 'must not be empty'))
    }
    if (reference.apiVersion === 'v1' && reference.kind === 'Event') {
      errors.push(invalid(at, reference, '/v1, Kind=Event is disallowed from being an owner'))
    }
    if (reference.controller !== true) return
    const current = `${reference.kind}/${reference.name}`
    if (controller === '') controller = current
    else {
      errors.push(
        invalid(
          path,
          references,
          `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${current}`,
        ),
      )
    }
  })
}

function addFinalizerErrors(errors: FieldError[], finalizers: readonly string[] | undefined, path: string): void {
  if (finalizers === undefined) return
  for (const finalizer of finalizers) {
    for (const message of isQualifiedName(finalizer)) errors.push(invalid(path, finalizer, message))
  }
  if (finalizers.includes(ORPHAN_DEPENDENTS) && finalizers.includes(DELETE_DEPENDENTS)) {
    errors.push(invalid(path, finalizers, `finalizer ${ORPHAN_DEPENDENTS} and ${DELETE_DEPENDENTS} cannot be both set`))
  }
}

function addNewFinalizerErrors(
  errors: FieldError[],
  next: readonly string[] | undefined,
  old: readonly string[] | undefined,
  path: string,
): void {
  const added = [...new Set(next)].filter((finalizer) => !old?.includes(finalizer)).sort()
  if (added.length === 0) return
  const list = added.map((finalizer) => JSON.stringify(finalizer)).join(', ')
  errors.push(forbidden(path, `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`))
}

const MAX_MANAGER_BYTES = 128
const MAX_SUBRESOURCE_BYTES = 256

function addManagedFieldsErrors(errors: FieldError[], entries: readonly ManagedFieldsEntry[] | undefined, path: string): void {
  if (entries === undefined) return
  for (let i = 0; i < entries.length; i++) {
    const { operation, fieldsType, manager, subresource } = entries[i]!
    const at = () => `${path}[${i}]`
    if (!operation) errors.push(required(`${at()}.operation`, 'must not be empty'))
    else if (operation !== 'Apply' && operation !== 'Update') {
      errors.push(notSupported(`${at()}.operation`, operation, ['Apply', 'Update']))
    }
    if (fieldsType && fieldsType !== 'FieldsV1') errors.push(invalid(`${at()}.fieldsType`, fieldsType, 'must be `FieldsV1`'))
    if (manager && isLongerThan(manager, MAX_MANAGER_BYTES)) errors.push(tooLong(`${at()}.manager`, MAX_MANAGER_BYTES))
    if (subresource && isLongerThan(subresource, MAX_SUBRESOURCE_BYTES)) {
      errors.push(tooLong(`${at()}.subresource`, MAX_SUBRESOURCE_BYTES))
    }
  }
}

/** A client may write the instant it read in another way: with an offset, say. */
function isSameInstant(a: string | undefined, b: string | undefined): boolean {
  return a === b || parseTimestamp(a) === parseTimestamp(b)
}

function countBytes(map: Readonly<Record<string, string>>): number {
  let bytes = 0
  for (const key in map) bytes += Buffer.byteLength(key) + Buffer.byteLength(map[key]!)
  return bytes
}
