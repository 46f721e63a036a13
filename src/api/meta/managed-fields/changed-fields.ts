import { deepEqual } from '../../../lib/deep-equal.ts'
import { addedFields, withoutSelf } from './created-fields.ts'
import { type FieldSet, LEAF, NodeBuilder } from './field-set.ts'
import { keyElement, valueElement } from './path-element.ts'
import type { KeyedShape, SetShape, Shape, StructShape } from './shapes.ts'

type Json = Readonly<Record<string, unknown>>

/** What one state of an object has that another has not, or has otherwise. */
export interface Changes {
  /** Added or given another value. */
  readonly changed: FieldSet
  readonly removed: FieldSet
}

/** @returns undefined when nothing differs. Upstream: structured-merge-diff typed/compare.go */
export function changedFields(shape: StructShape, before: Json, after: Json): Changes | undefined {
  const difference = new Difference()
  compareFields(difference, shape, before, after)
  return difference.build(false, false)
}

/** The differences among the children of one node. */
class Difference {
  #changed: NodeBuilder | undefined
  #removed: NodeBuilder | undefined

  add(element: string, changes: Changes | undefined): void {
    if (changes?.changed !== undefined) {
      this.#changed ??= new NodeBuilder()
      this.#changed.add(element, changes.changed)
    }
    if (changes?.removed !== undefined) {
      this.#removed ??= new NodeBuilder()
      this.#removed.add(element, changes.removed)
    }
  }

  build(isChanged: boolean, isRemoved: boolean): Changes | undefined {
    if (this.#changed === undefined && this.#removed === undefined && !isChanged && !isRemoved) return undefined
    return {
      changed: this.#changed?.build(isChanged) ?? (isChanged ? LEAF : undefined),
      removed: this.#removed?.build(isRemoved) ?? (isRemoved ? LEAF : undefined),
    }
  }
}

const CHANGED: Changes = { changed: LEAF, removed: undefined }

function compareFields(difference: Difference, shape: StructShape, before: Json, after: Json): void {
  for (const name in after) {
    const left = before[name]
    const right = after[name]
    if (left === right) continue
    const field = shape.fields.get(name)
    if (field !== undefined) difference.add(field.element, compare(field.shape, left, right, field.isAlwaysThere))
  }
  for (const name in before) {
    if (after[name] !== undefined || before[name] === undefined || name in after) continue
    const field = shape.fields.get(name)
    if (field !== undefined) difference.add(field.element, compare(field.shape, before[name], undefined, field.isAlwaysThere))
  }
}

/** @param isAlwaysThere a value that is missing is zero, not absent */
function compare(shape: Shape, before: unknown, after: unknown, isAlwaysThere: boolean): Changes | undefined {
  if (before === after) return undefined
  if (before === undefined) {
    const added = addedFields(shape, after)
    if (!isAlwaysThere) return { changed: added, removed: undefined }
    return isEmptyList(after) ? undefined : { changed: shape.kind === 'leaf' ? LEAF : (withoutSelf(added) ?? LEAF), removed: undefined }
  }
  if (after === undefined) {
    const gone = addedFields(shape, before)
    if (!isAlwaysThere) return { changed: undefined, removed: gone }
    const below = withoutSelf(gone)
    if (below !== undefined) return { changed: undefined, removed: below }
    return isEmptyList(before) ? undefined : CHANGED
  }
  if (shape.kind === 'leaf' || typeof before !== 'object' || typeof after !== 'object')
    return deepEqual(before, after) ? undefined : CHANGED
  // Two that are empty are compared as leaves.
  if (isEmpty(before) && isEmpty(after)) return (before === null) === (after === null) ? undefined : CHANGED
  const left = before ?? NONE
  const right = after ?? NONE
  const difference = new Difference()
  switch (shape.kind) {
    case 'struct':
      compareFields(difference, shape, left as Json, right as Json)
      break
    case 'map':
    case 'any':
      if (Array.isArray(left) || Array.isArray(right)) return deepEqual(left, right) ? undefined : CHANGED
      compareEntries(difference, shape.kind === 'map' ? shape.items : shape, left as Json, right as Json)
      break
    default:
      compareItems(difference, shape, Array.isArray(left) ? left : [], Array.isArray(right) ? right : [])
  }
  return difference.build(false, false)
}

const NONE = {}

function isEmpty(value: object | null): boolean {
  if (value === null) return true
  for (const _key in value) return false
  return true
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}

function compareEntries(difference: Difference, items: Shape, before: Json, after: Json): void {
  for (const name of Object.keys(after)) {
    const left = own(before, name)
    const right = own(after, name)
    if (left !== right) difference.add(`f:${name}`, compare(items, left, right, false))
  }
  for (const name of Object.keys(before)) {
    if (!Object.hasOwn(after, name)) difference.add(`f:${name}`, compare(items, own(before, name), undefined, false))
  }
}

/** Keys of maps may be called `constructor`. */
function own(map: Json, name: string): unknown {
  return Object.hasOwn(map, name) ? map[name] : undefined
}

function compareItems(difference: Difference, shape: KeyedShape | SetShape, before: readonly unknown[], after: readonly unknown[]): void {
  // As a rule, and cheaper than finding out which item is which.
  if (before.length === after.length && deepEqual(before, after)) return
  const left = byElement(shape, before)
  const right = byElement(shape, after)
  for (const [element, items] of right) compareAlike(difference, shape.items, element, left.get(element) ?? [], items)
  for (const [element, items] of left) if (!right.has(element)) compareAlike(difference, shape.items, element, items, [])
}

/** Items with the same key: one on a side as a rule; several have one owner together. */
function compareAlike(difference: Difference, shape: Shape, element: string, before: readonly unknown[], after: readonly unknown[]): void {
  if (before.length <= 1 && after.length <= 1) return difference.add(element, compare(shape, before[0], after[0], false))
  if (before.length > 1 && after.length > 1) {
    if (!deepEqual(before, after)) difference.add(element, CHANGED)
  } else if (before.length > 1) {
    difference.add(element, { changed: after.length === 0 ? undefined : addedFields(shape, after[0]), removed: LEAF })
  } else {
    difference.add(element, { changed: LEAF, removed: before.length === 0 ? undefined : addedFields(shape, before[0]) })
  }
}

/** Items by their path element, in order of first occurrence. */
export function byElement(shape: KeyedShape | SetShape, items: readonly unknown[]): Map<string, unknown[]> {
  const found = new Map<string, unknown[]>()
  for (const item of items) {
    const element = shape.kind === 'set' ? valueElement(item) : keyElement(shape.keys, item as Json)!
    const known = found.get(element)
    if (known === undefined) found.set(element, [item])
    else known.push(item)
  }
  return found
}
