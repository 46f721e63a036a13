/**
 * A pod's life on its node: from the stored pod and the time to the status a kubelet would report now. Pure; knows no
 * cluster. It keeps nothing between calls: `wakeAt` says when the status changes next if nothing else happens.
 */
import { findCondition, isConditionTrue } from '../api/meta/conditions.ts'
import { parseTimestamp, timestamp } from '../api/meta/time.ts'
import type { HostIP, Pod, PodStatus } from '../api/types.gen.ts'
import type { PlannedEvent } from '../runtime/plan.ts'
import type { ContainerRuntime } from './container-behaviour.ts'
import type { StepContext } from './container-step.ts'
import type { ImageStore } from './node-images.ts'
import { hasStartedContainer, podConditions } from './pod-conditions.ts'
import { stepContainers, withHooked } from './pod-containers.ts'
import { endingStatus } from './pod-ending.ts'
import { podPhase } from './pod-phase.ts'
import { type Resize, resizeCompletion, resizeOf, type WhyDeferred, withGrants, withPromises } from './pod-resize.ts'
import { baseStatus, podResourceStatus } from './pod-status.ts'
import { deadlineOf, type Termination, terminationOf } from './pod-termination.ts'
import { lookAtMounts } from './references/mounts.ts'
import { tellingOfPullSecrets } from './references/pull-secrets.ts'
import { type ObjectReader, sourcesOf } from './references/sources.ts'

export interface PodOnNode {
  readonly pod: Pod
  readonly hostIP: string
  /** undefined when the node has no address left for it. */
  readonly podIP: string | undefined
  /** Of the other family, in a dual-stack cluster. */
  readonly second?: { readonly hostIP?: string | undefined; readonly podIP?: string | undefined } | undefined
  readonly runtime: ContainerRuntime
  /** What the pod may refer to; when it isn't given, all of that counts as being there. */
  readonly objects?: ObjectReader | undefined
  /** Whether its node has room for what it is resized to; it has when not given. */
  readonly whyDeferred?: WhyDeferred | undefined
  /** Those of its node; all there are when not given. */
  readonly images?: ImageStore | undefined
  /** When its machine last booted, if ever, in milliseconds since the epoch. */
  readonly bootedAt?: number | undefined
  /** Milliseconds since the epoch. */
  readonly now: number
  /** When its kubelet last looked at it: what happened since is told of. undefined when that isn't known. */
  readonly lookedAt?: number | undefined
  /** It is being deleted, and its containers were told to stop. */
  readonly isStopping?: boolean
}

export interface PodStep {
  readonly status: PodStatus
  readonly events: readonly PlannedEvent[]
  /** Milliseconds since the epoch. */
  readonly wakeAt: number | undefined
  /** Its volumes aren't mounted yet: nothing of it can start. */
  readonly isMounting: boolean
}

/** How often a resize is tried again that waits for room. Upstream: allocation_manager.go retryDelay. */
const RESIZE_RETRY_MS = 180_000
const SANDBOX = 'PodReadyToStartContainers'
const ALL_IMAGES: ImageStore = { has: () => true, add: () => {} }

export function isFinished(status: PodStatus | undefined): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed'
}

export function advancePod(given: PodOnNode): PodStep {
  const { pod, runtime, now, lookedAt, images = ALL_IMAGES, isStopping = false } = given
  if (isFinished(pod.status)) return { status: pod.status!, events: [], wakeAt: undefined, isMounting: false }
  const events: PlannedEvent[] = []
  let wakeAt: number | undefined
  const wake = (at: number) => {
    wakeAt = wakeAt === undefined ? at : Math.min(wakeAt, at)
  }
  const base = baseStatus(pod, listed(given.hostIP, given.second?.hostIP), now)
  const context: StepContext = {
    pod,
    runtime,
    now,
    lookedAt,
    bootedAt: given.bootedAt,
    stageStartsAt: Math.max(parseTimestamp(base.startTime), sandboxMadeAt(pod.status, now)),
    images,
    record: (event) => events.push(event),
    wakeAt: wake,
  }
  const deadline = deadlineOf({ ...pod, status: base })
  if (deadline !== undefined && deadline > now) wake(deadline)
  const begun = terminationOf({ ...pod, status: base }, base, now)
  if (begun !== undefined) {
    const status = ending(context, base, begun, isStopping)
    return { status, events, wakeAt, isMounting: false }
  }
  const isMounting = !hasSandbox(pod.status) && !areVolumesMounted(given, context)
  return { status: isMounting ? withoutSandbox(given, base) : running(given, context, base), events, wakeAt, isMounting }
}

/** Were its volumes mounted, so that containers may start? */
function hasSandbox(status: PodStatus | undefined): boolean {
  if (isConditionTrue(status?.conditions, SANDBOX)) return true
  return hasStartedContainer(status?.containerStatuses) || hasStartedContainer(status?.initContainerStatuses)
}

/** When that was: nothing of it started before. */
function sandboxMadeAt(status: PodStatus | undefined, now: number): number {
  if (!hasSandbox(status)) return parseTimestamp(timestamp(now))
  const condition = findCondition(status?.conditions, SANDBOX)
  return condition?.status === 'True' ? parseTimestamp(condition.lastTransitionTime) || 0 : 0
}

function areVolumesMounted({ pod, objects, now, lookedAt }: PodOnNode, { record, wakeAt }: StepContext): boolean {
  if (objects === undefined || !pod.spec.volumes?.length) return true
  const { startTime } = pod.status ?? {}
  const since = startTime === undefined ? now : parseTimestamp(startTime)
  const look = lookAtMounts(pod, sourcesOf(pod, objects), { since, now, lookedAt, isFirst: startTime === undefined })
  for (const event of look.events) record(event)
  if (look.wakeAt !== undefined) wakeAt(look.wakeAt)
  return look.isDone
}

function withoutSandbox({ pod, now }: PodOnNode, base: PodStatus): PodStatus {
  const pending = { ...base, phase: 'Pending' }
  return { ...pending, conditions: podConditions(pod, pending, { hasSandbox: false }, now) }
}

function ending(context: StepContext, base: PodStatus, begun: Termination, isStopping: boolean): PodStatus {
  if (begun.why === 'done') return endingStatus(context, base, begun, true)
  const seen = hasSandbox(context.pod.status) ? withHooked(context, base, begun.since) : base
  return endingStatus(context, seen, begun, begun.why === 'deleted' && isStopping)
}

function running(given: PodOnNode, context: StepContext, base: PodStatus): PodStatus {
  const { now, record } = context
  if (given.podIP === undefined && given.pod.spec.hostNetwork !== true) return withoutSandbox(given, base)
  const resize = resizeOf(given.pod, given.whyDeferred ?? (() => undefined), now)
  for (const event of resize.events) record(event)
  if (resize.isDeferred) context.wakeAt(now + RESIZE_RETRY_MS)
  const addressed: PodStatus = { ...base, ...addresses(given) }
  const pod: Pod = { ...resize.pod, status: addressed }
  const stepped = resized(
    given.pod,
    resize,
    stepContainers({ ...context, pod, record: tellingOfPullSecrets(pod, given.objects, record) }, addressed),
  )
  const phase = podPhase(pod, stepped, { isOver: false })
  const promised = podResourceStatus(resize.isGranted ? given.pod : pod, phase)
  const status = { ...stepped, ...promised, ...(resize.isGranted && { resources: podResourceStatus(pod, phase).resources }) }
  const done = terminationOf({ ...pod, status }, status, now)
  if (done !== undefined) return endingStatus({ ...context, pod }, status, done, false)
  const judged = phase === base.phase ? { ...status, phase } : { ...withoutReason(status), phase }
  const completion = resize.isGranted ? undefined : resizeCompletion(given.pod, judged)
  if (completion !== undefined) record(completion)
  const resizing = completion === undefined ? resize.conditions : []
  return { ...judged, conditions: podConditions(pod, judged, { hasSandbox: true, resize: resizing }, now) }
}

/** Both are about the phase, and go with it. */
function withoutReason({ reason: _reason, message: _message, ...status }: PodStatus): PodStatus {
  return status
}

function resized(pod: Pod, { isGranted }: Resize, status: PodStatus): PodStatus {
  return isGranted ? withPromises(pod, status) : withGrants(pod, status)
}

function addresses({ pod, hostIP, podIP, second }: PodOnNode): Pick<PodStatus, 'podIP' | 'podIPs'> {
  const isOnHost = pod.spec.hostNetwork === true
  const ip = isOnHost ? hostIP : podIP!
  return { podIP: ip, podIPs: listed(ip, isOnHost ? second?.hostIP : second?.podIP) }
}

function listed(ip: string, other: string | undefined): [HostIP, ...HostIP[]] {
  return other === undefined ? [{ ip }] : [{ ip }, { ip: other }]
}
