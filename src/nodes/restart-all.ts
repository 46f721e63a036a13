/**
 * A container whose end starts the whole pod anew, by the action RestartAllContainers of a rule: all containers are killed and
 * removed, then init containers run again. Upstream: kuberuntime_manager.go getContainersToReset, container/helpers.go
 * ShouldAllContainersRestart.
 */
import { findCondition } from '../api/meta/conditions.ts'
import { parseTimestamp, timestamp } from '../api/meta/time.ts'
import type { Container, ContainerStatus, Pod, PodCondition, PodStatus } from '../api/types.gen.ts'
import type { PlannedEvent } from '../runtime/plan.ts'
import { containerEvent } from './kubelet-event.ts'
import { initRole, restartsAll } from './restart-rule.ts'

export const RESTARTING_ALL = 'RestartingAllContainers'
export const ALL_RESTARTING = 'AllContainersRestarting'

const MESSAGE = 'The container is removed because RestartAllContainers in place'
const EXIT_KILLED = 137
/** Upstream's containers take their time to be removed: without that one that fails at once would be started anew for ever at one instant. */
const REMOVAL_MS = 1000

/** Has a container ended that takes all others with it? */
export function isToRestartAll(pod: Pod, status: PodStatus): boolean {
  return withStatuses(pod, status).some(([container, { state }]) => {
    return state?.terminated !== undefined && restartsAll(container, state.terminated.exitCode)
  })
}

/** When all containers that are being restarted are gone; undefined when that isn't under way. Milliseconds since the epoch. */
export function removedAt({ status }: Pod): number | undefined {
  const condition = findCondition(status?.conditions, ALL_RESTARTING)
  return condition?.status === 'True' ? removalFrom(parseTimestamp(condition.lastTransitionTime)) : undefined
}

/** When they are gone if that begins now. */
export function removalFrom(now: number): number {
  return parseTimestamp(timestamp(now)) + REMOVAL_MS
}

/** What is told of those that run when all are restarted. They are given no time. */
export function restartAllEvents(pod: Pod, status: PodStatus): PlannedEvent[] {
  return withStatuses(pod, status).flatMap(([container, { state }]) => {
    if (state?.running === undefined) return []
    const role = pod.spec.initContainers?.includes(container) ? initRole(container) : 'main'
    return [containerEvent(pod, container, role, 'Normal', 'Killing', 'killing')]
  })
}

/** The statuses when every container was removed. Upstream: kubelet_pods.go convertToAPIContainerStatuses. */
export function withoutContainers(status: PodStatus, now: number): PodStatus {
  const removed = (old: ContainerStatus): ContainerStatus => {
    if (old.state?.waiting) return old
    return {
      ...(old.volumeMounts && { volumeMounts: old.volumeMounts }),
      image: old.image,
      imageID: '',
      name: old.name,
      lastState: { terminated: { exitCode: EXIT_KILLED, message: MESSAGE, reason: RESTARTING_ALL } },
      ready: false,
      restartCount: old.restartCount + 1,
      started: false,
      state: { waiting: { message: MESSAGE, reason: RESTARTING_ALL } },
    }
  }
  // It is over, and may begin again at once.
  const over = (condition: PodCondition): PodCondition =>
    condition.type === ALL_RESTARTING ? { type: ALL_RESTARTING, status: 'False', lastTransitionTime: timestamp(now) } : condition
  return {
    ...status,
    ...(status.conditions && { conditions: status.conditions.map(over) }),
    ...(status.containerStatuses && { containerStatuses: status.containerStatuses.map(removed) }),
    ...(status.initContainerStatuses && { initContainerStatuses: status.initContainerStatuses.map(removed) }),
  }
}

function withStatuses({ spec }: Pod, status: PodStatus): [Container, ContainerStatus][] {
  const pairs = (containers: readonly Container[] = [], statuses: readonly ContainerStatus[] = []) =>
    containers.flatMap((container): [Container, ContainerStatus][] => {
      const own = statuses.find(({ name }) => name === container.name)
      return own === undefined ? [] : [[container, own]]
    })
  return [...pairs(spec.initContainers, status.initContainerStatuses), ...pairs(spec.containers, status.containerStatuses)]
}
