/** The logs of simulated containers, as a container runtime would have written them: in lines, each with its time. */
import type { ContainerLogs, ContainerRun, LogLine, ReadLog } from '../api/simulation/container-logs.ts'
import type { Container, Pod } from '../api/types.gen.ts'
import type { ContainerRuntime } from './container-behaviour.ts'
import type { Chunk } from './shell-output.ts'

/** Logs that go on are worked out so far ahead, that whoever follows them needn't have it done for every line. */
const AHEAD_MS = 10 * 60_000
const REMEMBERED_LIMIT = 50

interface Known {
  readonly printed: readonly Chunk[]
  readonly knownUntilMs: number | 'forever'
}

export class SimulatedLogs implements ContainerLogs {
  readonly #runtime: ContainerRuntime
  readonly #behaving: (pod: Pod) => Pod
  /** By run, the one asked about last at the end. */
  readonly #remembered = new Map<string, Known>()

  /** @param behaving the pod with what it inherits */
  constructor(runtime: ContainerRuntime, behaving: (pod: Pod) => Pod = (pod) => pod) {
    this.#runtime = runtime
    this.#behaving = behaving
  }

  read(stored: Pod, container: Container, run: ContainerRun, until: number): ReadLog {
    const pod = this.#behaving(stored)
    const { startedAt, finishedAt } = run
    // Stored times have whole seconds: the run may have ended anywhere in its last one.
    const end = finishedAt === undefined ? Number.POSITIVE_INFINITY : finishedAt + 999
    const { printed, knownUntilMs } = this.#known(pod, container, run, Math.min(until, end) - startedAt)
    const lines = linesOf(printed, startedAt, end)
    const isAllKnown = knownUntilMs === 'forever' || startedAt + knownUntilMs >= end
    return { lines, knownUntil: isAllKnown ? undefined : startedAt + knownUntilMs }
  }

  #known(pod: Pod, container: Container, run: ContainerRun, untilMs: number): Known {
    const { restartCount, startedAt } = run
    const key = JSON.stringify([pod.metadata.uid, container.name, restartCount, startedAt, pod.metadata.annotations])
    let known = this.#remembered.get(key)
    this.#remembered.delete(key)
    if (known === undefined || (known.knownUntilMs !== 'forever' && known.knownUntilMs < untilMs)) {
      known = this.#runtime.log(pod, container, { restartCount, startedAt }, { fromMs: untilMs, untilMs: untilMs + AHEAD_MS })
    }
    this.#remembered.set(key, known)
    if (this.#remembered.size > REMEMBERED_LIMIT) this.#remembered.delete(this.#remembered.keys().next().value!)
    return known
  }
}

/** Text without a line break waits for one, or for the end. Upstream: containerd's redirectLogs. */
function linesOf(printed: readonly Chunk[], startedAt: number, end: number): LogLine[] {
  const lines: LogLine[] = []
  let pending = ''
  for (const { atMs, text } of printed) {
    const at = startedAt + atMs
    if (at > end) break
    const parts = (pending + text).split('\n')
    pending = parts.pop()!
    for (const part of parts) lines.push({ at, text: `${part}\n` })
  }
  if (pending !== '' && end !== Number.POSITIVE_INFINITY) lines.push({ at: end, text: pending })
  return lines
}
