/**
 * Counts what is under way, so that a virtual clock knows when the system has nothing left to do without time passing.
 * Work that waits for a timer is not under way.
 */
export class Activity {
  #count = 0
  #waiting: Array<() => void> = []

  begin(): void {
    this.#count++
  }

  end(): void {
    if (--this.#count === 0) {
      const waiting = this.#waiting
      this.#waiting = []
      for (const resolve of waiting) resolve()
    }
  }

  async track<T>(work: Promise<T>): Promise<T> {
    this.begin()
    try {
      return await work
    } finally {
      this.end()
    }
  }

  /** Resolves when nothing is under way and a full turn of the event loop began nothing either. */
  async settled(): Promise<void> {
    for (;;) {
      if (this.#count > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve))
      await new Promise<void>((resolve) => setImmediate(resolve))
      if (this.#count === 0) return
    }
  }
}
