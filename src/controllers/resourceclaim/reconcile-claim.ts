import { controllerOf } from '../../api/meta/owner-references.ts'
import { CLAIM_FINALIZER } from '../../api/resource/v1/claims-of-pod.ts'
import type { Pod, ResourceV1ResourceClaim as ResourceClaim, ResourceClaimConsumerReference } from '../../api/types.gen.ts'
import type { Action, Plan } from '../../runtime/plan.ts'
import { CLAIMS } from './resources.ts'

export interface ObservedClaim {
  readonly claim: ResourceClaim
  /** Of the claim's namespace, by name. */
  readonly pod: (name: string) => Pod | undefined
}

/** May the pod run, or run on? undefined for one that is gone */
export function needsClaims(pod: Pod | undefined): boolean {
  if (pod === undefined || pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') return false
  return pod.metadata.deletionTimestamp === undefined || Boolean(pod.spec.nodeName)
}

/**
 * Users that are gone or done are taken off the claim. With the last of them goes what was allocated, and a claim that was made for
 * a pod which won't run. Upstream: controller.go syncClaim.
 */
export function reconcileClaim({ claim, pod }: ObservedClaim): Plan {
  const { metadata, status } = claim
  const users = status?.reservedFor ?? []
  const remaining = users.filter((user) => !isPod(user) || isUsing(user, pod(user.name)))
  const isProtected = metadata.finalizers?.includes(CLAIM_FINALIZER) ?? false
  const isFreed = remaining.length === 0 && isProtected
  const actions: Action[] = []
  if (remaining.length < users.length) {
    actions.push(setStatus(claim, remaining, isFreed))
    if (isFreed) actions.push(unprotect(claim))
  } else if (isFreed && metadata.deletionTimestamp !== undefined) {
    if (status?.allocation !== undefined) actions.push(setStatus(claim, [], true))
    actions.push(unprotect(claim))
  }
  if (remaining.length === 0 && isOwnerDone(claim, pod)) {
    const target = { resource: CLAIMS, namespace: metadata.namespace, name: metadata.name }
    actions.push({ verb: 'delete', target, preconditions: { uid: metadata.uid } })
  }
  return { actions }
}

function isPod({ apiGroup, resource }: ResourceClaimConsumerReference): boolean {
  return !apiGroup && resource === 'pods'
}

function isUsing({ uid }: ResourceClaimConsumerReference, pod: Pod | undefined): boolean {
  return pod?.metadata.uid === uid && needsClaims(pod)
}

/** Of a pod that isn't there the garbage collector takes care. */
function isOwnerDone(claim: ResourceClaim, pod: ObservedClaim['pod']): boolean {
  const owner = controllerOf(claim)
  if (owner?.kind !== 'Pod' || owner.apiVersion !== 'v1') return false
  const there = pod(owner.name)
  return there !== undefined && (there.metadata.uid !== owner.uid || !needsClaims(there))
}

/** Whole, so that it fails when anything changed meanwhile. */
function setStatus(claim: ResourceClaim, users: readonly ResourceClaimConsumerReference[], isFreed: boolean): Action {
  const { reservedFor: _, allocation, ...status } = claim.status ?? {}
  const kept = {
    ...status,
    ...(allocation !== undefined && !isFreed && { allocation }),
    ...(users.length > 0 && { reservedFor: [...users] }),
  }
  return { verb: 'update', resource: CLAIMS, object: { ...claim, status: kept } as ResourceClaim, subresource: 'status' }
}

function unprotect({ metadata }: ResourceClaim): Action {
  const finalizers = metadata.finalizers!.filter((finalizer) => finalizer !== CLAIM_FINALIZER)
  const target = { resource: CLAIMS, namespace: metadata.namespace, name: metadata.name }
  return { verb: 'patch', target, patch: { metadata: { uid: metadata.uid, finalizers } } }
}
