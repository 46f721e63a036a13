/**
 * What a simulated container does: how long it runs, how it ends, what it prints. Behind an interface, so that richer
 * runtimes can stand in. Implementations must be deterministic: the same attempt is asked about many times, also after
 * a restart of the process, and the answers must agree.
 */
import type { Container, Pod } from '../api/types.gen.ts'
import { behaviourAnnotations } from './behaviour-annotations.ts'
import { environmentOf, expandReferences } from './container-environment.ts'
import { isKnownCommand, type Prediction, predictCommand } from './shell.ts'

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
  readonly output: string
}

export interface ContainerRuntime {
  outcome(pod: Pod, container: Container, attempt: Attempt): ContainerOutcome
}

/** A batch program that nobody knows: long enough to be seen running, short enough not to wait for. */
const BATCH_MS = 1000
const UNKNOWN_BATCH: Prediction = { runsForMs: BATCH_MS, exitCode: 0, output: '' }
const UNKNOWN_SERVER: Prediction = { runsForMs: 'forever', exitCode: 0, output: '' }
/** 128 + SIGTERM: of programs that don't handle the signal. Servers do, and end with 0. */
const EXIT_TERMINATED = 143

const REMEMBERED_LIMIT = 1000

export class SimulatedRuntime implements ContainerRuntime {
  /** By command line: pods of one template share theirs, and each is asked about several times. */
  readonly #remembered = new Map<string, Prediction>()

  outcome(pod: Pod, container: Container, attempt: Attempt): ContainerOutcome {
    const behaviour = behaviourAnnotations(pod, container.name)
    const isBatch = isBatchContainer(pod, container)
    const environment = environmentOf(pod, container)
    const argv = commandLine(container, environment)
    const isKnown = argv.length > 0 && isKnownCommand(argv)
    const prediction = this.#predict(argv, isKnown, environment, isBatch, attempt)
    const codes = behaviour.exitCodes
    const exitCode = codes?.[Math.min(attempt.restartCount, codes.length - 1)] ?? prediction.exitCode
    // An exit code makes sense only for a container that ends.
    const ownTime = codes !== undefined && prediction.runsForMs === 'forever' ? BATCH_MS : prediction.runsForMs
    return {
      runsForMs: behaviour.runsForMs ?? ownTime,
      exitCode,
      stopExitCode: isKnown || isBatch ? EXIT_TERMINATED : 0,
      output: prediction.output,
    }
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
