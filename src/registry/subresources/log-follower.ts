/** A log that is sent as it is printed, until its container ends or its pod is gone. */
import type { ContainerRun, LogLine, ReadLog } from '../../api/simulation/container-logs.ts'
import type { Clock, Timer } from '../../lib/clock.ts'

export interface FollowedLog {
  /** The run as it is stored now; undefined when its pod is gone. */
  readonly currentRun: () => ContainerRun | undefined
  readonly read: (run: ContainerRun, until: number) => ReadLog
  /** Calls back whenever the run may have changed. */
  readonly watch: (changed: () => void) => () => void
  /** The text of a line, and whether it is the last that is wanted. */
  readonly write: (line: LogLine) => boolean
  readonly end: () => void
  readonly clock: Clock
}

export class LogFollower {
  readonly #log: FollowedLog
  #run: ContainerRun
  /** All lines up to this instant were sent. */
  #sentUntil: number
  #timer: Timer | undefined
  readonly #unwatch: () => void
  #isOver = false

  /** @param sentUntil all lines up to then were sent */
  constructor(log: FollowedLog, run: ContainerRun, sentUntil: number) {
    this.#log = log
    this.#run = run
    this.#sentUntil = sentUntil
    this.#unwatch = log.watch(() => this.#look())
    this.#look()
  }

  stop(): void {
    this.#isOver = true
    this.#timer?.cancel()
    this.#unwatch()
  }

  #look(): void {
    if (this.#isOver) return
    this.#timer?.cancel()
    const { clock, currentRun, read, write } = this.#log
    const now = clock.now()
    const stored = currentRun()
    this.#run = stored ?? { ...this.#run, finishedAt: Math.floor(now / 1000) * 1000 }
    const hasEnded = this.#run.finishedAt !== undefined
    const { lines, knownUntil } = read(this.#run, now)
    let at = lines.findIndex((line) => line.at > this.#sentUntil)
    if (at < 0) at = lines.length
    for (; at < lines.length; at++) {
      const line = lines[at]!
      if (!hasEnded && line.at > now) break
      this.#sentUntil = Math.max(this.#sentUntil, line.at)
      if (!write(line)) return this.#finish()
    }
    if (hasEnded) return this.#finish()
    const next = lines[at]?.at ?? knownUntil
    if (next !== undefined) this.#timer = clock.setTimer(Math.max(1, next - now), () => this.#look())
  }

  #finish(): void {
    this.stop()
    this.#log.end()
  }
}
