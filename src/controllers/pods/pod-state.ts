/** What a Pod is doing, as the workload controllers ask it. Upstream: pkg/api/v1/pod/util.go, controller_utils.go. */
import { findCondition } from '../../api/meta/conditions.ts'
import { parseTimestamp } from '../../api/meta/time.ts'
import type { Pod, PodCondition } from '../../api/types.gen.ts'

export function isPodSucceeded(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded'
}

export function isPodFailed(pod: Pod): boolean {
  return pod.status?.phase === 'Failed'
}

/** It has ended and will never run again. */
export function isPodTerminal(pod: Pod): boolean {
  return isPodSucceeded(pod) || isPodFailed(pod)
}

/** It counts as a replica: it has not ended and is not on its way out. */
export function isPodActive(pod: Pod): boolean {
  return !isPodTerminal(pod) && pod.metadata.deletionTimestamp === undefined
}

/** It is being deleted, but its containers may still be running. */
export function isPodTerminating(pod: Pod): boolean {
  return !isPodTerminal(pod) && pod.metadata.deletionTimestamp !== undefined
}

export function isPodReady(pod: Pod): boolean {
  return readyCondition(pod)?.status === 'True'
}

function readyCondition(pod: Pod): PodCondition | undefined {
  return findCondition(pod.status?.conditions, 'Ready')
}

/** When it became ready, in milliseconds since the epoch; undefined when it isn't, or doesn't say. */
export function readySince(pod: Pod): number | undefined {
  const condition = readyCondition(pod)
  if (condition?.status !== 'True') return undefined
  const since = parseTimestamp(condition.lastTransitionTime)
  return Number.isNaN(since) ? undefined : since
}

/**
 * From when on it counts as available if it stays ready, in milliseconds since the epoch: -Infinity when it does at once.
 * undefined when it isn't ready.
 */
export function availableAt(pod: Pod, minReadySeconds: number | undefined): number | undefined {
  if (!isPodReady(pod)) return undefined
  if (!minReadySeconds) return Number.NEGATIVE_INFINITY
  const since = readySince(pod)
  return since === undefined ? undefined : since + minReadySeconds * 1000
}

/** It has been ready for `minReadySeconds`. */
export function isPodAvailable(pod: Pod, minReadySeconds: number | undefined, now: number): boolean {
  const from = availableAt(pod, minReadySeconds)
  return from !== undefined && from <= now
}

/**
 * Milliseconds until the next of these pods becomes available; undefined when none is underway.
 * Nothing changes in the cluster at that moment, so a controller has to look again by itself.
 */
export function untilNextAvailable(pods: readonly Pod[], minReadySeconds: number | undefined, now: number): number | undefined {
  if (!minReadySeconds) return undefined
  const waits = pods.map((pod) => availableAt(pod, minReadySeconds)).filter((from) => from !== undefined && from > now) as number[]
  return waits.length === 0 ? undefined : Math.min(...waits) - now
}
