/** What of a pod's status doesn't depend on how its containers are. Upstream: kubelet_pods.go convertStatusToAPIStatus. */
import { podLimits, podRequests, qosClassOf } from '../api/core/v1/pod-resources.ts'
import type { ResourceList } from '../api/core/v1/resource-list.ts'
import { timestamp } from '../api/meta/time.ts'
import type { Container, ContainerStatus, HostIP, Pod, PodSpec, PodStatus, ResourceRequirements } from '../api/types.gen.ts'
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
  const limits = podLimits(allocated)
  const resources = phase === 'Pending' ? { ...allocated.spec.resources, ...lists(requests, limits) } : inForce(allocated, requests, limits)
  return isEmpty(requests) ? { resources } : { allocatedResources: requests, resources }
}

/** Of a pod that runs, what its control group says. Upstream: convertToAPIPodLevelResourcesStatus, qos ResourceConfigForPod. */
function inForce({ spec }: Pod, requests: ResourceList, limits: ResourceList): ResourceRequirements {
  const own = spec.resources
  const [required, limited]: [ResourceList, ResourceList] = [{ ...own?.requests }, { ...own?.limits }]
  for (const name of GROUPED) {
    if (requests[name] !== undefined) required[name] = requests[name]
    if (limits[name] !== undefined && isLimited(spec, name)) limited[name] = limits[name]
  }
  return lists(required, limited)
}

const GROUPED = ['cpu', 'memory'] as const

/** A pod is limited where it says so itself, or each of its containers does. */
function isLimited({ containers, initContainers, resources }: PodSpec, name: (typeof GROUPED)[number]): boolean {
  const says = (container: Container) => container.resources?.limits?.[name] !== undefined
  return resources?.limits?.[name] !== undefined || (containers.every(says) && (initContainers === undefined || initContainers.every(says)))
}

function lists(requests: ResourceList, limits: ResourceList): ResourceRequirements {
  return { ...(isEmpty(limits) ? {} : { limits }), ...(isEmpty(requests) ? {} : { requests }) }
}

function isEmpty(list: ResourceList): boolean {
  for (const _name in list) return false
  return true
}
