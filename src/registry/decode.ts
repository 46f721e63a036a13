import { badRequestError } from '../api/meta/api-error.ts'
import type { KubeObject } from '../api/object.ts'
import type { Schemas } from '../api/schema.ts'
import { decodeObject, type FieldValidation } from '../api/schema/decode-object.ts'
import type { ParsedJson } from '../api/schema/scan-json.ts'

/** What a body or a patched object is read as. */
export interface DecodeTarget {
  /** The type in openapi/definitions.json. */
  readonly schema: string
  readonly kind: string
  /** As messages name it: `v1`. */
  readonly version: string
}

/**
 * Reads a JSON value as an object of a kind.
 * @param warnings receives what fieldValidation=Warn has to say
 * @throws ApiError 400 in upstream's words. Upstream: handlers/create.go transformDecodeError
 */
export function decodeAs(
  schemas: Schemas,
  { schema, kind, version }: DecodeTarget,
  parsed: ParsedJson,
  fieldValidation: FieldValidation,
  warnings: string[],
): KubeObject {
  const { object, error, strictErrors } = decodeObject(schemas, schema, parsed.value, {
    fieldValidation,
    ...(parsed.repeatedKeys === undefined ? {} : { repeatedKeys: parsed.repeatedKeys }),
  })
  const refuse = (why: string) => badRequestError(`${kind} in version ${JSON.stringify(version)} cannot be handled as a ${kind}: ${why}`)
  if (error !== undefined) throw refuse(error)
  if (strictErrors.length > 0) {
    if (fieldValidation === 'Strict') throw refuse(`strict decoding error: ${strictErrors.join(', ')}`)
    warnings.push(...strictErrors)
  }
  object.metadata ??= {}
  return object as unknown as KubeObject
}
