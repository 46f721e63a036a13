import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nextAfter, parseCronSchedule } from '../../src/lib/cron-schedule.ts'
import { formatInZone, isKnownTimeZone, offsetOf } from '../../src/lib/time-zone.ts'

const NEW_YORK = 'America/New_York'

function next(spec: string, from: string, timeZone?: string): string | undefined {
  const found = nextAfter(parseCronSchedule(spec), Date.parse(from), timeZone)
  return found === undefined ? undefined : new Date(found).toISOString().replace('.000Z', 'Z')
}

describe('the schedule fires at', () => {
  it.each<[at: string, spec: string, fires: boolean]>([
    // every fifteen minutes
    ['2012-07-09T15:00Z', '0/15 * * * *', true],
    ['2012-07-09T15:45Z', '0/15 * * * *', true],
    ['2012-07-09T15:40Z', '0/15 * * * *', false],
    ['2012-07-09T15:05Z', '5/15 * * * *', true],
    ['2012-07-09T15:20Z', '5/15 * * * *', true],
    ['2012-07-09T15:50Z', '5/15 * * * *', true],
    // names
    ['2012-07-15T15:00Z', '0/15 * * Jul *', true],
    ['2012-07-15T15:00Z', '0/15 * * Jun *', false],
    ['2012-07-15T15:00Z', '0/15 * * JUL sun', true],
    ['2012-07-15T08:30Z', '30 08 ? Jul Sun', true],
    ['2012-07-15T08:30Z', '30 08 15 Jul ?', true],
    ['2012-07-16T08:30Z', '30 08 ? Jul Sun', false],
    ['2012-07-16T08:30Z', '30 08 15 Jul ?', false],
    // descriptors
    ['2012-07-09T15:00Z', '@hourly', true],
    ['2012-07-09T15:04Z', '@hourly', false],
    ['2012-07-09T15:00Z', '@daily', false],
    ['2012-07-09T00:00Z', '@daily', true],
    ['2012-07-09T00:00Z', '@midnight', true],
    ['2012-07-09T00:00Z', '@weekly', false],
    ['2012-07-08T00:00Z', '@weekly', true],
    ['2012-07-08T01:00Z', '@weekly', false],
    ['2012-07-08T00:00Z', '@monthly', false],
    ['2012-07-01T00:00Z', '@monthly', true],
    ['2012-01-01T00:00Z', '@yearly', true],
    ['2012-01-01T00:00Z', '@annually', true],
    ['2012-02-01T00:00Z', '@yearly', false],
    // both day fields restricted: either
    ['2012-07-15T00:00Z', '* * 1,15 * Sun', true],
    ['2012-06-15T00:00Z', '* * 1,15 * Sun', true],
    ['2012-08-01T00:00Z', '* * 1,15 * Sun', true],
    ['2012-07-15T00:00Z', '* * */10 * Sun', true],
    ['2012-07-13T00:00Z', '0 0 13 * 5', true],
    ['2012-07-20T00:00Z', '0 0 13 * 5', true],
    ['2012-08-13T00:00Z', '0 0 13 * 5', true],
    // a star: both
    ['2012-07-15T00:00Z', '* * * * Mon', false],
    ['2012-07-09T00:00Z', '* * 1,15 * *', false],
    ['2012-07-15T00:00Z', '* * 1,15 * *', true],
    ['2012-07-15T00:00Z', '* * */2 * Sun', true],
    ['2012-07-15T00:00Z', '* * */1 * Mon', false],
  ])('%s with %s: %s', (at, spec, fires) => {
    const instant = Date.parse(at)
    expect(nextAfter(parseCronSchedule(spec), instant - 1000) === instant).toBe(fires)
  })
})

describe('the next time after', () => {
  it.each<[from: string, spec: string, expected: string | undefined]>([
    ['2012-07-09T14:45:00Z', '0/15 * * * *', '2012-07-09T15:00:00Z'],
    ['2012-07-09T14:59:00Z', '0/15 * * * *', '2012-07-09T15:00:00Z'],
    ['2012-07-09T14:59:59Z', '0/15 * * * *', '2012-07-09T15:00:00Z'],
    ['2012-07-09T14:59:59.999Z', '0/15 * * * *', '2012-07-09T15:00:00Z'],
    ['2012-07-09T15:00:00Z', '0/15 * * * *', '2012-07-09T15:15:00Z'],
    ['2012-07-09T15:45:00Z', '20-35/15 * * * *', '2012-07-09T16:20:00Z'],
    ['2012-07-09T23:46:00Z', '*/15 * * * *', '2012-07-10T00:00:00Z'],
    ['2012-07-09T23:45:00Z', '20-35/15 * * * *', '2012-07-10T00:20:00Z'],
    ['2012-07-09T23:35:51Z', '20-35/15 1/2 * * *', '2012-07-10T01:20:00Z'],
    ['2012-07-09T23:35:51Z', '20-35/15 10-12 * * *', '2012-07-10T10:20:00Z'],
    ['2012-07-09T23:35:51Z', '20-35/15 1/2 */2 * *', '2012-07-11T01:20:00Z'],
    ['2012-07-09T23:35:51Z', '20-35/15 * 9-20 * *', '2012-07-10T00:20:00Z'],
    ['2012-07-09T23:35:51Z', '20-35/15 * 9-20 Jul *', '2012-07-10T00:20:00Z'],
    ['2012-07-09T23:35:00Z', '0 0 9 Apr-Oct ?', '2012-08-09T00:00:00Z'],
    // a stepped star is a restriction, so every Monday and every fifth day
    ['2012-07-09T23:35:00Z', '0 0 */5 Apr,Aug,Oct Mon', '2012-08-01T00:00:00Z'],
    ['2012-07-09T23:35:00Z', '0 0 */5 Oct Mon', '2012-10-01T00:00:00Z'],
    ['2012-07-09T23:35:00Z', '0 0 * Feb Mon', '2013-02-04T00:00:00Z'],
    ['2012-07-09T23:35:00Z', '0 0 * Feb Mon/2', '2013-02-01T00:00:00Z'],
    ['2012-12-31T23:59:45Z', '* * * * *', '2013-01-01T00:00:00Z'],
    ['2012-07-09T10:59:30Z', '59 10 * * *', '2012-07-10T10:59:00Z'],
    ['2012-07-09T23:35:00Z', '0 0 29 Feb ?', '2016-02-29T00:00:00Z'],
    ['2012-07-09T23:35:00Z', '0 0 30 Feb ?', undefined],
    ['2012-07-09T23:35:00Z', '0 0 31 Apr ?', undefined],
    ['2012-07-09T23:35:00Z', '0 0 31 2 *', undefined],
    ['2096-03-01T00:00:00Z', '0 0 29 2 *', undefined],
    ['2012-07-09T23:35:00Z', ', * * * *', undefined],
    ['2012-07-09T23:35:00Z', '0 0 , * 1', '2012-07-16T00:00:00Z'],
    ['2012-07-09T23:35:00.500Z', '@every 1h30m', '2012-07-10T01:05:00Z'],
    ['2012-07-09T23:35:00Z', '@every 1500ms', '2012-07-09T23:35:01Z'],
    ['2012-07-09T23:35:00Z', '@every 1ns', '2012-07-09T23:35:01Z'],
    ['2012-07-09T23:35:00Z', '@every -5h', '2012-07-09T23:35:01Z'],
    ['2012-07-09T23:35:00Z', '@every 0', '2012-07-09T23:35:01Z'],
    ['2012-07-09T23:35:00Z', '@every 1.5h', '2012-07-10T01:05:00Z'],
  ])('%s of %s is %s', (from, spec, expected) => {
    expect(next(spec, from)).toBe(expected)
  })
})

describe('over daylight saving', () => {
  it.each<[what: string, from: string, spec: string, expected: string, timeZone?: string]>([
    ['spring: before the gap', '2012-03-11T00:00:00-05:00', '30 1 11 Mar ?', '2012-03-11T06:30:00Z'],
    ['spring: in the gap, once a year', '2012-03-11T00:00:00-05:00', '30 2 11 Mar ?', '2013-03-11T06:30:00Z'],
    ['spring: in the gap, daily', '2012-03-11T00:00:00-05:00', '30 2 * * *', '2012-03-12T06:30:00Z'],
    ['spring: after the gap', '2012-03-11T00:00:00-05:00', '0 3 * * *', '2012-03-11T07:00:00Z'],
    ['spring: hourly goes from 1 to 3 o’clock', '2012-03-11T01:00:00-05:00', '0 * * * *', '2012-03-11T07:00:00Z'],
    ['spring: hourly, then the next', '2012-03-11T03:00:00-04:00', '0 * * * *', '2012-03-11T08:00:00Z'],
    ['spring: over the day', '2012-03-11T00:00:00-05:00', '0 0 * * *', '2012-03-12T04:00:00Z'],
    ['autumn: the first of the repeated hour', '2012-11-04T00:00:00-04:00', '30 1 04 Nov ?', '2012-11-04T05:30:00Z'],
    ['autumn: the second of the repeated hour', '2012-11-04T01:45:00-04:00', '30 1 04 Nov ?', '2012-11-04T06:30:00Z'],
    ['autumn: after it', '2012-11-04T00:00:00-04:00', '30 2 04 Nov ?', '2012-11-04T07:30:00Z'],
    ['autumn: hourly', '2012-11-04T00:00:00-04:00', '0 * * * *', '2012-11-04T05:00:00Z'],
    ['autumn: hourly, repeated', '2012-11-04T01:00:00-04:00', '0 * * * *', '2012-11-04T06:00:00Z'],
    ['autumn: hourly, and on', '2012-11-04T01:00:00-05:00', '0 * * * *', '2012-11-04T07:00:00Z'],
    ['autumn: daily at 1 twice', '2012-11-04T01:00:00-04:00', '0 1 * * *', '2012-11-04T06:00:00Z'],
    ['autumn: daily at 1 the day after', '2012-11-04T01:00:00-05:00', '0 1 * * *', '2012-11-05T06:00:00Z'],
    ['autumn: over the day', '2012-11-04T00:00:00-04:00', '0 0 * * *', '2012-11-05T05:00:00Z'],
    ['no midnight: the day before', '2018-11-03T12:00:00-03:00', '0 0 * * *', '2018-11-05T02:00:00Z', 'America/Sao_Paulo'],
    ['no midnight: stepping days over it', '2018-11-02T12:00:00-03:00', '0 9 5 * *', '2018-11-05T11:00:00Z', 'America/Sao_Paulo'],
    ['no midnight: a day whose midnight is missing', '2018-11-02T12:00:00-03:00', '0 9 4 * *', '2018-11-04T11:00:00Z', 'America/Sao_Paulo'],
    ['half an hour: spring', '2023-10-01T01:50:00+10:30', '15 2 * * *', '2023-10-01T15:15:00Z', 'Australia/Lord_Howe'],
    ['a zone east of Greenwich', '2024-03-30T12:00:00Z', '30 2 * * *', '2024-04-01T00:30:00Z', 'Europe/Berlin'],
    ['a zone without changes', '2024-03-30T12:00:00Z', '0 9 * * 1', '2024-04-01T03:30:00Z', 'Asia/Kolkata'],
    ['a zone at offset zero', '2024-03-31T00:30:00Z', '30 1 * * *', '2024-04-01T00:30:00Z', 'Europe/London'],
  ])('%s', (_, from, spec, expected, timeZone = NEW_YORK) => {
    expect(next(spec, from, timeZone)).toBe(expected)
  })

  it('prefers the zone in the text', () => {
    expect(next('TZ=Asia/Tokyo 0 9 * * *', '2024-01-01T00:30:00Z', NEW_YORK)).toBe('2024-01-02T00:00:00Z')
    expect(next('CRON_TZ=UTC  @midnight', '2024-01-01T00:30:00Z', NEW_YORK)).toBe('2024-01-02T00:00:00Z')
  })
})

describe('refuses', () => {
  it.each<[spec: string, message: string]>([
    ['', 'empty spec string'],
    ['* * * *', 'expected exactly 5 fields, found 4: [* * * *]'],
    ['0 * * * * *', 'expected exactly 5 fields, found 6: [0 * * * * *]'],
    [' @daily', 'expected exactly 5 fields, found 1: [@daily]'],
    ['5 j * * *', 'failed to parse int from j: strconv.Atoi: parsing "j": invalid syntax'],
    ['* * L * *', 'failed to parse int from L: strconv.Atoi: parsing "L": invalid syntax'],
    ['* * * * 5L', 'failed to parse int from 5L: strconv.Atoi: parsing "5L": invalid syntax'],
    ['* * * * 7', 'end of range (7) above maximum (6): 7'],
    ['60 * * * *', 'end of range (60) above maximum (59): 60'],
    ['* 24 * * *', 'end of range (24) above maximum (23): 24'],
    ['* * 0 * *', 'beginning of range (0) below minimum (1): 0'],
    ['* * 32 * *', 'end of range (32) above maximum (31): 32'],
    ['* * * 13 *', 'end of range (13) above maximum (12): 13'],
    ['* * * foo *', 'failed to parse int from foo: strconv.Atoi: parsing "foo": invalid syntax'],
    ['9-3 * * * *', 'beginning of range (9) beyond end of range (3): 9-3'],
    ['1-2-3 * * * *', 'too many hyphens: 1-2-3'],
    ['1/2/3 * * * *', 'too many slashes: 1/2/3'],
    ['*/0 * * * *', 'step of range should be a positive number: */0'],
    ['-5 * * * *', 'failed to parse int from : strconv.Atoi: parsing "": invalid syntax'],
    ['*/-5 * * * *', 'negative number (-5) not allowed: -5'],
    [
      '99999999999999999999 * * * *',
      'failed to parse int from 99999999999999999999: strconv.Atoi: parsing "99999999999999999999": value out of range',
    ],
    ['@fortnightly', 'unrecognized descriptor: @fortnightly'],
    ['@DAILY', 'unrecognized descriptor: @DAILY'],
    ['@every', 'unrecognized descriptor: @every'],
    ['@every 5', 'failed to parse duration @every 5: time: missing unit in duration "5"'],
    ['@every 1d', 'failed to parse duration @every 1d: time: unknown unit "d" in duration "1d"'],
    ['@every x', 'failed to parse duration @every x: time: invalid duration "x"'],
    ['@every ', 'failed to parse duration @every : time: invalid duration ""'],
    ['@every 1h.m', 'failed to parse duration @every 1h.m: time: invalid duration "1h.m"'],
    ['TZ=Nowhere/City * * * * *', 'provided bad location Nowhere/City: unknown time zone Nowhere/City'],
  ])('%j', (spec, message) => {
    expect(() => parseCronSchedule(spec)).toThrow(new Error(message))
  })
})

it.each<[name: string, isKnown: boolean]>([
  ['Europe/Berlin', true],
  ['America/Argentina/Buenos_Aires', true],
  ['US/Eastern', true],
  ['Etc/GMT+5', true],
  ['EST5EDT', true],
  ['UTC', true],
  ['Factory', true],
  ['GMT', true],
  ['america/new_york', false],
  ['AMERICA/NEW_YORK', false],
  ['+05:00', false],
  ['Mars/Olympus', false],
])('time zone %s is known: %s', (name, isKnown) => {
  expect(isKnownTimeZone(name)).toBe(isKnown)
})

it.each<[instant: string, zone: string, text: string]>([
  ['2024-01-01T12:00:00Z', 'Factory', '2024-01-01T12:00:00Z'],
  ['2024-01-01T12:00:00Z', 'UTC', '2024-01-01T12:00:00Z'],
  ['2024-01-01T12:00:00Z', 'Europe/London', '2024-01-01T12:00:00Z'],
  ['2024-07-01T12:00:00Z', 'Europe/London', '2024-07-01T13:00:00+01:00'],
  ['2024-07-01T12:00:00Z', 'America/St_Johns', '2024-07-01T09:30:00-02:30'],
  ['2024-07-01T20:00:00Z', 'Asia/Kolkata', '2024-07-02T01:30:00+05:30'],
])('%s in %s is %s', (instant, zone, text) => {
  expect(formatInZone(Date.parse(instant), zone)).toBe(text)
})

describe('the next time is the first minute that matches', () => {
  const field = (min: number, max: number) =>
    fc.oneof(
      fc.constantFrom('*', '*/2', '*/5', '?'),
      fc.integer({ min, max }).map(String),
      fc.tuple(fc.integer({ min, max }), fc.integer({ min, max })).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
      fc.array(fc.integer({ min, max }), { minLength: 1, maxLength: 4 }).map((list) => list.join(',')),
    )
  const specs = fc.tuple(field(0, 59), field(0, 23), field(1, 31), fc.constant('*'), field(0, 6)).map((fields) => fields.join(' '))
  // Around the changes of 2024 in America/New_York, 10 March and 3 November, and any other time.
  const starts = fc.oneof(
    fc.integer({ min: Date.parse('2024-03-08T00:00Z'), max: Date.parse('2024-03-11T00:00Z') }),
    fc.integer({ min: Date.parse('2024-11-01T00:00Z'), max: Date.parse('2024-11-04T00:00Z') }),
    fc.integer({ min: Date.parse('2023-01-01T00:00Z'), max: Date.parse('2028-01-01T00:00Z') }),
  )
  const listed = (text: string, value: number, min: number): boolean =>
    text.split(',').some((part) => {
      if (part === '*' || part === '?') return true
      if (part.startsWith('*/')) return (value - min) % Number(part.slice(2)) === 0
      const [low, high = low] = part.split('-').map(Number)
      return value >= low! && value <= high!
    })
  const matches = (spec: string, wall: Date): boolean => {
    const [minute, hour, day, , weekday] = spec.split(' ') as [string, string, string, string, string]
    const isDay = listed(day, wall.getUTCDate(), 1)
    const isWeekday = listed(weekday, wall.getUTCDay(), 0)
    const hasStar = [day, weekday].some((text) => text === '*' || text === '?')
    const isToday = hasStar ? isDay && isWeekday : isDay || isWeekday
    return isToday && listed(minute, wall.getUTCMinutes(), 0) && listed(hour, wall.getUTCHours(), 0)
  }

  it.each(['UTC', NEW_YORK])('in %s', (timeZone) => {
    const offsetAt = offsetOf(timeZone)
    fc.assert(
      fc.property(specs, starts, (spec, start) => {
        const found = nextAfter(parseCronSchedule(spec), start, timeZone)
        let minute = Math.floor(start / 60_000) * 60_000 + 60_000
        const end = Math.min(found ?? Number.POSITIVE_INFINITY, start + 3 * 86_400_000)
        while (minute < end && !matches(spec, new Date(minute + offsetAt(minute)))) minute += 60_000
        expect(new Date(minute).toISOString()).toBe(new Date(Math.max(minute, end)).toISOString())
        if (found !== undefined) expect(matches(spec, new Date(found + offsetAt(found)))).toBe(true)
      }),
      { numRuns: 300 },
    )
  })
})

it('is fast even where there is nothing to find', () => {
  const schedule = parseCronSchedule('0 0 30 2 *')
  const started = performance.now()
  for (let i = 0; i < 20; i++) nextAfter(schedule, Date.parse('2024-01-01T00:00:00Z'), NEW_YORK)
  expect(performance.now() - started).toBeLessThan(1000)
})
