/**
 * Sets of completion indexes as a Job's status writes them: `1,3-5,7`, in order, touching intervals joined.
 * Upstream: indexed_job_utils.go orderedIntervals.
 */
export type IndexIntervals = readonly (readonly [first: number, last: number])[]

/** Indexes from `completions` on are cut off; parts that are no numbers are skipped. */
export function parseIndexes(text: string | undefined, completions: number): IndexIntervals {
  const intervals: [number, number][] = []
  for (const part of (text ?? '').split(',')) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part)
    if (match === null) continue
    const first = Number(match[1])
    if (first >= completions) break
    intervals.push([first, match[2] === undefined ? first : Math.min(Number(match[2]), completions - 1)])
  }
  return unite(intervals)
}

export function formatIndexes(intervals: IndexIntervals): string {
  return intervals
    .map(([first, last]) => (first === last ? `${first}` : last === first + 1 ? `${first},${last}` : `${first}-${last}`))
    .join(',')
}

export function uniteIntervals(a: IndexIntervals, b: IndexIntervals): IndexIntervals {
  return unite([...a, ...b].sort((left, right) => left[0] - right[0]))
}

export function withIndexes(intervals: IndexIntervals, indexes: Iterable<number>): IndexIntervals {
  return uniteIntervals(
    intervals,
    [...indexes].map((index) => [index, index]),
  )
}

export function countIndexes(intervals: IndexIntervals): number {
  return intervals.reduce((count, [first, last]) => count + last - first + 1, 0)
}

export function hasIndex(intervals: IndexIntervals, index: number): boolean {
  let low = 0
  let high = intervals.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (intervals[middle]![1] >= index) high = middle
    else low = middle + 1
  }
  return low < intervals.length && intervals[low]![0] <= index
}

/** The first `count` indexes below `completions` that the intervals leave out. */
export function firstIndexesOutside(intervals: IndexIntervals, count: number, completions: number): number[] {
  const indexes: number[] = []
  let candidate = 0
  for (const [first, last] of [...intervals, [completions, completions] as const]) {
    for (; candidate < Math.min(first, completions) && indexes.length < count; candidate++) indexes.push(candidate)
    candidate = Math.max(candidate, last + 1)
  }
  return indexes
}

/** How many indexes both have. */
export function countCommonIndexes(a: IndexIntervals, b: IndexIntervals): number {
  let common = 0
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const [firstA, lastA] = a[i]!
    const [firstB, lastB] = b[j]!
    common += Math.max(0, Math.min(lastA, lastB) - Math.max(firstA, firstB) + 1)
    if (lastA <= lastB) i++
    if (lastB <= lastA) j++
  }
  return common
}

/** @param ordered by their first index */
function unite(ordered: readonly (readonly [number, number])[]): IndexIntervals {
  const united: [number, number][] = []
  for (const [first, last] of ordered) {
    const previous = united.at(-1)
    if (previous === undefined || first > previous[1] + 1) united.push([first, last])
    else previous[1] = Math.max(previous[1], last)
  }
  return united
}
