import type { Clock, Timer } from '../lib/clock.ts'

/** How long a key waits after a failure: twice as long after each more in a row. */
export interface RetryDelays {
  readonly firstMs: number
  readonly longestMs: number
}

/** Upstream: workqueue.DefaultTypedControllerRateLimiter, per item. */
const DEFAULT_RETRY_DELAYS: RetryDelays = { firstMs: 5, longestMs: 1000_000 }

/**
 * Keys to look at: each at most once in the queue, and never taken twice at a time. A key that is added while it is being
 * worked on comes round again. Upstream: client-go util/workqueue.
 */
export class WorkQueue {
  readonly #clock: Clock
  readonly #onReady: () => void
  readonly #rankOf: ((key: string) => number) | undefined
  readonly #retryDelays: RetryDelays
  /** Those that can be taken, by rank. */
  readonly #ready = new Map<number, Line>()
  /** Ranks that were seen, the highest first. */
  #ranks: number[] = []
  #length = 0
  /** In the queue, or to be put there when done. */
  readonly #dirty = new Set<string>()
  readonly #processing = new Set<string>()
  readonly #delayed = new Map<string, { dueAt: number; timer: Timer }>()
  readonly #failures = new Map<string, number>()

  /**
   * @param onReady called when a key can be taken
   * @param rankOf those of a higher rank are taken first; all are alike when not given
   */
  constructor(clock: Clock, onReady: () => void, rankOf?: (key: string) => number, retryDelays = DEFAULT_RETRY_DELAYS) {
    this.#retryDelays = retryDelays
    this.#clock = clock
    this.#onReady = onReady
    this.#rankOf = rankOf
  }

  get length(): number {
    return this.#length
  }

  add(key: string): void {
    if (this.#dirty.has(key)) return
    this.#dirty.add(key)
    if (!this.#processing.has(key)) this.#push(key)
  }

  /** Adds it in a while; an earlier time that is already set stands. */
  addAfter(key: string, delayMs: number): void {
    if (delayMs <= 0) return this.add(key)
    const dueAt = this.#clock.now() + delayMs
    const waiting = this.#delayed.get(key)
    if (waiting !== undefined) {
      if (waiting.dueAt <= dueAt) return
      waiting.timer.cancel()
    }
    const timer = this.#clock.setTimer(delayMs, () => {
      this.#delayed.delete(key)
      this.add(key)
    })
    this.#delayed.set(key, { dueAt, timer })
  }

  /** Adds it after a delay that doubles with each failure in a row. */
  addRateLimited(key: string): void {
    const failures = this.#failures.get(key) ?? 0
    this.#failures.set(key, failures + 1)
    const { firstMs, longestMs } = this.#retryDelays
    this.addAfter(key, Math.min(longestMs, firstMs * 2 ** failures))
  }

  /** The key is fine again. */
  forget(key: string): void {
    this.#failures.delete(key)
  }

  take(): string | undefined {
    if (this.#length === 0) return undefined
    const rank = this.#ranks.find((each) => this.#ready.get(each)!.length > 0)!
    const key = this.#ready.get(rank)!.shift()
    this.#length--
    this.#dirty.delete(key)
    this.#processing.add(key)
    return key
  }

  /** Every key that was taken must be given back. */
  done(key: string): void {
    this.#processing.delete(key)
    if (this.#dirty.has(key)) this.#push(key)
  }

  stop(): void {
    for (const { timer } of this.#delayed.values()) timer.cancel()
    this.#delayed.clear()
  }

  #push(key: string): void {
    const rank = this.#rankOf?.(key) ?? 0
    let line = this.#ready.get(rank)
    if (line === undefined) {
      line = new Line()
      this.#ready.set(rank, line)
      this.#ranks = [...this.#ready.keys()].sort((a, b) => b - a)
    }
    line.push(key)
    this.#length++
    this.#onReady()
  }
}

/** First in, first out. */
class Line {
  readonly #keys: string[] = []
  #head = 0

  get length(): number {
    return this.#keys.length - this.#head
  }

  push(key: string): void {
    this.#keys.push(key)
  }

  shift(): string {
    const key = this.#keys[this.#head++]!
    // Taken keys are cut off now and then, so that taking one doesn't move all the others.
    if (this.#head > 1024 && this.#head * 2 > this.#keys.length) {
      this.#keys.splice(0, this.#head)
      this.#head = 0
    }
    return key
  }
}
