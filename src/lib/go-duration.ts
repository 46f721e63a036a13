const UNIT_NANOSECONDS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  '\u00b5s': 1e3,
  '\u03bcs': 1e3,
  ms: 1e6,
  s: 1e9,
  m: 6e10,
  h: 3.6e12,
}

/** Beyond this many nanoseconds Go's int64 overflows. */
const LONGEST_NANOSECONDS = 2 ** 63

/**
 * Milliseconds (with fractions) of a duration as Go writes it: `1h30m`, `1.5s`, `-2m`.
 * @throws Error worded as Go's time.ParseDuration
 */
export function parseGoDuration(text: string): number {
  const quoted = JSON.stringify(text)
  const sign = /^[-+]/.test(text) ? text[0] : ''
  let rest = text.slice(sign!.length)
  if (rest === '0') return 0
  if (rest === '') throw new Error(`time: invalid duration ${quoted}`)
  let nanoseconds = 0
  while (rest !== '') {
    const [all, number, unit] = /^(\d*(?:\.\d*)?)([^\d.]*)/.exec(rest)!
    if (!/\d/.test(number!)) throw new Error(`time: invalid duration ${quoted}`)
    if (unit === '') throw new Error(`time: missing unit in duration ${quoted}`)
    const scale = UNIT_NANOSECONDS[unit!]
    if (scale === undefined) throw new Error(`time: unknown unit ${JSON.stringify(unit)} in duration ${quoted}`)
    nanoseconds += Number(number) * scale
    if (nanoseconds >= LONGEST_NANOSECONDS) throw new Error(`time: invalid duration ${quoted}`)
    rest = rest.slice(all.length)
  }
  return (sign === '-' ? -nanoseconds : nanoseconds) / 1e6
}

/** Milliseconds as Go writes a duration: `1h30m0s`, `15s`, `1.5s`, `500ms`. */
export function formatGoDuration(milliseconds: number): string {
  const sign = milliseconds < 0 ? '-' : ''
  const size = Math.abs(milliseconds)
  if (size === 0) return '0s'
  if (size < 1e-3) return `${sign}${Math.round(size * 1e6)}ns`
  if (size < 1) return `${sign}${trimmed(size * 1e3, 3)}\u00b5s`
  if (size < 1000) return `${sign}${trimmed(size, 6)}ms`
  const minutes = Math.floor(size / 60_000)
  const seconds = `${trimmed((size - minutes * 60_000) / 1000, 9)}s`
  if (minutes === 0) return sign + seconds
  const hours = Math.floor(minutes / 60)
  return `${sign}${hours === 0 ? '' : `${hours}h`}${minutes % 60}m${seconds}`
}

function trimmed(number: number, digits: number): string {
  return String(Number(number.toFixed(digits)))
}
