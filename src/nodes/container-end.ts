/** How and when a run of a container ends: by itself, for lack of memory, or because a probe or a hook failed. */
import type { Container, Pod } from '../api/types.gen.ts'
import { behaviourAnnotations } from './behaviour-annotations.ts'
import type { Attempt, ContainerOutcome, ContainerRuntime } from './container-behaviour.ts'
import type { ProbeOutcome } from './container-probes.ts'
import type { ContainerRole } from './restart-rule.ts'
import { predictHook, stopDelayMs } from './stop-delay.ts'

/** 128 + SIGKILL */
export const EXIT_KILLED = 137

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
  /** What was found wrong, when a probe didn't say so. */
  readonly warning?: { readonly reason: string; readonly message: string }
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
  const { startedAt } = attempt
  const ends: ContainerEnd[] = []
  if (outcome.runsForMs !== 'forever') ends.push({ at: startedAt + outcome.runsForMs, exitCode: outcome.exitCode })
  const { oomAfterMs } = behaviourAnnotations(pod, container.name)
  if (oomAfterMs !== undefined) ends.push({ at: startedAt + oomAfterMs, exitCode: EXIT_KILLED, reason: 'OOMKilled' })
  const kill = killOf(pod, container, role, startedAt, probes)
  if (kill !== undefined) {
    const graceSeconds = probes.kill?.graceSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30
    const delayMs = stopDelayMs(pod, container)
    const isTooLate = delayMs > graceSeconds * 1000
    ends.push({ at: kill.at + Math.min(delayMs, graceSeconds * 1000), exitCode: isTooLate ? EXIT_KILLED : outcome.stopExitCode, kill })
  }
  return ends.sort((a, b) => a.at - b.at)[0]
}

function killOf(pod: Pod, container: Container, role: ContainerRole, startedAt: number, probes: ProbeOutcome): Kill | undefined {
  const hookFailsAt = postStartFailsAt(pod, container, startedAt)
  if (hookFailsAt !== undefined && !(probes.kill !== undefined && probes.kill.at < hookFailsAt)) {
    const warning = { reason: 'FailedPostStartHook', message: 'PostStartHook failed' }
    return { at: hookFailsAt, message: 'FailedPostStartHook', restarts: false, warning }
  }
  if (probes.kill === undefined) return undefined
  // The rules for exit codes are for containers that end by themselves. Upstream: kuberuntime_manager.go computePodActions.
  const restarts = (container.restartPolicy ?? pod.spec.restartPolicy ?? 'Always') !== 'Never'
  const who = `${role === 'sidecar' ? 'Init container' : 'Container'} ${container.name}`
  const isTold = restarts && role !== 'sidecar'
  return { at: probes.kill.at, message: `${who} failed ${probes.kill.probe} probe${isTold ? ', will be restarted' : ''}`, restarts }
}

function postStartFailsAt(pod: Pod, container: Container, startedAt: number): number | undefined {
  const hook = container.lifecycle?.postStart
  if (hook === undefined) return undefined
  const { runsForMs, exitCode } = hook.exec?.command === undefined ? { runsForMs: 0, exitCode: 0 } : predictHook(hook.exec.command)
  if (runsForMs === 'forever') return undefined
  return exitCode !== 0 || behaviourAnnotations(pod, container.name).failsPostStart ? startedAt + runsForMs : undefined
}

/** Upstream: MaxContainerTerminationMessageLength, …LogLength, …LogLines. */
const MESSAGE_LIMIT = 4096
const LOG_LIMIT = 2048
const LOG_LINES = 80

/** What is told of how it ended: what it left, or else, if it asks for that and failed, the end of its log. */
export function terminationMessage(
  runtime: ContainerRuntime,
  pod: Pod,
  container: Container,
  attempt: Attempt,
  outcome: ContainerOutcome,
  { at, exitCode }: ContainerEnd,
): string | undefined {
  if (outcome.terminationMessage) return outcome.terminationMessage.slice(0, MESSAGE_LIMIT)
  if (container.terminationMessagePolicy !== 'FallbackToLogsOnError' || exitCode === 0) return undefined
  const ranForMs = at - attempt.startedAt
  const { printed } = runtime.log(pod, container, attempt, { fromMs: ranForMs, untilMs: ranForMs })
  const text = printed.flatMap((chunk) => (chunk.atMs <= ranForMs ? [chunk.text] : [])).join('')
  const lines = text.split(/(?<=\n)/)
  return lines.slice(-LOG_LINES).join('').slice(-LOG_LIMIT) || undefined
}
