/**
 * How upstream shows a struct in a message: its internal types have no JSON names, so every field comes by its Go name, in
 * the order of the struct and whether it is set or not. Upstream: field.Error ErrorBody.
 */

/**
 * A field's zero value (null for pointers, lists and maps), or what its struct is made of: by value, behind a pointer, in a list,
 * or as the values of a map.
 * Some have another name in JSON than their own, and some are left out when nothing sets them.
 */
export type GoField =
  | string
  | 0
  | false
  | null
  | GoStruct
  | { readonly pointer: GoStruct }
  | readonly [GoStruct]
  | { readonly jsonName: string; readonly of: GoField }
  | { readonly unlessEmpty: GoField }

/** Fields by their Go names; in JSON they begin with a small letter. */
export interface GoStruct {
  readonly [goName: string]: GoField
}

/** @param value as JSON has it; undefined is a struct with nothing set */
export function showGoStruct(value: unknown, struct: GoStruct): Record<string, unknown> {
  const fields = (value ?? {}) as Record<string, unknown>
  const shown: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(struct)) {
    const isNamed = typeof field === 'object' && field !== null && 'jsonName' in field
    const value = fields[isNamed ? (field.jsonName as string) : jsonName(name)]
    if (isLeftOut(value, field)) continue
    shown[name] = showField(value, isNamed ? (field.of as GoField) : field)
  }
  return shown
}

function showField(value: unknown, field: GoField): unknown {
  if (field === null && isMap(value)) return sortedByKey(value)
  if (typeof field !== 'object' || field === null) return value ?? field
  if (Array.isArray(field)) {
    const [item] = field as readonly [GoStruct]
    return Array.isArray(value) ? value.map((entry) => showGoStruct(entry, item)) : null
  }
  if ('unlessEmpty' in field) return showField(value, field.unlessEmpty as GoField)
  if ('pointer' in field) return value === undefined ? null : showGoStruct(value, field.pointer as GoStruct)
  return showGoStruct(value, field as GoStruct)
}

function isLeftOut(value: unknown, field: GoField): boolean {
  if (typeof field !== 'object' || field === null || !('unlessEmpty' in field)) return false
  // What may be null is set when it points at false or 0.
  if (field.unlessEmpty !== null) return !value
  return value === undefined || value === null || (typeof value === 'object' && Object.keys(value).length === 0)
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function sortedByKey(map: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/**
 * Finds structs by name in a table of rows `Name: fields`, which go on in lines that begin with two spaces.
 * @param table its rows begin with a line feed each
 */
export function goStructTable(table: string): (name: string) => GoStruct {
  const read = new Map<string, GoStruct>()
  const find = (name: string): GoStruct => {
    let struct = read.get(name)
    if (struct === undefined) {
      const start = table.indexOf(`\n${name}: `)
      if (start < 0) throw new Error(`unknown struct: ${name}`)
      const [row] = /.*(?:\n {2}.*)*/.exec(table.slice(start + name.length + 3)) as RegExpExecArray
      struct = readGoStruct(row, find)
      read.set(name, struct)
    }
    return struct
  }
  return find
}

/**
 * Reads a struct from a line of its fields: `Name Port# ReadOnly! Mode? Divisor=0` are a text, a number, a truth value, something
 * that may be null and a text that is "0" unless set; `A*T B[]T C:T` are a pointer to struct T, a list of it and the struct by value.
 * `IQN@iqn` gives the name in JSON, `labels~?` is left out unless set.
 * @param find the struct of a name
 */
function readGoStruct(text: string, find: (name: string) => GoStruct): GoStruct {
  const struct: Record<string, GoField> = {}
  for (const [, name, json, omits, sign, rest] of text.matchAll(FIELD)) {
    let field = readField(sign!, rest!, find)
    if (omits) field = { unlessEmpty: field }
    if (json !== undefined) field = { jsonName: json, of: field }
    struct[name!] = field
  }
  return struct
}

const FIELD = /(\w+)(?:@(\w+))?(~?)([#!?*:=]|\[\]|)(\w*)/g

function readField(sign: string, rest: string, find: (name: string) => GoStruct): GoField {
  switch (sign) {
    case '#':
      return 0
    case '!':
      return false
    case '?':
      return null
    case '*':
      return { pointer: find(rest) }
    case '[]':
      return [find(rest)]
    case ':':
      return find(rest)
    default:
      return rest
  }
}

/** `APIGroups` → `apiGroups`, `NodeID` → `nodeID`, `Kind` → `kind` */
function jsonName(goName: string): string {
  return goName.replace(/^[A-Z]+(?![a-z])|^[A-Z]/, (capitals) => capitals.toLowerCase())
}
