import { findCondition } from '../../api/meta/conditions.ts'
import type { Pod, Service } from '../../api/types.gen.ts'
import type { Key } from '../../runtime/controller.ts'

export const LAST_CHANGE_TRIGGER_TIME = 'endpoints.kubernetes.io/last-change-trigger-time'

/** By pod. The server writes all its times alike, so their texts are in order as the times are. */
type Seen = ReadonlyMap<string, string>

const NEVER = ''

/**
 * When the first of the changes happened that an update of endpoints makes known: what a controller has seen of each Service's
 * pods when it last looked. Upstream: endpointslice/util/trigger_time_tracker.go
 */
export class TriggerTimes {
  readonly #seen = new Map<Key, Seen>()

  /** undefined when nothing has changed that has a time. What it tells it has told. */
  next(key: Key, service: Service, pods: readonly Pod[]): string | undefined {
    const before = this.#seen.get(key)
    const seen = new Map<string, string>()
    let first: string | undefined
    for (const { metadata, status } of pods) {
      const time = findCondition(status?.conditions, 'Ready')?.lastTransitionTime
      if (!time) continue
      seen.set(metadata.name, time)
      if (time > (before?.get(metadata.name) ?? NEVER) && (first === undefined || time < first)) first = time
    }
    this.#seen.set(key, seen)
    return before === undefined ? service.metadata.creationTimestamp : first
  }

  forget(key: Key): void {
    this.#seen.delete(key)
  }
}
