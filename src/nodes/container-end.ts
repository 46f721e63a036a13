/** How and when a run of a container ends: by itself, for lack of memory, or because a probe failed. */
import type { Container, Pod } from '../api/types.gen.ts'
import { behaviourAnnotations } from './behaviour-annotations.ts'
import type { Attempt, ContainerOutcome, ContainerRuntime } from './container-behaviour.ts'
import type { ProbeOutcome } from './container-probes.ts'
import { EXIT_KILLED, stopCourse } from './container-stop.ts'
import type { ContainerRole } from './restart-rule.ts'

export interface ContainerEnd {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly exitCode: number
  /** When that doesn't follow from the exit code. */
  readonly reason?: 'OOMKilled'
  readonly kill?: Kill
}

export interface Kill {
  /** When the container is told to stop. */
  readonly at: number
  readonly message: string
  /** It is started again whatever its exit code. */
  readonly restarts: boolean
  readonly hookFailsAt: number | undefined
}

/** undefined for a run without an end. */
export function endOf(
  pod: Pod,
  container: Container,
  role: ContainerRole,
  attempt: Attempt,
  outcome: ContainerOutcome,
  probes: ProbeOutcome,
): ContainerEnd | undefined {
  const own = ownEndOf(pod, container, attempt, outcome)
  if (probes.kill === undefined) return own
  const graceSeconds = probes.kill.graceSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30
  const stop = stopCourse(pod, container, { at: probes.kill.at, graceSeconds, stopExitCode: outcome.stopExitCode })
  if (own !== undefined && own.at <= stop.endsAt) return own
  // The rules for exit codes are for containers that end by themselves. Upstream: kuberuntime_manager.go computePodActions.
  const restarts = (container.restartPolicy ?? pod.spec.restartPolicy ?? 'Always') !== 'Never'
  const who = `${role === 'sidecar' ? 'Init container' : 'Container'} ${container.name}`
  const isTold = restarts && role !== 'sidecar'
  const message = `${who} failed ${probes.kill.probe} probe${isTold ? ', will be restarted' : ''}`
  return { at: stop.endsAt, exitCode: stop.exitCode, kill: { at: probes.kill.at, message, restarts, hookFailsAt: stop.hookFailsAt } }
}

/** As it ends when nobody stops it. */
export function ownEndOf(pod: Pod, container: Container, { startedAt }: Attempt, outcome: ContainerOutcome): ContainerEnd | undefined {
  const { oomAfterMs } = behaviourAnnotations(pod, container.name)
  const oomAt = oomAfterMs === undefined ? Number.POSITIVE_INFINITY : startedAt + oomAfterMs
  const endsAt = outcome.runsForMs === 'forever' ? Number.POSITIVE_INFINITY : startedAt + outcome.runsForMs
  if (endsAt <= oomAt) return endsAt === Number.POSITIVE_INFINITY ? undefined : { at: endsAt, exitCode: outcome.exitCode }
  return { at: oomAt, exitCode: EXIT_KILLED, reason: 'OOMKilled' }
}

/** Upstream: MaxContainerTerminationMessageLength, …LogLength, …LogLines, MaxPodTerminationMessageLogLength. */
const MESSAGE_LIMIT = 4096
const POD_MESSAGE_LIMIT = 12 * 1024
const LOG_LIMIT = 2048
const LOG_LINES = 80

/** What is told of how it ended: what it left, or else, if it asks for that and failed, the end of its log. */
export function terminationMessage(
  runtime: ContainerRuntime,
  pod: Pod,
  container: Container,
  attempt: Attempt,
  outcome: ContainerOutcome,
  { at, exitCode }: Pick<ContainerEnd, 'at' | 'exitCode'>,
): string | undefined {
  // The containers of a pod share what all may say. Upstream: status_manager.go normalizeStatus.
  const { containers, initContainers = [], ephemeralContainers = [] } = pod.spec
  const share = Math.floor(POD_MESSAGE_LIMIT / (containers.length + initContainers.length + ephemeralContainers.length))
  const limit = Math.min(MESSAGE_LIMIT, share)
  if (outcome.terminationMessage) return outcome.terminationMessage.slice(0, limit)
  if (container.terminationMessagePolicy !== 'FallbackToLogsOnError' || exitCode === 0) return undefined
  const ranForMs = at - attempt.startedAt
  const { printed } = runtime.log(pod, container, attempt, { fromMs: ranForMs, untilMs: ranForMs })
  const text = printed.flatMap((chunk) => (chunk.atMs <= ranForMs ? [chunk.text] : [])).join('')
  const lines = text.split(/(?<=\n)/)
  return lines.slice(-LOG_LINES).join('').slice(-LOG_LIMIT).slice(0, limit) || undefined
}
