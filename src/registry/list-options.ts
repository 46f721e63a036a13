/** What a list or watch is asked for, and what may be asked. The rules are upstream's: metainternalversion/validation. */
import type { ResourceDefinition } from '../api/definition.ts'
import { ApiError, invalidError } from '../api/meta/api-error.ts'
import { type FieldError, forbidden, invalid, notSupported } from '../api/meta/field-error.ts'

/** The query parameters of a list or watch. Upstream: metav1.ListOptions. */
export interface ListOptions {
  readonly labelSelector?: string | undefined
  readonly fieldSelector?: string | undefined
  readonly resourceVersion?: string | undefined
  readonly resourceVersionMatch?: string | undefined
  readonly limit?: number | undefined
  readonly continue?: string | undefined
  readonly sendInitialEvents?: boolean | undefined
  /** Only this object: of the deprecated paths that watch one. */
  readonly name?: string | undefined
}

/** @throws ApiError 422 with every fault. Upstream: metainternalversion/validation ValidateListOptions */
export function checkListOptions({ resourceVersion, resourceVersionMatch: match, continue: token, sendInitialEvents }: ListOptions): void {
  const errors: FieldError[] = []
  if (match) {
    if (!resourceVersion) {
      errors.push(forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden unless resourceVersion is provided'))
    }
    if (token) errors.push(forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided'))
    if (match !== 'Exact' && match !== 'NotOlderThan') {
      errors.push(notSupported('resourceVersionMatch', match, ['Exact', 'NotOlderThan', '']))
    }
    if (match === 'Exact' && resourceVersion === '0') {
      errors.push(forbidden('resourceVersionMatch', 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'))
    }
  }
  if (sendInitialEvents !== undefined) errors.push(forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'))
  if (errors.length > 0) throw invalidError({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors)
}

/** @throws ApiError 422 with every fault. Upstream: metainternalversion/validation validateWatchOptions */
export function checkWatchOptions({ resourceVersionMatch: match, sendInitialEvents, continue: token }: ListOptions): void {
  const field = 'resourceVersionMatch'
  const errors: FieldError[] = []
  if (sendInitialEvents !== undefined && match !== 'NotOlderThan') {
    errors.push(forbidden(field, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'))
  }
  if (match) {
    if (sendInitialEvents === undefined) {
      errors.push(forbidden(field, 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'))
    }
    if (match !== 'NotOlderThan') errors.push(notSupported(field, match, ['NotOlderThan']))
    if (token) errors.push(forbidden(field, 'resourceVersionMatch is forbidden when continue is provided'))
  }
  if (errors.length > 0) throw invalidError({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', errors)
}

/** A text says what is wrong. Upstream: storage.APIObjectVersioner ParseResourceVersion */
export function parseRevision(text: string): number | string {
  return /^\d+$/.test(text) ? Number(text) : `strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`
}

/** As a watch says it. Upstream: storage/errors InterpretWatchError, which names the resource as the kind. */
export function invalidRevisionError({ group, resource }: ResourceDefinition, text: string): ApiError {
  return invalidError({ group, kind: resource }, '', [invalid('resourceVersion', text, String(parseRevision(text)))])
}

/** Upstream: storage.NewTooLargeResourceVersionError; clients retry after a second. */
export function tooLargeRevisionError(asked: number, now: number): ApiError {
  return new ApiError(504, 'Timeout', `Timeout: Too large resource version: ${asked}, current: ${now}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  })
}
