/** Request bodies as values and objects. The messages are upstream's: handlers/create.go transformDecodeError, serializer/json. */
import { ApiError, badRequestError, unsupportedMediaTypeError } from '../api/meta/api-error.ts'
import type { KubeObject } from '../api/object.ts'
import type { Schemas } from '../api/schema.ts'
import type { FieldValidation } from '../api/schema/decode-object.ts'
import { JsonSyntaxError, type ParsedJson, parseJson } from '../api/schema/scan-json.ts'
import { type DecodeTarget, decodeAs } from '../registry/decode.ts'
import type { Codecs } from './codecs/codecs.ts'

export interface Body {
  readonly contentType: string | undefined
  readonly bytes: Buffer
}

const MEDIA_TYPES = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']

/** The media type without its parameters; JSON when there is none. */
export function mediaTypeOf(contentType: string | undefined): string {
  const type = contentType?.split(';')[0]!.trim().toLowerCase()
  return type || 'application/json'
}

export interface ObjectBodyOptions {
  /** What the endpoint takes. */
  readonly expected: DecodeTarget & { readonly apiVersion: string; readonly isRequired?: boolean }
  readonly fieldValidation: FieldValidation
  readonly warnings: string[]
  /** Is there such a kind at all? Decides between two messages. */
  readonly isKnownKind: (apiVersion: string, kind: string) => boolean
}

/** @throws ApiError 400, 415 */
export function decodeObjectBody(codecs: Codecs, schemas: Schemas, body: Body, options: ObjectBodyOptions): KubeObject {
  const { expected } = options
  const parsed = parseBody(codecs, body, expected.kind)
  const { value } = parsed
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const { apiVersion = expected.apiVersion, kind = expected.kind } = value as { apiVersion?: unknown; kind?: unknown }
    checkKind(String(apiVersion || expected.apiVersion), String(kind || expected.kind), options)
  }
  return decodeAs(schemas, expected, parsed, options.fieldValidation, options.warnings)
}

/** Any body that is a value: JSON, YAML, protobuf. @throws ApiError 400, 415 */
export function parseBody(codecs: Codecs, { contentType, bytes }: Body, expectedKind: string): ParsedJson {
  const mediaType = mediaTypeOf(contentType)
  const unrecognized = (why: string) =>
    badRequestError(`the object provided is unrecognized (must be of type ${expectedKind}): ${why} (${summary(bytes)})`)
  switch (mediaType) {
    case 'application/json':
      try {
        return parseJson(bytes.toString())
      } catch (error) {
        if (!(error instanceof JsonSyntaxError)) throw error
        throw unrecognized(`couldn't get version/kind; json parse error: ${error.message}`)
      }
    case 'application/yaml':
    case 'application/vnd.kubernetes.protobuf':
      try {
        return codecs.parse(mediaType, bytes)
      } catch (error) {
        if (error instanceof ApiError) throw error
        throw unrecognized((error as Error).message)
      }
    default:
      throw unsupportedMediaTypeError(
        `the body of the request was in an unknown format - accepted media types include: ${MEDIA_TYPES.join(', ')}`,
      )
  }
}

function checkKind(apiVersion: string, kind: string, { expected, isKnownKind }: ObjectBodyOptions): void {
  if (apiVersion === expected.apiVersion && kind === expected.kind) return
  const version = apiVersion.slice(apiVersion.indexOf('/') + 1)
  const refuse = (why: string) => badRequestError(`${kind} in version ${JSON.stringify(version)} cannot be handled as a ${expected.kind}: ${why}`)
  if (!isKnownKind(apiVersion, kind)) {
    throw refuse(
      `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)} in scheme "pkg/api/legacyscheme/scheme.go:30"`,
    )
  }
  if (kind !== expected.kind) throw refuse(`converting (${version}.${kind}) to (${expected.version}.${expected.kind}): unknown conversion`)
  throw badRequestError(`the API version in the data (${apiVersion}) does not match the expected API version (${expected.apiVersion})`)
}

const SUMMARY_LENGTH = 30

function summary(bytes: Buffer): string {
  if (bytes.length === 0) return '<empty>'
  const isLong = bytes.length > SUMMARY_LENGTH
  const start = bytes.subarray(0, SUMMARY_LENGTH)
  return `${bytes[0] === 0x7b ? start.toString() : start.toString('hex')}${isLong ? ' ...' : ''}`
}
