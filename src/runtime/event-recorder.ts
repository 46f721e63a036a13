import type { KubeObject } from '../api/object.ts'
import { timestamp } from '../api/meta/time.ts'
import type { ObjectReference } from '../api/types.gen.ts'
import type { Client } from '../client/client.ts'
import type { Activity } from '../lib/activity.ts'
import type { Clock } from '../lib/clock.ts'
import type { PlannedEvent } from './plan.ts'

interface Recorded {
  readonly namespace: string
  readonly name: string
  count: number
}

/** Events this process remembers, to count repetitions. Upstream: events_cache.go maxLruCacheEntries. */
const REMEMBERED = 4096

/**
 * Writes Events about objects. The same event again raises the count of the first. An event that can't be written is dropped:
 * events are best effort.
 * Upstream: client-go tools/record.
 */
export class EventRecorder {
  readonly #client: Client
  readonly #clock: Clock
  readonly #activity: Activity
  readonly #recorded = new Map<string, Recorded>()
  #lastNameTime = 0n

  constructor(client: Client, clock: Clock, activity: Activity) {
    this.#client = client
    this.#clock = clock
    this.#activity = activity
  }

  record(component: string, about: KubeObject, { type, reason, message }: PlannedEvent, host?: string): void {
    const { metadata } = about
    const key = [component, host, about.kind, metadata.namespace, metadata.name, metadata.uid, type, reason, message].join('\n')
    const known = this.#recorded.get(key)
    const work = known === undefined ? this.#create(key, component, about, type, reason, message, host) : this.#count(key, known)
    void this.#activity.track(work.catch(() => void this.#recorded.delete(key)))
  }

  async #create(key: string, component: string, about: KubeObject, type: string, reason: string, message: string, host: string | undefined) {
    const namespace = about.metadata.namespace || 'default'
    const now = timestamp(this.#clock.now())
    const name = `${about.metadata.name}.${this.#uniqueTime().toString(16)}`
    this.#remember(key, { namespace, name, count: 1 })
    const involvedObject: ObjectReference = {
      kind: about.kind,
      namespace: about.metadata.namespace,
      name: about.metadata.name,
      uid: about.metadata.uid,
      apiVersion: about.apiVersion,
      resourceVersion: about.metadata.resourceVersion,
    }
    await this.#client.create('events', {
      metadata: { name, namespace },
      involvedObject,
      reason,
      message,
      source: { component, ...(host === undefined ? {} : { host }) },
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
      type,
      eventTime: null,
      reportingComponent: component,
      reportingInstance: host ?? '',
    } as never)
  }

  async #count(key: string, event: Recorded): Promise<void> {
    this.#remember(key, event)
    const count = ++event.count
    await this.#client.patch(
      { resource: 'events', namespace: event.namespace, name: event.name },
      { count, lastTimestamp: timestamp(this.#clock.now()) },
    )
  }

  /** The least recently used is forgotten first. */
  #remember(key: string, event: Recorded): void {
    this.#recorded.delete(key)
    this.#recorded.set(key, event)
    if (this.#recorded.size > REMEMBERED) this.#recorded.delete(this.#recorded.keys().next().value!)
  }

  /** Upstream names an event by the nanosecond; a coarser clock needs a counter to be as unique. */
  #uniqueTime(): bigint {
    const now = BigInt(this.#clock.now()) * 1_000_000n
    this.#lastNameTime = now > this.#lastNameTime ? now : this.#lastNameTime + 1n
    return this.#lastNameTime
  }
}
