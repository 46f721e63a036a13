/**
 * A log that an annotation declares, a line a line: `+2s listening` is printed two seconds after the line before it, and
 * `@every 10s request {n}` from there on every ten seconds, for ever. `{n}` counts those, `{time}` is when the line is printed.
 */
import { durationMs } from './behaviour-annotations.ts'
import type { LogWindow, PredictedLog } from './shell.ts'
import type { Chunk } from './shell-output.ts'

/** Of a repeated line: how many before the time asked about are still there. */
const KEPT_LINES = 1000

/** @param startedAt of the container's run, in milliseconds since the epoch */
export function declaredLog(text: string, startedAt: number, { fromMs, untilMs }: LogWindow): PredictedLog {
  const printed: Chunk[] = []
  let repeats = false
  let atMs = 0
  const print = (line: string, at: number, count: number) => {
    const filled = line.replaceAll('{n}', String(count)).replaceAll('{time}', new Date(startedAt + at).toISOString())
    printed.push({ atMs: at, text: `${filled}\n` })
  }
  for (const line of text.replace(/\n$/, '').split('\n')) {
    const [, every, repeated = ''] = /^@every (\S+) ?(.*)$/.exec(line) ?? []
    const everyMs = durationMs(every) ?? 0
    if (everyMs > 0) {
      repeats = true
      const first = Math.max(1, Math.floor((fromMs - atMs) / everyMs) - KEPT_LINES + 1)
      for (let count = first; atMs + count * everyMs <= untilMs; count++) print(repeated, atMs + count * everyMs, count)
      continue
    }
    const [, delay, delayed = ''] = /^\+(\S+) ?(.*)$/.exec(line) ?? []
    const delayMs = durationMs(delay)
    atMs += delayMs ?? 0
    print(delayMs === undefined ? line : delayed, atMs, 1)
  }
  return { printed: printed.sort((a, b) => a.atMs - b.atMs), knownUntilMs: repeats ? untilMs : 'forever' }
}
