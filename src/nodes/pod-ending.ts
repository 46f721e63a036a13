/** A pod whose containers are being stopped: what it reports meanwhile, and at the end. Upstream: kubelet.go SyncTerminatingPod. */
import { findCondition } from '../api/meta/conditions.ts'
import { parseTimestamp } from '../api/meta/time.ts'
import type { Container, ContainerStatus, Pod, PodStatus } from '../api/types.gen.ts'
import type { ContainerRuntime } from './container-behaviour.ts'
import { terminationMessage } from './container-end.ts'
import { ended } from './container-status.ts'
import { type StepContext, stepContainer } from './container-step.ts'
import { EXIT_KILLED } from './container-stop.ts'
import { kubeletEvent } from './kubelet-event.ts'
import { podConditions } from './pod-conditions.ts'
import { podPhase } from './pod-phase.ts'
import { type ContainerEnding, endingsOf, roleOf, stopEvent, type Termination } from './pod-termination.ts'
import { type ContainerRole, initRole } from './restart-rule.ts'

const DEADLINE_MESSAGE = 'Pod was active on the node longer than the specified deadline'

/**
 * @param status as it was when the end began
 * @param isTold the containers were told to stop before
 */
export function endingStatus(context: StepContext, status: PodStatus, termination: Termination, isTold: boolean): PodStatus {
  const { pod, runtime, now, lookedAt = now - 1, record, wakeAt } = context
  const endings = endingsOf(pod, runtime, status, termination)
  const isFirst = !isTold && !(termination.why === 'deadline' && isHeldBack(status))
  if (isFirst) {
    if (termination.why === 'deadline') record(kubeletEvent(pod, 'Normal', 'DeadlineExceeded', DEADLINE_MESSAGE))
    for (const { container } of endings) record(stopEvent(pod, container))
  }
  for (const { container, hookFailsAt } of endings) {
    if (hookFailsAt === undefined) continue
    if (hookFailsAt > now) wakeAt(hookFailsAt)
    else if (isFirst || lookedAt < hookFailsAt) {
      record({ ...stopEvent(pod, container), type: 'Warning', reason: 'FailedPreStopHook', message: 'PreStopHook failed' })
    }
  }
  const endsAt = Math.max(termination.since, ...endings.map(({ at }) => at))
  if (endsAt > now) {
    wakeAt(endsAt)
    return stoppingStatus(context, status, termination)
  }
  // A kubelet that was away finds out now.
  const lateMs = now - endsAt < 1000 ? 0 : now - endsAt
  return stoppedStatus(
    pod,
    runtime,
    status,
    termination,
    now,
    new Map(endings.map((ending) => [ending.container.name, { ...ending, at: ending.at + lateMs }])),
  )
}

/** Its phase is decided, and shown only when all containers have ended. */
function isHeldBack({ conditions }: PodStatus): boolean {
  return findCondition(conditions, 'Ready')?.reason === 'PodFailed'
}

/** Ends are told of all together. */
function stoppingStatus(context: StepContext, status: PodStatus, { why }: Termination): PodStatus {
  const { pod, now } = context
  const step = (container: Container, role: ContainerRole, own: ContainerStatus) => {
    if (own.state?.running) return stepContainer({ ...context, isStopping: true }, container, role, own)
    return why === 'deleted' ? withoutRestart(own) : own
  }
  const stepped = mapStatuses(pod, status, step)
  const phase = podPhase(pod, stepped, { isOver: false })
  const isFailed = why === 'deadline' || phase === 'Failed'
  const shown = isFailed || phase === 'Succeeded' ? (status.phase ?? 'Pending') : phase
  const next = { ...stepped, phase: shown }
  return { ...next, conditions: podConditions(pod, next, { hasSandbox: true, ...(isFailed && { phase: 'Failed' }) }, now) }
}

/** A container that waited to be started again has ended as it did the last time. */
function withoutRestart(status: ContainerStatus): ContainerStatus {
  const last = status.lastState?.terminated
  return status.state?.waiting === undefined || last === undefined ? status : { ...status, ready: false, state: { terminated: last } }
}

function stoppedStatus(
  pod: Pod,
  runtime: ContainerRuntime,
  status: PodStatus,
  { why }: Termination,
  now: number,
  endings: ReadonlyMap<string, ContainerEnding>,
): PodStatus {
  const stopped = mapStatuses(pod, status, (container, role, own) => {
    const ending = endings.get(container.name)
    if (ending !== undefined) return stop(pod, runtime, container, own, ending)
    if (own.state?.terminated && own.ready && role !== 'init') return { ...own, ready: false }
    return why === 'deleted' ? withoutRestart(own) : own
  })
  const phase = why === 'deadline' ? 'Failed' : podPhase(pod, stopped, { isOver: true })
  const next = withoutUnknowns(pod, { ...stopped, phase: phase === 'Succeeded' ? phase : 'Failed' })
  if (why === 'deadline') Object.assign(next, { reason: 'DeadlineExceeded', message: DEADLINE_MESSAGE })
  return { ...next, conditions: podConditions(pod, next, { hasSandbox: false }, now) }
}

function stop(
  pod: Pod,
  runtime: ContainerRuntime,
  container: Container,
  status: ContainerStatus,
  ending: ContainerEnding,
): ContainerStatus {
  const attempt = { restartCount: status.restartCount, startedAt: parseTimestamp(status.state?.running?.startedAt) }
  const outcome = runtime.outcome(pod, container, attempt)
  const message = terminationMessage(runtime, pod, container, attempt, outcome, ending)
  return ended(status, ending.exitCode, ending.at, message, ending.reason)
}

/** Of what should have run and can't be told how it ended, the worst is assumed. Upstream: status_manager.go TerminatePod. */
function withoutUnknowns(pod: Pod, status: PodStatus): PodStatus {
  const lost = (own: ContainerStatus): ContainerStatus =>
    own.state?.terminated
      ? own
      : {
          ...own,
          state: {
            terminated: {
              exitCode: EXIT_KILLED,
              message: 'The container could not be located when the pod was terminated',
              reason: 'ContainerStatusUnknown',
            },
          },
        }
  const init = status.initContainerStatuses
  const lastStarted = init?.findLastIndex(({ state, lastState }) => !state?.waiting || lastState?.terminated) ?? 0
  return {
    ...status,
    ...(status.containerStatuses && hasInitialized(pod, status) && { containerStatuses: status.containerStatuses.map(lost) }),
    ...(init && { initContainerStatuses: init.map((own, index) => (index <= Math.max(0, lastStarted) ? lost(own) : own)) }),
  }
}

function hasInitialized({ spec }: Pod, { initContainerStatuses = [], containerStatuses = [] }: PodStatus): boolean {
  const last = spec.initContainers?.at(-1)
  if (last === undefined) return true
  if (containerStatuses.some(({ state, lastState }) => lastState?.terminated || !state?.waiting)) return true
  const { state, lastState, started } = initContainerStatuses.at(-1) ?? {}
  if (initRole(last) === 'sidecar') return state?.running !== undefined && started === true
  return lastState?.terminated?.exitCode === 0 || state?.terminated?.exitCode === 0
}

function mapStatuses(
  pod: Pod,
  status: PodStatus,
  map: (container: Container, role: ContainerRole, status: ContainerStatus) => ContainerStatus,
): PodStatus {
  const all = (containers: readonly Container[] = [], statuses: readonly ContainerStatus[]) =>
    statuses.map((own) => {
      const container = containers.find(({ name }) => name === own.name)
      return container === undefined ? own : map(container, roleOf(pod, container), own)
    })
  const { initContainerStatuses: init, containerStatuses: main, ephemeralContainerStatuses: ephemeral } = status
  return {
    ...status,
    ...(init && { initContainerStatuses: all(pod.spec.initContainers, init) }),
    ...(main && { containerStatuses: all(pod.spec.containers, main) }),
    ...(ephemeral && { ephemeralContainerStatuses: all(pod.spec.ephemeralContainers, ephemeral) }),
  }
}
