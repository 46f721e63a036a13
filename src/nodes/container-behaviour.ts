/**
 * What a simulated container does: how long it runs, how it ends, what it prints. Behind an interface, so that richer
 * runtimes can stand in. Implementations must be deterministic: the same attempt is asked about many times, also after
 * a restart of the process, and the answers must agree.
 */
import { parseTimestamp } from '../api/meta/time.ts'
import type { Container, Pod } from '../api/types.gen.ts'
import { behaviourAnnotations } from './behaviour-annotations.ts'
import { declaredLog } from './declared-log.ts'
import type { Failing } from './probe-course.ts'
import { configFault } from './references/config-fault.ts'
import { type EnvironmentOptions, expandReferences, type Variables } from './references/environment.ts'
import { pathInVolume } from './references/mounted-files.ts'
import { type RunSettings, SettingsOfRuns } from './references/run-settings.ts'
import type { ObjectReader } from './references/sources.ts'
import { type LogWindow, type PredictedLog, type Prediction, predictCommand, predictFiles, predictLog } from './shell.ts'
import type { Chunk } from './shell-output.ts'
import { isKnownCommand } from './shell-programs.ts'

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

export interface FileChanges {
  /** By path in the volume. */
  readonly written: ReadonlyMap<string, string>
  readonly removed: ReadonlySet<string>
}

export interface VolumeChanges {
  readonly volumes: ReadonlyMap<string, FileChanges>
  /** Since the attempt began. */
  readonly nextChangeMs: number | undefined
}

export interface ContainerRuntime {
  /** Why the container can't be made: something it refers to is missing, or it may not run as it is to. Of its next run. */
  configFault(pod: Pod, container: Container): string | undefined
  outcome(pod: Pod, container: Container, attempt: Attempt): ContainerOutcome
  /** When a command that is run beside the container, as probes do, fails. */
  failuresOf(pod: Pod, container: Container, attempt: Attempt, command: readonly string[]): readonly Failing[]
  /** What an attempt prints up to some time, and how far that is known; it may hold more than was asked for. */
  log(pod: Pod, container: Container, attempt: Attempt, window: LogWindow): PredictedLog
  /**
   * What an attempt has changed in the volumes of claims when it has run for so long, by the volume's name in the pod, and when it
   * changes anything the next time within a while; undefined when it changes nothing there.
   */
  fileChanges(pod: Pod, container: Container, attempt: Attempt, atMs: number): VolumeChanges | undefined
  /** The pod is gone: nobody will ask about it any more. @param pod NAMESPACE/NAME */
  forget(pod: string): void
}

/** A batch program that nobody knows: long enough to be seen running, short enough not to wait for. */
const BATCH_MS = 1000
const UNKNOWN_BATCH: Prediction = { runsForMs: BATCH_MS, exitCode: 0, printed: [], files: new Map(), absences: [] }
const UNKNOWN_SERVER: Prediction = { ...UNKNOWN_BATCH, runsForMs: 'forever' }
/** 128 + SIGTERM: of programs that don't handle the signal. Servers do, and end with 0. */
const EXIT_TERMINATED = 143

/** How far ahead changes of files are looked for, and so how often they are saved at most: less often, the longer it goes on. */
const SAVING_MS = 5000
const SAVING_SHARE = 0.1

/** What hooks and probes come to when nobody knows them. */
export const QUICK: Prediction = { ...UNKNOWN_BATCH, runsForMs: 0 }

const REMEMBERED_LIMIT = 1000

export class SimulatedRuntime implements ContainerRuntime {
  /** By command line: pods of one template share theirs, and each is asked about several times. */
  readonly #remembered = new Map<string, Prediction>()
  readonly #settings: SettingsOfRuns

  /** @param objects what containers may refer to; without it they don't get what would come out of it */
  constructor(objects?: ObjectReader) {
    this.#settings = new SettingsOfRuns(objects)
  }

  configFault(pod: Pod, container: Container): string | undefined {
    return configFault(pod, container, this.#settings.faultOf(pod, container, this.#fileOf(pod)))
  }

  forget(pod: string): void {
    this.#settings.forget(pod)
  }

  outcome(pod: Pod, container: Container, attempt: Attempt): ContainerOutcome {
    const behaviour = behaviourAnnotations(pod, container.name)
    const { isBatch, argv, isKnown, ...settings } = this.#commandOf(pod, container, attempt)
    const prediction = this.#predict(argv, isKnown, settings, isBatch, attempt)
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
    const { isBatch, variables, found, argv, isKnown } = this.#commandOf(pod, container, attempt)
    if (!isKnown) return { printed: [], knownUntilMs: 'forever' }
    const context = { environment: variables, found, unknownCommand: isBatch ? UNKNOWN_BATCH : UNKNOWN_SERVER, now: attempt.startedAt }
    return predictLog(argv, context, window)
  }

  failuresOf(pod: Pod, container: Container, attempt: Attempt, command: readonly string[]): readonly Failing[] {
    const { isBatch, variables, found, argv, isKnown } = this.#commandOf(pod, container, attempt)
    const { absences } = this.#predict(argv, isKnown, { variables, found }, isBatch, attempt)
    const missing = absences.filter(({ path }) => command.some((word) => word.split(/[\s;&|]+/).includes(path)))
    if (missing.length > 0) return missing
    const { exitCode } = predictCommand(command, { environment: variables, found, unknownCommand: QUICK, now: attempt.startedAt })
    return exitCode === 0 ? [] : [{ fromMs: 0, toMs: Number.POSITIVE_INFINITY }]
  }

  #predict(argv: readonly string[], isKnown: boolean, { variables, found }: RunSettings, isBatch: boolean, attempt: Attempt): Prediction {
    const unknownCommand = isBatch ? UNKNOWN_BATCH : UNKNOWN_SERVER
    if (!isKnown) return unknownCommand
    const usesTime = argv.some((word) => word.includes('date'))
    const key = JSON.stringify([isBatch, argv, variables, [...found.files], found.roots, usesTime ? attempt.startedAt : 0])
    let prediction = this.#remembered.get(key)
    if (prediction === undefined) {
      prediction = predictCommand(argv, { environment: variables, found, unknownCommand, now: attempt.startedAt })
      if (this.#remembered.size >= REMEMBERED_LIMIT) this.#remembered.clear()
      this.#remembered.set(key, prediction)
    }
    return prediction
  }

  #commandOf(pod: Pod, container: Container, attempt: Attempt): Command {
    const written = (volume: string) => this.#writtenBefore(pod, container, attempt, volume)
    const { variables: own, found } = this.#settings.of(pod, container, attempt.restartCount, this.#fileOf(pod), written)
    const argv = commandLine(container, own)
    // Only to those who ask: pods of one template share what is foretold of them.
    const asksForName = argv.some((word) => /hostname|\benv\b/i.test(word))
    const variables = asksForName ? { HOSTNAME: pod.spec.hostname ?? pod.metadata.name, ...own } : own
    return { isBatch: isBatchContainer(pod, container), variables, found, argv, isKnown: argv.length > 0 && isKnownCommand(argv) }
  }

  fileChanges(pod: Pod, container: Container, attempt: Attempt, atMs: number): VolumeChanges | undefined {
    const { isBatch, variables, found, argv, isKnown } = this.#commandOf(pod, container, attempt)
    if (!isKnown || found.roots.length === 0) return undefined
    const context = { environment: variables, found, unknownCommand: isBatch ? UNKNOWN_BATCH : UNKNOWN_SERVER, now: attempt.startedAt }
    const { written, removed, nextChangeMs } = predictFiles(argv, context, atMs, Math.max(SAVING_MS, atMs * SAVING_SHARE))
    return { volumes: byVolume(container, variables, written, removed), nextChangeMs }
  }

  /** By path in the volume: what the init containers before this one leave there, and its own run that ends as this one begins. */
  #writtenBefore(pod: Pod, container: Container, attempt: Attempt, volume: string): ReadonlyMap<string, string> {
    const files = new Map<string, string>()
    const add = (writer: Container, run: Attempt, endedAt: number) => {
      if (!writer.volumeMounts?.some(({ name }) => name === volume)) return
      const { isBatch, argv, isKnown, variables, found } = this.#commandOf(pod, writer, run)
      if (!isKnown) return
      const context = { environment: variables, found, unknownCommand: isBatch ? UNKNOWN_BATCH : UNKNOWN_SERVER, now: run.startedAt }
      const { written } = predictFiles(argv, context, endedAt - run.startedAt, 0)
      for (const [path, text] of byVolume(writer, variables, written, new Set()).get(volume)?.written ?? []) files.set(path, text)
    }
    const { initContainers = [] } = pod.spec
    for (const earlier of initContainers.slice(0, indexOrLength(initContainers, container))) {
      const ended = pod.status?.initContainerStatuses?.find(({ name }) => name === earlier.name)
      const startedAt = parseTimestamp(ended?.state?.terminated?.startedAt ?? pod.status?.startTime) || 0
      add(earlier, { restartCount: ended?.restartCount ?? 0, startedAt }, Number.POSITIVE_INFINITY)
    }
    const { initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {}
    const own = [...initContainerStatuses, ...containerStatuses].find(({ name }) => name === container.name)
    const running = own?.state?.running
    // Of a run that has ended before, everything is saved.
    const isNews = running !== undefined || (own?.lastState?.terminated ?? own?.state?.terminated) === undefined
    if (attempt.restartCount > 0 && isNews && (own?.restartCount ?? 0) === attempt.restartCount - 1) {
      const startedAt = parseTimestamp(running?.startedAt ?? pod.status?.startTime) || 0
      add(container, { restartCount: attempt.restartCount - 1, startedAt }, attempt.startedAt)
    }
    return files
  }

  /** What the pod's init containers write to its volumes. */
  #fileOf(pod: Pod): EnvironmentOptions['fileOf'] {
    return (volume, path) => {
      let isAllKnown = true
      for (const container of pod.spec.initContainers?.toReversed() ?? []) {
        const mount = container.volumeMounts?.find(({ name }) => name === volume)
        if (mount === undefined) continue
        const attempt = { restartCount: 0, startedAt: 0 }
        const { isBatch, argv, isKnown, ...settings } = this.#commandOf(pod, container, attempt)
        const file = this.#predict(argv, isKnown, settings, isBatch, attempt).files.get(`${mount.mountPath.replace(/\/+$/, '')}/${path}`)
        if (file !== undefined) return { text: file }
        isAllKnown &&= isKnown
      }
      return isAllKnown ? 'missing' : undefined
    }
  }
}

function byVolume(
  container: Container,
  variables: Variables,
  written: ReadonlyMap<string, string>,
  removed: ReadonlySet<string>,
): ReadonlyMap<string, FileChanges> {
  const volumes = new Map<string, { written: Map<string, string>; removed: Set<string> }>()
  const into = (path: string, change: (changes: { written: Map<string, string>; removed: Set<string> }, path: string) => void) => {
    const place = pathInVolume(container, path, variables)
    if (place === undefined) return
    const changes = volumes.get(place.volume) ?? { written: new Map(), removed: new Set() }
    volumes.set(place.volume, changes)
    change(changes, place.path)
  }
  for (const [path, text] of written) into(path, (changes, inside) => changes.written.set(inside, text))
  for (const path of removed) into(path, (changes, inside) => changes.removed.add(inside))
  return volumes
}

function indexOrLength(containers: readonly Container[], { name }: Container): number {
  const index = containers.findIndex((each) => each.name === name)
  return index < 0 ? containers.length : index
}

interface Command extends RunSettings {
  readonly isBatch: boolean
  readonly argv: readonly string[]
  readonly isKnown: boolean
}

/** Meant to end by itself: a Job's container, or one that must end before the others start. */
function isBatchContainer(pod: Pod, container: Container): boolean {
  const isInit = pod.spec.initContainers?.some(({ name }) => name === container.name) ?? false
  if (isInit) return container.restartPolicy !== 'Always'
  return pod.metadata.ownerReferences?.some((owner) => owner.kind === 'Job' && owner.controller === true) ?? false
}

/** With `$(NAME)` replaced as the kubelet does. Arguments alone count as a command if they look like one: the image may have no entrypoint. */
function commandLine(container: Container, environment: Variables): string[] {
  const command = container.command ?? []
  const args = container.args ?? []
  const argv = command.length > 0 ? [...command, ...args] : isKnownCommand(args) ? args : []
  return argv.map((word) => expandReferences(word, environment))
}
