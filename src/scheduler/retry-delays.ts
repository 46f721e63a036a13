/** Upstream: podInitialBackoffDuration, podMaxBackoffDuration. */
const FIRST_MS = 1_000
const LONGEST_MS = 10_000

/** How long pods wait whose scheduling failed by an error: twice as long each time. Upstream: backend/queue/backoff_queue.go. */
export class RetryDelays {
  readonly #failures = new Map<string, { readonly count: number; readonly until: number }>()

  /** @returns how long it waits, in milliseconds */
  add(key: string, now: number): number {
    const count = (this.#failures.get(key)?.count ?? 0) + 1
    const delay = Math.min(LONGEST_MS, FIRST_MS * 2 ** (count - 1))
    this.#failures.set(key, { count, until: now + delay })
    return delay
  }

  left(key: string, now: number): number {
    return Math.max(0, (this.#failures.get(key)?.until ?? 0) - now)
  }

  /** It went well, or the pod is gone. */
  forget(key: string): void {
    this.#failures.delete(key)
  }
}
