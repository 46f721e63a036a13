import type { Status, StatusCause, StatusDetails } from '../types.gen.ts'
import { type FieldError, fieldErrorBody, fieldErrorText } from './field-error.ts'

/** A request that can't be served, as Kubernetes says it. The HTTP layer sends `status()` as the body, with `code`. */
export class ApiError extends Error {
  readonly code: number
  readonly reason: string
  readonly details: StatusDetails | undefined
  /** `metadata.continue` of an expired list: a token to go on with. */
  readonly continueToken: string | undefined

  constructor(code: number, reason: string, message: string, details?: StatusDetails, continueToken?: string) {
    super(message)
    this.name = 'ApiError'
    this.code = code
    this.reason = reason
    this.details = details
    this.continueToken = continueToken
  }

  status(): Status {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: this.continueToken === undefined ? {} : { continue: this.continueToken },
      status: 'Failure',
      message: this.message,
      ...(this.reason === '' ? {} : { reason: this.reason }),
      ...(this.details === undefined ? {} : { details: this.details }),
      code: this.code,
    }
  }
}

export interface Qualified {
  readonly group: string
  /** plural */
  readonly resource: string
}

/** `deployments.apps`, or `pods` in the core group. */
export function qualifiedName({ group, resource }: Qualified): string {
  return group === '' ? resource : `${resource}.${group}`
}

function detailsOf({ group, resource }: Qualified, name?: string): StatusDetails {
  return { ...(name ? { name } : {}), ...(group ? { group } : {}), kind: resource }
}

export function notFoundError(resource: Qualified, name: string): ApiError {
  return new ApiError(404, 'NotFound', `${qualifiedName(resource)} ${JSON.stringify(name)} not found`, detailsOf(resource, name))
}

export function alreadyExistsError(resource: Qualified, name: string): ApiError {
  return new ApiError(409, 'AlreadyExists', `${qualifiedName(resource)} ${JSON.stringify(name)} already exists`, detailsOf(resource, name))
}

export const MODIFIED = 'the object has been modified; please apply your changes to the latest version and try again'

export function conflictError(resource: Qualified, name: string, message: string = MODIFIED): ApiError {
  return new ApiError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualifiedName(resource)} ${JSON.stringify(name)}: ${message}`,
    detailsOf(resource, name),
  )
}

export function forbiddenError(resource: Qualified, name: string, message: string, causes?: StatusCause[]): ApiError {
  const subject = name === '' ? qualifiedName(resource) : `${qualifiedName(resource)} ${JSON.stringify(name)}`
  return new ApiError(403, 'Forbidden', `${subject} is forbidden: ${message}`, {
    ...detailsOf(resource, name),
    ...(causes ? { causes } : {}),
  })
}

/** @param kind the kind, as upstream names it here: `Deployment.apps "web" is invalid: …` */
export function invalidError(kind: { group: string; kind: string }, name: string, errors: readonly FieldError[]): ApiError {
  const texts = errors.map(fieldErrorText)
  const list = texts.length === 1 ? texts[0] : `[${[...new Set(texts)].join(', ')}]`
  const subject = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`
  return new ApiError(422, 'Invalid', `${subject} ${JSON.stringify(name)} is invalid: ${list}`, {
    ...(name ? { name } : {}),
    ...(kind.group ? { group: kind.group } : {}),
    ...(kind.kind ? { kind: kind.kind } : {}),
    causes: errors.map((error) => ({ reason: error.type, message: fieldErrorBody(error), field: error.field })),
  })
}

export function badRequestError(message: string): ApiError {
  return new ApiError(400, 'BadRequest', message)
}

export function expiredError(message: string, continueToken?: string): ApiError {
  return new ApiError(410, 'Expired', message, undefined, continueToken)
}

export function methodNotSupportedError(resource: Qualified, action: string): ApiError {
  return new ApiError(
    405,
    'MethodNotAllowed',
    `${action} is not supported on resources of kind ${JSON.stringify(qualifiedName(resource))}`,
    detailsOf(resource),
  )
}

export function unsupportedMediaTypeError(message: string): ApiError {
  return new ApiError(415, 'UnsupportedMediaType', message)
}

export function notAcceptableError(message: string): ApiError {
  return new ApiError(406, 'NotAcceptable', message)
}

export function tooLargeError(message: string): ApiError {
  return new ApiError(413, 'RequestEntityTooLarge', message)
}

export function internalError(message: string): ApiError {
  return new ApiError(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] })
}
