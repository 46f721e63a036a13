/**
 * application/vnd.kubernetes.protobuf: what typed Go clients send, without a fallback to JSON. A body is four bytes of magic,
 * then a runtime.Unknown that names the kind and holds the message. Upstream: pkg/runtime/serializer/protobuf.
 */
import { setKey } from '../../api/schema/parse-json.ts'
import type { Schemas } from '../../api/schema.ts'
import { type Message, type MessageField, Messages } from './protobuf-messages.ts'
import { SPECIAL_MESSAGES, type SpecialMessage } from './protobuf-special.ts'
import { ProtobufError, Reader, WIRE_BYTES, WIRE_FIXED64, WIRE_VARINT, Writer } from './protobuf-wire.ts'

const MAGIC = Buffer.from('k8s\0', 'latin1')

export interface DecodedProtobuf {
  /** Those of `expected` where the client left them out. */
  readonly apiVersion: string
  readonly kind: string
  /** The JSON form, with the zeros that Go clients write for every field that isn't a pointer: decodeObject drops them. */
  readonly value: Record<string, unknown>
}

export interface ExpectedMessage {
  readonly apiVersion: string
  readonly kind: string
  readonly alsoTakes?: readonly string[] | undefined
}

type Json = Record<string, unknown>

export class Protobuf {
  readonly #messages: Messages

  constructor(schemas: Schemas) {
    this.#messages = new Messages(schemas)
  }

  /** Whether objects of this kind can be written as protobuf; Tables and custom resources can't. */
  supports(apiVersion: string, kind: string): boolean {
    return this.#messages.nameOf(apiVersion, kind) !== undefined
  }

  /**
   * An unknown kind gives an empty value; the caller knows what to say of it.
   * @param expected the kind to assume where the body names none, and the versions that are read as if they were its own
   * @throws ProtobufError with upstream's text
   */
  decode(bytes: Buffer, expected?: ExpectedMessage): DecodedProtobuf {
    if (bytes.length === 0) throw new ProtobufError('empty data')
    if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
      throw new ProtobufError(`provided data does not appear to be a protobuf message, expected prefix [${[...MAGIC].join(' ')}]`)
    }
    if (bytes.length === MAGIC.length) throw new ProtobufError('empty body')
    const unknown = readUnknown(new Reader(bytes, MAGIC.length))
    const apiVersion = unknown.apiVersion || (expected?.apiVersion ?? '')
    const kind = unknown.kind || (expected?.kind ?? '')
    const value: Json = { apiVersion, kind }
    const name = this.#messages.nameOf(expected?.alsoTakes?.includes(apiVersion) ? expected.apiVersion : apiVersion, kind)
    if (name !== undefined) this.#readMessage(this.#messages.get(name), new Reader(unknown.raw), value)
    return { apiVersion, kind, value }
  }

  /** @throws Error for a kind that has no message: ask `supports` first */
  encode(apiVersion: string, kind: string, value: object): Buffer {
    const name = this.#messages.nameOf(apiVersion, kind)
    if (name === undefined) throw new Error(`${kind} of ${apiVersion} has no protobuf form`)
    const writer = new Writer()
    writer.raw(MAGIC)
    writer.tag(1, WIRE_BYTES)
    writer.nested(() => {
      writer.tag(1, WIRE_BYTES)
      writer.string(apiVersion)
      writer.tag(2, WIRE_BYTES)
      writer.string(kind)
    })
    writer.tag(2, WIRE_BYTES)
    writer.nested(() => this.#writeMessage(this.#messages.get(name), value as Json, writer))
    // Upstream writes contentEncoding and contentType too, always empty.
    writer.tag(3, WIRE_BYTES)
    writer.string('')
    writer.tag(4, WIRE_BYTES)
    writer.string('')
    return writer.finish()
  }

  #readMessage(message: Message, reader: Reader, into: Json): Json {
    while (!reader.isAtEnd) {
      const tag = reader.int64()
      const wireType = tag % 8
      const number = Math.floor(tag / 8)
      if (number <= 0) throw new ProtobufError(`proto: illegal tag ${number} (wire type ${tag})`)
      const field = message.byNumber.get(number)
      if (field === undefined) reader.skip(wireType)
      else if (field.embedded !== undefined) this.#readMessage(field.embedded, new Reader(reader.bytes()), into)
      else this.#readField(field, reader, wireType, into)
    }
    return into
  }

  #readField(field: MessageField, reader: Reader, wireType: number, into: Json): void {
    if (field.shape === 'map') {
      into[field.json] ??= {}
      this.#readEntry(field, new Reader(reader.bytes()), into[field.json] as Json)
    } else if (field.shape === 'list') {
      into[field.json] ??= []
      const list = into[field.json] as unknown[]
      if (wireType === WIRE_BYTES && field.codec === 'int') {
        // Packed: Go's generated code doesn't write this, other writers do.
        const packed = new Reader(reader.bytes())
        while (!packed.isAtEnd) list.push(packed.int64())
      } else list.push(this.#readValue(field, reader, wireType) ?? null)
    } else {
      const value = this.#readValue(field, reader, wireType)
      if (value !== undefined) into[field.json] = value
    }
  }

  #readEntry(field: MessageField, reader: Reader, map: Json): void {
    let key = ''
    let value: unknown
    while (!reader.isAtEnd) {
      const tag = reader.int64()
      const number = Math.floor(tag / 8)
      if (number === 1) key = reader.bytes().toString()
      else if (number === 2) value = this.#readValue(field, reader, tag % 8)
      else reader.skip(tag % 8)
    }
    setKey(map, key, value === undefined ? absentMapValue(field) : value)
  }

  #readValue(field: MessageField, reader: Reader, wireType: number): unknown {
    if (wireType !== wireTypeOf(field)) throw new ProtobufError(`proto: wrong wireType = ${wireType} for field ${field.json}`)
    switch (field.codec) {
      case 'string':
        return reader.bytes().toString()
      case 'bool':
        return reader.int64() !== 0
      case 'int':
        return reader.int64()
      case 'double':
        return reader.double()
      case 'bytes':
        return reader.bytes().toString('base64')
      case 'message': {
        const name = field.message!
        const message = this.#messages.get(name)
        const fields = this.#readMessage(message, new Reader(reader.bytes()), {})
        const special = SPECIAL_MESSAGES[name]
        if (special !== undefined) return this.#specialToJson(special, fields)
        return message.isWrapper ? (fields.items ?? []) : fields
      }
    }
  }

  #specialToJson(special: SpecialMessage, fields: Json): unknown {
    if (special.holdsObjects) {
      const raw = Buffer.from(String(fields.raw ?? ''), 'base64')
      if (raw.subarray(0, MAGIC.length).equals(MAGIC)) return this.decode(raw).value
    }
    return special.toJson(fields)
  }

  #writeMessage(message: Message, value: Json, writer: Writer): void {
    for (const field of message.inOrder) {
      const { embedded } = field
      if (embedded !== undefined) {
        if (!hasAnyOf(embedded, value)) continue
        writer.tag(field.number, WIRE_BYTES)
        writer.nested(() => this.#writeMessage(embedded, value, writer))
        continue
      }
      const item = value[field.json]
      if (item === undefined || item === null) continue
      if (field.shape === 'list') {
        for (const entry of item as unknown[]) this.#writeValue(field, field.number, entry, writer)
      } else if (field.shape === 'map') {
        for (const [key, entry] of Object.entries(item)) {
          writer.tag(field.number, WIRE_BYTES)
          writer.nested(() => {
            writer.tag(1, WIRE_BYTES)
            writer.string(key)
            this.#writeValue(field, 2, entry, writer)
          })
        }
      } else this.#writeValue(field, field.number, item, writer)
    }
  }

  #writeValue(field: MessageField, number: number, value: unknown, writer: Writer): void {
    writer.tag(number, wireTypeOf(field))
    switch (field.codec) {
      case 'string':
        writer.string(String(value ?? ''))
        return
      case 'bool':
        writer.int64(value === true ? 1 : 0)
        return
      case 'int':
        writer.int64(Number(value ?? 0))
        return
      case 'double':
        writer.double(Number(value ?? 0))
        return
      case 'bytes':
        writer.bytes(Buffer.from(String(value ?? ''), 'base64'))
        return
      case 'message': {
        const name = field.message!
        const message = this.#messages.get(name)
        const special = SPECIAL_MESSAGES[name]
        const fields = special !== undefined ? special.fromJson(value) : message.isWrapper ? { items: value } : ((value ?? {}) as Json)
        writer.nested(() => this.#writeMessage(message, fields, writer))
      }
    }
  }
}

function wireTypeOf({ codec }: MessageField): number {
  return codec === 'int' || codec === 'bool' ? WIRE_VARINT : codec === 'double' ? WIRE_FIXED64 : WIRE_BYTES
}

/** Of an entry whose value was left out because it is zero. */
function absentMapValue({ codec, message }: MessageField): unknown {
  if (message !== undefined && SPECIAL_MESSAGES[message] !== undefined) return null
  return codec === 'string' || codec === 'bytes' ? '' : codec === 'message' ? {} : 0
}

function hasAnyOf(message: Message, value: Json): boolean {
  return message.inOrder.some(({ embedded, json }) =>
    embedded !== undefined ? hasAnyOf(embedded, value) : value[json] !== undefined && value[json] !== null,
  )
}

const TYPE_META_TAG = 1 * 8 + WIRE_BYTES
const RAW_TAG = 2 * 8 + WIRE_BYTES

function readUnknown(reader: Reader): { apiVersion: string; kind: string; raw: Buffer } {
  const unknown = { apiVersion: '', kind: '', raw: Buffer.alloc(0) as Buffer }
  while (!reader.isAtEnd) {
    const tag = reader.int64()
    if (tag < 8) throw new ProtobufError(`proto: Unknown: illegal tag 0 (wire type ${tag})`)
    if (tag === TYPE_META_TAG) {
      const meta = new Reader(reader.bytes())
      while (!meta.isAtEnd) {
        const metaTag = meta.int64()
        if (metaTag === 1 * 8 + WIRE_BYTES) unknown.apiVersion = meta.bytes().toString()
        else if (metaTag === 2 * 8 + WIRE_BYTES) unknown.kind = meta.bytes().toString()
        else meta.skip(metaTag % 8)
      }
    } else if (tag === RAW_TAG) unknown.raw = reader.bytes()
    else reader.skip(tag % 8)
  }
  return unknown
}
