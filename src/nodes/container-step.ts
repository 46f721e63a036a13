/**
 * One container's life: from its stored status and the time to its next status. Everything that time decides is read off
 * the status (whole seconds), so that a kubelet that was killed carries on as if it hadn't been.
 */
import { parseTimestamp, timestamp } from '../api/meta/time.ts'
import type { Container, ContainerState, ContainerStateTerminated, ContainerStatus, Pod } from '../api/types.gen.ts'
import type { PlannedEvent } from '../runtime/plan.ts'
import { behaviourAnnotations } from './behaviour-annotations.ts'
import type { ContainerRuntime } from './container-behaviour.ts'
import { endOf, terminationMessage } from './container-end.ts'
import { containerID, imageID, normalizedImage } from './container-identity.ts'
import { probeOutcome } from './container-probes.ts'
import { backoffInMessage, crashLoopBackoffMs, durationText, LONGEST_BACKOFF_MS } from './crash-loop-backoff.ts'
import { withoutImage } from './image-pull.ts'
import { needsRestartToResize } from './pod-resize.ts'
import { type ContainerRole, shouldRestart } from './restart-rule.ts'

export interface StepContext {
  readonly pod: Pod
  readonly runtime: ContainerRuntime
  /** Milliseconds since the epoch. */
  readonly now: number
  /** When this was last looked at; undefined when that was too long ago to be known. */
  readonly lookedAt: number | undefined
  /** When the containers of this stage may start, but for their own delay. */
  readonly stageStartsAt: number
  readonly record: (event: PlannedEvent) => void
  /** Asks for another look at this instant. */
  readonly wakeAt: (milliseconds: number) => void
}

/** What a container reports before it was ever started. */
export function initialStatus(container: Container, reason: 'ContainerCreating' | 'PodInitializing'): ContainerStatus {
  return {
    image: container.image ?? '',
    imageID: '',
    lastState: {},
    name: container.name,
    ready: false,
    restartCount: 0,
    started: false,
    state: { waiting: { reason } },
  }
}

export function stepContainer(context: StepContext, container: Container, role: ContainerRole, observed: ContainerStatus): ContainerStatus {
  let status = observed
  let current = context
  // Each turn is a change of state; a container that ends at once and is restarted at once makes the most, three.
  for (;;) {
    const next = nextState(current, container, role, status)
    if (next === status) return status
    // What happened in a run is told of once.
    const isSameRun = status.state?.running !== undefined && next.state?.running !== undefined && next.restartCount === status.restartCount
    current = isSameRun ? { ...context, lookedAt: context.now } : context
    status = next
  }
}

function nextState(context: StepContext, container: Container, role: ContainerRole, status: ContainerStatus): ContainerStatus {
  if (status.state?.running) return whileRunning(context, container, role, status)
  // A pod that is to go starts nothing any more.
  if (context.pod.metadata.deletionTimestamp !== undefined) return status
  if (status.state?.terminated) return afterEnd(context, container, role, status, status.state.terminated)
  const ended = status.lastState?.terminated
  return ended === undefined ? beforeStart(context, container, role, status) : whileBackingOff(context, container, role, status, ended)
}

function beforeStart(context: StepContext, container: Container, role: ContainerRole, status: ContainerStatus): ContainerStatus {
  const { pod, now, stageStartsAt, wakeAt } = context
  const tell = (type: PlannedEvent['type'], reason: string, message: string) =>
    context.record(containerEvent(pod, container, role, type, reason, message))
  const waiting = withoutImage(pod, container, status, { since: stageStartsAt, now, tell, wakeAt })
  if (waiting !== undefined) return waiting
  const startsAt = stageStartsAt + behaviourAnnotations(pod, container.name).startDelayMs
  if (startsAt <= context.now) return start(context, container, role, status)
  context.wakeAt(startsAt)
  return status.state?.waiting?.reason === 'ContainerCreating' ? status : { ...status, state: { waiting: { reason: 'ContainerCreating' } } }
}

function whileRunning(context: StepContext, container: Container, role: ContainerRole, status: ContainerStatus): ContainerStatus {
  const { pod, now } = context
  const startedAt = parseTimestamp(status.state?.running?.startedAt)
  const attempt = { restartCount: status.restartCount, startedAt }
  const outcome = context.runtime.outcome(pod, container, attempt)
  if (status.image !== normalizedImage(container.image ?? '')) {
    const message = `Container ${container.name} definition changed, will be restarted`
    context.record(containerEvent(pod, container, role, 'Normal', 'Killing', message))
    return start(context, container, role, ended(status, outcome.stopExitCode, now, undefined))
  }
  if (needsRestartToResize(container, status)) {
    context.record(containerEvent(pod, container, role, 'Normal', 'Killing', `Container ${container.name} resize requires restart`))
    return start(context, container, role, ended(status, outcome.stopExitCode, now, undefined))
  }
  // Stored times have whole seconds: what just started did so up to a second ago.
  const lookedAt = Math.max(context.lookedAt ?? (now - startedAt < 1000 ? startedAt : now) - 1, startedAt - 1)
  const probes = probeOutcome({ pod, container, runtime: context.runtime, startedAt, restartCount: status.restartCount, now, lookedAt })
  for (const { message, count } of probes.unhealthy)
    for (let told = 0; told < count; told++) context.record(containerEvent(pod, container, role, 'Warning', 'Unhealthy', message))
  const end = endOf(pod, container, role, attempt, outcome, probes)
  if (end?.kill !== undefined && lookedAt < end.kill.at && end.kill.at <= now) {
    const { message, warning } = end.kill
    if (warning !== undefined) context.record(containerEvent(pod, container, role, 'Warning', warning.reason, warning.message))
    context.record(containerEvent(pod, container, role, 'Normal', 'Killing', message))
  }
  if (end !== undefined && end.at <= now) {
    const message = terminationMessage(context.runtime, pod, container, attempt, outcome, end)
    const over = ended(status, end.exitCode, end.at, message, end.reason)
    return end.kill?.restarts === true && pod.metadata.deletionTimestamp === undefined
      ? restartAfter(context, container, role, over, over.state!.terminated!)
      : over
  }
  if (end !== undefined) context.wakeAt(end.kill !== undefined && end.kill.at > now ? end.kill.at : end.at)
  if (probes.wakeAt !== undefined) context.wakeAt(probes.wakeAt)
  const { started } = probes
  const ready = role !== 'init' && started && probes.ready && !behaviourAnnotations(pod, container.name).isNeverReady
  const resources = resourceStatus(container)
  const isSame =
    status.started === started &&
    status.ready === ready &&
    JSON.stringify(status.resources) === JSON.stringify(resources.resources) &&
    JSON.stringify(status.allocatedResources) === JSON.stringify(resources.allocatedResources)
  return isSame ? status : { ...status, ...resources, started, ready }
}

function afterEnd(
  context: StepContext,
  container: Container,
  role: ContainerRole,
  status: ContainerStatus,
  terminated: ContainerStateTerminated,
): ContainerStatus {
  if (!shouldRestart(context.pod, container, role, terminated.exitCode)) {
    const ready = role === 'init' && terminated.exitCode === 0
    return status.ready === ready ? status : { ...status, ready }
  }
  return restartAfter(context, container, role, status, terminated)
}

/** Now, or after a pause when it was started again before. */
function restartAfter(
  context: StepContext,
  container: Container,
  role: ContainerRole,
  status: ContainerStatus,
  terminated: ContainerStateTerminated,
): ContainerStatus {
  const backoffMs = crashLoopBackoffMs(status)
  if (parseTimestamp(terminated.finishedAt) + backoffMs <= context.now) return start(context, container, role, status)
  const { name, namespace, uid } = context.pod.metadata
  const pod = `${name}_${namespace}(${uid})`
  const text = `Back-off restarting failed container ${container.name} in pod ${pod}`
  context.record(containerEvent(context.pod, container, role, 'Warning', 'BackOff', text))
  const message = `back-off ${durationText(backoffMs)} restarting failed container=${container.name} pod=${pod}`
  return { ...status, lastState: { terminated }, ready: false, state: { waiting: { reason: 'CrashLoopBackOff', message } } }
}

function whileBackingOff(
  context: StepContext,
  container: Container,
  role: ContainerRole,
  status: ContainerStatus,
  terminated: ContainerStateTerminated,
): ContainerStatus {
  const backoffMs = backoffInMessage(status.state?.waiting?.message) ?? LONGEST_BACKOFF_MS
  const startsAt = parseTimestamp(terminated.finishedAt) + backoffMs
  if (startsAt <= context.now) return start(context, container, role, status)
  context.wakeAt(startsAt)
  return status
}

/** The container's first run, or its next. */
function start(context: StepContext, container: Container, role: ContainerRole, status: ContainerStatus): ContainerStatus {
  const { pod, now } = context
  const previous: ContainerState = status.state?.terminated ? { terminated: status.state.terminated } : (status.lastState ?? {})
  const restartCount = previous.terminated === undefined ? status.restartCount : status.restartCount + 1
  const image = container.image ?? ''
  const report = (reason: string, message: string) => context.record(containerEvent(pod, container, role, 'Normal', reason, message))
  report('Pulled', `Container image ${JSON.stringify(image)} already present on machine and can be accessed by the pod`)
  report('Created', 'Container created')
  report('Started', 'Container started')
  return {
    ...resourceStatus(container),
    containerID: containerID(pod, container.name, restartCount),
    image: normalizedImage(image),
    imageID: imageID(image),
    lastState: previous,
    name: container.name,
    // Both are settled in the same step, by the probes.
    ready: false,
    started: false,
    restartCount,
    state: { running: { startedAt: timestamp(now) } },
    ...volumeMountStatus(container),
  }
}

/** A running container's status once it ended. */
export function ended(
  status: ContainerStatus,
  exitCode: number,
  endedAt: number,
  message: string | undefined,
  reason: string = exitCode === 0 ? 'Completed' : 'Error',
): ContainerStatus {
  const terminated: ContainerStateTerminated = {
    containerID: status.containerID,
    exitCode,
    finishedAt: timestamp(endedAt),
    ...(message === undefined ? {} : { message }),
    reason,
    startedAt: status.state?.running?.startedAt,
  }
  return { ...status, ready: false, started: false, state: { terminated } }
}

/** Resources are granted at once, also when they are resized. */
function resourceStatus(container: Container): Pick<ContainerStatus, 'allocatedResources' | 'resources'> {
  const { requests, limits } = container.resources ?? {}
  return {
    ...(requests === undefined ? {} : { allocatedResources: requests }),
    resources: { ...(limits === undefined ? {} : { limits }), ...(requests === undefined ? {} : { requests }) },
  }
}

function volumeMountStatus(container: Container): Pick<ContainerStatus, 'volumeMounts'> {
  if (container.volumeMounts === undefined || container.volumeMounts.length === 0) return {}
  return {
    volumeMounts: container.volumeMounts.map(({ mountPath, name, readOnly }) =>
      readOnly === true ? { mountPath, name, readOnly, recursiveReadOnly: 'Disabled' } : { mountPath, name },
    ),
  }
}

/** Events about a container name it by the path to it. */
export function containerEvent(
  pod: Pod,
  container: Container,
  role: ContainerRole,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
): PlannedEvent {
  const list = role === 'main' ? 'containers' : role === 'ephemeral' ? 'ephemeralContainers' : 'initContainers'
  return { ...kubeletEvent(pod, type, reason, message), fieldPath: `spec.${list}{${container.name}}` }
}

export function kubeletEvent(pod: Pod, type: 'Normal' | 'Warning', reason: string, message: string): PlannedEvent {
  return { type, reason, message, source: { component: 'kubelet', host: pod.spec.nodeName ?? '' } }
}
