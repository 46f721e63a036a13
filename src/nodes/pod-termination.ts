/** How a pod's containers are stopped: because it is deleted, took too long, or its work is done. */
import { parseTimestamp, timestamp } from '../api/meta/time.ts'
import type { Container, ContainerStatus, Pod, PodStatus } from '../api/types.gen.ts'
import type { PlannedEvent } from '../runtime/plan.ts'
import type { ContainerRuntime } from './container-behaviour.ts'
import { EXIT_KILLED } from './container-end.ts'
import { containerEvent, ended } from './container-step.ts'
import { hasStartedContainer } from './pod-conditions.ts'
import { initRole } from './restart-rule.ts'
import { failsPreStop, stopDelayMs } from './stop-delay.ts'

/**
 * When the containers of a pod that is to stop have ended: at once, unless a preStop hook or an annotation makes them
 * take longer; at the latest when the grace period is over.
 */
export function stopsAt(pod: Pod, requestedAt: number, graceSeconds: number): number {
  const longest = Math.max(0, ...runningContainers(pod).map((container) => stopDelayMs(pod, container)))
  return requestedAt + Math.min(longest, graceSeconds * 1000)
}

/** When the deletion was asked for. */
export function deletionRequestedAt(pod: Pod): number {
  return parseTimestamp(pod.metadata.deletionTimestamp) - (pod.metadata.deletionGracePeriodSeconds ?? 0) * 1000
}

function runningContainers(pod: Pod): Container[] {
  const running = new Set(
    [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]
      .filter(({ state }) => state?.running !== undefined)
      .map(({ name }) => name),
  )
  return [...(pod.spec.initContainers ?? []), ...pod.spec.containers].filter(({ name }) => running.has(name))
}

/** What is told of the containers that run, when the pod is to stop. */
export function stopEvents(pod: Pod): PlannedEvent[] {
  return runningContainers(pod).flatMap((container) => {
    const killing = stopEvent(pod, container)
    return failsPreStop(pod, container)
      ? [killing, { ...killing, type: 'Warning', reason: 'FailedPreStopHook', message: 'PreStopHook failed' }]
      : [killing]
  })
}

function stopEvent(pod: Pod, container: Container): PlannedEvent {
  const isInit = pod.spec.initContainers?.includes(container) ?? false
  return containerEvent(pod, container, isInit ? initRole(container) : 'main', 'Normal', 'Killing', `Stopping container ${container.name}`)
}

export interface Stop {
  readonly pod: Pod
  readonly runtime: ContainerRuntime
  readonly now: number
  readonly graceSeconds: number
  readonly record: (event: PlannedEvent) => void
}

/** The statuses with every container ended. */
export function stopContainers(
  stop: Stop,
  status: PodStatus,
): Pick<PodStatus, 'containerStatuses' | 'initContainerStatuses' | 'ephemeralContainerStatuses'> {
  const hasRun = hasStartedContainer(status.containerStatuses)
  const all = (containers: readonly Container[] | undefined, statuses: readonly ContainerStatus[] | undefined) =>
    statuses?.map((observed) => {
      const container = containers?.find(({ name }) => name === observed.name)
      return container === undefined ? observed : stopContainer(stop, container, observed, hasRun)
    })
  const init = all(stop.pod.spec.initContainers, status.initContainerStatuses)
  const main = all(stop.pod.spec.containers, status.containerStatuses)
  const ephemeral = all(stop.pod.spec.ephemeralContainers, status.ephemeralContainerStatuses)
  return {
    ...(init === undefined ? {} : { initContainerStatuses: init }),
    ...(main === undefined ? {} : { containerStatuses: main }),
    ...(ephemeral === undefined ? {} : { ephemeralContainerStatuses: ephemeral }),
  }
}

export function stopContainer(stop: Stop, container: Container, status: ContainerStatus, hasPodRun: boolean): ContainerStatus {
  const { pod, now } = stop
  if (status.state?.terminated) return status.ready && !isCompletedInit(pod, container) ? { ...status, ready: false } : status
  if (status.state?.running) {
    stop.record(stopEvent(pod, container))
    const startedAt = parseTimestamp(status.state.running.startedAt)
    const { stopExitCode } = stop.runtime.outcome(pod, container, { restartCount: status.restartCount, startedAt })
    const isKilled = stopDelayMs(pod, container) > stop.graceSeconds * 1000
    return ended(status, isKilled ? EXIT_KILLED : stopExitCode, now, undefined)
  }
  if (status.lastState?.terminated) return { ...status, lastState: {}, ready: false, state: { terminated: status.lastState.terminated } }
  if (!hasPodRun) return status
  // Upstream: status_manager.go TerminatePod.
  const message = 'The container could not be located when the pod was terminated'
  return {
    ...status,
    ready: false,
    state: {
      terminated: {
        exitCode: EXIT_KILLED,
        finishedAt: timestamp(now),
        message,
        reason: 'ContainerStatusUnknown',
        startedAt: timestamp(now),
      },
    },
  }
}

function isCompletedInit(pod: Pod, container: Container): boolean {
  return (pod.spec.initContainers?.includes(container) ?? false) && initRole(container) === 'init'
}
