import { elementText, keyElement, valueElement } from './path-element.ts'
import type { KeyedShape, SetShape, Shape, StructShape } from './shapes.ts'

type Json = Readonly<Record<string, unknown>>

/**
 * What is wrong with a configuration to be applied: it must be of its type, with no field that the schema doesn't know and no item
 * twice. Upstream: structured-merge-diff typed/validate.go, whose wording this is.
 */
export function configurationErrors(shape: StructShape, configuration: Json): string[] {
  return errorsIn(shape, configuration)
}

/** As one message. Upstream: ValidationErrors.Error */
export function errorsText(errors: readonly string[]): string {
  return errors.length === 1 ? errors[0]! : ['errors:', ...errors.map((error) => `  ${error}`)].join('\n')
}

function errorsIn(shape: Shape, value: unknown): string[] {
  if (value === null || value === undefined) return []
  switch (shape.kind) {
    case 'any':
      return []
    case 'leaf':
      if (shape.inner !== undefined && shape.value.kind === 'list') return listErrors(shape.inner, value)
      return shape.inner === undefined ? scalarErrors(shape.value.kind, value) : errorsIn(shape.inner, value)
    case 'struct':
    case 'map':
      return isMap(value) ? entryErrors(shape, value) : [`expected map, got ${goText(value)}`]
    default:
      return itemErrors(shape, value)
  }
}

function entryErrors(shape: Shape & { kind: 'struct' | 'map' }, value: Json): string[] {
  const errors: string[] = []
  for (const [name, item] of Object.entries(value)) {
    const below = shape.kind === 'map' ? shape.items : shape.fields.get(name)?.shape
    if (below === undefined) {
      // Upstream stops at the first unknown field of a struct.
      errors.push(`.${name}: field not declared in schema`)
      break
    }
    errors.push(...errorsIn(below, item).map((error) => prefixed(`.${name}`, error)))
  }
  return errors
}

function listErrors(items: Shape, value: unknown): string[] {
  if (!Array.isArray(value)) return [`expected list, got ${goText(value)}`]
  return value.flatMap((item, i) => errorsIn(items, item).map((error) => prefixed(`[${i}]`, error)))
}

function itemErrors(shape: KeyedShape | SetShape, value: unknown): string[] {
  if (!Array.isArray(value)) return [`expected list, got ${goText(value)}`]
  const errors: string[] = []
  const seen = new Set<string>()
  for (const [i, item] of value.entries()) {
    const found = shape.kind === 'set' ? setElement(item) : itemElement(shape, item)
    if (found.error !== undefined) return [...errors, `element ${i}: ${found.error}`]
    if (seen.has(found.element)) errors.push(`duplicate entries for key ${elementText(found.element)}`)
    seen.add(found.element)
    errors.push(...errorsIn(shape.items, item).map((error) => prefixed(elementText(found.element), error)))
  }
  return errors
}

type Found = { readonly element: string; readonly error?: undefined } | { readonly error: string }

function setElement(item: unknown): Found {
  if (item === null) return { error: "associative list without keys has an element that's an explicit null" }
  if (Array.isArray(item)) return { error: 'not supported: associative list with lists as elements' }
  if (typeof item === 'object') return { error: "associative list without keys has an element that's a map type" }
  return { element: valueElement(item) }
}

function itemElement(shape: KeyedShape, item: unknown): Found {
  if (item === null || item === undefined) return { error: 'associative list with keys may not have a null element' }
  if (!isMap(item)) return { error: 'associative list with keys may not have non-map elements' }
  const element = keyElement(shape.keys, item)
  if (element !== undefined) return { element }
  const names = shape.keyNames.map((name) => JSON.stringify(name)).join(' ')
  return {
    error: `associative list with keys has an element that omits all key fields [${names}] (and doesn't have default values for any key fields)`,
  }
}

function scalarErrors(kind: string, value: unknown): string[] {
  switch (kind) {
    case 'string':
    case 'bytes':
      return typeof value === 'string' ? [] : [`expected string, got ${goSyntax(value)}`]
    case 'boolean':
      return typeof value === 'boolean' ? [] : [`expected boolean, got ${goText(value)}`]
    case 'int32':
    case 'int64':
    case 'double':
      return typeof value === 'number' ? [] : [`expected numeric (int or float), got ${goType(value)}`]
    case 'json':
      return []
    default:
      return typeof value === 'object' ? [`expected any scalar, got ${goText(value)}`] : []
  }
}

/** `path: problem`, however deep: the path grows from the inside out. */
function prefixed(prefix: string, error: string): string {
  return /^[.[]/.test(error) ? prefix + error : `${prefix}: ${error}`
}

function isMap(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function goType(value: unknown): string {
  if (typeof value === 'string') return 'string'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64'
  return Array.isArray(value) ? '[]interface {}' : 'map[string]interface {}'
}

/** As Go prints a value of a configuration: `&{map[a:b]}`, `&{5}`. */
function goText(value: unknown): string {
  return `&{${plainText(value)}}`
}

function plainText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(plainText).join(' ')}]`
  if (isMap(value)) {
    const entries = Object.keys(value).sort()
    return `map[${entries.map((key) => `${key}:${plainText(value[key])}`).join(' ')}]`
  }
  return value === null ? '<nil>' : String(value)
}

/** As Go's %#v has it. */
function goSyntax(value: unknown): string {
  return `&value.valueUnstructured{Value:${syntaxOf(value)}}`
}

function syntaxOf(value: unknown): string {
  if (Array.isArray(value)) return `[]interface {}{${value.map(syntaxOf).join(', ')}}`
  if (isMap(value)) {
    const entries = Object.keys(value).sort()
    return `map[string]interface {}{${entries.map((key) => `${JSON.stringify(key)}:${syntaxOf(value[key])}`).join(', ')}}`
  }
  return value === null ? 'interface {}(nil)' : JSON.stringify(value)
}
