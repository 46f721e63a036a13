import { type FieldNode, type FieldSet, LEAF, NodeBuilder } from './field-set.ts'
import { keyElement, valueElement } from './path-element.ts'
import type { KeyedShape, Shape, StructShape } from './shapes.ts'

type Json = Readonly<Record<string, unknown>>

/**
 * The fields of an object that was not there before: what its creator owns. What Go has in an empty object already (structs, lists
 * without omitempty) counts as there, so that only what is in it is new; zero values are nobody's.
 */
export function createdFields(shape: StructShape, object: Json): FieldSet {
  return createdIn(shape, object)
}

function createdIn(shape: StructShape, object: Json): FieldSet {
  const builder = new NodeBuilder()
  for (const name of sortedKeys(object)) {
    const field = shape.fields.get(name)
    if (field === undefined) continue
    const node = field.isAlwaysThere ? createdValue(field.shape, object[name]) : addedFields(field.shape, object[name])
    if (node !== undefined) builder.add(field.element, node)
  }
  return builder.build(false)
}

/** Of a field that an empty object has. */
function createdValue(shape: Shape, value: unknown): FieldSet {
  if (value === null || value === undefined) return undefined
  if (shape.kind === 'leaf') return isZero(value) ? undefined : LEAF
  if (typeof value !== 'object') return value ? LEAF : undefined
  if (shape.kind === 'struct') return createdIn(shape, value as Json)
  const node = addedFields(shape, value)
  return withoutSelf(node)
}

/** What `node` has below it, without being in it itself. */
export function withoutSelf(node: FieldNode): FieldSet {
  const { '.': self, ...children } = node
  if (self !== undefined) return children
  for (const _element in node) return node
  return undefined
}

function isZero(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return value === '' || value === 0 || value === false || value === '0'
  return Array.isArray(value) ? value.length === 0 : Object.values(value).every((item) => item === undefined || isZero(item))
}

/** Every field of a value that comes or goes as a whole, with the value itself. */
export function addedFields(shape: Shape, value: unknown): FieldNode {
  if (typeof value !== 'object' || value === null) return LEAF
  const builder = new NodeBuilder()
  switch (shape.kind) {
    case 'leaf':
      return LEAF
    case 'struct':
      for (const name of sortedKeys(value)) {
        const field = shape.fields.get(name)
        if (field !== undefined) builder.add(field.element, addedFields(field.shape, (value as Json)[name]))
      }
      break
    case 'map':
    case 'any':
      if (Array.isArray(value)) return LEAF
      for (const name of sortedKeys(value))
        builder.add(`f:${name}`, addedFields(shape.kind === 'map' ? shape.items : shape, (value as Json)[name]))
      break
    case 'set':
      for (const item of new Set(value as unknown[])) builder.add(valueElement(item), LEAF)
      break
    case 'keyed':
      addItems(builder, shape, value as readonly Json[])
  }
  return builder.build(true)!
}

function addItems(builder: NodeBuilder, shape: KeyedShape, items: readonly Json[]): void {
  if (items.length === 1) return builder.add(keyElement(shape.keys, items[0]!)!, addedFields(shape.items, items[0]))
  const byElement = new Map<string, FieldNode>()
  for (const item of items) {
    const element = keyElement(shape.keys, item)!
    // Items that share a key have one owner together.
    byElement.set(element, byElement.has(element) ? LEAF : addedFields(shape.items, item))
  }
  for (const [element, node] of byElement) builder.add(element, node)
}

function sortedKeys(object: object): string[] {
  const keys = Object.keys(object)
  for (let i = 1; i < keys.length; i++) if (keys[i - 1]! > keys[i]!) return keys.sort()
  return keys
}
