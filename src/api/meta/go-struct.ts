/**
 * How upstream shows a struct in a message: its internal types have no JSON names, so every field comes by its Go name, in
 * the order of the struct and whether it is set or not. Upstream: field.Error ErrorBody.
 */

/**
 * A field's zero value (null for pointers, lists and maps), or what its struct is made of: by value, behind a pointer, in a list,
 * or as the values of a map.
 */
export type GoField = '' | 0 | false | null | GoStruct | { readonly pointer: GoStruct } | readonly [GoStruct]

/** Fields by their Go names; in JSON they begin with a small letter. */
export interface GoStruct {
  readonly [goName: string]: GoField
}

/** @param value as JSON has it; undefined is a struct with nothing set */
export function showGoStruct(value: unknown, struct: GoStruct): Record<string, unknown> {
  const fields = (value ?? {}) as Record<string, unknown>
  return Object.fromEntries(Object.entries(struct).map(([name, field]) => [name, showField(fields[jsonName(name)], field)]))
}

function showField(value: unknown, field: GoField): unknown {
  if (typeof field !== 'object' || field === null) return value ?? field
  if (Array.isArray(field)) {
    const [item] = field as readonly [GoStruct]
    return Array.isArray(value) ? value.map((entry) => showGoStruct(entry, item)) : null
  }
  if ('pointer' in field) return value === undefined ? null : showGoStruct(value, field.pointer as GoStruct)
  return showGoStruct(value, field as GoStruct)
}

/** `APIGroups` → `apiGroups`, `NodeID` → `nodeID`, `Kind` → `kind` */
function jsonName(goName: string): string {
  return goName.replace(/^[A-Z]+(?![a-z])|^[A-Z]/, (capitals) => capitals.toLowerCase())
}
