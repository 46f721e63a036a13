/** The phase that follows from the statuses of a pod's containers. Upstream: kubelet_pods.go getPhase. */
import { isSidecar } from '../api/core/v1/pod-resources.ts'
import type { Container, ContainerStateTerminated, ContainerStatus, Pod, PodStatus } from '../api/types.gen.ts'
import { RESTARTING_ALL } from './restart-all.ts'
import { isRestartable } from './restart-rule.ts'

type Statuses = Pick<PodStatus, 'containerStatuses' | 'initContainerStatuses'>

export interface PhaseGiven {
  /** Nothing of it runs any more, nor will. */
  readonly isOver: boolean
}

export function podPhase(pod: Pod, statuses: Statuses, { isOver }: PhaseGiven): 'Pending' | 'Running' | 'Succeeded' | 'Failed' {
  const { initContainers = [], containers } = pod.spec
  const init = statuses.initContainerStatuses ?? []
  const main = statuses.containerStatuses ?? []
  const isFinal = (container: Container, { exitCode, reason }: ContainerStateTerminated) =>
    !isRestartable(pod.spec, container, exitCode) && reason !== RESTARTING_ALL

  let isInitializing = false
  for (const container of initContainers) {
    if (isSidecar(container)) continue
    const end = lastEnd(statusOf(init, container))
    if (end === undefined) isInitializing = true
    else if (end.exitCode !== 0 && isFinal(container, end)) return 'Failed'
  }

  let [running, waiting, unknown] = [0, 0, 0]
  let awaitsSidecar = false
  for (const container of initContainers) {
    if (!isSidecar(container)) continue
    const status = statusOf(init, container)
    if (status?.state?.running) {
      running++
      awaitsSidecar ||= status.started !== true
    } else if (status === undefined) unknown++
    else if (lastEnd(status) === undefined) {
      awaitsSidecar = true
      waiting++
    }
  }
  let [stopped, final, succeeded] = [0, 0, 0]
  let isActive = false
  for (const container of containers) {
    const status = statusOf(main, container)
    const end = lastEnd(status)
    if (status?.state?.running) {
      running++
      isActive = true
    } else if (end !== undefined) {
      stopped++
      isActive ||= end.reason !== RESTARTING_ALL
      if (isFinal(container, end)) final++
      if (status?.state?.terminated?.exitCode === 0) succeeded++
    } else if (status === undefined) unknown++
    else waiting++
  }

  if (isInitializing || (awaitsSidecar && !isActive) || waiting > 0) return 'Pending'
  if (running > 0 && unknown === 0) return 'Running'
  if (running > 0 || stopped === 0 || unknown > 0) return 'Pending'
  if (!isOver && stopped !== final) return 'Running'
  return stopped === succeeded ? 'Succeeded' : 'Failed'
}

/** How it ended, if it isn't running: also of one that waits to be started again. */
function lastEnd(status: ContainerStatus | undefined): ContainerStateTerminated | undefined {
  if (status?.state?.running) return undefined
  return status?.state?.terminated ?? (status?.state?.waiting ? status.lastState?.terminated : undefined)
}

function statusOf(statuses: readonly ContainerStatus[], { name }: Container): ContainerStatus | undefined {
  return statuses.find((status) => status.name === name)
}
