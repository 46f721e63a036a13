/**
 * The kubelets of all simulated nodes: a controller over the pods bound to them. It alone writes the status of such a
 * pod, and confirms its deletion. A failed node's pods are left as they are until it comes back.
 */
import { podCIDRsOf } from '../../api/core/v1/pod-cidrs.ts'
import { findCondition } from '../../api/meta/conditions.ts'
import type { Namespace, Node, Pod, Stage } from '../../api/types.gen.ts'
import type { ControllerDefinition, Key, Reader } from '../../runtime/controller.ts'
import { keyOf, splitKey } from '../../runtime/owner-keys.ts'
import { saysNotReadyYet } from '../agent/node-status.ts'
import { CONFIG_ERROR } from '../config-error.ts'
import type { ContainerRuntime } from '../container-behaviour.ts'
import { changesBehaviour, clusterBehaviourOf, watchingBehaviour, withInheritedBehaviour } from '../inherited-behaviour.ts'
import { NodeImages } from '../node-images.ts'
import { silentState, whyKubeletIsIdle, whyMachineIsIdle } from '../node-state.ts'
import { isBeingResized, isResized, RESIZE_PENDING } from '../pod-allocation.ts'
import { isFinished } from '../pod-lifecycle.ts'
import type { ObjectReader } from '../references/sources.ts'
import { podFunctions } from '../stages/pod-functions.ts'
import { StagePlayer, type StageTools } from '../stages/stage-player.ts'
import { isStaged, keysOfStaged, POD, STAGES, stagesFor } from '../stages/stages-of-kind.ts'
import { MirrorStatuses } from '../static-pods/mirror-statuses.ts'
import { isMirror } from '../static-pods/reconcile.ts'
import { awaitsAdmission } from './admit.ts'
import { makesRoom } from './pending-resizes.ts'
import { PodIPAllocator } from './pod-ip-allocator.ts'
import { type ObservedPod, reconcilePod } from './reconcile.ts'

interface Observed extends ObservedPod {
  /** Those for Pods, where they lead the pod's life. */
  readonly stages?: readonly Stage[]
  /** The stored pod's own, without what it inherits. */
  readonly metadata?: Pod['metadata']
}

/**
 * @param mirrors what is known of static pods whose mirrors were deleted
 * @param images what the nodes have
 * @param objects what pods may refer to; when it isn't given, all of that counts as being there
 * @param teardownMs how long a pod stays at least once it was told to stop
 */
export function kubeletController(
  runtime: ContainerRuntime,
  tools: StageTools,
  mirrors = new MirrorStatuses(),
  images = new NodeImages(),
  objects?: ObjectReader,
  teardownMs = 0,
): ControllerDefinition<Observed> {
  const addresses = new PodIPAllocator()
  const player = new StagePlayer('pods', tools)
  /** The pods whose containers were told to stop, and when. After a restart they are told again, as by a kubelet. */
  const stopping = new Map<Key, { readonly uid: string; readonly since: number }>()
  /** Since when nothing was heard of pods that go on, in milliseconds since the epoch. */
  const cutOff = new Map<Key, number>()
  /** When each pod of which more is told than its status was last looked at. */
  const lookedAt = new Map<Key, number>()
  return {
    name: 'kubelet',
    reconciles: 'pods',
    watches: {
      // Where there is more room, resizes that wait may have it.
      pods: (current, old, reader) => {
        const node = (old as Pod | undefined)?.spec.nodeName
        const waiting = node ? reader.indexed<Pod>('pods', 'pendingResize', node) : []
        return waiting.length > 0 && makesRoom(current as Pod | undefined, old as Pod) ? waiting.map(keyOfPod) : []
      },
      [STAGES]: keysOfStaged(POD, (reader) => reader.list<Pod>('pods').map(keyOfPod)),
      nodes: (current, old, reader) => {
        const [before, after] = [old as Node | undefined, current as Node | undefined]
        if (after === undefined && before !== undefined) {
          addresses.forgetNode(before.metadata.name)
          images.forgetNode(before.metadata.name)
        }
        // Its heartbeats concern no pod; that it works again does.
        const works = (node: Node | undefined) => node !== undefined && whyKubeletIsIdle(node) === undefined
        const isCutOff = (node: Node | undefined) => node !== undefined && silentState(node) === 'disconnected'
        const matters =
          (works(after) && !works(before)) ||
          (isCutOff(after) && !isCutOff(before)) ||
          (before !== undefined && after !== undefined && saysOtherwise(before, after))
        return matters ? podsOnNode(reader, after!.metadata.name).map(keyOfPod) : []
      },
    },
    watchesDigests: {
      ...watchingBehaviour((reader) => reader.list<Pod>('pods').map(keyOfPod)),
      namespaces: {
        keysOf: (current, old, reader) =>
          current !== undefined && old !== undefined && changesBehaviour(old.metadata.annotations, current.metadata.annotations)
            ? reader.list<Pod>('pods', current.metadata.name).map(keyOfPod)
            : [],
        keep: ({ metadata: { annotations } }: Namespace) => (annotations === undefined ? {} : { metadata: { annotations } }),
      },
    },
    indexes: {
      pods: {
        nodeName: (pod: Pod) => (pod.spec.nodeName ? [pod.spec.nodeName] : []),
        pendingResize: (pod: Pod) =>
          pod.spec.nodeName && findCondition(pod.status?.conditions, RESIZE_PENDING) ? [pod.spec.nodeName] : [],
      },
    },
    observe(reader, key) {
      const { namespace, name } = splitKey(key)
      const stored = reader.get<Pod>('pods', namespace, name)
      const pod = stored && mirrors.withStatus(key, stored)
      if (pod === undefined || isFinished(pod.status)) addresses.release(key)
      if (pod === undefined) {
        stopping.delete(key)
        cutOff.delete(key)
        runtime.forget(key)
        player.forget(key)
      }
      if (pod === undefined || isFinished(pod.status)) lookedAt.delete(key)
      if (pod?.spec.nodeName === undefined || pod.spec.nodeName === '') return undefined
      // Nothing stops when a mirror goes: static-pods/ makes another one.
      if (isMirror(pod) && pod.metadata.deletionTimestamp !== undefined) return undefined
      const node = reader.get<Node>('nodes', '', pod.spec.nodeName)
      if (node === undefined) return undefined
      const needsAddress = pod.spec.hostNetwork !== true && !isFinished(pod.status)
      const podsThere = () => podsOnNode(reader, node.metadata.name)
      const [podIP, secondPodIP] = needsAddress ? addresses.addressesOf(key, pod, podCIDRsOf(node), podsThere) : []
      const stages = isStaged(node) ? stagesFor(POD, reader) : []
      if (stages.length > 0) return { pod, node, podIP, secondPodIP, stages }
      const asksForRoom = awaitsAdmission(pod) || (isResized(pod) && !isBeingResized(pod))
      const others = asksForRoom ? { others: podsThere() } : {}
      const cluster = clusterBehaviourOf(reader)
      const stop = stopping.get(key)
      return {
        pod: withInheritedBehaviour(pod, { namespace: reader.get<Namespace>('namespaces', '', namespace), node, cluster }),
        metadata: pod.metadata,
        node,
        podIP,
        secondPodIP,
        stoppingSince: stop?.uid === pod.metadata.uid ? stop.since : undefined,
        isTakenUp: pod !== stored,
        cutOffSince: cutOff.get(key),
        lookedAt: lookedAt.get(key),
        objects,
        images: images.of(node, podsThere),
        ...others,
      }
    },
    reconcile: (observed, { now }) => {
      const { pod, node, podIP, secondPodIP, stages } = observed
      if (stages !== undefined) {
        const idle = whyMachineIsIdle(node)
        return idle === undefined
          ? player.play(keyOfPod(pod), pod, stages, podFunctions(pod, node, [podIP, secondPodIP]), now)
          : { waitingOn: idle }
      }
      const plan = reconcilePod(observed, runtime, now, teardownMs)
      const works = whyKubeletIsIdle(node) === undefined
      // A pod that was put there meanwhile is news to its kubelet.
      if (works) cutOff.delete(keyOfPod(pod))
      else if (silentState(node) === 'disconnected' && observed.cutOffSince === undefined && pod.status?.startTime !== undefined) {
        cutOff.set(keyOfPod(pod), now)
      }
      const isToStop = pod.metadata.deletionTimestamp !== undefined && works
      if (isToStop && observed.stoppingSince === undefined) stopping.set(keyOfPod(pod), { uid: pod.metadata.uid, since: now })
      if (isToldOf(pod)) lookedAt.set(keyOfPod(pod), now)
      else lookedAt.delete(keyOfPod(pod))
      // What the pod inherits isn't its own, and isn't to be stored.
      return plan.status === undefined ? plan : { ...plan, status: { ...plan.status, metadata: observed.metadata ?? pod.metadata } }
    },
  }
}

/** Does its kubelet go on, or its containers behave, otherwise than before? */
function saysOtherwise(before: Node, after: Node): boolean {
  if (saysNotReadyYet(before) && !saysNotReadyYet(after)) return true
  return changesBehaviour(before.metadata.annotations, after.metadata.annotations)
}

/** Containers that wait so are told of again and again. */
const TOLD_OF_WAITING = new Set(['CrashLoopBackOff', CONFIG_ERROR])

/** Does more happen to it than its status shows? */
function isToldOf({ spec, status }: Pod): boolean {
  if (isFinished(status)) return false
  if (status?.startTime !== undefined && status.phase === 'Pending') return true
  const statuses = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])]
  if (statuses.some(({ state }) => state?.waiting !== undefined && TOLD_OF_WAITING.has(state.waiting.reason ?? ''))) return true
  return [...spec.containers, ...(spec.initContainers ?? [])].some(
    ({ livenessProbe, readinessProbe, startupProbe, lifecycle }) => livenessProbe ?? readinessProbe ?? startupProbe ?? lifecycle,
  )
}

function podsOnNode(reader: Reader, node: string): readonly Pod[] {
  return reader.indexed<Pod>('pods', 'nodeName', node)
}

function keyOfPod(pod: Pod): Key {
  return keyOf(pod.metadata.namespace, pod.metadata.name)
}
