/**
 * How each protobuf message maps to JSON, compiled from openapi/protobuf.json on first use.
 *
 * Field names of the two differ in ways that all vanish when only letters and digits are compared, without case (`uID`,
 * `Webhooks`, `schema` for `$schema`, `xKubernetesListType`). A message field that then still has no JSON field is a Go struct
 * embedded in its parent (`volumeSource`), whose fields are the parent's own in JSON.
 */
import { readFileSync } from 'node:fs'
import type { Schemas } from '../../api/schema.ts'
import { packageFile } from '../../lib/package-file.ts'

export type FieldCodec = 'string' | 'bool' | 'bytes' | 'int' | 'double' | 'message'

export interface MessageField {
  readonly number: number
  readonly json: string
  readonly codec: FieldCodec
  /** For codec `message`. */
  readonly message: string | undefined
  readonly shape: 'one' | 'list' | 'map'
  /** The fields of the embedded message, which are the parent's in JSON. */
  readonly embedded: Message | undefined
}

export interface Message {
  readonly byNumber: ReadonlyMap<number, MessageField>
  readonly inOrder: readonly MessageField[]
  /** A list in JSON: a message that only wraps `items`, since protobuf has no maps of lists. */
  readonly isWrapper: boolean
}

type RawMessage = Readonly<Record<string, readonly [number, string]>>
type JsonNames = ReadonlyMap<string, string> | undefined

const META_V1 = 'k8s.io.apimachinery.pkg.apis.meta.v1.'

export class Messages {
  readonly #schemas: Schemas
  readonly #compiled = new Map<string, Message>()
  #raw: Readonly<Record<string, RawMessage>> | undefined

  constructor(schemas: Schemas) {
    this.#schemas = schemas
  }

  /** The message of a kind, if it has one. */
  nameOf(apiVersion: string, kind: string): string | undefined {
    const typeName = this.#schemas.typeName(apiVersion, kind)
    const name = typeName === undefined ? META_V1 + kind : toMessageName(typeName)
    if (typeName === undefined && apiVersion !== 'v1' && apiVersion !== 'meta.k8s.io/v1') return undefined
    return Object.hasOwn(this.#load(), name) ? name : undefined
  }

  get(name: string): Message {
    let message = this.#compiled.get(name)
    if (message === undefined) {
      message = this.#compile(name, this.#jsonNames(name))
      this.#compiled.set(name, message)
    }
    return message
  }

  #load(): Readonly<Record<string, RawMessage>> {
    this.#raw ??= JSON.parse(readFileSync(packageFile('openapi/protobuf.json'), 'utf8')) as Record<string, RawMessage>
    return this.#raw
  }

  /** JSON names by their letters and digits; undefined for messages without OpenAPI fields, whose names agree. */
  #jsonNames(message: string): JsonNames {
    const typeName = toTypeName(message)
    if (!this.#schemas.has(typeName)) return undefined
    const { fields } = this.#schemas.type(typeName)
    return fields.size === 0 ? undefined : new Map([...fields.keys()].map((name) => [letters(name), name]))
  }

  #compile(name: string, jsonNames: JsonNames): Message {
    const raw = this.#load()[name]
    if (raw === undefined) throw new Error(`no message ${name} in openapi/protobuf.json`)
    const inOrder = Object.entries(raw)
      .map(([field, [number, type]]) => this.#compileField(name, field, number, type, jsonNames))
      .sort((a, b) => a.number - b.number)
    return {
      inOrder,
      byNumber: new Map(inOrder.map((field) => [field.number, field])),
      isWrapper: inOrder.length === 1 && inOrder[0]!.json === 'items' && inOrder[0]!.codec === 'string',
    }
  }

  #compileField(owner: string, name: string, number: number, type: string, jsonNames: JsonNames): MessageField {
    const map = /^map<string,(.*)>$/.exec(type)
    const shape = map ? 'map' : type.startsWith('repeated ') ? 'list' : 'one'
    const element = map ? map[1]! : type.replace(/^repeated /, '')
    const codec = codecOf(element)
    const message = codec !== 'message' ? undefined : element.startsWith('.') ? element.slice(1) : siblingOf(owner, element)
    const json = jsonNames === undefined ? name : jsonNames.get(letters(name))
    const isEmbedded = json === undefined && message !== undefined && shape === 'one'
    const embedded = isEmbedded ? this.#compile(message, jsonNames) : undefined
    return { number, json: json ?? name, codec, message, shape, embedded }
  }
}

function letters(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '')
}

function siblingOf(owner: string, name: string): string {
  return owner.slice(0, owner.lastIndexOf('.') + 1) + name
}

function toMessageName(typeName: string): string {
  return `k8s.io.${typeName.slice('io.k8s.'.length).replaceAll('-', '_')}`
}

function toTypeName(messageName: string): string {
  return `io.k8s.${messageName.slice('k8s.io.'.length).replaceAll('_', '-')}`
}

function codecOf(type: string): FieldCodec {
  switch (type) {
    case 'string':
    case 'bool':
    case 'bytes':
    case 'double':
      return type
    case 'int32':
    case 'int64':
      return 'int'
    default:
      return 'message'
  }
}
