import { findCondition, withCondition } from '../api/meta/conditions.ts'
import { timestamp } from '../api/meta/time.ts'
import type { Pod, PodCondition } from '../api/types.gen.ts'
import type { Action } from '../runtime/plan.ts'
import type { PodInfo } from './pod-info.ts'

/**
 * Pods of lower priority that were to come to the node look elsewhere; the victims are told why they go, and are deleted with the
 * grace they asked for. Upstream: preemption/executor.go prepareCandidateAsync, PreemptPod.
 */
export function evict(victims: readonly Pod[], displaced: readonly PodInfo[], pod: Pod, node: string, now: number): Action[] {
  const going = victims.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
  if (going.length === 0) return []
  const clears = displaced.map(
    ({ pod: other }): Action => ({
      verb: 'patch',
      target: targetOf(other),
      subresource: 'status',
      patch: { metadata: { uid: other.metadata.uid }, status: { nominatedNodeName: null } },
    }),
  )
  const marks = going.filter((victim) => !isMarked(victim)).map((victim) => mark(victim, pod, now))
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
  return [...clears, ...marks, ...deletes]
}

function targetOf({ metadata }: Pod) {
  return { resource: 'pods', namespace: metadata.namespace, name: metadata.name }
}

const REASON = 'PreemptionByScheduler'

function isMarked({ status }: Pod): boolean {
  const condition = findCondition(status?.conditions, 'DisruptionTarget')
  return condition?.status === 'True' && condition.reason === REASON
}

function mark(victim: Pod, pod: Pod, now: number): Action {
  const { uid, resourceVersion, generation } = victim.metadata
  const condition: PodCondition = {
    lastTransitionTime: timestamp(now),
    message: `${pod.spec.schedulerName ?? 'default-scheduler'}: preempting to accommodate a higher priority pod`,
    ...(generation !== undefined && { observedGeneration: generation }),
    reason: REASON,
    status: 'True',
    type: 'DisruptionTarget',
  }
  return {
    verb: 'patch',
    target: targetOf(victim),
    subresource: 'status',
    patch: { metadata: { uid, resourceVersion }, status: { conditions: withCondition(victim.status?.conditions, condition) } },
  }
}
