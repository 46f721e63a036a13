import { findCondition } from '../../api/meta/conditions.ts'
import { parseTimestamp, timestamp } from '../../api/meta/time.ts'
import type { Pod, Service } from '../../api/types.gen.ts'

export const LAST_CHANGE_TRIGGER_TIME = 'endpoints.kubernetes.io/last-change-trigger-time'

/**
 * When the first of the changes happened that an update of endpoints makes known: the earliest change of a pod, or of the
 * Service's birth, after the one the endpoints already tell of. undefined when none can be said.
 * Upstream: endpointslice/util/trigger_time_tracker.go, which remembers what it saw; here what was published is that memory.
 */
export function triggerTime(service: Service, pods: readonly Pod[], published: string | undefined): string | undefined {
  const after = parseTimestamp(published)
  const times = [parseTimestamp(service.metadata.creationTimestamp), ...pods.map(changedAt)]
  const news = times.filter((time) => !Number.isNaN(time) && (Number.isNaN(after) || time > after))
  return news.length === 0 ? undefined : timestamp(news.reduce((first, time) => Math.min(first, time)))
}

function changedAt({ status, metadata }: Pod): number {
  const ready = parseTimestamp(findCondition(status?.conditions, 'Ready')?.lastTransitionTime)
  return Number.isNaN(ready) ? parseTimestamp(metadata.creationTimestamp) : ready
}
