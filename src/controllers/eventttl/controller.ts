/**
 * Events go an hour after they last occurred. Upstream leaves that to etcd: an event's key has a lease of `--event-ttl`, which
 * each write of the event renews.
 */
import { parseTimestamp } from '../../api/meta/time.ts'
import type { Event } from '../../api/types.gen.ts'
import type { ControllerDefinition } from '../../runtime/controller.ts'
import { splitKey } from '../../runtime/owner-keys.ts'
import type { Plan, ReconcileContext } from '../../runtime/plan.ts'

const EVENTS = 'events'
const TTL_MS = 3600_000

export const eventTtlController: ControllerDefinition<Event> = {
  name: 'event-ttl',
  watches: {},
  watchesDigests: {
    [EVENTS]: {
      keysOf: (current) => (current === undefined ? [] : [`${current.metadata.namespace}/${current.metadata.name}`]),
      keep: occurrences,
    },
  },
  observe(reader, key) {
    const { namespace, name } = splitKey(key)
    return reader.get<Event>(EVENTS, namespace, name)
  },
  reconcile: reconcileEvent,
}

/** Deletes an event whose time is up; looks again when it will be. */
export function reconcileEvent(
  { metadata, ...event }: Pick<Event, 'metadata' | 'lastTimestamp' | 'eventTime' | 'series'>,
  { now }: ReconcileContext,
): Plan {
  if (metadata.deletionTimestamp !== undefined) return {}
  // Repetition is reported in either of two ways, by the old recorder and the new one.
  const times = [metadata.creationTimestamp, event.lastTimestamp, event.eventTime, event.series?.lastObservedTime]
  const last = Math.max(...times.map((time) => parseTimestamp(time ?? undefined)).filter((time) => !Number.isNaN(time)), 0)
  const left = last + TTL_MS - now
  if (left > 0) return { requeueAfterMs: left }
  const target = { resource: EVENTS, namespace: metadata.namespace ?? '', name: metadata.name }
  const { uid, resourceVersion } = metadata
  return { actions: [{ verb: 'delete', target, preconditions: { uid, ...(resourceVersion && { resourceVersion }) } }] }
}

function occurrences({ lastTimestamp, eventTime, series }: Event) {
  return { lastTimestamp, eventTime, series: series && { lastObservedTime: series.lastObservedTime } }
}
