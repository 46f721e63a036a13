/**
 * What a simulated container does: how long it runs, how it ends, what it prints. Behind an interface, so that richer
 * runtimes can stand in. Implementations must be deterministic: the same attempt is asked about many times, also after
 * a restart of the process, and the answers must agree.
 */
import type { Container, Pod } from '../api/types.gen.ts'
import { behaviourAnnotations } from './behaviour-annotations.ts'
import { environmentOf, expandReferences } from './container-environment.ts'
import { declaredLog } from './declared-log.ts'
import type { Failing } from './probe-course.ts'
import { isKnownCommand, type LogWindow, type PredictedLog, type Prediction, predictCommand, predictLog } from './shell.ts'
import type { Chunk } from './shell-output.ts'

export interface Attempt {
  /** How often the container was restarted before: 0 on its first run. */
  readonly restartCount: number
  /** Milliseconds since the epoch. */
  readonly startedAt: number
}

export interface ContainerOutcome {
  readonly runsForMs: number | 'forever'
  readonly exitCode: number
  /** With what it ends when it is told to stop before its time. */
  readonly stopExitCode: number
  /** The end of what it prints. */
  readonly printed: readonly Chunk[]
  /** What it leaves in its termination log. */
  readonly terminationMessage: string | undefined
}

export interface ContainerRuntime {
  outcome(pod: Pod, container: Container, attempt: Attempt): ContainerOutcome
  /** When a command that is run beside the container, as probes do, fails. */
  failuresOf(pod: Pod, container: Container, attempt: Attempt, command: readonly string[]): readonly Failing[]
  /** What an attempt prints up to some time, and how far that is known; it may hold more than was asked for. */
  log(pod: Pod, container: Container, attempt: Attempt, window: LogWindow): PredictedLog
}

/** A batch program that nobody knows: long enough to be seen running, short enough not to wait for. */
const BATCH_MS = 1000
const UNKNOWN_BATCH: Prediction = { runsForMs: BATCH_MS, exitCode: 0, printed: [], files: new Map(), absences: [] }
const UNKNOWN_SERVER: Prediction = { ...UNKNOWN_BATCH, runsForMs: 'forever' }
/** 128 + SIGTERM: of programs that don't handle the signal. Servers do, and end with 0. */
const EXIT_TERMINATED = 143

/** What hooks and probes come to when nobody knows them. */
export const QUICK: Prediction = { ...UNKNOWN_BATCH, runsForMs: 0 }

const REMEMBERED_LIMIT = 1000

export class SimulatedRuntime implements ContainerRuntime {
  /** By command line: pods of one template share theirs, and each is asked about several times. */
  readonly #remembered = new Map<string, Prediction>()

  outcome(pod: Pod, container: Container, attempt: Attempt): ContainerOutcome {
    const behaviour = behaviourAnnotations(pod, container.name)
    const { isBatch, environment, argv, isKnown } = commandOf(pod, container)
    const prediction = this.#predict(argv, isKnown, environment, isBatch, attempt)
    const codes = behaviour.exitCodes
    const exitCode = codes?.[Math.min(attempt.restartCount, codes.length - 1)] ?? prediction.exitCode
    // An exit code makes sense only for a container that ends.
    const ownTime = codes !== undefined && prediction.runsForMs === 'forever' ? BATCH_MS : prediction.runsForMs
    return {
      runsForMs: behaviour.runsForMs ?? ownTime,
      exitCode,
      stopExitCode: isKnown || isBatch ? EXIT_TERMINATED : 0,
      printed:
        behaviour.log === undefined ? prediction.printed : declaredLog(behaviour.log, attempt.startedAt, { fromMs: 0, untilMs: 0 }).printed,
      terminationMessage: behaviour.terminationMessage ?? prediction.files.get(container.terminationMessagePath ?? '/dev/termination-log'),
    }
  }

  log(pod: Pod, container: Container, attempt: Attempt, window: LogWindow): PredictedLog {
    const { log } = behaviourAnnotations(pod, container.name)
    if (log !== undefined) return declaredLog(log, attempt.startedAt, window)
    const { isBatch, environment, argv, isKnown } = commandOf(pod, container)
    if (!isKnown) return { printed: [], knownUntilMs: 'forever' }
    const context = { environment, unknownCommand: isBatch ? UNKNOWN_BATCH : UNKNOWN_SERVER, now: attempt.startedAt }
    return predictLog(argv, context, window)
  }

  failuresOf(pod: Pod, container: Container, attempt: Attempt, command: readonly string[]): readonly Failing[] {
    const { isBatch, environment, argv, isKnown } = commandOf(pod, container)
    const { absences } = this.#predict(argv, isKnown, environment, isBatch, attempt)
    const missing = absences.filter(({ path }) => command.some((word) => word.split(/[\s;&|]+/).includes(path)))
    if (missing.length > 0) return missing
    const { exitCode } = predictCommand(command, { environment, unknownCommand: QUICK, now: attempt.startedAt })
    return exitCode === 0 ? [] : [{ fromMs: 0, toMs: Number.POSITIVE_INFINITY }]
  }

  #predict(
    argv: readonly string[],
    isKnown: boolean,
    environment: Readonly<Record<string, string>>,
    isBatch: boolean,
    attempt: Attempt,
  ): Prediction {
    const unknownCommand = isBatch ? UNKNOWN_BATCH : UNKNOWN_SERVER
    if (!isKnown) return unknownCommand
    const usesTime = argv.some((word) => word.includes('date'))
    const key = JSON.stringify([isBatch, argv, environment, usesTime ? attempt.startedAt : 0])
    let prediction = this.#remembered.get(key)
    if (prediction === undefined) {
      prediction = predictCommand(argv, { environment, unknownCommand, now: attempt.startedAt })
      if (this.#remembered.size >= REMEMBERED_LIMIT) this.#remembered.clear()
      this.#remembered.set(key, prediction)
    }
    return prediction
  }
}

interface Command {
  readonly isBatch: boolean
  readonly environment: Readonly<Record<string, string>>
  readonly argv: readonly string[]
  readonly isKnown: boolean
}

function commandOf(pod: Pod, container: Container): Command {
  const own = environmentOf(pod, container)
  const argv = commandLine(container, own)
  // Only to those who ask: pods of one template share what is foretold of them.
  const asksForName = argv.some((word) => /hostname|\benv\b/i.test(word))
  const environment = asksForName ? { HOSTNAME: pod.spec.hostname ?? pod.metadata.name, ...own } : own
  return { isBatch: isBatchContainer(pod, container), environment, argv, isKnown: argv.length > 0 && isKnownCommand(argv) }
}

/** Meant to end by itself: a Job's container, or one that must end before the others start. */
function isBatchContainer(pod: Pod, container: Container): boolean {
  const isInit = pod.spec.initContainers?.some(({ name }) => name === container.name) ?? false
  if (isInit) return container.restartPolicy !== 'Always'
  return pod.metadata.ownerReferences?.some((owner) => owner.kind === 'Job' && owner.controller === true) ?? false
}

/** With `$(NAME)` replaced as the kubelet does. Arguments alone count as a command if they look like one: the image may have no entrypoint. */
function commandLine(container: Container, environment: Readonly<Record<string, string>>): string[] {
  const command = container.command ?? []
  const args = container.args ?? []
  const argv = command.length > 0 ? [...command, ...args] : isKnownCommand(args) ? args : []
  return argv.map((word) => expandReferences(word, environment))
}
