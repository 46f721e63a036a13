import { deepEqual } from '../../../lib/deep-equal.ts'
import { appliedFields, unionOfAll, withNamedFields } from './applied-fields.ts'
import { changedFields } from './changed-fields.ts'
import { difference, type FieldSet, intersection, pathsOf, union } from './field-set.ts'
import { compareText, isSameManager, type Manager, type ManagerIdentity, managerText } from './managers.ts'
import { mergeConfiguration } from './merge-configuration.ts'
import { type Json, type OtherVersion, type OwnedType, VersionedChanges } from './owned-type.ts'
import { pathText } from './path-element.ts'
import { removeFields } from './remove-fields.ts'
import type { StructShape } from './shapes.ts'
import { trackUpdate, withoutChanges } from './track-update.ts'

/** What another manager owns and the configuration says otherwise. */
export interface Conflict {
  readonly manager: ManagerIdentity
  readonly fields: FieldSet
}

export type Applied =
  | { readonly conflicts?: undefined; readonly object: Json; readonly managers: readonly Manager[] }
  | { readonly conflicts: readonly Conflict[] }

export interface ApplyRequest {
  readonly type: OwnedType
  /** The object as it is; without fields when there is none yet. */
  readonly live: Json
  readonly managers: readonly Manager[]
  readonly configuration: Json
  readonly applier: Omit<ManagerIdentity, 'operation' | 'apiVersion'>
  /** Takes from others what they own and the configuration says otherwise. */
  readonly isForced: boolean
  readonly time: string
}

/** Whoever owned the fields of an object from before anybody applied. Upstream: skipnonapplied.go */
const BEFORE_FIRST_APPLY = 'before-first-apply'

/**
 * The object with the configuration applied. What the applier said last time and says no more goes, unless another manager owns
 * it. Upstream: structured-merge-diff merge/update.go Apply.
 */
export function applyConfiguration(request: ApplyRequest): Applied {
  const { type, live, configuration, applier, isForced, time } = request
  const identity: ManagerIdentity = { ...applier, operation: 'Apply', apiVersion: type.apiVersion }
  let { managers } = request
  if (managers.length === 0 && Object.keys(live).length > 0) {
    const undated = trackUpdate(type, undefined, live, [], { name: BEFORE_FIRST_APPLY, subresource: applier.subresource }, time)
    managers = undated
  }
  const last = managers.find((manager) => isSameManager(manager, identity))
  const fields = appliedFields(type.tracked, configuration)
  const own: Manager = { ...identity, time: last?.time, fields }
  managers = [...managers.filter((manager) => manager !== last), own]

  const merged = mergeConfiguration(type.shape, live, configuration)
  const object = last === undefined ? merged : prune(type, merged, managers, last, own)
  const changes = new VersionedChanges(type, live, object)
  const conflicts = conflictsWith(managers, changes, identity)
  if (conflicts.length > 0 && !isForced) return { conflicts }
  const left = withoutChanges(managers, changes, identity)
  // A configuration that changes nothing leaves the time of its manager as it was, even if that is none.
  if (deepEqual(object, live)) return { object: live, managers: left }
  return { object, managers: left.map((manager) => (manager === own ? { ...own, time } : manager)) }
}

function conflictsWith(managers: readonly Manager[], changes: VersionedChanges, applier: ManagerIdentity): Conflict[] {
  const conflicts: Conflict[] = []
  for (const manager of managers) {
    if (isSameManager(manager, applier)) continue
    const here = changes.in(manager.apiVersion)
    if (here === undefined || here === 'unknown') continue
    const fields = intersection(manager.fields, here.changed)
    if (fields !== undefined) conflicts.push({ manager, fields })
  }
  return conflicts.sort((a, b) => compareText(managerText(a.manager), managerText(b.manager)))
}

/**
 * Takes out what the applier said last and says no more, but not what anyone else owns, in whatever version; what the applier
 * never said stays, be it someone's or no one's. Upstream: update.go prune, addBackOwnedItems, addBackDanglingItems.
 */
function prune(type: OwnedType, merged: Json, managers: readonly Manager[], last: Manager, own: Manager): Json {
  if (last.apiVersion === type.apiVersion && difference(last.fields, own.fields) === undefined) return merged
  const then = versionOf(type, last.apiVersion)
  if (then === undefined) return merged
  const said = withNamedFields(then.shape, last.fields)
  const before = then.fromHere(merged)
  let kept = then.toHere(pruneBy(then.shape, before, removeFields(then.shape, before, said), ownedIn(managers, last.apiVersion)))
  for (const apiVersion of new Set(managers.map((manager) => manager.apiVersion))) {
    const version = apiVersion === last.apiVersion ? undefined : versionOf(type, apiVersion)
    if (version === undefined) continue
    kept = version.toHere(pruneBy(version.shape, version.fromHere(merged), version.fromHere(kept), ownedIn(managers, apiVersion)))
  }
  const mergedSet = withNamedFields(then.shape, appliedFields(then.shape, before))
  const keptSet = withNamedFields(then.shape, appliedFields(then.shape, then.fromHere(kept)))
  return then.toHere(removeFields(then.shape, before, intersection(difference(mergedSet, keptSet), said)))
}

const same = (object: Json) => object

function versionOf(type: OwnedType, apiVersion: string): Omit<OtherVersion, 'tracked'> | undefined {
  return apiVersion === type.apiVersion ? { shape: type.shape, fromHere: same, toHere: same } : type.inVersion(apiVersion)
}

/** `merged` without what is neither in `pruned` nor owned. Upstream: addBackOwnedItemsForVersion */
function pruneBy(shape: StructShape, merged: Json, pruned: Json, owned: FieldSet): Json {
  const mergedSet = withNamedFields(shape, appliedFields(shape, merged))
  const prunedSet = withNamedFields(shape, appliedFields(shape, pruned))
  return removeFields(shape, merged, difference(mergedSet, union(prunedSet, withNamedFields(shape, owned))))
}

function ownedIn(managers: readonly Manager[], apiVersion: string): FieldSet {
  return unionOfAll(managers.filter((manager) => manager.apiVersion === apiVersion).map(({ fields }) => fields))
}

/** Conflicts without the fields of the set. */
export function conflictsOutside(conflicts: readonly Conflict[], allowed: FieldSet): Conflict[] {
  return conflicts
    .map(({ manager, fields }) => ({ manager, fields: difference(fields, allowed) }))
    .filter(({ fields }) => fields !== undefined)
}

/**
 * What a client-side apply said last and is still so: its author may take it over from whoever that made the owner.
 * Upstream: lastappliedmanager.go allowedConflictsFromLastApplied.
 */
export function fieldsLastApplied({ tracked }: OwnedType, live: Json, lastApplied: Json): FieldSet {
  const changes = changedFields(tracked, lastApplied, live)
  return difference(difference(appliedFields(tracked, lastApplied), changes?.changed), changes?.removed)
}

export interface ConflictCause {
  readonly message: string
  readonly field: string
}

/** Upstream: managedfields/internal/conflict.go */
export function conflictCauses(conflicts: readonly Conflict[]): ConflictCause[] {
  return conflicts.flatMap(({ manager, fields }) =>
    pathsOf(fields).map((path) => ({ message: `conflict with ${managerText(manager)}`, field: pathText(path) })),
  )
}

export function conflictMessage(conflicts: readonly Conflict[]): string {
  const causes = conflictCauses(conflicts)
  if (causes.length === 1) return `Apply failed with 1 conflict: ${causes[0]!.message}: ${causes[0]!.field}`
  const lines = conflicts.flatMap(({ manager, fields }) => [
    `conflicts with ${managerText(manager)}:`,
    ...pathsOf(fields).map((path) => `- ${pathText(path)}`),
  ])
  return `Apply failed with ${causes.length} conflicts: ${lines.join('\n')}`
}
