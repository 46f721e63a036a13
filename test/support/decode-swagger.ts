/** Reads gnostic's protobuf form of a Swagger document back into what the JSON form says; by a reading of OpenAPIv2.proto of its own. */
import { parse } from 'yaml'

/**
 * `name number type`, `[]` before what is repeated. Messages end in the type that tells how they stand in JSON:
 * `{}` by their fields, `=` as the one field they have, `:` as a map of their Named… members.
 */
const MESSAGES: Readonly<Record<string, string>> = {
  'Document{}':
    'swagger 1 string, info 2 Info, schemes 5 []string, paths 8 Paths, definitions 9 Schemas, security 12 []SecurityRequirement, securityDefinitions 13 SecurityDefinitions',
  'Info{}': 'title 1 string, version 2 string, description 3 string',
  'Paths:': 'path 2 []NamedPathItem',
  'NamedPathItem{}': 'name 1 string, value 2 PathItem',
  'PathItem{}':
    'get 2 Operation, put 3 Operation, post 4 Operation, delete 5 Operation, options 6 Operation, head 7 Operation, patch 8 Operation, parameters 9 []ParametersItem, x 10 []NamedAny',
  'Operation{}':
    'tags 1 []string, summary 2 string, description 3 string, operationId 5 string, produces 6 []string, consumes 7 []string, parameters 8 []ParametersItem, responses 9 Responses, schemes 10 []string, deprecated 11 bool, x 13 []NamedAny',
  'ParametersItem=': 'parameter 1 Parameter',
  'Parameter=': 'body 1 BodyParameter, other 2 NonBodyParameter',
  'BodyParameter{}': 'description 1 string, name 2 string, in 3 string, required 4 bool, schema 5 Schema',
  'NonBodyParameter=': 'header 1 PlainParameter, query 3 QueryParameter, path 4 PlainParameter',
  'PlainParameter{}':
    'required 1 bool, in 2 string, description 3 string, name 4 string, type 5 string, format 6 string, uniqueItems 19 bool',
  'QueryParameter{}':
    'required 1 bool, in 2 string, description 3 string, name 4 string, allowEmptyValue 5 bool, type 6 string, format 7 string, uniqueItems 20 bool',
  'Responses:': 'code 1 []NamedResponseValue',
  'NamedResponseValue{}': 'name 1 string, value 2 ResponseValue',
  'ResponseValue=': 'response 1 Response',
  'Response{}': 'description 1 string, schema 2 SchemaItem, x 5 []NamedAny',
  'SchemaItem=': 'schema 1 Schema',
  'Schemas:': 'member 1 []NamedSchema',
  'NamedSchema{}': 'name 1 string, value 2 Schema',
  'Schema{}':
    '$ref 1 string, format 2 string, title 3 string, description 4 string, default 5 Any, maximum 7 double, minimum 9 double, maxLength 11 int64, pattern 13 string, minItems 15 int64, uniqueItems 16 bool, required 19 []string, enum 20 []Any, additionalProperties 21 AdditionalProperties, type 22 Type, items 23 Items, allOf 24 []Schema, properties 25 Schemas, readOnly 27 bool, example 30 Any, x 31 []NamedAny',
  'AdditionalProperties=': 'schema 1 Schema, boolean 2 bool',
  'Type=': 'value 1 string',
  'Items=': 'schema 1 Schema',
  'SecurityRequirement:': 'member 1 []NamedStringArray',
  'NamedStringArray{}': 'name 1 string, value 2 StringArray',
  'StringArray=': 'value 1 []string',
  'SecurityDefinitions:': 'member 1 []NamedSecurity',
  'NamedSecurity{}': 'name 1 string, value 2 Security',
  'Security=': 'apiKey 2 ApiKey',
  'ApiKey{}': 'type 1 string, name 2 string, in 3 string, description 4 string',
  'NamedAny{}': 'name 1 string, value 2 Any',
  'Any=': 'yaml 2 yaml',
}

interface Field {
  readonly name: string
  readonly type: string
  readonly isRepeated: boolean
}

const messages = new Map(
  Object.entries(MESSAGES).map(([heading, text]) => {
    const fields = text.split(', ').map((field): [number, Field] => {
      const [name = '', number, type = ''] = field.split(' ')
      return [Number(number), { name, type: type.replace('[]', ''), isRepeated: type.startsWith('[]') }]
    })
    return [/^\w+/.exec(heading)![0], { form: heading.replace(/^\w+/, ''), fields: new Map(fields) }]
  }),
)

export function decodeSwagger(bytes: Buffer): unknown {
  return decode(bytes, 'Document')
}

function decode(bytes: Buffer, type: string): unknown {
  const { form, fields } = messages.get(type)!
  const value: Record<string, unknown> = {}
  let last = 0
  for (const [number, content] of wireFields(bytes)) {
    const field = fields.get(number)
    if (field === undefined) throw new Error(`${type} has no field ${number}`)
    if (number < last) throw new Error(`${type} has its fields out of order`)
    last = number
    const member = decodeField(content, field.type)
    if (field.isRepeated) value[field.name] = [...((value[field.name] as unknown[]) ?? []), member]
    else if (field.name in value) throw new Error(`${type} has ${field.name} twice`)
    else value[field.name] = member
  }
  if (form === '=') return type === 'StringArray' ? (value.value ?? []) : Object.values(value)[0]
  const entries = (name: string) => (value[name] as { name: string; value: unknown }[]).map((entry) => [entry.name, entry.value])
  if (form === ':') return Object.fromEntries(Object.keys(value).flatMap(entries))
  const { x, ...rest } = value
  return x === undefined ? rest : { ...rest, ...Object.fromEntries(entries('x')) }
}

function decodeField(content: Buffer | bigint, type: string): unknown {
  if (type === 'bool') return content === 1n
  if (type === 'int64') return Number(content)
  const bytes = content as Buffer
  if (type === 'double') return bytes.readDoubleLE()
  if (type === 'string') return bytes.toString('utf8')
  return type === 'yaml' ? parse(bytes.toString('utf8')) : decode(bytes, type)
}

function* wireFields(bytes: Buffer): Generator<[number: number, content: Buffer | bigint]> {
  let at = 0
  const varint = () => {
    for (let value = 0n, shift = 0n; ; shift += 7n) {
      const byte = bytes.readUInt8(at++)
      value |= BigInt(byte & 127) << shift
      if (byte < 128) return value
    }
  }
  const take = (length: number) => {
    if (at + length > bytes.length) throw new Error('a field is longer than its message')
    at += length
    return bytes.subarray(at - length, at)
  }
  while (at < bytes.length) {
    const tag = Number(varint())
    const number = tag >> 3
    if ((tag & 7) === 0) yield [number, varint()]
    else if ((tag & 7) === 1) yield [number, take(8)]
    else if ((tag & 7) === 2) yield [number, take(Number(varint()))]
    else throw new Error(`wire type ${tag & 7}`)
  }
}
