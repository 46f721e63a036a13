/**
 * Sets of fields, in the very form in which managedFields carries them (FieldsV1): a tree whose keys are path elements, `f:name`
 * for a field, `k:{"name":"x"}` and `v:"x"` for an item of a list, `i:0` for a place in one. A node without keys is a member of the
 * set; one with keys is a member when `.` is among them. Nodes are never changed: operations share what they leave as it is,
 * so what nobody touches is neither read nor built again. The empty set is undefined.
 */
import { comparePathElements } from './path-element.ts'

export interface FieldNode {
  readonly [element: string]: FieldNode
}

export type FieldSet = FieldNode | undefined

/** A member without members below it. */
export const LEAF: FieldNode = Object.freeze({})

const SELF = '.'

export function isMember(node: FieldNode): boolean {
  if (node[SELF] !== undefined) return true
  for (const _element in node) return false
  return true
}

export function isLeaf(node: FieldNode): boolean {
  for (const _element in node) return false
  return true
}

/** Children in order of their path elements, then put together; undefined when nothing is in it. */
export class NodeBuilder {
  readonly #elements: string[] = []
  readonly #nodes: FieldNode[] = []
  #isSorted = true

  add(element: string, node: FieldNode): void {
    const count = this.#elements.length
    if (this.#isSorted && count > 0 && comparePathElements(this.#elements[count - 1]!, element) > 0) this.#isSorted = false
    this.#elements.push(element)
    this.#nodes.push(node)
  }

  build(isMember: boolean): FieldSet {
    const count = this.#elements.length
    if (count === 0) return isMember ? LEAF : undefined
    const node: Record<string, FieldNode> = isMember ? { '.': LEAF } : {}
    if (this.#isSorted) {
      for (let i = 0; i < count; i++) node[this.#elements[i]!] = this.#nodes[i]!
      return node
    }
    const order = this.#elements.map((_, i) => i).sort((a, b) => comparePathElements(this.#elements[a]!, this.#elements[b]!))
    for (const i of order) node[this.#elements[i]!] = this.#nodes[i]!
    return node
  }
}

export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (a === undefined || a === b) return b
  if (b === undefined) return a
  return unionOf(a, b)
}

function unionOf(a: FieldNode, b: FieldNode): FieldNode {
  const builder = new NodeBuilder()
  let isNew = false
  for (const element in a) {
    if (element === SELF) continue
    const left = a[element]!
    const right = b[element]
    const both = right === undefined || right === left ? left : unionOf(left, right)
    if (both !== left) isNew = true
    builder.add(element, both)
  }
  for (const element in b) {
    if (element === SELF || a[element] !== undefined) continue
    isNew = true
    builder.add(element, b[element]!)
  }
  const isIn = isMember(a)
  if (!isNew && (isIn || !isMember(b))) return a
  return builder.build(isIn || isMember(b))!
}

/** What is in `a` and not in `b`; a parent doesn't stand for its children. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  if (a === undefined || b === undefined) return a
  if (a === b) return undefined
  const stays = isMember(a) && !isMember(b)
  let isNew = isMember(a) !== stays
  const builder = new NodeBuilder()
  for (const element in a) {
    if (element === SELF) continue
    const left = a[element]!
    const rest = difference(left, b[element])
    if (rest !== left) isNew = true
    if (rest !== undefined) builder.add(element, rest)
  }
  return isNew ? builder.build(stays) : a
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  if (a === undefined || b === undefined) return undefined
  if (a === b) return a
  const builder = new NodeBuilder()
  for (const element in a) {
    const right = element === SELF ? undefined : b[element]
    if (right === undefined) continue
    const both = intersection(a[element], right)
    if (both !== undefined) builder.add(element, both)
  }
  return builder.build(isMember(a) && isMember(b))
}

export function hasPath(set: FieldSet, path: readonly string[]): boolean {
  let node = set
  for (const element of path) node = node?.[element]
  return node !== undefined && isMember(node)
}

/** The set of one field. */
export function setOfPath(path: readonly string[]): FieldNode {
  return path.reduceRight<FieldNode>((node, element) => ({ [element]: node }), LEAF)
}

/** Every member, as a list of path elements: those of a node first, then those below its children. Upstream: Set.Iterate. */
export function pathsOf(set: FieldSet): string[][] {
  const paths: string[][] = []
  const walk = (node: FieldNode, path: string[]) => {
    for (const element in node) if (element !== SELF && isMember(node[element]!)) paths.push([...path, element])
    for (const element in node) if (element !== SELF && !isLeaf(node[element]!)) walk(node[element]!, [...path, element])
  }
  if (set !== undefined) walk(set, [])
  return paths
}
