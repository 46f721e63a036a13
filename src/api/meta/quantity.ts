/**
 * Quantities of resources: "500m", "1Gi", "1e3". Exact, as integers of nano-units, which is upstream's precision too.
 * Upstream: k8s.io/apimachinery/pkg/api/resource/quantity.go.
 */
export interface ParsedQuantity {
  /** The value in billionths, rounded away from zero. */
  readonly nano: bigint
  readonly format: 'DecimalSI' | 'BinarySI' | 'DecimalExponent'
}

const NANO = 1_000_000_000n
const BINARY: Readonly<Record<string, bigint>> = {
  Ki: 1n << 10n,
  Mi: 1n << 20n,
  Gi: 1n << 30n,
  Ti: 1n << 40n,
  Pi: 1n << 50n,
  Ei: 1n << 60n,
}
const DECIMAL_EXPONENT: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 }
/** Largest first, so that the first that divides evenly is the shortest form. */
const DECIMAL_SUFFIXES = Object.entries(DECIMAL_EXPONENT).sort(([, a], [, b]) => b - a)
const BINARY_SUFFIXES = Object.entries(BINARY).sort(([, a], [, b]) => (b > a ? 1 : -1))
const MAX_NANO = ((1n << 63n) - 1n) * NANO

/** Upstream: maxInt64Factors */
const SHORT_DIGITS = 18

const SYNTAX = /^([+-]?)(\d*)(?:\.(\d*))?(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|[eE][+-]?\d+)?$/

const parsed = new Map<string, ParsedQuantity>()
const PARSED_LIMIT = 4096

/** undefined when the text isn't a quantity. */
export function parseQuantity(text: string | number): ParsedQuantity | undefined {
  const source = String(text)
  const known = parsed.get(source)
  if (known !== undefined) return known
  const quantity = parse(source)
  if (quantity !== undefined) {
    if (parsed.size >= PARSED_LIMIT) parsed.clear()
    parsed.set(source, quantity)
  }
  return quantity
}

function parse(text: string): ParsedQuantity | undefined {
  const match = SYNTAX.exec(text)
  if (match === null) return undefined
  const [, sign, whole = '', fraction = '', suffix = ''] = match
  if (whole === '' && fraction === '') return undefined
  const mantissa = BigInt(whole + fraction || '0')
  const binary = BINARY[suffix]
  const isExponent = /^[eE][+-]?\d/.test(suffix)
  const exponent = binary !== undefined ? 0 : isExponent ? Number(suffix.slice(1)) : DECIMAL_EXPONENT[suffix]!
  if (Math.abs(exponent) > 400) return undefined
  const power = exponent - fraction.length + 9
  const scaled = mantissa * (binary ?? 1n)
  let nano = power >= 0 ? scaled * 10n ** BigInt(power) : divideRoundingUp(scaled, 10n ** BigInt(-power))
  // Upstream: what is decimal and has few digits is taken as it is.
  const isShort = binary === undefined && whole.replace(/^0+/, '').length + fraction.length <= SHORT_DIGITS && power >= 0
  if (nano > MAX_NANO && !isShort) nano = MAX_NANO
  return { nano: sign === '-' ? -nano : nano, format: binary !== undefined ? 'BinarySI' : isExponent ? 'DecimalExponent' : 'DecimalSI' }
}

function divideRoundingUp(a: bigint, b: bigint): bigint {
  return (a + b - 1n) / b
}

/** Of quantities that were parsed: the same few come again and again. */
const formatted = new WeakMap<ParsedQuantity, string>()

/** The form the server stores: the largest suffix that needs no fraction. */
export function formatQuantity(quantity: ParsedQuantity): string {
  let text = formatted.get(quantity)
  if (text === undefined) {
    text = format(quantity)
    formatted.set(quantity, text)
  }
  return text
}

function format({ nano, format }: ParsedQuantity): string {
  if (nano === 0n) return '0'
  const sign = nano < 0n ? '-' : ''
  const size = nano < 0n ? -nano : nano
  if (format === 'BinarySI' && size % NANO === 0n && size >= 1024n * NANO) {
    const whole = size / NANO
    for (const [suffix, unit] of BINARY_SUFFIXES) if (whole % unit === 0n) return `${sign}${whole / unit}${suffix}`
    return `${sign}${whole}`
  }
  for (const [suffix, exponent] of DECIMAL_SUFFIXES) {
    const unit = 10n ** BigInt(exponent + 9)
    if (size % unit !== 0n) continue
    return `${sign}${size / unit}${format === 'DecimalExponent' && exponent !== 0 ? `e${exponent}` : suffix}`
  }
  return `${sign}${size}n`
}

/** The canonical form of a quantity, or the text itself when it isn't one. */
export function canonicalQuantity(text: string | number): string {
  const quantity = parseQuantity(text)
  return quantity === undefined ? String(text) : formatQuantity(quantity)
}

/** In units (bytes, cores), rounded up; 0 for an absent or malformed one. Upstream: Quantity.Value. */
export function quantityValue(text: string | number | undefined): number {
  return Number(divideTowardsInfinity(nanoOf(text), NANO))
}

/** In thousandths, rounded up. Upstream: Quantity.MilliValue. */
export function quantityMilliValue(text: string | number | undefined): number {
  return Number(quantityMillis(text))
}

const MAX_INT64 = (1n << 63n) - 1n

/** In thousandths, rounded up, exactly; at most what Go's int64 holds. Upstream: Quantity.MilliValue. */
export function quantityMillis(text: string | number | undefined): bigint {
  const millis = divideTowardsInfinity(nanoOf(text), 1_000_000n)
  return millis > MAX_INT64 ? MAX_INT64 : millis
}

/** The canonical form of so many thousandths. Upstream: NewMilliQuantity */
export function millisText(millis: bigint, format: ParsedQuantity['format'] = 'DecimalSI'): string {
  return formatQuantity({ nano: millis * 1_000_000n, format })
}

/** Negative, zero or positive, as a sort wants it; absent and malformed ones count as 0. */
export function compareQuantities(a: string | number | undefined, b: string | number | undefined): number {
  const difference = nanoOf(a) - nanoOf(b)
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

/** In the format of the first, unless that is zero. Upstream: Quantity.Add. */
export function addQuantities(a: string, b: string): string {
  const nano = nanoOf(a)
  return formatQuantity({ nano: nano + nanoOf(b), format: parseQuantity(nano === 0n ? b : a)?.format ?? 'DecimalSI' })
}

/** In the format of the first, unless that is zero. Upstream: Quantity.Sub. */
export function subtractQuantities(a: string, b: string): string {
  const nano = nanoOf(a)
  return formatQuantity({ nano: nano - nanoOf(b), format: parseQuantity(nano === 0n ? b : a)?.format ?? 'DecimalSI' })
}

function nanoOf(text: string | number | undefined): bigint {
  return text === undefined ? 0n : (parseQuantity(text)?.nano ?? 0n)
}

function divideTowardsInfinity(a: bigint, b: bigint): bigint {
  return a <= 0n ? a / b : (a + b - 1n) / b
}
