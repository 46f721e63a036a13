/** How answers leave: bytes we have go straight to the socket, past Fastify's serializer. */
import type { ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'
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

export function sendError(reply: FastifyReply, error: ApiError): void {
  const retryAfter = error.details?.retryAfterSeconds
  reply.hijack()
  const bytes = Buffer.from(`${JSON.stringify(error.status())}\n`)
  reply.raw.writeHead(error.code, {
    ...COMMON,
    'content-type': 'application/json',
    'content-length': bytes.length,
    ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
  })
  reply.raw.end(bytes)
}

/** What upstream's mux answers for a path that it doesn't know. */
export const NO_SUCH_PATH = new ApiError(404, 'NotFound', 'the server could not find the requested resource', {})
