/** Sets of completion indexes as texts: `1,3-5,7`. Upstream: pkg/apis/batch/validation validateIndexesFormat. */
export type Interval = readonly [first: number, last: number]

/** How many indexes there are, or what is wrong with the text. */
export function countIndexes(text: string, completions: number): number | { readonly fault: string } {
  if (text === '') return 0
  let total = 0
  let last: number | undefined
  for (const part of text.split(',')) {
    const interval = parseInterval(part, completions)
    if ('fault' in interval) return interval
    if (last !== undefined && last >= interval[0]) return { fault: `non-increasing order, previous: ${last}, current: ${interval[0]}` }
    total += interval[1] - interval[0] + 1
    last = interval[1]
  }
  return total
}

/** The first index that both sets have; malformed parts are left to `countIndexes`. */
export function firstSharedIndex(a: string, b: string, completions: number): number | undefined {
  const left = intervalsOf(a, completions)
  const right = intervalsOf(b, completions)
  for (let i = 0, k = 0; i < left.length && k < right.length; ) {
    const [leftFirst, leftLast] = left[i]!
    const [rightFirst, rightLast] = right[k]!
    if (leftFirst <= rightLast && rightFirst <= leftLast) return Math.max(leftFirst, rightFirst)
    if (leftFirst <= rightFirst) i++
    else k++
  }
  return undefined
}

function intervalsOf(text: string, completions: number): Interval[] {
  if (text === '') return []
  return text
    .split(',')
    .map((part) => parseInterval(part, completions))
    .filter((interval): interval is Interval => !('fault' in interval))
}

function parseInterval(text: string, completions: number): Interval | { readonly fault: string } {
  const limits = text.split('-')
  if (limits.length > 2) {
    return {
      fault: `the fragment ${JSON.stringify(text)} violates the requirement that an index interval can have at most two parts separated by '-'`,
    }
  }
  const numbers: number[] = []
  for (const limit of limits) {
    if (!/^[+-]?\d+$/.test(limit)) return { fault: `cannot convert string to integer for index: ${JSON.stringify(limit)}` }
    if (Number(limit) >= completions) return { fault: `too large index: ${JSON.stringify(limit)}` }
    numbers.push(Number(limit))
  }
  const [first = 0, last = first] = numbers
  if (numbers.length === 2 && first >= last) return { fault: `non-increasing order, previous: ${first}, current: ${last}` }
  return [first, last]
}
