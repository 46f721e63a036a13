/** Why a pod's containers are to stop, and when each has ended. */
import { isSidecar } from '../api/core/v1/pod-resources.ts'
import { parseTimestamp } from '../api/meta/time.ts'
import type { Container, ContainerStatus, Pod, PodStatus } from '../api/types.gen.ts'
import type { PlannedEvent } from '../runtime/plan.ts'
import type { ContainerRuntime } from './container-behaviour.ts'
import { ownEndOf } from './container-end.ts'
import { stopCourse } from './container-stop.ts'
import { containerEvent } from './kubelet-event.ts'
import { type ContainerRole, initRole, shouldRestart } from './restart-rule.ts'

export interface Termination {
  readonly why: 'deleted' | 'deadline' | 'done'
  /** Milliseconds since the epoch. */
  readonly since: number
  readonly graceSeconds: number
}

/** What began first; undefined when the pod is to go on. */
export function terminationOf(pod: Pod, status: PodStatus, now: number): Termination | undefined {
  const own = pod.spec.terminationGracePeriodSeconds ?? 30
  const begun: Termination[] = []
  const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = pod.metadata
  if (deletionTimestamp !== undefined) {
    begun.push({ why: 'deleted', since: deletionRequestedAt(pod), graceSeconds: deletionGracePeriodSeconds })
  }
  const deadline = deadlineOf(pod)
  if (deadline !== undefined && deadline <= now) begun.push({ why: 'deadline', since: deadline, graceSeconds: own })
  const doneAt = workEndedAt(pod, status)
  if (doneAt !== undefined) begun.push({ why: 'done', since: doneAt, graceSeconds: own })
  const [first] = begun.sort((a, b) => a.since - b.since)
  if (first === undefined || first.why === 'deleted' || deletionTimestamp === undefined) return first
  const secondsUntilDeletion = Math.max(0, Math.ceil((parseTimestamp(deletionTimestamp) - first.since) / 1000))
  return { ...first, graceSeconds: Math.min(first.graceSeconds, secondsUntilDeletion) }
}

/** When the deletion was asked for. */
export function deletionRequestedAt(pod: Pod): number {
  return parseTimestamp(pod.metadata.deletionTimestamp) - (pod.metadata.deletionGracePeriodSeconds ?? 0) * 1000
}

/** When a pod has been active for as long as it may be. */
export function deadlineOf({ spec, status }: Pod): number | undefined {
  if (spec.activeDeadlineSeconds === undefined || status?.startTime === undefined) return undefined
  return parseTimestamp(status.startTime) + spec.activeDeadlineSeconds * 1000
}

/** When the last container ended that the pod is about, or an init container did for good; undefined while there is something to do. */
function workEndedAt(pod: Pod, status: PodStatus): number | undefined {
  for (const container of pod.spec.initContainers ?? []) {
    if (isSidecar(container)) continue
    const end = status.initContainerStatuses?.find(({ name }) => name === container.name)?.state?.terminated
    if (end !== undefined && end.exitCode !== 0 && !shouldRestart(pod, container, 'init', end.exitCode))
      return parseTimestamp(end.finishedAt)
  }
  let last = Number.NEGATIVE_INFINITY
  for (const container of pod.spec.containers) {
    const end = status.containerStatuses?.find(({ name }) => name === container.name)?.state?.terminated
    if (end === undefined || shouldRestart(pod, container, 'main', end.exitCode)) return undefined
    const endedAt = parseTimestamp(end.finishedAt)
    if (endedAt > last) last = endedAt
  }
  return Number.isFinite(last) ? last : undefined
}

export interface ContainerEnding {
  readonly container: Container
  readonly at: number
  readonly exitCode: number
  readonly reason: 'OOMKilled' | undefined
  readonly hookFailsAt: number | undefined
}

/**
 * How the containers that run end. Sidecars do so after the others, the last one first.
 * @param runtime what says when they would end by themselves; without it they run on until they are stopped
 * Upstream: kuberuntime_termination_order.go.
 */
export function endingsOf(
  pod: Pod,
  runtime: ContainerRuntime | undefined,
  status: PodStatus,
  { since, graceSeconds }: Pick<Termination, 'since' | 'graceSeconds'>,
): ContainerEnding[] {
  const endings: ContainerEnding[] = []
  const end = (container: Container, { state, restartCount }: ContainerStatus, awaits: number): number => {
    const attempt = { restartCount, startedAt: parseTimestamp(state!.running!.startedAt) }
    const outcome = runtime?.outcome(pod, container, attempt)
    const stop = stopCourse(pod, container, { at: since, graceSeconds, stopExitCode: outcome?.stopExitCode ?? 0, awaits })
    const own = outcome && ownEndOf(pod, container, attempt, outcome)
    const isOwn = own !== undefined && own.at <= stop.endsAt
    endings.push({
      container,
      at: isOwn ? own.at : stop.endsAt,
      exitCode: isOwn ? own.exitCode : stop.exitCode,
      reason: isOwn ? own.reason : undefined,
      hookFailsAt: stop.hookFailsAt,
    })
    return isOwn ? own.at : stop.endsAt
  }
  const running = (container: Container) => {
    const own = statusesOf(status).find(({ name }) => name === container.name)
    return own?.state?.running === undefined ? undefined : own
  }
  let mainEndedAt = since
  for (const container of pod.spec.containers) {
    const own = running(container)
    if (own !== undefined) mainEndedAt = Math.max(mainEndedAt, end(container, own, since))
  }
  for (const container of pod.spec.ephemeralContainers ?? []) {
    const own = running(container)
    if (own !== undefined) end(container, own, since)
  }
  let laterEndedAt = mainEndedAt
  for (const container of [...(pod.spec.initContainers ?? [])].reverse()) {
    const own = running(container)
    if (own === undefined) continue
    if (initRole(container) === 'init') end(container, own, since)
    else laterEndedAt = Math.max(mainEndedAt, end(container, own, laterEndedAt))
  }
  return endings
}

function statusesOf(status: PodStatus): ContainerStatus[] {
  return [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? []), ...(status.ephemeralContainerStatuses ?? [])]
}

/** What is told of a container that is stopped with its pod. */
export function stopEvent(pod: Pod, container: Container): PlannedEvent {
  return containerEvent(pod, container, roleOf(pod, container), 'Normal', 'Killing', `Stopping container ${container.name}`)
}

export function roleOf({ spec }: Pod, container: Container): ContainerRole {
  if (spec.initContainers?.includes(container)) return initRole(container)
  return spec.containers.includes(container) ? 'main' : 'ephemeral'
}
