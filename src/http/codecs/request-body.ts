/**
 * From the bytes of a create or update to the object, or to the 400 that upstream gives.
 * Upstream: apiserver pkg/endpoints/handlers/{create,update,rest}.go; apimachinery pkg/runtime/serializer/json/json.go.
 */
import { badRequestError } from '../../api/meta/api-error.ts'
import { decodeObject, type FieldValidation, repeatedFields } from '../../api/schema/decode-object.ts'
import { JsonSyntaxError, type ParsedJson, parseJson, withPlainNumbers } from '../../api/schema/parse-json.ts'
import { META_V1, type Schemas } from '../../api/schema.ts'
import { type MediaType, PROTOBUF_TYPE, YAML_TYPE } from './negotiate.ts'
import type { Protobuf } from './protobuf.ts'
import { ProtobufError } from './protobuf-wire.ts'
import { keepReset } from './reset-managed-fields.ts'
import { decodeYaml, strictWarnings, YamlError } from './yaml.ts'

/** The kind that an endpoint takes. */
export interface ExpectedKind {
  readonly group: string
  readonly version: string
  readonly kind: string
  /** The type in openapi/definitions.json; undefined for custom resources, whose objects are taken as they are. */
  readonly typeName: string | undefined
  /** apiVersions whose objects of that kind are taken for it, too. */
  readonly alsoTakes?: readonly string[] | undefined
}

export interface DecodedBody {
  /** With apiVersion and kind as expected. */
  readonly object: Record<string, unknown>
  /** For the Warning headers. */
  readonly warnings: readonly string[]
}

/** Upstream's scheme names itself after the line that makes it. */
const SCHEME = 'pkg/api/legacyscheme/scheme.go:30'

type Json = Record<string, unknown>

export class RequestBodies {
  readonly #schemas: Schemas
  readonly #protobuf: Protobuf

  constructor(schemas: Schemas, protobuf: Protobuf) {
    this.#schemas = schemas
    this.#protobuf = protobuf
  }

  /** @throws ApiError 400 */
  decode(body: Buffer, mediaType: MediaType, expected: ExpectedKind, fieldValidation: FieldValidation): DecodedBody {
    const unrecognized = (problem: string) =>
      badRequestError(`the object provided is unrecognized (must be of type ${expected.kind}): ${problem} (${summarize(body)})`)
    const parsed = this.#parse(body, mediaType, expected, unrecognized)
    const actual = kindOf(parsed.value, expected, unrecognized)
    const cannot = (problem: string) =>
      badRequestError(`${actual.kind} in version ${JSON.stringify(actual.version)} cannot be handled as a ${expected.kind}: ${problem}`)

    if (expected.typeName === undefined) return this.#decodeCustom(parsed, actual, expected, fieldValidation, body, cannot)
    const isVersion = actual.apiVersion === apiVersionOf(expected) || expected.alsoTakes?.includes(actual.apiVersion) === true
    const isExpected = isVersion && actual.kind === expected.kind
    const typeName = isExpected ? expected.typeName : this.#schemas.typeName(actual.apiVersion, actual.kind)
    if (typeName === undefined) {
      throw cannot(
        `no kind ${JSON.stringify(actual.kind)} is registered for version ${JSON.stringify(actual.apiVersion)} in scheme ${JSON.stringify(SCHEME)}`,
      )
    }
    const decoded = decodeObject(this.#schemas, typeName, parsed.value, { fieldValidation, ...repeatedKeysOf(parsed) })
    if (decoded.error !== undefined) throw cannot(decoded.error)
    if (actual.kind !== expected.kind) {
      const [source, target] = [typeName.split('.').slice(-2).join('.'), `${packageOf(expected.group)}.${expected.kind}`]
      throw cannot(`converting (${source}) to (${target}): unknown conversion`)
    }
    const warnings = strictOutcome([...parsed.strictErrors, ...decoded.strictErrors], fieldValidation, cannot)
    if (!isExpected) throw wrongVersion(actual.apiVersion, expected)
    keepReset(parsed.value, decoded.object)
    return { object: withTypeMeta(decoded.object, expected), warnings }
  }

  /**
   * The body of a DELETE; an empty one is no options. Its kind may be of any group, and may be left out.
   * @throws ApiError 400
   */
  decodeDeleteOptions(body: Buffer, mediaType: MediaType): Json {
    if (body.length === 0) return {}
    const expected = { group: '', version: 'v1', kind: 'DeleteOptions', typeName: `${META_V1}DeleteOptions` }
    const parsed = this.#parse(body, mediaType, expected, badRequestError)
    const actual = kindOf(parsed.value, expected, badRequestError)
    const isDeleteOptions = this.#schemas.typeName(actual.apiVersion, actual.kind) === expected.typeName
    if (!isDeleteOptions && !(actual.kind === 'DeleteOptions' && actual.apiVersion === 'meta.k8s.io/v1')) {
      throw badRequestError(
        `no kind ${JSON.stringify(actual.kind)} is registered for version ${JSON.stringify(actual.apiVersion)} in scheme "k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme/register.go:30"`,
      )
    }
    const { object, error } = decodeObject(this.#schemas, expected.typeName, parsed.value, { fieldValidation: 'Ignore' })
    if (error !== undefined) throw badRequestError(error)
    return object
  }

  #parse(
    body: Buffer,
    mediaType: MediaType,
    expected: ExpectedKind,
    fail: (problem: string) => Error,
  ): ParsedJson & { readonly strictErrors: readonly string[] } {
    try {
      if (mediaType === PROTOBUF_TYPE) {
        const { value } = this.#protobuf.decode(body, { ...expected, apiVersion: apiVersionOf(expected) })
        return { value, repeatedKeys: undefined, strictErrors: [] }
      }
      if (mediaType === YAML_TYPE) {
        const { value, strictError } = decodeYaml(body.toString())
        return { value, repeatedKeys: undefined, strictErrors: strictError === undefined ? [] : [strictError] }
      }
      return { ...parseJson(body.toString()), strictErrors: [] }
    } catch (error) {
      if (error instanceof JsonSyntaxError) throw fail(`couldn't get version/kind; json parse error: ${error.message}`)
      if (error instanceof YamlError || error instanceof ProtobufError) throw fail(error.message)
      throw error
    }
  }

  #decodeCustom(
    parsed: ParsedJson & { readonly strictErrors: readonly string[] },
    actual: ActualKind,
    expected: ExpectedKind,
    fieldValidation: FieldValidation,
    body: Buffer,
    cannot: (problem: string) => Error,
  ): DecodedBody {
    const value = (parsed.repeatedKeys === undefined ? parsed.value : withPlainNumbers(parsed.value)) as Json
    if (!value?.kind) throw cannot(`Object 'Kind' is missing in '${body.toString()}'`)
    if (actual.apiVersion !== apiVersionOf(expected)) throw wrongVersion(actual.apiVersion, expected)
    const repeated = fieldValidation === 'Ignore' ? [] : repeatedFields(parsed)
    const warnings = strictOutcome([...parsed.strictErrors, ...repeated], fieldValidation, cannot)
    return { object: value, warnings }
  }
}

interface ActualKind {
  readonly apiVersion: string
  readonly version: string
  readonly kind: string
}

function apiVersionOf({ group, version }: { readonly group: string; readonly version: string }): string {
  return group === '' ? version : `${group}/${version}`
}

function repeatedKeysOf({ repeatedKeys }: ParsedJson): Pick<ParsedJson, 'repeatedKeys'> | object {
  return repeatedKeys === undefined ? {} : { repeatedKeys }
}

/** What the body says it is; what it leaves out is as expected. Upstream: SimpleMetaFactory.Interpret, gvkWithDefaults. */
function kindOf(value: unknown, expected: ExpectedKind, fail: (problem: string) => Error): ActualKind {
  const failType = (found: string, target: string) =>
    fail(`couldn't get version/kind; json parse error: json: cannot unmarshal ${found} into Go ${target}`)
  if (value !== null && (typeof value !== 'object' || Array.isArray(value))) {
    const struct = String.raw`struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }`
    throw failType(goKind(value), `value of type ${struct}`)
  }
  const named = { apiversion: '', kind: '' }
  for (const [key, item] of Object.entries(value ?? {})) {
    // This first look is the one place where upstream takes names in any case.
    const name = key.length === 4 || key.length === 10 ? key.toLowerCase() : key
    if ((name !== 'kind' && name !== 'apiversion') || item === null) continue
    if (typeof item !== 'string') throw failType(goKind(item), `struct field .${name === 'kind' ? name : 'apiVersion'} of type string`)
    named[name] = item
  }
  const parts = named.apiversion.split('/')
  if (parts.length > 2) throw fail(`unexpected GroupVersion string: ${named.apiversion}`)
  const apiVersion = named.apiversion === '' || named.apiversion === '/' ? apiVersionOf(expected) : named.apiversion
  return { apiVersion, version: apiVersion.slice(apiVersion.indexOf('/') + 1), kind: named.kind === '' ? expected.kind : named.kind }
}

/** @returns the warnings */
function strictOutcome(errors: readonly string[], fieldValidation: FieldValidation, fail: (problem: string) => Error): readonly string[] {
  if (errors.length === 0 || fieldValidation === 'Ignore') return []
  if (fieldValidation === 'Strict') throw fail(`strict decoding error: ${errors.join(', ')}`)
  return strictWarnings(errors)
}

function wrongVersion(actual: string, expected: ExpectedKind): Error {
  return badRequestError(`the API version in the data (${actual}) does not match the expected API version (${apiVersionOf(expected)})`)
}

function withTypeMeta(object: Json, expected: ExpectedKind): Json {
  object.apiVersion = apiVersionOf(expected)
  object.kind = expected.kind
  return object
}

/** The Go package of a group's internal types. */
export function packageOf(group: string): string {
  return group === '' || group === 'events.k8s.io' ? 'core' : group.split('.')[0]!
}

function goKind(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  return typeof value === 'boolean' ? 'bool' : typeof value === 'object' ? 'object' : typeof value === 'string' ? 'string' : 'number'
}

const SUMMARY_BYTES = 30

/** Upstream: rest.go summarizeData. */
function summarize(body: Buffer): string {
  if (body.length === 0) return '<empty>'
  const encoding = body[0] === 0x7b ? 'utf8' : 'hex'
  return body.length > SUMMARY_BYTES ? `${body.toString(encoding, 0, SUMMARY_BYTES)} ...` : body.toString(encoding)
}
