/** Messages whose JSON form isn't an object of their fields: each says how one becomes the other. */
import { formatGoDuration, parseGoDuration } from '../../lib/go-duration.ts'

type Fields = Readonly<Record<string, unknown>>

export interface SpecialMessage {
  /** undefined when the message says "nothing", which JSON says by leaving the field out. */
  readonly toJson: (fields: Fields) => unknown
  readonly fromJson: (value: unknown) => Record<string, unknown>
  /** Its bytes may be those of a protobuf object. */
  readonly holdsObjects?: boolean
}

const META_V1 = 'k8s.io.apimachinery.pkg.apis.meta.v1.'
const APIEXTENSIONS = 'k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1.'

/** Upstream writes the zero time as an empty message, which is null in JSON. */
const time: SpecialMessage = {
  toJson: ({ seconds }) => (seconds === undefined ? undefined : `${secondsText(seconds)}Z`),
  fromJson: (value) => ({ seconds: Math.floor(Date.parse(String(value)) / 1000), nanos: 0 }),
}

const microTime: SpecialMessage = {
  toJson: ({ seconds, nanos }) => {
    if (seconds === undefined) return undefined
    return `${secondsText(seconds)}.${String(Math.floor(Number(nanos ?? 0) / 1000)).padStart(6, '0')}Z`
  },
  fromJson: (value) => {
    const text = String(value)
    const micros = /\.(\d{1,6})/.exec(text)?.[1] ?? ''
    return { seconds: Math.floor(Date.parse(text) / 1000), nanos: Number(micros.padEnd(6, '0')) * 1000 }
  },
}

function secondsText(seconds: unknown): string {
  return new Date(Number(seconds) * 1000).toISOString().slice(0, 19)
}

/** JSON inside: kept as its text. */
function json(field: string): SpecialMessage {
  return {
    toJson: (fields) => {
      const text = Buffer.from(String(fields[field] ?? ''), 'base64').toString()
      return text === '' ? undefined : JSON.parse(text)
    },
    fromJson: (value) => (value === null ? {} : { [field]: Buffer.from(JSON.stringify(value)).toString('base64') }),
  }
}

export const SPECIAL_MESSAGES: Readonly<Record<string, SpecialMessage>> = {
  [`${META_V1}Time`]: time,
  [`${META_V1}MicroTime`]: microTime,
  [`${META_V1}Duration`]: {
    toJson: ({ duration }) => formatGoDuration(Number(duration ?? 0) / 1e6),
    fromJson: (value) => ({ duration: Math.round(parseGoDuration(String(value)) * 1e6) }),
  },
  [`${META_V1}FieldsV1`]: json('Raw'),
  [`${APIEXTENSIONS}JSON`]: json('raw'),
  'k8s.io.apimachinery.pkg.runtime.RawExtension': { ...json('raw'), holdsObjects: true },
  'k8s.io.apimachinery.pkg.api.resource.Quantity': {
    toJson: ({ string }) => string || '0',
    fromJson: (value) => ({ string: String(value) }),
  },
  'k8s.io.apimachinery.pkg.util.intstr.IntOrString': {
    toJson: ({ type, intVal, strVal }) => (type === 1 ? (strVal ?? '') : (intVal ?? 0)),
    fromJson: (value) => (typeof value === 'string' ? { type: 1, intVal: 0, strVal: value } : { type: 0, intVal: value ?? 0, strVal: '' }),
  },
  [`${APIEXTENSIONS}JSONSchemaPropsOrBool`]: {
    toJson: ({ allows, schema }) => schema ?? allows ?? false,
    fromJson: (value) => (typeof value === 'boolean' ? { allows: value } : { allows: true, schema: value }),
  },
  [`${APIEXTENSIONS}JSONSchemaPropsOrArray`]: {
    toJson: ({ schema, jSONSchemas }) => jSONSchemas ?? schema,
    fromJson: (value) => (Array.isArray(value) ? { jSONSchemas: value } : { schema: value }),
  },
  [`${APIEXTENSIONS}JSONSchemaPropsOrStringArray`]: {
    toJson: ({ schema, property }) => property ?? schema,
    fromJson: (value) => (Array.isArray(value) ? { property: value } : { schema: value }),
  },
}
