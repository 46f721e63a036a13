/** What a patch made of an object, decoded again; its faults are the patch's. Upstream: apiserver patch.go. */
import { invalidError } from '../../api/meta/api-error.ts'
import { invalid } from '../../api/meta/field-error.ts'
import { goText } from '../../api/meta/patches/go-text.ts'
import { decodeObject, type FieldValidation } from '../../api/schema/decode-object.ts'
import type { Schemas } from '../../api/schema.ts'
import { type PatchType, STRATEGIC_MERGE_PATCH_TYPE } from './negotiate.ts'
import { keepReset } from './reset-managed-fields.ts'

export interface PatchedObject {
  readonly typeName: string
  readonly patchType: PatchType
  readonly patch: unknown
  /** The outcome of applying it. */
  readonly patched: unknown
  readonly fieldValidation: FieldValidation
  /** What strict decoding said of the patch itself: repeated or unknown fields. */
  readonly patchErrors: readonly string[]
}

/** @throws ApiError 422 */
export function decodePatchedObject(
  schemas: Schemas,
  { typeName, patchType, patch, patched, fieldValidation, patchErrors }: PatchedObject,
): { readonly object: Record<string, unknown>; readonly warnings: readonly string[] } {
  const isMerged = patchType === STRATEGIC_MERGE_PATCH_TYPE
  const { object, error, strictErrors } = decodeObject(schemas, typeName, patched, { fieldValidation, isMerged })
  const fail = (problem: string) =>
    invalidError({ group: '', kind: '' }, '', [invalid('patch', isMerged ? goText(patch) : JSON.stringify(patched), problem)])
  if (error !== undefined) throw fail(error)
  keepReset(patched, object)
  if (fieldValidation === 'Ignore') return { object, warnings: [] }
  const problems = [...patchErrors, ...strictErrors]
  if (problems.length > 0 && fieldValidation === 'Strict') throw fail(`strict decoding error: ${problems.join(', ')}`)
  return { object, warnings: problems }
}
