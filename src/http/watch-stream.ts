/**
 * A watch as a client sees it: a chunked answer that goes on. Frames for watchers of the same scope and form are made once and
 * shared, and go straight to the socket, which is what makes a fan-out to hundreds of watchers cheap.
 */
import type { ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { ResourceDefinition } from '../api/definition.ts'
import { ApiError } from '../api/meta/api-error.ts'
import type { Clock, Timer } from '../lib/clock.ts'
import { bytesOf } from '../registry/encode.ts'
import type { Watch, WatchEvent } from '../registry/watch.ts'
import type { Change } from '../storage/change-window.ts'
import { type WatchFraming, watchFraming } from './codecs/watch-frames.ts'
import type { Representation } from './representation.ts'

/** A watcher that is so far behind is dropped: it can list again, and our memory is not its buffer. */
const MAX_BUFFERED_BYTES = 16 << 20
/** Upstream: cacher bookmarkFrequency. */
const BOOKMARK_INTERVAL_MS = 60_000
/** Upstream: cache_watcher.go nextBookmarkTime. */
const LAST_BOOKMARK_BEFORE_END_MS = 2000
const EVENTS_A_FRAME = 500

export interface WatchStreamOptions {
  readonly definition: ResourceDefinition
  readonly representation: Representation
  readonly clock: Clock
  readonly timeoutMs: number
  readonly allowsBookmarks: boolean
  /** Ends the initial events with an annotated bookmark. */
  readonly marksInitialEnd: boolean
  /** No selector: frames can be shared with other watchers of the scope. */
  readonly isShared: boolean
  readonly currentRevision: () => number
}

/** By the changes they tell of, then by the definition and form they tell it in. */
const sharedFrames = new WeakMap<readonly Change[], Map<string, Buffer>>()

export class WatchStream {
  readonly #response: ServerResponse
  readonly #options: WatchStreamOptions
  readonly #framing: WatchFraming
  /** undefined when its frames are nobody else's. */
  readonly #frameKey: string | undefined
  readonly #timers: Timer[] = []
  #subscription: { stop(): void } | undefined
  #isOpen = true
  #sentColumns = false

  constructor(response: ServerResponse, options: WatchStreamOptions) {
    this.#response = response
    this.#options = options
    const { representation, definition, isShared } = options
    this.#framing = watchFraming(representation.contentType)
    const { form } = representation
    if (isShared && form !== undefined) this.#frameKey = `${definition.apiVersion}/${definition.resource} ${form}`
  }

  /** @param watch an error is all that such a stream has to say */
  start(watch: Watch | ApiError, headers: Record<string, string>): void {
    const { clock, timeoutMs, allowsBookmarks, marksInitialEnd } = this.#options
    this.#response.writeHead(200, { ...headers, 'content-type': this.#framing.contentType, 'transfer-encoding': 'chunked' })
    this.#response.flushHeaders()
    this.#response.on('close', () => this.#release())
    this.#response.on('error', () => this.#release())
    if (watch instanceof ApiError) {
      this.end(watch)
      return
    }
    const initial = watch.initial.map((entry): WatchEvent => ({ type: 'ADDED', entry, revision: entry.revision }))
    for (let at = 0; at < initial.length; at += EVENTS_A_FRAME) this.#write(this.#frame(initial.slice(at, at + EVENTS_A_FRAME)))
    if (marksInitialEnd) this.#bookmark(watch.revision, { 'k8s.io/initial-events-end': 'true' })
    if (watch.replay.length > 0) this.#write(this.#frame(watch.replay))
    this.#subscription = watch.start((events, source) => this.#deliver(events, source))
    this.#timers.push(clock.setTimer(timeoutMs, () => this.end()))
    if (!allowsBookmarks) return
    this.#scheduleBookmark()
    // So that whoever goes on from here has missed little.
    const lastBookmarkMs = timeoutMs - LAST_BOOKMARK_BEFORE_END_MS
    if (lastBookmarkMs > 0)
      this.#timers.push(clock.setTimer(lastBookmarkMs, () => this.#bookmark(this.#options.currentRevision(), undefined)))
  }

  /** Ends the answer in good order. */
  end(error?: ApiError): void {
    if (!this.#isOpen) return
    if (error !== undefined) this.#write(Buffer.concat(this.#framing.frame('ERROR', this.#options.representation.status(error.status()))))
    this.#release()
    this.#response.end()
  }

  #release(): void {
    this.#isOpen = false
    this.#subscription?.stop()
    for (const timer of this.#timers) timer.cancel()
  }

  #deliver(events: readonly WatchEvent[], source: readonly Change[]): void {
    const key = this.#frameKey
    if (key === undefined) {
      this.#write(this.#frame(events))
      return
    }
    const known = sharedFrames.get(source)
    let frame = known?.get(key)
    if (frame === undefined) {
      frame = this.#frame(events)
      if (known === undefined) sharedFrames.set(source, new Map([[key, frame]]))
      else known.set(key, frame)
    }
    this.#write(frame)
  }

  #frame(events: readonly WatchEvent[]): Buffer {
    const { representation, definition } = this.#options
    const parts: Buffer[] = []
    for (const { type, entry } of events) {
      const bytes = bytesOf(definition, entry)
      parts.push(...this.#framing.frame(type, representation.object(bytes, !this.#sentColumns)))
      this.#sentColumns = true
    }
    return Buffer.concat(parts)
  }

  #scheduleBookmark(): void {
    const timer = this.#options.clock.setTimer(BOOKMARK_INTERVAL_MS, () => {
      if (!this.#isOpen) return
      this.#bookmark(this.#options.currentRevision(), undefined)
      this.#timers.splice(this.#timers.indexOf(timer), 1)
      this.#scheduleBookmark()
    })
    this.#timers.push(timer)
  }

  #bookmark(revision: number, annotations: Record<string, string> | undefined): void {
    const { definition, representation } = this.#options
    const object = {
      kind: definition.kind,
      apiVersion: definition.apiVersion,
      metadata: { resourceVersion: String(revision), ...(annotations === undefined ? {} : { annotations }) },
    }
    const bytes = Buffer.from(JSON.stringify(object))
    this.#write(Buffer.concat(this.#framing.frame('BOOKMARK', representation.object(bytes, !this.#sentColumns))))
    this.#sentColumns = true
  }

  /** One chunk of the transfer encoding a frame. */
  #write(frame: Buffer): void {
    if (!this.#isOpen || frame.length === 0) return
    const socket = this.#response.socket
    if (socket !== null && socket.writableLength > MAX_BUFFERED_BYTES) {
      this.#release()
      socket.destroy()
      return
    }
    if (socket instanceof Socket && this.#response.writableLength === 0) socket.write(chunkOf(frame))
    else this.#response.write(frame)
  }
}

const CRLF = Buffer.from('\r\n')

const chunks = new WeakMap<Buffer, Buffer>()

/** A frame as a chunk of the chunked transfer encoding; made once for all who are sent the same frame. */
function chunkOf(frame: Buffer): Buffer {
  let chunk = chunks.get(frame)
  if (chunk === undefined) {
    chunk = Buffer.concat([Buffer.from(`${frame.length.toString(16)}\r\n`), frame, CRLF])
    chunks.set(frame, chunk)
  }
  return chunk
}
