/**
 * Which objects an owner controls by its selector: those it owns already, plus orphans it adopts, minus those whose labels
 * no longer match, which it releases.
 * Upstream: controller_ref_manager.go ClaimObject.
 */
import { controllerOf, controllerReference } from '../../api/meta/owner-references.ts'
import { matchesSelector, type Selector } from '../../api/meta/selectors.ts'
import type { GroupResource, KubeObject } from '../../api/object.ts'
import type { Reader } from '../../runtime/controller.ts'
import type { Action, PatchAction } from '../../runtime/plan.ts'

export interface ClaimRequest<T extends KubeObject> {
  readonly owner: KubeObject
  /** Of the owner, for its reference. */
  readonly apiVersion: string
  readonly kind: string
  /** Of the candidates. */
  readonly resource: GroupResource
  /** undefined selects nothing. */
  readonly selector: Selector | undefined
  /** Owned objects and orphans of the owner's namespace, see `claimCandidates`. Those of other owners are passed over. */
  readonly candidates: readonly T[]
  /** More that an object must fulfil to be the owner's, beyond its labels. */
  readonly accepts?: (object: T) => boolean
}

export interface Claim<T extends KubeObject> {
  /** What is the owner's once `actions` are done. Those to be adopted are as they were observed. */
  readonly claimed: readonly T[]
  /** Adoptions and releases. Put them first in the plan: if one fails, nothing else may rely on it. */
  readonly actions: readonly Action[]
}

/** What is the owner's, and what must be done so that the cluster says so. */
export function claimObjects<T extends KubeObject>(request: ClaimRequest<T>): Claim<T> {
  const { owner, selector } = request
  const isOwnerGoing = owner.metadata.deletionTimestamp !== undefined
  const claimed: T[] = []
  const actions: Action[] = []
  for (const object of request.candidates) {
    const controller = controllerOf(object)
    if (controller !== undefined && controller.uid !== owner.metadata.uid) continue
    const matches =
      selector !== undefined &&
      matchesSelector(selector, object.metadata.labels) &&
      (request.accepts === undefined || request.accepts(object))
    if (controller !== undefined) {
      if (matches) claimed.push(object)
      // Release even objects that are being deleted; but an owner that is going leaves the rest to garbage collection.
      else if (!isOwnerGoing) actions.push(release(request, object))
    } else if (matches && !isOwnerGoing && object.metadata.deletionTimestamp === undefined) {
      claimed.push(object)
      actions.push(adopt(request, object))
    }
  }
  return { claimed, actions }
}

/** Those among `objects` that are the owner's already and match: what needs neither adoption nor release. */
export function alreadyClaimed<T extends KubeObject>(owner: KubeObject, selector: Selector | undefined, objects: readonly T[]): T[] {
  return objects.filter(
    (object) =>
      controllerOf(object)?.uid === owner.metadata.uid && selector !== undefined && matchesSelector(selector, object.metadata.labels),
  )
}

/** What `claimObjects` is to choose from. */
export function claimCandidates<T extends KubeObject>(reader: Reader, resource: GroupResource, owner: KubeObject): T[] {
  return [...reader.controlledBy<T>(resource, owner.metadata.uid), ...reader.orphans<T>(resource, owner.metadata.namespace)]
}

type Claimant = Pick<ClaimRequest<KubeObject>, 'owner' | 'apiVersion' | 'kind' | 'resource'>

function adopt({ owner, apiVersion, kind, resource }: Claimant, object: KubeObject): PatchAction {
  const others = object.metadata.ownerReferences ?? []
  return patchOwners(resource, object, [...others, controllerReference(owner, apiVersion, kind)])
}

function release({ owner, resource }: Claimant, object: KubeObject): PatchAction {
  const others = (object.metadata.ownerReferences ?? []).filter((reference) => reference.uid !== owner.metadata.uid)
  return patchOwners(resource, object, others.length === 0 ? null : others)
}

/** A merge patch replaces the whole list, so it holds only for the state that was observed. */
function patchOwners(resource: GroupResource, object: KubeObject, ownerReferences: unknown): PatchAction {
  const { namespace, name, uid, resourceVersion } = object.metadata
  return { verb: 'patch', target: { resource, namespace, name }, patch: { metadata: { uid, resourceVersion, ownerReferences } } }
}
