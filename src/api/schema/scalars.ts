/** The scalars that encode themselves: how their text is read, what it becomes, and what upstream says when it is wrong. */
import { formatGoDuration, parseGoDuration } from '../../lib/go-duration.ts'
import { canonicalQuantity, parseQuantity } from '../meta/quantity.ts'

/** A canonical text, or the message of what is wrong with it. */
export type Scalar = { readonly text: string } | { readonly error: string }

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)([.,]\d+)?(Z|([+-])(\d\d):(\d\d))$/

/** metav1.Time: RFC 3339 of any offset and precision; kept in UTC, in whole seconds. Upstream: metav1 time.go UnmarshalJSON. */
export function canonicalTime(text: string): Scalar {
  const instant = parseInstant(text, '2006-01-02T15:04:05Z07:00')
  return typeof instant === 'string' ? { error: instant } : { text: `${instant.seconds}Z` }
}

/** metav1.MicroTime: the fraction must have six digits at least. Upstream: micro_time.go, RFC3339Micro. */
export function canonicalMicroTime(text: string): Scalar {
  const layout = '2006-01-02T15:04:05.000000Z07:00'
  const instant = parseInstant(text, layout)
  if (typeof instant === 'string') return { error: instant }
  if (instant.fraction.length < 7) {
    const rest = text.slice(19)
    return { error: `parsing time ${quote(text)} as ${quote(layout)}: cannot parse ${quote(rest)} as ".000000"` }
  }
  return { text: `${instant.seconds}.${instant.fraction.slice(1, 7)}Z` }
}

/** metav1.Duration: as Go writes it. Upstream: duration.go UnmarshalJSON */
export function canonicalDuration(text: string): Scalar {
  try {
    return { text: formatGoDuration(parseGoDuration(text)) }
  } catch (error) {
    return { error: (error as Error).message }
  }
}

/** The second as UTC text without zone, and the fraction as written; or Go's message. Upstream: time.Parse. */
function parseInstant(text: string, layout: string): { seconds: string; fraction: string } | string {
  const match = RFC3339.exec(text)
  if (match === null) return `parsing time ${quote(text)} as ${quote(layout)}: cannot parse ${describeMismatch(text)}`
  const [, year, month, day, hour, minute, second, fraction = '', zone, sign, zoneHour, zoneMinute] = match
  const outOfRange = (what: string) => `parsing time ${quote(text)}: ${what} out of range`
  if (+month! < 1 || +month! > 12) return outOfRange('month')
  if (+hour! > 23) return outOfRange('hour')
  if (+minute! > 59) return outOfRange('minute')
  if (+second! > 59) return outOfRange('second')
  if (zone !== 'Z' && (+zoneHour! > 24 || +zoneMinute! > 60)) return outOfRange('time zone offset')
  const daysInMonth = new Date(Date.UTC(+year!, +month!, 0)).getUTCDate()
  if (+day! < 1 || +day! > daysInMonth) return outOfRange('day')
  if (zone === 'Z') return { seconds: text.slice(0, 19), fraction }
  const offset = (sign === '-' ? -1 : 1) * (+zoneHour! * 60 + +zoneMinute!) * 60_000
  const instant = new Date(Date.parse(`${text.slice(0, 19)}Z`) - offset)
  return { seconds: instant.toISOString().slice(0, 19), fraction }
}

const LAYOUT: readonly (readonly [RegExp, string])[] = [
  [/^\d{4}/, '2006'],
  [/^-/, '-'],
  [/^\d\d/, '01'],
  [/^-/, '-'],
  [/^\d\d/, '02'],
  [/^T/, 'T'],
  [/^\d\d/, '15'],
  [/^:/, ':'],
  [/^\d\d/, '04'],
  [/^:/, ':'],
  [/^\d\d(?:[.,]\d+)?/, '05'],
  [/^(?:Z|[+-]\d\d:\d\d)/, 'Z07:00'],
]

function describeMismatch(text: string): string {
  let rest = text
  for (const [pattern, element] of LAYOUT) {
    const match = pattern.exec(rest)
    if (match === null) return `${quote(rest)} as ${quote(element)}`
    rest = rest.slice(match[0].length)
  }
  return `${quote(rest)} as ""`
}

function quote(text: string): string {
  return JSON.stringify(text)
}

const QUANTITY_FORMAT = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
/** What nearly all quantities look like, and is canonical. */
const SHORT_QUANTITY = /^[1-9]\d{0,2}(?:m|k|M|G|Ki|Mi|Gi)?$/
const QUANTITY_SHAPE = /^[+-]?\d*(?:\.\d*)?[eEinumkKMGTP]*[-+]?\d*$/

/** Upstream: quantity.go ParseQuantity. @param source the text, or the number as it was written */
export function canonicalQuantityText(source: string): Scalar {
  if (SHORT_QUANTITY.test(source)) return { text: source }
  const text = source.trim()
  if (text === '') return { error: QUANTITY_FORMAT }
  if (parseQuantity(text) === undefined) {
    return { error: QUANTITY_SHAPE.test(text) && /\d/.test(text) ? "unable to parse quantity's suffix" : QUANTITY_FORMAT }
  }
  return { text: isKeptAsWritten(text) ? text : canonicalQuantity(text) }
}

/**
 * Upstream remembers the text it parsed when that looks canonical, by tests that let some other forms pass ("1.500", "1100m", "+5").
 * It then writes the text back as it came.
 */
function isKeptAsWritten(text: string): boolean {
  if (text === '0') return true
  const match = /^[+-]?(\d*)(?:\.(\d*))?(.*)$/.exec(text)!
  const fraction = match[2] ?? ''
  const suffix = match[3]!
  const whole = match[1]!.replace(/^0+(?=\d)/, '')
  if (whole.length + fraction.length > 15) return false
  if (suffix.endsWith('i')) {
    return fraction === '' && whole.length < 8 && Number(whole) % 8 !== 0 && suffix !== 'Ei' && suffix !== 'Pi'
  }
  const exponent = /^[eE][+-]?\d/.test(suffix) ? Number(suffix.slice(1)) : (DECIMAL_EXPONENTS[suffix] ?? 0)
  const scale = exponent - fraction.length
  const shifted = (whole === '' ? '0' : whole) + fraction
  return scale >= -9 && scale % 3 === 0 && !shifted.endsWith('000') && shifted[0] !== '0'
}

const DECIMAL_EXPONENTS: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 }

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** Standard base64 with padding; line breaks in it are skipped. Upstream: encoding/base64 StdEncoding. */
export function canonicalBase64(text: string): Scalar {
  if (text === '') return { text }
  if (BASE64.test(text)) {
    // Only the bits that padding leaves over can make a valid text not canonical.
    return { text: text.endsWith('=') ? Buffer.from(text, 'base64').toString('base64') : text }
  }
  const compact = text.replace(/[\r\n]/g, '')
  if (compact !== text && BASE64.test(compact)) return { text: Buffer.from(compact, 'base64').toString('base64') }
  return { error: `illegal base64 data at input byte ${corruptByte(text)}` }
}

function corruptByte(text: string): number {
  const bytes = Buffer.from(text)
  const isSkipped = (c: number | undefined) => c === 0x0a || c === 0x0d
  let at = 0
  for (;;) {
    for (let n = 0; n < 4; n++) {
      while (isSkipped(bytes[at])) at++
      const c = bytes[at]
      // Go points at the first character of a quantum that the end cuts short.
      if (c === undefined) return at - n
      at++
      if (/[A-Za-z0-9+/]/.test(String.fromCharCode(c))) continue
      if (c !== 0x3d || n < 2) return at - 1
      if (n === 2) {
        while (isSkipped(bytes[at])) at++
        if (at === bytes.length) return bytes.length
        if (bytes[at] !== 0x3d) return at
        at++
      }
      while (isSkipped(bytes[at])) at++
      return at
    }
  }
}
