import { ApiError } from '../api/meta/api-error.ts'
import { isDns1123Subdomain } from '../api/meta/names.ts'
import { microTimestamp, timestamp } from '../api/meta/time.ts'
import type { GroupResource, KubeObject, New } from '../api/object.ts'
import type { Event, EventsV1Event, ObjectReference } from '../api/types.gen.ts'
import type { Client } from '../client/client.ts'
import type { Activity } from '../lib/activity.ts'
import type { Clock } from '../lib/clock.ts'
import type { Random } from '../lib/random.ts'
import { EventCorrelator } from './event-correlator.ts'
import { EventSeries } from './event-series.ts'
import type { PlannedEvent } from './plan.ts'

/** The machine all components run on, as those that use events.k8s.io name it. */
const HOST = 'coracle'

export interface EventRecorderOptions {
  readonly clock: Clock
  readonly random: Random
  readonly activity: Activity
}

/**
 * Writes Events about objects: those with an action through events.k8s.io, the others through the core group. An event that
 * can't be written is dropped: events are best effort.
 * Upstream: client-go tools/record, tools/events.
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions
  readonly #correlator = new EventCorrelator()
  readonly #series: EventSeries<Client>
  /** The last write under way of an event, by its namespace and name: a later one must find what it changes. */
  readonly #writes = new Map<string, Promise<void>>()
  #lastNameTime = 0n

  constructor(options: EventRecorderOptions) {
    this.#options = options
    this.#series = new EventSeries(options.clock, (client, event) => {
      const { series } = event
      this.#write(client, 'events.events.k8s.io', event, series && { series })
    })
  }

  /**
   * @param client as whom it is written
   * @param component who reports it, unless the event says so itself
   */
  record(client: Client, component: string, about: KubeObject, event: PlannedEvent): void {
    if (event.action !== undefined) return this.#series.record(client, this.#newEvent(component, about, event, event.action))
    const counted = this.#correlator.correlate(this.#coreEvent(component, about, event), this.#options.clock.now())
    if (counted === undefined) return
    const { count = 1, lastTimestamp, message } = counted
    this.#write(client, 'events', counted, count > 1 ? { count, lastTimestamp, message } : undefined)
  }

  stop(): void {
    this.#series.stop()
  }

  #coreEvent(component: string, about: KubeObject, { type, reason, message, fieldPath, source }: PlannedEvent): Event {
    const now = timestamp(this.#options.clock.now())
    return {
      metadata: this.#metadataFor(about),
      involvedObject: { ...referenceTo(about), ...(fieldPath !== undefined && { fieldPath }) },
      reason,
      message,
      source: source ?? { component },
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
      type,
      reportingComponent: source?.component ?? component,
      reportingInstance: source?.host ?? '',
    }
  }

  #newEvent(component: string, about: KubeObject, { type, reason, message, related }: PlannedEvent, action: string): EventsV1Event {
    return {
      metadata: this.#metadataFor(about),
      eventTime: microTimestamp(this.#options.clock.now()),
      reportingController: component,
      reportingInstance: `${component}-${HOST}`,
      action,
      reason,
      regarding: referenceTo(about),
      ...(related && { related: referenceTo(related) }),
      note: message,
      type,
    }
  }

  /** Upstream: record/util GenerateEventName. */
  #metadataFor({ metadata }: KubeObject): Event['metadata'] {
    const name = `${metadata.name}.${this.#uniqueTime().toString(16)}`
    return {
      name: isDns1123Subdomain(name).length === 0 ? name : this.#options.random.uuid(),
      namespace: metadata.namespace || 'default',
    } as Event['metadata']
  }

  /** @param change what is new of an event that should be there; it is written whole when it isn't, or there is none */
  #write(client: Client, resource: GroupResource, event: Event | EventsV1Event, change: object | undefined): void {
    const { namespace = '', name } = event.metadata
    const key = `${namespace}/${name}`
    const before = this.#writes.get(key)
    const write = async () => {
      await before
      try {
        if (change !== undefined) return void (await client.patch({ resource, namespace, name }, change as Record<string, unknown>))
      } catch (error) {
        if (!(error instanceof ApiError) || error.reason !== 'NotFound') return
      }
      await client.create(resource, event as New<KubeObject>).catch(() => {})
    }
    const work: Promise<void> = this.#options.activity.track(write()).finally(() => {
      if (this.#writes.get(key) === work) this.#writes.delete(key)
    })
    this.#writes.set(key, work)
  }

  /** Upstream names an event by the nanosecond; a coarser clock needs a counter to be as unique. */
  #uniqueTime(): bigint {
    const now = BigInt(this.#options.clock.now()) * 1_000_000n
    this.#lastNameTime = now > this.#lastNameTime ? now : this.#lastNameTime + 1n
    return this.#lastNameTime
  }
}

/** Upstream: client-go tools/reference GetReference. */
function referenceTo({ apiVersion, kind, metadata: { namespace, name, uid, resourceVersion } }: KubeObject): ObjectReference {
  return { kind, namespace, name, uid, apiVersion, resourceVersion }
}
