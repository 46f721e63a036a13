/**
 * RFC 6902, as upstream's library has it, which is laxer than the RFC: negative indexes count from the end, `replace` of a
 * key that isn't there adds it, and `test` takes a key that isn't there for null. Why an operation failed is never told.
 * Upstream: evanphx/json-patch v4 patch.go; apiserver patch.go applyJSPatch.
 */
import { deepEqual } from '../../../lib/deep-equal.ts'
import { setKey } from '../../schema/parse-json.ts'
import { badRequestError, tooLargeError } from '../api-error.ts'
import { unprocessablePatchError } from './patch-error.ts'

const MAX_OPERATIONS = 10_000

const FIELDS: readonly string[] = ['op', 'path', 'from', 'value']

interface Operation {
  readonly op: string
  readonly path: string | undefined
  readonly from: string | undefined
  readonly value: unknown
}

type Container = Record<string, unknown> | unknown[]

/** An operation that can't be done. */
class Failure extends Error {}

/** What field validation says of the patch itself: `json patch unknown field "[0].foo"`. */
export function jsonPatchStrictErrors(patch: unknown): string[] {
  if (!Array.isArray(patch)) return []
  return patch.flatMap((operation: unknown, i) =>
    Object.keys(isObject(operation) ? operation : {})
      .filter((key) => !FIELDS.includes(key))
      .map((key) => `json patch unknown field ${JSON.stringify(`[${i}].${key}`)}`),
  )
}

/**
 * Inputs are not changed; the result may share parts with them.
 * @throws ApiError 400 for what isn't a patch, 413 for too many operations, 422 for one that can't be done
 */
export function applyJsonPatch(original: unknown, patch: unknown): unknown {
  const operations = decodeOperations(patch)
  if (operations.length > MAX_OPERATIONS) {
    throw tooLargeError(`The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${operations.length}`)
  }
  try {
    return operations.reduce(applyOperation, original)
  } catch (failure) {
    throw failure instanceof Failure ? unprocessablePatchError() : failure
  }
}

function decodeOperations(patch: unknown): Operation[] {
  const wrong = (value: unknown, target: string) => {
    const found = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value
    return badRequestError(`error decoding patch: json: cannot unmarshal ${found} into Go ${target}`)
  }
  if (patch === null) return []
  if (!Array.isArray(patch)) throw wrong(patch, 'value of type []handlers.jsonPatchOp')
  return patch.map((operation: unknown) => {
    if (operation !== null && !isObject(operation)) throw wrong(operation, 'value of type handlers.jsonPatchOp')
    const text = (field: string): string | undefined => {
      const value = operation?.[field] ?? undefined
      if (value === undefined || typeof value === 'string') return value
      throw wrong(value, `struct field jsonPatchOp.${field} of type string`)
    }
    return { op: text('op') ?? 'unknown', path: text('path'), from: text('from'), value: operation?.value ?? null }
  })
}

function applyOperation(document: unknown, { op, path, from, value }: Operation): unknown {
  if (path === undefined) throw new Failure('missing path')
  switch (op) {
    case 'add':
      return write(document, path, (container, key) => insert(container, key, value))
    case 'remove':
      return write(document, path, remove)
    case 'replace':
      if (path === '') return isContainer(value) ? value : fail(`${path} must stay an object or a list`)
      return write(document, path, (container, key) => replace(container, key, value))
    case 'test':
      if (!deepEqual(path === '' ? document : (read(document, path) ?? null), value)) throw new Failure(`${path} is something else`)
      return document
    case 'move': {
      const moved = read(document, from ?? fail('missing from'))
      return write(write(document, from!, remove), path, (container, key) => insert(container, key, moved))
    }
    case 'copy': {
      const copied = read(document, from ?? fail('missing from')) ?? null
      return write(document, path, (container, key) => insert(container, key, copied))
    }
    default:
      throw new Failure(`no operation ${op}`)
  }
}

/** undefined for a key that isn't there. */
function read(document: unknown, path: string): unknown {
  const { steps, key } = parsePath(path)
  let container = document
  for (const step of steps) container = get(asContainer(container), step)
  return get(asContainer(container), key)
}

/** Copies what lies on the way to the path, and changes the last container of it. */
function write(document: unknown, path: string, change: (container: Container, key: string) => void): unknown {
  const { steps, key } = parsePath(path)
  const root = shallowCopy(asContainer(document))
  let container = root
  for (const step of steps) {
    const next = shallowCopy(asContainer(get(container, step)))
    replace(container, step, next)
    container = next
  }
  change(container, key)
  return root
}

function parsePath(path: string): { steps: string[]; key: string } {
  const steps = path.split('/').map((step) => step.replace(/~[01]/g, (code) => (code === '~1' ? '/' : '~')))
  // What stands before the first slash is ignored.
  if (steps.length < 2) throw new Failure(`no path: ${path}`)
  return { steps: steps.slice(1, -1), key: steps.at(-1)! }
}

function get(container: Container, key: string): unknown {
  if (Array.isArray(container)) return container[indexOf(container, key)]
  return Object.hasOwn(container, key) ? container[key] : undefined
}

function insert(container: Container, key: string, value: unknown): void {
  if (!Array.isArray(container)) setKey(container, key, value)
  else if (key === '-') container.push(value)
  else container.splice(indexIn(container.length + 1, key), 0, value)
}

function replace(container: Container, key: string, value: unknown): void {
  if (Array.isArray(container)) container[indexOf(container, key)] = value
  else setKey(container, key, value)
}

function remove(container: Container, key: string): void {
  if (Array.isArray(container)) container.splice(indexOf(container, key), 1)
  else if (!Object.hasOwn(container, key)) throw new Failure(`no key ${key}`)
  else delete container[key]
}

function indexOf(list: readonly unknown[], key: string): number {
  return indexIn(list.length, key)
}

function indexIn(size: number, key: string): number {
  const index = /^[+-]?\d+$/.test(key) ? Number(key) : Number.NaN
  if (!(index < size && index >= -size)) throw new Failure(`no index ${key}`)
  return index < 0 ? index + size : index
}

function shallowCopy(container: Container): Container {
  if (Array.isArray(container)) return [...container]
  const copied: Record<string, unknown> = {}
  for (const key in container) setKey(copied, key, container[key])
  return copied
}

function asContainer(value: unknown): Container {
  return isContainer(value) ? value : fail('nothing there that has parts')
}

function fail(message: string): never {
  throw new Failure(message)
}

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null
}

function isObject(value: unknown): value is Record<string, unknown> {
  return isContainer(value) && !Array.isArray(value)
}
