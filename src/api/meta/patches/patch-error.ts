import { ApiError } from '../api-error.ts'

/** A patch that is one, but can't be applied. Clients aren't told why. Upstream: patch.go, errors.NewGenericServerResponse. */
export function unprocessablePatchError(): ApiError {
  return new ApiError(422, 'Invalid', 'the server rejected our request due to an error in our request', {})
}

/** A fault that upstream doesn't foresee and passes on as a server error without a reason, like a missing merge key. */
export function unforeseenPatchError(message: string): ApiError {
  return new ApiError(500, '', message)
}
