import { semanticEqual } from './semantic-equal.ts'

/**
 * The difference between two specs, in the manner of the library upstream prints it with (go-cmp), whose exact form is
 * unstable by intent: identical fields are counted, changed ones stand below each other with - and +.
 * @param type Go's name of the type: `core.PodSpec`
 */
export function specDiff(type: string, old: object, next: object): string {
  const lines = [`  ${type}{`, ...structDiff(old as Fields, next as Fields, 1), '  }']
  return `${lines.join('\n')}\n`
}

type Fields = Readonly<Record<string, unknown>>

function structDiff(old: Fields, next: Fields, depth: number): string[] {
  const lines: string[] = []
  let identical = 0
  const flush = (): void => {
    if (identical > 0) lines.push(line(' ', depth, `... // ${identical} identical field${identical === 1 ? '' : 's'}`))
    identical = 0
  }
  for (const key of Object.keys({ ...old, ...next }).sort()) {
    if (semanticEqual({ [key]: old[key] }, { [key]: next[key] })) {
      identical++
      continue
    }
    flush()
    lines.push(...valueDiff(`${goName(key)}: `, old[key], next[key], depth))
  }
  flush()
  return lines
}

function valueDiff(label: string, old: unknown, next: unknown, depth: number): string[] {
  if (Array.isArray(old) && Array.isArray(next)) {
    return [line(' ', depth, `${label}{`), ...listDiff(old, next, depth + 1), line(' ', depth, '},')]
  }
  if (isStruct(old) && isStruct(next)) {
    return [line(' ', depth, `${label}{`), ...structDiff(old, next, depth + 1), line(' ', depth, '},')]
  }
  return [line('-', depth, `${label}${goValue(old)},`), line('+', depth, `${label}${goValue(next)},`)]
}

function listDiff(old: readonly unknown[], next: readonly unknown[], depth: number): string[] {
  const lines: string[] = []
  for (let i = 0; i < Math.max(old.length, next.length); i++) {
    if (i >= next.length) lines.push(line('-', depth, `${goValue(old[i])},`))
    else if (i >= old.length) lines.push(line('+', depth, `${goValue(next[i])},`))
    else if (semanticEqual(old[i], next[i])) lines.push(line(' ', depth, `${goValue(old[i])},`))
    else lines.push(...valueDiff('', old[i], next[i], depth))
  }
  return lines
}

function isStruct(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function line(sign: ' ' | '-' | '+', depth: number, text: string): string {
  return `${sign} ${'\t'.repeat(depth)}${text}`
}

function goName(key: string): string {
  return key.charAt(0).toUpperCase() + key.slice(1)
}

function goValue(value: unknown): string {
  if (value === undefined || value === null) return 'nil'
  if (Array.isArray(value)) return `{${value.map(goValue).join(', ')}}`
  if (isStruct(value)) {
    return `{${Object.entries(value)
      .map(([key, item]) => `${goName(key)}: ${goValue(item)}`)
      .join(', ')}}`
  }
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
}
