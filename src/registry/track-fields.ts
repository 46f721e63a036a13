/** managedFields of what is written: the hook of create and update. Upstream: managedfields/internal/fieldmanager.go Update. */
import type { ResourceDefinition } from '../api/definition.ts'
import { createdFieldsText } from '../api/meta/managed-fields/created-fields.ts'
import { decodeManagers, encodeCreator, encodeManagers, type Manager, managersOf } from '../api/meta/managed-fields/managers.ts'
import type { Json, OwnedType } from '../api/meta/managed-fields/owned-type.ts'
import { resetFields, takenFields } from '../api/meta/managed-fields/reset-fields.ts'
import { type Shapes, type StructShape, shapesOf } from '../api/meta/managed-fields/shapes.ts'
import { trackUpdate } from '../api/meta/managed-fields/track-update.ts'
import { timestamp } from '../api/meta/time.ts'
import type { KubeObject } from '../api/object.ts'
import type { ManagedFieldsEntry } from '../api/types.gen.ts'
import { deepEqual } from '../lib/deep-equal.ts'
import type { RegistryContext } from './context.ts'

/**
 * In place: the managedFields of `next`. To be called on what the client asked for, defaults filled in, before admission and
 * before what the client may not change is put back.
 * @param old undefined for an object that is created
 */
export function trackFields(
  context: RegistryContext,
  definition: ResourceDefinition,
  subresource: string,
  old: KubeObject | undefined,
  next: KubeObject,
  fieldManager: string,
): void {
  const live = old?.metadata.managedFields
  const given = next.metadata.managedFields
  const isLive = subresource !== '' || given === undefined || deepEqual(given, live)
  const managers = isLive ? managersOf(live) : managersGiven(given, live)
  // Once nothing is tracked, only an apply starts it again. Upstream: skipnonapplied.go
  if (old !== undefined && managers.length === 0) {
    delete next.metadata.managedFields
    return
  }
  const type = ownedTypeOf(context, definition, subresource)
  const writer = { name: fieldManager === '' ? 'unknown' : fieldManager, subresource }
  const time = timestamp(context.clock.now())
  if (old === undefined && managers.length === 0) return trackCreate(type, next, writer.name, time)
  const tracked = trackUpdate(type, old as Json | undefined, next as unknown as Json, managers, writer, time)
  if (tracked === managers && isLive && live !== undefined) next.metadata.managedFields = live
  else setManagers(next, tracked)
}

function trackCreate({ apiVersion, tracked }: OwnedType, next: KubeObject, name: string, time: string): void {
  const text = createdFieldsText(tracked, next as unknown as Json)
  if (text === '') delete next.metadata.managedFields
  else next.metadata.managedFields = [encodeCreator({ name, operation: 'Update', apiVersion, subresource: '' }, time, text)]
}

export function setManagers({ metadata }: KubeObject, managers: readonly Manager[]): void {
  const entries = encodeManagers(managers)
  if (entries === undefined) delete metadata.managedFields
  else metadata.managedFields = entries
}

/** Clients that say something sensible of managedFields are believed, but not through subresources. Upstream: decodeLiveOrNew */
function managersGiven(given: readonly ManagedFieldsEntry[], live: readonly ManagedFieldsEntry[] | undefined): readonly Manager[] {
  if (isReset(given)) return []
  const managers = decodeManagers(given)
  return managers === undefined || managers.length === 0 ? managersOf(live) : managers
}

/** `[]` and `[{}]` ask that all be forgotten. */
function isReset(given: readonly ManagedFieldsEntry[]): boolean {
  return given.length === 0 || (given.length === 1 && Object.keys(given[0]!).length === 0)
}

/** What can be owned of a kind through one of its endpoints. */
export function ownedTypeOf(context: RegistryContext, definition: ResourceDefinition, subresource: string): OwnedType {
  const shapes = shapesOf(context.schemas)
  return {
    apiVersion: definition.apiVersion,
    shape: shapes.type(definition.schema),
    tracked: trackedShape(shapes, definition, subresource),
    inVersion: (apiVersion) => {
      const other = context.resources.find(apiVersion, definition.resource)
      if (other === undefined || storeOf(other) !== storeOf(definition)) return undefined
      return {
        shape: shapes.type(other.schema),
        tracked: trackedShape(shapes, other, subresource),
        fromHere: (object) => converted(object, definition, other),
        toHere: (object) => converted(object, other, definition),
      }
    },
  }
}

function trackedShape(shapes: Shapes, definition: ResourceDefinition, subresource: string): StructShape {
  const taken = takenFields(definition, subresource)
  if (taken !== undefined) return shapes.only(definition.schema, taken)
  return shapes.tracked(definition.schema, resetFields(definition, subresource))
}

function storeOf(definition: ResourceDefinition): string {
  return definition.conversion?.storedAs ?? definition.groupResource
}

function converted(object: Json, from: ResourceDefinition, to: ResourceDefinition): Json {
  const copy = structuredClone(object) as unknown as KubeObject
  const stored = from.conversion?.toStored(copy) ?? copy
  return (to.conversion?.fromStored(stored) ?? stored) as unknown as Json
}

/**
 * In place: a write that changes nothing but the times of managers changes nothing.
 * Upstream: fieldmanager/equality.go IgnoreManagedFieldsTimestampsTransformer
 */
export function keepTimes(next: KubeObject, old: KubeObject): void {
  const before = old.metadata.managedFields
  const after = next.metadata.managedFields
  if (before === undefined || after === undefined || before.length !== after.length) return
  if (after.every((entry, i) => entry.time === before[i]!.time)) return
  const isSame = after.every((entry, i) => deepEqual({ ...entry, time: undefined }, { ...before[i]!, time: undefined }))
  if (!isSame) return
  if (deepEqual({ ...next, metadata: { ...next.metadata, managedFields: before } }, old)) next.metadata.managedFields = before
}
