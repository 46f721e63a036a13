/** Spans of time as kubectl shows them. Upstream: k8s.io/apimachinery/pkg/util/duration. */
import { parseTimestamp } from './meta/time.ts'

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const YEAR = 365 * DAY

/** Two or three significant figures: 45s, 3m20s, 5h10m, 2d3h. Clocks may differ by a second; more is `<invalid>`. */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / 1000)
  if (seconds < -1) return '<invalid>'
  if (seconds < 0) return '0s'
  if (seconds < 2 * MINUTE) return `${seconds}s`
  if (seconds < 10 * MINUTE) return twoUnits(seconds, MINUTE, 'm', 1, 's')
  if (seconds < 3 * HOUR) return `${Math.trunc(seconds / MINUTE)}m`
  if (seconds < 8 * HOUR) return twoUnits(seconds, HOUR, 'h', MINUTE, 'm')
  if (seconds < 2 * DAY) return `${Math.trunc(seconds / HOUR)}h`
  if (seconds < 8 * DAY) return twoUnits(seconds, DAY, 'd', HOUR, 'h')
  if (seconds < 2 * YEAR) return `${Math.trunc(seconds / DAY)}d`
  if (seconds < 8 * YEAR) return twoUnits(seconds, YEAR, 'y', DAY, 'd')
  return `${Math.trunc(seconds / YEAR)}y`
}

function twoUnits(seconds: number, unit: number, name: string, subunit: number, subname: string): string {
  const rest = Math.trunc((seconds % unit) / subunit)
  const whole = `${Math.trunc(seconds / unit)}${name}`
  return rest === 0 ? whole : `${whole}${rest}${subname}`
}

/** One unit only: 45s, 3m, 5h, 2d, 1y. */
export function shortHumanDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / 1000)
  if (seconds < -1) return '<invalid>'
  if (seconds < 0) return '0s'
  if (seconds < MINUTE) return `${seconds}s`
  if (seconds < HOUR) return `${Math.trunc(seconds / MINUTE)}m`
  if (seconds < DAY) return `${Math.trunc(seconds / HOUR)}h`
  if (seconds < YEAR) return `${Math.trunc(seconds / DAY)}d`
  return `${Math.trunc(seconds / YEAR)}y`
}

/**
 * The time since a metav1.Time, as an AGE cell has it.
 * @param now milliseconds since the epoch
 */
export function age(timestamp: string | null | undefined, now: number): string {
  const then = parseTimestamp(timestamp ?? undefined)
  return Number.isNaN(then) ? '<unknown>' : humanDuration(now - then)
}
