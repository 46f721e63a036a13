import { byElement } from './changed-fields.ts'
import { type FieldNode, type FieldSet, isLeaf, LEAF, NodeBuilder, union } from './field-set.ts'
import type { KeyedShape, SetShape, Shape, StructShape } from './shapes.ts'

type Json = Readonly<Record<string, unknown>>

/**
 * What a configuration says: its leaves, the items of its lists and the keys of its maps. A struct's own field is said by what is
 * in it. Upstream: structured-merge-diff typed/tofieldset.go.
 */
export function appliedFields(shape: StructShape, configuration: Json): FieldSet {
  return fieldsOf(shape, configuration)
}

/** undefined when the value says nothing of itself. */
function fieldsOf(shape: Shape, value: unknown): FieldSet {
  if (shape.kind === 'leaf') return LEAF
  if (value === null) return undefined
  if (typeof value !== 'object') return LEAF
  const builder = new NodeBuilder()
  switch (shape.kind) {
    case 'struct':
      for (const [name, item] of Object.entries(value)) {
        const field = shape.fields.get(name)
        if (field === undefined || item === undefined) continue
        const node = isNothing(item) ? LEAF : fieldsOf(field.shape, item)
        if (node !== undefined) builder.add(field.element, node)
      }
      break
    case 'map':
    case 'any':
      if (Array.isArray(value)) return LEAF
      for (const [name, item] of Object.entries(value))
        builder.add(`f:${name}`, asMember(fieldsOf(shape.kind === 'map' ? shape.items : shape, item)))
      break
    default:
      for (const [element, items] of byElement(shape, value as readonly unknown[])) addItem(builder, shape, element, items)
  }
  return builder.build(false)
}

/** Of a list that only some fields of its items belong to, the items themselves are nobody's. */
function addItem(builder: NodeBuilder, shape: KeyedShape | SetShape, element: string, items: readonly unknown[]): void {
  const isPart = shape.kind === 'keyed' && shape.isPart
  const node = items.length > 1 ? LEAF : fieldsOf(shape.items, items[0])
  if (!isPart) builder.add(element, asMember(node))
  else if (node !== undefined) builder.add(element, node)
}

function isNothing(value: unknown): boolean {
  return value === null || (typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length === 0)
}

function asMember(node: FieldSet): FieldNode {
  return node === undefined || isLeaf(node) ? LEAF : node['.'] === undefined ? { '.': LEAF, ...node } : node
}

/** With every struct's field that has members below it. Upstream: fieldpath EnsureNamedFieldsAreMembers. */
export function withNamedFields(shape: Shape | undefined, set: FieldSet): FieldSet {
  if (set === undefined) return undefined
  const builder = new NodeBuilder()
  for (const element in set) {
    if (element === '.') continue
    const child = set[element]!
    const below = childShape(shape, element)
    const isNamed = shape?.kind === 'struct' && below !== undefined
    const all = isLeaf(child) ? child : withNamedFields(below, child)!
    builder.add(element, isNamed ? asMember(all) : all)
  }
  return builder.build(set['.'] !== undefined)
}

/** The shape one step down; undefined for a step that the schema doesn't know. */
export function childShape(shape: Shape | undefined, element: string): Shape | undefined {
  switch (shape?.kind) {
    case 'struct':
      return shape.fields.get(element.slice(2))?.shape
    case 'map':
    case 'keyed':
    case 'set':
      return shape.items
    case 'leaf':
      return shape.inner === undefined ? undefined : shape.inner
    default:
      return shape
  }
}

export function unionOfAll(sets: readonly FieldSet[]): FieldSet {
  return sets.reduce(union, undefined)
}
