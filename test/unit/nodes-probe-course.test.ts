import { describe, expect, it } from 'vitest'
import type { Probe } from '../../src/api/types.gen.ts'
import { type Failing, probeCourse } from '../../src/nodes/probe-course.ts'

interface Row {
  readonly name: string
  readonly probe: Probe
  readonly failing: readonly (readonly [number, number])[]
  /** Seconds since the container's start, negative for a failure. */
  readonly verdicts: readonly number[]
  /** Of those in the first 100 s. */
  readonly failures: number
}

const rows: Row[] = [
  { name: 'succeeds', probe: {}, failing: [], verdicts: [0], failures: 0 },
  {
    name: 'succeeds after its delay, several times',
    probe: { initialDelaySeconds: 5, periodSeconds: 2, successThreshold: 3 },
    failing: [],
    verdicts: [9],
    failures: 0,
  },
  {
    name: 'fails always',
    probe: { initialDelaySeconds: 5, periodSeconds: 10 },
    failing: [[0, Number.POSITIVE_INFINITY]],
    verdicts: [-25],
    failures: 10,
  },
  {
    name: 'fails at once',
    probe: { periodSeconds: 10, failureThreshold: 1, initialDelaySeconds: 1 },
    failing: [[0, Number.POSITIVE_INFINITY]],
    verdicts: [-1],
    failures: 10,
  },
  { name: 'fails for too short', probe: { periodSeconds: 10 }, failing: [[15, 35]], verdicts: [0], failures: 2 },
  { name: 'fails for a while', probe: { periodSeconds: 10 }, failing: [[15, 45]], verdicts: [0, -40, 50], failures: 3 },
  { name: 'fails before the first is asked', probe: { initialDelaySeconds: 30 }, failing: [[0, 20]], verdicts: [30], failures: 0 },
  {
    name: 'fails again and again',
    probe: { periodSeconds: 5, failureThreshold: 2 },
    failing: [
      [10, 20],
      [30, 40],
    ],
    verdicts: [0, -15, 20, -35, 40],
    failures: 4,
  },
]

describe('probeCourse', () => {
  it.each(rows.map((row) => [row.name, row] as const))('%s', (_, { probe, failing, verdicts, failures }) => {
    const spans: Failing[] = failing.map(([from, to]) => ({ fromMs: from * 1000, toMs: to * 1000 }))
    const course = probeCourse(probe, 1_000_000, 1_000_000, spans)
    expect(course.verdicts.map(({ at, succeeds }) => ((at - 1_000_000) / 1000) * (succeeds ? 1 : -1))).toEqual(verdicts)
    expect(course.failuresIn(999_999, 1_100_000 - 1)).toBe(failures)
  })

  it('tells of failures that go on only now and then', () => {
    const course = probeCourse({ periodSeconds: 1 }, 0, 0, [{ fromMs: 0, toMs: Number.POSITIVE_INFINITY }])
    expect(course.failuresIn(-1, 3_600_000)).toBe(25 + 12)
    expect(course.nextFailure(24_000)).toBe(25_000)
    expect(course.nextFailure(25_000)).toBe(325_000)
    expect(course.nextFailure(86_400_000)).toBe(86_425_000)
  })
})
