/** What a kubelet grants of a resize, and how a container takes it. Upstream: kubelet/allocation, kuberuntime_manager.go. */
import { podRequests } from '../api/core/v1/pod-resources.ts'
import { findCondition, withCondition, withoutCondition } from '../api/meta/conditions.ts'
import { compareQuantities } from '../api/meta/quantity.ts'
import { timestamp } from '../api/meta/time.ts'
import type { Container, ContainerStatus, Pod, PodCondition, PodStatus } from '../api/types.gen.ts'

const RESIZABLE = ['cpu', 'memory'] as const
const AMOUNTS = ['requests', 'limits'] as const
const PENDING = 'PodResizePending'

type Amounts = Readonly<Record<string, string>>

/** Must this container start anew to have what it now asks for? */
export function needsRestartToResize({ resizePolicy, resources }: Container, { resources: actual }: ContainerStatus): boolean {
  if (actual === undefined) return false
  return (resizePolicy ?? []).some(
    ({ resourceName, restartPolicy }) =>
      restartPolicy === 'RestartContainer' &&
      AMOUNTS.some((amounts) => resources?.[amounts]?.[resourceName] !== actual[amounts]?.[resourceName]),
  )
}

/**
 * Why a node as large as this could never bear what the pod was resized to; undefined when it could, or the pod wasn't.
 * @param allocatable undefined when the node hasn't said
 */
export function whyResizeIsInfeasible(pod: Pod, allocatable: Amounts | undefined): string | undefined {
  if (allocatable === undefined || !isResized(pod)) return undefined
  const requested = podRequests(pod)
  const lacking = RESIZABLE.find((name) => requested[name] !== undefined && compareQuantities(requested[name], allocatable[name]) > 0)
  if (lacking === undefined) return undefined
  return `Node didn't have enough capacity: ${lacking}, requested: ${requested[lacking]}, capacity: ${allocatable[lacking]}`
}

function isResized({ spec, status }: Pod): boolean {
  return spec.containers.some((container) => {
    const actual = actualOf(container, status)
    if (actual === undefined) return false
    return AMOUNTS.some((amounts) => RESIZABLE.some((name) => container.resources?.[amounts]?.[name] !== actual[amounts]?.[name]))
  })
}

/** The pod with what its running containers have, where it asks for more than it can get. */
export function asAllocated(pod: Pod): Pod {
  const containers = pod.spec.containers.map((container) => {
    const actual = actualOf(container, pod.status)
    return actual === undefined ? container : { ...container, resources: { ...container.resources, ...actual } }
  })
  return { ...pod, spec: { ...pod.spec, containers } }
}

function actualOf({ name }: Container, status: PodStatus | undefined): ContainerStatus['resources'] {
  return status?.containerStatuses?.find((each) => each.name === name && each.state?.running !== undefined)?.resources
}

/** @param infeasible why the resize can't be granted, if it can't */
export function withResizeCondition(
  conditions: readonly PodCondition[],
  pod: Pod,
  infeasible: string | undefined,
  now: number,
): PodCondition[] {
  if (infeasible === undefined) return findCondition(conditions, PENDING) ? withoutCondition(conditions, PENDING) : [...conditions]
  return withCondition(conditions, {
    type: PENDING,
    status: 'True',
    reason: 'Infeasible',
    message: infeasible,
    lastTransitionTime: timestamp(now),
    ...(pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
  })
}
