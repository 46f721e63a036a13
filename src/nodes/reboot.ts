/**
 * What a kubelet finds of a pod when its machine has booted: no container of before runs any more, and the pod gets a new sandbox.
 * Upstream: containerd's recovery of containers in an unknown state; kuberuntime_manager.go computePodActions.
 */
import { parseTimestamp, timestamp } from '../api/meta/time.ts'
import type { ContainerStatus, Pod, PodStatus } from '../api/types.gen.ts'
import type { PlannedEvent } from '../runtime/plan.ts'
import { kubeletEvent } from './kubelet-event.ts'

/** What containerd says of a container it lost. */
const EXIT_UNKNOWN = 255

/**
 * The pod with its containers ended that ran when the machine went off; undefined when there are none.
 * @param bootedAt milliseconds since the epoch
 */
export function afterBoot(pod: Pod, bootedAt: number): { readonly pod: Pod; readonly events: readonly PlannedEvent[] } | undefined {
  let hasLost = false
  const lost = (status: ContainerStatus): ContainerStatus => {
    const { startedAt } = status.state?.running ?? {}
    if (startedAt === undefined || parseTimestamp(startedAt) >= bootedAt) return status
    hasLost = true
    const terminated = {
      containerID: status.containerID,
      exitCode: EXIT_UNKNOWN,
      finishedAt: timestamp(bootedAt),
      reason: 'Unknown',
      startedAt,
    }
    return { ...status, ready: false, started: false, state: { terminated } }
  }
  const { containerStatuses, initContainerStatuses, ephemeralContainerStatuses } = pod.status ?? {}
  const status: PodStatus = {
    ...pod.status,
    ...(containerStatuses && { containerStatuses: containerStatuses.map(lost) }),
    ...(initContainerStatuses && { initContainerStatuses: initContainerStatuses.map(lost) }),
    ...(ephemeralContainerStatuses && { ephemeralContainerStatuses: ephemeralContainerStatuses.map(lost) }),
  }
  if (!hasLost) return undefined
  const events = [kubeletEvent(pod, 'Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.')]
  return { pod: { ...pod, status }, events }
}
