/** How answers leave: bytes we have go straight to the socket, past Fastify's serializer. */
import type { ServerResponse } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { ApiError } from '../api/meta/api-error.ts'

const COMMON = { 'cache-control': 'no-cache, private' }

/** @param warnings texts for Warning headers. Upstream: net/http NewWarningHeader */
export function headersOf(contentType: string, warnings: readonly string[]): Record<string, string | string[]> {
  if (warnings.length === 0) return { ...COMMON, 'content-type': contentType }
  return { ...COMMON, 'content-type': contentType, warning: warnings.map((text) => `299 - ${JSON.stringify(text)}`) }
}

export function sendBytes(reply: FastifyReply, code: number, contentType: string, bytes: Buffer, warnings: readonly string[] = []): void {
  reply.hijack()
  const { raw } = reply
  raw.writeHead(code, { ...headersOf(contentType, warnings), 'content-length': bytes.length })
  raw.end(bytes)
}

/** One after the other, at the pace of the client, so that a large list isn't in memory twice. */
export async function sendPieces(reply: FastifyReply, contentType: string, pieces: readonly Buffer[]): Promise<void> {
  if (pieces.length === 1) return sendBytes(reply, 200, contentType, pieces[0]!)
  reply.hijack()
  const { raw } = reply
  raw.writeHead(200, { ...headersOf(contentType, []), 'content-length': pieces.reduce((sum, { length }) => sum + length, 0) })
  for (const piece of pieces) {
    if (raw.destroyed) return
    if (!raw.write(piece)) await drained(raw)
  }
  raw.end()
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

export function sendJson(reply: FastifyReply, code: number, value: unknown, warnings: readonly string[] = []): void {
  sendBytes(reply, code, 'application/json', Buffer.from(JSON.stringify(value)), warnings)
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

export function sendError(reply: FastifyReply, error: ApiError): void {
  if (error === UNKNOWN_PATH) {
    sendBytes(reply, 404, 'text/plain; charset=utf-8', Buffer.from('404 page not found\n'))
    return
  }
  const retryAfter = error.details?.retryAfterSeconds
  reply.hijack()
  const bytes = Buffer.from(`${JSON.stringify(error.status(), null, wantsPretty(reply.request) ? 2 : 0)}\n`)
  reply.raw.writeHead(error.code, {
    ...COMMON,
    'content-type': 'application/json',
    'content-length': bytes.length,
    ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
  })
  reply.raw.end(bytes)
}

/** A path outside of every group and version that is served: answered as plain text. Upstream: net/http NotFoundHandler */
export const UNKNOWN_PATH = new ApiError(404, 'NotFound', '404 page not found')

/** A path that isn't there, within a group and version that is. */
export const NO_SUCH_PATH = new ApiError(404, 'NotFound', 'the server could not find the requested resource', {})
