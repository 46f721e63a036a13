/** What the cells of a pod's row say. Upstream: pkg/printers/internalversion/printers.go printPod. */
import { humanDuration } from '../../age.ts'
import { isConditionTrue } from '../../meta/conditions.ts'
import { parseTimestamp } from '../../meta/time.ts'
import type { Container, ContainerStateTerminated, ContainerStatus, Pod } from '../../types.gen.ts'
import { isSidecar } from './pod-resources.ts'

export interface PodSummary {
  /** `1/2` */
  readonly ready: string
  readonly status: string
  /** `3`, or `3 (10m ago)` */
  readonly restarts: string
}

/** The pod condition reason of the node lifecycle controller for pods of a node that is out of reach. */
const NODE_LOST = 'NodeLost'

interface Restarts {
  count: number
  /** milliseconds since the epoch; 0 when never */
  last: number
}

/** @param now milliseconds since the epoch */
export function summarizePod(pod: Pod, now: number): PodSummary {
  const { phase = '', conditions } = pod.status ?? {}
  let reason = pod.status?.reason || phase
  if (conditions?.some((condition) => condition.type === 'PodScheduled' && condition.reason === 'SchedulingGated')) {
    reason = 'SchedulingGated'
  }
  const init = summarizeInitContainers(pod)
  if (init.reason !== undefined) reason = init.reason
  let { restarts, readyCount } = init
  if (init.reason === undefined || isConditionTrue(conditions, 'Initialized')) {
    restarts = init.sidecarRestarts
    const main = summarizeContainers(pod, restarts)
    readyCount += main.readyCount
    if (main.reason !== undefined) reason = main.reason
    if (reason === 'Completed') {
      if (main.readyCount > 0 && isConditionTrue(conditions, 'Ready')) reason = 'Running'
      else reason = main.failure ?? (main.readyCount > 0 ? 'NotReady' : reason)
    }
  }
  if (pod.metadata.deletionTimestamp) {
    if (pod.status?.reason === NODE_LOST) reason = 'Unknown'
    else if (phase !== 'Succeeded' && phase !== 'Failed') reason = 'Terminating'
  }
  const total = (pod.spec.containers?.length ?? 0) + (pod.spec.initContainers?.filter(isSidecar).length ?? 0)
  return { ready: `${readyCount}/${total}`, status: reason, restarts: restartsText(restarts, now) }
}

function restartsText({ count, last }: Restarts, now: number): string {
  return count === 0 || last === 0 ? String(count) : `${count} (${humanDuration(now - last)} ago)`
}

function addRestarts(restarts: Restarts, status: ContainerStatus): void {
  restarts.count += status.restartCount ?? 0
  const finished = parseTimestamp(status.lastState?.terminated?.finishedAt)
  if (finished > restarts.last) restarts.last = finished
}

interface InitSummary {
  /** undefined when all init containers are through. */
  readonly reason: string | undefined
  readonly restarts: Restarts
  readonly sidecarRestarts: Restarts
  readonly readyCount: number
}

function summarizeInitContainers({ spec, status }: Pod): InitSummary {
  const containers = spec.initContainers ?? []
  const restarts: Restarts = { count: 0, last: 0 }
  const sidecarRestarts: Restarts = { count: 0, last: 0 }
  let readyCount = 0
  let reason: string | undefined
  for (const [i, container] of (status?.initContainerStatuses ?? []).entries()) {
    const isOfSidecar = containers.some((candidate: Container) => candidate.name === container.name && isSidecar(candidate))
    addRestarts(restarts, container)
    if (isOfSidecar) addRestarts(sidecarRestarts, container)
    const { terminated, waiting } = container.state ?? {}
    if (terminated?.exitCode === 0) continue
    if (isOfSidecar && container.started) {
      if (container.ready) readyCount++
      continue
    }
    if (terminated) reason = `Init:${terminationText(terminated)}`
    else if (waiting?.reason && waiting.reason !== 'PodInitializing') reason = `Init:${waiting.reason}`
    else reason = `Init:${i}/${containers.length}`
    break
  }
  return { reason, restarts, sidecarRestarts, readyCount }
}

interface MainSummary {
  readonly reason: string | undefined
  /** The reason of the first container that failed. */
  readonly failure: string | undefined
  readonly readyCount: number
}

/** From the last container to the first, so that the first one's reason is what stays. */
function summarizeContainers({ status }: Pod, restarts: Restarts): MainSummary {
  let reason: string | undefined
  let failure: string | undefined
  let readyCount = 0
  for (const container of [...(status?.containerStatuses ?? [])].reverse()) {
    addRestarts(restarts, container)
    const { waiting, terminated, running } = container.state ?? {}
    if (waiting?.reason) reason = waiting.reason
    else if (terminated) {
      reason = terminationText(terminated)
      if (terminated.exitCode !== 0) failure = reason
    } else if (container.ready && running) readyCount++
  }
  return { reason, failure, readyCount }
}

function terminationText({ reason, signal, exitCode }: ContainerStateTerminated): string {
  return reason || (signal ? `Signal:${signal}` : `ExitCode:${exitCode}`)
}
