/** How answers leave: bytes we have go straight to the socket, past Fastify's serializer. */
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { pipeline, Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { ApiError } from '../api/meta/api-error.ts'
import { JSON_TYPE, type MediaType, type Negotiated, negotiate } from './codecs/negotiate.ts'

const COMMON = { 'cache-control': 'no-cache, private' }

export function headersOf(contentType: string): Record<string, string> {
  return { ...COMMON, 'content-type': contentType }
}

/** A body that is sent in pieces, made one by one as the client takes them: a large list isn't in memory twice. */
export interface Body {
  /** In bytes. */
  readonly length: number
  /** Read once. */
  readonly pieces: Iterable<Buffer>
}

export function sendBytes(reply: FastifyReply, code: number, contentType: string, bytes: Buffer): void {
  const headers = headersOf(contentType)
  if (isWorthCompressing(reply, bytes.length)) return sendCompressed(reply, code, headers, [bytes])
  reply.hijack()
  const { raw } = reply
  raw.writeHead(code, { ...headers, 'content-length': bytes.length })
  raw.end(bytes)
}

/** Bodies of this size leave in one write. */
const WHOLE_UP_TO_BYTES = 64 * 1024

function whole(pieces: Iterable<Buffer>): Buffer {
  const [first, ...others] = pieces
  return others.length === 0 ? first! : Buffer.concat([first!, ...others])
}

/** One piece after the other, at the pace of the client. */
export async function sendBody(reply: FastifyReply, contentType: string, { length, pieces }: Body): Promise<void> {
  if (length <= WHOLE_UP_TO_BYTES) return sendBytes(reply, 200, contentType, whole(pieces))
  const headers = headersOf(contentType)
  if (isWorthCompressing(reply, length)) return sendCompressed(reply, 200, headers, pieces)
  reply.hijack()
  const { raw } = reply
  raw.writeHead(200, { ...headers, 'content-length': length })
  for (const piece of pieces) {
    if (raw.destroyed) return
    if (!raw.write(piece)) await drained(raw)
  }
  raw.end()
}

/** Upstream: defaultGzipThresholdBytes, defaultGzipContentEncodingLevel. */
const COMPRESSED_FROM_BYTES = 128 * 1024
const COMPRESSION_LEVEL = 1
const COMPRESSED_CHUNK_BYTES = 64 * 1024

/** Upstream takes no other spelling: writers.go responseContentEncodingSupported. */
export function isWorthCompressing({ request }: FastifyReply, length: number): boolean {
  if (length <= COMPRESSED_FROM_BYTES) return false
  const accepted = request.raw.headers['accept-encoding']
  return typeof accepted === 'string' && accepted.split(',').some((encoding) => encoding.trim() === 'gzip')
}

/** zlib works on a thread of its own, a piece at a time, and waits for a slow client. */
export function sendCompressed(reply: FastifyReply, code: number, headers: OutgoingHttpHeaders, pieces: Iterable<Buffer>): void {
  reply.hijack()
  const { raw } = reply
  raw.writeHead(code, {
    ...headers,
    'content-encoding': 'gzip',
    vary: headers.vary ? `${headers.vary}, Accept-Encoding` : 'Accept-Encoding',
  })
  const gzip = createGzip({ level: COMPRESSION_LEVEL, chunkSize: COMPRESSED_CHUNK_BYTES })
  // An error is a client that went away: there is nobody to tell.
  pipeline(Readable.from(pieces), gzip, raw, () => {})
}

function drained(raw: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      raw.off('drain', done)
      raw.off('close', done)
      resolve()
    }
    raw.on('drain', done)
    raw.on('close', done)
  })
}

/** What is no object of the API is indented, whoever asks. Upstream: responsewriters.WriteRawJSON */
export function sendJson(reply: FastifyReply, code: number, value: unknown): void {
  sendBytes(reply, code, 'application/json', Buffer.from(JSON.stringify(value, null, 2)))
}

/** As JSON for people: upstream indents for browsers, curl and wget, and for whoever asks. Upstream: negotiate.go isPrettyPrint */
export function wantsPretty({ raw, query }: FastifyRequest): boolean {
  if (raw.url!.includes('pretty')) {
    const { pretty } = query as { pretty?: string | string[] }
    const asked = Array.isArray(pretty) ? pretty[0] : pretty
    if (asked) return TRUE_TEXTS.has(asked)
  }
  const agent = raw.headers['user-agent']
  return agent !== undefined && (agent.startsWith('curl') || agent.startsWith('Wget') || agent.startsWith('Mozilla/5.0'))
}

/** Upstream: strconv.ParseBool. */
const TRUE_TEXTS = new Set(['1', 't', 'T', 'true', 'TRUE', 'True'])

/** Bytes of a whole object in a media type. */
export type Encode = (mediaType: MediaType, value: object) => Buffer

const AS_JSON: Pick<Negotiated, 'mediaType' | 'isPretty'> = { mediaType: JSON_TYPE, isPretty: false }

/**
 * The error's Status in the form that the client accepts, and in JSON when it accepts none that is served.
 * @param encode JSON alone is spoken when not given
 */
export function sendError(reply: FastifyReply, error: ApiError, encode?: Encode): void {
  if (error === UNKNOWN_PATH) {
    sendBytes(reply, 404, 'text/plain; charset=utf-8', Buffer.from('404 page not found\n'))
    return
  }
  const retryAfter = error.details?.retryAfterSeconds
  // To who takes nothing that is served it is said as what is no object.
  const { mediaType, isPretty } =
    encode === undefined ? AS_JSON : (negotiate(reply.request.raw.headers.accept) ?? { mediaType: JSON_TYPE, isPretty: true })
  reply.hijack()
  const status = error.status()
  const isIndented = isPretty || wantsPretty(reply.request)
  const bytes =
    encode === undefined || mediaType === JSON_TYPE
      ? Buffer.from(isIndented ? JSON.stringify(status, null, 2) : `${JSON.stringify(status)}\n`)
      : encode(mediaType, status)
  reply.raw.writeHead(error.code, {
    ...COMMON,
    'content-type': mediaType,
    'content-length': bytes.length,
    ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
  })
  reply.raw.end(bytes)
}

/** A path outside of every group and version that is served: answered as plain text. Upstream: net/http NotFoundHandler */
export const UNKNOWN_PATH = new ApiError(404, 'NotFound', '404 page not found')

/** A path that isn't there, within a group and version that is. */
export const NO_SUCH_PATH = new ApiError(404, 'NotFound', 'the server could not find the requested resource', {})
