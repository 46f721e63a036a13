/** The claims of a set's pods: TEMPLATE-SET-ORDINAL each, made before the pod and kept when it goes. */
import type { KubeObject, New } from '../../api/object.ts'
import type { PersistentVolumeClaim, StatefulSet } from '../../api/types.gen.ts'
import type { Action, PatchAction, PlannedEvent } from '../../runtime/plan.ts'
import { fixedOwners, hasUnexpectedController, isClaimOfEarlierPod, type PodIdentity, wantedOwners } from './claim-owners.ts'
import { claimFailedEvent, claimMadeEvent } from './events.ts'
import { claimName, parentAndOrdinal } from './identity.ts'

export const CLAIMS = 'persistentvolumeclaims'

/** The claims there are, by name. */
export type ClaimsByName = ReadonlyMap<string, PersistentVolumeClaim>

/** Makes those of a pod's claims that are missing. Upstream: createPersistentVolumeClaims. */
export function createMissingClaims(set: StatefulSet, pod: PodIdentity, claims: ClaimsByName): Action[] {
  const ordinal = ordinalOf(pod)
  return (set.spec.volumeClaimTemplates ?? [])
    .filter(({ metadata }) => !claims.has(claimName(set, metadata.name, ordinal)))
    .map((template) => {
      const claim = newClaim(set, pod, template, ordinal)
      const name = claim.metadata.name!
      return {
        verb: 'create',
        resource: CLAIMS,
        object: claim as New<KubeObject>,
        event: claimMadeEvent(set, pod.metadata.name, name),
        failureEvent: claimFailedEvent(set, pod.metadata.name, name),
      }
    })
}

/** Upstream makes a claim without owners and adds them afterwards; here it has them at once. */
function newClaim(set: StatefulSet, pod: PodIdentity, template: PersistentVolumeClaim, ordinal: number): New<PersistentVolumeClaim> {
  const { name, labels, annotations, finalizers } = template.metadata
  const ownerReferences = wantedOwners(set, pod)
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: claimName(set, name, ordinal),
      namespace: set.metadata.namespace,
      labels: { ...labels, ...set.spec.selector.matchLabels },
      ...(annotations && { annotations: { ...annotations } }),
      ...(finalizers && { finalizers: [...finalizers] }),
      ...(ownerReferences.length > 0 && { ownerReferences }),
    },
    spec: structuredClone(template.spec),
  }
}

/** Brings the owners of a pod's claims in line with the retention policy, and tells of those that are in other hands. */
export function fixClaimOwners(
  set: StatefulSet,
  pod: PodIdentity,
  claims: ClaimsByName,
): { actions: PatchAction[]; events: PlannedEvent[] } {
  const actions: PatchAction[] = []
  const events: PlannedEvent[] = []
  for (const claim of claimsOf(set, pod, claims)) {
    const { name, namespace, uid, resourceVersion } = claim.metadata
    if (hasUnexpectedController(set, pod, claim)) {
      events.push({
        type: 'Warning',
        reason: 'ConflictingController',
        // The misspelling is upstream's.
        message: `PersistentVolumeClaim ${name} has a conflicting OwnerReference that acts as a manging controller, the retention policy is ignored for this claim`,
      })
    }
    const ownerReferences = fixedOwners(set, pod, claim)
    if (ownerReferences === undefined) continue
    actions.push({
      verb: 'patch',
      target: { resource: CLAIMS, namespace, name },
      patch: { metadata: { uid, resourceVersion, ownerReferences: ownerReferences.length > 0 ? ownerReferences : null } },
    })
  }
  return { actions, events }
}

/** A claim of the pod that is on its way out: no pod can start on it. */
export function goingClaim(set: StatefulSet, pod: PodIdentity, claims: ClaimsByName): PersistentVolumeClaim | undefined {
  return claimsOf(set, pod, claims).find(({ metadata }) => metadata.deletionTimestamp !== undefined)
}

/** A claim that an earlier pod of this name will take with it. */
export function staleClaim(set: StatefulSet, pod: PodIdentity, claims: ClaimsByName): PersistentVolumeClaim | undefined {
  return claimsOf(set, pod, claims).find((claim) => isClaimOfEarlierPod(set, pod.metadata.name, claim))
}

function claimsOf(set: StatefulSet, pod: PodIdentity, claims: ClaimsByName): PersistentVolumeClaim[] {
  const ordinal = ordinalOf(pod)
  return (set.spec.volumeClaimTemplates ?? [])
    .map(({ metadata }) => claims.get(claimName(set, metadata.name, ordinal)))
    .filter((claim) => claim !== undefined)
}

function ordinalOf(pod: PodIdentity): number {
  return parentAndOrdinal(pod.metadata.name)?.ordinal ?? -1
}
