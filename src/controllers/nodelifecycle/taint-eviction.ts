/** Deletes pods from nodes with NoExecute taints, when the time they tolerate them is over. Upstream: pkg/controller/tainteviction. */
import { toleratesTaint } from '../../api/core/v1/node-match.ts'
import { withCondition } from '../../api/meta/conditions.ts'
import { timestamp } from '../../api/meta/time.ts'
import type { KubeObject } from '../../api/object.ts'
import type { Node, Pod, Taint } from '../../api/types.gen.ts'
import type { ControllerDefinition } from '../../runtime/controller.ts'
import { keyOf, splitKey } from '../../runtime/owner-keys.ts'
import type { Plan, PlannedEvent } from '../../runtime/plan.ts'

export interface TaintedPod {
  readonly namespace: string
  readonly name: string
  /** undefined when it is gone. */
  readonly pod: Pod | undefined
  /** NoExecute ones, of its node. */
  readonly taints: readonly Taint[]
}

export function taintEvictionController(): ControllerDefinition<TaintedPod> {
  /** When pods are to go, by key. It is in no object, so it begins anew after a restart, as upstream's. */
  const scheduled = new Map<string, number>()
  return {
    name: 'taint-eviction',
    reconciles: 'pods',
    watches: {
      nodes: (current, old, reader) => {
        const { name } = (current ?? old)!.metadata
        const [before, after] = [noExecute(old as Node | undefined), noExecute(current as Node | undefined)]
        if (JSON.stringify(before) === JSON.stringify(after)) return []
        return reader.indexed<Pod>('pods', 'nodeName', name).map(({ metadata }) => keyOf(metadata.namespace, metadata.name))
      },
    },
    indexes: { pods: { nodeName: (pod: Pod) => (pod.spec.nodeName ? [pod.spec.nodeName] : []) } },
    observe(reader, key) {
      const { namespace, name } = splitKey(key)
      const pod = reader.get<Pod>('pods', namespace, name)
      // One that is going needs no taint to go.
      if (pod?.metadata.deletionTimestamp !== undefined) return undefined
      const taints = pod?.spec.nodeName ? noExecute(reader.get<Node>('nodes', '', pod.spec.nodeName)) : []
      return taints.length > 0 || scheduled.has(key) ? { namespace, name, pod, taints } : undefined
    },
    reconcile(observed, { now }) {
      const key = keyOf(observed.namespace, observed.name)
      const { plan, evictsAt } = reconcileTainted(observed, scheduled.get(key), now)
      if (evictsAt === undefined) scheduled.delete(key)
      else scheduled.set(key, evictsAt)
      return plan
    },
  }
}

/**
 * @param scheduledAt when it was to go so far
 * @returns also when it is to go from now on; undefined when it isn't
 */
export function reconcileTainted(
  { namespace, name, pod, taints }: TaintedPod,
  scheduledAt: number | undefined,
  now: number,
): { plan: Plan; evictsAt?: number } {
  const seconds = pod === undefined ? undefined : toleratedSeconds(pod, taints)
  // When its time had come it went by it, or is about to.
  const isPending = scheduledAt !== undefined && scheduledAt > now
  const cancelled = eviction(namespace, name, 'Cancelling deletion of')
  if (pod === undefined || seconds === undefined) {
    return { plan: isPending ? { events: [cancelled] } : {} }
  }
  // Once it is counting, other taints and tolerations don't make it start over. Upstream: processPodOnNode.
  const evictsAt = seconds === 0 ? now : (scheduledAt ?? now + seconds * 1000)
  if (evictsAt > now) {
    const keys = taints.map(({ key }) => key).join(', ')
    return { plan: { requeueAfterMs: evictsAt - now, waitingOn: `toleration of ${keys} to end` }, evictsAt }
  }
  return { plan: evict(pod, now, isPending ? [cancelled] : []), evictsAt }
}

function evict(pod: Pod, now: number, events: readonly PlannedEvent[]): Plan {
  const { name, namespace, uid, resourceVersion, generation } = pod.metadata
  const target = { resource: 'pods', namespace, name }
  const conditions = withCondition(pod.status?.conditions, {
    lastTransitionTime: timestamp(now),
    message: 'Taint manager: deleting due to NoExecute taint',
    ...(generation !== undefined && { observedGeneration: generation }),
    reason: 'DeletionByTaintManager',
    status: 'True',
    type: 'DisruptionTarget',
  })
  return {
    actions: [
      { verb: 'patch', target, subresource: 'status', patch: { metadata: { uid, resourceVersion }, status: { conditions } } },
      { verb: 'delete', target, preconditions: { uid }, event: eviction(namespace, name, 'Marking for deletion') },
    ],
    events,
  }
}

/** About the pod by its name alone, as upstream's, for it may be gone. */
function eviction(namespace: string, name: string, what: 'Marking for deletion' | 'Cancelling deletion of'): PlannedEvent {
  const about = { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace } } as KubeObject
  return { type: 'Normal', reason: 'TaintManagerEviction', message: `${what} Pod ${namespace}/${name}`, about }
}

/** For how long the pod tolerates all of the taints: 0 when it doesn't, undefined when it does for good. */
function toleratedSeconds(pod: Pod, taints: readonly Taint[]): number | undefined {
  let seconds: number | undefined
  for (const taint of taints) {
    const toleration = pod.spec.tolerations?.find((each) => toleratesTaint(each, taint))
    if (toleration === undefined) return 0
    if (toleration.tolerationSeconds !== undefined)
      seconds = Math.min(seconds ?? Number.POSITIVE_INFINITY, Math.max(0, toleration.tolerationSeconds))
  }
  return seconds
}

function noExecute(node: Node | undefined): readonly Taint[] {
  return node?.spec.taints?.filter(({ effect }) => effect === 'NoExecute') ?? []
}
