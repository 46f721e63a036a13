/**
 * What a pod asks for in all, and the class of service that follows. The scheduler, the kubelet and quotas count by these.
 * Upstream: k8s.io/component-helpers/resource/helpers.go and pkg/apis/core/helper/qos.
 */
import { addQuantities, compareQuantities } from '../../meta/quantity.ts'
import type { Container, Pod, PodSpec } from '../../types.gen.ts'
import type { ResourceList } from './resource-list.ts'
import { isPodLevelResource } from './resource-names.ts'

type Amounts = 'requests' | 'limits'

/** An init container that goes on running beside the others. */
export function isSidecar({ restartPolicy }: Container): boolean {
  return restartPolicy === 'Always'
}

/** What of a container's resources counts: what its spec says, or more. */
type OwnAmounts = (container: Container, amounts: Amounts) => Readonly<ResourceList> | undefined

const asSpecified: OwnAmounts = ({ resources }, amounts) => resources?.[amounts]

/** Init containers, sidecars, pod-level resources and overhead included. Upstream: PodRequests. */
export function podRequests({ spec }: Pick<Pod, 'spec'>, ownAmounts: OwnAmounts = asSpecified): ResourceList {
  const total = containerTotals(spec, 'requests', ownAmounts)
  for (const name in spec.resources?.requests) {
    if (isPodLevelResource(name)) total[name] = spec.resources.requests[name]!
  }
  if (spec.overhead) addTo(total, spec.overhead)
  return total
}

/**
 * The pod with each container asking for the most of what its spec says, what its kubelet has allotted and what is in force: what
 * a pod that is being resized must be counted with. Upstream: determineEffectiveRequests.
 */
export function asCounted(pod: Pod): Pod {
  const { spec, status } = pod
  const statuses = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])]
  if (status?.resources === undefined && !statuses.some(({ resources }) => resources !== undefined)) return pod
  const isInfeasible = isResizeInfeasible(pod)
  const counted = (container: Container): Container => {
    const known = statuses.find(({ name }) => name === container.name)
    if (known?.resources === undefined) return container
    const requests: ResourceList = { ...known.allocatedResources }
    raiseTo(requests, known.resources.requests ?? {})
    if (!isInfeasible) raiseTo(requests, container.resources?.requests ?? {})
    return { ...container, resources: { ...container.resources, requests } }
  }
  return {
    ...pod,
    spec: {
      ...spec,
      ...(status?.resources &&
        spec.resources?.requests && { resources: { ...spec.resources, requests: countedAtPodLevel(pod, isInfeasible) } }),
      containers: spec.containers.map(counted),
      ...(spec.initContainers && {
        initContainers: spec.initContainers.map((container) => (isSidecar(container) ? counted(container) : container)),
      }),
    },
  }
}

/** The same for what the pod asks for as a whole; only of resources that its spec names. */
function countedAtPodLevel({ spec, status }: Pod, isInfeasible: boolean): ResourceList {
  const most: ResourceList = { ...status?.allocatedResources }
  raiseTo(most, status?.resources?.requests ?? {})
  if (!isInfeasible) raiseTo(most, spec.resources!.requests!)
  return Object.fromEntries(Object.keys(spec.resources!.requests!).map((name) => [name, most[name] ?? '0']))
}

/** Will its kubelet never do what its spec asks for? */
export function isResizeInfeasible({ status }: Pod): boolean {
  return status?.conditions?.find(({ type }) => type === 'PodResizePending')?.reason === 'Infeasible'
}

/** Overhead counts only towards limits there are. Upstream: PodLimits. */
export function podLimits({ spec }: Pick<Pod, 'spec'>, ownAmounts: OwnAmounts = asSpecified): ResourceList {
  const total = containerTotals(spec, 'limits', ownAmounts)
  for (const name in spec.resources?.limits) {
    if (isPodLevelResource(name)) total[name] = spec.resources.limits[name]!
  }
  for (const name in spec.overhead) {
    if (compareQuantities(total[name], '0') !== 0) total[name] = addQuantities(total[name]!, spec.overhead[name]!)
  }
  return total
}

/**
 * The sum over containers and sidecars, or what the greediest init container needs beside the sidecars started before it.
 * Upstream: AggregateContainerRequests.
 */
export function containerTotals(spec: PodSpec, amounts: Amounts, ownAmounts: OwnAmounts = asSpecified): ResourceList {
  const total: ResourceList = {}
  for (const container of spec.containers ?? []) addTo(total, ownAmounts(container, amounts))
  if (!spec.initContainers?.length) return total
  const sidecars: ResourceList = {}
  const peak: ResourceList = {}
  for (const container of spec.initContainers) {
    const own = isSidecar(container) ? ownAmounts(container, amounts) : container.resources?.[amounts]
    if (isSidecar(container)) {
      addTo(total, own)
      addTo(sidecars, own)
      raiseTo(peak, sidecars)
    } else {
      const together = { ...own }
      addTo(together, sidecars)
      raiseTo(peak, together)
    }
  }
  raiseTo(total, peak)
  return total
}

/**
 * While a resize is under way, a container counts with the greatest of what it wants, was promised and has; of one that can't be
 * had, what it wants doesn't count. Upstream: determineEffectiveRequests, determineEffectiveLimits.
 */
export function amountsDuringResize({ status }: Pick<Pod, 'status'>): OwnAmounts {
  const statuses = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])]
  if (statuses.every(({ resources }) => resources === undefined)) return asSpecified
  const isInfeasible = status?.conditions?.find(({ type }) => type === 'PodResizePending')?.reason === 'Infeasible'
  return (container, amounts) => {
    const own = statuses.find(({ name }) => name === container.name)
    if (own?.resources === undefined) return container.resources?.[amounts]
    const total: ResourceList = isInfeasible ? {} : { ...container.resources?.[amounts] }
    raiseTo(total, own.resources[amounts] ?? {})
    if (amounts === 'requests') raiseTo(total, own.allocatedResources ?? {})
    return total
  }
}

function addTo(total: ResourceList, list: Readonly<ResourceList> | undefined): void {
  for (const name in list) {
    const sum = total[name]
    total[name] = sum === undefined ? list[name]! : addQuantities(sum, list[name]!)
  }
}

function raiseTo(total: ResourceList, list: Readonly<ResourceList>): void {
  for (const name in list) {
    const current = total[name]
    if (current === undefined || compareQuantities(list[name], current) > 0) total[name] = list[name]!
  }
}

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort'

/** What its status says, or what its spec means. Upstream: qos.GetPodQOS. */
export function qosClassOf(pod: Pod): QosClass {
  return (pod.status?.qosClass as QosClass | undefined) || computeQosClass(pod.spec)
}

/** Upstream: qos.ComputePodQOS. */
export function computeQosClass(spec: PodSpec): QosClass {
  const { resources } = spec
  const requests: ResourceList = {}
  const limits: ResourceList = {}
  let isGuaranteed = true
  if (hasPodLevelResources(spec)) {
    addPositive(requests, resources?.requests)
    isGuaranteed = addPositive(limits, resources?.limits) === 2
  } else {
    for (const list of [spec.containers, spec.initContainers]) {
      if (!list) continue
      for (const container of list) {
        addPositive(requests, container.resources?.requests)
        if (addPositive(limits, container.resources?.limits) < 2) isGuaranteed = false
      }
    }
  }
  const requested = Object.keys(requests)
  if (requested.length === 0 && Object.keys(limits).length === 0) return 'BestEffort'
  if (!isGuaranteed || requested.length !== Object.keys(limits).length) return 'Burstable'
  return requested.every((name) => compareQuantities(requests[name], limits[name]) === 0) ? 'Guaranteed' : 'Burstable'
}

/** @returns how many of cpu and memory the list has */
function addPositive(total: ResourceList, list: Readonly<ResourceList> | undefined): number {
  let count = 0
  for (const name of ['cpu', 'memory'] as const) {
    const amount = list?.[name]
    if (amount === undefined || compareQuantities(amount, '0') <= 0) continue
    count++
    const sum = total[name]
    total[name] = sum === undefined ? amount : addQuantities(sum, amount)
  }
  return count
}

/** Upstream: IsPodLevelResourcesSet. */
export function hasPodLevelResources({ resources }: PodSpec): boolean {
  for (const list of [resources?.requests, resources?.limits]) for (const name in list) if (isPodLevelResource(name)) return true
  return false
}
