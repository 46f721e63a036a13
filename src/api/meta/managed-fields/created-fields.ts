/**
 * The fields of what was not there before, which all have one owner: written straight as the text of FieldsV1, as every create
 * needs it and nobody reads it until the next change.
 */
import type { FieldNode, FieldSet } from './field-set.ts'
import { comparePathElements, keyElement, valueElement } from './path-element.ts'
import type { KeyedShape, Shape, StructShape } from './shapes.ts'

type Json = Readonly<Record<string, unknown>>

const LEAF_TEXT = '{}'
/** How the text of a node begins that is a member and has members below it. */
const SELF_TEXT = '{".":{},'

/** See `createdFields`; '' for no fields. */
export function createdFieldsText(shape: StructShape, object: Json): string {
  let text = ''
  for (const name of sortedKeys(object)) {
    const field = shape.fields.get(name)
    if (field === undefined) continue
    const value = object[name]
    // Go writes null for a time that an empty object has, too.
    if (value === undefined || value === null) continue
    const child = field.isAlwaysThere ? createdText(field.shape, value) : addedText(field.shape, value)
    if (child !== '') text += `${text === '' ? '{' : ','}${field.keyText}${child}`
  }
  return text === '' ? '' : `${text}}`
}

/**
 * The fields of an object that was not there before: what its creator owns. What Go has in an empty object already (structs, lists
 * without omitempty) counts as there, so that only what is in it is new; zero values are nobody's.
 */
export function createdFields(shape: StructShape, object: Json): FieldSet {
  const text = createdFieldsText(shape, object)
  return text === '' ? undefined : (JSON.parse(text) as FieldNode)
}

/** Every field of a value that comes or goes as a whole, with the value itself. */
export function addedFields(shape: Shape, value: unknown): FieldNode {
  return JSON.parse(addedText(shape, value)) as FieldNode
}

/** Of a field that an empty object has; '' for nothing. */
function createdText(shape: Shape, value: unknown): string {
  if (shape.kind === 'leaf') return isZero(value) ? '' : LEAF_TEXT
  if (typeof value !== 'object') return value ? LEAF_TEXT : ''
  if (shape.kind === 'struct') return createdFieldsText(shape, value as Json)
  const text = addedText(shape, value)
  return text === LEAF_TEXT ? '' : `{${text.slice(SELF_TEXT.length)}`
}

function isZero(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return value === '' || value === 0 || value === false || value === '0'
  return Array.isArray(value) ? value.length === 0 : Object.values(value).every((item) => item === undefined || isZero(item))
}

function addedText(shape: Shape, value: unknown): string {
  if (typeof value !== 'object' || value === null || shape.kind === 'leaf') return LEAF_TEXT
  if (shape.kind === 'keyed') return itemsText(shape, value as readonly Json[])
  if (shape.kind === 'set')
    return closed([...new Set((value as unknown[]).map(valueElement))].sort(comparePathElements).map(memberText).join(','))
  if (Array.isArray(value)) return LEAF_TEXT
  let text = ''
  for (const name of sortedKeys(value)) {
    const item = (value as Json)[name]
    if (item === undefined) continue
    const field = shape.kind === 'struct' ? shape.fields.get(name) : undefined
    if (shape.kind === 'struct' && field === undefined) continue
    if (text !== '') text += ','
    if (field !== undefined) text += field.keyText + addedText(field.shape, item)
    else text += keyText(name) + addedText(shape.kind === 'map' ? shape.items : shape, item)
  }
  return closed(text)
}

function itemsText(shape: KeyedShape, items: readonly Json[]): string {
  if (items.length === 1) return closed(`${JSON.stringify(keyElement(shape.keys, items[0]!))}:${addedText(shape.items, items[0])}`)
  const byElement = new Map<string, string>()
  for (const item of items) {
    const element = keyElement(shape.keys, item)!
    // Items that share a key have one owner together.
    byElement.set(element, byElement.has(element) ? LEAF_TEXT : addedText(shape.items, item))
  }
  const elements = [...byElement.keys()].sort(comparePathElements)
  return closed(elements.map((element) => `${JSON.stringify(element)}:${byElement.get(element)}`).join(','))
}

function memberText(element: string): string {
  return `${JSON.stringify(element)}:{}`
}

/** A member, with what is below it. */
function closed(children: string): string {
  return children === '' ? LEAF_TEXT : `${SELF_TEXT}${children}}`
}

const PLAIN = /^[\w./-]*$/

function keyText(name: string): string {
  return PLAIN.test(name) ? `"f:${name}":` : `${JSON.stringify(`f:${name}`)}:`
}

/** What `node` has below it, without being in it itself. */
export function withoutSelf(node: FieldNode): FieldSet {
  const { '.': self, ...children } = node
  if (self !== undefined) return children
  for (const _element in node) return node
  return undefined
}

function sortedKeys(object: object): string[] {
  const keys = Object.keys(object)
  for (let i = 1; i < keys.length; i++) if (keys[i - 1]! > keys[i]!) return keys.sort()
  return keys
}
