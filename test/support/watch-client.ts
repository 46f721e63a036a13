import type { Json } from './api.ts'

export interface WatchEvent {
  readonly type: string
  readonly object: Json
}

/** A watch over the wire, read event by event. */
export class WatchClient {
  readonly response: Response
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #decoder = new TextDecoder()
  readonly #abort: AbortController
  #buffered = ''

  private constructor(response: Response, abort: AbortController) {
    this.response = response
    this.#reader = response.body!.getReader()
    this.#abort = abort
  }

  static async open(url: string, headers: Record<string, string> = {}): Promise<WatchClient> {
    const abort = new AbortController()
    return new WatchClient(await fetch(url, { headers, signal: abort.signal }), abort)
  }

  /** The next event; undefined when the stream ended in good order. */
  async next(): Promise<WatchEvent | undefined> {
    for (;;) {
      const end = this.#buffered.indexOf('\n')
      if (end >= 0) {
        const line = this.#buffered.slice(0, end)
        this.#buffered = this.#buffered.slice(end + 1)
        return JSON.parse(line) as WatchEvent
      }
      const { done, value } = await this.#reader.read()
      if (done) return undefined
      this.#buffered += this.#decoder.decode(value, { stream: true })
    }
  }

  async take(count: number): Promise<WatchEvent[]> {
    const events: WatchEvent[] = []
    while (events.length < count) {
      const event = await this.next()
      if (event === undefined) throw new Error(`the watch ended after ${events.length} events`)
      events.push(event)
    }
    return events
  }

  /** What is left, up to the end of the stream. */
  async rest(): Promise<WatchEvent[]> {
    const events: WatchEvent[] = []
    for (let event = await this.next(); event !== undefined; event = await this.next()) events.push(event)
    return events
  }

  close(): void {
    this.#abort.abort()
  }
}

/** `ADDED a`, `MODIFIED b`, `BOOKMARK`. */
export function eventText({ type, object }: WatchEvent): string {
  return object.metadata?.name === undefined ? type : `${type} ${object.metadata.name}`
}
