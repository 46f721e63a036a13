/**
 * Serves /openapi/v3 and /openapi/v2. The v3 documents are files made at build time, served as they are: nothing is read
 * before the first request, and only the index and what is converted to v2 stays in memory.
 */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { Clock } from '../lib/clock.ts'
import { packageFile } from '../lib/package-file.ts'
import { accepts, parseAccept } from './accept.ts'
import type { Answer, DocumentHeaders } from './answer.ts'
import { toSwagger } from './openapi-v2.ts'

const YEAR_MS = 365 * 24 * 3600 * 1000
const EMPTY = Buffer.alloc(0)
const JSON_TYPE = { 'content-type': 'application/json' }

/** The built documents have upstream's prose; without a build there are those in the source tree, which have none. */
function defaultFolder(): URL {
  const built = packageFile('dist/openapi/v3/')
  return existsSync(new URL('index.json', built)) ? built : packageFile('openapi/v3/')
}

type V2Form = 'json' | 'protobuf'

/** Upstream: kube-openapi handler.go. The older name, still what clients ask by, has a character that media types may not have. */
const PROTOBUF_TYPE = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'
const V2_FORMS: readonly (readonly [mediaType: string, form: V2Form])[] = [
  ['application/json', 'json'],
  ['application/com.github.proto-openapi.spec.v2@v1.0+protobuf', 'protobuf'],
  [PROTOBUF_TYPE, 'protobuf'],
]

/** The first that the most wanted clause names. */
function v2FormFor(accept: string | undefined): V2Form | undefined {
  for (const clause of parseAccept(accept || '*/*')) {
    const match = V2_FORMS.find(([mediaType]) => accepts(clause, mediaType))
    if (match !== undefined) return match[1]
  }
  return undefined
}

/** Loaded when it is asked for, which new clients don't. */
async function encodeAsProtobuf(swagger: Buffer): Promise<Buffer> {
  const { encodeSwagger } = await import('./openapi-v2-protobuf.ts')
  return encodeSwagger(JSON.parse(swagger.toString('utf8')))
}

function acceptsJson(accept: string | undefined): boolean {
  return parseAccept(accept || '*/*').some((clause) => accepts(clause, 'application/json'))
}

const etagOf = (bytes: Buffer) => createHash('sha512').update(bytes).digest('hex').toUpperCase()

function isKnownToClient({ 'if-none-match': tags }: DocumentHeaders, etag: string): boolean {
  return tags?.split(',').some((tag) => [`"${etag}"`, `W/"${etag}"`, '*'].includes(tag.trim())) ?? false
}

const locationOf = (document: string, hash: string) => `/openapi/v3/${document}?hash=${hash}`

/** A document that isn't a file: that of the server's own endpoints. */
export interface AssembledDocument {
  readonly name: string
  /** Another one whenever the document is: it is in the index before the document is made. */
  readonly hash: string
  readonly read: () => Promise<Buffer>
}

interface OpenApiOptions {
  readonly clock: Clock
  readonly assembled?: readonly AssembledDocument[]
  /** Where index.json and the documents are. */
  readonly folder?: URL
}

export class OpenApi {
  readonly #clock: Clock
  readonly #folder: URL | undefined
  readonly #assembled: readonly AssembledDocument[]
  #loadedIndex: Promise<ReadonlyMap<string, string>> | undefined
  #loadedSwagger: Promise<{ json: Buffer; etag: string }> | undefined
  #encodedSwagger: Promise<Buffer> | undefined

  constructor({ clock, folder, assembled = [] }: OpenApiOptions) {
    this.#clock = clock
    this.#assembled = assembled
    this.#folder = folder
  }

  /**
   * @param url path and query, as requested
   * @returns undefined when there is no such document
   */
  async answer(url: string, headers: DocumentHeaders): Promise<Answer | undefined> {
    const { pathname, searchParams } = new URL(url, 'http://server')
    if (pathname === '/openapi/v2') return this.#answerV2(headers)
    if (pathname === '/openapi/v3' || pathname === '/openapi/v3/') return this.#answerIndex(headers)
    const document = /^\/openapi\/v3\/(.+)$/.exec(pathname)?.[1]
    return document === undefined ? undefined : this.#answerDocument(document, searchParams.get('hash') ?? '', headers)
  }

  /** Where each document of v3 is, by its name. */
  async locations(): Promise<Readonly<Record<string, string>>> {
    return Object.fromEntries([...(await this.#index())].map(([document, hash]) => [document, locationOf(document, hash)]))
  }

  async #answerIndex(headers: DocumentHeaders): Promise<Answer> {
    const paths = Object.entries(await this.locations()).map(([document, location]) => [document, { serverRelativeURL: location }])
    const body = Buffer.from(JSON.stringify({ paths: Object.fromEntries(paths) }))
    return send(body, etagOf(body), JSON_TYPE, headers)
  }

  async #answerDocument(document: string, requestedHash: string, headers: DocumentHeaders): Promise<Answer | undefined> {
    const etag = (await this.#index()).get(document)
    if (etag === undefined) return undefined
    const varying = { vary: 'Accept' }
    if (!acceptsJson(headers.accept)) return { status: 406, headers: varying, body: EMPTY }
    const plain = { ...varying, ...JSON_TYPE, etag: `"${etag}"` }
    if (requestedHash === '') return send(await this.#read(document), etag, plain, headers)
    // Upstream: handler3 HandleGroupVersion. An old hash leads to the document that there is now.
    if (requestedHash !== etag) return { status: 301, headers: { ...plain, location: locationOf(document, etag) }, body: EMPTY }
    const expires = new Date(this.#clock.now() + YEAR_MS).toUTCString()
    return send(await this.#read(document), etag, { ...plain, 'cache-control': 'public, immutable', expires }, headers)
  }

  async #answerV2(headers: DocumentHeaders): Promise<Answer> {
    const varying = { vary: 'Accept' }
    const form = v2FormFor(headers.accept)
    if (form === undefined) return { status: 406, headers: varying, body: EMPTY }
    this.#loadedSwagger ??= this.#buildSwagger()
    const { json, etag } = await this.#loadedSwagger
    // One tag for both forms, which Vary tells apart, as upstream.
    if (form === 'json') return send(json, etag, { ...varying, ...JSON_TYPE }, headers)
    this.#encodedSwagger ??= encodeAsProtobuf(json)
    return send(await this.#encodedSwagger, etag, { ...varying, 'content-type': PROTOBUF_TYPE }, headers)
  }

  async #buildSwagger(): Promise<{ json: Buffer; etag: string }> {
    const own = new Set(this.#assembled.map(({ name }) => name))
    const documents = [...(await this.#index()).keys()].filter((document) => !own.has(document))
    const texts = await Promise.all(documents.map((document) => this.#read(document)))
    const json = Buffer.from(JSON.stringify(toSwagger(texts.map((text) => JSON.parse(text.toString('utf8'))))))
    return { json, etag: etagOf(json) }
  }

  /** Document → hash, in order. */
  #index(): Promise<ReadonlyMap<string, string>> {
    this.#loadedIndex ??= this.#readIndex()
    return this.#loadedIndex
  }

  async #readIndex(): Promise<ReadonlyMap<string, string>> {
    const text = await readFile(this.#file('index.json'), 'utf8')
    const built = Object.entries(JSON.parse(text) as Record<string, string>)
    return new Map([...built, ...this.#assembled.map(({ name, hash }): [string, string] => [name, hash])])
  }

  /** @param document one that the index has */
  #read(document: string): Promise<Buffer> {
    const assembled = this.#assembled.find(({ name }) => name === document)
    return assembled?.read() ?? readFile(this.#file(`${document.replaceAll('/', '__')}.json`))
  }

  #file(name: string): URL {
    return new URL(name, this.#folder ?? defaultFolder())
  }
}

function send(body: Buffer, etag: string, headers: Readonly<Record<string, string>>, asked: DocumentHeaders): Answer {
  const tagged = { ...headers, etag: `"${etag}"` }
  return isKnownToClient(asked, etag) ? { status: 304, headers: tagged, body: EMPTY } : { status: 200, headers: tagged, body }
}
