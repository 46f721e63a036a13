/**
 * What of a type is owned separately: its schema, reduced to what ownership asks. Lists and maps of unknown type, and those the
 * schema calls atomic, have one owner as a whole. Upstream: kube-openapi pkg/schemaconv; structured-merge-diff schema.
 */
import { type FieldSchema, META_V1, type Schemas, type TypeSchema, type ValueKind, type ValueSchema } from '../../schema.ts'
import type { ListKey } from './path-element.ts'

export type Shape = LeafShape | StructShape | MapShape | KeyedShape | SetShape | AnyShape

export interface LeafShape {
  readonly kind: 'leaf'
  /** What a value must be, and what is in it: for validation only. */
  readonly value: ValueSchema
  /** Of an atomic list, map or struct: what it would be if it weren't. */
  readonly inner: Shape | undefined
}
export interface MapShape {
  readonly kind: 'map'
  readonly items: Shape
}
/** A list whose items are told apart by some of their fields. */
export interface KeyedShape {
  readonly kind: 'keyed'
  /** In alphabetical order. */
  readonly keys: readonly ListKey[]
  /** As the schema lists them. */
  readonly keyNames: readonly string[]
  readonly items: Shape
  /** Only some fields of the items are part of it: not the items themselves. */
  readonly isPart?: boolean
}
export interface SetShape {
  readonly kind: 'set'
  readonly items: Shape
}
/** Any JSON: its maps are granular, its lists atomic. */
export interface AnyShape {
  readonly kind: 'any'
}
export interface StructShape {
  readonly kind: 'struct'
  readonly fields: ReadonlyMap<string, FieldShape>
}

export class FieldShape {
  /** `f:NAME` */
  readonly element: string
  /** As a key of JSON, with its colon: `"f:NAME":` */
  readonly keyText: string
  /** Go has the field even when it is zero, so it is there before it is set: setting it doesn't add it. */
  readonly isAlwaysThere: boolean
  readonly #compile: () => Shape
  #shape: Shape | undefined

  constructor(name: string, isAlwaysThere: boolean, compile: () => Shape) {
    this.element = `f:${name}`
    this.keyText = `${JSON.stringify(this.element)}:`
    this.isAlwaysThere = isAlwaysThere
    this.#compile = compile
  }

  get shape(): Shape {
    this.#shape ??= this.#compile()
    return this.#shape
  }
}

/** Fields left out of a shape: `true` for the field itself, else those below it. */
export interface Excluded {
  readonly [field: string]: true | Excluded
}

/** The fields a shape has and no others: `true` for all below a field. Items of a list stand for the list. */
export interface Included {
  readonly [field: string]: true | Included
}

/** Never part of anyone's fields. Upstream: stripmeta.go. */
const STRIPPED: Excluded = {
  apiVersion: true,
  kind: true,
  metadata: {
    name: true,
    namespace: true,
    creationTimestamp: true,
    selfLink: true,
    uid: true,
    clusterName: true,
    generation: true,
    managedFields: true,
    resourceVersion: true,
  },
}

const ANY: AnyShape = { kind: 'any' }
const NOTHING: Excluded = {}

/** Kinds of values that are any JSON to the schema. A RawExtension (kind json too) is told apart by its name. */
const ANY_KINDS: ReadonlySet<ValueKind> = new Set(['json', 'schemaOrBool', 'schemaOrArray', 'schemaOrStringArray'])

export class Shapes {
  readonly #schemas: Schemas
  readonly #structs = new Map<string, StructShape>()
  readonly #tracked = new Map<Excluded, Map<string, StructShape>>()
  readonly #only = new Map<Included, StructShape>()

  constructor(schemas: Schemas) {
    this.#schemas = schemas
  }

  /** A type with all its fields. */
  type(typeName: string): StructShape {
    const known = this.#structs.get(typeName)
    if (known !== undefined) return known
    const shape = this.#struct(this.#schemas.type(typeName), NOTHING)
    this.#structs.set(typeName, shape)
    return shape
  }

  /** The fields of a whole object that can have owners. @param reset what the endpoint takes from no client */
  tracked(typeName: string, reset: Excluded): StructShape {
    let byType = this.#tracked.get(reset)
    if (byType === undefined) {
      byType = new Map()
      this.#tracked.set(reset, byType)
    }
    const known = byType.get(typeName)
    if (known !== undefined) return known
    const shape = this.#struct(this.#schemas.type(typeName), joined(STRIPPED, reset))
    byType.set(typeName, shape)
    return shape
  }

  /** Nothing of a type but these fields. @param included the same object each time for the same type */
  only(typeName: string, included: Included): StructShape {
    const known = this.#only.get(included)
    if (known !== undefined) return known
    const shape = this.#onlyStruct(this.#schemas.type(typeName), included)
    this.#only.set(included, shape)
    return shape
  }

  #onlyStruct(type: TypeSchema, included: Included): StructShape {
    const fields = new Map<string, FieldShape>()
    for (const [name, below] of Object.entries(included)) {
      const field = type.fields.get(name)!
      const isAlwaysThere = field.whenZero === 'fill' || field.isNullable
      fields.set(name, new FieldShape(name, isAlwaysThere, () => this.#onlyField(field, below)))
    }
    return { kind: 'struct', fields }
  }

  #onlyField(field: FieldSchema, below: true | Included): Shape {
    if (below === true) return this.#field(field, undefined)
    const shape = this.#onlyStruct(this.#schemas.type(field.ref ?? field.items!.ref!), below)
    return field.kind === 'list' ? { ...(this.#list(field) as KeyedShape), items: shape, isPart: true } : shape
  }

  #struct(type: TypeSchema, excluded: Excluded): StructShape {
    const fields = new Map<string, FieldShape>()
    for (const field of type.fields.values()) {
      const without = excluded[field.name]
      if (without === true) continue
      const isAlwaysThere = field.whenZero === 'fill' || field.isNullable
      fields.set(field.name, new FieldShape(field.name, isAlwaysThere, () => this.#field(field, without)))
    }
    return { kind: 'struct', fields }
  }

  #field(field: FieldSchema, without: Excluded | undefined): Shape {
    if (without !== undefined && field.kind === 'object') return this.#struct(this.#schemas.type(field.ref!), without)
    switch (field.kind) {
      case 'list':
        return this.#list(field)
      case 'map':
        return atomicIf(field.mapType === 'atomic', field, this.#value(field))
      case 'object':
        if (field.mapType === 'granular') return this.type(field.ref!)
        return atomicIf(field.mapType === 'atomic', field, this.#value(field))
      default:
        return this.#value(field)
    }
  }

  #list(field: FieldSchema): Shape {
    const items = field.items === undefined ? ANY : this.#value(field.items)
    const isMerged = field.listType === undefined && field.patchStrategies.includes('merge')
    if (field.listType === 'map' || (isMerged && field.mergeKey !== undefined)) {
      const keyNames = field.listType === 'map' ? (field.listMapKeys ?? []) : [field.mergeKey!]
      return { kind: 'keyed', keyNames, keys: [...keyNames].sort().map((name) => this.#listKey(field, name)), items }
    }
    if (field.listType === 'set' || isMerged) return { kind: 'set', items }
    return { kind: 'leaf', value: field, inner: items }
  }

  #listKey(field: FieldSchema, name: string): ListKey {
    const item = this.#schemas.type(field.items!.ref!)
    const key = item.fields.get(name)
    return { name, byDefault: key === undefined ? undefined : keyDefault(item, key) }
  }

  #value(value: ValueSchema): Shape {
    switch (value.kind) {
      case 'object': {
        const isAtomic = this.#schemas.type(value.ref!).mapType === 'atomic'
        return atomicIf(isAtomic, value, this.type(value.ref!))
      }
      case 'map':
        return { kind: 'map', items: this.#value(value.items!) }
      case 'list':
        return { kind: 'leaf', value, inner: this.#value(value.items!) }
      default:
        if (ANY_KINDS.has(value.kind) && value.ref !== `${RUNTIME}RawExtension` && value.ref !== `${META_V1}FieldsV1`) return ANY
        return { kind: 'leaf', value, inner: undefined }
    }
  }
}

const RUNTIME = 'io.k8s.apimachinery.pkg.runtime.'

function atomicIf(isAtomic: boolean, value: ValueSchema, inner: Shape): Shape {
  return isAtomic ? { kind: 'leaf', value, inner } : inner
}

/** Keys whose default comes from a marker of their own; of the others those that Go always writes have their zero. */
const KEY_DEFAULTS: Readonly<Record<string, unknown>> = {
  'ContainerPort.protocol': 'TCP',
  'ServicePort.protocol': 'TCP',
  'LocalObjectReference.name': '',
}

function keyDefault(item: TypeSchema, key: FieldSchema): unknown {
  const marked = KEY_DEFAULTS[`${item.shortName}.${key.name}`]
  if (marked !== undefined) return marked
  if (key.whenZero !== 'fill') return undefined
  return key.kind === 'string' ? '' : key.kind === 'boolean' ? false : 0
}

function joined(a: Excluded, b: Excluded): Excluded {
  const all: Record<string, true | Excluded> = { ...a }
  for (const [name, below] of Object.entries(b)) {
    const known = all[name]
    all[name] = known === undefined || known === true || below === true ? below : joined(known, below)
  }
  return all
}

const compiled = new WeakMap<Schemas, Shapes>()

/** The shapes over these schemas: compiled on first use and kept as long as they are. */
export function shapesOf(schemas: Schemas): Shapes {
  const known = compiled.get(schemas)
  if (known !== undefined) return known
  const shapes = new Shapes(schemas)
  compiled.set(schemas, shapes)
  return shapes
}
