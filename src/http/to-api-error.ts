import type { FastifyError } from 'fastify'
import { ApiError, badRequestError, internalError, tooLargeError, unsupportedMediaTypeError } from '../api/meta/api-error.ts'

/** Upstream: MaxRequestBodyBytes. */
export const MAX_BODY_BYTES = 3 * 1024 * 1024

/** Fastify's own errors, in Kubernetes' words. @param onError receives what is a defect of ours */
export function toApiError(error: unknown, onError: (error: unknown) => void): ApiError {
  if (error instanceof ApiError) return error
  const { code, statusCode, message } = error as Partial<FastifyError>
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return tooLargeError(`Request entity too large: limit is ${MAX_BODY_BYTES}`)
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return unsupportedMediaTypeError('the body of the request was in an unknown format')
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return badRequestError('the request body is shorter or longer than Content-Length says')
  }
  if (error instanceof URIError) return badRequestError(`the path can't be decoded: ${message}`)
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) return new ApiError(statusCode, 'BadRequest', message ?? '')
  onError(error)
  return internalError(message ?? String(error))
}
