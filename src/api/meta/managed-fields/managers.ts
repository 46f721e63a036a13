/** Who owns what of an object: metadata.managedFields, read and written. Upstream: managedfields/internal/managedfields.go. */
import type { ManagedFieldsEntry } from '../../types.gen.ts'
import { type FieldNode, type FieldSet, isLeaf, LEAF, NodeBuilder, union } from './field-set.ts'
import { canonicalElement } from './path-element.ts'

export type Operation = 'Apply' | 'Update'

/** One manager: who, by which operation, through which subresource; an updater also by which version. */
export interface ManagerIdentity {
  readonly name: string
  readonly operation: Operation
  readonly apiVersion: string
  /** '' for the resource itself */
  readonly subresource: string
}

export interface Manager extends ManagerIdentity {
  readonly time: string | undefined
  readonly fields: FieldSet
}

export function isSameManager(a: ManagerIdentity, b: ManagerIdentity): boolean {
  return (
    a.name === b.name &&
    a.operation === b.operation &&
    a.subresource === b.subresource &&
    (a.operation === 'Apply' || a.apiVersion === b.apiVersion)
  )
}

/** What a conflict's message calls it. Upstream: conflict.go printManager */
export function managerText({ name, operation, apiVersion, subresource }: ManagerIdentity): string {
  const who = `${JSON.stringify(name)}${subresource === '' ? '' : ` with subresource ${JSON.stringify(subresource)}`}`
  return operation === 'Update' ? `${who} using ${apiVersion}` : who
}

/** What the server wrote itself. */
export function managersOf(entries: readonly ManagedFieldsEntry[] | undefined): Manager[] {
  return (entries ?? []).map((entry) => managerOf(entry, entry.fieldsV1 as FieldNode | undefined))
}

function managerOf(entry: ManagedFieldsEntry, fields: FieldSet): Manager {
  return {
    name: entry.manager ?? '',
    operation: entry.operation as Operation,
    apiVersion: entry.apiVersion ?? '',
    subresource: entry.subresource ?? '',
    time: entry.time,
    fields: fields === undefined || isLeaf(fields) ? undefined : fields,
  }
}

/** What a client wrote; undefined when it is not what managedFields can be. */
export function decodeManagers(entries: readonly ManagedFieldsEntry[]): Manager[] | undefined {
  const managers: Manager[] = []
  for (const entry of entries) {
    if (entry.operation !== 'Apply' && entry.operation !== 'Update') return undefined
    if (!entry.apiVersion || entry.fieldsType !== 'FieldsV1') return undefined
    const fields = canonicalFields(entry.fieldsV1 ?? {})
    if (fields === undefined) return undefined
    const manager = managerOf(entry, fields)
    // Of two entries of one manager the last counts.
    const known = managers.findIndex((other) => isSameManager(other, manager))
    if (known >= 0) managers[known] = manager
    else managers.push(manager)
  }
  return managers
}

/** Unknown kinds of path elements are dropped; undefined for what is no set. Upstream: fieldpath/serialize.go */
function canonicalFields(value: unknown): FieldSet {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const children = new Map<string, FieldNode>()
  let isIn = false
  for (const [key, child] of Object.entries(value)) {
    if (key === '.') {
      isIn = true
      continue
    }
    if (!/^[a-z]:/.test(key)) return undefined
    const isKnown = /^[fkvi]:/.test(key)
    const element = isKnown ? canonicalElement(key) : undefined
    if (isKnown && element === undefined) return undefined
    const node = canonicalFields(child)
    if (node === undefined) return undefined
    if (element !== undefined) children.set(element, union(children.get(element), node)!)
  }
  const builder = new NodeBuilder()
  for (const [element, node] of children) builder.add(element, node)
  return builder.build(isIn) ?? LEAF
}

/** In upstream's order: appliers first, then by time, name, version, subresource; managers of nothing are left out. */
export function encodeManagers(managers: readonly Manager[]): ManagedFieldsEntry[] | undefined {
  const owners = managers.filter(({ fields }) => fields !== undefined)
  if (owners.length === 0) return undefined
  if (owners.length > 1) owners.sort(compareManagers)
  return owners.map(encodeManager)
}

function encodeManager({ name, operation, apiVersion, time, fields, subresource }: Manager): ManagedFieldsEntry {
  const entry: ManagedFieldsEntry = { manager: name, operation, apiVersion }
  if (time !== undefined) entry.time = time
  entry.fieldsType = 'FieldsV1'
  entry.fieldsV1 = fields as Record<string, unknown>
  if (subresource !== '') entry.subresource = subresource
  return entry
}

/**
 * The entry of a new object's one manager, whose fields are text: read only when somebody asks for them.
 * `entryText` gives the text back.
 */
export function encodeCreator({ name, operation, apiVersion }: ManagerIdentity, time: string, fieldsText: string): ManagedFieldsEntry {
  // Reading a character makes one piece of a text that was put together, so that its pieces aren't kept.
  fieldsText.charCodeAt(0)
  let fields: Record<string, unknown> | undefined
  const entry: ManagedFieldsEntry = {
    manager: name,
    operation,
    apiVersion,
    time,
    fieldsType: 'FieldsV1',
    get fieldsV1() {
      fields ??= JSON.parse(fieldsText) as Record<string, unknown>
      return fields
    },
  }
  texts.set(entry, fieldsText)
  return entry
}

const texts = new WeakMap<ManagedFieldsEntry, string>()

/** An entry as JSON. */
export function entryText(entry: ManagedFieldsEntry): string {
  const fields = texts.get(entry)
  if (fields === undefined) return JSON.stringify(entry)
  const { manager, operation, apiVersion, time } = entry
  const head = JSON.stringify({ manager, operation, apiVersion, time })
  return `${head.slice(0, -1)},"fieldsType":"FieldsV1","fieldsV1":${fields}}`
}

function compareManagers(a: Manager, b: Manager): number {
  return (
    compareText(a.operation, b.operation) ||
    secondsOf(a.time) - secondsOf(b.time) ||
    compareText(a.name, b.name) ||
    compareText(a.apiVersion, b.apiVersion) ||
    compareText(a.subresource, b.subresource)
  )
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function secondsOf(time: string | undefined): number {
  return time === undefined ? 0 : Math.floor(Date.parse(time) / 1000)
}

/** Upstream: fieldmanager.go DefaultMaxUpdateManagers. */
const MAX_UPDATERS = 10
const ANCIENT = 'ancient-changes'

/** No more than ten updaters: the oldest of each version become one. Upstream: capmanagers.go */
export function capUpdaters(managers: readonly Manager[]): readonly Manager[] {
  const updaters = managers.filter(({ operation }) => operation === 'Update')
  if (updaters.length <= MAX_UPDATERS) return managers
  updaters.sort((a, b) => secondsOf(a.time) - secondsOf(b.time) || compareText(identityText(a), identityText(b)))
  let kept = [...managers]
  let count = updaters.length
  const firstOfVersion = new Map<string, Manager>()
  for (const updater of updaters) {
    if (count <= MAX_UPDATERS) break
    const { apiVersion } = updater
    const first = firstOfVersion.get(apiVersion)
    if (first === undefined) {
      firstOfVersion.set(apiVersion, updater)
      continue
    }
    const bucket: ManagerIdentity = { name: ANCIENT, operation: 'Update', apiVersion, subresource: '' }
    const base = kept.find((manager) => isSameManager(manager, bucket)) ?? first
    const merged: Manager = { ...bucket, time: updater.time, fields: union(updater.fields, base.fields) }
    kept = [...kept.filter((manager) => manager !== base && manager !== updater), merged]
    count--
  }
  return kept
}

/** Upstream sorts managers of one second by the JSON that identifies them. */
function identityText({ name, operation, apiVersion, subresource }: ManagerIdentity): string {
  return JSON.stringify({ manager: name, operation, apiVersion, ...(subresource === '' ? {} : { subresource }) })
}
