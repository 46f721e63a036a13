/**
 * What a kubelet has granted a pod, which is what it asks for but while a resize waits. Read off the status: upstream keeps it in a
 * checkpoint. Upstream: allocation_manager.go UpdatePodFromAllocation.
 */
import { findCondition } from '../api/meta/conditions.ts'
import { compareQuantities } from '../api/meta/quantity.ts'
import type { Container, ContainerStatus, Pod, ResourceRequirements } from '../api/types.gen.ts'

const RESIZABLE = ['cpu', 'memory'] as const
const AMOUNTS = ['requests', 'limits'] as const

export const RESIZE_PENDING = 'PodResizePending'
export const RESIZE_IN_PROGRESS = 'PodResizeInProgress'

/** Is it granted what it asks for, and about to have it? */
export function isBeingResized({ metadata, status }: Pod): boolean {
  return findCondition(status?.conditions, RESIZE_IN_PROGRESS)?.observedGeneration === metadata.generation
}

/** Does it ask for other amounts than its containers have? */
export function isResized(pod: Pod): boolean {
  const statuses = statusesOf(pod)
  if (statuses.length === 0) return false
  const { spec, status } = pod
  const all = [...spec.containers, ...(spec.initContainers ?? [])]
  if (all.some((container) => hasOther(container.resources, statuses.find(({ name }) => name === container.name)?.resources))) return true
  return spec.resources !== undefined && status?.resources !== undefined && hasOtherThan(spec.resources, status.resources)
}

/** The pod with what it was granted. */
export function asAllocated(pod: Pod): Pod {
  return isResized(pod) && !isBeingResized(pod) ? asActuated(pod) : pod
}

/** The pod with what its containers have. */
export function asActuated(pod: Pod): Pod {
  const { spec, status } = pod
  const statuses = statusesOf(pod)
  const actual = (container: Container): Container => {
    const own = statuses.find(({ name }) => name === container.name)
    return own?.resources === undefined ? container : { ...container, resources: pick(own.resources, container.resources) }
  }
  return {
    ...pod,
    spec: {
      ...spec,
      containers: spec.containers.map(actual),
      ...(spec.initContainers && { initContainers: spec.initContainers.map(actual) }),
      ...(spec.resources && status?.resources && { resources: pick(status.resources, spec.resources) }),
    },
  }
}

/** Must this container start anew to have what it now asks for? */
export function needsRestartToResize({ resizePolicy, resources }: Container, { resources: actual }: ContainerStatus): boolean {
  if (actual === undefined) return false
  return (resizePolicy ?? []).some(
    ({ resourceName, restartPolicy }) =>
      restartPolicy === 'RestartContainer' &&
      AMOUNTS.some((amounts) => differs(resources?.[amounts]?.[resourceName], actual[amounts]?.[resourceName])),
  )
}

/** Does it ask for other amounts than it had in its last run? */
export function hasOtherAmounts({ resources }: Container, status: ContainerStatus): boolean {
  return hasOther(resources, status.resources)
}

function hasOther(wanted: ResourceRequirements | undefined, actual: ResourceRequirements | undefined): boolean {
  if (actual === undefined) return false
  return AMOUNTS.some((amounts) => RESIZABLE.some((name) => differs(wanted?.[amounts]?.[name], actual[amounts]?.[name])))
}

/** Where only what is wanted counts: the status of a pod has what its containers add up to beside. */
function hasOtherThan(wanted: ResourceRequirements, actual: ResourceRequirements): boolean {
  return AMOUNTS.some((amounts) =>
    RESIZABLE.some((name) => wanted[amounts]?.[name] !== undefined && differs(wanted[amounts][name], actual[amounts]?.[name])),
  )
}

function differs(a: string | undefined, b: string | undefined): boolean {
  return a === b ? false : a === undefined || b === undefined || compareQuantities(a, b) !== 0
}

/** What is asked for, with the amounts of cpu and memory that there are. */
function pick(actual: ResourceRequirements, wanted: ResourceRequirements | undefined): ResourceRequirements {
  const picked: ResourceRequirements = wanted?.claims === undefined ? {} : { claims: wanted.claims }
  for (const amounts of AMOUNTS) {
    const list = { ...wanted?.[amounts] }
    for (const name of RESIZABLE) {
      const own = actual[amounts]?.[name]
      if (own === undefined) delete list[name]
      else list[name] = own
    }
    if (Object.keys(list).length > 0) picked[amounts] = list
  }
  return picked
}

function statusesOf({ status }: Pod): ContainerStatus[] {
  return [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])].filter(({ resources }) => resources !== undefined)
}
