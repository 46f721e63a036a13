/** What simulated containers print, for whoever serves it. */
import type { Container, Pod } from '../types.gen.ts'

/** One run of a container. */
export interface ContainerRun {
  readonly restartCount: number
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  /** undefined while it runs. */
  readonly finishedAt: number | undefined
}

export interface LogLine {
  /** When it was printed, in milliseconds since the epoch. */
  readonly at: number
  /** With its line break, which only the last line of a run may lack. */
  readonly text: string
}

export interface ReadLog {
  /** In order; of very long logs the end. May reach beyond the time asked about, up to the end of the run. */
  readonly lines: readonly LogLine[]
  /** What is printed later has to be asked for again; undefined when nothing is. */
  readonly knownUntil: number | undefined
}

/** Nothing of this is stored: it is worked out when it is asked for, and is the same each time. */
export interface ContainerLogs {
  /** @param until milliseconds since the epoch */
  read(pod: Pod, container: Container, run: ContainerRun, until: number): ReadLog
}
