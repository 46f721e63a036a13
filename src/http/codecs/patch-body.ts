/** The body of a PATCH, read; and applied to an object. Upstream: apiserver patch.go applyJSPatch, strategicPatchObject. */
import { badRequestError } from '../../api/meta/api-error.ts'
import { applyJsonPatch, jsonPatchStrictErrors } from '../../api/meta/patches/json-patch.ts'
import { applyMergePatch } from '../../api/meta/patches/merge-patch.ts'
import { applyStrategicMergePatch } from '../../api/meta/patches/strategic-merge-patch.ts'
import { type FieldValidation, repeatedFields } from '../../api/schema/decode-object.ts'
import { JsonSyntaxError, parseJson, withPlainNumbers } from '../../api/schema/parse-json.ts'
import type { Schemas } from '../../api/schema.ts'
import { APPLY_PATCH_TYPE, JSON_PATCH_TYPE, MERGE_PATCH_TYPE, type PatchType, STRATEGIC_MERGE_PATCH_TYPE } from './negotiate.ts'
import { type DecodedYaml, decodeYaml, strictWarnings, YamlError } from './yaml.ts'

export interface PatchBody {
  readonly patchType: PatchType
  readonly patch: unknown
  /** What field validation says of the patch itself; for `decodePatchedObject`. */
  readonly patchErrors: readonly string[]
}

/** @throws ApiError 400 */
export function decodePatchBody(body: Buffer, patchType: PatchType, fieldValidation: FieldValidation): PatchBody {
  const isChecked = fieldValidation !== 'Ignore'
  try {
    if (patchType === APPLY_PATCH_TYPE) {
      const { value, strictError } = decodeConfiguration(body.toString())
      const isFaulty = isChecked && strictError !== undefined
      return { patchType, patch: value, patchErrors: isFaulty ? [`error converting YAML to JSON: ${strictError}`] : [] }
    }
    const parsed = parseJson(body.toString())
    const patch = parsed.repeatedKeys === undefined ? parsed.value : withPlainNumbers(parsed.value)
    if (!isChecked) return { patchType, patch, patchErrors: [] }
    const repeated = repeatedFields(parsed)
    if (patchType === JSON_PATCH_TYPE) {
      const patchErrors = [...jsonPatchStrictErrors(patch), ...repeated.map((error) => `json patch ${error}`)]
      return { patchType, patch, patchErrors }
    }
    if (patchType === MERGE_PATCH_TYPE && (Array.isArray(patch) || (patch !== null && typeof patch !== 'object'))) {
      const found = Array.isArray(patch) ? 'array' : typeof patch === 'boolean' ? 'bool' : typeof patch
      throw badRequestError(`error decoding patch: json: cannot unmarshal ${found} into Go value of type map[string]interface {}`)
    }
    return { patchType, patch, patchErrors: repeated }
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw badRequestError(syntaxFault(error.message, patchType, isChecked))
    if (error instanceof YamlError) throw badRequestError(`error decoding YAML: error converting YAML to JSON: ${error.message}`)
    throw error
  }
}

/** Each type has a decoder of its own. Upstream: applyJSPatch, strategicPatchObject */
function syntaxFault(message: string, patchType: PatchType, isChecked: boolean): string {
  if (patchType === STRATEGIC_MERGE_PATCH_TYPE) return message
  if (isChecked) return `error decoding patch: ${message}`
  return patchType === MERGE_PATCH_TYPE ? 'Invalid JSON Patch' : message
}

/** Most clients send JSON, which is YAML and read faster; what is repeated in it only YAML's decoder words. */
function decodeConfiguration(text: string): DecodedYaml {
  if (!text.startsWith('{')) return decodeYaml(text)
  try {
    const parsed = parseJson(text)
    if (!parsed.repeatedKeys?.size) return { value: withPlainNumbers(parsed.value), strictError: undefined }
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error
  }
  return decodeYaml(text)
}

/** What field validation says of an apply's text. @throws ApiError 400 */
export function applyWarnings({ patchErrors }: PatchBody, fieldValidation: FieldValidation): readonly string[] {
  if (patchErrors.length > 0 && fieldValidation === 'Strict') throw badRequestError(`error strict decoding YAML: ${patchErrors[0]}`)
  return strictWarnings(patchErrors)
}

/**
 * All but server-side apply. The object is not changed.
 * @param typeName undefined for custom resources, which have no strategic merge
 * @throws ApiError
 */
export function applyPatchBody(
  schemas: Schemas,
  typeName: string | undefined,
  original: Record<string, unknown>,
  { patchType, patch }: Pick<PatchBody, 'patchType' | 'patch'>,
): unknown {
  switch (patchType) {
    case 'application/json-patch+json':
      return applyJsonPatch(original, patch)
    case 'application/merge-patch+json':
      return applyMergePatch(original, patch)
    case 'application/strategic-merge-patch+json':
      if (typeName === undefined) throw badRequestError('strategic merge patch format is not supported')
      return applyStrategicMergePatch(schemas, typeName, original, patch)
    case 'application/apply-patch+yaml':
      throw new TypeError('server-side apply merges by field ownership, not by patch')
  }
}
