/** The parts of a container's status that follow from its spec, and what it is before and after a run. */
import { timestamp } from '../api/meta/time.ts'
import type { Container, ContainerStateTerminated, ContainerStatus, ContainerUser, Pod } from '../api/types.gen.ts'
import { containerID, imageID, normalizedImage } from './container-identity.ts'

/** What a container reports before it was ever started. */
export function initialStatus(container: Container, reason: 'ContainerCreating' | 'PodInitializing'): ContainerStatus {
  return {
    image: container.image ?? '',
    imageID: '',
    lastState: {},
    name: container.name,
    ready: false,
    restartCount: 0,
    started: false,
    state: { waiting: { reason } },
    ...volumeMountStatus(container),
  }
}

/** @param previous how the run before it ended */
export function startedStatus(
  pod: Pod,
  container: Container,
  restartCount: number,
  previous: ContainerStateTerminated | undefined,
  startedAt: number,
): ContainerStatus {
  const image = container.image ?? ''
  return {
    ...resourceStatus(container),
    containerID: containerID(pod, container.name, restartCount),
    image: normalizedImage(image),
    imageID: imageID(image),
    lastState: previous === undefined ? {} : { terminated: previous },
    name: container.name,
    // Both are settled in the same step, by the probes.
    ready: false,
    started: false,
    restartCount,
    state: { running: { startedAt: timestamp(startedAt) } },
    user: userStatus(pod, container),
    ...volumeMountStatus(container),
  }
}

/** A running container's status once it ended. */
export function ended(
  status: ContainerStatus,
  exitCode: number,
  endedAt: number,
  message: string | undefined,
  reason: string = exitCode === 0 ? 'Completed' : 'Error',
): ContainerStatus {
  const terminated: ContainerStateTerminated = {
    containerID: status.containerID,
    exitCode,
    finishedAt: timestamp(endedAt),
    ...(message === undefined ? {} : { message }),
    reason,
    startedAt: status.state?.running?.startedAt,
  }
  return { ...status, ready: false, started: false, state: { terminated } }
}

export function resourceStatus(container: Container): Pick<ContainerStatus, 'allocatedResources' | 'resources'> {
  const { requests, limits } = container.resources ?? {}
  return {
    ...(requests === undefined ? {} : { allocatedResources: requests }),
    resources: { ...(limits === undefined ? {} : { limits }), ...(requests === undefined ? {} : { requests }) },
  }
}

/** As whom it runs. The images are those of root. Upstream: containerd's toCRIContainerUser. */
function userStatus(pod: Pod, container: Container): ContainerUser {
  const own = container.securityContext
  const { runAsUser, runAsGroup, fsGroup, supplementalGroups = [] } = pod.spec.securityContext ?? {}
  const gid = own?.runAsGroup ?? runAsGroup ?? 0
  const groups = [gid, ...(fsGroup === undefined ? [] : [fsGroup]), ...supplementalGroups]
  return { linux: { gid, supplementalGroups: [...new Set(groups)].sort((a, b) => a - b), uid: own?.runAsUser ?? runAsUser ?? 0 } }
}

function volumeMountStatus(container: Container): Pick<ContainerStatus, 'volumeMounts'> {
  if (container.volumeMounts === undefined || container.volumeMounts.length === 0) return {}
  return {
    volumeMounts: container.volumeMounts.map(({ mountPath, name, readOnly, recursiveReadOnly }) =>
      readOnly === true
        ? { mountPath, name, readOnly, recursiveReadOnly: isRecursive(recursiveReadOnly) ? 'Enabled' : 'Disabled' }
        : { mountPath, name },
    ),
  }
}

function isRecursive(mode: string | undefined): boolean {
  return mode === 'Enabled' || mode === 'IfPossible'
}
