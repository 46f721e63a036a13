import { describe, expect, test } from 'vitest'
import type { HPAScalingPolicy, HPAScalingRules } from '../../src/api/types.gen.ts'
import {
  limitByBehavior,
  longestPeriod,
  normalizeByBehavior,
  scaleDownLimit,
  scaleUpLimit,
} from '../../src/controllers/horizontalpodautoscaler/behavior.ts'
import { changesWithin, type Memory, type Scaling, withScaling } from '../../src/controllers/horizontalpodautoscaler/memory.ts'
import { limitReplicas, normalize } from '../../src/controllers/horizontalpodautoscaler/normalize.ts'
import { NOW } from '../support/autoscaler-figures.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND

/** Pods and for how many seconds, percent and for how many seconds. */
type Rules = readonly [number, number, number, number]

function rulesOf([pods, podsPeriod, percent, percentPeriod]: Rules, selectPolicy = 'Max'): HPAScalingRules {
  const policies: HPAScalingPolicy[] = []
  if (pods !== 0) policies.push({ type: 'Pods', value: pods, periodSeconds: podsPeriod })
  if (percent !== 0) policies.push({ type: 'Percent', value: percent, periodSeconds: percentPeriod })
  return { selectPolicy, policies }
}

/** What a client gets who leaves a direction out. */
const DEFAULT_UP: Rules = [4, 15, 100, 15]
const DEFAULT_DOWN: Rules = [0, 0, 100, 15]

/** Changes, and the seconds over which they were spread. */
type Spread = readonly [readonly number[], number]

/** The first change is the oldest, each in the middle of its part of the time. */
function scalingsOf([changes, seconds]: Spread, direction: 1 | -1): Scaling[] {
  const part = seconds / changes.length
  return changes.map((change, i) => ({ change: direction * change, at: NOW - Math.trunc(seconds - part * (i + 1) + part / 2) * SECOND }))
}

describe('how fast a target is scaled', () => {
  interface Row {
    readonly name: string
    readonly given: {
      readonly current: number
      readonly wanted: number
      readonly min: number
      readonly max: number
      readonly up?: Rules
      readonly down?: Rules
      /** Recent scalings up and down. */
      readonly ups?: Spread
      readonly downs?: Spread
    }
    readonly expect: readonly [number, string]
  }
  // Upstream's situations: horizontal_test.go TestScalingWithRules.
  const rows: Row[] = [
    {
      name: 'prenormalized desired replicas within range',
      given: { current: 5, wanted: 7, min: 3, max: 8 },
      expect: [7, 'DesiredWithinRange'],
    },
    {
      name: 'prenormalized desired replicas < minReplicas',
      given: { current: 3, wanted: 1, min: 2, max: 8 },
      expect: [2, 'TooFewReplicas'],
    },
    {
      name: 'prenormalized desired replicas within range when minReplicas is 0',
      given: { current: 1, wanted: 0, min: 0, max: 10 },
      expect: [0, 'DesiredWithinRange'],
    },
    {
      name: 'maxReplicas is the limit because maxReplicas < scaleUpLimit',
      given: { current: 20, wanted: 1000, min: 1, max: 10 },
      expect: [10, 'TooManyReplicas'],
    },
    {
      name: 'desired replica count is more than the maximum replica count',
      given: { current: 100, wanted: 1000, min: 100, max: 150 },
      expect: [150, 'TooManyReplicas'],
    },
    {
      name: 'scaleUpLimit is the limit because scaleUpLimit < maxReplicas with user policies',
      given: { current: 3, wanted: 1000, min: 1, max: 2000, up: [0, 0, 1, 60] },
      expect: [4, 'ScaleUpLimit'],
    },
    {
      name: 'scaleDownLimit is the limit because scaleDownLimit > minReplicas with user defined policies',
      given: { current: 1000, wanted: 3, min: 3, max: 2000, down: [20, 60, 0, 0] },
      expect: [980, 'ScaleDownLimit'],
    },
    { name: 'scaleUp with default behavior', given: { current: 10, wanted: 50, min: 1, max: 1000 }, expect: [20, 'ScaleUpLimit'] },
    {
      name: 'scaleUp with pods policy larger than percent policy',
      given: { current: 10, wanted: 500, min: 1, max: 1000, up: [100, 60, 100, 60] },
      expect: [110, 'ScaleUpLimit'],
    },
    {
      name: 'scaleUp with percent policy larger than pods policy',
      given: { current: 10, wanted: 500, min: 1, max: 1000, up: [2, 60, 100, 60] },
      expect: [20, 'ScaleUpLimit'],
    },
    {
      name: 'scaleUp with spec MaxReplicas limitation with large pod policy',
      given: { current: 10, wanted: 50, min: 1, max: 1000, up: [100, 60, 0, 0] },
      expect: [50, 'DesiredWithinRange'],
    },
    {
      name: 'scaleUp with spec MaxReplicas limitation with large percent policy',
      given: { current: 10, wanted: 50, min: 1, max: 1000, up: [10000, 60, 0, 0] },
      expect: [50, 'DesiredWithinRange'],
    },
    {
      name: 'scaleUp with pod policy limitation',
      given: { current: 10, wanted: 50, min: 1, max: 1000, up: [30, 60, 0, 0] },
      expect: [40, 'ScaleUpLimit'],
    },
    {
      name: 'scaleUp with percent policy limitation',
      given: { current: 10, wanted: 50, min: 1, max: 1000, up: [0, 0, 200, 60] },
      expect: [30, 'ScaleUpLimit'],
    },
    {
      name: 'scaleDown with percent policy larger than pod policy',
      given: { current: 100, wanted: 2, min: 1, max: 1000, down: [20, 60, 1, 60] },
      expect: [80, 'ScaleDownLimit'],
    },
    {
      name: 'scaleDown with pod policy larger than percent policy',
      given: { current: 100, wanted: 2, min: 1, max: 1000, down: [2, 60, 1, 60] },
      expect: [98, 'ScaleDownLimit'],
    },
    {
      name: 'scaleDown with spec MinReplicas=nil limitation with large pod policy',
      given: { current: 10, wanted: 0, min: 1, max: 1000, down: [100, 60, 0, 0] },
      expect: [1, 'TooFewReplicas'],
    },
    {
      name: 'scaleDown with spec MinReplicas limitation with large pod policy',
      given: { current: 10, wanted: 0, min: 1, max: 1000, down: [100, 60, 0, 0] },
      expect: [1, 'TooFewReplicas'],
    },
    {
      name: 'scaleDown with spec MinReplicas limitation with large percent policy',
      given: { current: 10, wanted: 2, min: 5, max: 1000, down: [0, 0, 100, 60] },
      expect: [5, 'TooFewReplicas'],
    },
    {
      name: 'scaleDown with pod policy limitation',
      given: { current: 10, wanted: 2, min: 1, max: 1000, down: [5, 60, 0, 0] },
      expect: [5, 'ScaleDownLimit'],
    },
    {
      name: 'scaleDown with percent policy limitation',
      given: { current: 10, wanted: 5, min: 1, max: 1000, down: [0, 0, 50, 60] },
      expect: [5, 'DesiredWithinRange'],
    },
    {
      name: 'scaleUp with spec MaxReplicas limitation with large pod policy and events',
      given: { current: 100, wanted: 500, min: 1, max: 200, up: [300, 60, 0, 0], ups: [[1, 5, 9], 120] },
      expect: [200, 'TooManyReplicas'],
    },
    {
      name: 'scaleUp with spec MaxReplicas limitation with large percent policy and events',
      given: { current: 100, wanted: 500, min: 1, max: 200, up: [0, 0, 10000, 60], ups: [[1, 5, 9], 120] },
      expect: [200, 'TooManyReplicas'],
    },
    {
      name: 'scaleUp with currentReplicas limitation with rate.PeriodSeconds with a lot of recent scale up events',
      given: { current: 100, wanted: 500, min: 1, max: 1000, up: [5, 120, 0, 0], ups: [[1, 5, 9], 120] },
      expect: [100, 'ScaleUpLimit'],
    },
    {
      name: 'scaleUp with pod policy and previous scale up events',
      given: { current: 100, wanted: 500, min: 1, max: 1000, up: [150, 120, 0, 0], ups: [[1, 5, 9], 120] },
      expect: [235, 'ScaleUpLimit'],
    },
    {
      name: 'scaleUp with percent policy and previous scale up events',
      given: { current: 100, wanted: 500, min: 1, max: 1000, up: [0, 0, 200, 120], ups: [[1, 5, 9], 120] },
      expect: [255, 'ScaleUpLimit'],
    },
    {
      name: 'scaleUp with percent policy and previous scale up and down events',
      given: { current: 6, wanted: 24, min: 1, max: 1000, up: [0, 0, 300, 300], ups: [[4], 120], downs: [[2], 120] },
      expect: [16, 'ScaleUpLimit'],
    },
    {
      name: 'scaleDown with default policy and previous events',
      given: { current: 10, wanted: 5, min: 1, max: 1000, downs: [[1, 5, 9], 120] },
      expect: [5, 'DesiredWithinRange'],
    },
    {
      name: 'scaleDown with spec MinReplicas=nil limitation with large pod policy and previous events',
      given: { current: 100, wanted: 0, min: 1, max: 1000, down: [115, 120, 0, 0], downs: [[1, 5, 9], 120] },
      expect: [1, 'TooFewReplicas'],
    },
    {
      name: 'scaleDown with spec MinReplicas limitation with large pod policy and previous events',
      given: { current: 100, wanted: 0, min: 5, max: 1000, down: [130, 120, 0, 0], downs: [[1, 5, 9], 120] },
      expect: [5, 'TooFewReplicas'],
    },
    {
      name: 'scaleDown with spec MinReplicas limitation with large percent policy and previous events',
      given: { current: 100, wanted: 2, min: 5, max: 1000, down: [0, 0, 100, 120], downs: [[1, 5, 9], 120] },
      expect: [5, 'TooFewReplicas'],
    },
    {
      name: 'scaleDown with pod policy limitation and previous events',
      given: { current: 100, wanted: 2, min: 1, max: 1000, down: [5, 120, 0, 0], downs: [[1, 5, 9], 120] },
      expect: [100, 'ScaleDownLimit'],
    },
    {
      name: 'scaleDown with percent policy limitation and previous events',
      given: { current: 100, wanted: 0, min: 1, max: 1000, down: [0, 0, 50, 120], downs: [[2, 4, 6], 120] },
      expect: [56, 'ScaleDownLimit'],
    },
    {
      name: 'scaleDown with percent policy and previous scale up and down events',
      given: { current: 10, wanted: 1, min: 1, max: 1000, down: [0, 0, 50, 180], ups: [[2], 120], downs: [[4], 120] },
      expect: [6, 'ScaleDownLimit'],
    },
    {
      name: 'scaleDown with previous events preventing further scale down',
      given: { current: 100, wanted: 0, min: 1, max: 1000, down: [0, 0, 10, 120], downs: [[10, 10, 10], 120] },
      expect: [100, 'ScaleDownLimit'],
    },
    {
      name: 'scaleDown with with previous events still allowing more scale down',
      given: { current: 10, wanted: 5, min: 1, max: 1000, down: [0, 0, 1000, 120], downs: [[10, 10, 10], 120] },
      expect: [5, 'DesiredWithinRange'],
    },
    {
      name: "check 'outdated' flag for events for one behavior for up",
      given: { current: 100, wanted: 200, min: 1, max: 1000, up: [1000, 60, 0, 0], ups: [[8, 12, 9, 11], 120] },
      expect: [200, 'DesiredWithinRange'],
    },
    {
      name: "check that events were not marked 'outdated' for two different policies in the behavior for up",
      given: { current: 100, wanted: 200, min: 1, max: 1000, up: [1000, 120, 100, 60], ups: [[8, 12, 9, 11], 120] },
      expect: [200, 'DesiredWithinRange'],
    },
    {
      name: "check that events were marked 'outdated' for two different policies in the behavior for up",
      given: { current: 100, wanted: 200, min: 1, max: 1000, up: [1000, 30, 100, 60], ups: [[8, 12, 9, 11], 120] },
      expect: [200, 'DesiredWithinRange'],
    },
    {
      name: "check 'outdated' flag for events for one behavior for down",
      given: { current: 100, wanted: 5, min: 1, max: 1000, down: [1000, 60, 0, 0], downs: [[8, 12, 9, 11], 120] },
      expect: [5, 'DesiredWithinRange'],
    },
    {
      name: "check that events were not marked 'outdated' for two different policies in the behavior for down",
      given: { current: 100, wanted: 5, min: 1, max: 1000, down: [1000, 120, 100, 60], downs: [[8, 12, 9, 11], 120] },
      expect: [5, 'DesiredWithinRange'],
    },
    {
      name: "check that events were marked 'outdated' for two different policies in the behavior for down",
      given: { current: 100, wanted: 5, min: 1, max: 1000, down: [1000, 30, 100, 60], downs: [[8, 12, 9, 11], 120] },
      expect: [5, 'DesiredWithinRange'],
    },
  ]
  test.each(rows)(
    '$name',
    ({ given: { current, wanted, min, max, up = DEFAULT_UP, down = DEFAULT_DOWN, ups, downs }, expect: expected }) => {
      const scalings = [...(ups ? scalingsOf(ups, 1) : []), ...(downs ? scalingsOf(downs, -1) : [])]
      const behavior = { scaleUp: rulesOf(up), scaleDown: rulesOf(down) }
      const { replicas, reason } = limitByBehavior(scalings, behavior, wanted, { current, min, max }, NOW)
      expect([replicas, reason]).toEqual(expected)
    },
  )

  test('the policy that changes least', () => {
    const rules = rulesOf([2, 60, 50, 60], 'Min')
    expect(scaleUpLimit([], rules, 1, NOW)).toBe(2)
    expect(scaleDownLimit([], rules, 5, NOW)).toBe(3)
  })

  test('not at all', () => {
    const rules = rulesOf([2, 60, 50, 60], 'Disabled')
    const behavior = { scaleUp: rules, scaleDown: rules }
    const bounds = { current: 5, min: 1, max: 10 }
    expect(limitByBehavior([], behavior, 9, bounds, NOW)).toMatchObject({ replicas: 5, reason: 'ScaleUpLimit' })
    expect(limitByBehavior([], behavior, 2, bounds, NOW)).toMatchObject({ replicas: 5, reason: 'ScaleDownLimit' })
  })
})

describe('without rules', () => {
  test.each([
    ['within range', 5, 7, 3, 8, 7, 'DesiredWithinRange'],
    ['too few', 3, 1, 2, 8, 2, 'TooFewReplicas'],
    ['none, where that is allowed', 1, 0, 0, 10, 0, 'DesiredWithinRange'],
    ['too many', 20, 1000, 1, 10, 10, 'TooManyReplicas'],
    ['too fast', 3, 1000, 1, 2000, 6, 'ScaleUpLimit'],
    ['too fast for one alone', 1, 9, 1, 20, 4, 'ScaleUpLimit'],
  ])('%s', (_name, current, wanted, min, max, replicas, reason) => {
    expect(limitReplicas(wanted, { current, min, max })).toMatchObject({ replicas, reason })
  })
})

/** Minutes ago and replicas, oldest first. */
type Recommended = readonly (readonly [number, number])[]

const memoryOf = (recommended: Recommended): Memory => ({
  recommendations: recommended.map(([minutes, replicas]) => ({ replicas, at: NOW - minutes * MINUTE })),
  scalings: [],
})
const remembered = ({ recommendations }: Memory) => recommendations.map(({ replicas }) => replicas)

describe('what was recommended in the last five minutes', () => {
  const rows: [string, Recommended, number, number, number[]][] = [
    ['nothing', [], 5, 5, [5]],
    [
      'more',
      [
        [2, 4],
        [1, 5],
      ],
      3,
      5,
      [4, 5, 3],
    ],
    [
      'less',
      [
        [2, 1],
        [1, 2],
      ],
      3,
      3,
      [1, 2, 3],
    ],
    [
      'more, but long ago',
      [
        [10, 10],
        [9, 9],
      ],
      3,
      3,
      [3],
    ],
    [
      'more, some long ago',
      [
        [10, 10],
        [9, 9],
        [2, 5],
        [1, 4],
      ],
      3,
      5,
      [5, 4, 3],
    ],
    ['more, just in time', [[5, 6]], 3, 6, [6, 3]],
  ]
  test.each(rows)('%s', (_name, recommended, wanted, expected, left) => {
    const { replicas, memory, verdicts } = normalize(memoryOf(recommended), wanted, { current: 5, min: 1, max: 100 }, NOW)
    expect([replicas, remembered(memory)]).toEqual([expected, left])
    expect(verdicts[0]!.reason).toBe(expected === wanted ? 'ReadyForNewScale' : 'ScaleDownStabilized')
  })
})

describe('what was recommended, with windows of its own', () => {
  interface Row {
    readonly name: string
    readonly recommended: Recommended
    readonly current: number
    readonly wanted: number
    /** Seconds. */
    readonly up?: number
    readonly down?: number
    readonly expect: number
    readonly reason?: string
  }
  const rows: Row[] = [
    { name: 'nothing', recommended: [], current: 100, wanted: 5, expect: 5 },
    {
      name: 'down to the highest',
      recommended: [
        [2, 4],
        [1, 5],
      ],
      current: 100,
      wanted: 3,
      down: 180,
      expect: 5,
      reason: 'ScaleDownStabilized',
    },
    {
      name: 'up to the lowest',
      recommended: [
        [2, 4],
        [1, 5],
      ],
      current: 1,
      wanted: 7,
      up: 300,
      expect: 4,
      reason: 'ScaleUpStabilized',
    },
    {
      name: 'down without a window',
      recommended: [
        [2, 1],
        [1, 2],
      ],
      current: 100,
      wanted: 3,
      up: 300,
      expect: 3,
    },
    {
      name: 'up without a window',
      recommended: [
        [2, 4],
        [1, 5],
      ],
      current: 1,
      wanted: 3,
      down: 300,
      expect: 3,
    },
    {
      name: 'down, long ago',
      recommended: [
        [10, 10],
        [9, 9],
      ],
      current: 100,
      wanted: 3,
      expect: 3,
    },
    {
      name: 'up, long ago',
      recommended: [
        [10, 10],
        [9, 9],
      ],
      current: 1,
      wanted: 100,
      expect: 100,
    },
    {
      name: 'down, some long ago',
      recommended: [
        [10, 10],
        [9, 9],
        [2, 5],
        [1, 4],
      ],
      current: 100,
      wanted: 3,
      down: 180,
      expect: 5,
      reason: 'ScaleDownStabilized',
    },
    {
      name: 'up, some long ago',
      recommended: [
        [100, 10],
        [3, 9],
        [2, 5],
        [1, 6],
      ],
      current: 1,
      wanted: 100,
      up: 300,
      expect: 5,
      reason: 'ScaleUpStabilized',
    },
    {
      name: 'no scale up while it goes down',
      recommended: [
        [100, 2],
        [3, 3],
      ],
      current: 2,
      wanted: 1,
      up: 300,
      down: 300,
      expect: 2,
      reason: 'ScaleDownStabilized',
    },
    {
      name: 'no scale down while it goes up',
      recommended: [
        [100, 2],
        [3, 1],
      ],
      current: 2,
      wanted: 3,
      up: 300,
      down: 300,
      expect: 2,
      reason: 'ScaleUpStabilized',
    },
    { name: 'exactly as long ago as the window is', recommended: [[3, 9]], current: 10, wanted: 3, down: 180, expect: 3 },
  ]
  test.each(rows)('$name', ({ recommended, current, wanted, up = 0, down = 0, expect: expected, reason = 'ReadyForNewScale' }) => {
    const behavior = {
      scaleUp: { ...rulesOf([0, 0, 10_000, 15]), stabilizationWindowSeconds: up },
      scaleDown: { ...rulesOf(DEFAULT_DOWN), stabilizationWindowSeconds: down },
    }
    const { replicas, verdicts } = normalizeByBehavior(memoryOf(recommended), behavior, wanted, { current, min: 1, max: 1000 }, NOW)
    expect([replicas, verdicts[0]!.reason]).toEqual([expected, reason])
  })

  test('five minutes down, where nothing is said', () => {
    const behavior = { scaleUp: rulesOf(DEFAULT_UP), scaleDown: rulesOf(DEFAULT_DOWN) }
    expect(normalizeByBehavior(memoryOf([[4, 9]]), behavior, 3, { current: 9, min: 1, max: 10 }, NOW).replicas).toBe(9)
  })
})

describe('scalings that are remembered', () => {
  /** Seconds ago and change. */
  const rows: [string, [number, number][], Rules, number, number[]][] = [
    ['none', [], [10, 60, 100, 60], 0, [5]],
    ['one that is over', [[61, 7]], [10, 60, 100, 60], 0, [5]],
    ['one that isn’t', [[58, 7]], [10, 60, 100, 60], 7, [7, 5]],
    [
      'one that is over and one that isn’t',
      [
        [61, 7],
        [59, 6],
      ],
      [10, 60, 0, 0],
      6,
      [6, 5],
    ],
    [
      'policies of different periods',
      [
        [61, 9],
        [61, 7],
        [59, 6],
        [29, 8],
      ],
      [10, 60, 100, 30],
      14,
      [6, 8, 5],
    ],
    [
      'none is over',
      [
        [59, 6],
        [58, 7],
      ],
      [10, 120, 100, 30],
      13,
      [6, 7, 5],
    ],
    ['one that is over for a shorter policy alone', [[61, 7]], [10, 120, 100, 30], 0, [7, 5]],
  ]
  test.each(rows)('%s', (_name, before, rules, changed, left) => {
    for (const direction of [1, -1]) {
      const scalings = before.map(([seconds, change]) => ({ change: direction * change, at: NOW - seconds * SECOND }))
      const { added, removed } = changesWithin(scalings, 60, NOW)
      expect(direction === 1 ? [added, removed] : [removed, added]).toEqual([changed, 0])
      const { scalings: after } = withScaling({ recommendations: [], scalings }, direction * 5, longestPeriod(rulesOf(rules)) * SECOND, NOW)
      expect(after.map(({ change }) => direction * change)).toEqual(left)
    }
  })
})
