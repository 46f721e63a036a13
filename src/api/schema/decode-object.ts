/**
 * Turns a JSON value into the object that a Go apiserver would hold: wrong types are errors, unknown fields are dropped and
 * reported, nulls and the zero values that Go omits are left out, the fields that Go always writes are filled in, and
 * quantities, times and byte strings get their one canonical form. So what is stored is, key for key, what upstream stores.
 *
 * One difference is kept: lists, maps and timestamps that Go writes as null when absent (`rules: null` of an empty Role,
 * an Event's `eventTime: null`) stay absent, so that no code here has to reckon with null.
 */
import { type FieldSchema, JSON_SCHEMA_PROPS, type Schemas, type TypeSchema, type ValueSchema } from '../schema.ts'
import { NumberLiteral, type ParsedJson, setKey, withPlainNumbers } from './parse-json.ts'
import { canonicalBase64, canonicalDuration, canonicalMicroTime, canonicalQuantityText, canonicalTime } from './scalars.ts'

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict'

export interface DecodedObject {
  /** A new object; the input is not changed. Not to be used when there is an `error`. */
  readonly object: Record<string, unknown>
  /** What Go's decoder fails with: `json: cannot unmarshal string into Go struct field …`. */
  readonly error: string | undefined
  /** Unknown and repeated fields, in the order of the text: `unknown field "spec.foo"`. Empty with fieldValidation Ignore. */
  readonly strictErrors: readonly string[]
}

export interface DecodeOptions {
  readonly fieldValidation: FieldValidation
  /** Of `parseJson`; without it repeated fields can't be seen. */
  readonly repeatedKeys?: ParsedJson['repeatedKeys']
  /** The value is the outcome of a strategic merge patch, for which upstream has another decoder, with errors of its own. */
  readonly isMerged?: boolean
}

/** @param typeName as in openapi/definitions.json */
export function decodeObject(schemas: Schemas, typeName: string, value: unknown, options: DecodeOptions): DecodedObject {
  const decoder = new Decoder(schemas, options.fieldValidation !== 'Ignore', options.repeatedKeys, options.isMerged === true)
  return decoder.decode(schemas.type(typeName), value)
}

/** An object with what Go always writes filled in and what it omits left out: for objects that no client sent. */
export function completeObject<T extends object>(schemas: Schemas, typeName: string, object: T): T {
  const { object: complete, error } = decodeObject(schemas, typeName, object, { fieldValidation: 'Ignore' })
  if (error !== undefined) throw new TypeError(`not a ${typeName}: ${error}`)
  return complete as T
}

/** For objects of no known type (custom resources): only repeated fields are found. */
export function repeatedFields({ value, repeatedKeys }: ParsedJson): string[] {
  if (repeatedKeys === undefined || repeatedKeys.size === 0) return []
  const found = new Set<string>()
  const walk = (item: unknown, path: string) => {
    if (typeof item !== 'object' || item === null) return
    if (Array.isArray(item)) {
      item.forEach((entry, i) => {
        walk(entry, `${path}[${i}]`)
      })
      return
    }
    const seen = new Set<string>()
    for (const key of repeatedKeys.get(item) ?? Object.keys(item)) {
      const here = path === '' ? key : `${path}.${key}`
      if (seen.has(key)) found.add(`duplicate field ${JSON.stringify(here)}`)
      else walk((item as Record<string, unknown>)[key], here)
      seen.add(key)
    }
  }
  walk(value, '')
  return [...found].slice(0, MAX_STRICT_ERRORS)
}

/** Upstream: sigs.k8s.io/json saveStrictError. */
const MAX_STRICT_ERRORS = 100

/** Where the decoder is: a field, a map's key, or a list's index. */
type Step = FieldSchema | string | number

/** An error that ends decoding at once: one of a type that decodes itself. Others are kept and decoding goes on; the first is told. */
class Abort {
  readonly message: string
  constructor(message: string) {
    this.message = message
  }
}

class Decoder {
  readonly #schemas: Schemas
  readonly #isStrict: boolean
  readonly #repeatedKeys: ParsedJson['repeatedKeys']
  /** The value may hold NumberLiterals. */
  readonly #isExact: boolean
  readonly #path: Step[] = []
  readonly #strictErrors = new Set<string>()
  /** The struct whose field is being decoded. */
  #struct: TypeSchema | undefined
  /** >0 inside a type that decodes itself: it sees neither the path nor strictness of what is around it. */
  #opaque = 0
  /** How many steps errors show, when that is fewer than there are. */
  #shownSteps = 0
  #shownStruct: TypeSchema | undefined
  #error: string | undefined

  readonly #isMerged: boolean

  constructor(schemas: Schemas, isStrict: boolean, repeatedKeys: ParsedJson['repeatedKeys'], isMerged: boolean) {
    this.#isMerged = isMerged
    this.#schemas = schemas
    this.#isStrict = isStrict
    this.#repeatedKeys = repeatedKeys?.size ? repeatedKeys : undefined
    this.#isExact = repeatedKeys !== undefined
  }

  decode(type: TypeSchema, value: unknown): DecodedObject {
    let object: Record<string, unknown> = {}
    try {
      // To Go, null is an object with nothing in it.
      if (isObject(value) || value === null) object = this.#object(type, value ?? {})
      else this.#wrongType(value, type.name.split('.').slice(-2).join('.'), 'object')
    } catch (abort) {
      if (!(abort instanceof Abort)) throw abort
      this.#error = abort.message
    }
    return { object, error: this.#error, strictErrors: [...this.#strictErrors] }
  }

  #object(type: TypeSchema, value: Record<string, unknown>): Record<string, unknown> {
    const outer = this.#struct
    this.#struct = type
    const result: Record<string, unknown> = {}
    const written = this.#repeatedKeys?.get(value)
    if (written === undefined) for (const key in value) this.#member(type, value, key, result)
    else this.#members(type, value, written, result)
    for (const field of type.filled) if (result[field.name] === undefined) result[field.name] = this.#zero(field)
    this.#struct = outer
    return result
  }

  #member(type: TypeSchema, value: Record<string, unknown>, key: string, result: Record<string, unknown>): void {
    const field = type.fields.get(key)
    if (field === undefined) {
      if (this.#isStrict && this.#opaque === 0) this.#strictError('unknown', key)
      return
    }
    const raw = value[key]
    // Objects that code built may say undefined where JSON says nothing.
    if (raw === null || raw === undefined) return
    this.#path.push(field)
    const decoded = this.#value(field, raw)
    this.#path.pop()
    if (decoded !== undefined && (field.whenZero !== 'drop' || !isZero(decoded))) result[key] = decoded
  }

  /** @param written the keys as the text has them: each repetition is told where it stands */
  #members(type: TypeSchema, value: Record<string, unknown>, written: readonly string[], result: Record<string, unknown>): void {
    const seen = new Set<string>()
    for (const key of written) {
      if (!seen.has(key)) this.#member(type, value, key, result)
      else if (type.fields.has(key) && this.#isStrict && this.#opaque === 0) this.#strictError('duplicate', key)
      seen.add(key)
    }
  }

  #zero(schema: ValueSchema): unknown {
    switch (schema.kind) {
      case 'string':
        return ''
      case 'boolean':
        return false
      case 'quantity':
        return '0'
      case 'object':
        return this.#object(this.#schemas.type(schema.ref!), {})
      case 'list':
        return []
      case 'map':
        return {}
      case 'bytes':
        return ''
      case 'int32':
      case 'int64':
      case 'double':
      case 'intOrString':
        return 0
      default:
        return null
    }
  }

  #value(schema: ValueSchema, value: unknown): unknown {
    switch (schema.kind) {
      case 'string':
        return typeof value === 'string' ? value : this.#wrongType(value, schema.goType, schema.kind)
      case 'boolean':
        return typeof value === 'boolean' ? value : this.#wrongType(value, schema.goType, schema.kind)
      case 'int32':
        return this.#integer(value, schema, -0x8000_0000, 0x7fff_ffff)
      case 'int64':
        return this.#integer(value, schema, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
      case 'double':
        if (value instanceof NumberLiteral) return Number(value.text)
        return typeof value === 'number' ? value : this.#wrongType(value, schema.goType, schema.kind)
      case 'bytes': {
        if (typeof value !== 'string') return this.#wrongType(value, schema.goType, schema.kind)
        const bytes = canonicalBase64(value)
        if ('text' in bytes) return bytes.text
        return this.#keepError(bytes.error)
      }
      case 'list':
        return Array.isArray(value) ? this.#list(schema, value) : this.#wrongType(value, schema.goType, schema.kind)
      case 'map':
        return isObject(value) ? this.#map(schema, value) : this.#wrongType(value, schema.goType, schema.kind)
      case 'object':
        return isObject(value) ? this.#object(this.#schemas.type(schema.ref!), value) : this.#wrongType(value, schema.goType, schema.kind)
      case 'time':
      case 'microTime': {
        if (typeof value !== 'string') return this.#abort(this.#typeError(kindOf(value, false), 'string'))
        const time = schema.kind === 'time' ? canonicalTime(value) : canonicalMicroTime(value)
        return 'text' in time ? time.text : this.#abort(time.error)
      }
      case 'duration': {
        if (typeof value !== 'string') return this.#abort(this.#typeError(kindOf(value, false), 'string'))
        const duration = canonicalDuration(value)
        return 'text' in duration ? duration.text : this.#abort(duration.error)
      }
      case 'quantity': {
        const source = typeof value === 'string' ? value : value instanceof NumberLiteral ? value.text : JSON.stringify(value)
        const quantity = canonicalQuantityText(source)
        return 'text' in quantity ? quantity.text : this.#abort(quantity.error)
      }
      case 'intOrString':
        if (typeof value === 'string') return value
        if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= 0x7fff_ffff) return value
        return this.#abort(this.#typeError(kindOf(value, true), 'int32'))
      case 'json':
        return this.#isExact ? withPlainNumbers(value) : value
      case 'schemaOrBool':
        if (typeof value === 'boolean') return value
        return isObject(value) ? this.#jsonSchema(value) : this.#abort('boolean or JSON schema expected')
      case 'schemaOrArray':
        if (Array.isArray(value)) return value.map((item) => (isObject(item) ? this.#jsonSchema(item) : this.#notASchema(item)))
        return isObject(value) ? this.#jsonSchema(value) : undefined
      case 'schemaOrStringArray':
        if (Array.isArray(value)) {
          return value.map((item) => (typeof item === 'string' ? item : this.#abort(this.#typeError(kindOf(item, false), 'string'))))
        }
        return isObject(value) ? this.#jsonSchema(value) : undefined
    }
  }

  #notASchema(item: unknown): unknown {
    return item === null ? {} : this.#abort(this.#typeError(kindOf(item, false), 'v1.JSONSchemaProps'))
  }

  /** Decoded by a decoder of its own upstream: nothing in it is reported as unknown, and any error in it ends decoding. */
  #jsonSchema(value: Record<string, unknown>): unknown {
    if (this.#opaque++ === 0) {
      this.#shownSteps = this.#path.length
      this.#shownStruct = this.#struct
    }
    const before = this.#error
    this.#error = undefined
    const schema = this.#object(this.#schemas.type(JSON_SCHEMA_PROPS), value)
    const inner = this.#error as string | undefined
    if (inner !== undefined) this.#abort(inner)
    this.#error = before
    this.#opaque--
    return schema
  }

  #integer(value: unknown, { goType, kind }: ValueSchema, min: number, max: number): unknown {
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
    if (value instanceof NumberLiteral && goType.endsWith('64') && /^-?\d+$/.test(value.text)) {
      // Beyond 2^53 a number can't be kept exactly; what fits Go's int64 is taken, rounded.
      const exact = BigInt(value.text)
      if (BigInt.asIntN(64, exact) === exact) return Number(exact)
    }
    const isNumber = typeof value === 'number' || value instanceof NumberLiteral
    if (isNumber && !this.#isMerged) return this.#keepError(this.#typeError(kindOf(value, true), goType))
    return this.#wrongType(value, goType, kind)
  }

  #list(schema: ValueSchema, value: readonly unknown[]): unknown[] {
    const items = schema.items!
    const result: unknown[] = []
    for (let i = 0; i < value.length; i++) {
      const item = value[i]
      this.#path.push(i)
      const decoded = item === null || item === undefined ? this.#zero(items) : this.#value(items, item)
      result.push(decoded === undefined ? this.#zero(items) : decoded)
      this.#path.pop()
    }
    return result
  }

  #map(schema: ValueSchema, value: Record<string, unknown>): Record<string, unknown> {
    const items = schema.items!
    const result: Record<string, unknown> = {}
    if (this.#repeatedKeys?.has(value) && this.#isStrict && this.#opaque === 0) {
      const seen = new Set<string>()
      for (const key of this.#repeatedKeys.get(value) ?? []) {
        if (seen.has(key)) this.#strictError('duplicate', key)
        seen.add(key)
      }
    }
    for (const key in value) {
      const item = value[key]
      this.#path.push(key)
      const decoded = item === null ? this.#zero(items) : this.#value(items, item)
      setKey(result, key, decoded === undefined ? this.#zero(items) : decoded)
      this.#path.pop()
    }
    return result
  }

  #wrongType(value: unknown, goType: string, kind: ValueSchema['kind']): undefined {
    if (this.#isMerged) this.#abort(describeMismatch(value, kind))
    return this.#keepError(this.#typeError(kindOf(value, false), goType))
  }

  #keepError(message: string): undefined {
    this.#error ??= message
    return undefined
  }

  #abort(message: string): never {
    throw new Abort(message)
  }

  /** Go shows the innermost struct and the names of the fields that led there, without indexes and keys. */
  #typeError(found: string, goType: string): string {
    const struct = this.#opaque > 0 ? this.#shownStruct : this.#struct
    const steps = this.#opaque > 0 ? this.#path.slice(0, this.#shownSteps) : this.#path
    const fields = steps.filter((step) => typeof step === 'object').map((step) => step.name)
    const target =
      struct === undefined ? `value of type ${goType}` : `struct field ${struct.shortName}.${fields.join('.')} of type ${goType}`
    return `json: cannot unmarshal ${found} into Go ${target}`
  }

  #strictError(what: 'unknown' | 'duplicate', key: string): void {
    if (this.#strictErrors.size >= MAX_STRICT_ERRORS) return
    let path = ''
    for (const step of [...this.#path, key]) {
      if (typeof step === 'number') path += `[${step}]`
      else path += `${path === '' ? '' : '.'}${typeof step === 'string' ? step : step.name}`
    }
    this.#strictErrors.add(`${what} field ${JSON.stringify(path)}`)
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof NumberLiteral)
}

function isZero(value: unknown): boolean {
  if (value === '' || value === 0 || value === false) return true
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return value.length === 0
  for (const _ in value) return false
  return true
}

/** Upstream: pkg/runtime/converter.go fromUnstructured, which doesn't say where. */
function describeMismatch(value: unknown, target: ValueSchema['kind']): string {
  const isNumber = typeof value === 'number'
  const found = Array.isArray(value) ? 'slice' : isNumber ? (Number.isInteger(value) ? 'int64' : 'float64') : typeof value
  const source = found === 'object' ? 'map' : found === 'boolean' ? 'bool' : found
  switch (target) {
    case 'object':
      return `cannot restore struct from: ${source}`
    case 'map':
      return `cannot restore map from ${source}`
    case 'list':
    case 'bytes':
      return `cannot restore slice from ${source}`
    default: {
      // Go can convert between numbers, and from an integer to a string; upstream refuses what would lose something.
      const wanted = target === 'boolean' ? 'bool' : target === 'double' ? 'float64' : target
      const isConvertible = isNumber && (target === 'string' ? found === 'int64' : target !== 'boolean')
      return isConvertible ? `cannot convert ${source} to ${wanted}` : `unrecognized type: ${wanted}`
    }
  }
}

/** What Go calls a JSON value. @param withText numbers are shown as written, which Go does where a number was asked for */
function kindOf(value: unknown, withText: boolean): string {
  if (value instanceof NumberLiteral) return withText ? `number ${value.text}` : 'number'
  switch (typeof value) {
    case 'number':
      return withText ? `number ${value}` : 'number'
    case 'boolean':
      return 'bool'
    case 'string':
      return 'string'
    default:
      return Array.isArray(value) ? 'array' : 'object'
  }
}
