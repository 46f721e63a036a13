import { findCondition } from '../../api/meta/conditions.ts'
import type { Pod, Service } from '../../api/types.gen.ts'

export const LAST_CHANGE_TRIGGER_TIME = 'endpoints.kubernetes.io/last-change-trigger-time'

/**
 * When the first of the changes happened that an update of endpoints makes known: the earliest change of a pod, or of the
 * Service's birth, after the one the endpoints already tell of. undefined when none can be said.
 * Upstream: endpointslice/util/trigger_time_tracker.go, which remembers what it saw; here what was published is that memory.
 */
export function triggerTime(service: Service, pods: readonly Pod[], published = ''): string | undefined {
  let first: string | undefined
  // The server writes all its times alike, so their texts are in order as the times are.
  const note = (time: string | undefined) => {
    if (time && time > published && (first === undefined || time < first)) first = time
  }
  note(service.metadata.creationTimestamp)
  for (const { status, metadata } of pods)
    note(findCondition(status?.conditions, 'Ready')?.lastTransitionTime ?? metadata.creationTimestamp)
  return first
}
