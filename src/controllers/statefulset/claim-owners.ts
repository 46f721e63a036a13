/**
 * Who owns a claim, by spec.persistentVolumeClaimRetentionPolicy: garbage collection then takes it when it should.
 * Kept always: nobody. Gone with the set: the set. Gone when scaled down: the pod, once its ordinal is no longer wanted.
 * Upstream: stateful_set_utils.go isClaimOwnerUpToDate, updateClaimOwnerRefForSetAndPod.
 */
import { controllerReference } from '../../api/meta/owner-references.ts'
import type { KubeObject } from '../../api/object.ts'
import type { OwnerReference, PersistentVolumeClaim, StatefulSet } from '../../api/types.gen.ts'
import { isOrdinalWanted, parentAndOrdinal } from './identity.ts'

interface Owner {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  /** A pod that isn't created yet has none. */
  readonly uid: string | undefined
}

export function retentionOf(set: StatefulSet): { whenDeleted: string; whenScaled: string } {
  const { whenDeleted, whenScaled } = set.spec.persistentVolumeClaimRetentionPolicy ?? {}
  return { whenDeleted: whenDeleted ?? 'Retain', whenScaled: whenScaled ?? 'Retain' }
}

/** The references a claim should have, or undefined when those it has are right or aren't ours to touch. */
export function fixedOwners(set: StatefulSet, pod: PodIdentity, claim: PersistentVolumeClaim): OwnerReference[] | undefined {
  const references = claim.metadata.ownerReferences ?? []
  const owners = [setOwner(set), podOwner(pod)]
  // What is left of an earlier set or pod of the name: garbage collection decides about it.
  if (references.some((reference) => owners.some((owner) => isStale(reference, owner)))) return undefined
  const others = references.filter((reference) => !owners.some((owner) => isNamed(reference, owner)))
  const wanted = hasUnexpectedController(set, pod, claim) ? [] : wantedOwners(set, pod)
  const ours = references.filter((reference) => owners.some((owner) => owner.uid === reference.uid))
  const isRight =
    ours.length === wanted.length &&
    ours.every((reference) => reference.controller === true && wanted.some(({ uid }) => uid === reference.uid))
  return isRight ? undefined : [...others, ...wanted]
}

/** The references of a claim that is made for a pod of the set. */
export function wantedOwners(set: StatefulSet, pod: PodIdentity): OwnerReference[] {
  const { whenDeleted, whenScaled } = retentionOf(set)
  const isWanted = isOrdinalWanted(set, parentAndOrdinal(pod.metadata.name)?.ordinal ?? -1)
  if (whenScaled === 'Delete' && !isWanted) return [controllerReference(pod as KubeObject, 'v1', 'Pod')]
  return whenDeleted === 'Delete' ? [controllerReference(set, 'apps/v1', 'StatefulSet')] : []
}

/** Is another controller in charge of a claim that the policy would have deleted? */
export function hasUnexpectedController(set: StatefulSet, pod: PodIdentity, claim: PersistentVolumeClaim): boolean {
  const { whenDeleted, whenScaled } = retentionOf(set)
  if (whenDeleted === 'Retain' && whenScaled === 'Retain') return false
  const owners = [setOwner(set), podOwner(pod)]
  return (claim.metadata.ownerReferences ?? []).some((reference) => {
    const ours = owners.find((owner) => isNamed(reference, owner))
    return ours === undefined ? reference.controller === true : ours.uid !== reference.uid
  })
}

/**
 * Does the claim belong to an earlier pod of the same name, with which it is about to go?
 * Upstream: stateful_pod_control.go PodClaimIsStale.
 */
export function isClaimOfEarlierPod(set: StatefulSet, podName: string, claim: PersistentVolumeClaim): boolean {
  if (retentionOf(set).whenScaled === 'Retain') return false
  return (claim.metadata.ownerReferences ?? []).some((reference) => isNamed(reference, podOwner({ metadata: { name: podName } })))
}

/** As much of a pod as a claim's owners depend on. */
export interface PodIdentity {
  readonly metadata: { readonly name: string; readonly uid?: string }
}

function setOwner(set: StatefulSet): Owner {
  return { apiVersion: 'apps/v1', kind: 'StatefulSet', name: set.metadata.name, uid: set.metadata.uid }
}

function podOwner({ metadata }: PodIdentity): Owner {
  return { apiVersion: 'v1', kind: 'Pod', name: metadata.name, uid: metadata.uid }
}

function isNamed(reference: OwnerReference, owner: Owner): boolean {
  return reference.apiVersion === owner.apiVersion && reference.kind === owner.kind && reference.name === owner.name
}

function isStale(reference: OwnerReference, owner: Owner): boolean {
  return isNamed(reference, owner) && reference.uid !== owner.uid
}
