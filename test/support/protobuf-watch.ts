import { Schemas } from '../../src/api/schema.ts'
import { Protobuf } from '../../src/http/codecs/protobuf.ts'
import { Reader } from '../../src/http/codecs/protobuf-wire.ts'
import type { WatchEvent } from './watch-client.ts'

const protobuf = new Protobuf(new Schemas())

/** A watch over the wire whose events are protobuf messages, each after its length in four bytes. */
export class ProtobufWatch {
  readonly response: Response
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #abort: AbortController
  #buffered = Buffer.alloc(0)

  private constructor(response: Response, abort: AbortController) {
    this.response = response
    this.#reader = response.body!.getReader() as ReadableStreamDefaultReader<Uint8Array>
    this.#abort = abort
  }

  static async open(url: string, accept: string): Promise<ProtobufWatch> {
    const abort = new AbortController()
    return new ProtobufWatch(await fetch(url, { headers: { accept }, signal: abort.signal }), abort)
  }

  /** The next event; undefined when the stream ended in good order. */
  async next(): Promise<WatchEvent | undefined> {
    for (;;) {
      const frame = this.#takeFrame()
      if (frame !== undefined) return decodeEvent(frame)
      const { done, value } = await this.#reader.read()
      if (done) return undefined
      this.#buffered = Buffer.concat([this.#buffered, value])
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

  close(): void {
    this.#abort.abort()
  }

  #takeFrame(): Buffer | undefined {
    if (this.#buffered.length < 4) return undefined
    const end = 4 + this.#buffered.readUInt32BE(0)
    if (this.#buffered.length < end) return undefined
    const frame = this.#buffered.subarray(4, end)
    this.#buffered = this.#buffered.subarray(end)
    return frame
  }
}

/** meta.v1.WatchEvent: type = 1, object = 2, a RawExtension whose raw = 1 is a whole body. */
function decodeEvent(frame: Buffer): WatchEvent {
  const event = new Reader(frame)
  expectTag(event, 1)
  const type = event.bytes().toString()
  expectTag(event, 2)
  const extension = new Reader(event.bytes())
  if (!event.isAtEnd) throw new Error('bytes after a watch event')
  expectTag(extension, 1)
  const raw = extension.bytes()
  if (!extension.isAtEnd) throw new Error('bytes after an object')
  return { type, object: protobuf.decode(raw).value }
}

function expectTag(reader: Reader, field: number): void {
  const tag = reader.int64()
  if (tag !== field * 8 + 2) throw new Error(`tag ${tag} where field ${field} was expected`)
}
