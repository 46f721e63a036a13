import type { GroupResource, KubeObject } from '../../api/object.ts'
import type { OwnerReference } from '../../api/types.gen.ts'
import type { Reader } from '../../runtime/controller.ts'
import type { OwnerKinds } from './owner-kinds.ts'

export const ORPHAN = 'orphan'
export const FOREGROUND = 'foregroundDeletion'

/**
 * solid: it is there. waiting: it is there, and is deleted once its dependents are. absent: there is none with that uid where
 * the reference points. unserved: its kind isn't known. misplaced: a cluster-scoped object can't have an owner in a namespace.
 */
export type OwnerState = 'solid' | 'waiting' | 'absent' | 'unserved' | 'misplaced'

export interface ObservedOwner {
  readonly reference: OwnerReference
  readonly state: OwnerState
  /** Where the owner is, when that is another namespace than the reference points to. */
  readonly foundInNamespace?: string
}

/** Upstream: garbagecollector.go classifyReferences, isDangling */
export function ownerState(reader: Reader, kinds: OwnerKinds, dependent: KubeObject, reference: OwnerReference): OwnerState {
  const kind = kinds(reference.apiVersion, reference.kind)
  if (kind === undefined) return 'unserved'
  const namespace = dependent.metadata.namespace ?? ''
  if (kind.namespaced && namespace === '') return 'misplaced'
  const owner = reader.get(kind.resource, kind.namespaced ? namespace : '', reference.name)
  if (owner?.metadata.uid !== reference.uid) return 'absent'
  return isGoingWith(owner, FOREGROUND) ? 'waiting' : 'solid'
}

/** The owner with what is needed to complain about it. */
export function observeOwner(reader: Reader, kinds: OwnerKinds, dependent: KubeObject, reference: OwnerReference): ObservedOwner {
  const state = ownerState(reader, kinds, dependent, reference)
  if (state !== 'absent' && state !== 'misplaced') return { reference, state }
  const kind = kinds(reference.apiVersion, reference.kind)!
  const foundInNamespace = kind.namespaced ? findNamespace(reader, kind.resource, reference) : undefined
  return foundInNamespace === undefined ? { reference, state } : { reference, state, foundInNamespace }
}

function findNamespace(reader: Reader, resource: GroupResource, { name, uid }: OwnerReference): string | undefined {
  return reader.list('namespaces').find((namespace) => reader.get(resource, namespace.metadata.name, name)?.metadata.uid === uid)?.metadata
    .name
}

/** Is it being deleted, and the finalizer holds it? */
export function isGoingWith({ metadata }: KubeObject, finalizer: string): boolean {
  return metadata.deletionTimestamp !== undefined && metadata.finalizers?.includes(finalizer) === true
}
