/** What is written of claims when a pod gets a node, or doesn't after all. */
import { timestamp } from '../../api/meta/time.ts'
import { CLAIM_FINALIZER, consumerReference, isReservedFor } from '../../api/resource/v1/claims-of-pod.ts'
import type { Node, Pod, ResourceV1ResourceClaim as ResourceClaim } from '../../api/types.gen.ts'
import type { Action, PatchAction, Plan, ReconcileContext } from '../../runtime/plan.ts'
import { CLAIMS } from './device-reader.ts'
import type { PodDevices } from './pod-devices.ts'

/** First the claims get their finalizer, then what they are given and who may use it. Upstream: bindClaim. */
export function reserve(pod: Pod, devices: PodDevices, node: Node, now: number): Action[] {
  const allocations = [...devices.allocationsOn(node)]
  const fresh = new Map(devices.unallocated.map((claim) => [claim, allocations.shift()!]))
  const unprotected = [...fresh.keys()].filter(({ metadata }) => !metadata.finalizers?.includes(CLAIM_FINALIZER))
  return [
    ...unprotected.map((claim): Action => {
      const { metadata } = claim
      const object = { ...claim, metadata: { ...metadata, finalizers: [...(metadata.finalizers ?? []), CLAIM_FINALIZER] } }
      return { verb: 'update', resource: CLAIMS, object }
    }),
    ...devices.unreserved(pod).map((claim): Action => {
      const allocation = fresh.get(claim)
      const reservedFor = [...(claim.status?.reservedFor ?? []), consumerReference(pod)]
      return patchStatus(claim, { ...(allocation && { allocation: { ...allocation, allocationTimestamp: timestamp(now) } }), reservedFor })
    }),
  ]
}

/** Upstream: Unreserve. */
export function unreserve(pod: Pod, claims: readonly ResourceClaim[]): Action[] {
  return claims
    .filter((claim) => claim.status?.allocation !== undefined && isReservedFor(pod, claim))
    .map((claim) => patchStatus(claim, { reservedFor: claim.status!.reservedFor!.filter(({ uid }) => uid !== pod.metadata.uid) }))
}

/** Upstream: PostFilter. */
export function deallocate(claim: ResourceClaim): Action {
  return patchStatus(claim, { reservedFor: null, allocation: null, devices: null })
}

function patchStatus({ metadata }: ResourceClaim, status: object): PatchAction {
  const target = { resource: CLAIMS, namespace: metadata.namespace, name: metadata.name }
  return { verb: 'patch', target, patch: { metadata: { uid: metadata.uid }, status }, subresource: 'status' }
}

/** What to say when a claim couldn't be written; undefined when it is something else that failed. */
export function reservingFault({ action, message }: NonNullable<ReconcileContext['lastFailure']>): string | undefined {
  if (action.verb === 'update' && action.resource === CLAIMS)
    return prebind(`add finalizer to claim ${nameOf(action.object.metadata)}: ${message}`)
  if (action.verb !== 'patch' || action.target.resource !== CLAIMS) return undefined
  const { status = {} } = action.patch as { status?: object }
  return prebind(
    `add ${'allocation' in status ? 'allocation and reservation' : 'reservation'} to claim ${nameOf(action.target)}: ${message}`,
  )
}

export function waitForDevices(node: string, { leftMs, isNew }: { readonly leftMs: number; readonly isNew: boolean }): Plan {
  const message = `waiting for binding conditions for device on node ${node}`
  const event = { type: 'Normal', reason: 'BindingConditionsPending', action: 'Scheduling', message } as const
  return { requeueAfterMs: leftMs, waitingOn: message, ...(isNew && { events: [event] }) }
}

function prebind(fault: string): string {
  return `running PreBind plugin "DynamicResources": ${fault}`
}

function nameOf({ namespace, name }: { readonly namespace?: string; readonly name?: string }): string {
  return `${namespace}/${name}`
}
