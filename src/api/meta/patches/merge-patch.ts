import { setKey } from '../../schema/parse-json.ts'
import { badRequestError } from '../api-error.ts'

/**
 * RFC 7386: null deletes, objects merge, anything else replaces. Inputs are not changed, and the result shares parts with them.
 * @throws ApiError 400 when the patch is neither object nor array. Upstream: evanphx/json-patch merge.go.
 */
export function applyMergePatch(original: unknown, patch: unknown): unknown {
  if (Array.isArray(patch)) return patch
  if (!isObject(patch)) throw badRequestError('Invalid JSON Patch')
  return merge(original, patch)
}

function merge(original: unknown, patch: Record<string, unknown>): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  if (isObject(original)) for (const key in original) setKey(result, key, original[key])
  for (const key in patch) {
    const value = patch[key]
    if (value === null) delete result[key]
    else setKey(result, key, isObject(value) ? merge(result[key], value) : value)
  }
  return result
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
