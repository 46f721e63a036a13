/**
 * The types of the API, from openapi/definitions.json: what a field is called, what it holds, how patches merge it.
 * One `Schemas` is made by the composition root and handed down; types are compiled on first use and kept.
 *
 * JSON schema can't say three things that show on the wire, because they come from Go: the names types have in error messages,
 * which fields are pointers (a pointer to 0 is written, a plain 0 with omitempty is not), and which fields are always written.
 * openapi/go-types.json has them, as exceptions: `types` (names that differ from what the schema tells), `pointers` (scalars
 * that keep their zero), `always` (plain fields written even when zero: structs, and scalars without omitempty) and `nullable`
 * (lists, maps and pointers without omitempty).
 */
import { readFileSync } from 'node:fs'
import { packageFile } from '../lib/package-file.ts'

/** How a value is decoded and encoded. `json` is any JSON, kept as it came. */
export type ValueKind =
  | 'string'
  | 'boolean'
  | 'int32'
  | 'int64'
  | 'double'
  | 'bytes'
  | 'list'
  | 'map'
  | 'object'
  | 'time'
  | 'microTime'
  | 'duration'
  | 'quantity'
  | 'intOrString'
  | 'json'
  | 'schemaOrBool'
  | 'schemaOrArray'
  | 'schemaOrStringArray'

export interface ValueSchema {
  readonly kind: ValueKind
  /** The definition's name, for an object and for the special scalars. */
  readonly ref: string | undefined
  /** Of a list's items or a map's values. */
  readonly items: ValueSchema | undefined
  /** As Go names it in error messages: `int32`, `v1.PullPolicy`, `[]v1.Container`. */
  readonly goType: string
}

export interface FieldSchema extends ValueSchema {
  readonly name: string
  /** `merge`, `retainKeys`; empty means replace. */
  readonly patchStrategies: readonly string[]
  readonly mergeKey: string | undefined
  readonly listType: string | undefined
  readonly listMapKeys: readonly string[] | undefined
  readonly mapType: string | undefined
  /** Of a list, map or pointer that Go writes as null when it is empty: it has no omitempty. */
  readonly isNullable: boolean
  /** What becomes of the zero value: written when the client sent it, left out, or written always. */
  readonly whenZero: 'keep' | 'drop' | 'fill'
}

export interface TypeSchema {
  readonly name: string
  /** The last segment, which is the Go struct's name: `DeploymentSpec`. */
  readonly shortName: string
  readonly fields: ReadonlyMap<string, FieldSchema>
  /** `atomic` for a struct that has one owner as a whole. */
  readonly mapType: string | undefined
  readonly required: readonly string[]
  /** The fields that an object of this type always has. */
  readonly filled: readonly FieldSchema[]
}

export interface GroupVersionKind {
  readonly group: string
  readonly version: string
  readonly kind: string
}

interface RawSchema {
  readonly $ref?: string
  readonly type?: string
  readonly format?: string
  readonly items?: RawSchema
  readonly additionalProperties?: RawSchema
  readonly properties?: Readonly<Record<string, RawSchema>>
  readonly required?: readonly string[]
  readonly 'x-kubernetes-patch-strategy'?: string
  readonly 'x-kubernetes-patch-merge-key'?: string
  readonly 'x-kubernetes-list-type'?: string
  readonly 'x-kubernetes-list-map-keys'?: readonly string[]
  readonly 'x-kubernetes-map-type'?: string
  readonly 'x-kubernetes-group-version-kind'?: readonly GroupVersionKind[]
}

interface GoFacts {
  readonly types?: Readonly<Record<string, string>>
  readonly pointers?: readonly string[]
  readonly always?: readonly string[]
  readonly nullable?: readonly string[]
}

export const META_V1 = 'io.k8s.apimachinery.pkg.apis.meta.v1.'
const APIEXTENSIONS = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.'
export const JSON_SCHEMA_PROPS = `${APIEXTENSIONS}JSONSchemaProps`

/** Definitions that encode themselves. */
const SPECIAL: Readonly<Record<string, { kind: ValueKind; goType: string }>> = {
  [`${META_V1}Time`]: { kind: 'time', goType: 'v1.Time' },
  [`${META_V1}MicroTime`]: { kind: 'microTime', goType: 'v1.MicroTime' },
  [`${META_V1}Duration`]: { kind: 'duration', goType: 'v1.Duration' },
  [`${META_V1}FieldsV1`]: { kind: 'json', goType: 'v1.FieldsV1' },
  [`${META_V1}Patch`]: { kind: 'json', goType: 'v1.Patch' },
  'io.k8s.apimachinery.pkg.api.resource.Quantity': { kind: 'quantity', goType: 'resource.Quantity' },
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': { kind: 'intOrString', goType: 'intstr.IntOrString' },
  'io.k8s.apimachinery.pkg.runtime.RawExtension': { kind: 'json', goType: 'runtime.RawExtension' },
  [`${APIEXTENSIONS}JSON`]: { kind: 'json', goType: 'v1.JSON' },
  [`${APIEXTENSIONS}JSONSchemaPropsOrBool`]: { kind: 'schemaOrBool', goType: 'v1.JSONSchemaPropsOrBool' },
  [`${APIEXTENSIONS}JSONSchemaPropsOrArray`]: { kind: 'schemaOrArray', goType: 'v1.JSONSchemaPropsOrArray' },
  [`${APIEXTENSIONS}JSONSchemaPropsOrStringArray`]: { kind: 'schemaOrStringArray', goType: 'v1.JSONSchemaPropsOrStringArray' },
}

/** Of the special scalars, those a Go struct holds by value and therefore always writes. The others' zero is null. */
const WRITTEN_WHEN_ZERO: ReadonlySet<ValueKind> = new Set(['quantity', 'intOrString', 'object'])

const LIST_META = `${META_V1}ListMeta`

export class Schemas {
  readonly #types = new Map<string, TypeSchema>()
  #definitions: Readonly<Record<string, RawSchema>> | undefined
  #goFacts: Readonly<Record<string, GoFacts>> | undefined
  #kinds: ReadonlyMap<string, string> | undefined

  /** @throws Error for a name that openapi/definitions.json doesn't have: a fault of the program. */
  type(name: string): TypeSchema {
    const known = this.#types.get(name)
    if (known !== undefined) return known
    const type = this.#compile(name)
    this.#types.set(name, type)
    return type
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#load(), name)
  }

  /** The type of a kind, built-in ones only. @param apiVersion `v1`, `apps/v1` */
  typeName(apiVersion: string, kind: string): string | undefined {
    this.#kinds ??= indexKinds(this.#load())
    return this.#kinds.get(`${apiVersion}/${kind}`)
  }

  #load(): Readonly<Record<string, RawSchema>> {
    this.#definitions ??= readData('definitions.json') as Record<string, RawSchema>
    return this.#definitions
  }

  #compile(name: string): TypeSchema {
    const definition = this.#load()[name]
    if (definition === undefined) throw new Error(`no type ${name} in openapi/definitions.json`)
    this.#goFacts ??= readData('go-types.json') as Record<string, GoFacts>
    const facts = this.#goFacts[name] ?? {}
    const fields = new Map<string, FieldSchema>()
    for (const [field, schema] of Object.entries(definition.properties ?? {})) fields.set(field, compileField(field, schema, facts))
    return {
      name,
      shortName: name.slice(name.lastIndexOf('.') + 1),
      fields,
      mapType: definition['x-kubernetes-map-type'],
      required: definition.required ?? [],
      filled: [...fields.values()].filter((field) => field.whenZero === 'fill'),
    }
  }
}

function readData(file: string): unknown {
  // src/api and dist/api lie equally deep.
  return JSON.parse(readFileSync(packageFile(`openapi/${file}`), 'utf8'))
}

/** Kinds that every group has (DeleteOptions, WatchEvent) are found under each of them. */
function indexKinds(definitions: Readonly<Record<string, RawSchema>>): Map<string, string> {
  const kinds = new Map<string, string>()
  for (const [name, definition] of Object.entries(definitions)) {
    for (const { group, version, kind } of definition['x-kubernetes-group-version-kind'] ?? []) {
      kinds.set(`${group === '' ? '' : `${group}/`}${version}/${kind}`, name)
    }
  }
  return kinds
}

function compileField(name: string, schema: RawSchema, facts: GoFacts): FieldSchema {
  const value = compileValue(schema, facts.types?.[name])
  return {
    ...value,
    name,
    patchStrategies: schema['x-kubernetes-patch-strategy']?.split(',') ?? [],
    mergeKey: schema['x-kubernetes-patch-merge-key'],
    listType: schema['x-kubernetes-list-type'],
    listMapKeys: schema['x-kubernetes-list-map-keys'],
    mapType: schema['x-kubernetes-map-type'],
    isNullable: facts.nullable?.includes(name) === true,
    whenZero: whenZero(name, value, facts),
  }
}

function whenZero(name: string, value: ValueSchema, facts: GoFacts): FieldSchema['whenZero'] {
  switch (value.kind) {
    case 'list':
    case 'map':
    case 'bytes':
      return facts.nullable?.includes(name) || facts.pointers?.includes(name) ? 'keep' : 'drop'
    case 'string':
    case 'boolean':
    case 'int32':
    case 'int64':
    case 'double':
      if (facts.pointers?.includes(name)) return 'keep'
      return facts.always?.includes(name) ? 'fill' : 'drop'
    default:
      return facts.always?.includes(name) && WRITTEN_WHEN_ZERO.has(value.kind) && value.ref !== LIST_META ? 'fill' : 'keep'
  }
}

/** @param goType what Go calls it, where the schema doesn't tell */
function compileValue(schema: RawSchema, goType?: string): ValueSchema {
  if (schema.$ref !== undefined) {
    const special = SPECIAL[schema.$ref]
    if (special !== undefined) return { kind: special.kind, ref: schema.$ref, items: undefined, goType: goType ?? special.goType }
    return { kind: 'object', ref: schema.$ref, items: undefined, goType: goType ?? schema.$ref.split('.').slice(-2).join('.') }
  }
  if (schema.type === 'array') {
    const items = compileValue(schema.items ?? {}, goType?.startsWith('[]') ? goType.slice(2).replace(/^\*/, '') : undefined)
    return { kind: 'list', ref: undefined, items, goType: goType ?? `[]${items.goType}` }
  }
  if (schema.type === 'object' && schema.additionalProperties !== undefined) {
    const items = compileValue(schema.additionalProperties, /^map\[[^\]]*\](.*)$/.exec(goType ?? '')?.[1])
    return { kind: 'map', ref: undefined, items, goType: goType ?? `map[string]${items.goType}` }
  }
  const kind = scalarKind(schema)
  return { kind, ref: undefined, items: undefined, goType: goType ?? GO_SCALARS[kind] ?? 'interface {}' }
}

const GO_SCALARS: Partial<Record<ValueKind, string>> = {
  string: 'string',
  boolean: 'bool',
  int32: 'int32',
  int64: 'int64',
  double: 'float64',
  bytes: '[]uint8',
}

function scalarKind(schema: RawSchema): ValueKind {
  switch (schema.type) {
    case 'string':
      return schema.format === 'byte' ? 'bytes' : 'string'
    case 'boolean':
      return 'boolean'
    case 'integer':
      return schema.format === 'int32' ? 'int32' : 'int64'
    case 'number':
      return 'double'
    default:
      return 'json'
  }
}
