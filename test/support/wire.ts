/** The two forms in which clients and server exchange objects, behind one face. */
import { Schemas } from '../../src/api/schema.ts'
import { Protobuf } from '../../src/http/codecs/protobuf.ts'
import type { Answer, Api, Json } from './api.ts'
import { ProtobufWatch } from './protobuf-watch.ts'
import { WatchClient, type WatchEvent } from './watch-client.ts'

export const JSON_TYPE = 'application/json'
export const PROTOBUF_TYPE = 'application/vnd.kubernetes.protobuf'

const protobuf = new Protobuf(new Schemas())

export interface WatchReader {
  take(count: number): Promise<WatchEvent[]>
  close(): void
}

/** Requests whose bodies and answers are all of one media type. Patches are JSON or YAML, as no patch has another form. */
export class Wire {
  readonly #api: Api
  readonly #url: string
  readonly #type: string

  /** @param url where the server listens: watches go there */
  constructor(api: Api, url: string, type: string) {
    this.#api = api
    this.#url = url
    this.#type = type
  }

  async get(path: string): Promise<Answer> {
    return this.#read(await this.#api.get(path, { accept: this.#type }))
  }

  async post(path: string, body: Json): Promise<Answer> {
    return this.#read(await this.#api.post(path, this.#bytes(body), this.#headers))
  }

  async put(path: string, body: Json): Promise<Answer> {
    return this.#read(await this.#api.put(path, this.#bytes(body), this.#headers))
  }

  async patch(path: string, body: Json, contentType: string): Promise<Answer> {
    return this.#read(await this.#api.patch(path, body, contentType, { accept: this.#type }))
  }

  async delete(path: string, options?: Json): Promise<Answer> {
    const body = options && this.#bytes({ apiVersion: 'v1', kind: 'DeleteOptions', ...options })
    return this.#read(await this.#api.delete(path, body, this.#headers))
  }

  watch(path: string): Promise<WatchReader> {
    const url = `${this.#url}${path}`
    return this.#type === PROTOBUF_TYPE ? ProtobufWatch.open(url, this.#type) : WatchClient.open(url, { accept: this.#type })
  }

  get #headers(): Record<string, string> {
    return { accept: this.#type, 'content-type': this.#type }
  }

  #bytes(value: Json): Buffer | string {
    return this.#type === PROTOBUF_TYPE ? protobuf.encode(value.apiVersion, value.kind, value) : JSON.stringify(value)
  }

  /** @throws Error for an answer, be it an error, that isn't of the type that was asked for */
  #read(answer: Answer): Answer {
    const type = answer.headers['content-type']
    if (type !== this.#type) throw new Error(`an answer of ${type} to who asked for ${this.#type}: ${answer.text}`)
    return type === PROTOBUF_TYPE ? { ...answer, body: protobuf.decode(answer.bytes).value } : answer
  }
}
