/** What of a pod's status doesn't depend on how its containers are. Upstream: kubelet_pods.go convertStatusToAPIStatus. */
import { hasPodLevelResources, podLimits, podRequests, qosClassOf } from '../api/core/v1/pod-resources.ts'
import type { ResourceList } from '../api/core/v1/resource-list.ts'
import { timestamp } from '../api/meta/time.ts'
import type { Container, ContainerStatus, HostIP, Pod, PodStatus, ResourceRequirements } from '../api/types.gen.ts'
import { initialStatus } from './container-status.ts'

/**
 * The status before its containers were looked at, with one for each.
 * @param hostIPs one a family, the cluster's first
 */
export function baseStatus(pod: Pod, hostIPs: readonly [HostIP, ...HostIP[]], now: number): PodStatus {
  const old = pod.status ?? {}
  const { initContainers = [], containers, ephemeralContainers = [] } = pod.spec
  const waiting = initContainers.length > 0 ? 'PodInitializing' : 'ContainerCreating'
  const known = (statuses: readonly ContainerStatus[] | undefined, container: Container) => {
    const own = statuses?.find(({ name }) => name === container.name)
    if (own === undefined) return initialStatus(container, waiting)
    const isUntried = own.containerID === undefined && own.state?.waiting?.reason === waiting
    return isUntried && own.image !== container.image ? { ...own, image: container.image ?? '' } : own
  }
  // By name, where init containers keep their order.
  const sorted = (each: readonly Container[], statuses: readonly ContainerStatus[] | undefined) =>
    each.map((container) => known(statuses, container)).sort((a, b) => (a.name < b.name ? -1 : 1))
  return {
    ...old,
    ...(pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
    containerStatuses: sorted(containers, old.containerStatuses),
    ...(initContainers.length === 0 ? {} : { initContainerStatuses: initContainers.map((each) => known(old.initContainerStatuses, each)) }),
    ...(ephemeralContainers.length === 0
      ? {}
      : { ephemeralContainerStatuses: sorted(ephemeralContainers, old.ephemeralContainerStatuses) }),
    hostIP: hostIPs[0].ip,
    hostIPs: [...hostIPs],
    qosClass: qosClassOf(pod),
    startTime: old.startTime ?? timestamp(now),
  }
}

/**
 * What the pod as a whole was promised, and what it has.
 * @param allocated the pod with the resources that it was granted
 */
export function podResourceStatus(allocated: Pod, phase: string | undefined): Pick<PodStatus, 'allocatedResources' | 'resources'> {
  const requests = podRequests(allocated)
  const promised = Object.keys(requests).length === 0 ? {} : { allocatedResources: requests }
  return { ...promised, resources: phase === 'Pending' ? granted(allocated, requests) : inForce(allocated, requests) }
}

function granted(pod: Pod, requests: ResourceList): ResourceRequirements {
  return { ...pod.spec.resources, ...lists(requests, podLimits(pod)) }
}

/** Of a pod that runs, what its control group says. Upstream: convertToAPIPodLevelResourcesStatus, qos ResourceConfigForPod. */
function inForce(pod: Pod, requests: ResourceList): ResourceRequirements {
  const limits = podLimits(pod)
  const isLimited = (name: 'cpu' | 'memory') =>
    (hasPodLevelResources(pod.spec) && pod.spec.resources?.limits?.[name] !== undefined) ||
    [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].every(({ resources }) => resources?.limits?.[name] !== undefined)
  const pick = (list: ResourceList, isIn: (name: 'cpu' | 'memory') => boolean): ResourceList =>
    Object.fromEntries((['cpu', 'memory'] as const).flatMap((name) => (list[name] !== undefined && isIn(name) ? [[name, list[name]]] : [])))
  const own = pod.spec.resources ?? {}
  return lists({ ...own.requests, ...pick(requests, () => true) }, { ...own.limits, ...pick(limits, isLimited) })
}

function lists(requests: ResourceList, limits: ResourceList): ResourceRequirements {
  return {
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
    ...(Object.keys(requests).length === 0 ? {} : { requests }),
  }
}
