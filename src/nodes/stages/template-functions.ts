/** What templates may call: Go's own functions, kwok's, and those of sprig that make sense for a status. */
import { createHash } from 'node:crypto'
import { stringify } from 'yaml'
import { TemplateFault } from './template-syntax.ts'

export type TemplateFunction = (...args: readonly unknown[]) => unknown

/** As Go prints a value. */
export function print(value: unknown): string {
  if (value === undefined || value === null) return '<no value>'
  if (Array.isArray(value)) return `[${value.map(print).join(' ')}]`
  if (typeof value !== 'object') return String(value)
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `map[${entries.map(([key, each]) => `${key}:${print(each)}`).join(' ')}]`
}

export function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === 0 || value === '') return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

function quote(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : JSON.stringify(JSON.stringify(value ?? null))
}

/** @param indent in steps of two blanks */
function yaml(value: unknown, indent: unknown = 0): string {
  const text = stringify(value ?? null)
  if (!(Number(indent) > 0)) return text
  return `\n${text}`.replaceAll('\n', `\n${' '.repeat(Number(indent) * 2)}`)
}

function index(value: unknown, ...keys: readonly unknown[]): unknown {
  let current = value
  for (const key of keys) {
    if (current === undefined || current === null) return undefined
    if (Array.isArray(current)) {
      if (!(Number(key) >= 0 && Number(key) < current.length)) throw new TemplateFault(`error calling index: index out of range: ${key}`)
      current = current[Number(key)]
    } else current = Object.hasOwn(Object(current), String(key)) ? (current as Record<string, unknown>)[String(key)] : undefined
  }
  return current
}

const order = (a: unknown, b: unknown) =>
  typeof a === 'number' && typeof b === 'number' ? a - b : print(a) < print(b) ? -1 : print(a) > print(b) ? 1 : 0
const same = (a: unknown, b: unknown) => (a ?? null) === (b ?? null)
const text = (value: unknown) => (value === undefined || value === null ? '' : print(value))
const whole = (value: unknown) => Math.trunc(Number(value ?? 0)) || 0

function format(layout: unknown, ...args: readonly unknown[]): string {
  const values = [...args]
  return String(layout).replace(
    /%([-+# 0]*)(\d*)(?:\.(\d+))?([vsdqtfx%])/g,
    (_, flags: string, width: string, precision: string, verb: string) => {
      if (verb === '%') return '%'
      const value = values.shift()
      let written = print(value)
      if (verb === 'q') written = quote(text(value))
      else if (verb === 'd') written = String(whole(value))
      else if (verb === 'x') written = whole(value).toString(16)
      else if (verb === 'f') written = Number(value).toFixed(precision === undefined ? 6 : Number(precision))
      if (flags.includes('-')) return written.padEnd(Number(width))
      return written.padStart(Number(width), flags.includes('0') ? '0' : ' ')
    },
  )
}

function dict(...pairs: readonly unknown[]): Record<string, unknown> {
  const made: Record<string, unknown> = {}
  for (let at = 0; at < pairs.length; at += 2) made[text(pairs[at])] = pairs[at + 1] ?? ''
  return made
}

const GO: Readonly<Record<string, TemplateFunction>> = {
  eq: (a, ...others) => others.some((b) => same(a, b)),
  ne: (a, b) => !same(a, b),
  lt: (a, b) => order(a, b) < 0,
  le: (a, b) => order(a, b) <= 0,
  gt: (a, b) => order(a, b) > 0,
  ge: (a, b) => order(a, b) >= 0,
  not: (value) => isEmpty(value),
  index,
  slice: (value, from = 0, to) => (value as string | unknown[]).slice(Number(from), to === undefined ? undefined : Number(to)),
  len: (value) => (typeof value === 'string' || Array.isArray(value) ? value.length : Object.keys(value ?? {}).length),
  print: (...values) => values.map(print).join(''),
  println: (...values) => `${values.map(print).join(' ')}\n`,
  printf: format,
}

const SPRIG: Readonly<Record<string, TemplateFunction>> = {
  add: (...values) => values.reduce<number>((sum, value) => sum + whole(value), 0),
  add1: (value) => whole(value) + 1,
  atoi: (value) => whole(value),
  b64dec: (value) => Buffer.from(text(value), 'base64').toString(),
  b64enc: (value) => Buffer.from(text(value)).toString('base64'),
  coalesce: (...values) => values.find((value) => !isEmpty(value)),
  contains: (part, value) => text(value).includes(text(part)),
  default: (fallback, value) => (isEmpty(value) ? fallback : value),
  dict,
  div: (a, b) => Math.trunc(whole(a) / whole(b)),
  empty: (value) => isEmpty(value),
  fail: (message) => {
    throw new TemplateFault(text(message))
  },
  first: (values: unknown) => (values as unknown[])[0],
  get: (object, key) => index(object, key) ?? '',
  hasKey: (object, key) => Object.hasOwn(Object(object ?? {}), text(key)),
  hasPrefix: (part, value) => text(value).startsWith(text(part)),
  hasSuffix: (part, value) => text(value).endsWith(text(part)),
  indent: (blanks, value) => text(value).replace(/^/gm, ' '.repeat(whole(blanks))),
  int: whole,
  int64: whole,
  join: (separator, values) => ((values as unknown[]) ?? []).map(text).join(text(separator)),
  keys: (object) => Object.keys(object ?? {}),
  kindIs: (kind, value) =>
    (Array.isArray(value)
      ? 'slice'
      : value === null || value === undefined
        ? 'invalid'
        : typeof value === 'object'
          ? 'map'
          : typeof value === 'boolean'
            ? 'bool'
            : typeof value) === kind,
  last: (values: unknown) => (values as unknown[]).at(-1),
  list: (...values) => values,
  lower: (value) => text(value).toLowerCase(),
  max: (...values) => Math.max(...values.map(whole)),
  min: (...values) => Math.min(...values.map(whole)),
  mod: (a, b) => whole(a) % whole(b),
  mul: (...values) => values.reduce<number>((product, value) => product * whole(value), 1),
  nindent: (blanks, value) => `\n${text(value).replace(/^/gm, ' '.repeat(whole(blanks)))}`,
  quote: (...values) =>
    values
      .filter((value) => value !== undefined && value !== null)
      .map((value) => JSON.stringify(text(value)))
      .join(' '),
  repeat: (count, value) => text(value).repeat(whole(count)),
  replace: (from, to, value) => text(value).replaceAll(text(from), text(to)),
  sha256sum: (value) => createHash('sha256').update(text(value)).digest('hex'),
  splitList: (separator, value) => text(value).split(text(separator)),
  squote: (...values) => values.map((value) => `'${text(value)}'`).join(' '),
  sub: (a, b) => whole(a) - whole(b),
  ternary: (yes, no, condition) => (condition === true ? yes : no),
  toJson: (value) => JSON.stringify(value ?? null),
  toString: (value: unknown) => text(value),
  toYaml: (value) => stringify(value ?? null).trimEnd(),
  trim: (value) => text(value).trim(),
  trimPrefix: (part, value) => (text(value).startsWith(text(part)) ? text(value).slice(text(part).length) : text(value)),
  trimSuffix: (part, value) =>
    text(value).endsWith(text(part)) && text(part) !== '' ? text(value).slice(0, -text(part).length) : text(value),
  trunc: (length, value) => (whole(length) < 0 ? text(value).slice(whole(length)) : text(value).slice(0, whole(length))),
  until: (count) => Array.from({ length: whole(count) }, (_, at) => at),
  upper: (value) => text(value).toUpperCase(),
}

const NODE_CONDITIONS = [
  ['Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'],
  ['MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
  ['DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
  ['PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
  ['NetworkUnavailable', 'False', 'RouteCreated', 'RouteController created a route'],
].map(([type, status, reason, message]) => ({ type, status, reason, message }))

/** What doesn't depend on the object. @param now milliseconds since the epoch, as is `startedAt` */
export function genericFunctions(now: number, startedAt: number, version: string): Record<string, TemplateFunction> {
  const at = new Date(now).toISOString()
  return {
    ...GO,
    ...SPRIG,
    NodeConditions: () => NODE_CONDITIONS,
    Now: () => at,
    Quote: quote,
    StartTime: () => new Date(startedAt).toISOString(),
    Version: () => version,
    YAML: yaml,
  }
}
