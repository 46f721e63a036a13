/**
 * What is to be said about single pods: that they have two budgets, and that one which was to be disrupted wasn't.
 * Upstream: disruption.go getPdbForPod, syncStalePodDisruption.
 */
import { findCondition } from '../../api/meta/conditions.ts'
import { parseTimestamp, timestamp } from '../../api/meta/time.ts'
import type { Pod, PodCondition } from '../../api/types.gen.ts'
import type { Plan } from '../../runtime/plan.ts'
import { isPodTerminal } from '../pods/pod-state.ts'

const DISRUPTION_TARGET = 'DisruptionTarget'
/** Upstream: stalePodDisruptionTimeout */
const STALE_AFTER_MS = 2 * 60_000

/**
 * Since when the pod is said to be about to be disrupted though it isn't going; NaN when that isn't known, undefined when it isn't
 * so. What a kubelet ends may take as long as it likes. Upstream: nonTerminatingPodHasStaleDisruptionCondition
 */
export function disruptionTargetSince(pod: Pod): number | undefined {
  if (pod.metadata.deletionTimestamp !== undefined || isPodTerminal(pod)) return undefined
  const condition = findCondition(pod.status?.conditions, DISRUPTION_TARGET)
  if (condition?.status !== 'True' || condition.reason === 'TerminationByKubelet') return undefined
  return parseTimestamp(condition.lastTransitionTime ?? undefined)
}

export function reconcileDisruptedPod(pod: Pod, now: number): Plan {
  const since = disruptionTargetSince(pod)
  if (since === undefined) return {}
  const left = since + STALE_AFTER_MS - now
  if (left > 0) return { requeueAfterMs: left, waitingOn: 'the pod to be disrupted' }
  const { name, namespace, uid, resourceVersion, generation } = pod.metadata
  const cleared: PodCondition = {
    type: DISRUPTION_TARGET,
    status: 'False',
    lastTransitionTime: timestamp(now),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  }
  const conditions = pod.status!.conditions!.map((condition) => (condition.type === DISRUPTION_TARGET ? cleared : condition))
  const target = { resource: 'pods', namespace, name }
  return {
    actions: [{ verb: 'patch', target, subresource: 'status', patch: { metadata: { uid, resourceVersion }, status: { conditions } } }],
  }
}
