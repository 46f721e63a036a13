/** Upstream: client-go tools/record events_cache_test.go. */
import { describe, expect, test } from 'vitest'
import { timestamp } from '../../src/api/meta/time.ts'
import type { Event } from '../../src/api/types.gen.ts'
import { EventCorrelator } from '../../src/runtime/event-correlator.ts'

const SECOND = 1000
const START = Date.parse('2026-01-01T00:00:00Z')

interface Told {
  readonly reason?: string
  readonly message?: string
  readonly type?: string
  readonly pod?: string
  readonly fieldPath?: string
  readonly host?: string
}

/** What becomes of events that happen each so many seconds after the one before. */
function outcomes(told: readonly Told[], everySeconds: number): (Event | undefined)[] {
  const correlator = new EventCorrelator()
  return told.map((fields, i) =>
    correlator.correlate(eventAt(START + i * everySeconds * SECOND, `e${i}`, fields), START + i * everySeconds * SECOND),
  )
}

function eventAt(now: number, name: string, told: Told): Event {
  const { reason = 'Failed', message = 'no', type = 'Warning', pod = 'a', fieldPath, host = 'n1' } = told
  return {
    metadata: { name, namespace: 'ns' } as Event['metadata'],
    involvedObject: { kind: 'Pod', apiVersion: 'v1', namespace: 'ns', name: pod, uid: pod, ...(fieldPath && { fieldPath }) },
    source: { component: 'kubelet', host },
    reportingComponent: 'kubelet',
    reportingInstance: host,
    type,
    reason,
    message,
    count: 1,
    firstTimestamp: timestamp(now),
    lastTimestamp: timestamp(now),
  }
}

const times = (count: number, told: Told = {}): Told[] => Array.from({ length: count }, () => told)
const similar = (count: number): Told[] => Array.from({ length: count }, (_, i) => ({ message: `no ${i}` }))

describe('the last of several events', () => {
  test.each<{ name: string; told: Told[]; every: number; expect: Partial<Event> | undefined }>([
    { name: 'that is the first is told', told: [{}], every: 5, expect: { count: 1, message: 'no', metadata: { name: 'e0' } as never } },
    {
      name: 'that happened before is counted',
      told: times(2),
      every: 5,
      expect: {
        count: 2,
        metadata: { name: 'e0' } as never,
        firstTimestamp: '2026-01-01T00:00:00Z',
        lastTimestamp: '2026-01-01T00:00:05Z',
      },
    },
    { name: 'that happened very often is still counted', told: times(11), every: 30, expect: { count: 11, message: 'no' } },
    { name: 'that happens too fast is not told', told: times(27), every: 1, expect: undefined },
    {
      name: 'about another pod is told',
      told: [...Array.from({ length: 30 }, (_, i) => ({ pod: `p${i}` })), {}],
      every: 5,
      expect: { count: 1, message: 'no' },
    },
    {
      name: 'of ten that differ in their text stands for what follows',
      told: similar(10),
      every: 5,
      expect: {
        count: 1,
        message: '(combined from similar events): no 9',
        metadata: { name: 'e9' } as never,
        reportingComponent: '',
        reportingInstance: '',
      },
    },
    {
      name: 'of eleven that differ counts that one, with the newest text',
      told: similar(11),
      every: 5,
      expect: { count: 2, message: '(combined from similar events): no 10', metadata: { name: 'e9' } as never },
    },
    { name: 'of ten that are far between is told by itself', told: similar(10), every: 601, expect: { count: 1, message: 'no 9' } },
    {
      name: 'of ten that are just near enough is not',
      told: similar(10),
      every: 600,
      expect: { message: '(combined from similar events): no 9' },
    },
    {
      name: 'about another container is another one',
      told: [{ fieldPath: 'spec.containers{a}' }, { fieldPath: 'spec.containers{b}' }],
      every: 5,
      expect: { count: 1 },
    },
    { name: 'of another reason is another one', told: [{ reason: 'Pulling' }, {}], every: 5, expect: { count: 1 } },
    { name: 'from another node is another one', told: [{ host: 'n2' }, {}], every: 5, expect: { count: 1 } },
  ])('$name', ({ told, every, expect: expected }) => {
    const last = outcomes(told, every).at(-1)
    if (expected === undefined) expect(last).toBeUndefined()
    else expect(last).toMatchObject(expected)
  })
})

describe('what a reporter may say about an object', () => {
  test('is 25 events at once, whatever their reasons', () => {
    const told = outcomes([...times(20), ...times(10, { reason: 'Killing' })], 0)
    expect(told.filter((event) => event !== undefined)).toHaveLength(25)
  })

  test('is no less for warnings when there was much that is normal', () => {
    expect(outcomes([...times(30, { type: 'Normal' }), {}], 0).at(-1)).toMatchObject({ count: 1 })
  })

  test('is one more every five minutes, which counts those in between', () => {
    const told = outcomes(times(40), 60)
    // 25, and of the fifteen after them those at which a fifth minute is full.
    expect(told.flatMap((event) => event?.count ?? [])).toEqual([...Array.from({ length: 31 }, (_, i) => i + 1), 36])
  })
})
