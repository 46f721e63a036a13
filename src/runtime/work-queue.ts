import type { Clock, Timer } from '../lib/clock.ts'

/** Upstream: workqueue.DefaultTypedControllerRateLimiter, per item. */
const BASE_DELAY_MS = 5
const MAX_DELAY_MS = 1000_000

/**
 * Keys to look at: each at most once in the queue, and never taken twice at a time. A key that is added while it is being
 * worked on comes round again. Upstream: client-go util/workqueue.
 */
export class WorkQueue {
  readonly #clock: Clock
  readonly #onReady: () => void
  readonly #ready: string[] = []
  #head = 0
  /** In the queue, or to be put there when done. */
  readonly #dirty = new Set<string>()
  readonly #processing = new Set<string>()
  readonly #delayed = new Map<string, { dueAt: number; timer: Timer }>()
  readonly #failures = new Map<string, number>()

  /** @param onReady called when a key can be taken */
  constructor(clock: Clock, onReady: () => void) {
    this.#clock = clock
    this.#onReady = onReady
  }

  get length(): number {
    return this.#ready.length - this.#head
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
    this.addAfter(key, Math.min(MAX_DELAY_MS, BASE_DELAY_MS * 2 ** failures))
  }

  /** The key is fine again. */
  forget(key: string): void {
    this.#failures.delete(key)
  }

  take(): string | undefined {
    if (this.#head === this.#ready.length) return undefined
    const key = this.#ready[this.#head++]!
    // Taken keys are cut off now and then, so that taking one doesn't move all the others.
    if (this.#head > 1024 && this.#head * 2 > this.#ready.length) {
      this.#ready.splice(0, this.#head)
      this.#head = 0
    }
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
    this.#ready.push(key)
    this.#onReady()
  }
}
