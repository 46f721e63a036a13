/** A container that refers to something missing. Upstream: kuberuntime_container.go startContainer, ErrCreateContainerConfig. */
import type { Container, ContainerStatus, Pod } from '../api/types.gen.ts'
import type { PlannedEvent } from '../runtime/plan.ts'
import { tellOfImage } from './image-pull.ts'
import { containerEvent } from './kubelet-event.ts'
import type { ImageStore } from './node-images.ts'
import type { ContainerRole } from './restart-rule.ts'

/** What it waits with. */
export const CONFIG_ERROR = 'CreateContainerConfigError'

export interface Misconfigured {
  readonly pod: Pod
  readonly images: ImageStore
  readonly record: (event: PlannedEvent) => void
}

/** Its image is there, or pulled, all the same. */
export function misconfigured(
  { pod, images, record }: Misconfigured,
  container: Container,
  role: ContainerRole,
  status: ContainerStatus,
  fault: string,
): ContainerStatus {
  const tell = (type: PlannedEvent['type'], reason: string, message: string) =>
    record(containerEvent(pod, container, role, type, reason, message))
  tellOfImage(pod, container, images, tell)
  tell('Warning', 'Failed', `Error: ${fault}`)
  const { waiting, terminated } = status.state ?? {}
  if (waiting?.reason === CONFIG_ERROR && waiting.message === fault) return status
  const state = { waiting: { reason: CONFIG_ERROR, message: fault } }
  return { ...status, ...(terminated === undefined ? {} : { lastState: { terminated } }), ready: false, started: false, state }
}
