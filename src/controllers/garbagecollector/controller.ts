/**
 * Deletes what has no owner left, and holds owners until their dependents are gone or released. It knows of objects only what
 * a digest says, and is given their keys only when a change may matter to it: its cost follows deletions, not the cluster's size.
 */
import type { GroupResource } from '../../api/object.ts'
import type { ControllerDefinition, IndexFunction, Key, KeysOf, Reader } from '../../runtime/controller.ts'
import { changedKeys, splitItemKey } from './changed-keys.ts'
import { type Dependent, dependentsOf, OWNER_INDEX, ownerUids } from './dependents.ts'
import { type CollectedResource, collectedResources, type OwnerKinds, ownerKinds } from './owner-kinds.ts'
import { FOREGROUND, isGoingWith, ORPHAN, observeOwner } from './owner-state.ts'
import { type ObservedItem, reconcileItem } from './reconcile.ts'

/** @param definitions every resource served; those that can't be listed, watched and deleted are passed over */
export function garbageCollector(definitions: readonly CollectedResource[]): ControllerDefinition<ObservedItem> {
  const resources = collectedResources(definitions).map(({ groupResource }) => groupResource)
  const kinds = ownerKinds(definitions)
  const watchesDigests: Record<GroupResource, { keysOf: KeysOf }> = {}
  const indexes: Record<GroupResource, Record<string, IndexFunction>> = {}
  for (const resource of resources) {
    watchesDigests[resource] = { keysOf: changedKeys(resource, resources, kinds) }
    indexes[resource] = { [OWNER_INDEX]: ownerUids }
  }
  return {
    name: 'garbage-collector',
    watches: {},
    watchesDigests,
    indexes,
    observe: (reader, key) => observe(reader, key, resources, kinds),
    reconcile: reconcileItem,
  }
}

function observe(reader: Reader, key: Key, resources: readonly GroupResource[], kinds: OwnerKinds): ObservedItem | undefined {
  const { resource, namespace, name } = splitItemKey(key)
  const object = reader.get(resource, namespace, name)
  if (object === undefined) return undefined
  const dependents = (): Dependent[] => dependentsOf(reader, resources, object.metadata.uid)
  if (isGoingWith(object, ORPHAN) || isGoingWith(object, FOREGROUND)) return { resource, object, owners: [], dependents: dependents() }
  const owners = (object.metadata.ownerReferences ?? []).map((reference) => observeOwner(reader, kinds, object, reference))
  const isWaitedFor = owners.some(({ state }) => state === 'waiting')
  return { resource, object, owners, dependents: isWaitedFor ? dependents() : [] }
}
