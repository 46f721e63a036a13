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
