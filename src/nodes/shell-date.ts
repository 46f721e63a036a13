/** What date(1) prints, in UTC and the C locale. */
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const MONTHS = 'January February March April May June July August September October November December'.split(' ')

const two = (value: number) => String(value).padStart(2, '0')

const FIELDS: Readonly<Record<string, (date: Date) => string>> = {
  '%': () => '%',
  A: (date) => DAYS[date.getUTCDay()]!,
  a: (date) => DAYS[date.getUTCDay()]!.slice(0, 3),
  B: (date) => MONTHS[date.getUTCMonth()]!,
  b: (date) => MONTHS[date.getUTCMonth()]!.slice(0, 3),
  d: (date) => two(date.getUTCDate()),
  e: (date) => String(date.getUTCDate()).padStart(2),
  H: (date) => two(date.getUTCHours()),
  I: (date) => two(date.getUTCHours() % 12 || 12),
  j: (date) => String(Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear())) / 86_400_000) + 1).padStart(3, '0'),
  M: (date) => two(date.getUTCMinutes()),
  m: (date) => two(date.getUTCMonth() + 1),
  N: (date) => String(date.getUTCMilliseconds() * 1_000_000).padStart(9, '0'),
  n: () => '\n',
  p: (date) => (date.getUTCHours() < 12 ? 'AM' : 'PM'),
  S: (date) => two(date.getUTCSeconds()),
  s: (date) => String(Math.floor(date.getTime() / 1000)),
  t: () => '\t',
  u: (date) => String(date.getUTCDay() || 7),
  w: (date) => String(date.getUTCDay()),
  Y: (date) => String(date.getUTCFullYear()),
  y: (date) => two(date.getUTCFullYear() % 100),
  Z: () => 'UTC',
  z: () => '+0000',
}

const COMBINED: Readonly<Record<string, string>> = {
  c: '%a %b %e %H:%M:%S %Y',
  D: '%m/%d/%y',
  F: '%Y-%m-%d',
  h: '%b',
  R: '%H:%M',
  T: '%H:%M:%S',
}

const ISO: Readonly<Record<string, string>> = { '': '%F', date: '%F', hours: '%FT%H+00:00', minutes: '%FT%R+00:00', seconds: '%FT%T+00:00' }

/** @param args of the command. @param now milliseconds since the epoch */
export function dateText(args: readonly string[], now: number): string {
  const iso = args.map((arg) => /^(?:-I|--iso-8601=?)(.*)$/.exec(arg)?.[1]).find((precision) => precision !== undefined)
  const asked = args.find((arg) => arg.startsWith('+'))?.slice(1)
  const isMail = args.includes('-R')
  return format(asked ?? (iso === undefined ? (isMail ? '%a, %d %b %Y %T %z' : '%a %b %e %T UTC %Y') : (ISO[iso] ?? '%F')), new Date(now))
}

function format(text: string, date: Date): string {
  return text.replace(/%-?(.)/g, (field, letter: string) => {
    if (COMBINED[letter] !== undefined) return format(COMBINED[letter], date)
    const value = FIELDS[letter]?.(date) ?? field
    return field.startsWith('%-') ? value.replace(/^[0 ]+(?=.)/, '') : value
  })
}
