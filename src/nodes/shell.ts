/** Foretells what a shell script or command does, without running it: how long it takes, how it ends, what it prints, what it writes. */
import type { Absence, FoundFiles } from './shell-files.ts'
import { Interpreter } from './shell-interpreter.ts'
import type { Chunk } from './shell-output.ts'

export interface Prediction {
  readonly runsForMs: number | 'forever'
  readonly exitCode: number
  /** The end of what is printed to the container's log; of a loop without end, what its first round prints. */
  readonly printed: readonly Chunk[]
  /** What was written where. */
  readonly files: ReadonlyMap<string, string>
  /** When files that it removed were not there. */
  readonly absences: readonly Absence[]
}

/** A log that is followed for longer than it takes to see what becomes of the command. */
export interface LogWindow {
  /** Since the command began; what is printed long before it may be left out. */
  readonly fromMs: number
  readonly untilMs: number
}

export interface PredictedLog {
  readonly printed: readonly Chunk[]
  /** Nothing is known of what comes after; `forever` when nothing does. */
  readonly knownUntilMs: number | 'forever'
}

export interface ShellContext {
  readonly environment: Readonly<Record<string, string>>
  /** The files that were there before, as far as they are known. */
  readonly found?: FoundFiles
  /** What a program nobody knows does: a server runs on, a batch program ends. */
  readonly unknownCommand: Prediction
  /** When the command starts, in milliseconds since the epoch: for `date`. */
  readonly now: number
}

/** A command line as a container has it: the program and its arguments. */
export function predictCommand(argv: readonly string[], context: ShellContext): Prediction {
  return new Interpreter(context).run((interpreter) => interpreter.execute(argv))
}

/** What the command prints up to some time. Loops that do the same each time round cost nothing; others are followed for a while. */
export function predictLog(argv: readonly string[], context: ShellContext, window: LogWindow): PredictedLog {
  const interpreter = new Interpreter(context, window)
  const { printed } = interpreter.run(() => interpreter.execute(argv))
  return { printed: printed.toSorted((a, b) => a.atMs - b.atMs), knownUntilMs: interpreter.isCut ? window.untilMs : 'forever' }
}

/** What of its files a command has changed when it has run for so long, and by when it has changed more of them within a while. */
export interface PredictedFiles {
  readonly written: ReadonlyMap<string, string>
  readonly removed: ReadonlySet<string>
  readonly nextChangeMs: number | undefined
}

/** @param aheadMs how far to look for the next change */
export function predictFiles(argv: readonly string[], context: ShellContext, atMs: number, aheadMs: number): PredictedFiles {
  const until = (untilMs: number) => {
    const interpreter = new Interpreter(context, { fromMs: untilMs, untilMs }, true)
    interpreter.run(() => interpreter.execute(argv))
    return interpreter.files
  }
  const { written, removed, changedAt } = until(atMs)
  // The last one, where there are several: they are worth one look.
  const later = until(atMs + aheadMs).changedAt
  return { written, removed, nextChangeMs: later === undefined || later === changedAt || later <= atMs ? undefined : later }
}
