import type { DaemonSet, Node, Pod } from '../../api/types.gen.ts'
import type { PlannedEvent } from '../../runtime/plan.ts'
import { isPodAvailable, isPodReady } from '../pods/pod-state.ts'
import { isUpdated, oldestFirst } from './daemon-pod.ts'
import { type EarlierFailures, replacementDelay } from './failed-pods.ts'
import type { NodeFit } from './node-fit.ts'

export interface NodeDecision {
  readonly needsPod: boolean
  readonly deletes: readonly Pod[]
  readonly events: readonly PlannedEvent[]
  /** A failed pod is kept this much longer. */
  readonly backOffMs?: number
}

export interface NodeSituation {
  readonly set: DaemonSet
  readonly hash: string
  readonly allowsSurge: boolean
  readonly earlierFailures: EarlierFailures
  readonly now: number
}

const NOTHING: NodeDecision = { needsPod: false, deletes: [], events: [] }

/**
 * Brings the pods of one node to one, or to two while a surge replaces the old. A pod that is going counts as there, so
 * that the next is made only when the node is free of it. Upstream: daemon_controller.go podsShouldBeOnNode.
 * @param pods the set's on that node; undefined when there are none
 */
export function manageNode(situation: NodeSituation, node: Node, fit: NodeFit, pods: readonly Pod[] | undefined): NodeDecision {
  if (pods === undefined) return { ...NOTHING, needsPod: fit.shouldRun }
  const standing = pods.filter((pod) => pod.metadata.deletionTimestamp === undefined)
  if (!fit.shouldContinueRunning) return { ...NOTHING, deletes: standing }

  const { backOffMs, ...ended } = replaceEnded(situation, node, standing)
  const running = standing.filter((pod) => pod.status?.phase !== 'Failed' && pod.status?.phase !== 'Succeeded').sort(oldestFirst)
  const excess = situation.allowsSurge ? excessWithSurge(situation, running) : running.slice(1)
  return {
    needsPod: situation.allowsSurge && running.length === 0 && fit.shouldRun,
    deletes: [...ended.deletes, ...excess],
    events: ended.events,
    ...(backOffMs !== undefined && { backOffMs }),
  }
}

/** A daemon is not to end: a pod that did makes room for another. */
function replaceEnded({ earlierFailures, now }: NodeSituation, node: Node, pods: readonly Pod[]) {
  const deletes: Pod[] = []
  const events: PlannedEvent[] = []
  let backOffMs: number | undefined
  for (const pod of pods) {
    const text = `daemon pod ${pod.metadata.namespace}/${pod.metadata.name} on node ${node.metadata.name}`
    if (pod.status?.phase === 'Failed') {
      const delay = replacementDelay(pod, earlierFailures.get(pod.metadata.uid) ?? 0, now)
      if (delay > 0) {
        backOffMs = Math.min(delay, backOffMs ?? delay)
        continue
      }
      events.push({ type: 'Warning', reason: 'FailedDaemonPod', message: `Found failed ${text}, will try to kill it` })
      deletes.push(pod)
    } else if (pod.status?.phase === 'Succeeded') {
      events.push({ type: 'Normal', reason: 'SucceededDaemonPod', message: `Found succeeded ${text}, will try to delete it` })
      deletes.push(pod)
    }
  }
  return { deletes, events, backOffMs }
}

/**
 * Of each kind, old and new, the oldest may stay; the old one of the two goes once it isn't ready anyhow, or the new one is
 * available. @param running oldest first
 */
function excessWithSurge({ set, hash, now }: NodeSituation, running: readonly Pod[]): Pod[] {
  if (running.length <= 1) return []
  const newest = running.find((pod) => isUpdated(set, pod, hash))
  const old = running.find((pod) => !isUpdated(set, pod, hash))
  const excess = running.filter((pod) => pod !== newest && pod !== old)
  const isOldReplaced =
    newest !== undefined && old !== undefined && (!isPodReady(old) || isPodAvailable(newest, set.spec.minReadySeconds, now))
  return isOldReplaced ? [...excess, old] : excess
}
