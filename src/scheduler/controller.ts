/**
 * The scheduler: a controller over pods without a node. Its cache follows the informers and is rebuilt from them at start;
 * what it adds is only which pods were given a node a moment ago, so that two pods placed in a row see each other.
 */
import type { Namespace, Node, Pod } from '../api/types.gen.ts'
import type { ControllerDefinition, Key, Reader } from '../runtime/controller.ts'
import { keyOf, splitKey } from '../runtime/owner-keys.ts'
import type { Plan } from '../runtime/plan.ts'
import { isOver, podInfo } from './pod-info.ts'
import { hasNodeBecomeRoomier, reconcileUnscheduled, type UnscheduledPod } from './reconcile.ts'
import { SchedulerCache } from './scheduler-cache.ts'
import { topologyState } from './topology-state.ts'
import { LONGEST_WAIT_MS, UnschedulablePods } from './unschedulable-pods.ts'
import { BY_CLAIM, claimKeys, claimNames, claimsOf } from './volume-claims.ts'

export const SCHEDULER_NAME = 'default-scheduler'
/** How long the news that a pod was bound may take to arrive before it is placed anew. */
const ASSUMED_MS = 5_000

export function schedulerController(): ControllerDefinition<UnscheduledPod> {
  let read: Reader | undefined
  const labelsOf = (namespace: string) => read?.get<Namespace>('namespaces', '', namespace)?.metadata.labels
  const cache = new SchedulerCache(labelsOf)
  const unschedulable = new UnschedulablePods()
  /** Pods that wait for a claim, to be looked at when a claim or volume changes. */
  const withClaims = new Set<Key>()

  const podChanged = (current: Pod | undefined, old: Pod | undefined): readonly Key[] => {
    const { namespace, name } = (current ?? old)!.metadata
    const key = keyOf(namespace, name)
    cache.setPod(key, current)
    if (current === undefined || current.spec.nodeName) {
      unschedulable.forget(key)
      withClaims.delete(key)
    }
    const wasPlaced = old !== undefined && isPlaced(old)
    const isNowPlaced = current !== undefined && isPlaced(current)
    if (wasPlaced && !isNowPlaced) return unschedulable.takeSome()
    if (!wasPlaced && isNowPlaced) return [...unschedulable.takeAfter(current), ...unschedulable.takeWithAffinity()]
    return []
  }
  const claimChanged = (): readonly Key[] => {
    for (const key of withClaims) unschedulable.forget(key)
    return [...withClaims]
  }

  return {
    name: 'scheduler',
    component: SCHEDULER_NAME,
    reconciles: 'pods',
    watches: {
      pods: (current, old, reader) => {
        read = reader
        return podChanged(current as Pod | undefined, old as Pod | undefined)
      },
      nodes: (current, old) => {
        cache.setNode((current ?? old)!.metadata.name, current as Node | undefined)
        return hasNodeBecomeRoomier(current as Node | undefined, old as Node | undefined) ? unschedulable.takeSome() : []
      },
      namespaces: () => [],
      persistentvolumeclaims: claimChanged,
      persistentvolumes: claimChanged,
      'storageclasses.storage.k8s.io': claimChanged,
    },
    indexes: { pods: { [BY_CLAIM]: claimKeys } },
    observe(reader, key) {
      read = reader
      const { namespace, name } = splitKey(key)
      const pod = reader.get<Pod>('pods', namespace, name)
      if (pod === undefined || pod.spec.nodeName || isOver(pod)) return undefined
      if ((pod.spec.schedulerName ?? SCHEDULER_NAME) !== SCHEDULER_NAME || pod.metadata.deletionTimestamp !== undefined) return undefined
      const info = podInfo(pod)
      return {
        info,
        claims: claimsOf(reader, pod, (each) => cache.isPlaced(each)),
        nodes: cache.nodes(),
        nodeOf: (node) => cache.node(node),
        nominatedBefore: (node) => cache.nominatedBefore(info, node),
        topology: (without) => topologyState(cache, pod, labelsOf, without),
      }
    },
    reconcile(observed, { now, lastFailure }) {
      const { key, pod } = observed.info
      const assumedAt = cache.assumedAt(pod, key)
      if (assumedAt !== undefined && lastFailure === undefined && now - assumedAt < ASSUMED_MS) {
        return { requeueAfterMs: ASSUMED_MS - (now - assumedAt), waitingOn: 'the binding to be seen' }
      }
      cache.forget(key)
      if (unschedulable.isWaiting(key, pod, now)) return { waitingOn: 'a change that makes room for it' }
      const verdict = reconcileUnscheduled(observed, now)
      if (claimNames(pod).length > 0) withClaims.add(key)
      if (verdict.kind === 'bound') {
        unschedulable.forget(key)
        cache.assume(observed.info, verdict.node, now)
        return verdict.plan
      }
      if (verdict.kind === 'unschedulable') {
        cache.nominate(observed.info, verdict.nominatedNode)
        unschedulable.park(key, pod, now, verdict)
        return { ...verdict.plan, requeueAfterMs: LONGEST_WAIT_MS } satisfies Plan
      }
      return verdict.plan
    },
  }
}

function isPlaced(pod: Pod): boolean {
  return pod.spec.nodeName !== undefined && pod.spec.nodeName !== '' && !isOver(pod)
}
