/** Requests to a cluster in this process, and what their answers are made of. */
import request, { type Response, type Test } from 'supertest'
import type { Cluster } from '../../src/index.ts'

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into, whatever they are
export type Json = any

export interface Answer {
  readonly status: number
  readonly body: Json
  readonly text: string
  readonly bytes: Buffer
  readonly headers: Readonly<Record<string, string>>
}

export const JSON_PATCH = 'application/json-patch+json'
export const MERGE_PATCH = 'application/merge-patch+json'
export const STRATEGIC_PATCH = 'application/strategic-merge-patch+json'

/** The verbs of HTTP on one cluster. Bodies go as JSON unless a header says otherwise. */
export class Api {
  readonly #cluster: Pick<Cluster, 'app'>

  constructor(cluster: Pick<Cluster, 'app'>) {
    this.#cluster = cluster
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return send(request(this.#cluster.app.server).get(path), undefined, headers)
  }

  post(path: string, body: Json, headers: Record<string, string> = {}): Promise<Answer> {
    return send(request(this.#cluster.app.server).post(path), body, headers)
  }

  put(path: string, body: Json, headers: Record<string, string> = {}): Promise<Answer> {
    return send(request(this.#cluster.app.server).put(path), body, headers)
  }

  patch(path: string, body: Json, contentType: string = MERGE_PATCH, headers: Record<string, string> = {}): Promise<Answer> {
    return send(request(this.#cluster.app.server).patch(path), body, { 'content-type': contentType, ...headers })
  }

  delete(path: string, body?: Json, headers: Record<string, string> = {}): Promise<Answer> {
    return send(request(this.#cluster.app.server).delete(path), body, headers)
  }

  /** Creates, and insists that it worked. */
  async created(path: string, body: Json): Promise<Json> {
    const answer = await this.post(path, body)
    if (answer.status !== 201) throw new Error(`POST ${path}: ${answer.text}`)
    return answer.body
  }
}

async function send(test: Test, body: Json, headers: Record<string, string>): Promise<Answer> {
  test.set('accept', 'application/json')
  if (body !== undefined) test.set('content-type', 'application/json')
  test.set(headers)
  if (body !== undefined) test.send(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body))
  const { status, body: bytes, headers: answered } = (await test.buffer(true).parse(intoBytes)) as Response
  const text = Buffer.isBuffer(bytes) ? bytes.toString() : ''
  const isJson = String(answered['content-type']).startsWith('application/json') && text !== ''
  return { status, body: isJson ? JSON.parse(text) : undefined, text, bytes, headers: answered as Record<string, string> }
}

/** What a failed request must answer, beside its message. */
export function failure(code: number, reason: string, message: string): Json {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, ...(reason ? { reason } : {}), code }
}

function intoBytes(response: Response, done: (error: Error | null, bytes: Buffer) => void): void {
  const parts: Buffer[] = []
  // supertest hands over the answer of node:http, whatever its types say.
  const stream = response as unknown as NodeJS.ReadableStream
  stream.on('data', (part: Buffer) => parts.push(part))
  stream.on('end', () => done(null, Buffer.concat(parts)))
}
