/** Deletes pods from nodes with NoExecute taints, when the time they tolerate them is over. Upstream: pkg/controller/tainteviction. */
import { toleratesTaint } from '../../api/core/v1/node-match.ts'
import { findCondition, withCondition } from '../../api/meta/conditions.ts'
import { parseTimestamp, timestamp } from '../../api/meta/time.ts'
import type { Node, Pod, Taint } from '../../api/types.gen.ts'
import type { ControllerDefinition } from '../../runtime/controller.ts'
import { keyOf, splitKey } from '../../runtime/owner-keys.ts'
import type { Plan } from '../../runtime/plan.ts'

export interface TaintedPod {
  readonly pod: Pod
  /** NoExecute ones, each with the instant it was seen first where it doesn't say itself. */
  readonly taints: readonly Taint[]
}

export function taintEvictionController(): ControllerDefinition<TaintedPod> {
  /** When taints that have no time were first met, by node and taint. They are counted anew after a restart, as upstream's. */
  const firstSeen = new Map<string, number>()
  return {
    name: 'taint-eviction',
    reconciles: 'pods',
    watches: {
      nodes: (current, old, reader) => {
        const { name } = (current ?? old)!.metadata
        const [before, after] = [noExecute(old as Node | undefined), noExecute(current as Node | undefined)]
        for (const taint of before) if (!after.some((each) => isSame(each, taint))) firstSeen.delete(idOf(name, taint))
        if (JSON.stringify(before) === JSON.stringify(after)) return []
        return reader.indexed<Pod>('pods', 'nodeName', name).map(({ metadata }) => keyOf(metadata.namespace, metadata.name))
      },
    },
    indexes: { pods: { nodeName: (pod: Pod) => (pod.spec.nodeName ? [pod.spec.nodeName] : []) } },
    observe(reader, key) {
      const { namespace, name } = splitKey(key)
      const pod = reader.get<Pod>('pods', namespace, name)
      if (!pod?.spec.nodeName || pod.metadata.deletionTimestamp !== undefined) return undefined
      const taints = noExecute(reader.get<Node>('nodes', '', pod.spec.nodeName))
      return taints.length === 0 ? undefined : { pod, taints }
    },
    reconcile({ pod, taints }, { now }) {
      const seenAt = (taint: Taint): number => {
        const added = parseTimestamp(taint.timeAdded)
        if (!Number.isNaN(added)) return added
        const id = idOf(pod.spec.nodeName!, taint)
        const known = firstSeen.get(id) ?? now
        firstSeen.set(id, known)
        return known
      }
      return reconcileTainted(pod, taints, seenAt, now)
    },
  }
}

export function reconcileTainted(pod: Pod, taints: readonly Taint[], seenAt: (taint: Taint) => number, now: number): Plan {
  const evictsAt = evictionTime(pod, taints, seenAt, now)
  if (evictsAt === undefined) return {}
  const taintKeys = taints.map(({ key }) => key).join(', ')
  if (evictsAt > now) return { requeueAfterMs: evictsAt - now, waitingOn: `toleration of ${taintKeys} to end` }
  const { name, namespace, uid, resourceVersion } = pod.metadata
  const target = { resource: 'pods', namespace, name }
  const conditions = withCondition(pod.status?.conditions, {
    lastTransitionTime: timestamp(now),
    message: 'Taint manager: deleting due to NoExecute taint',
    reason: 'DeletionByTaintManager',
    status: 'True',
    type: 'DisruptionTarget',
  })
  const event = { type: 'Normal', reason: 'TaintManagerEviction', message: `Marking for deletion Pod ${namespace}/${name}` } as const
  return {
    actions: [
      { verb: 'patch', target, subresource: 'status', patch: { metadata: { uid, resourceVersion }, status: { conditions } } },
      { verb: 'delete', target, preconditions: { uid }, event },
    ],
  }
}

/** undefined when all taints are tolerated for good. */
function evictionTime(pod: Pod, taints: readonly Taint[], seenAt: (taint: Taint) => number, now: number): number | undefined {
  let seconds: number | undefined
  for (const taint of taints) {
    const toleration = pod.spec.tolerations?.find((each) => toleratesTaint(each, taint))
    if (toleration === undefined) return now
    if (toleration.tolerationSeconds !== undefined)
      seconds = Math.min(seconds ?? Number.POSITIVE_INFINITY, Math.max(0, toleration.tolerationSeconds))
  }
  if (seconds === undefined) return undefined
  // A pod that came to a tainted node gets its time from then.
  const boundAt = parseTimestamp(
    findCondition(pod.status?.conditions, 'PodScheduled')?.lastTransitionTime ?? pod.metadata.creationTimestamp,
  )
  return Math.max(...taints.map(seenAt), Number.isNaN(boundAt) ? 0 : boundAt) + seconds * 1000
}

function noExecute(node: Node | undefined): readonly Taint[] {
  return node?.spec.taints?.filter(({ effect }) => effect === 'NoExecute') ?? []
}

function isSame(a: Taint, b: Taint): boolean {
  return a.key === b.key && a.value === b.value
}

function idOf(node: string, taint: Taint): string {
  return `${node}\n${taint.key}\n${taint.value ?? ''}`
}
