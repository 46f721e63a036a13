/** What to do about a pod without a node. Pure but for what it reads of the cache. */
import { findCondition, withCondition } from '../api/meta/conditions.ts'
import { timestamp } from '../api/meta/time.ts'
import type { Node, PersistentVolumeClaim, Pod, PodCondition } from '../api/types.gen.ts'
import type { Action, Plan, PlannedEvent } from '../runtime/plan.ts'
import { chooseNode } from './choose-node.ts'
import type { SchedulingContext } from './filters.ts'
import { fitErrorText, NO_NODES, preFilterErrorText } from './fit-error.ts'
import type { NodeInfo } from './node-info.ts'
import type { PodInfo } from './pod-info.ts'
import { findPreemption } from './preemption.ts'
import type { TopologyState } from './topology-state.ts'
import { type PodClaims, SELECTED_NODE_ANNOTATION } from './volume-claims.ts'

/** Upstream: validation.NoteLengthLimit. */
const LONGEST_EVENT = 1024

export interface UnscheduledPod {
  readonly info: PodInfo
  readonly claims: PodClaims
  readonly nodes: readonly NodeInfo[]
  readonly nodeOf: (name: string) => NodeInfo | undefined
  /** As things are, or as they would be without some pods. */
  readonly topology: (without?: ReadonlySet<string>) => TopologyState
  readonly nominatedBefore: (node: string) => readonly PodInfo[]
}

export type Verdict =
  | { readonly kind: 'bound'; readonly node: string; readonly plan: Plan }
  /** The node is chosen; its claims are being bound to it. */
  | { readonly kind: 'binding-claims' | 'gated'; readonly plan: Plan }
  /** Nothing is to be done until something changes, once the pod's status says this. */
  | { readonly kind: 'unschedulable'; readonly message: string; readonly nominatedNode: string | undefined; readonly plan: Plan }

export function reconcileUnscheduled(observed: UnscheduledPod, now: number): Verdict {
  const { info, claims, nodes } = observed
  const { pod } = info
  const gates = pod.spec.schedulingGates ?? []
  // The API server has written the condition SchedulingGated when the pod was made.
  if (gates.length > 0) return { kind: 'gated', plan: { waitingOn: `scheduling gates: ${gates.map(({ name }) => name).join(', ')}` } }
  const blocked = info.nodeNames?.size === 0 ? 'pod affinity terms conflict' : claims.blocked
  if (blocked !== undefined) {
    return unschedulable(pod, nodes.length === 0 ? NO_NODES : preFilterErrorText(nodes.length, blocked), now)
  }
  const { nominatedBefore } = observed
  const context: SchedulingContext = { pod: info, claims, topology: observed.topology(), nominatedBefore }
  const choice = chooseNode(context, nodes)
  if (choice.node !== undefined) return claims.unbound.length > 0 ? bindClaims(claims, choice.node) : bind(pod, choice.node)
  if (choice.error !== undefined) return unschedulable(pod, choice.error, now)

  const contextFor = (without: ReadonlySet<string>): SchedulingContext => ({
    ...context,
    topology: observed.topology(without),
    absent: without,
  })
  const preemption = findPreemption(context, contextFor, observed.nodeOf, choice.failed, nodes.length)
  if (preemption.node === undefined) {
    return unschedulable(pod, fitErrorText(nodes.length, choice.failed, preemption.text), now, preemption.isUnderWay === true)
  }
  return preempt(pod, preemption.node, preemption.victims, fitErrorText(nodes.length, choice.failed, undefined), now)
}

function targetOf({ metadata }: Pod) {
  return { resource: 'pods', namespace: metadata.namespace, name: metadata.name }
}

function bind(pod: Pod, node: string): Verdict {
  const { name, namespace, uid } = pod.metadata
  const message = `Successfully assigned ${namespace}/${name} to ${node}`
  const event: PlannedEvent = { type: 'Normal', reason: 'Scheduled', action: 'Binding', message }
  const action: Action = { verb: 'bind', target: targetOf(pod), node, uid, event }
  return { kind: 'bound', node, plan: { actions: [action] } }
}

/** Tells the claims' provisioner the node. The pod gets it when they are bound. Upstream: volumebinding PreBind. */
function bindClaims({ unbound }: PodClaims, node: string): Verdict {
  const untold = unbound.filter(({ metadata }) => metadata.annotations?.[SELECTED_NODE_ANNOTATION] !== node)
  const actions = untold.map(
    ({ metadata }: PersistentVolumeClaim): Action => ({
      verb: 'patch',
      target: { resource: 'persistentvolumeclaims', namespace: metadata.namespace, name: metadata.name },
      patch: { metadata: { uid: metadata.uid, annotations: { [SELECTED_NODE_ANNOTATION]: node } } },
    }),
  )
  const names = unbound.map(({ metadata }) => metadata.name).join(', ')
  return { kind: 'binding-claims', plan: { actions, waitingOn: `claims to be bound on node ${node}: ${names}` } }
}

/** Does the status say so already? */
export function isToldUnschedulable({ status }: Pod, message: string, nominatedNode: string | undefined): boolean {
  const { status: verdict, reason, message: told } = findCondition(status?.conditions, 'PodScheduled') ?? {}
  return verdict === 'False' && reason === 'Unschedulable' && told === message && status?.nominatedNodeName === nominatedNode
}

/** Upstream: schedule_one.go handleSchedulingFailure, truncateMessage. */
function failedScheduling(message: string): PlannedEvent {
  const text = message.length <= LONGEST_EVENT ? message : `${message.slice(0, LONGEST_EVENT - 4)} ...`
  return { type: 'Warning', reason: 'FailedScheduling', action: 'Scheduling', message: text }
}

/** @param keepsNomination the room that was made for it is still to come */
function unschedulable(pod: Pod, message: string, now: number, keepsNomination = false): Verdict {
  const nominatedNode = keepsNomination ? pod.status?.nominatedNodeName : undefined
  const plan: Plan = {
    ...(isToldUnschedulable(pod, message, nominatedNode) ? {} : { status: withUnschedulable(pod, message, now, nominatedNode) }),
    events: [failedScheduling(message)],
    waitingOn: message,
  }
  return { kind: 'unschedulable', message, nominatedNode, plan }
}

function withUnschedulable(pod: Pod, message: string, now: number, nominatedNodeName: string | undefined): Pod {
  const condition: PodCondition = {
    lastTransitionTime: timestamp(now),
    message,
    ...(pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
    reason: 'Unschedulable',
    status: 'False',
    type: 'PodScheduled',
  }
  const conditions = withCondition(pod.status?.conditions, condition)
  const { nominatedNodeName: _, ...status } = pod.status ?? {}
  return { ...pod, status: { ...status, conditions, ...(nominatedNodeName === undefined ? {} : { nominatedNodeName }) } }
}

function preempt(pod: Pod, node: string, victims: readonly Pod[], message: string, now: number): Verdict {
  const going = victims.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
  const marks = going.map((victim): Action => {
    const condition: PodCondition = {
      lastTransitionTime: timestamp(now),
      message: `${pod.spec.schedulerName ?? 'default-scheduler'}: preempting to accommodate a higher priority pod`,
      ...(victim.metadata.generation !== undefined && { observedGeneration: victim.metadata.generation }),
      reason: 'PreemptionByScheduler',
      status: 'True',
      type: 'DisruptionTarget',
    }
    const conditions = withCondition(victim.status?.conditions, condition)
    return {
      verb: 'patch',
      target: targetOf(victim),
      subresource: 'status',
      patch: { metadata: { uid: victim.metadata.uid, resourceVersion: victim.metadata.resourceVersion }, status: { conditions } },
    }
  })
  const deletes = going.map(
    (victim): Action => ({
      verb: 'delete',
      target: targetOf(victim),
      preconditions: { uid: victim.metadata.uid },
      event: {
        type: 'Normal',
        reason: 'Preempted',
        action: 'Preempting',
        message: `Preempted by pod ${pod.metadata.uid} on node ${node}`,
        about: victim,
        related: pod,
      },
    }),
  )
  const plan: Plan = {
    actions: [...marks, ...deletes],
    status: withUnschedulable(pod, message, now, node),
    events: [failedScheduling(message)],
    waitingOn: `pods of lower priority to leave node ${node}: ${victims.map(({ metadata }) => metadata.name).join(', ')}`,
  }
  return { kind: 'unschedulable', message, nominatedNode: node, plan }
}

/** Could a change of this node make a pod fit that didn't? Upstream: eventhandlers.go nodeSchedulingPropertiesChange. */
export function hasNodeBecomeRoomier(current: Node | undefined, old: Node | undefined): boolean {
  if (current === undefined) return false
  if (old === undefined) return true
  const differs = (part: (node: Node) => unknown) => JSON.stringify(part(current)) !== JSON.stringify(part(old))
  return (
    (old.spec.unschedulable === true && current.spec.unschedulable !== true) ||
    differs(({ spec }) => spec.taints) ||
    differs(({ metadata }) => metadata.labels) ||
    differs(({ status }) => status?.allocatable)
  )
}
