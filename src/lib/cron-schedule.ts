/**
 * Cron schedules as Kubernetes reads them, and the times they name: pure functions of schedule, time zone and instant.
 * Upstream: github.com/robfig/cron/v3 ParseStandard, SpecSchedule.Next, ConstantDelaySchedule.Next.
 */
import { parseGoDuration } from './go-duration.ts'
import { instantOfWallTime, isKnownTimeZone, type OffsetAt, offsetOf } from './time-zone.ts'

/** Which values of a field match, by value. */
interface Field {
  readonly matches: readonly boolean[]
  readonly isEmpty: boolean
  /** Written with `*` or `?` and no step: the field restricts nothing. */
  readonly hasStar: boolean
}

interface FieldSchedule {
  readonly kind: 'fields'
  readonly minute: Field
  readonly hour: Field
  readonly dayOfMonth: Field
  readonly month: Field
  readonly dayOfWeek: Field
  /** From a `TZ=` or `CRON_TZ=` prefix; overrides the zone given to `nextAfter`. */
  readonly timeZone?: string
}

interface IntervalSchedule {
  readonly kind: 'interval'
  readonly intervalMs: number
}

export type CronSchedule = FieldSchedule | IntervalSchedule

interface Bounds {
  readonly min: number
  readonly max: number
  readonly names?: readonly string[]
}

const MINUTE: Bounds = { min: 0, max: 59 }
const HOUR: Bounds = { min: 0, max: 23 }
const DAY_OF_MONTH: Bounds = { min: 1, max: 31 }
const MONTH: Bounds = {
  min: 1,
  max: 12,
  names: ['', 'jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
}
/** Sunday is 0; 7 is refused. */
const DAY_OF_WEEK: Bounds = { min: 0, max: 6, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] }

const DESCRIPTORS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
/** `nextAfter` gives up when the year is further ahead than this. */
const YEARS_AHEAD = 5

/** @throws Error with robfig/cron's message, as validation shows it */
export function parseCronSchedule(text: string): CronSchedule {
  if (text === '') throw new Error('empty spec string')
  let timeZone: string | undefined
  let spec = text
  const prefix = /^(?:CRON_)?TZ=([^ ]*)/.exec(text)
  if (prefix !== null) {
    timeZone = prefix[1]!
    if (!isKnownTimeZone(timeZone)) throw new Error(`provided bad location ${timeZone}: unknown time zone ${timeZone}`)
    spec = text.slice(prefix[0].length).trim()
  }
  const schedule = spec.startsWith('@') ? parseDescriptor(spec) : parseFields(spec)
  return timeZone === undefined || schedule.kind === 'interval' ? schedule : { ...schedule, timeZone }
}

function parseDescriptor(spec: string): CronSchedule {
  const fields = DESCRIPTORS[spec]
  if (fields !== undefined) return parseFields(fields)
  if (!spec.startsWith('@every ')) throw new Error(`unrecognized descriptor: ${spec}`)
  try {
    const interval = parseGoDuration(spec.slice('@every '.length))
    return { kind: 'interval', intervalMs: Math.max(SECOND_MS, Math.trunc(interval / SECOND_MS) * SECOND_MS) }
  } catch (error) {
    throw new Error(`failed to parse duration ${spec}: ${(error as Error).message}`)
  }
}

function parseFields(spec: string): CronSchedule {
  const fields = spec.split(/\s+/).filter((field) => field !== '')
  const [minute, hour, dayOfMonth, month, dayOfWeek] = fields
  if (fields.length !== 5) throw new Error(`expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`)
  return {
    kind: 'fields',
    minute: parseField(minute!, MINUTE),
    hour: parseField(hour!, HOUR),
    dayOfMonth: parseField(dayOfMonth!, DAY_OF_MONTH),
    month: parseField(month!, MONTH),
    dayOfWeek: parseField(dayOfWeek!, DAY_OF_WEEK),
  }
}

/** Empty parts of the comma list are skipped; a field of nothing but commas is valid and matches never. */
function parseField(text: string, bounds: Bounds): Field {
  const matches = new Array<boolean>(bounds.max + 1).fill(false)
  let hasStar = false
  for (const range of text.split(',').filter((part) => part !== '')) {
    const { start, end, step, isStar } = parseRange(range, bounds)
    for (let value = start; value <= end; value += step) matches[value] = true
    // `*/2` counts as a restriction where day of month and day of week meet; plain `*` and `*/1` don't.
    hasStar ||= isStar && step === 1
  }
  return { matches, isEmpty: !matches.includes(true), hasStar }
}

function parseRange(text: string, bounds: Bounds): { start: number; end: number; step: number; isStar: boolean } {
  const [limits, stepText, ...moreSteps] = text.split('/')
  const [low, high, ...moreLimits] = limits!.split('-')
  const isStar = low === '*' || low === '?'
  let start = bounds.min
  let end = bounds.max
  if (!isStar) {
    start = parseValue(low!, bounds)
    if (moreLimits.length > 0) throw new Error(`too many hyphens: ${text}`)
    end = high === undefined ? start : parseValue(high, bounds)
  }
  if (moreSteps.length > 0) throw new Error(`too many slashes: ${text}`)
  let step = 1
  if (stepText !== undefined) {
    step = parseNumber(stepText)
    // `N/step` means from N to the end of the field.
    if (high === undefined) end = bounds.max
  }
  if (start < bounds.min) throw new Error(`beginning of range (${start}) below minimum (${bounds.min}): ${text}`)
  if (end > bounds.max) throw new Error(`end of range (${end}) above maximum (${bounds.max}): ${text}`)
  if (start > end) throw new Error(`beginning of range (${start}) beyond end of range (${end}): ${text}`)
  if (step === 0) throw new Error(`step of range should be a positive number: ${text}`)
  return { start, end, step, isStar }
}

function parseValue(text: string, bounds: Bounds): number {
  const named = text === '' ? -1 : (bounds.names?.indexOf(text.toLowerCase()) ?? -1)
  return named >= 0 ? named : parseNumber(text)
}

/** Messages are those of Go's strconv.Atoi. */
function parseNumber(text: string): number {
  const fail = (why: string) => new Error(`failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: ${why}`)
  if (!/^[-+]?\d+$/.test(text)) throw fail('invalid syntax')
  const exact = BigInt(text.replace('+', ''))
  if (exact !== BigInt.asIntN(64, exact)) throw fail('value out of range')
  if (exact < 0n) throw new Error(`negative number (${exact}) not allowed: ${text}`)
  return Number(exact)
}

/**
 * The first time after `instantMs`, or undefined when there is none in five years (`0 0 31 2 *`).
 *
 * A time in the gap of a spring-forward change doesn't happen that day; one in the repeated hour of a fall-back change
 * happens twice. `@every` counts from the instant given.
 */
export function nextAfter(schedule: CronSchedule, instantMs: number, timeZone = 'UTC'): number | undefined {
  const wholeSecond = Math.floor(instantMs / SECOND_MS) * SECOND_MS
  if (schedule.kind === 'interval') return wholeSecond + schedule.intervalMs
  if (schedule.minute.isEmpty || schedule.hour.isEmpty || schedule.month.isEmpty) return undefined
  return nextFieldMatch(schedule, wholeSecond + SECOND_MS, offsetOf(schedule.timeZone ?? timeZone))
}

/** Advances the first field that doesn't match, and starts over whenever that carries into a larger one. */
function nextFieldMatch(schedule: FieldSchedule, from: number, offsetAt: OffsetAt): number | undefined {
  let t = from
  const wall = () => new Date(t + offsetAt(t))
  const atWall = (year: number, month: number, day: number, hour = 0, minute = 0, second = 0) =>
    instantOfWallTime(offsetAt, Date.UTC(year, month, day, hour, minute, second))
  const lastYear = wall().getUTCFullYear() + YEARS_AHEAD
  /** Smaller fields are set to their start once, when the first larger one moves. */
  let hasMoved = false

  search: for (;;) {
    let w = wall()
    if (w.getUTCFullYear() > lastYear) return undefined

    while (!schedule.month.matches[w.getUTCMonth() + 1]) {
      const day = hasMoved ? w.getUTCDate() : 1
      const [hour, minute, second] = hasMoved ? [w.getUTCHours(), w.getUTCMinutes(), w.getUTCSeconds()] : [0, 0, 0]
      hasMoved = true
      t = atWall(w.getUTCFullYear(), w.getUTCMonth() + 1, day, hour, minute, second)
      w = wall()
      if (w.getUTCMonth() === 0) continue search
    }

    while (!dayMatches(schedule, w)) {
      if (!hasMoved) {
        hasMoved = true
        t = atWall(w.getUTCFullYear(), w.getUTCMonth(), w.getUTCDate())
        w = wall()
      }
      t = atWall(w.getUTCFullYear(), w.getUTCMonth(), w.getUTCDate() + 1, w.getUTCHours(), w.getUTCMinutes(), w.getUTCSeconds())
      const hour = wall().getUTCHours()
      // Where midnight is skipped by a change to summer time the step lands at 23 or 1 o'clock.
      if (hour > 12) t += (24 - hour) * HOUR_MS
      else t -= hour * HOUR_MS
      w = wall()
      if (w.getUTCDate() === 1) continue search
    }

    while (!schedule.hour.matches[w.getUTCHours()]) {
      if (!hasMoved) {
        hasMoved = true
        t = atWall(w.getUTCFullYear(), w.getUTCMonth(), w.getUTCDate(), w.getUTCHours())
      }
      t += HOUR_MS
      w = wall()
      if (w.getUTCHours() === 0) continue search
    }

    while (!schedule.minute.matches[w.getUTCMinutes()]) {
      if (!hasMoved) {
        hasMoved = true
        t = Math.floor(t / MINUTE_MS) * MINUTE_MS
      }
      t += MINUTE_MS
      w = wall()
      if (w.getUTCMinutes() === 0) continue search
    }

    if (w.getUTCSeconds() === 0) return t
    hasMoved = true
    t += (60 - w.getUTCSeconds()) * SECOND_MS
  }
}

/** When both day fields are restricted, either may match; else both must. */
function dayMatches({ dayOfMonth, dayOfWeek }: FieldSchedule, wall: Date): boolean {
  const inMonth = dayOfMonth.matches[wall.getUTCDate()]!
  const inWeek = dayOfWeek.matches[wall.getUTCDay()]!
  return dayOfMonth.hasStar || dayOfWeek.hasStar ? inMonth && inWeek : inMonth || inWeek
}
