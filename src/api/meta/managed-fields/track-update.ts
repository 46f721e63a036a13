import { difference, union } from './field-set.ts'
import { capUpdaters, isSameManager, type Manager, type ManagerIdentity } from './managers.ts'
import { type Json, type OwnedType, VersionedChanges } from './owned-type.ts'

/**
 * Who owns what after a create, update or patch: the writer what it set or changed, others no longer that nor what is gone.
 * Upstream: structured-merge-diff merge/update.go Update; managedfieldsupdater.go.
 * @param before undefined for an object that is created
 * @param time what the writer's entry is dated when it owns anything new
 * @returns `managers` itself when nothing changed
 */
export function trackUpdate(
  type: OwnedType,
  before: Json | undefined,
  after: Json,
  managers: readonly Manager[],
  writer: Omit<ManagerIdentity, 'operation' | 'apiVersion'>,
  time: string,
): readonly Manager[] {
  const identity: ManagerIdentity = { ...writer, operation: 'Update', apiVersion: type.apiVersion }
  const changes = new VersionedChanges(type, before, after)
  const left = withoutChanges(managers, changes)
  const own = changes.own?.changed
  if (own === undefined) return capUpdaters(left)
  const previous = left.find((manager) => isSameManager(manager, identity))
  const next: Manager = { ...identity, time, fields: union(own, previous?.fields) }
  return capUpdaters([...left.filter((manager) => manager !== previous), next])
}

/** The managers without what was changed or removed, and without those of a version that is gone. The same array when that is nothing. */
export function withoutChanges(managers: readonly Manager[], changes: VersionedChanges, except?: ManagerIdentity): readonly Manager[] {
  let isNew = false
  const left: Manager[] = []
  for (const manager of managers) {
    const here = except !== undefined && isSameManager(manager, except) ? undefined : changes.in(manager.apiVersion)
    const fields =
      here === undefined || here === 'unknown' ? manager.fields : difference(difference(manager.fields, here.changed), here.removed)
    if (here === 'unknown' || fields === undefined) isNew = true
    else if (fields === manager.fields) left.push(manager)
    else {
      isNew = true
      left.push({ ...manager, fields })
    }
  }
  return isNew ? left : managers
}
