/** One step of a path, as FieldsV1 writes it. Upstream: structured-merge-diff fieldpath/serialize-pe.go, element.go. */

const RANKS: Readonly<Record<string, number>> = { f: 0, k: 1, v: 2, i: 3 }

/** Fields by name, then items by key, by value, by place. */
export function comparePathElements(a: string, b: string): number {
  const kind = a.charCodeAt(0)
  if (kind === b.charCodeAt(0)) {
    if (a === b) return 0
    // f
    if (kind === 102) return a < b ? -1 : 1
    if (kind === 105) return Number(a.slice(2)) - Number(b.slice(2))
    return compareTexts(a, b) ?? compareValues(JSON.parse(a.slice(2)), JSON.parse(b.slice(2)))
  }
  return (RANKS[a[0]!] ?? 4) - (RANKS[b[0]!] ?? 4)
}

/** The order where it shows without parsing: the first difference is within a string, which nearly all keys are. */
function compareTexts(a: string, b: string): number | undefined {
  let isInString = false
  const length = Math.min(a.length, b.length)
  for (let i = 2; i < length; i++) {
    const left = a.charCodeAt(i)
    const right = b.charCodeAt(i)
    if (left === 92 || right === 92) return undefined
    if (left !== right) {
      if (!isInString) return undefined
      // A string that ends here is a prefix of the other.
      return left === 34 ? -1 : right === 34 ? 1 : left - right
    }
    if (left === 34) isInString = !isInString
  }
  return undefined
}

/** Numbers before strings before booleans; of objects field by field. Upstream: value.Compare. */
function compareValues(a: unknown, b: unknown): number {
  if (typeof a === 'object' && typeof b === 'object' && a !== null && b !== null) return compareKeys(Object.entries(a), Object.entries(b))
  if (typeof a === typeof b) return (a as string) < (b as string) ? -1 : a === b ? 0 : 1
  return rankOf(a) - rankOf(b)
}

function compareKeys(a: [string, unknown][], b: [string, unknown][]): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const [left, right] = [a[i]!, b[i]!]
    if (left[0] !== right[0]) return left[0] < right[0] ? -1 : 1
    const order = compareValues(left[1], right[1])
    if (order !== 0) return order
  }
  return a.length - b.length
}

function rankOf(value: unknown): number {
  return typeof value === 'number' ? 0 : typeof value === 'string' ? 1 : typeof value === 'boolean' ? 2 : 3
}

const ESCAPED = /[<>&\u2028\u2029]/
const EACH_ESCAPED = /[<>&\u2028\u2029]/g

/** JSON with what Go's encoder escapes for the sake of HTML. */
function goJson(value: unknown): string {
  const json = JSON.stringify(value)
  if (!ESCAPED.test(json)) return json
  return json.replace(EACH_ESCAPED, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

export function valueElement(value: unknown): string {
  return `v:${goJson(value)}`
}

/** A key field of a list's items, and what an item has that leaves it out. */
export interface ListKey {
  readonly name: string
  readonly byDefault: unknown
}

/** @param keys in alphabetical order. Undefined for an item that has none of them. */
export function keyElement(keys: readonly ListKey[], item: Readonly<Record<string, unknown>>): string | undefined {
  let text = ''
  for (const { name, byDefault } of keys) {
    const value = item[name] === undefined ? byDefault : item[name]
    if (value === undefined) continue
    text += `${text === '' ? 'k:{' : ','}"${name}":${goJson(value)}`
  }
  return text === '' ? undefined : `${text}}`
}

/** The one form of an element that a client wrote; undefined when it is none. */
export function canonicalElement(element: string): string | undefined {
  const rest = element.slice(2)
  switch (element.slice(0, 2)) {
    case 'f:':
      return element
    case 'i:':
      return /^[+-]?\d+$/.test(rest) ? `i:${Number(rest)}` : undefined
    case 'v:':
    case 'k:':
      try {
        const value = JSON.parse(rest)
        if (element[0] === 'v') return valueElement(value)
        if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
        const keys = Object.keys(value).sort()
        return `k:{${keys.map((key) => `${JSON.stringify(key)}:${goJson(value[key])}`).join(',')}}`
      } catch {
        return undefined
      }
    default:
      return undefined
  }
}

/** As messages show a path: `.spec.containers[name="web"].image`. */
export function pathText(path: readonly string[]): string {
  return path.map(elementText).join('')
}

export function elementText(element: string): string {
  const rest = element.slice(2)
  if (element[0] === 'f') return `.${rest}`
  if (element[0] === 'v') return `[=${JSON.stringify(JSON.parse(rest))}]`
  if (element[0] === 'i') return `[${rest}]`
  const keys = Object.entries(JSON.parse(rest) as Record<string, unknown>)
  return `[${keys.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}]`
}
