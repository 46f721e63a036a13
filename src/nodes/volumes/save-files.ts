/** What a pod's containers have written to its claims' volumes goes into these: as it comes, and when a container has ended. */
import { FILES } from '../../api/core/v1/volume-annotations.ts'
import { parseTimestamp } from '../../api/meta/time.ts'
import type { Container, ContainerStateTerminated, ContainerStatus, PersistentVolume, Pod, PodStatus } from '../../api/types.gen.ts'
import type { Action } from '../../runtime/plan.ts'
import type { Attempt, ContainerRuntime, FileChanges } from '../container-behaviour.ts'
import { type ObjectReader, sourcesOf } from '../references/sources.ts'
import { claimedVolume, isClaimed } from '../references/volume-files.ts'
import { annotationAfter, runOf } from './volume-data.ts'

export interface SavedFiles {
  readonly actions: readonly Action[]
  /** When there is more to save, in milliseconds since the epoch. */
  readonly wakeAt: number | undefined
}

interface Run extends Attempt {
  readonly container: Container
  /** undefined while it runs. */
  readonly finishedAt: number | undefined
}

/**
 * @param pod as it was stored, with the status of the last look
 * @param status what it is now
 */
export function saveFiles(
  pod: Pod,
  status: PodStatus,
  runtime: ContainerRuntime,
  objects: ObjectReader | undefined,
  now: number,
): SavedFiles {
  const claimed = (pod.spec.volumes ?? []).filter(isClaimed)
  if (objects === undefined || claimed.length === 0) return { actions: [], wakeAt: undefined }
  const sources = sourcesOf(pod, objects)
  const changes = new Map<PersistentVolume, (FileChanges & { run: string })[]>()
  let wakeAt: number | undefined
  for (const run of runsOf(pod, status)) {
    const made = runtime.fileChanges({ ...pod, status }, run.container, run, (run.finishedAt ?? now) - run.startedAt)
    if (made === undefined) continue
    if (run.finishedAt === undefined && made.nextChangeMs !== undefined) {
      wakeAt = Math.min(wakeAt ?? Number.POSITIVE_INFINITY, run.startedAt + made.nextChangeMs)
    }
    for (const volume of claimed) {
      const inside = made.volumes.get(volume.name)
      const stored = inside && claimedVolume(pod, volume, sources)
      if (stored === undefined) continue
      changes.set(stored, [...(changes.get(stored) ?? []), { ...inside!, run: runOf(pod, run.container, run.restartCount) }])
    }
  }
  return { actions: [...changes].flatMap(([volume, made]) => patchOf(volume, annotationAfter(volume, made))), wakeAt }
}

function patchOf({ metadata }: PersistentVolume, value: string | undefined): Action[] {
  if (value === undefined) return []
  const { name, uid, resourceVersion } = metadata
  // Refused if another container wrote meanwhile: then all is looked at again.
  const patch = { metadata: { uid, resourceVersion, annotations: { [FILES]: value } } }
  return [{ verb: 'patch', target: { resource: 'persistentvolumes', namespace: '', name }, patch }]
}

/** Those under way, and those that ended since the last look: what others wrote is saved. */
function runsOf(pod: Pod, status: PodStatus): Run[] {
  const { containers, initContainers = [] } = pod.spec
  return [...initContainers, ...containers].flatMap((container) => {
    const of = ({ containerStatuses = [], initContainerStatuses = [] }: PodStatus): ContainerStatus | undefined =>
      [...initContainerStatuses, ...containerStatuses].find(({ name }) => name === container.name)
    const [after, before] = [of(status), of(pod.status ?? {})]
    if (after === undefined) return []
    const { restartCount, state, lastState, containerID } = after
    const known = [before?.state?.terminated?.containerID, before?.lastState?.terminated?.containerID]
    const ended = (terminated: ContainerStateTerminated | undefined, count: number): Run[] => {
      if (!terminated?.containerID || known.includes(terminated.containerID)) return []
      const times = { startedAt: parseTimestamp(terminated.startedAt), finishedAt: parseTimestamp(terminated.finishedAt) }
      return [{ container, restartCount: count, ...times }]
    }
    const running: Run[] =
      state?.running === undefined
        ? []
        : [{ container, restartCount, startedAt: parseTimestamp(state.running.startedAt), finishedAt: undefined }]
    const last = lastState?.terminated
    const lastCount = restartCount - (last?.containerID === containerID ? 0 : 1)
    return [...ended(last, lastCount), ...ended(state?.terminated, restartCount), ...running]
  })
}
