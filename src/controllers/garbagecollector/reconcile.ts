/**
 * What becomes of one object for the sake of its owners and dependents. Upstream: garbagecollector.go attemptToDeleteItem,
 * attemptToOrphanWorker.
 */
import type { GroupResource, KubeObject, ObjectRef } from '../../api/object.ts'
import type { OwnerReference } from '../../api/types.gen.ts'
import type { Action, PatchAction, Plan, PlannedEvent } from '../../runtime/plan.ts'
import type { Dependent } from './dependents.ts'
import { FOREGROUND, isGoingWith, type ObservedOwner, ORPHAN } from './owner-state.ts'

export interface ObservedItem {
  readonly resource: GroupResource
  readonly object: KubeObject
  /** One for each of its owner references. */
  readonly owners: readonly ObservedOwner[]
  /** Empty where they make no difference. */
  readonly dependents: readonly Dependent[]
}

export function reconcileItem(item: ObservedItem): Plan {
  const { object } = item
  if (isGoingWith(object, ORPHAN)) return orphanDependents(item)
  if (isGoingWith(object, FOREGROUND)) return awaitDependents(item)
  // Being deleted is a one-way trip; its dependents' turn comes when it is gone.
  if (object.metadata.deletionTimestamp !== undefined || item.owners.length === 0) return {}
  const events = invalidNamespaceEvents(item)
  const unserved = item.owners.find(({ state }) => state === 'unserved')
  if (unserved !== undefined) {
    const { apiVersion, kind, name } = unserved.reference
    return { events, waitingOn: `whether its owner ${kind} ${name} exists can't be said: ${apiVersion} ${kind} is not served` }
  }
  if (item.owners.some(({ state }) => state === 'misplaced')) {
    return { events, waitingOn: 'it is cluster-scoped and names an owner in a namespace, so it is never collected' }
  }
  return { events, actions: collect(item) }
}

function collect({ resource, object, owners, dependents }: ObservedItem): readonly Action[] {
  const solid = owners.filter(({ state }) => state === 'solid').map(({ reference }) => reference)
  if (solid.length === owners.length) return []
  // References to waiting owners go too: their owners could never be deleted with them.
  if (solid.length > 0) return [withOwners(resource, object, solid)]
  const target = refTo(resource, object)
  const isWaitedFor = owners.some(({ state }) => state === 'waiting')
  if (isWaitedFor && dependents.length > 0) {
    const isCycle = dependents.some((dependent) => isGoingWith(dependent.object, FOREGROUND))
    const unblocked = owners.map(({ reference }) => ({ ...reference, blockOwnerDeletion: false }))
    return [
      // Around a cycle each would wait for the next for ever.
      ...(isCycle ? [withOwners(resource, object, unblocked)] : []),
      { verb: 'delete', target, preconditions: { uid: object.metadata.uid }, propagationPolicy: 'Foreground' },
    ]
  }
  const { uid, resourceVersion, finalizers } = object.metadata
  const propagationPolicy = finalizers?.includes(ORPHAN) ? 'Orphan' : finalizers?.includes(FOREGROUND) ? 'Foreground' : 'Background'
  return [{ verb: 'delete', target, preconditions: { uid, ...(resourceVersion && { resourceVersion }) }, propagationPolicy }]
}

/** The finalizer goes when the last dependent has been seen to be released. */
function orphanDependents({ resource, object, dependents }: ObservedItem): Plan {
  if (dependents.length === 0) return { actions: [withoutFinalizer(resource, object, ORPHAN)] }
  const { uid } = object.metadata
  return {
    actions: dependents.map((dependent) => {
      const others = (dependent.object.metadata.ownerReferences ?? []).filter((reference) => reference.uid !== uid)
      return withOwners(dependent.resource, dependent.object, others)
    }),
  }
}

function awaitDependents({ resource, object, dependents }: ObservedItem): Plan {
  const blocking = dependents.filter((dependent) =>
    dependent.object.metadata.ownerReferences?.some(
      ({ uid, blockOwnerDeletion }) => uid === object.metadata.uid && blockOwnerDeletion === true,
    ),
  )
  if (blocking.length === 0) return { actions: [withoutFinalizer(resource, object, FOREGROUND)] }
  const names = blocking.slice(0, 3).map((dependent) => `${dependent.resource} ${dependent.object.metadata.name}`)
  const more = blocking.length > names.length ? ` and ${blocking.length - names.length} more` : ''
  return { waitingOn: `its dependents must go first: ${names.join(', ')}${more}` }
}

/** Upstream: graph_builder.go reportInvalidNamespaceOwnerRef */
function invalidNamespaceEvents({ object, owners }: ObservedItem): readonly PlannedEvent[] {
  const namespace = object.metadata.namespace ?? ''
  return owners
    .filter(({ foundInNamespace }) => foundInNamespace !== undefined)
    .map(({ reference }) => ({
      type: 'Warning',
      reason: 'OwnerRefInvalidNamespace',
      message: `ownerRef ${describe(reference, namespace)} does not exist in namespace ${JSON.stringify(namespace)}`,
      about: object,
    }))
}

function describe({ apiVersion, kind, name, uid }: OwnerReference, namespace: string): string {
  return `[${apiVersion}/${kind}, namespace: ${namespace}, name: ${name}, uid: ${uid}]`
}

function withOwners(resource: GroupResource, object: KubeObject, ownerReferences: readonly OwnerReference[]): PatchAction {
  return patch(resource, object, { ownerReferences: ownerReferences.length === 0 ? null : ownerReferences })
}

function withoutFinalizer(resource: GroupResource, object: KubeObject, finalizer: string): PatchAction {
  return patch(resource, object, { finalizers: object.metadata.finalizers?.filter((name) => name !== finalizer) ?? [] })
}

/** Lists are replaced whole, so the object must be as it was read. */
function patch(resource: GroupResource, object: KubeObject, metadata: Record<string, unknown>): PatchAction {
  const { uid, resourceVersion } = object.metadata
  return { verb: 'patch', target: refTo(resource, object), patch: { metadata: { uid, resourceVersion, ...metadata } } }
}

function refTo(resource: GroupResource, { metadata }: KubeObject): ObjectRef {
  return { resource, namespace: metadata.namespace ?? '', name: metadata.name }
}
