/**
 * One container's life: from its stored status and the time to its next status. Everything that time decides is read off
 * the status (whole seconds), so that a kubelet that was killed carries on as if it hadn't been.
 */
import { findCondition } from '../api/meta/conditions.ts'
import { parseTimestamp } from '../api/meta/time.ts'
import type { Container, ContainerStateTerminated, ContainerStatus, Pod } from '../api/types.gen.ts'
import { deepEqual } from '../lib/deep-equal.ts'
import type { PlannedEvent } from '../runtime/plan.ts'
import { behaviourAnnotations } from './behaviour-annotations.ts'
import { CONFIG_ERROR, misconfigured } from './config-error.ts'
import type { ContainerRuntime } from './container-behaviour.ts'
import { endOf, terminationMessage } from './container-end.ts'
import { postStartHook } from './container-hooks.ts'
import { normalizedImage } from './container-identity.ts'
import { probeOutcome } from './container-probes.ts'
import { ended, resourceStatus, startedStatus } from './container-status.ts'
import { stopCourse } from './container-stop.ts'
import { backoffInMessage, crashLoopBackoffMs, goDuration, LONGEST_BACKOFF_MS } from './crash-loop-backoff.ts'
import { tellOfImage, withoutImage } from './image-pull.ts'
import { containerEvent } from './kubelet-event.ts'
import type { ImageStore } from './node-images.ts'
import { hasOtherAmounts, needsRestartToResize, RESIZE_IN_PROGRESS } from './pod-allocation.ts'
import { RESTARTING_ALL } from './restart-all.ts'
import { type ContainerRole, restartsAll, shouldRestart } from './restart-rule.ts'
import { nextSync } from './sync-retry.ts'

export interface StepContext {
  readonly pod: Pod
  readonly runtime: ContainerRuntime
  /** Milliseconds since the epoch. */
  readonly now: number
  /** When this was last looked at; undefined when that was too long ago to be known. */
  readonly lookedAt: number | undefined
  /** When its machine last booted, if ever: what ended before has to be done again. Milliseconds since the epoch. */
  readonly bootedAt?: number | undefined
  /** When the containers of this stage may start, but for their own delay. */
  readonly stageStartsAt: number
  /** When those before it were last out of the way. */
  readonly turnAt?: number
  readonly images: ImageStore
  /** Its pod is being stopped, and its end is settled elsewhere. */
  readonly isStopping?: boolean
  /** It counts as running also while its postStart hook does. */
  readonly seesHooks?: boolean
  readonly record: (event: PlannedEvent) => void
  /** Asks for another look at this instant. */
  readonly wakeAt: (milliseconds: number) => void
}

/** How often a pod is synced by itself: a minute, and half a minute at most to spread that. Upstream: pod_workers.go completeWork. */
const RESYNC_MS = 75_000
const POST_START_ERROR = 'PostStartHookError'
/** How long a container is seen to have failed to start before it is tried again. */
const FAILURE_SHOWN_MS = 1000

export function stepContainer(context: StepContext, container: Container, role: ContainerRole, observed: ContainerStatus): ContainerStatus {
  let status = observed
  let current = context
  // Each turn is a change of state; a container that ends at once and is restarted at once makes the most, three.
  for (;;) {
    const next = nextState(current, container, role, status)
    if (next === status) return status
    // What happened in a run is told of once.
    const isSameRun = status.state?.running !== undefined && next.state?.running !== undefined && next.restartCount === status.restartCount
    const isToldOf = isSameRun || next.state?.waiting?.reason === CONFIG_ERROR
    current = isToldOf ? { ...context, lookedAt: context.now } : context
    status = next
  }
}

function nextState(context: StepContext, container: Container, role: ContainerRole, status: ContainerStatus): ContainerStatus {
  if (status.state?.running) return whileRunning(context, container, role, status)
  // A pod that is to go starts nothing any more.
  if (context.pod.metadata.deletionTimestamp !== undefined) return status
  if (status.state?.waiting?.reason === CONFIG_ERROR) return whileMisconfigured(context, container, role, status)
  if (status.state?.terminated) return afterEnd(context, container, role, status, status.state.terminated)
  const last = status.lastState?.terminated
  return last === undefined || last.reason === RESTARTING_ALL
    ? beforeStart(context, container, role, status)
    : whileBackingOff(context, container, role, status, last)
}

function beforeStart(context: StepContext, container: Container, role: ContainerRole, status: ContainerStatus): ContainerStatus {
  const { pod, now, stageStartsAt, wakeAt } = context
  const tell = (type: PlannedEvent['type'], reason: string, message: string) =>
    context.record(containerEvent(pod, container, role, type, reason, message))
  const waiting = withoutImage(pod, container, status, { since: stageStartsAt, now, tell, wakeAt })
  if (waiting !== undefined) return waiting
  const startsAt = stageStartsAt + behaviourAnnotations(pod, container.name).startDelayMs
  if (startsAt <= now) return start(context, container, role, status, startsAt)
  wakeAt(startsAt)
  if (status.state?.waiting?.reason === RESTARTING_ALL) return status
  return status.state?.waiting?.reason === 'ContainerCreating' ? status : { ...status, state: { waiting: { reason: 'ContainerCreating' } } }
}

function whileRunning(context: StepContext, container: Container, role: ContainerRole, status: ContainerStatus): ContainerStatus {
  if (context.isStopping === true) return whileStopping(context, container, role, status)
  const { pod, now } = context
  const startedAt = parseTimestamp(status.state?.running?.startedAt)
  const attempt = { restartCount: status.restartCount, startedAt }
  const outcome = context.runtime.outcome(pod, container, attempt)
  if (status.image !== normalizedImage(container.image ?? '')) {
    const who = role === 'sidecar' ? `Init container ${container.name}` : `Container ${container.name}`
    const message = `${who} definition changed${role === 'sidecar' ? '' : ', will be restarted'}`
    context.record(containerEvent(pod, container, role, 'Normal', 'Killing', message))
    return start(context, container, role, ended(status, outcome.stopExitCode, now, undefined), undefined)
  }
  if (needsRestartToResize(container, status)) {
    const since = parseTimestamp(findCondition(pod.status?.conditions, RESIZE_IN_PROGRESS)?.lastTransitionTime)
    const graceSeconds = pod.spec.terminationGracePeriodSeconds ?? 30
    const stop = stopCourse(pod, container, { at: since || now, graceSeconds, stopExitCode: outcome.stopExitCode })
    if (stop.endsAt <= now) return start(context, container, role, ended(status, stop.exitCode, now, undefined), undefined)
    context.wakeAt(stop.endsAt)
    return status
  }
  // Stored times have whole seconds: what just started did so up to a second ago.
  const lookedAt = Math.max(context.lookedAt ?? (now - startedAt < 1000 ? startedAt : now) - 1, startedAt - 1)
  const probes = probeOutcome({ pod, container, runtime: context.runtime, startedAt, restartCount: status.restartCount, now, lookedAt })
  for (const { message, count } of probes.unhealthy)
    for (let told = 0; told < count; told++) context.record(containerEvent(pod, container, role, 'Warning', 'Unhealthy', message))
  const end = endOf(pod, container, role, attempt, outcome, probes)
  const isNews = (at: number | undefined) => at !== undefined && lookedAt < at && at <= now
  if (isNews(end?.kill?.at)) context.record(containerEvent(pod, container, role, 'Normal', 'Killing', end!.kill!.message))
  if (isNews(end?.kill?.hookFailsAt)) {
    context.record(containerEvent(pod, container, role, 'Warning', 'FailedPreStopHook', 'PreStopHook failed'))
  }
  if (end !== undefined && end.at <= now) {
    const message = terminationMessage(context.runtime, pod, container, attempt, outcome, end)
    const over = ended(status, end.exitCode, end.at, message, end.reason)
    return end.kill?.restarts === true && pod.metadata.deletionTimestamp === undefined && !restartsAll(container, end.exitCode)
      ? restartAfter(context, container, role, over, over.state!.terminated!)
      : over
  }
  for (const at of [end?.kill?.at, end?.kill?.hookFailsAt, end?.at]) if (at !== undefined && at > now) context.wakeAt(at)
  if (probes.wakeAt !== undefined) context.wakeAt(probes.wakeAt)
  const { started } = probes
  const ready = role !== 'init' && started && probes.ready && !behaviourAnnotations(pod, container.name).isNeverReady
  const resources = resourceStatus(container)
  const isSame =
    status.started === started &&
    status.ready === ready &&
    deepEqual(status.resources, resources.resources) &&
    deepEqual(status.allocatedResources, resources.allocatedResources)
  return isSame ? status : { ...status, ...resources, started, ready }
}

/** Of its probes only that of readiness goes on. Upstream: prober_manager.go StopLivenessAndStartup. */
function whileStopping(context: StepContext, container: Container, role: ContainerRole, status: ContainerStatus): ContainerStatus {
  const { pod, runtime, now } = context
  const { livenessProbe: _liveness, startupProbe: _startup, ...asked } = container
  const startedAt = parseTimestamp(status.state?.running?.startedAt)
  const lookedAt = context.lookedAt ?? now
  const probes = probeOutcome({ pod, container: asked, runtime, startedAt, restartCount: status.restartCount, now, lookedAt })
  if (probes.wakeAt !== undefined) context.wakeAt(probes.wakeAt)
  for (const { message, count } of probes.unhealthy)
    for (let told = 0; told < count; told++) context.record(containerEvent(pod, container, role, 'Warning', 'Unhealthy', message))
  const ready = role !== 'init' && status.started === true && probes.ready && !behaviourAnnotations(pod, container.name).isNeverReady
  return status.ready === ready ? status : { ...status, ready }
}

function afterEnd(
  context: StepContext,
  container: Container,
  role: ContainerRole,
  status: ContainerStatus,
  terminated: ContainerStateTerminated,
): ContainerStatus {
  if (restartsAll(container, terminated.exitCode)) return status
  if (role === 'init' && isOfAnotherBoot(context, terminated)) {
    return start(context, container, role, status, Math.max(context.stageStartsAt, context.bootedAt!))
  }
  if (!shouldRestart(context.pod, container, role, terminated.exitCode)) {
    const ready = role === 'init' && terminated.exitCode === 0
    return status.ready === ready ? status : { ...status, ready }
  }
  return restartAfter(context, container, role, status, terminated)
}

/** In a new sandbox a pod begins from the beginning. Upstream: kuberuntime_manager.go computePodActions. */
export function isOfAnotherBoot({ bootedAt, pod }: StepContext, { finishedAt }: ContainerStateTerminated): boolean {
  return bootedAt !== undefined && pod.spec.restartPolicy !== 'Never' && parseTimestamp(finishedAt) < bootedAt
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
  const startsAt = restartsAt(context, container, terminated, backoffMs)
  if (startsAt <= context.now) return start(context, container, role, status, startsAt)
  context.record(backOffEvent(context.pod, container, role))
  const message = `back-off ${goDuration(backoffMs)} restarting failed container=${container.name} pod=${podText(context.pod)}`
  return { ...status, lastState: { terminated }, ready: false, state: { waiting: { reason: 'CrashLoopBackOff', message } } }
}

function backOffEvent(pod: Pod, container: Container, role: ContainerRole): PlannedEvent {
  const text = `Back-off restarting failed container ${container.name} in pod ${podText(pod)}`
  return containerEvent(pod, container, role, 'Warning', 'BackOff', text)
}

function podText({ metadata: { name, namespace, uid } }: Pod): string {
  return `${name}_${namespace}(${uid})`
}

/** Not before the postStart hook of the last run is over, during which nothing is noticed, nor before its turn comes. */
function restartsAt(context: StepContext, container: Container, last: ContainerStateTerminated, backoffMs: number): number {
  const hookEndsAt = (parseTimestamp(last.startedAt) || 0) + (postStartHook(context.pod, container)?.takesMs ?? 0)
  return Math.max(parseTimestamp(last.finishedAt) + backoffMs, hookEndsAt, context.turnAt ?? 0)
}

function whileBackingOff(
  context: StepContext,
  container: Container,
  role: ContainerRole,
  status: ContainerStatus,
  terminated: ContainerStateTerminated,
): ContainerStatus {
  const { reason, message } = status.state?.waiting ?? {}
  if (reason === POST_START_ERROR) {
    const retriesAt = parseTimestamp(terminated.finishedAt) + FAILURE_SHOWN_MS
    if (retriesAt <= context.now)
      return restartAfter(context, container, role, { ...status, lastState: {}, state: { terminated } }, terminated)
    context.wakeAt(retriesAt)
    return status
  }
  // Another image, or other resources, may fare better. Upstream: GetBackoffKey.
  if (status.image !== normalizedImage(container.image ?? '') || hasOtherAmounts(container, status)) {
    return start(context, container, role, status, undefined)
  }
  const backoffMs = backoffInMessage(message) ?? LONGEST_BACKOFF_MS
  const startsAt = restartsAt(context, container, terminated, backoffMs)
  if (startsAt <= context.now) return start(context, container, role, status, startsAt)
  // It is said again with each sync of the pod.
  const { now, lookedAt = now } = context
  const noticedAt = restartsAt(context, container, terminated, 0)
  const syncsUntil = (at: number) => Math.max(0, Math.floor((at - noticedAt) / RESYNC_MS))
  for (let told = syncsUntil(lookedAt); told < syncsUntil(now); told++) context.record(backOffEvent(context.pod, container, role))
  context.wakeAt(Math.min(startsAt, noticedAt + (syncsUntil(now) + 1) * RESYNC_MS))
  return status
}

/** What it refers to is looked for with each sync of the pod. */
function whileMisconfigured(context: StepContext, container: Container, role: ContainerRole, status: ContainerStatus): ContainerStatus {
  const { pod, runtime, now, lookedAt, stageStartsAt, wakeAt } = context
  const since = parseTimestamp(status.lastState?.terminated?.finishedAt) || stageStartsAt
  // After a restart of the process nobody knows when it was looked at.
  const isDue = lookedAt === undefined ? runtime.configFault(pod, container) === undefined : nextSync(since, lookedAt) <= now
  const next = isDue ? start(context, container, role, status, undefined) : status
  if (next.state?.waiting !== undefined) wakeAt(nextSync(since, now))
  return next
}

/**
 * The container's first run, or its next. Nothing is reported of it before its postStart hook has ended: a kubelet waits for that.
 * @param at when it starts, which may be a while ago if it has such a hook; undefined for one that nothing stored says the time of:
 *   that starts now, and its hook takes no time
 */
function start(
  context: StepContext,
  container: Container,
  role: ContainerRole,
  status: ContainerStatus,
  at: number | undefined,
): ContainerStatus {
  const { pod, now, runtime, lookedAt } = context
  const fault = runtime.configFault(pod, container)
  if (fault !== undefined) return misconfigured(context, container, role, status, fault)
  const tell = (type: PlannedEvent['type'], reason: string, message: string) =>
    context.record(containerEvent(pod, container, role, type, reason, message))
  const hook = postStartHook(pod, container)
  const isAtOnce = hook === undefined || at === undefined || (hook.takesMs === 0 && hook.failure === undefined)
  const startedAt = isAtOnce ? now : at
  const isNews = (time: number) => isAtOnce || lookedAt === undefined || lookedAt < time
  if (isNews(startedAt)) {
    tellOfImage(pod, container, context.images, tell)
    tell('Normal', 'Created', 'Container created')
    tell('Normal', 'Started', 'Container started')
  }
  const previous = status.state?.terminated ?? status.lastState?.terminated
  const isCounted = previous === undefined || (status.state?.waiting !== undefined && previous.reason === RESTARTING_ALL)
  const restartCount = isCounted ? status.restartCount : status.restartCount + 1
  const hookEndsAt = isAtOnce ? now : startedAt + hook.takesMs
  if (hookEndsAt > now && context.seesHooks === true) return startedStatus(pod, container, restartCount, previous, startedAt)
  if (hookEndsAt > now) {
    if (Number.isFinite(hookEndsAt)) context.wakeAt(hookEndsAt)
    return status
  }
  const started = startedStatus(pod, container, restartCount, previous, startedAt)
  if (hook?.failure === undefined) return started
  const { stopExitCode } = runtime.outcome(pod, container, { restartCount, startedAt })
  const stop = stopCourse(pod, container, { at: hookEndsAt, graceSeconds: pod.spec.terminationGracePeriodSeconds ?? 30, stopExitCode })
  if (isNews(hookEndsAt)) {
    tell('Warning', 'FailedPostStartHook', 'PostStartHook failed')
    tell('Normal', 'Killing', 'FailedPostStartHook')
  }
  const endsAt = isAtOnce ? now : stop.endsAt
  if (endsAt > now) {
    context.wakeAt(endsAt)
    return status
  }
  const over = ended(started, stop.exitCode, endsAt, undefined)
  if (!shouldRestart(pod, container, role, stop.exitCode)) return over
  return { ...over, lastState: over.state!, state: { waiting: { reason: POST_START_ERROR, message: hook.failure } } }
}
