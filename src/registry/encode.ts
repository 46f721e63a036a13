import type { ResourceDefinition } from '../api/definition.ts'
import { entryText } from '../api/meta/managed-fields/managers.ts'
import type { KubeObject } from '../api/object.ts'
import type { Entry } from '../storage/entry.ts'
import type { ObjectResult } from './context.ts'

/**
 * Stringifies an object once and leaves the place of its resourceVersion open, as that is known only at commit.
 * The returned function also sets it on the object.
 */
export function encoder(definition: ResourceDefinition, object: KubeObject): (revision: number) => Buffer {
  const { kind: _kind, apiVersion: _apiVersion, metadata, ...rest } = object
  const head = `{"kind":"${definition.kind}","apiVersion":"${definition.apiVersion}","metadata":{"resourceVersion":"`
  const { resourceVersion: _resourceVersion, managedFields, ...others } = metadata
  const managers = managedFields === undefined ? '' : `,"managedFields":[${managedFields.map(entryText).join(',')}]`
  const tail = `${JSON.stringify(others).slice(1, -1)}${managers}}`
  const body = JSON.stringify(rest).slice(1)
  const end = `${tail}${body === '}' ? '' : ','}${body}`
  object.kind = definition.kind
  object.apiVersion = definition.apiVersion
  return (revision) => {
    object.metadata.resourceVersion = String(revision)
    return Buffer.from(`${head}${revision}",${end}`)
  }
}

/** An object that isn't stored: with the resourceVersion it carries, if any. */
export function encodeUnstored(object: KubeObject): Buffer {
  return Buffer.from(JSON.stringify(object))
}

/** What a dry run answers: the object as if it had been stored and read. */
export function dryRunResult({ kind, apiVersion, conversion }: ResourceDefinition, object: KubeObject, isCreated = false): ObjectResult {
  const whole = { ...object, kind, apiVersion }
  const read = conversion === undefined ? whole : conversion.fromStored(conversion.toStored(whole))
  return { bytes: encodeUnstored(read), object: read, isCreated }
}

const converted = new WeakMap<Entry, Map<ResourceDefinition, Buffer>>()

/** The bytes of an entry in the form of `definition`: its own, or those of a resource that shares its store. */
export function bytesOf(definition: ResourceDefinition, entry: Entry): Buffer {
  if (definition.conversion === undefined) return entry.bytes
  const known = converted.get(entry)
  const bytes = known?.get(definition) ?? encodeUnstored(definition.conversion.fromStored(entry.copy()))
  if (known === undefined) converted.set(entry, new Map([[definition, bytes]]))
  else known.set(definition, bytes)
  return bytes
}
