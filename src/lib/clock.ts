/**
 * Time as the rest of the program sees it. Nothing outside this folder reads the system's clock or sets its timers, so
 * that a virtual clock can drive everything.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
  /** Calls `fire` once, `delayMs` from now. Timers that fall on the same instant fire in the order they were set. */
  setTimer(delayMs: number, fire: () => void): Timer
}

export interface Timer {
  /** Idempotent; a timer that has fired is cancelled. */
  cancel(): void
}

/** setTimeout fires at once when it is given more than this many milliseconds. */
const LONGEST_TIMEOUT_MS = 0x7fffffff

export class RealClock implements Clock {
  now(): number {
    return Date.now()
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    const dueAt = Date.now() + delayMs
    let handle: NodeJS.Timeout
    const arm = () => {
      const left = dueAt - Date.now()
      handle = left > LONGEST_TIMEOUT_MS ? setTimeout(arm, LONGEST_TIMEOUT_MS) : setTimeout(fire, Math.max(0, left))
    }
    arm()
    return { cancel: () => clearTimeout(handle) }
  }
}

interface VirtualTimer {
  readonly dueAt: number
  readonly order: number
  readonly fire: () => void
  isCancelled: boolean
}

/** A clock that moves only when told to. */
export class VirtualClock implements Clock {
  #now: number
  #order = 0
  /** A binary heap by due time, then by the order of setting; cancelled timers are dropped when they surface. */
  readonly #heap: VirtualTimer[] = []

  /** @param start milliseconds since the epoch, or an RFC 3339 text */
  constructor(start: number | string = '2026-01-01T00:00:00Z') {
    this.#now = typeof start === 'number' ? start : Date.parse(start)
  }

  now(): number {
    return this.#now
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    const timer: VirtualTimer = { dueAt: this.#now + Math.max(0, delayMs), order: this.#order++, fire, isCancelled: false }
    this.#push(timer)
    return {
      cancel: () => {
        timer.isCancelled = true
      },
    }
  }

  /** The instant of the next timer, or undefined when none is set. */
  nextTimerAt(): number | undefined {
    return this.#peek()?.dueAt
  }

  /**
   * Moves on by `durationMs`, firing timers in order. Before the first timer, after each instant that had timers, and at the
   * end it awaits `settle`, which must return when the system has nothing left to do without time passing.
   */
  async advance(durationMs: number, settle: () => Promise<void>): Promise<void> {
    const end = this.#now + durationMs
    await settle()
    for (let next = this.#peek(); next !== undefined && next.dueAt <= end; next = this.#peek()) {
      this.#now = Math.max(this.#now, next.dueAt)
      for (let due = this.#peek(); due !== undefined && due.dueAt <= this.#now; due = this.#peek()) {
        this.#pop()
        due.fire()
      }
      await settle()
    }
    this.#now = Math.max(this.#now, end)
  }

  #peek(): VirtualTimer | undefined {
    for (;;) {
      const top = this.#heap[0]
      if (top === undefined || !top.isCancelled) return top
      this.#pop()
    }
  }

  #push(timer: VirtualTimer): void {
    const heap = this.#heap
    let at = heap.push(timer) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(timer, heap[parent]!)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = timer
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()!
    if (heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (!isBefore(heap[child]!, last)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
  }
}

function isBefore(a: VirtualTimer, b: VirtualTimer): boolean {
  return a.dueAt !== b.dueAt ? a.dueAt < b.dueAt : a.order < b.order
}
