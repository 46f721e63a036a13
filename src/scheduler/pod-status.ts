/** What a pod's status says of its scheduling. */
import { findCondition, withCondition } from '../api/meta/conditions.ts'
import { timestamp } from '../api/meta/time.ts'
import type { Pod, PodCondition } from '../api/types.gen.ts'
import type { PlannedEvent } from '../runtime/plan.ts'
import type { Told } from './unschedulable-pods.ts'

type Reason = 'Unschedulable' | 'SchedulerError'

/** Upstream: validation.NoteLengthLimit. */
const LONGEST_EVENT = 1024

/** Does the status say so already? */
export function isTold({ status }: Pod, reason: Reason, { message, nominatedNode }: Told): boolean {
  const condition = findCondition(status?.conditions, 'PodScheduled')
  return (
    condition?.status === 'False' &&
    condition.reason === reason &&
    condition.message === message &&
    status?.nominatedNodeName === nominatedNode
  )
}

export function withUnscheduled(pod: Pod, reason: Reason, { message, nominatedNode }: Told, now: number): Pod {
  const condition: PodCondition = {
    lastTransitionTime: timestamp(now),
    message,
    ...(pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
    reason,
    status: 'False',
    type: 'PodScheduled',
  }
  const { status } = withNomination(pod, nominatedNode)
  return { ...pod, status: { ...status, conditions: withCondition(status?.conditions, condition) } }
}

export function withNomination(pod: Pod, node: string | undefined): Pod {
  const { nominatedNodeName: _, ...status } = pod.status ?? {}
  return { ...pod, status: { ...status, ...(node === undefined ? {} : { nominatedNodeName: node }) } }
}

/** Upstream: schedule_one.go truncateMessage. */
export function failedEvent(message: string): PlannedEvent {
  const text = message.length <= LONGEST_EVENT ? message : `${message.slice(0, LONGEST_EVENT - 4)} ...`
  return { type: 'Warning', reason: 'FailedScheduling', action: 'Scheduling', message: text }
}
