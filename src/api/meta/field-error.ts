/**
 * One fault of an object, at one field: what upstream's field.Error is. Validation returns all of them at once; the registry
 * turns them into one Status 422 with a cause for each.
 */
export interface FieldError {
  readonly type: FieldErrorType
  /** The JSON path: `spec.template.spec.containers[0].name`, `metadata.labels[app]`. */
  readonly field: string
  /** The offending value; not shown for the types Required, Forbidden and TooMany's kin. */
  readonly badValue?: unknown
  readonly detail: string
}

/** The path of a fault of the object as a whole. Upstream: how field.NewPath("") is written. */
export const NOWHERE = '[]'

/** A `badValue` that is not shown. Upstream: field.OmitValueType. */
export const OMITTED = Symbol('omitted')

/** The reason of a Status cause. */
export type FieldErrorType =
  | 'FieldValueNotFound'
  | 'FieldValueRequired'
  | 'FieldValueDuplicate'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'FieldValueTypeInvalid'
  | 'InternalError'

export const required = (field: string, detail = ''): FieldError => ({ type: 'FieldValueRequired', field, detail })

export const invalid = (field: string, badValue: unknown, detail: string): FieldError => ({
  type: 'FieldValueInvalid',
  field,
  badValue,
  detail,
})

export const duplicate = (field: string, badValue: unknown): FieldError => ({ type: 'FieldValueDuplicate', field, badValue, detail: '' })

export const forbidden = (field: string, detail: string): FieldError => ({ type: 'FieldValueForbidden', field, detail })

export const notFound = (field: string, badValue: unknown): FieldError => ({ type: 'FieldValueNotFound', field, badValue, detail: '' })

export const tooLong = (field: string, maxLength: number): FieldError => ({
  type: 'FieldValueTooLong',
  field,
  detail: maxLength >= 0 ? `may not be more than ${maxLength} bytes` : 'value is too long',
})

export const tooMany = (field: string, actual: number, max: number): FieldError => ({
  type: 'FieldValueTooMany',
  field,
  badValue: actual,
  detail: `must have at most ${max} item${max === 1 ? '' : 's'}`,
})

export const notSupported = (field: string, badValue: unknown, supported: readonly string[]): FieldError => ({
  type: 'FieldValueNotSupported',
  field,
  badValue,
  detail: supported.length > 0 ? `supported values: ${supported.map((value) => JSON.stringify(value)).join(', ')}` : '',
})

const LABELS: Record<FieldErrorType, string> = {
  FieldValueNotFound: 'Not found',
  FieldValueRequired: 'Required value',
  FieldValueDuplicate: 'Duplicate value',
  FieldValueInvalid: 'Invalid value',
  FieldValueNotSupported: 'Unsupported value',
  FieldValueForbidden: 'Forbidden',
  FieldValueTooLong: 'Too long',
  FieldValueTooMany: 'Too many',
  FieldValueTypeInvalid: 'Invalid value',
  InternalError: 'Internal error',
}

const WITHOUT_VALUE: ReadonlySet<FieldErrorType> = new Set([
  'FieldValueRequired',
  'FieldValueForbidden',
  'FieldValueTooLong',
  'InternalError',
])

/** The text of a cause: all but the path. */
export function fieldErrorBody(error: FieldError): string {
  let text = LABELS[error.type]
  if (!WITHOUT_VALUE.has(error.type) && error.badValue !== OMITTED) text += `: ${showValue(error.badValue)}`
  if (error.detail !== '') text += `: ${error.detail}`
  return text
}

/** As it stands in a Status message: `spec.replicas: Invalid value: -1: must be greater than or equal to 0`. */
export function fieldErrorText(error: FieldError): string {
  return `${error.field}: ${fieldErrorBody(error)}`
}

/** Upstream prints scalars in Go's notation and all else as JSON. */
function showValue(value: unknown): string {
  if (value === undefined || value === null) return 'null'
  return typeof value === 'string' || typeof value === 'object' ? JSON.stringify(value) : String(value)
}
