/** Wall clocks of IANA time zones, with Go's choices where a wall time is missing or comes twice. */

/** Milliseconds to add to an instant to get its wall time (as if the wall time were UTC). */
export type OffsetAt = (instantMs: number) => number

/** Zones change their offset at multiples of this only (wherever it has mattered since 1972). */
const OFFSET_QUANTUM_MS = 15 * 60_000

/** What Intl need not be asked; `Factory`, the zone of a clock nobody has set, it doesn't know. */
const UTC_NAMES: ReadonlySet<string> = new Set(['', 'UTC', 'Factory'])

/** A pure memo: making a formatter costs a hundred times as much as using it. */
const formatters = new Map<string, Intl.DateTimeFormat>()

/**
 * Would Go's time.LoadLocation find it? Stricter than Intl, which takes any letter case and plain offsets.
 * The empty name is UTC to Go.
 */
export function isKnownTimeZone(name: string): boolean {
  if (UTC_NAMES.has(name)) return true
  if (!/^[A-Z][\w+-]*(?:\/[A-Z][\w+-]*)*$/.test(name)) return false
  // No name has four capitals in a row but this one; Intl would take AMERICA/NEW_YORK.
  if (/[A-Z]{4}/.test(name) && name !== 'NZ-CHAT') return false
  try {
    formatterOf(name)
    return true
  } catch {
    return false
  }
}

/** @throws RangeError when the zone is unknown */
export function offsetOf(timeZone: string): OffsetAt {
  if (UTC_NAMES.has(timeZone)) return () => 0
  const formatter = formatterOf(timeZone)
  let cachedQuantum = Number.NaN
  let cachedOffset = 0
  return (instantMs) => {
    const quantum = Math.floor(instantMs / OFFSET_QUANTUM_MS)
    if (quantum !== cachedQuantum) {
      cachedQuantum = quantum
      cachedOffset = computeOffset(formatter, quantum * OFFSET_QUANTUM_MS)
    }
    return cachedOffset
  }
}

/**
 * The instant of a wall time, given as if it were UTC. A wall time that a transition skips or repeats gets the offset
 * that Go's guess leads to. Upstream: Go's time.Date.
 */
export function instantOfWallTime(offsetAt: OffsetAt, wallMs: number): number {
  const guess = offsetAt(wallMs)
  return guess === 0 ? wallMs : wallMs - offsetAt(wallMs - guess)
}

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(timeZone)
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
    formatters.set(timeZone, formatter)
  }
  return formatter
}

function computeOffset(formatter: Intl.DateTimeFormat, instantMs: number): number {
  const wall: Record<string, number> = {}
  for (const { type, value } of formatter.formatToParts(instantMs)) wall[type] = Number(value)
  return Date.UTC(wall.year!, wall.month! - 1, wall.day, wall.hour, wall.minute, wall.second) - instantMs
}

/** RFC 3339 with the zone's own offset, `Z` when that is none. @throws RangeError when the zone is unknown */
export function formatInZone(instantMs: number, timeZone: string): string {
  const offset = offsetOf(timeZone)(instantMs)
  const wall = new Date(instantMs + offset).toISOString().slice(0, 19)
  if (offset === 0) return `${wall}Z`
  const minutes = Math.trunc(Math.abs(offset) / 60_000)
  const pad = (value: number) => String(value).padStart(2, '0')
  return `${wall}${offset < 0 ? '-' : '+'}${pad(Math.trunc(minutes / 60))}:${pad(minutes % 60)}`
}
