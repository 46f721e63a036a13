/**
 * Unified diffs of lines, with three lines of context and no file names. Which lines are taken as the same follows Ratcliff and
 * Obershelp: the longest common run first, then what is left and right of it; of two runs of one length the earlier.
 * Upstream: github.com/pmezard/go-difflib, after Python's difflib.
 */

const CONTEXT = 3

/** In long texts, lines that come this often say nothing about what belongs together: a run only grows over them. */
const POPULAR_FROM = 200
const POPULAR_SHARE = 100

interface Run {
  readonly a: number
  readonly b: number
  readonly size: number
}

/** Lines of a from..to became those of b. */
interface Edit {
  readonly a: readonly [number, number]
  readonly b: readonly [number, number]
}

/** @returns hunks of lines, each ended by a line feed; nothing when there is no difference */
export function unifiedDiff(a: readonly string[], b: readonly string[]): string {
  return hunksOf(edits(a, b))
    .map((hunk) => hunkText(a, b, hunk))
    .join('')
}

function edits(a: readonly string[], b: readonly string[]): Edit[] {
  const found: Edit[] = []
  let [i, j] = [0, 0]
  for (const run of [...commonRuns(a, b), { a: a.length, b: b.length, size: 0 }]) {
    if (i < run.a || j < run.b) found.push({ a: [i, run.a], b: [j, run.b] })
    i = run.a + run.size
    j = run.b + run.size
  }
  return found
}

/** Edits whose contexts touch are one hunk. */
function hunksOf(all: readonly Edit[]): Edit[][] {
  const hunks: Edit[][] = []
  for (const edit of all) {
    const last = hunks.at(-1)
    if (last !== undefined && edit.a[0] - last.at(-1)!.a[1] <= 2 * CONTEXT) last.push(edit)
    else hunks.push([edit])
  }
  return hunks
}

function hunkText(a: readonly string[], b: readonly string[], hunk: readonly Edit[]): string {
  const [first, last] = [hunk[0]!, hunk.at(-1)!]
  const before = Math.min(CONTEXT, first.a[0], first.b[0])
  const after = Math.min(CONTEXT, a.length - last.a[1], b.length - last.b[1])
  const rangeA = rangeText(first.a[0] - before, last.a[1] + after)
  const rangeB = rangeText(first.b[0] - before, last.b[1] + after)
  let text = `@@ -${rangeA} +${rangeB} @@\n`
  const add = (sign: string, from: readonly string[], start: number, end: number): void => {
    for (let i = start; i < end; i++) text += `${sign}${from[i]}\n`
  }
  let at = first.a[0] - before
  for (const edit of hunk) {
    add(' ', a, at, edit.a[0])
    add('-', a, ...edit.a)
    add('+', b, ...edit.b)
    at = edit.a[1]
  }
  add(' ', a, at, at + after)
  return text
}

function rangeText(start: number, end: number): string {
  const length = end - start
  if (length === 1) return String(start + 1)
  return `${length === 0 ? start : start + 1},${length}`
}

/** In order, none touching the next. */
function commonRuns(a: readonly string[], b: readonly string[]): Run[] {
  const places = placesOf(b)
  const runs: Run[] = []
  const search = (aFrom: number, aTo: number, bFrom: number, bTo: number): void => {
    const run = longestRun(a, b, places, [aFrom, aTo], [bFrom, bTo])
    if (run.size === 0) return
    if (aFrom < run.a && bFrom < run.b) search(aFrom, run.a, bFrom, run.b)
    runs.push(run)
    const [aEnd, bEnd] = [run.a + run.size, run.b + run.size]
    if (aEnd < aTo && bEnd < bTo) search(aEnd, aTo, bEnd, bTo)
  }
  search(0, a.length, 0, b.length)
  return runs
}

/** Where each line stands, but for the popular ones. */
function placesOf(lines: readonly string[]): Map<string, number[]> {
  const places = new Map<string, number[]>()
  lines.forEach((line, i) => {
    const known = places.get(line)
    if (known === undefined) places.set(line, [i])
    else known.push(i)
  })
  if (lines.length < POPULAR_FROM) return places
  const limit = Math.floor(lines.length / POPULAR_SHARE) + 1
  for (const [line, at] of places) if (at.length > limit) places.delete(line)
  return places
}

function longestRun(
  a: readonly string[],
  b: readonly string[],
  places: ReadonlyMap<string, readonly number[]>,
  [aFrom, aTo]: readonly [number, number],
  [bFrom, bTo]: readonly [number, number],
): Run {
  let best: Run = { a: aFrom, b: bFrom, size: 0 }
  /** By the place in b: how long the run is that ends there and at the line of a before. */
  let ending = new Map<number, number>()
  for (let i = aFrom; i < aTo; i++) {
    const next = new Map<number, number>()
    for (const j of places.get(a[i]!) ?? []) {
      if (j < bFrom) continue
      if (j >= bTo) break
      const size = (ending.get(j - 1) ?? 0) + 1
      next.set(j, size)
      if (size > best.size) best = { a: i - size + 1, b: j - size + 1, size }
    }
    ending = next
  }
  let { a: i, b: j, size } = best
  for (; i > aFrom && j > bFrom && a[i - 1] === b[j - 1]; size++) {
    i--
    j--
  }
  while (i + size < aTo && j + size < bTo && a[i + size] === b[j + size]) size++
  return { a: i, b: j, size }
}
