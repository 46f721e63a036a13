/**
 * What becomes of an event of the core group before it is written: an event that happened before is counted, many that differ
 * in nothing but their text are told as one, and who reports too much about an object isn't heard for a while.
 * Upstream: client-go tools/record/events_cache.go.
 */
import type { Event } from '../api/types.gen.ts'
import { RecentMap } from '../lib/recent-map.ts'

/** Of each sort. Upstream has as many for each reporter; here all share them. */
const REMEMBERED = 4096
/** So many texts of one reason, each within the interval of the one before, are told as one. */
const SIMILAR_EVENTS = 10
const SIMILAR_INTERVAL_MS = 600_000
/** A reporter may say so much about an object at once, and one more each interval. */
const BURST = 25
const REFILL_INTERVAL_MS = 300_000

interface Similar {
  readonly texts: Set<string>
  readonly lastAt: number
}

interface Counted {
  readonly name: string
  readonly firstTimestamp: Event['firstTimestamp']
  readonly count: number
}

/** What is left of a reporter's allowance, in milliseconds of refilling. */
interface Allowance {
  readonly left: number
  readonly at: number
}

export class EventCorrelator {
  readonly #similar = new RecentMap<string, Similar>(REMEMBERED)
  readonly #counted = new RecentMap<string, Counted>(REMEMBERED)
  readonly #allowances = new RecentMap<string, Allowance>(REMEMBERED)

  /**
   * @param event new, of one occurrence at `now`
   * @param now milliseconds since the epoch
   * @returns the event to write, or undefined for none; with a count above 1 it is one that was to be written before, of which
   *   the count, the time and the text are new
   */
  correlate(event: Event, now: number): Event | undefined {
    const counted = this.#count(...this.#combine(event, now))
    return this.#isAllowed(counted, now) ? counted : undefined
  }

  /** The event, or the one that stands for it and its like, with the key it is counted by. */
  #combine(event: Event, now: number): [Event, string] {
    const { action: _, reportingComponent, reportingInstance, message = '', ...rest } = event
    const key = keyOf(...aboutOf(event), event.type, event.reason, reportingComponent, reportingInstance)
    const known = this.#similar.get(key)
    const texts = known === undefined || now - known.lastAt > SIMILAR_INTERVAL_MS ? new Set<string>() : known.texts
    texts.add(message)
    this.#similar.set(key, { texts, lastAt: now })
    if (texts.size < SIMILAR_EVENTS) {
      return [event, keyOf(...aboutOf(event), event.involvedObject.fieldPath, event.type, event.reason, message)]
    }
    // Upstream lets go of any of them.
    texts.delete(texts.values().next().value!)
    // Upstream's stands for no reporting component but by its source.
    return [{ ...rest, message: `(combined from similar events): ${message}`, reportingComponent: '', reportingInstance: '' }, key]
  }

  #count(event: Event, key: string): Event {
    const known = this.#counted.get(key)
    const counted: Event =
      known === undefined
        ? event
        : {
            ...event,
            metadata: { ...event.metadata, name: known.name },
            firstTimestamp: known.firstTimestamp,
            count: known.count + 1,
          }
    const { metadata, firstTimestamp, count = 1 } = counted
    this.#counted.set(key, { name: metadata.name, firstTimestamp, count })
    return counted
  }

  #isAllowed(event: Event, now: number): boolean {
    const key = keyOf(...aboutOf(event), event.type)
    const { left, at } = this.#allowances.get(key) ?? { left: BURST * REFILL_INTERVAL_MS, at: now }
    const refilled = Math.min(BURST * REFILL_INTERVAL_MS, left + Math.max(0, now - at))
    const isAllowed = refilled >= REFILL_INTERVAL_MS
    this.#allowances.set(key, { left: isAllowed ? refilled - REFILL_INTERVAL_MS : refilled, at: now })
    return isAllowed
  }
}

/** Who reports, and about what. */
function aboutOf({ source, involvedObject: { kind, namespace, name, uid, apiVersion } }: Event): (string | undefined)[] {
  return [source?.component, source?.host, kind, namespace, name, uid, apiVersion]
}

function keyOf(...parts: readonly (string | undefined)[]): string {
  return parts.join('\n')
}
