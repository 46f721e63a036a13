import { badRequestError } from '../api/meta/api-error.ts'
import { type FieldError, notSupported } from '../api/meta/field-error.ts'
import type { FieldValidation } from '../api/schema/decode-object.ts'
import type { ListOptions } from '../registry/list-options.ts'
import type { QueryReader } from '../registry/subresources/subresources.ts'

/** Of a repeated parameter, Fastify gives a list; upstream takes the first. */
export type Query = Readonly<Record<string, string | string[] | undefined>>

export function textOf(query: Query, name: string): string | undefined {
  const value = query[name]
  return Array.isArray(value) ? value[0] : value
}

/** @throws ApiError 400 */
export function integerOf(query: Query, name: string): number | undefined {
  const text = textOf(query, name)
  if (text === undefined || text === '') return undefined
  if (!/^[+-]?\d+$/.test(text)) throw badRequestError(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
  return Number(text)
}

export function queryReader(query: Query): QueryReader {
  return {
    text: (name) => textOf(query, name),
    integer: (name) => integerOf(query, name),
    boolean: (name) => booleanOf(query, name),
  }
}

/** Upstream: a parameter without a value is true, as are `1` and `true`; `0` and `false` are false. */
export function booleanOf(query: Query, name: string): boolean | undefined {
  const text = textOf(query, name)
  if (text === undefined) return undefined
  return text !== '0' && text.toLowerCase() !== 'false'
}

export function listOptionsOf(query: Query): ListOptions {
  return {
    labelSelector: textOf(query, 'labelSelector'),
    fieldSelector: textOf(query, 'fieldSelector'),
    resourceVersion: textOf(query, 'resourceVersion'),
    resourceVersionMatch: textOf(query, 'resourceVersionMatch'),
    limit: integerOf(query, 'limit'),
    continue: textOf(query, 'continue'),
    sendInitialEvents: booleanOf(query, 'sendInitialEvents'),
  }
}

export function dryRunOf(query: Query): string[] {
  const value = query.dryRun
  if (value === undefined || value === '') return []
  return Array.isArray(value) ? value : [value]
}

const FIELD_VALIDATIONS = ['', 'Ignore', 'Strict', 'Warn']

export function fieldValidationOf(query: Query): FieldValidation {
  return (textOf(query, 'fieldValidation') || 'Warn') as FieldValidation
}

/** What is wrong with the options that all writes but deletes have. Upstream: metav1/validation ValidateCreateOptions */
export function writeOptionErrors(query: Query): FieldError[] {
  const errors: FieldError[] = []
  const dryRun = dryRunOf(query)
  if (dryRun.some((each) => each !== 'All')) errors.push(notSupported('dryRun', dryRun, ['All']))
  const fieldValidation = textOf(query, 'fieldValidation') ?? ''
  if (!FIELD_VALIDATIONS.includes(fieldValidation)) errors.push(notSupported('fieldValidation', fieldValidation, FIELD_VALIDATIONS))
  return errors
}
