/**
 * JSON with what JSON.parse doesn't tell: where a text is malformed, in Go's words; which keys an object has twice; how a number
 * was written. Upstream: sigs.k8s.io/json.
 */
import { describeSyntaxError } from './describe-syntax-error.ts'

/** A number that a JavaScript number doesn't tell apart from an integer, or can't hold: `1.0`, `1e3`, `12345678901234567890`. */
export class NumberLiteral {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** A JSON text with what only its source shows. */
export interface ParsedJson {
  readonly value: unknown
  /** The keys in order, repeated ones too, of those objects that repeat a key. */
  readonly repeatedKeys: ReadonlyMap<object, readonly string[]> | undefined
}

/**
 * Parses, and looks closer only where that can matter: almost every body has neither a repeated key nor an odd number.
 * @throws JsonSyntaxError
 */
export function parseJson(text: string): ParsedJson {
  try {
    return parse(text)
  } catch (error) {
    // Levels enough to overflow the stack are more than anybody means.
    if (error instanceof RangeError) throw new JsonSyntaxError(TOO_DEEP)
    throw error
  }
}

function parse(text: string): ParsedJson {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new JsonSyntaxError(describeSyntaxError(text))
  }
  const { keys, hasOddNumber } = scan(text)
  if (!hasOddNumber && keys === countKeys(value, 1)) return { value, repeatedKeys: undefined }
  return parseExactly(text)
}

/** Upstream: encoding/json scanner.go maxNestingDepth. */
const MAX_DEPTH = 10_000
const TOO_DEEP = "invalid character '[' exceeded max depth"

/** The message is Go's: `invalid character '}' looking for beginning of value`. */
export class JsonSyntaxError extends Error {}

/** Counts the keys written, and looks for numbers that JSON.parse would round or make equal to others. The text is valid. */
function scan(text: string): { keys: number; hasOddNumber: boolean } {
  let keys = 0
  let hasOddNumber = false
  let digits = 0
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === 0x22) {
      i = endOfString(text, i)
      digits = 0
    } else if (c >= 0x30 && c <= 0x39) {
      if (++digits > 15) hasOddNumber = true
    } else {
      if (c === 0x3a) keys++
      else if (digits > 0 && (c === 0x2e || c === 0x65 || c === 0x45)) hasOddNumber = true
      digits = 0
    }
  }
  return { keys, hasOddNumber }
}

/** @param start the index of the opening quote @returns that of the closing one */
function endOfString(text: string, start: number): number {
  let end = start
  for (;;) {
    end = text.indexOf('"', end + 1)
    let backslashes = 0
    while (text.charCodeAt(end - 1 - backslashes) === 0x5c) backslashes++
    if (backslashes % 2 === 0) return end
  }
}

/** @throws JsonSyntaxError when the value is too deep */
function countKeys(value: unknown, depth: number): number {
  if (typeof value !== 'object' || value === null) return 0
  if (depth > MAX_DEPTH) throw new JsonSyntaxError(TOO_DEEP)
  let count = 0
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object') count += countKeys(item, depth + 1)
    return count
  }
  const object = value as Record<string, unknown>
  for (const key in object) {
    count++
    const item = object[key]
    if (typeof item === 'object') count += countKeys(item, depth + 1)
  }
  return count
}

/** As JSON.parse, with odd numbers kept as NumberLiteral and repeated keys noted. Of values with the same key the last one counts. */
function parseExactly(text: string): ParsedJson {
  const repeatedKeys = new Map<object, string[]>()
  let at = 0
  const skipSpace = () => {
    while (at < text.length && text.charCodeAt(at) <= 0x20) at++
  }
  const string = (): string => {
    const end = endOfString(text, at)
    const parsed = JSON.parse(text.slice(at, end + 1)) as string
    at = end + 1
    return parsed
  }
  const value = (): unknown => {
    skipSpace()
    switch (text[at]) {
      case '{':
        return object()
      case '[':
        return array()
      case '"':
        return string()
      case 't':
        at += 4
        return true
      case 'f':
        at += 5
        return false
      case 'n':
        at += 4
        return null
      default:
        return number()
    }
  }
  const number = (): number | NumberLiteral => {
    const start = at
    while (at < text.length && /[-+.eE\d]/.test(text[at]!)) at++
    const literal = text.slice(start, at)
    return /[.eE]/.test(literal) || !Number.isSafeInteger(Number(literal)) ? new NumberLiteral(literal) : Number(literal)
  }
  const array = (): unknown[] => {
    const items: unknown[] = []
    at++
    for (;;) {
      skipSpace()
      if (text[at] === ']') break
      items.push(value())
      skipSpace()
      if (text[at] === ',') at++
    }
    at++
    return items
  }
  const object = (): object => {
    const result: Record<string, unknown> = {}
    const keys: string[] = []
    let isRepeated = false
    at++
    for (;;) {
      skipSpace()
      if (text[at] === '}') break
      const key = string()
      skipSpace()
      at++
      keys.push(key)
      if (Object.hasOwn(result, key)) isRepeated = true
      setKey(result, key, value())
      skipSpace()
      if (text[at] === ',') at++
    }
    at++
    if (isRepeated) repeatedKeys.set(result, keys)
    return result
  }
  const root = value()
  return { value: root, repeatedKeys }
}

/** Assigns, also to `__proto__`, which is a label like any other. */
export function setKey(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
  else object[key] = value
}

/** The same value with every NumberLiteral as the number it is nearest to. */
export function withPlainNumbers(value: unknown): unknown {
  if (value instanceof NumberLiteral) return Number(value.text)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(withPlainNumbers)
  const plain: Record<string, unknown> = {}
  for (const [key, item] of Object.entries(value)) setKey(plain, key, withPlainNumbers(item))
  return plain
}
