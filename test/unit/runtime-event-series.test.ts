/** Upstream: client-go tools/events eventseries_test.go, event_broadcaster_test.go. */
import { beforeEach, describe, expect, test } from 'vitest'
import { microTimestamp } from '../../src/api/meta/time.ts'
import type { EventsV1Event, ObjectReference } from '../../src/api/types.gen.ts'
import { VirtualClock } from '../../src/lib/clock.ts'
import { EventSeries } from '../../src/runtime/event-series.ts'

const MINUTE = 60_000
const settle = async () => {}

let clock: VirtualClock
let series: EventSeries<string>
let written: string[]

beforeEach(() => {
  clock = new VirtualClock('2026-01-01T00:00:00Z')
  written = []
  series = new EventSeries(clock, (writer, { reason, note, series: told }) => {
    const minute = (clock.now() - Date.parse('2026-01-01T00:00:00Z')) / MINUTE
    written.push(
      `${minute}m ${writer}: ${reason} ${note}${told === undefined ? '' : ` x${told.count} at ${told.lastObservedTime.slice(14, 16)}`}`,
    )
  })
})

function happen(fields: Partial<EventsV1Event> = {}, pod: ObjectReference = { kind: 'Pod', name: 'a', resourceVersion: '1' }): void {
  series.record('me', {
    metadata: { name: 'e', namespace: 'ns' } as EventsV1Event['metadata'],
    eventTime: microTimestamp(clock.now()),
    regarding: pod,
    reason: 'Failed',
    action: 'Trying',
    note: 'no',
    type: 'Warning',
    ...fields,
  })
}

const pass = (minutes: number) => clock.advance(minutes * MINUTE, settle)

describe('an event', () => {
  test('alone is written once and forgotten', async () => {
    happen()
    await pass(60)
    expect(written).toEqual(['0m me: Failed no'])
    expect(clock.nextTimerAt()).toBeUndefined()
    happen()
    expect(written).toEqual(['0m me: Failed no', '60m me: Failed no'])
  })

  test('that happens again is a series, written at once, and again when it has ended', async () => {
    happen()
    await pass(1)
    happen({ note: 'still no' })
    await pass(1)
    happen()
    happen()
    // The tick at 6 finds one of 4 minutes ago.
    await pass(28)
    expect(written).toEqual(['0m me: Failed no', '1m me: Failed no x2 at 01', '12m me: Failed no x4 at 02'])
    expect(clock.nextTimerAt()).toBeUndefined()
  })

  test('that goes on happening is refreshed every half hour', async () => {
    for (let minute = 0; minute < 70; minute += 5) {
      happen()
      await pass(5)
    }
    expect(written).toEqual(['0m me: Failed no', '5m me: Failed no x2 at 05', '30m me: Failed no x6 at 25', '60m me: Failed no x12 at 55'])
  })

  test.each<[string, Partial<EventsV1Event>, ObjectReference?]>([
    ['another reason', { reason: 'Other' }],
    ['another action', { action: 'Binding' }],
    ['another type', { type: 'Normal' }],
    ['another reporter', { reportingInstance: 'other' }],
    ['another related object', { related: { kind: 'Pod', name: 'b' } }],
    ['another state of its object', {}, { kind: 'Pod', name: 'a', resourceVersion: '2' }],
  ])('of %s is another event', (_, fields, pod) => {
    happen()
    happen(fields, pod)
    expect(written).toHaveLength(2)
    expect(written[1]).not.toContain('x2')
  })

  test('is not looked after any more once stopped', async () => {
    happen()
    happen()
    series.stop()
    await pass(60)
    expect(written).toHaveLength(2)
  })
})
