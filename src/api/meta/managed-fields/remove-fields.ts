import { setKey } from '../../schema/parse-json.ts'
import { type FieldNode, type FieldSet, isLeaf, isMember } from './field-set.ts'
import { keyElement, valueElement } from './path-element.ts'
import type { Shape, StructShape } from './shapes.ts'

type Json = Record<string, unknown>

/**
 * The object without the fields and items of the set. What becomes empty stays, empty; a leaf that is kept keeps all it holds.
 * Upstream: structured-merge-diff typed/remove.go.
 */
export function removeFields(shape: StructShape, object: Json, set: FieldSet): Json {
  return set === undefined ? object : (removeBelow(shape, object, set) as Json)
}

function removeBelow(shape: Shape, value: unknown, set: FieldNode): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (shape.kind === 'leaf' || (shape.kind === 'any' && Array.isArray(value))) return Array.isArray(value) ? [] : {}
  if (shape.kind === 'keyed' || shape.kind === 'set') {
    const kept: unknown[] = []
    for (const item of value as readonly unknown[]) {
      const element = shape.kind === 'set' ? valueElement(item) : keyElement(shape.keys, item as Json)!
      const node = set[element]
      if (node === undefined) kept.push(item)
      else if (!isMember(node)) kept.push(isLeaf(node) ? item : removeBelow(shape.items, item, node))
    }
    return kept
  }
  const kept: Json = {}
  for (const [name, item] of Object.entries(value)) {
    const node = set[`f:${name}`]
    if (node === undefined) {
      setKey(kept, name, item)
      continue
    }
    if (isMember(node)) continue
    const below = shape.kind === 'struct' ? shape.fields.get(name)?.shape : shape.kind === 'map' ? shape.items : shape
    setKey(kept, name, below === undefined ? item : removeBelow(below, item, node))
  }
  return kept
}
