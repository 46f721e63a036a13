/**
 * Keeps as many active pods as are wanted: adopts and releases by labels, creates what is missing, deletes what is too much.
 * Upstream: pkg/controller/replicaset/replica_set.go syncReplicaSet, manageReplicas.
 */
import type { KubeObject } from '../../api/object.ts'
import type { Pod, ReplicaSetStatus } from '../../api/types.gen.ts'
import { deepEqual } from '../../lib/deep-equal.ts'
import type { Action, CreateAction, DeleteAction, Plan, ReconcileContext } from '../../runtime/plan.ts'
import { alreadyClaimed, claimObjects } from '../pods/claim.ts'
import { podFromTemplate } from '../pods/pod-from-template.ts'
import { isPodActive, isPodTerminating, untilNextAvailable } from '../pods/pod-state.ts'
import { rankForDeletion } from '../pods/rank-for-deletion.ts'
import { type ObservedReplicas, PODS, type ReplicaOwner } from './replica-owner.ts'
import { type ReplicaFault, replicaStatus } from './replica-status.ts'

/** Pods created or deleted in one go. Upstream: BurstReplicas. */
const BURST_REPLICAS = 500

/** How admission ends its message when the namespace goes: creating pods there is hopeless, and no failure worth telling. */
const NAMESPACE_TERMINATING = 'because it is being terminated'

/** What to do about the pods of one ReplicaSet or ReplicationController. */
export function reconcileReplicas({ owner, candidates, related }: ObservedReplicas, context: ReconcileContext): Plan {
  const { object, apiVersion, kind, selector, replicas, minReadySeconds } = owner
  const active = candidates.filter(isPodActive)
  const { claimed, actions: claims } = claimObjects({ owner: object, apiVersion, kind, resource: PODS, selector, candidates: active })
  const terminating = alreadyClaimed(object, selector, candidates.filter(isPodTerminating))
  const withStatus = (status: ReplicaSetStatus): KubeObject => Object.assign({}, object, { status })
  const statusWith = (fault: ReplicaFault | undefined) => replicaStatus(owner, claimed, terminating, fault, context.now)
  const status = statusWith(undefined)
  if (object.metadata.deletionTimestamp !== undefined) {
    return { status: withStatus(status), waitingOn: `the ${kind} is being deleted` }
  }
  const fault = faultOf(context, claimed.length - replicas)
  if (fault?.message.includes(NAMESPACE_TERMINATING)) {
    return { actions: claims, status: withStatus(status), waitingOn: 'the namespace is being terminated' }
  }
  if (fault !== undefined) {
    // A plan that fails leaves no status behind, so what is known after a fault is told before the next try.
    const told = statusWith(fault)
    if (!deepEqual(told, owner.status)) {
      return { actions: claims, status: withStatus(told), requeueAfterMs: 1, waitingOn: fault.message }
    }
  }
  const isAvailabilityPending = minReadySeconds > 0 && (status.readyReplicas ?? 0) !== (status.availableReplicas ?? 0)
  return {
    actions: [...claims, ...replicaActions(owner, claimed, related, context)],
    // Without a fault, as everything before it was carried out by then.
    status: withStatus(status),
    ...(isAvailabilityPending && { requeueAfterMs: untilNextAvailable(claimed, minReadySeconds, context.now) ?? minReadySeconds * 1000 }),
    ...whatIsMissing(claimed.length, replicas, status.availableReplicas ?? 0),
  }
}

function faultOf({ lastFailure }: ReconcileContext, surplus: number): ReplicaFault | undefined {
  if (lastFailure === undefined) return undefined
  const { action, message } = lastFailure
  const concernsPods = action.verb === 'create' ? action.resource === PODS : action.verb === 'delete' && action.target.resource === PODS
  if (!concernsPods) return undefined
  // Upstream: controller_utils.go DeletePod puts its own words before the error's, CreatePods doesn't.
  const text = action.verb === 'delete' ? `unable to delete pods: ${message}` : message
  return { reason: surplus < 0 ? 'FailedCreate' : surplus > 0 ? 'FailedDelete' : '', message: text }
}

function replicaActions(owner: ReplicaOwner, pods: readonly Pod[], related: readonly Pod[], context: ReconcileContext): Action[] {
  const missing = owner.replicas - pods.length
  if (missing > 0) return Array.from({ length: Math.min(missing, BURST_REPLICAS) }, () => createPod(owner, context))
  const surplus = Math.min(-missing, BURST_REPLICAS)
  if (surplus === 0) return []
  // Upstream: replica_set.go getPodsToDelete: no order is needed where all must go.
  const victims = surplus < pods.length ? rankForDeletion(pods, related, context.now).slice(0, surplus) : pods
  return victims.map(deletePod)
}

function createPod({ object, apiVersion, kind, template }: ReplicaOwner, context: ReconcileContext): CreateAction {
  const pod = podFromTemplate(template, object, apiVersion, kind, context)
  return {
    verb: 'create',
    resource: PODS,
    object: pod,
    event: { type: 'Normal', reason: 'SuccessfulCreate', message: `Created pod: ${pod.metadata.name}` },
    failureEvent: { type: 'Warning', reason: 'FailedCreate', message: 'Error creating: ' },
  }
}

function deletePod({ metadata }: Pod): DeleteAction {
  return {
    verb: 'delete',
    target: { resource: PODS, namespace: metadata.namespace, name: metadata.name },
    preconditions: { uid: metadata.uid },
    event: { type: 'Normal', reason: 'SuccessfulDelete', message: `Deleted pod: ${metadata.name}` },
    failureEvent: { type: 'Warning', reason: 'FailedDelete', message: 'Error deleting: ' },
  }
}

function whatIsMissing(count: number, replicas: number, available: number): { waitingOn?: string } {
  if (count !== replicas || available >= replicas) return {}
  return { waitingOn: `${replicas - available} of ${replicas} pods to become available` }
}
