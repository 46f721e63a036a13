/** Which resizes there is room for on a node, when several wait. Upstream: allocation_manager.go sortPendingResizes, canAdmitPod. */
import { podRequests, qosClassOf } from '../../api/core/v1/pod-resources.ts'
import { findCondition } from '../../api/meta/conditions.ts'
import { compareQuantities } from '../../api/meta/quantity.ts'
import { parseTimestamp } from '../../api/meta/time.ts'
import type { Node, Pod } from '../../api/types.gen.ts'
import { asAllocated, isBeingResized, isResized, RESIZE_PENDING } from '../pod-allocation.ts'
import { isFinished } from '../pod-lifecycle.ts'
import { type Rejection, rejectionOf } from './admit.ts'

/**
 * Why this pod's resize has to wait; undefined when there is room, also for those that go before it.
 * @param others pods of the node
 */
export function whyResizeWaits(pod: Pod, node: Node, others: readonly Pod[]): Rejection | undefined {
  const admitted = others.filter(
    ({ metadata, status }) => metadata.uid !== pod.metadata.uid && status?.startTime !== undefined && !isFinished(status),
  )
  const granted = new Map(admitted.map((other) => [other.metadata.uid, asAllocated(other)]))
  const refuse = (one: Pod) =>
    rejectionOf(
      one,
      node,
      [...granted.values()].filter(({ metadata }) => metadata.uid !== one.metadata.uid),
    )
  const waiting = admitted.filter((other) => isResized(other) && !isBeingResized(other) && other.metadata.deletionTimestamp === undefined)
  granted.set(pod.metadata.uid, asAllocated(pod))
  for (const other of waiting.filter((each) => compareResizes(each, pod) < 0).sort(compareResizes)) {
    if (refuse(other) === undefined) granted.set(other.metadata.uid, other)
  }
  return refuse(pod)
}

/** Less than zero when `a` goes before `b`. */
export function compareResizes(a: Pod, b: Pod): number {
  return (
    Number(asksForMore(a)) - Number(asksForMore(b)) ||
    (b.spec.priority ?? 0) - (a.spec.priority ?? 0) ||
    Number(qosClassOf(b) === 'Guaranteed') - Number(qosClassOf(a) === 'Guaranteed') ||
    waitingSince(a) - waitingSince(b) ||
    (a.metadata.uid < b.metadata.uid ? -1 : 1)
  )
}

function asksForMore(pod: Pod): boolean {
  const wanted = podRequests(pod)
  const has = podRequests(asAllocated(pod))
  return ['cpu', 'memory'].some((name) => compareQuantities(wanted[name], has[name]) > 0)
}

/** Those that nobody has told yet that they have to wait are last. */
function waitingSince({ status }: Pod): number {
  const since = parseTimestamp(findCondition(status?.conditions, RESIZE_PENDING)?.lastTransitionTime)
  return Number.isNaN(since) ? Number.MAX_SAFE_INTEGER : since
}

/** Has the node more room than before, now that a pod of its has changed so? */
export function makesRoom(current: Pod | undefined, old: Pod): boolean {
  if (current === undefined || (isFinished(current.status) && !isFinished(old.status))) return true
  const [had, has] = [podRequests(asAllocated(old)), podRequests(asAllocated(current))]
  return ['cpu', 'memory'].some((name) => compareQuantities(has[name], had[name]) < 0)
}
