/**
 * A pod's life on its node: from the stored pod and the time to the status a kubelet would report now. Pure; knows no
 * cluster. It keeps nothing between calls: `wakeAt` says when the status changes next if nothing else happens.
 */
import { qosClassOf } from '../api/core/v1/pod-resources.ts'
import { parseTimestamp, timestamp } from '../api/meta/time.ts'
import type { Container, ContainerStatus, Pod, PodStatus } from '../api/types.gen.ts'
import type { PlannedEvent } from '../runtime/plan.ts'
import type { ContainerRuntime } from './container-behaviour.ts'
import { initialStatus, kubeletEvent, type StepContext, stepContainer } from './container-step.ts'
import { hasStartedContainer, podConditions } from './pod-conditions.ts'
import { asAllocated, whyResizeIsInfeasible, withResizeCondition } from './pod-resize.ts'
import { deletionRequestedAt, stopContainer, stopContainers, stopsAt } from './pod-termination.ts'
import { initRole, shouldRestart } from './restart-rule.ts'

export interface PodOnNode {
  readonly pod: Pod
  readonly hostIP: string
  /** undefined when the node has no address left for it. */
  readonly podIP: string | undefined
  /** Of the other family, in a dual-stack cluster. */
  readonly second?: { readonly hostIP?: string | undefined; readonly podIP?: string | undefined } | undefined
  readonly runtime: ContainerRuntime
  /** What its node has for pods; undefined when the node hasn't said. */
  readonly allocatable?: Readonly<Record<string, string>> | undefined
  /** Milliseconds since the epoch. */
  readonly now: number
  /** When its kubelet last looked at it: what happened since is told of. undefined when that isn't known. */
  readonly lookedAt?: number | undefined
}

export interface PodStep {
  readonly status: PodStatus
  readonly events: readonly PlannedEvent[]
  /** Milliseconds since the epoch. */
  readonly wakeAt: number | undefined
}

export function isFinished(status: PodStatus | undefined): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed'
}

export function advancePod(given: PodOnNode): PodStep {
  const { pod } = given
  if (isFinished(pod.status)) return { status: pod.status!, events: [], wakeAt: undefined }
  const events: PlannedEvent[] = []
  let wakeAt: number | undefined
  const record = (event: PlannedEvent) => events.push(event)
  const wake = (at: number) => {
    wakeAt = wakeAt === undefined ? at : Math.min(wakeAt, at)
  }
  const status = isTimeToStop(given, wake)
    ? stopped(given, record)
    : hasDeadlinePassed(given, wake)
      ? deadlineExceeded(given, record)
      : running(given, record, wake)
  return { status, events, wakeAt }
}

function isTimeToStop({ pod, now }: PodOnNode, wake: (at: number) => void): boolean {
  if (pod.metadata.deletionTimestamp === undefined) return false
  const at = stopsAt(pod, deletionRequestedAt(pod), pod.metadata.deletionGracePeriodSeconds ?? 0)
  if (at > now) wake(at)
  return at <= now
}

function hasDeadlinePassed({ pod, now }: PodOnNode, wake: (at: number) => void): boolean {
  const { activeDeadlineSeconds } = pod.spec
  if (activeDeadlineSeconds === undefined) return false
  const at = (pod.status?.startTime === undefined ? now : parseTimestamp(pod.status.startTime)) + activeDeadlineSeconds * 1000
  if (at > now) wake(at)
  return at <= now
}

function stopped(given: PodOnNode, record: (event: PlannedEvent) => void): PodStatus {
  const { pod, runtime, now } = given
  const graceSeconds = pod.metadata.deletionGracePeriodSeconds ?? 0
  const base = baseStatus(given)
  const ended = { ...base, ...stopContainers({ pod, runtime, now, graceSeconds, record }, base) }
  const hasSucceeded =
    hasStartedContainer(ended.containerStatuses) && ended.containerStatuses!.every(({ state }) => state?.terminated?.exitCode === 0)
  return withConditions(given, { ...ended, phase: hasSucceeded ? 'Succeeded' : 'Failed' }, false)
}

function deadlineExceeded(given: PodOnNode, record: (event: PlannedEvent) => void): PodStatus {
  const { pod, runtime, now } = given
  const message = 'Pod was active on the node longer than the specified deadline'
  record(kubeletEvent(pod, 'Normal', 'DeadlineExceeded', message))
  const base = baseStatus(given)
  const graceSeconds = pod.spec.terminationGracePeriodSeconds ?? 30
  const ended = { ...base, ...stopContainers({ pod, runtime, now, graceSeconds, record }, base) }
  return withConditions(given, { ...ended, phase: 'Failed', reason: 'DeadlineExceeded', message }, false)
}

function running(given: PodOnNode, record: (event: PlannedEvent) => void, wake: (at: number) => void): PodStatus {
  const { runtime, now } = given
  const infeasible = whyResizeIsInfeasible(given.pod, given.allocatable)
  const pod = infeasible === undefined ? given.pod : asAllocated(given.pod)
  const base = baseStatus(given)
  if (given.podIP === undefined && pod.spec.hostNetwork !== true) {
    return withConditions(given, { ...base, phase: 'Pending' }, false)
  }
  const context: StepContext = {
    pod,
    runtime,
    now,
    lookedAt: given.lookedAt,
    stageStartsAt: parseTimestamp(base.startTime),
    record,
    wakeAt: wake,
  }
  const init = stepInitContainers(context, base)
  let main = base.containerStatuses!
  if (init.isDone) {
    const stage = { ...context, stageStartsAt: init.doneAt }
    main = stepEach(pod.spec.containers, main, (container, status) => stepContainer(stage, container, 'main', status))
  }
  const debug = stepEach(pod.spec.ephemeralContainers ?? [], base.ephemeralContainerStatuses ?? [], (container, status) =>
    stepContainer(context, container, 'ephemeral', status),
  )
  const phase = init.hasFailed ? 'Failed' : init.isDone ? phaseOf(pod, main) : 'Pending'
  const isOver = phase === 'Succeeded' || phase === 'Failed'
  const stop = { pod, runtime, now, graceSeconds: pod.spec.terminationGracePeriodSeconds ?? 30, record }
  // Sidecars serve the others, and end with them.
  const initStatuses = isOver
    ? stepEach(pod.spec.initContainers ?? [], init.statuses, (container, status) => stopContainer(stop, container, status, false))
    : init.statuses
  const status: PodStatus = {
    ...base,
    containerStatuses: main,
    ...(initStatuses.length === 0 ? {} : { initContainerStatuses: initStatuses }),
    ...(debug.length === 0 ? {} : { ephemeralContainerStatuses: debug }),
    phase,
    ...addresses(given),
  }
  const judged = withConditions(given, status, !isOver)
  return { ...judged, conditions: withResizeCondition(judged.conditions!, pod, infeasible, now) }
}

interface InitProgress {
  readonly statuses: ContainerStatus[]
  /** The other containers may run. */
  readonly isDone: boolean
  readonly doneAt: number
  /** One failed for good. */
  readonly hasFailed: boolean
}

/** In order, each when the one before it ended well or, if it is a sidecar, has started. */
function stepInitContainers(context: StepContext, base: PodStatus): InitProgress {
  const { pod } = context
  const containers = pod.spec.initContainers ?? []
  const statuses = [...(base.initContainerStatuses ?? [])]
  // Once the pod was initialized only sidecars are looked after: the others never run again.
  const isInitialized = hasStartedContainer(base.containerStatuses)
  let stageStartsAt = context.stageStartsAt
  for (const [index, container] of containers.entries()) {
    const role = initRole(container)
    if (role === 'init' && isInitialized) continue
    const status = stepContainer({ ...context, stageStartsAt }, container, role, statuses[index]!)
    statuses[index] = status
    if (isInitialized) continue
    if (role === 'sidecar') {
      if (status.started !== true) return { statuses, isDone: false, doneAt: 0, hasFailed: false }
      continue
    }
    const terminated = status.state?.terminated
    const hasFailed = terminated !== undefined && terminated.exitCode !== 0 && !shouldRestart(pod, container, role, terminated.exitCode)
    if (terminated?.exitCode !== 0) return { statuses, isDone: false, doneAt: 0, hasFailed }
    stageStartsAt = Math.max(stageStartsAt, parseTimestamp(terminated.finishedAt))
  }
  return { statuses, isDone: true, doneAt: stageStartsAt, hasFailed: false }
}

function stepEach(
  containers: readonly Container[],
  statuses: readonly ContainerStatus[],
  step: (container: Container, status: ContainerStatus) => ContainerStatus,
): ContainerStatus[] {
  return statuses.map((status) => {
    const container = containers.find(({ name }) => name === status.name)
    return container === undefined ? status : step(container, status)
  })
}

/** Upstream: kubelet_pods.go getPhase. */
function phaseOf(pod: Pod, statuses: readonly ContainerStatus[]): string {
  let isOver = true
  let hasFailed = false
  for (const { name, state, lastState } of statuses) {
    const container = pod.spec.containers.find((each) => each.name === name)!
    const exitCode = state?.terminated?.exitCode
    if (exitCode === undefined && state?.running === undefined && lastState?.terminated === undefined) return 'Pending'
    if (exitCode === undefined || shouldRestart(pod, container, 'main', exitCode)) isOver = false
    else if (exitCode !== 0) hasFailed = true
  }
  return !isOver ? 'Running' : hasFailed ? 'Failed' : 'Succeeded'
}

/** What doesn't depend on how the containers are, and a status for each container. */
function baseStatus({ pod, hostIP, second, now }: PodOnNode): PodStatus {
  const old = pod.status ?? {}
  const { initContainers = [], containers, ephemeralContainers = [] } = pod.spec
  const waiting = initContainers.length > 0 ? 'PodInitializing' : 'ContainerCreating'
  const known = (statuses: readonly ContainerStatus[] | undefined, container: Container) =>
    statuses?.find(({ name }) => name === container.name) ?? initialStatus(container, waiting)
  const main = containers.map((container) => known(old.containerStatuses, container))
  // By name, where init containers keep their order. Upstream: kubelet_pods.go convertStatusToAPIStatus.
  main.sort((a, b) => (a.name < b.name ? -1 : 1))
  return {
    ...old,
    ...(pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
    containerStatuses: main,
    ...(initContainers.length === 0 ? {} : { initContainerStatuses: initContainers.map((each) => known(old.initContainerStatuses, each)) }),
    ...(ephemeralContainers.length === 0
      ? {}
      : { ephemeralContainerStatuses: ephemeralContainers.map((each) => known(old.ephemeralContainerStatuses, each)) }),
    hostIP,
    hostIPs: listed(hostIP, second?.hostIP),
    qosClass: qosClassOf(pod),
    startTime: old.startTime ?? timestamp(now),
  }
}

function addresses({ pod, hostIP, podIP, second }: PodOnNode): Pick<PodStatus, 'podIP' | 'podIPs'> {
  const isOnHost = pod.spec.hostNetwork === true
  const ip = isOnHost ? hostIP : podIP!
  return { podIP: ip, podIPs: listed(ip, isOnHost ? second?.hostIP : second?.podIP) }
}

function listed(ip: string, other: string | undefined): { ip: string }[] {
  return other === undefined ? [{ ip }] : [{ ip }, { ip: other }]
}

function withConditions({ pod, now }: PodOnNode, status: PodStatus, hasSandbox: boolean): PodStatus {
  return { ...status, conditions: podConditions(pod, status, hasSandbox, now) }
}
