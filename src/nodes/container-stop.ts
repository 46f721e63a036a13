/** How a container ends that is told to: its preStop hook, its turn, the signal, what it takes then. Upstream: kuberuntime_container.go killContainer. */
import type { Container, Pod } from '../api/types.gen.ts'
import { behaviourAnnotations } from './behaviour-annotations.ts'
import { preStopHook } from './container-hooks.ts'

/** 128 + SIGKILL */
export const EXIT_KILLED = 137
/** However little grace is left, the signal has so long to be heeded. Upstream: minimumGracePeriodInSeconds. */
const LEAST_GRACE_SECONDS = 2

export interface Stop {
  /** When it is told to, in milliseconds since the epoch. */
  readonly at: number
  readonly graceSeconds: number
  /** With what it ends if it heeds the signal. */
  readonly stopExitCode: number
  /** When those have ended that end before it. */
  readonly awaits?: number
}

export interface StopCourse {
  readonly endsAt: number
  readonly exitCode: number
  readonly hookFailsAt: number | undefined
}

export function stopCourse(pod: Pod, container: Container, { at, graceSeconds, stopExitCode, awaits }: Stop): StopCourse {
  let secondsLeft = graceSeconds
  let signalAt = at
  /** Waits for `ms`, but no longer than the grace period; what is left of that is counted in whole seconds. */
  const spend = (ms: number) => {
    const spent = Math.min(ms, secondsLeft * 1000)
    signalAt += spent
    secondsLeft -= Math.floor(spent / 1000)
  }
  const hook = graceSeconds > 0 ? preStopHook(pod, container) : undefined
  const hookFailsAt = hook?.failure !== undefined && hook.takesMs <= graceSeconds * 1000 ? at + hook.takesMs : undefined
  if (hook !== undefined) spend(hook.takesMs)
  if (awaits !== undefined && awaits > signalAt && secondsLeft > 0) spend(awaits - signalAt)
  const limitMs = Math.max(secondsLeft, LEAST_GRACE_SECONDS) * 1000
  const delayMs = behaviourAnnotations(pod, container.name).stopDelayMs ?? 0
  return { endsAt: signalAt + Math.min(delayMs, limitMs), exitCode: delayMs > limitMs ? EXIT_KILLED : stopExitCode, hookFailsAt }
}
