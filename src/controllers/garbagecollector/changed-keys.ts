/** Which objects must be looked at when one changes. Upstream: graph_builder.go processGraphChanges. */
import type { GroupResource, KubeObject } from '../../api/object.ts'
import type { OwnerReference } from '../../api/types.gen.ts'
import { deepEqual } from '../../lib/deep-equal.ts'
import type { Key, KeysOf, Reader } from '../../runtime/controller.ts'
import { dependentsOf } from './dependents.ts'
import type { OwnerKinds } from './owner-kinds.ts'
import { FOREGROUND, isGoingWith, ORPHAN, ownerState } from './owner-state.ts'

/** `RESOURCE.GROUP/NAMESPACE/NAME`, with an empty namespace for cluster-scoped ones. */
export function itemKey(resource: GroupResource, { metadata }: KubeObject): Key {
  return `${resource}/${metadata.namespace ?? ''}/${metadata.name}`
}

export function splitItemKey(key: Key): { resource: GroupResource; namespace: string; name: string } {
  const [resource = '', namespace = '', name = ''] = key.split('/')
  return { resource, namespace, name }
}

/** The keys that a change of an object of `resource` concerns; most changes concern none. */
export function changedKeys(resource: GroupResource, resources: readonly GroupResource[], kinds: OwnerKinds): KeysOf {
  const dependentKeys = (reader: Reader, uid: string) =>
    dependentsOf(reader, resources, uid).map((dependent) => itemKey(dependent.resource, dependent.object))
  return (current, old, reader) => {
    const released = old === undefined ? [] : releasedOwners(reader, kinds, current, old)
    if (current === undefined) return [...dependentKeys(reader, old!.metadata.uid), ...released]
    if (startsGoingWith(FOREGROUND, current, old)) {
      return [itemKey(resource, current), ...dependentKeys(reader, current.metadata.uid), ...released]
    }
    if (startsGoingWith(ORPHAN, current, old)) return [itemKey(resource, current), ...released]
    const owners = ownersOf(current)
    const isOwnedAnew = owners.length > 0 && !(old !== undefined && deepEqual(owners, ownersOf(old)))
    const mustLook = isOwnedAnew && owners.some((reference) => ownerState(reader, kinds, current, reference) !== 'solid')
    return mustLook ? [itemKey(resource, current), ...released] : released
  }
}

/** Owners on their way out that the object doesn't hold up any more. */
function releasedOwners(reader: Reader, kinds: OwnerKinds, current: KubeObject | undefined, old: KubeObject): Key[] {
  const before = ownersOf(old)
  if (before.length === 0) return []
  const now = current === undefined ? [] : ownersOf(current)
  const keys: Key[] = []
  for (const reference of before) {
    const same = now.find(({ uid }) => uid === reference.uid)
    if (same !== undefined && (same.blockOwnerDeletion === true || reference.blockOwnerDeletion !== true)) continue
    const kind = kinds(reference.apiVersion, reference.kind)
    if (kind === undefined) continue
    const owner = reader.get(kind.resource, kind.namespaced ? (old.metadata.namespace ?? '') : '', reference.name)
    const isConcerned = owner?.metadata.uid === reference.uid && (isGoingWith(owner, FOREGROUND) || isGoingWith(owner, ORPHAN))
    if (isConcerned) keys.push(itemKey(kind.resource, owner))
  }
  return keys
}

function startsGoingWith(finalizer: string, current: KubeObject, old: KubeObject | undefined): boolean {
  return isGoingWith(current, finalizer) && !(old !== undefined && isGoingWith(old, finalizer))
}

function ownersOf({ metadata }: KubeObject): readonly OwnerReference[] {
  return metadata.ownerReferences ?? []
}
