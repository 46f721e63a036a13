/** The part of a pod's life before its containers run, and the sidecars that go on. Upstream: kuberuntime_container.go computeInitContainerActions. */
import { parseTimestamp } from '../api/meta/time.ts'
import type { Container, ContainerStateTerminated, ContainerStatus, PodStatus } from '../api/types.gen.ts'
import { probeOutcome } from './container-probes.ts'
import { isOfAnotherBoot, type StepContext, stepContainer } from './container-step.ts'
import { RESTARTING_ALL } from './restart-all.ts'
import { initRole } from './restart-rule.ts'

export interface InitProgress {
  readonly statuses: ContainerStatus[]
  /** The other containers may run. */
  readonly isDone: boolean
  readonly doneAt: number
}

/** In order, each when the one before it ended well or, if it is a sidecar, has started. */
export function stepInitContainers(context: StepContext, base: PodStatus): InitProgress {
  const containers = context.pod.spec.initContainers ?? []
  const statuses = [...(base.initContainerStatuses ?? [])]
  let stageStartsAt = context.stageStartsAt
  // What was got through before is not waited for again: sidecars are looked after, the others never run again.
  const reached = reachedIndex(context, base)
  for (const [index, container] of containers.entries()) {
    const role = initRole(container)
    const before = statuses[index]!
    if (role === 'sidecar' || index >= reached) {
      statuses[index] = stepContainer({ ...context, stageStartsAt }, container, role, before)
    }
    const { state, started } = statuses[index]!
    if (role === 'sidecar') {
      // In a later run it holds up nobody, and of the last one is told when the others could start.
      if (index < reached && index < containers.length - 1) continue
      if (index >= reached && started !== true) return { statuses, isDone: false, doneAt: 0 }
      stageStartsAt = Math.max(stageStartsAt, startedUpAt(context, container, statuses[index]!) ?? stageStartsAt)
      continue
    }
    const end = state?.terminated
    if (index >= reached && end?.exitCode !== 0) return { statuses, isDone: false, doneAt: 0 }
    if (end?.finishedAt) stageStartsAt = Math.max(stageStartsAt, parseTimestamp(end.finishedAt))
  }
  return { statuses, isDone: true, doneAt: stageStartsAt }
}

/** When a container that runs had its postStart hook and its startup probe behind it. */
function startedUpAt(
  { pod, runtime, now }: StepContext,
  container: Container,
  { state, restartCount }: ContainerStatus,
): number | undefined {
  if (state?.running === undefined) return undefined
  const startedAt = parseTimestamp(state.running.startedAt)
  const probes = probeOutcome({ pod, container, runtime, startedAt, restartCount, now, lookedAt: now })
  return probes.startedAt
}

/** The first init container that isn't known to be done with; all are, while one of the pod's containers runs. */
function reachedIndex(context: StepContext, { initContainerStatuses = [], containerStatuses = [] }: PodStatus): number {
  if (containerStatuses.some(({ state }) => state?.running)) return initContainerStatuses.length
  const isOfNow = (end: ContainerStateTerminated | undefined) =>
    end !== undefined && end.reason !== RESTARTING_ALL && end.reason !== 'Unknown' && !isOfAnotherBoot(context, end)
  return Math.max(
    0,
    initContainerStatuses.findLastIndex(
      ({ state, lastState }) => state?.running || isOfNow(state?.terminated) || isOfNow(lastState?.terminated),
    ),
  )
}
