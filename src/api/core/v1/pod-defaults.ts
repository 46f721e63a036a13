import type { Container, ContainerStatus, Pod } from '../../types.gen.ts'
import { setPodLevelResourceDefaults } from './pod-level-resources.ts'
import { setPodSpecDefaults } from './pod-spec-defaults.ts'
import { setResourceListDefaults } from './resource-list.ts'

/** All defaults of a Pod: those of its spec, those that templates don't get, those of its status. In place; idempotent. */
export function setPodDefaults(pod: Pod): void {
  const { spec, status } = pod
  if (spec) {
    setPodSpecDefaults(spec)
    if (spec.containers) for (const container of spec.containers) setRequestsFromLimits(container)
    if (spec.initContainers) for (const container of spec.initContainers) setRequestsFromLimits(container)
    setPodLevelResourceDefaults(spec)
    spec.enableServiceLinks ??= true
    if (spec.hostNetwork) {
      setHostPorts(spec.containers)
      setHostPorts(spec.initContainers)
    }
  }
  if (!status) return
  if (status.conditions) {
    // Upstream's clients write the zero time as null, and the server keeps it so.
    for (const condition of status.conditions as { lastProbeTime?: string | null | undefined }[]) condition.lastProbeTime ??= null
  }
  setContainerStatusDefaults(status.containerStatuses)
  setContainerStatusDefaults(status.initContainerStatuses)
  setContainerStatusDefaults(status.ephemeralContainerStatuses)
}

function setRequestsFromLimits({ resources }: Container): void {
  const limits = resources?.limits
  if (!limits) return
  resources.requests ??= {}
  for (const name in limits) resources.requests[name] ??= limits[name]!
}

function setHostPorts(containers: Container[] | undefined): void {
  if (!containers) return
  for (const { ports } of containers) if (ports) for (const port of ports) port.hostPort ||= port.containerPort
}

/** As they are stored: null for the zero time. */
interface Times {
  startedAt?: string | null | undefined
  finishedAt?: string | null | undefined
}

/** Not pointers upstream: always shown, even when empty. */
function setContainerStatusDefaults(statuses: ContainerStatus[] | undefined): void {
  if (!statuses) return
  for (const status of statuses) {
    status.state ??= {}
    status.lastState ??= {}
    for (const { running, terminated } of [status.state, status.lastState]) {
      if (running) (running as Times).startedAt ??= null
      if (terminated) (terminated as Times).startedAt ??= null
      if (terminated) (terminated as Times).finishedAt ??= null
    }
    if (status.allocatedResources) setResourceListDefaults(status.allocatedResources)
  }
}
