/**
 * What becomes of an event of events.k8s.io before it is written: one that happens again becomes a series, whose count is
 * written at its second occurrence, every half hour, and when it has ended.
 * Upstream: client-go tools/events/event_broadcaster.go.
 */
import { parseTimestamp } from '../api/meta/time.ts'
import type { EventsV1Event, ObjectReference } from '../api/types.gen.ts'
import type { Clock, Timer } from '../lib/clock.ts'

/** A series without an occurrence for so long has ended; it is looked for as often. Upstream: finishTime. */
const FINISH_MS = 6 * 60_000
/** Upstream: refreshTime, 30 minutes. */
const FINISHES_A_REFRESH = 5

/** Writes one: of an event with a series only that is new, unless the event is gone. */
export type WriteEvent<Writer> = (writer: Writer, event: EventsV1Event) => void

interface Remembered<Writer> {
  readonly writer: Writer
  readonly event: EventsV1Event
}

export class EventSeries<Writer> {
  readonly #clock: Clock
  readonly #startedAt: number
  readonly #write: WriteEvent<Writer>
  readonly #remembered = new Map<string, Remembered<Writer>>()
  #tick: Timer | undefined

  constructor(clock: Clock, write: WriteEvent<Writer>) {
    this.#clock = clock
    this.#startedAt = clock.now()
    this.#write = write
  }

  /** @param writer who writes the event, now and later */
  record(writer: Writer, event: EventsV1Event): void {
    const key = keyOf(event)
    const known = this.#remembered.get(key)?.event
    const { series } = known ?? {}
    const next = known === undefined ? event : { ...known, series: { count: (series?.count ?? 1) + 1, lastObservedTime: event.eventTime } }
    this.#remembered.set(key, { writer, event: next })
    if (series === undefined) this.#write(writer, next)
    if (this.#tick === undefined) this.#tick = this.#nextTick()
  }

  stop(): void {
    this.#tick?.cancel()
  }

  /** Ticks fall on whole intervals since the start, but only while there is something to look at. */
  #nextTick(): Timer {
    const passed = this.#clock.now() - this.#startedAt
    const number = Math.floor(passed / FINISH_MS) + 1
    return this.#clock.setTimer(number * FINISH_MS - passed, () => {
      this.#finish(this.#clock.now() - FINISH_MS)
      if (number % FINISHES_A_REFRESH === 0) this.#refresh()
      this.#tick = this.#remembered.size === 0 ? undefined : this.#nextTick()
    })
  }

  #finish(before: number): void {
    for (const [key, { writer, event }] of this.#remembered) {
      if (parseTimestamp(event.series?.lastObservedTime ?? event.eventTime) >= before) continue
      if (event.series !== undefined) this.#write(writer, event)
      this.#remembered.delete(key)
    }
  }

  /** So that the server doesn't drop events that still happen. */
  #refresh(): void {
    for (const { writer, event } of this.#remembered.values()) if (event.series !== undefined) this.#write(writer, event)
  }
}

/** Everything but the time and the text. */
function keyOf({ type, action, reason, reportingController, reportingInstance, regarding, related }: EventsV1Event): string {
  const parts = [type, action, reason, reportingController, reportingInstance, ...partsOf(regarding), ...partsOf(related)]
  return parts.join('\n')
}

function partsOf({ kind, namespace, name, uid, apiVersion, resourceVersion, fieldPath }: ObjectReference = {}): (string | undefined)[] {
  return [kind, namespace, name, uid, apiVersion, resourceVersion, fieldPath]
}
