/** What a Job's pods say: their index, whether they count as failed, when they ended. */
import { findCondition } from '../../api/meta/conditions.ts'
import { parseTimestamp } from '../../api/meta/time.ts'
import type { ContainerStatus, Job, Pod } from '../../api/types.gen.ts'
import type { PatchAction } from '../../runtime/plan.ts'
import { isPodFailed, isPodSucceeded } from '../pods/pod-state.ts'
import { completionsOf, isIndexed, replacesOnlyEndedPods, TRACKING_FINALIZER } from './job-state.ts'

export const COMPLETION_INDEX = 'batch.kubernetes.io/job-completion-index'
export const INDEX_FAILURE_COUNT = 'batch.kubernetes.io/job-index-failure-count'
export const INDEX_IGNORED_FAILURE_COUNT = 'batch.kubernetes.io/job-index-ignored-failure-count'

export function isTracked(pod: Pod): boolean {
  return pod.metadata.finalizers?.includes(TRACKING_FINALIZER) === true
}

/** undefined when it has none, or none that is a number. */
export function completionIndex(pod: Pod): number | undefined {
  const text = pod.metadata.annotations?.[COMPLETION_INDEX]
  return text !== undefined && /^(?:\+?\d+|-0+)$/.test(text) ? Math.abs(Number(text)) : undefined
}

/** The index, when it is one of the Job's; elastic Jobs leave pods behind whose index isn't any more. */
export function validIndex(job: Job, pod: Pod): number | undefined {
  const index = completionIndex(pod)
  return index !== undefined && index < completionsOf(job) ? index : undefined
}

/** The pods that can count, and that the Job's status neither counts nor names. Upstream: job_controller.go getValidPodsWithFilter. */
export function freshPods(job: Job, pods: readonly Pod[]): Pod[] {
  const { succeeded, failed } = job.status?.uncountedTerminatedPods ?? {}
  const named = new Set([...(succeeded ?? []), ...(failed ?? [])])
  return pods.filter((pod) => isTracked(pod) && !named.has(pod.metadata.uid) && canCount(job, pod))
}

/** In an Indexed Job a pod without an index of its counts for nothing. */
export function canCount(job: Job, pod: Pod): boolean {
  return !isIndexed(job) || validIndex(job, pod) !== undefined
}

/** Pods that are being deleted count as failed, since orphaned ones never get to say how they ended. */
export function hasFailed(pod: Pod, job: Job): boolean {
  if (isPodFailed(pod)) return true
  if (replacesOnlyEndedPods(job)) return false
  return pod.metadata.deletionTimestamp !== undefined && !isPodSucceeded(pod)
}

/** How often the pod's index had failed before it, as far as it counts against the limit. */
export function indexFailures(pod: Pod): number {
  return count(pod, INDEX_FAILURE_COUNT)
}

export function ignoredIndexFailures(pod: Pod): number {
  return count(pod, INDEX_IGNORED_FAILURE_COUNT)
}

/** Anyone may have written the annotation, so nonsense counts as 0. */
function count(pod: Pod, annotation: string): number {
  const text = pod.metadata.annotations?.[annotation]
  if (text === undefined || !/^\+?\d+$/.test(text)) return 0
  return Number(text) <= 0x7fffffff ? Number(text) : 0
}

/**
 * When the pod ended, in milliseconds since the epoch: when its last container or sidecar did, else when it became unready, else
 * when its deletion was asked for, else when it was created.
 * Upstream: backoff_utils.go getFinishedTime.
 */
export function finishedAt(pod: Pod): number {
  const ready = findCondition(pod.status?.conditions, 'Ready')
  const candidates = [
    lastContainerEnd(pod),
    ready?.status === 'False' ? parseTimestamp(ready.lastTransitionTime) : Number.NaN,
    parseTimestamp(pod.metadata.deletionTimestamp) - (pod.metadata.deletionGracePeriodSeconds ?? 0) * 1000,
    parseTimestamp(pod.metadata.creationTimestamp),
  ]
  return candidates.find((time) => !Number.isNaN(time)) ?? 0
}

/** NaN unless all have ended. Sidecars end after the containers they serve; if they all have, they alone are enough. */
function lastContainerEnd({ spec, status }: Pod): number {
  const sidecars = new Set(spec?.initContainers?.filter(({ restartPolicy }) => restartPolicy === 'Always').map(({ name }) => name))
  const containers = lastEnd(status?.containerStatuses ?? [])
  const sidecarStatuses = (status?.initContainerStatuses ?? []).filter(({ name }) => sidecars.has(name))
  if (sidecarStatuses.length === 0) return containers
  const last = lastEnd(sidecarStatuses)
  return Number.isNaN(last) || Number.isNaN(containers) ? last : Math.max(last, containers)
}

function lastEnd(statuses: readonly ContainerStatus[]): number {
  const ends = statuses.map(({ state }) => parseTimestamp(state?.terminated?.finishedAt))
  return ends.length === 0 ? Number.NaN : Math.max(...ends)
}

/** Lets the pod go. Holds only for the state that was observed, as a merge patch replaces the whole list. */
export function untrack(pod: Pod): PatchAction {
  const { namespace, name, uid, resourceVersion } = pod.metadata
  const left = (pod.metadata.finalizers ?? []).filter((finalizer) => finalizer !== TRACKING_FINALIZER)
  const finalizers = left.length === 0 ? null : left
  return { verb: 'patch', target: { resource: 'pods', namespace, name }, patch: { metadata: { uid, resourceVersion, finalizers } } }
}
