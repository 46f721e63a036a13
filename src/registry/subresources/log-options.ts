/** What a client may ask of a log. Upstream: PodLogOptions. */
import { badRequestError, invalidError } from '../../api/meta/api-error.ts'
import { type FieldError, forbidden, invalid, NOWHERE } from '../../api/meta/field-error.ts'
import { parseTimestamp } from '../../api/meta/time.ts'
import type { QueryReader } from './subresources.ts'

export interface LogOptions {
  /** '' for the only one there is. */
  readonly container: string
  readonly follow: boolean
  readonly previous: boolean
  readonly timestamps: boolean
  readonly sinceSeconds: number | undefined
  /** Milliseconds since the epoch. */
  readonly sinceTime: number | undefined
  readonly tailLines: number | undefined
  readonly limitBytes: number | undefined
}

/** @throws ApiError 400 for what can't be read, 422 for what makes no sense */
export function logOptionsOf(query: QueryReader, pod: string): LogOptions {
  const options: LogOptions = {
    container: query.text('container') ?? '',
    follow: query.boolean('follow') ?? false,
    previous: query.boolean('previous') ?? false,
    timestamps: query.boolean('timestamps') ?? false,
    sinceSeconds: query.integer('sinceSeconds'),
    sinceTime: instantOf(query.text('sinceTime')),
    tailLines: query.integer('tailLines'),
    limitBytes: query.integer('limitBytes'),
  }
  const errors = validate(options, query.text('stream'))
  if (errors.length > 0) throw invalidError({ group: '', kind: 'PodLogOptions' }, pod, errors)
  return options
}

function instantOf(text: string | undefined): number | undefined {
  if (!text) return undefined
  const isWellFormed = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(text)
  const instant = parseTimestamp(text.replace(',', '.'))
  if (isWellFormed && !Number.isNaN(instant)) return instant
  const quoted = JSON.stringify(text)
  throw badRequestError(`parsing time ${quoted} as "2006-01-02T15:04:05Z07:00": cannot parse ${quoted} as "2006"`)
}

/** Upstream: validation.go ValidatePodLogOptions; the gate of `stream` is off. */
function validate({ tailLines, limitBytes, sinceSeconds, sinceTime }: LogOptions, stream: string | undefined): FieldError[] {
  const errors: FieldError[] = []
  if (tailLines !== undefined && tailLines < 0) errors.push(invalid('tailLines', tailLines, 'must be greater than or equal to 0'))
  if (limitBytes !== undefined && limitBytes < 1) errors.push(invalid('limitBytes', limitBytes, 'must be greater than 0'))
  if (sinceSeconds !== undefined && sinceTime !== undefined)
    errors.push(forbidden(NOWHERE, 'at most one of `sinceTime` or `sinceSeconds` may be specified'))
  else if (sinceSeconds !== undefined && sinceSeconds < 1) errors.push(invalid('sinceSeconds', sinceSeconds, 'must be greater than 0'))
  if (stream) errors.push(forbidden('stream', 'may not be specified'))
  return errors
}
