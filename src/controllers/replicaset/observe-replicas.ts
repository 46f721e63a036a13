import { controllerOf } from '../../api/meta/owner-references.ts'
import type { GroupResource } from '../../api/object.ts'
import type { Pod } from '../../api/types.gen.ts'
import type { Reader } from '../../runtime/controller.ts'
import { claimCandidates } from '../pods/claim.ts'
import { isPodActive } from '../pods/pod-state.ts'
import { type ObservedReplicas, PODS, type ReplicaOwner } from './replica-owner.ts'

/** @param resource of the owner, where its siblings are found */
export function observeReplicas(reader: Reader, resource: GroupResource, owner: ReplicaOwner): ObservedReplicas {
  const candidates = claimCandidates<Pod>(reader, PODS, owner.object)
  const mayHaveTooMany = candidates.filter(isPodActive).length > owner.replicas
  return { owner, candidates, related: mayHaveTooMany ? podsOfSiblings(reader, resource, owner) : [] }
}

/**
 * Pods of all that have the same controller, so that of a Deployment's pods those go first that share a node with newer ones.
 * An owner without a controller has none. Upstream: replica_set.go getIndirectlyRelatedPods.
 */
function podsOfSiblings(reader: Reader, resource: GroupResource, owner: ReplicaOwner): readonly Pod[] {
  const controller = controllerOf(owner.object)
  if (controller === undefined) return []
  return reader.controlledBy(resource, controller.uid).flatMap((sibling) => reader.controlledBy<Pod>(PODS, sibling.metadata.uid))
}
