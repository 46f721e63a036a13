/**
 * A Swagger 2.0 document as gnostic's protobuf message openapi.v2.Document: what kubectl reads to explain kinds in the old way, and
 * older ones to check manifests. A table a message, fields in the order of their numbers, by their names in JSON.
 * Upstream: gnostic-models openapiv2/OpenAPIv2.proto; kube-openapi handler ToProtoBinary.
 */
import { WIRE_BYTES, WIRE_FIXED64, WIRE_VARINT, Writer } from './codecs/protobuf-wire.ts'
import { encodeYaml } from './codecs/yaml.ts'

type Json = string | number | boolean | null | readonly Json[] | JsonRecord
interface JsonRecord {
  readonly [key: string]: Json
}

/** Writes a value as the field of that number. */
type Field = (writer: Writer, number: number, value: Json) => void
/** Writes the fields of a message. */
type Message = (writer: Writer, value: Json) => void

const text: Field = (writer, number, value) => {
  writer.tag(number, WIRE_BYTES)
  writer.string(value as string)
}

const flag: Field = (writer, number, value) => {
  writer.tag(number, WIRE_VARINT)
  writer.int64(value ? 1 : 0)
}

/** Of its own and neither in a list nor one of several: what is as when absent isn't sent. Upstream: proto3. */
function unlessZero(field: Field): Field {
  return (writer, number, value) => {
    if (value !== '' && value !== 0 && value !== false) field(writer, number, value)
  }
}

const string = unlessZero(text)
const boolean = unlessZero(flag)

const integer = unlessZero((writer, number, value) => {
  writer.tag(number, WIRE_VARINT)
  writer.int64(value as number)
})

const double = unlessZero((writer, number, value) => {
  writer.tag(number, WIRE_FIXED64)
  writer.double(value as number)
})

function nested(message: Message): Field {
  return (writer, number, value) => {
    writer.tag(number, WIRE_BYTES)
    writer.nested(() => message(writer, value))
  }
}

function repeated(field: Field): Field {
  return (writer, number, values) => {
    for (const value of values as readonly Json[]) field(writer, number, value)
  }
}

/** A map: its members, in order, as Named… { name = 1; value = 2 }. */
function named(field: Field): Field {
  const member = nested((writer, value) => {
    const [name, content] = value as readonly [string, Json]
    string(writer, 1, name)
    field(writer, 2, content)
  })
  return (writer, number, values) => {
    for (const entry of Object.entries(values as JsonRecord)) member(writer, number, entry)
  }
}

/** A message of one field: gnostic's way with lists and with what is one of several types. */
function only(number: number, field: Field): Field {
  return nested((writer, value) => field(writer, number, value))
}

/** What may have any form goes as YAML. */
const any = only(2, (writer, number, value) => text(writer, number, encodeYaml(value)))

type Fields = Readonly<Record<string, readonly [number: number, field: Field]>>

const isExtension = (name: string) => name.startsWith('x-')

/**
 * @param extensions the field for all that begins with `x-`; without one there is nothing of the kind
 * @throws Error for what the message has no field for, as upstream refuses such a document
 */
function record(fields: Fields, extensions?: number): Message {
  return (writer, value) => {
    const members = value as JsonRecord
    for (const [name, [number, field]] of Object.entries(fields)) {
      const member = members[name]
      if (member !== undefined) field(writer, number, member)
    }
    const others = Object.keys(members).filter((name) => !Object.hasOwn(fields, name))
    const unknown = others.find((name) => extensions === undefined || !isExtension(name))
    if (unknown !== undefined) throw new Error(`no field for ${unknown} in OpenAPI v2`)
    if (extensions !== undefined && others.length > 0) {
      namedAny(writer, extensions, Object.fromEntries(others.map((name) => [name, members[name]!])))
    }
  }
}

const namedAny = named(any)
const strings = repeated(text)

const externalDocs = nested(record({ description: [1, string], url: [2, string] }, 3))

/** Refers to itself, so the table is looked up when it is used. */
const schema = nested((writer, value) => schemaMessage(writer, value))

const additionalProperties = nested((writer, value) => {
  if (typeof value === 'boolean') flag(writer, 2, value)
  else schema(writer, 1, value)
})

/** Of a field that takes one or several. */
function oneOrMore(field: Field): Field {
  const several = repeated(field)
  return (writer, number, value) => several(writer, number, Array.isArray(value) ? value : [value])
}

const schemaMessage = record(
  {
    $ref: [1, string],
    format: [2, string],
    title: [3, string],
    description: [4, string],
    default: [5, any],
    multipleOf: [6, double],
    maximum: [7, double],
    exclusiveMaximum: [8, boolean],
    minimum: [9, double],
    exclusiveMinimum: [10, boolean],
    maxLength: [11, integer],
    minLength: [12, integer],
    pattern: [13, string],
    maxItems: [14, integer],
    minItems: [15, integer],
    uniqueItems: [16, boolean],
    maxProperties: [17, integer],
    minProperties: [18, integer],
    required: [19, strings],
    enum: [20, repeated(any)],
    additionalProperties: [21, additionalProperties],
    type: [22, only(1, oneOrMore(text))],
    items: [23, only(1, oneOrMore(schema))],
    allOf: [24, repeated(schema)],
    properties: [25, only(1, named(schema))],
    discriminator: [26, string],
    readOnly: [27, boolean],
    externalDocs: [29, externalDocs],
    example: [30, any],
  },
  31,
)

const bodyParameter = nested(
  record({ description: [1, string], name: [2, string], in: [3, string], required: [4, boolean], schema: [5, schema] }, 6),
)

/** Of a path or a header; that of a query has one field more amidst, from which on the numbers differ. */
const plainParameter = nested(
  record(
    {
      required: [1, boolean],
      in: [2, string],
      description: [3, string],
      name: [4, string],
      type: [5, string],
      format: [6, string],
      uniqueItems: [19, boolean],
    },
    22,
  ),
)

const queryParameter = nested(
  record(
    {
      required: [1, boolean],
      in: [2, string],
      description: [3, string],
      name: [4, string],
      allowEmptyValue: [5, boolean],
      type: [6, string],
      format: [7, string],
      uniqueItems: [20, boolean],
    },
    23,
  ),
)

const PLAIN_PARAMETERS: Readonly<Record<string, readonly [number, Field]>> = {
  header: [1, plainParameter],
  query: [3, queryParameter],
  path: [4, plainParameter],
}

/** ParametersItem { parameter = 1 }, Parameter { body_parameter = 1 | non_body_parameter = 2 }, and of the latter one of several. */
const parameter = only(
  1,
  nested((writer, value) => {
    const place = (value as JsonRecord).in as string
    if (place === 'body') return bodyParameter(writer, 1, value)
    const [number, field] = PLAIN_PARAMETERS[place]!
    only(number, field)(writer, 2, value)
  }),
)

/** ResponseValue { response = 1 }, and the schema as SchemaItem { schema = 1 }. */
const response = only(1, nested(record({ description: [1, string], schema: [2, only(1, schema)] }, 5)))

const responses = nested((writer, value) => {
  const members = Object.entries(value as JsonRecord)
  named(response)(writer, 1, Object.fromEntries(members.filter(([name]) => !isExtension(name))))
  namedAny(writer, 2, Object.fromEntries(members.filter(([name]) => isExtension(name))))
})

const security = repeated(only(1, named(nested((writer, value) => strings(writer, 1, value)))))

const operation = nested(
  record(
    {
      tags: [1, strings],
      summary: [2, string],
      description: [3, string],
      externalDocs: [4, externalDocs],
      operationId: [5, string],
      produces: [6, strings],
      consumes: [7, strings],
      parameters: [8, repeated(parameter)],
      responses: [9, responses],
      schemes: [10, strings],
      deprecated: [11, boolean],
      security: [12, security],
    },
    13,
  ),
)

const pathItem = nested(
  record(
    {
      get: [2, operation],
      put: [3, operation],
      post: [4, operation],
      delete: [5, operation],
      options: [6, operation],
      head: [7, operation],
      patch: [8, operation],
      parameters: [9, repeated(parameter)],
    },
    10,
  ),
)

const apiKey = nested(record({ type: [1, string], name: [2, string], in: [3, string], description: [4, string] }, 5))

const documentMessage = record(
  {
    swagger: [1, string],
    info: [2, nested(record({ title: [1, string], version: [2, string], description: [3, string] }, 7))],
    schemes: [5, strings],
    consumes: [6, strings],
    produces: [7, strings],
    paths: [8, only(2, named(pathItem))],
    definitions: [9, only(1, named(schema))],
    security: [12, security],
    // SecurityDefinitionsItem { api_key_security = 2 }: the one way in that the document tells of.
    securityDefinitions: [13, only(1, named(only(2, apiKey)))],
  },
  16,
)

/** @param swagger what `toSwagger` makes */
export function encodeSwagger(swagger: object): Buffer {
  const writer = new Writer()
  documentMessage(writer, swagger as JsonRecord)
  return writer.finish()
}
