import { setKey } from '../../schema/parse-json.ts'
import { byElement } from './changed-fields.ts'
import type { KeyedShape, SetShape, Shape, StructShape } from './shapes.ts'

type Json = Record<string, unknown>

/**
 * The object with what the configuration says laid over it; nothing is removed. Items of lists come in the order of the
 * configuration, those that only the object has among them where they were. Upstream: structured-merge-diff typed/merge.go.
 */
export function mergeConfiguration(shape: StructShape, live: Json, configuration: Json): Json {
  return (merge(shape, live, configuration) as Json | undefined) ?? {}
}

/** undefined when nothing comes of it. A null of the configuration sets leaves, and leaves the rest as it is. */
function merge(shape: Shape, live: unknown, applied: unknown): unknown {
  if (applied === undefined) return live
  if (live === undefined && shape.kind === 'leaf') return applied
  if (shape.kind === 'leaf' || isScalar(live) || isScalar(applied)) return applied
  if (isEmpty(live) && isEmpty(applied)) return applied
  if (shape.kind === 'keyed' || shape.kind === 'set') {
    const items = mergeItems(shape, asList(live), asList(applied))
    return items.length > 0 ? items : undefined
  }
  if (Array.isArray(live) || Array.isArray(applied)) return applied
  const merged = mergeEntries(shape, (live ?? {}) as Json, (applied ?? {}) as Json)
  return isEmpty(merged) ? undefined : merged
}

function mergeEntries(shape: Exclude<Shape, KeyedShape | SetShape>, live: Json, applied: Json): Json {
  const merged: Json = {}
  for (const name of new Set([...Object.keys(live), ...Object.keys(applied)])) {
    const below = shape.kind === 'struct' ? shape.fields.get(name)?.shape : shape.kind === 'map' ? shape.items : shape
    const before = Object.hasOwn(live, name) ? live[name] : undefined
    const said = Object.hasOwn(applied, name) ? applied[name] : undefined
    const value = below === undefined ? (said ?? before) : merge(below, before, said)
    if (value !== undefined) setKey(merged, name, value)
  }
  return merged
}

/**
 * A walk through both lists at once. An item of the object that the configuration has too waits until the configuration comes
 * to it, so that shared items stand in the configuration's order.
 */
function mergeItems(shape: KeyedShape | SetShape, live: readonly unknown[], applied: readonly unknown[]): unknown[] {
  const liveByElement = byElement(shape, live)
  const appliedByElement = byElement(shape, applied)
  const liveElements = elementsOf(live, liveByElement)
  const appliedElements = [...appliedByElement.keys()]
  const shared = appliedElements.filter((element) => liveByElement.has(element))
  const out: unknown[] = []
  const merged = new Set<string>()
  const take = (element: string) => {
    merged.add(element)
    const alike = liveByElement.get(element)
    // Repeated items of the object are replaced by the configuration's one.
    const value = merge(shape.items, alike?.length === 1 ? alike[0] : undefined, appliedByElement.get(element)![0])
    if (value !== undefined) out.push(value)
    if (shared[0] === element) shared.shift()
  }
  for (let l = 0, a = 0; l < live.length || a < appliedElements.length; ) {
    const element = liveElements[l]
    if (element !== undefined && a < appliedElements.length) {
      if (element === appliedElements[a]) {
        take(element)
        l++
        a++
        continue
      }
      if (appliedByElement.has(element) && shared.length > 0 && shared[0] !== element) {
        l++
        continue
      }
    }
    if (element !== undefined) {
      if (!appliedByElement.has(element)) {
        out.push(live[l])
        l++
        continue
      }
      if (merged.has(element)) {
        l++
        continue
      }
    }
    if (a < appliedElements.length) take(appliedElements[a++]!)
  }
  return out
}

/** The element of each item, place by place. */
function elementsOf(items: readonly unknown[], found: ReadonlyMap<string, readonly unknown[]>): string[] {
  const elements = new Map<unknown, string>()
  for (const [element, alike] of found) for (const item of alike) elements.set(item, element)
  return items.map((item) => elements.get(item)!)
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function isScalar(value: unknown): boolean {
  return value !== undefined && typeof value !== 'object'
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || Object.keys(value).length === 0
}
