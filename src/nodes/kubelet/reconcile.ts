/** What the kubelet of a pod's node does about the pod now. */
import { findCondition } from '../../api/meta/conditions.ts'
import { parseTimestamp } from '../../api/meta/time.ts'
import type { Node, Pod, PodStatus } from '../../api/types.gen.ts'
import type { Action, Plan } from '../../runtime/plan.ts'
import { saysNotReadyYet } from '../agent/node-status.ts'
import { catchUp } from '../catch-up.ts'
import type { ContainerRuntime } from '../container-behaviour.ts'
import { kubeletEvent } from '../kubelet-event.ts'
import type { ImageStore } from '../node-images.ts'
import { bootedAt, internalIPs, whyKubeletIsIdle } from '../node-state.ts'
import { asAllocated } from '../pod-allocation.ts'
import { advancePod, isFinished, type PodOnNode, type PodStep } from '../pod-lifecycle.ts'
import { afterBoot } from '../reboot.ts'
import type { ObjectReader } from '../references/sources.ts'
import { saveFiles } from '../volumes/save-files.ts'
import { awaitsAdmission, misplacementOf, rejectedStatus, rejectionOf } from './admit.ts'
import { whyResizeWaits } from './pending-resizes.ts'

export interface ObservedPod {
  readonly pod: Pod
  readonly node: Node
  /** undefined when the node has none left. */
  readonly podIP: string | undefined
  /** Of the other family, where the node has ranges of both. */
  readonly secondPodIP?: string | undefined
  /** It is being deleted: when its containers were told to stop, in milliseconds since the epoch; undefined when they weren't yet. */
  readonly stoppingSince?: number | undefined
  /** Its containers have run before it was in the API: the status is what is known of them, and isn't stored yet. */
  readonly isTakenUp?: boolean
  /** Until now its node was cut off: since when, in milliseconds since the epoch. */
  readonly cutOffSince?: number | undefined
  /** When it was last looked at, in milliseconds since the epoch. */
  readonly lookedAt?: number | undefined
  /** What the pod may refer to. */
  readonly objects?: ObjectReader | undefined
  /** Those of its node; all there are when not given. */
  readonly images?: ImageStore
  /** All pods of the node, when it isn't decided yet whether this one may start there, or have what it is resized to. */
  readonly others?: readonly Pod[]
}

/**
 * No pod is rejected sooner than that after it was made. ReplicaSets and StatefulSets put another in its place at once, without
 * a back-off of theirs: here only time itself keeps them from doing so for ever at one instant.
 */
const REJECTION_MS = 1000
/** How soon a pod that got no address asks again. */
const ADDRESS_RETRY_MS = 10_000

/**
 * @param now milliseconds since the epoch
 * @param teardownMs how long a pod stays in the API at least once its containers were told to stop
 */
export function reconcilePod(observed: ObservedPod, runtime: ContainerRuntime, now: number, teardownMs = 0): Plan {
  const { node, podIP, secondPodIP, stoppingSince, isTakenUp = false, cutOffSince, lookedAt, objects, images, others } = observed
  const idle = whyKubeletIsIdle(node)
  if (idle !== undefined) return { waitingOn: idle }
  if (awaitsNetwork(observed)) {
    const message = `network is not ready: ${findCondition(node.status?.conditions, 'Ready')?.message}`
    return { events: [kubeletEvent(observed.pod, 'Warning', 'NetworkNotReady', message)], waitingOn: message }
  }
  const boot = bootedAt(node)
  const lost = boot === undefined || isFinished(observed.pod.status) ? undefined : afterBoot(observed.pod, boot)
  const pod = lost?.pod ?? observed.pod
  const isStopping = stoppingSince !== undefined
  const hasNoRoom = others !== undefined && awaitsAdmission(pod) ? rejectionOf(pod, node, others.map(asAllocated)) : undefined
  const rejection = misplacementOf(pod, node) ?? hasNoRoom
  if (rejection !== undefined) {
    const age = now - parseTimestamp(pod.metadata.creationTimestamp)
    if (age < REJECTION_MS) return { requeueAfterMs: REJECTION_MS - age, waitingOn: `its rejection by the node: ${rejection.message}` }
    const events = [kubeletEvent(pod, 'Warning', rejection.reason, rejection.message)]
    return { status: { ...pod, status: rejectedStatus(pod, rejection, now) } as Pod, events }
  }
  const whyDeferred = others && ((resized: Pod) => whyResizeWaits(resized, node, others))
  const {
    status,
    events: happened,
    wakeAt,
    isMounting,
  } = step(
    { pod, ...addressesOf(node, podIP, secondPodIP), runtime, objects, whyDeferred, images, bootedAt: boot, now, lookedAt, isStopping },
    cutOffSince,
  )
  const events = [...(lost?.events ?? []), ...happened]
  const saved = saveFiles(pod, status, runtime, objects, now)
  if (pod.metadata.deletionTimestamp !== undefined && isFinished(status)) {
    const staysForMs = (stoppingSince ?? now) + teardownMs - now
    return finishDeletion(pod, status, saved.actions, events, staysForMs)
  }
  const waitingOn = isMounting ? "volumes that can't be mounted yet" : whatPodWaitsFor(pod, status, podIP)
  if (!isMounting && isWithoutAddress(pod, status, podIP)) {
    const text = 'Failed to create pod sandbox: plugin type="host-local" failed (add): no IP addresses available in range set'
    return {
      status: { ...pod, status } as Pod,
      events: [kubeletEvent(pod, 'Warning', 'FailedCreatePodSandBox', text)],
      requeueAfterMs: ADDRESS_RETRY_MS,
      waitingOn: waitingOn!,
    }
  }
  const next = Math.min(wakeAt ?? Number.POSITIVE_INFINITY, saved.wakeAt ?? Number.POSITIVE_INFINITY)
  return {
    ...(status === pod.status && !isTakenUp ? {} : { status: { ...pod, status } as Pod }),
    ...(saved.actions.length === 0 ? {} : { actions: saved.actions }),
    events,
    // A millisecond at least: the next look must not find the same instant.
    ...(next === Number.POSITIVE_INFINITY ? {} : { requeueAfterMs: Math.max(1, next - now) }),
    ...(waitingOn === undefined ? {} : { waitingOn }),
  }
}

function addressesOf(node: Node, podIP: string | undefined, secondPodIP: string | undefined) {
  const [hostIP, secondHostIP] = internalIPs(node)
  return { hostIP: hostIP!, podIP, second: { hostIP: secondHostIP, podIP: secondPodIP } }
}

/** Upstream: kubelet.go SyncPod: without a network only pods on the host's own are started. */
function awaitsNetwork({ pod, node }: ObservedPod): boolean {
  return saysNotReadyYet(node) && pod.spec.hostNetwork !== true && pod.metadata.deletionTimestamp === undefined && !isFinished(pod.status)
}

function step(given: PodOnNode, cutOffSince: number | undefined): PodStep {
  return cutOffSince === undefined ? advancePod(given) : catchUp(given, cutOffSince)
}

/** The containers have ended: the status says so, then the pod may go. */
function finishDeletion(pod: Pod, status: PodStatus, saving: readonly Action[], events: Plan['events'], staysForMs: number): Plan {
  const target = { resource: 'pods', namespace: pod.metadata.namespace, name: pod.metadata.name }
  const actions: Action[] = [...saving]
  if (status !== pod.status)
    actions.push({
      verb: 'patch',
      target,
      subresource: 'status',
      patch: { metadata: { uid: pod.metadata.uid, resourceVersion: pod.metadata.resourceVersion }, status },
    })
  if (staysForMs > 0) return { actions, events: events ?? [], requeueAfterMs: staysForMs, waitingOn: 'its teardown by the node' }
  // A grace period of 0 says that this was done before, and that finalizers keep the pod.
  if (pod.metadata.deletionGracePeriodSeconds !== 0) {
    actions.push({ verb: 'delete', target, preconditions: { uid: pod.metadata.uid }, gracePeriodSeconds: 0 })
  }
  const finalizers = pod.metadata.finalizers ?? []
  return {
    actions,
    events: events ?? [],
    ...(finalizers.length > 0 ? { waitingOn: `finalizers: ${finalizers.join(', ')}` } : {}),
  }
}

function isWithoutAddress(pod: Pod, status: PodStatus, podIP: string | undefined): boolean {
  return podIP === undefined && pod.spec.hostNetwork !== true && !isFinished(status)
}

function whatPodWaitsFor(pod: Pod, status: PodStatus, podIP: string | undefined): string | undefined {
  if (isFinished(status)) return undefined
  if (isWithoutAddress(pod, status, podIP)) return `node ${pod.spec.nodeName} has no pod address left`
  const waiting = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])].find(
    ({ state }) => state?.waiting !== undefined && state.waiting.reason !== 'PodInitializing',
  )
  const reason = waiting?.state?.waiting
  return reason === undefined ? undefined : `container ${waiting!.name}: ${reason.reason}${reason.message ? `: ${reason.message}` : ''}`
}
