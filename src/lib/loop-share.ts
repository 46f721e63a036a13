/** Turns of the event loop in a row in which something arrives: more than a connection and its request make a burst. */
const BURST_TURNS = 3
/** How long work in the background gives way to a burst at a time. */
const PATIENCE_MS = 20

/**
 * Lets work in the background give way to bursts of what arrives from outside. A turn of the event loop holds up not only the requests
 * there are but also those to come, as Node accepts one connection a turn. Who asks one thing after the other holds up nothing.
 */
export class LoopShare {
  readonly #now: () => number
  #hasArrived = false
  #isCounting = false
  #turns = 0
  #waitsSince: number | undefined

  /** @param now milliseconds on a clock that nobody sets */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** A connection or a request came in. */
  arrive(): void {
    this.#hasArrived = true
    if (this.#isCounting) return
    this.#isCounting = true
    setImmediate(() => this.#endTurn())
  }

  /** Calls `work` in the next turn of the event loop; during a burst, when it is over or 20 ms are. */
  schedule(work: () => void): void {
    setImmediate(() => {
      if (this.#mayWait()) this.schedule(work)
      else {
        this.#waitsSince = undefined
        work()
      }
    })
  }

  #mayWait(): boolean {
    if (this.#turns < BURST_TURNS) return false
    this.#waitsSince ??= this.#now()
    return this.#now() - this.#waitsSince < PATIENCE_MS
  }

  #endTurn(): void {
    this.#isCounting = this.#hasArrived
    this.#turns = this.#hasArrived ? this.#turns + 1 : 0
    this.#hasArrived = false
    if (this.#isCounting) setImmediate(() => this.#endTurn())
  }
}
