/** One resource of a running cluster, over the wire, as client-go's clients speak to it. */
import { randomBytes } from 'node:crypto'
import type { ResourceDefinition } from '../../src/api/definition.ts'
import { Schemas } from '../../src/api/schema.ts'
import { Protobuf } from '../../src/http/codecs/protobuf.ts'
import { type Answer, type Api, type Json, MERGE_PATCH } from './api.ts'
import { ProtobufWatch } from './protobuf-watch.ts'
import { WatchClient, type WatchEvent } from './watch-client.ts'

const PROTOBUF = 'application/vnd.kubernetes.protobuf'
const protobuf = new Protobuf(new Schemas())

/** `typed` sends and prefers protobuf, as generated Go clients do; `dynamic` speaks JSON alone. */
export type ClientForm = 'typed' | 'dynamic'

type Query = Readonly<Record<string, string | number | boolean | undefined>>

export interface PatchCall {
  readonly type?: string
  readonly subresource?: string
  readonly query?: Query
}

/** A refusal, with the Status that was answered. */
export class StatusError extends Error {
  readonly status: Json

  constructor(status: Json) {
    super(status.message)
    this.status = status
  }
}

export interface EventStream {
  /** The next event; undefined when the stream ended in good order. */
  next(): Promise<WatchEvent | undefined>
  close(): void
}

export class ResourceClient {
  readonly definition: ResourceDefinition
  readonly #api: Api
  readonly #url: string
  readonly #form: ClientForm
  readonly #collection: string
  readonly #streams: EventStream[]

  /**
   * @param namespace '' for cluster-scoped resources, and for all namespaces at once
   * @param streams takes every watch that is opened, for whoever ends them
   */
  constructor(api: Api, url: string, definition: ResourceDefinition, namespace: string, form: ClientForm, streams: EventStream[]) {
    const root = definition.group === '' ? `/api/${definition.version}` : `/apis/${definition.apiVersion}`
    this.definition = definition
    this.#api = api
    this.#url = url
    this.#form = form
    this.#collection = `${root}${namespace === '' ? '' : `/namespaces/${namespace}`}/${definition.resource}`
    this.#streams = streams
  }

  create(object: Json, query: Query = {}, subresource?: string): Promise<Json> {
    const path = subresource === undefined ? this.#collection : this.#path(object.metadata.name, subresource)
    return this.#sent(object, (body, headers) => this.#api.post(path + search(query), body, headers))
  }

  async get(name: string, subresource?: string): Promise<Json> {
    return this.#read(await this.#api.get(this.#path(name, subresource), this.#accept))
  }

  /** Protobuf has no empty lists: one without items has none. */
  async list(query: Query = {}): Promise<Json> {
    const list = await this.#read(await this.#api.get(this.#collection + search(query), this.#accept))
    return { ...list, items: list.items ?? [] }
  }

  update(object: Json, subresource?: string): Promise<Json> {
    return this.#sent(object, (body, headers) => this.#api.put(this.#path(object.metadata.name, subresource), body, headers))
  }

  /** Gets, changes and puts, again after each conflict, as `retry.RetryOnConflict` does. */
  async change(name: string, change: (object: Json) => void, subresource?: string): Promise<Json> {
    for (;;) {
      const object = await this.get(name)
      change(object)
      try {
        return await this.update(object, subresource)
      } catch (error) {
        if ((error as StatusError).status?.reason !== 'Conflict') throw error
      }
    }
  }

  /** A patch is JSON whatever the client; its answer comes in the client's form. */
  async patch(name: string, patch: Json, { type = MERGE_PATCH, subresource, query = {} }: PatchCall = {}): Promise<Json> {
    return this.#read(await this.#api.patch(this.#path(name, subresource) + search(query), patch, type, this.#accept))
  }

  delete(name: string, options: Json = {}): Promise<Json> {
    return this.#deleted(this.#path(name), options)
  }

  deleteCollection(query: Query, options: Json = {}): Promise<Json> {
    return this.#deleted(this.#collection + search(query), options)
  }

  async watch(query: Query = {}): Promise<EventStream> {
    const url = `${this.#url}${this.#collection}${search({ ...query, watch: true })}`
    const stream = await (this.#form === 'typed' ? ProtobufWatch.open(url, `${PROTOBUF};stream=watch`) : WatchClient.open(url))
    if (stream.response.status !== 200) throw new Error(`GET ${url}: ${stream.response.status}`)
    this.#streams.push(stream)
    return stream
  }

  get #accept(): Record<string, string> {
    return { accept: this.#form === 'typed' ? `${PROTOBUF},application/json` : 'application/json' }
  }

  #path(name: string, subresource?: string): string {
    return `${this.#collection}/${name}${subresource === undefined ? '' : `/${subresource}`}`
  }

  async #sent(object: Json, send: (body: Json, headers: Record<string, string>) => Promise<Answer>): Promise<Json> {
    const { apiVersion, kind } = this.definition
    if (this.#form === 'dynamic') return this.#read(await send({ apiVersion, kind, ...object }, this.#accept))
    const body = protobuf.encode(object.apiVersion ?? apiVersion, object.kind ?? kind, object)
    return this.#read(await send(body, { ...this.#accept, 'content-type': PROTOBUF }))
  }

  async #deleted(path: string, options: Json): Promise<Json> {
    if (this.#form === 'dynamic') return this.#read(await this.#api.delete(path, { apiVersion: 'v1', kind: 'DeleteOptions', ...options }))
    const body = protobuf.encode(this.definition.apiVersion, 'DeleteOptions', options)
    return this.#read(await this.#api.delete(path, body, { ...this.#accept, 'content-type': PROTOBUF }))
  }

  #read({ status, body, bytes, headers }: Answer): Json {
    if (this.#form === 'typed' && headers['content-type'] !== PROTOBUF)
      throw new Error(`answered ${status} as ${headers['content-type']}: ${bytes}`)
    const value = this.#form === 'typed' ? protobuf.decode(bytes).value : body
    if (status >= 400) throw new StatusError(value)
    return value
  }
}

function search(query: Query): string {
  const given = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)] as [string, string]]))
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`
}

/** A name that no other test of the run has. */
export function uniqueName(base: string): string {
  return `${base}-${randomBytes(4).toString('hex')}`
}
