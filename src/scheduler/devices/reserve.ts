/** What is written of claims when a pod gets a node, or doesn't after all. */
import { timestamp } from '../../api/meta/time.ts'
import { CLAIM_FINALIZER, consumerReference, isReservedFor } from '../../api/resource/v1/claims-of-pod.ts'
import type {
  AllocationResult,
  Node,
  Pod,
  PodExtendedResourceClaimStatus,
  ResourceV1ResourceClaim as ResourceClaim,
} from '../../api/types.gen.ts'
import type { Action, PatchAction, Plan, ReconcileContext } from '../../runtime/plan.ts'
import { CLAIMS } from './device-reader.ts'
import type { PodDevices, SpecialClaim } from './pod-devices.ts'

/** First the claims get their finalizer, then what they are given and who may use it. Upstream: bindClaim. */
export function reserve(pod: Pod, devices: PodDevices, node: Node, now: number, specialName: string): Action[] {
  const allocations = [...devices.allocationsOn(node)]
  const fresh = new Map(devices.unallocated.map((claim) => [claim, allocations.shift()!]))
  const unprotected = [...fresh.keys()].filter(({ metadata }) => !metadata.finalizers?.includes(CLAIM_FINALIZER))
  const special = devices.specialOn(node)
  return [
    ...(special === undefined ? [] : [createSpecial(pod, special, specialName)]),
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
    ...(special === undefined ? [] : [giveSpecial(pod, specialName, { ...allocations[0]!, allocationTimestamp: timestamp(now) })]),
  ]
}

/** What the pod's status says of the claim for its extended resources. */
export function extendedStatus(
  devices: PodDevices | undefined,
  node: Node,
  specialName: string,
): PodExtendedResourceClaimStatus | undefined {
  const mappings = devices?.specialOn(node)?.mappings
  return mappings && { resourceClaimName: specialName, requestMappings: [...mappings] }
}

function createSpecial({ metadata }: Pod, { claim }: SpecialClaim, name: string): Action {
  const { uid: _, ...rest } = claim.metadata
  const object = {
    metadata: { ...rest, name, generateName: `${metadata.name}-extended-resources-`, finalizers: [CLAIM_FINALIZER] },
    spec: claim.spec,
  }
  return { verb: 'create', resource: CLAIMS, object: object as never }
}

function giveSpecial(pod: Pod, name: string, allocation: AllocationResult): PatchAction {
  const target = { resource: CLAIMS, namespace: pod.metadata.namespace, name }
  return { verb: 'patch', target, patch: { status: { allocation, reservedFor: [consumerReference(pod)] } }, subresource: 'status' }
}

/** Of a claim for extended resources that came to nothing. Upstream: deleteClaim. */
export function removeSpecial({ metadata }: ResourceClaim): Action[] {
  const target = { resource: CLAIMS, namespace: metadata.namespace, name: metadata.name }
  const finalizers = (metadata.finalizers ?? []).filter((finalizer) => finalizer !== CLAIM_FINALIZER)
  return [
    { verb: 'patch', target, patch: { metadata: { uid: metadata.uid, finalizers } } },
    { verb: 'delete', target, preconditions: { uid: metadata.uid } },
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
