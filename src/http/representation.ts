/** The forms an answer can take, as the Accept header negotiates them: the objects, a Table, metadata alone; JSON, YAML, protobuf. */
import type { ResourceDefinition } from '../api/definition.ts'
import { notAcceptableError } from '../api/meta/api-error.ts'
import type { KubeObject } from '../api/object.ts'
import type { Status } from '../api/types.gen.ts'
import { bytesOf } from '../registry/encode.ts'
import type { ListResult } from '../registry/list.ts'
import type { Entry } from '../storage/entry.ts'
import type { Codecs } from './codecs/codecs.ts'
import {
  type AllowsTransform,
  allowsMetaTransforms,
  JSON_TYPE,
  type MediaType,
  type Negotiated,
  negotiate,
  notAcceptable,
  PROTOBUF_TYPE,
  WITHOUT_PROTOBUF,
  YAML_TYPE,
} from './codecs/negotiate.ts'
import { packageOf } from './codecs/request-body.ts'
import type { Body } from './respond.ts'
import { type IncludeObject, partialMetadata, tableOf } from './table.ts'

/**
 * @throws ApiError 406; for a watch also where a form is wanted that can't be streamed, as YAML. Upstream: NegotiateOutputMediaTypeStream
 * @param hasTable false: the answer has no columns. Upstream: RequestScope.AllowsMediaTypeTransform
 * @param hasProtobuf asked only where it matters, as finding out isn't free: whether the kind itself has a protobuf form
 */
export function acceptedForm(
  accept: string | undefined,
  { isWatch = false, hasTable = true, hasProtobuf = () => true as boolean } = {},
): Negotiated {
  const allowsTransform = hasTable ? allowsMetaTransforms : allowsAllButTables
  let accepted = negotiate(accept, allowsTransform)
  if (accepted?.mediaType === PROTOBUF_TYPE && accepted.as === undefined && !hasProtobuf()) {
    accepted = negotiate(accept, allowsTransform, WITHOUT_PROTOBUF)
  }
  if (accepted === undefined || (isWatch && accepted.mediaType === YAML_TYPE)) {
    throw notAcceptable({ isWatch, ...(hasProtobuf() ? {} : { served: WITHOUT_PROTOBUF }) })
  }
  return accepted
}

const allowsAllButTables: AllowsTransform = (mediaType, transform) => transform.as !== 'Table' && allowsMetaTransforms(mediaType, transform)

export interface RepresentationOptions {
  readonly definition: ResourceDefinition
  readonly accepted: Negotiated
  readonly includeObject: IncludeObject
  /** Tables have no column definitions. */
  readonly noHeaders: boolean
  readonly isPretty: boolean
  /** Its objects are those of events. */
  readonly isWatch: boolean
  readonly now: number
}

/** Turns entries and lists of one resource into bodies of the negotiated form. */
export class Representation {
  readonly contentType: MediaType
  readonly #options: RepresentationOptions
  readonly #codecs: Codecs

  constructor(options: RepresentationOptions, codecs: Codecs) {
    this.#options = options
    this.#codecs = codecs
    this.contentType = options.accepted.mediaType
  }

  /** The cached bytes are the answer: nothing needs to be decoded. */
  get isPlain(): boolean {
    const { accepted, isPretty } = this.#options
    return accepted.mediaType === JSON_TYPE && accepted.as === undefined && !isPretty
  }

  /** What tells this form from others that say the same; undefined when it depends on more: on the time, on what was sent before. */
  get form(): string | undefined {
    const { accepted, isPretty } = this.#options
    return accepted.as === 'Table' || isPretty ? undefined : `${accepted.mediaType};${accepted.as ?? ''};${accepted.version ?? ''}`
  }

  /** A Status in the media type of the answer. */
  status(status: Status): Buffer {
    return this.#encode(status)
  }

  /** @param bytes the object's JSON. @param isWatched Table rows of a watch have their columns in the first event only */
  object(bytes: Buffer, withColumns = true): Buffer {
    if (this.isPlain) return bytes
    const object = JSON.parse(bytes.toString()) as KubeObject
    return this.#encode(this.#shape(object, withColumns))
  }

  entry(entry: Entry): Buffer {
    return this.object(bytesOf(this.#options.definition, entry))
  }

  /** An answer as a whole: JSON for machines ends with a newline, where that for people doesn't. Upstream: json.go doEncode */
  ended(bytes: Buffer): Buffer {
    return this.contentType === JSON_TYPE && !this.#options.isPretty ? Buffer.concat([bytes, NEWLINE]) : bytes
  }

  list(list: ListResult): Body {
    const { definition, accepted } = this.#options
    const metadata = listMetaOf(list)
    if (this.isPlain) return plainList(definition, list, metadata)
    const objects = list.entries.map((entry) => (definition.conversion ? definition.conversion.fromStored(entry.copy()) : entry.copy()))
    if (accepted.as === 'Table') return bodyOf(this.ended(this.#encode(this.#table(objects, metadata, true))))
    if (accepted.as === 'PartialObjectMetadata') {
      throw notAcceptableError(`you requested PartialObjectMetadata, but the requested object is a list (${goTypeOf(definition)}List)`)
    }
    const isPartial = accepted.as !== undefined
    const body = isPartial
      ? {
          kind: 'PartialObjectMetadataList',
          apiVersion: this.#metaVersion,
          metadata,
          items: objects.map((object) => partialMetadata(object, this.#metaVersion)),
        }
      : { kind: `${definition.kind}List`, apiVersion: definition.apiVersion, metadata, items: objects }
    return bodyOf(this.ended(this.#encode(body)))
  }

  #encode(value: object): Buffer {
    if (this.#options.isPretty && this.contentType === JSON_TYPE) return Buffer.from(JSON.stringify(value, null, 2))
    return this.#codecs.encode(this.contentType, value)
  }

  #shape(object: KubeObject, withColumns: boolean): object {
    const { accepted, isWatch } = this.#options
    if (accepted.as === 'Table') return this.#table([object], { resourceVersion: object.metadata.resourceVersion }, withColumns)
    if (accepted.as === undefined) return object
    if (accepted.as === 'PartialObjectMetadata') return partialMetadata(object, this.#metaVersion)
    // What an event can't be turned into it is as it is. Upstream: watchEmbeddedEncoder
    if (isWatch) return object
    throw notAcceptableError(
      `you requested PartialObjectMetadataList, but the requested object is not a list (${goTypeOf(this.#options.definition)})`,
    )
  }

  get #metaVersion(): string {
    return `meta.k8s.io/${this.#options.accepted.version}`
  }

  #table(objects: readonly KubeObject[], metadata: Record<string, unknown>, withColumns: boolean): object {
    const { definition, includeObject, noHeaders, now } = this.#options
    const options = { apiVersion: this.#metaVersion, includeObject, withColumns: withColumns && !noHeaders, now }
    return tableOf(definition, objects, metadata, options)
  }
}

/** As Go prints the type of an object that the server holds. */
function goTypeOf({ group, kind }: ResourceDefinition): string {
  return `*${packageOf(group)}.${kind}`
}

function listMetaOf({ revision, continueToken, remainingItemCount }: ListResult): Record<string, unknown> {
  return {
    resourceVersion: String(revision),
    ...(continueToken === undefined ? {} : { continue: continueToken }),
    ...(remainingItemCount === undefined ? {} : { remainingItemCount }),
  }
}

/** Entries copied together at a time: large enough to spare writes, small enough not to double a large list in memory. */
const PIECE_BYTES = 1 << 20
const COMMA = Buffer.from(',')
const END = Buffer.from(']}\n')
const NEWLINE = Buffer.from('\n')

function bodyOf(bytes: Buffer): Body {
  return { length: bytes.length, pieces: [bytes] }
}

function plainList(definition: ResourceDefinition, { entries }: ListResult, metadata: Record<string, unknown>): Body {
  const text = `{"kind":"${definition.kind}List","apiVersion":"${definition.apiVersion}","metadata":${JSON.stringify(metadata)},"items":[`
  const head = Buffer.from(text)
  let length = head.length + END.length + Math.max(0, entries.length - 1)
  for (const entry of entries) length += bytesOf(definition, entry).length
  return { length, pieces: pieces(definition, head, entries) }
}

function* pieces(definition: ResourceDefinition, head: Buffer, entries: readonly Entry[]): Generator<Buffer> {
  let parts: Buffer[] = [head]
  let size = head.length
  for (const [i, entry] of entries.entries()) {
    const bytes = bytesOf(definition, entry)
    if (i > 0) parts.push(COMMA)
    parts.push(bytes)
    size += bytes.length
    if (size >= PIECE_BYTES) {
      yield Buffer.concat(parts)
      parts = []
      size = 0
    }
  }
  parts.push(END)
  yield Buffer.concat(parts)
}
