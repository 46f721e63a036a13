import { badRequestError, invalidError } from '../api/meta/api-error.ts'
import { notSupported } from '../api/meta/field-error.ts'
import type { FieldValidation } from '../api/schema/decode-object.ts'
import type { ListOptions } from '../registry/list-options.ts'

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

/** @param optionsKind as the error names it: `CreateOptions`. @throws ApiError 422 */
export function isDryRun(query: Query, optionsKind: string): boolean {
  const value = query.dryRun
  if (value === undefined || value === '') return false
  const values = Array.isArray(value) ? value : [value]
  if (values.some((each) => each !== 'All')) {
    throw invalidError({ group: 'meta.k8s.io', kind: optionsKind }, '', [notSupported('dryRun', values, ['All'])])
  }
  return true
}

const FIELD_VALIDATIONS = ['Ignore', 'Warn', 'Strict']

/** @param optionsKind as the error names it. @throws ApiError 422 */
export function fieldValidationOf(query: Query, optionsKind: string): FieldValidation {
  const value = textOf(query, 'fieldValidation')
  if (!value) return 'Warn'
  if (!FIELD_VALIDATIONS.includes(value)) {
    throw invalidError({ group: 'meta.k8s.io', kind: optionsKind }, '', [notSupported('fieldValidation', value, FIELD_VALIDATIONS)])
  }
  return value as FieldValidation
}
