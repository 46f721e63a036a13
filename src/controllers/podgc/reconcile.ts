/** Which pods nobody else will remove. Upstream: pkg/controller/podgc/gc_controller.go. */
import { isConditionTrue, withCondition } from '../../api/meta/conditions.ts'
import { timestamp } from '../../api/meta/time.ts'
import type { Node, Pod, PodStatus } from '../../api/types.gen.ts'
import type { Action, Plan } from '../../runtime/plan.ts'

export interface ObservedPod {
  readonly pod: Pod
  readonly node: Node | undefined
  /** More pods have ended than are kept, and this is one of the oldest. */
  readonly isExcess: boolean
}

/** How long a node must be missing before its pods are. Upstream: quarantineTime. */
export const QUARANTINE_MS = 40_000

/** @param missingSince when the pod's node was first found missing */
export function reconcilePod({ pod, node, isExcess }: ObservedPod, missingSince: number, now: number): Plan {
  const isTerminating = pod.metadata.deletionTimestamp !== undefined
  if (isExcess) return removal(pod, pod.status)
  if (!pod.spec.nodeName) return isTerminating ? removal(pod, failed(pod)) : {}
  if (node !== undefined) return isTerminating && isOutOfService(node) ? removal(pod, failed(pod)) : {}
  const leavesAt = missingSince + QUARANTINE_MS
  if (leavesAt > now) return { requeueAfterMs: leavesAt - now, waitingOn: `node ${pod.spec.nodeName}, which is missing` }
  const status = failed(pod)
  const condition = {
    lastTransitionTime: timestamp(now),
    message: 'PodGC: node no longer exists',
    ...(pod.metadata.generation !== undefined && { observedGeneration: pod.metadata.generation }),
    reason: 'DeletionByPodGC',
    status: 'True',
    type: 'DisruptionTarget',
  }
  return removal(pod, isOver(pod) ? status : { ...status, conditions: withCondition(status?.conditions, condition) })
}

export function isOver({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed'
}

function isOutOfService(node: Node): boolean {
  const isTainted = node.spec.taints?.some(({ key }) => key === 'node.kubernetes.io/out-of-service') === true
  return isTainted && !isConditionTrue(node.status?.conditions, 'Ready')
}

/** No kubelet will say so. */
function failed(pod: Pod): PodStatus | undefined {
  return isOver(pod) ? pod.status : { ...pod.status, phase: 'Failed', observedGeneration: pod.metadata.generation }
}

function removal(pod: Pod, status: PodStatus | undefined): Plan {
  const { name, namespace, uid, resourceVersion, finalizers = [] } = pod.metadata
  const target = { resource: 'pods', namespace, name }
  const actions: Action[] = []
  if (status !== pod.status) {
    const { phase, conditions, observedGeneration } = status!
    const changed = {
      phase,
      ...(observedGeneration === undefined ? {} : { observedGeneration }),
      ...(conditions === undefined ? {} : { conditions }),
    }
    actions.push({ verb: 'patch', target, subresource: 'status', patch: { metadata: { uid, resourceVersion }, status: changed } })
  }
  // Finalizers keep it after it was asked for: asking again changes nothing.
  const isAskedFor = pod.metadata.deletionTimestamp !== undefined && pod.metadata.deletionGracePeriodSeconds === 0
  if (!isAskedFor) actions.push({ verb: 'delete', target, preconditions: { uid }, gracePeriodSeconds: 0 })
  return { actions, ...(finalizers.length === 0 ? {} : { waitingOn: `finalizers: ${finalizers.join(', ')}` }) }
}
