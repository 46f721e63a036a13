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
  let node: Record<string, FieldNode> | undefined
  for (const name of sortedKeys(object)) {
    const field = shape.fields.get(name)
    if (field === undefined) continue
    const value = object[name]
    const child = field.isAlwaysThere ? createdValue(field.shape, value) : value === undefined ? undefined : addedFields(field.shape, value)
    if (child === undefined) continue
    node ??= {}
    node[field.element] = child
  }
  return node
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
  if (typeof value !== 'object' || value === null || shape.kind === 'leaf') return LEAF
  if (shape.kind === 'set' || shape.kind === 'keyed') {
    const builder = new NodeBuilder()
    if (shape.kind === 'keyed') addItems(builder, shape, value as readonly Json[])
    else for (const item of new Set(value as unknown[])) builder.add(valueElement(item), LEAF)
    return builder.build(true)!
  }
  if (Array.isArray(value)) return LEAF
  let node: Record<string, FieldNode> | undefined
  for (const name of sortedKeys(value)) {
    const item = (value as Json)[name]
    if (item === undefined) continue
    if (shape.kind === 'struct') {
      const field = shape.fields.get(name)
      if (field === undefined) continue
      node ??= { '.': LEAF }
      node[field.element] = addedFields(field.shape, item)
    } else {
      node ??= { '.': LEAF }
      node[`f:${name}`] = addedFields(shape.kind === 'map' ? shape.items : shape, item)
    }
  }
  return node ?? LEAF
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
