/**
 * Strategic merge patch: a merge patch that knows the type. Lists with a merge key are merged item by item; directives in the
 * patch say what else a patch can't: `$patch`, `$retainKeys`, `$setElementOrder/…`, `$deleteFromPrimitiveList/…`.
 * Upstream: apimachinery pkg/util/strategicpatch/patch.go; error codes: apiserver patch.go interpretStrategicMergePatchError.
 */

import { setKey } from '../../schema/parse-json.ts'
import type { FieldSchema, Schemas, TypeSchema, ValueSchema } from '../../schema.ts'
import { badRequestError } from '../api-error.ts'
import { goText, goType } from './go-text.ts'
import { checkSetElementOrder, deleteFromList, isMap, type JsonMap, listOr400, mergeList, orderBySetElementOrder } from './merge-list.ts'
import { unforeseenPatchError } from './patch-error.ts'

const DIRECTIVE = '$patch'
const RETAIN_KEYS = '$retainKeys'
const SET_ELEMENT_ORDER = '$setElementOrder'
const DELETE_FROM_LIST = '$deleteFromPrimitiveList'

/**
 * Inputs are not changed; the result may share parts with them.
 * @param typeName as in openapi/definitions.json
 * @throws ApiError 400, 422 or 500, as upstream answers
 */
export function applyStrategicMergePatch(schemas: Schemas, typeName: string, original: JsonMap, patch: unknown): JsonMap {
  if (patch !== null && !isMap(patch)) {
    const found = Array.isArray(patch) ? 'array' : typeof patch === 'boolean' ? 'bool' : typeof patch
    throw badRequestError(`json: cannot unmarshal ${found} into Go value of type map[string]interface {}`)
  }
  const root: ValueSchema = { kind: 'object', ref: typeName, items: undefined, goType: '' }
  return new Merge(schemas).map(original, patch ?? {}, root)
}

class Merge {
  readonly #schemas: Schemas

  constructor(schemas: Schemas) {
    this.#schemas = schemas
  }

  /** @param schema of both maps */
  map(original: JsonMap, patch: JsonMap, schema: ValueSchema): JsonMap {
    if (Object.hasOwn(patch, DIRECTIVE)) return applyMapDirective(patch)
    let rest = patch
    let result = copyOf(original)
    if (Object.hasOwn(patch, RETAIN_KEYS)) {
      rest = without(patch, RETAIN_KEYS)
      result = retainKeys(result, rest, patch[RETAIN_KEYS])
    }
    const done = this.#orderedLists(result, rest, schema)
    for (const key in rest) if (!done.has(key)) this.#field(result, key, rest[key], schema)
    return result
  }

  /** Every list that has a `$setElementOrder`, with its patch. @returns the patch's keys that this took care of */
  #orderedLists(result: JsonMap, patch: JsonMap, schema: ValueSchema): Set<string> {
    const done = new Set<string>()
    for (const directive in patch) {
      if (!directive.startsWith(SET_ELEMENT_ORDER)) continue
      const key = fieldOf(directive, SET_ELEMENT_ORDER)
      done.add(directive)
      const order = patch[directive]
      if (!Array.isArray(order)) throw wrongType('[]interface {}', order)
      const hasOriginal = Object.hasOwn(result, key)
      const hasPatch = Object.hasOwn(patch, key)
      const original = hasOriginal ? asList(result[key]) : []
      const changes = hasPatch ? asList(patch[key]) : []
      const field = this.#listField(schema, key)
      const mergeKey = field.mergeKey
      checkSetElementOrder(changes, order, mergeKey)
      if (!hasOriginal && !hasPatch) continue
      const merged = !hasPatch ? original : !hasOriginal ? (withoutDirectives(changes) as unknown[]) : this.#list(original, changes, field)
      if (original.length === 0 && changes.length === 0) throw unforeseenPatchError('no elements in any of the given slices')
      setKey(result, key, orderBySetElementOrder(merged, order, original, changes, mergeKey))
      done.add(key)
    }
    return done
  }

  #field(result: JsonMap, patchKey: string, value: unknown, schema: ValueSchema): void {
    const isDeletion = patchKey.startsWith(DELETE_FROM_LIST)
    const key = isDeletion ? fieldOf(patchKey, DELETE_FROM_LIST) : patchKey
    if (value === null) {
      delete result[key]
      return
    }
    const original = Object.hasOwn(result, key) ? result[key] : undefined
    if (original === undefined || goType(original) !== goType(value)) {
      if (isDeletion) return
      const kept = withoutDirectives(withoutNulls(value))
      if (kept === undefined) delete result[key]
      else setKey(result, key, kept)
    } else if (isMap(original)) {
      const field = this.#lookUp(schema, key)
      const isReplaced = strategyOf(field) === 'replace'
      setKey(result, key, isReplaced ? value : this.map(original, value as JsonMap, field))
    } else if (Array.isArray(original)) {
      const field = this.#listField(schema, key)
      setKey(result, key, isDeletion ? deleteFromList(original, value as unknown[]) : this.#list(original, value as unknown[], field))
    } else setKey(result, key, value)
  }

  #list(original: readonly unknown[], patch: readonly unknown[], field: FieldSchema): unknown[] {
    if (strategyOf(field) !== 'merge') return [...patch]
    return mergeList(original, patch, {
      mergeKey: field.mergeKey,
      mergeItem: (item, change) => this.map(item, change, field.items!),
    })
  }

  #listField(schema: ValueSchema, key: string): FieldSchema {
    const field = this.#lookUp(schema, key)
    if (field.kind !== 'list') throw unforeseenPatchError('expected slice or array type, but got: struct')
    return field
  }

  #lookUp(schema: ValueSchema, key: string): FieldSchema {
    if (schema.kind !== 'object' && schema.ref === undefined) {
      const kind = schema.kind === 'list' ? 'slice' : schema.goType
      throw unforeseenPatchError(
        `merging an object in json but data type is not struct, instead is: ${schema.kind === 'map' ? 'map' : kind}`,
      )
    }
    const type: TypeSchema | undefined = schema.kind === 'object' ? this.#schemas.type(schema.ref!) : undefined
    const field = type?.fields.get(key)
    if (field !== undefined) return field
    const struct = schema.ref!.slice(schema.ref!.lastIndexOf('.') + 1)
    throw unforeseenPatchError(`unable to find api field in struct ${struct} for the json field ${JSON.stringify(key)}`)
  }
}

function strategyOf({ patchStrategies }: FieldSchema): string | undefined {
  return patchStrategies.find((strategy) => strategy !== 'retainKeys')
}

function applyMapDirective(patch: JsonMap): JsonMap {
  const directive = patch[DIRECTIVE]
  if (directive === 'replace') return without(patch, DIRECTIVE)
  if (directive === 'delete') return {}
  throw unforeseenPatchError(`unknown patch type: ${goText(directive)} in map: ${goText(patch)}`)
}

/** Takes away what the directive doesn't list; all that the patch sets must be listed. */
function retainKeys(original: JsonMap, patch: JsonMap, directive: unknown): JsonMap {
  const retained = new Set(listOr400(directive, 'retainKeys'))
  for (const key in patch) {
    if (patch[key] === null || key.startsWith(DELETE_FROM_LIST) || key.startsWith(SET_ELEMENT_ORDER)) continue
    if (!retained.has(key)) throw badRequestError('invalid patch format of retainKeys')
  }
  return Object.fromEntries(Object.entries(original).filter(([key]) => retained.has(key)))
}

function fieldOf(key: string, directive: string): string {
  const slash = key.indexOf('/')
  if (key.slice(0, slash) === directive) return key.slice(slash + 1)
  throw badRequestError(`invalid patch format of ${directive === DELETE_FROM_LIST ? 'primitive list' : 'setElementOrder list'}`)
}

function asList(value: unknown): unknown[] {
  if (Array.isArray(value)) return value
  throw wrongType('[]interface {}', value)
}

function wrongType(expected: string, value: unknown): Error {
  return unforeseenPatchError(`expected a ${expected}, but received a ${goType(value)}`)
}

/** A value that is new to the object: what directs a merge has nothing to direct. undefined when the value is itself a directive. */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives).filter((item) => item !== undefined)
  if (!isMap(value)) return value
  if (Object.hasOwn(value, DIRECTIVE)) return undefined
  const kept: JsonMap = {}
  for (const key in value) {
    const item = withoutDirectives(value[key])
    if (item !== undefined) setKey(kept, key, item)
  }
  return kept
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (!isMap(value)) return value
  const kept: JsonMap = {}
  for (const key in value) if (value[key] !== null) setKey(kept, key, withoutNulls(value[key]))
  return kept
}

function copyOf(map: JsonMap): JsonMap {
  const copied: JsonMap = {}
  for (const key in map) setKey(copied, key, map[key])
  return copied
}

function without(map: JsonMap, key: string): JsonMap {
  const rest = copyOf(map)
  delete rest[key]
  return rest
}
