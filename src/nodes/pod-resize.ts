/** A resize from its request to its end: whether it is granted, what is told of it. Upstream: allocation_manager.go handlePodResourcesResize. */
import { findCondition } from '../api/meta/conditions.ts'
import { timestamp } from '../api/meta/time.ts'
import type { Container, ContainerStatus, Pod, PodCondition, PodStatus } from '../api/types.gen.ts'
import type { PlannedEvent } from '../runtime/plan.ts'
import { resourceStatus } from './container-status.ts'
import { containerEvent, kubeletEvent } from './kubelet-event.ts'
import { asActuated, isBeingResized, isResized, needsRestartToResize, RESIZE_IN_PROGRESS, RESIZE_PENDING } from './pod-allocation.ts'
import { initRole } from './restart-rule.ts'

/** Why a resize has to wait; undefined when there is room for it. */
export type WhyDeferred = (pod: Pod) => { readonly reason: string; readonly message: string } | undefined

export interface Resize {
  /** The pod as its containers are to be dealt with now. */
  readonly pod: Pod
  readonly conditions: readonly PodCondition[]
  readonly events: readonly PlannedEvent[]
  /** It was granted just now: containers are told so, and have it with the next look. */
  readonly isGranted: boolean
  /** There is no room for it now. */
  readonly isDeferred: boolean
}

/** @param now milliseconds since the epoch */
export function resizeOf(pod: Pod, whyDeferred: WhyDeferred, now: number): Resize {
  const pending = findCondition(pod.status?.conditions, RESIZE_PENDING)
  const running = findCondition(pod.status?.conditions, RESIZE_IN_PROGRESS)
  const inProgress = running === undefined ? [] : [running]
  if (!isResized(pod) || isBeingResized(pod)) return { pod, conditions: inProgress, events: [], isGranted: false, isDeferred: false }
  const why = whyDeferred(pod)
  if (why === undefined) {
    const granted = conditionOf(RESIZE_IN_PROGRESS, pod, undefined, undefined, now)
    const started = kubeletEvent(pod, 'Normal', 'ResizeStarted', resizeMessage('Pod resize started', pod))
    return { pod: asActuated(pod), conditions: [granted], events: [started, ...restartEvents(pod)], isGranted: true, isDeferred: false }
  }
  const deferred = conditionOf(RESIZE_PENDING, pod, { reason: 'Deferred', message: why.message }, pending, now)
  const isNews = pending?.reason !== 'Deferred' || pending.observedGeneration !== pod.metadata.generation
  const event = kubeletEvent(
    pod,
    'Warning',
    'ResizeDeferred',
    resizeMessage(`Pod resize ${why.reason}`, pod, pod.metadata.generation, why.message),
  )
  return { pod: asActuated(pod), conditions: [deferred, ...inProgress], events: isNews ? [event] : [], isGranted: false, isDeferred: true }
}

/** What is told when containers have what they were granted, in the status as it will be; undefined while they haven't. */
export function resizeCompletion(pod: Pod, status: PodStatus): PlannedEvent | undefined {
  const running = findCondition(pod.status?.conditions, RESIZE_IN_PROGRESS)
  if (running === undefined || isResized({ ...pod, status })) return undefined
  return kubeletEvent(pod, 'Normal', 'ResizeCompleted', resizeMessage('Pod resize completed', pod, running.observedGeneration))
}

/** The status of a pod that was granted a resize just now: what was promised shows at once. */
export function withPromises(pod: Pod, status: PodStatus): PodStatus {
  return mapStatuses(pod, status, (containers = [], statuses) =>
    statuses.map((own) => {
      const requests = containers.find(({ name }) => name === own.name)?.resources?.requests
      return own.resources === undefined || requests === undefined ? own : { ...own, allocatedResources: requests }
    }),
  )
}

/** The status of a pod that has what it was granted: those containers too that don't run, as they will when they do. */
export function withGrants(pod: Pod, status: PodStatus): PodStatus {
  if (!isBeingResized(pod)) return status
  return mapStatuses(pod, status, (containers = [], statuses) =>
    statuses.map((own) => {
      const container = containers.find(({ name }) => name === own.name)
      return container === undefined || own.resources === undefined || own.state?.running ? own : { ...own, ...resourceStatus(container) }
    }),
  )
}

function mapStatuses(
  { spec }: Pod,
  status: PodStatus,
  map: (containers: readonly Container[] | undefined, statuses: readonly ContainerStatus[]) => ContainerStatus[],
): PodStatus {
  return {
    ...status,
    ...(status.containerStatuses && { containerStatuses: map(spec.containers, status.containerStatuses) }),
    ...(status.initContainerStatuses && { initContainerStatuses: map(spec.initContainers, status.initContainerStatuses) }),
  }
}

function restartEvents(pod: Pod): PlannedEvent[] {
  const { initContainers = [], containers } = pod.spec
  const { initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {}
  return [...initContainers, ...containers].flatMap((container) => {
    const own = [...initContainerStatuses, ...containerStatuses].find(({ name }) => name === container.name)
    if (own?.state?.running === undefined || !needsRestartToResize(container, own)) return []
    const role = initContainers.includes(container) ? initRole(container) : 'main'
    return [containerEvent(pod, container, role, 'Normal', 'Killing', `Container ${container.name} resize requires restart`)]
  })
}

function conditionOf(
  type: string,
  { metadata }: Pod,
  verdict: Pick<PodCondition, 'reason' | 'message'> | undefined,
  old: PodCondition | undefined,
  now: number,
): PodCondition {
  const at = timestamp(now)
  return {
    type,
    status: 'True',
    lastProbeTime: at,
    lastTransitionTime: old?.reason === verdict?.reason && old?.lastTransitionTime ? old.lastTransitionTime : at,
    ...(metadata.generation === undefined ? {} : { observedGeneration: metadata.generation }),
    ...verdict,
  }
}

/** Upstream: events/resize.go podResizeMessage. */
function resizeMessage(prefix: string, { metadata, spec }: Pod, generation = metadata.generation, error?: string): string {
  const summary = (containers: readonly Container[]) =>
    containers.map(({ name, resources = {} }) => {
      const { limits, requests, claims } = resources
      return {
        name,
        resources: {
          ...(limits && { limits: sorted(limits) }),
          ...(requests && { requests: sorted(requests) }),
          ...(claims && { claims }),
        },
      }
    })
  const told = {
    ...(spec.initContainers?.length && { initContainers: summary(spec.initContainers) }),
    containers: summary(spec.containers),
    generation: generation ?? 0,
    ...(error !== undefined && { error }),
  }
  return `${prefix}: ${JSON.stringify(told)}`
}

function sorted(list: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(list).sort(([a], [b]) => (a < b ? -1 : 1)))
}
