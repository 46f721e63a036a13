/**
 * Empties nodes that are being drained, as `kubectl drain --ignore-daemonsets --force --delete-emptydir-data` does: every pod is evicted but
 * those that would come back (static pods and those of DaemonSets); budgets hold it up. Upstream: kubectl pkg/drain filters.go, drain.go.
 */
import { controllerOf } from '../api/meta/owner-references.ts'
import type { Node, Pod } from '../api/types.gen.ts'
import type { ControllerDefinition, Key } from '../runtime/controller.ts'
import { keyOf, splitKey } from '../runtime/owner-keys.ts'
import type { Plan } from '../runtime/plan.ts'
import { isDraining } from './node-state.ts'
import { isFinished } from './pod-lifecycle.ts'
import { isMirror } from './static-pods/reconcile.ts'

/** How soon an eviction that a budget refused is tried again. Upstream: drain.go evictPods. */
const RETRY_MS = 5000

export function drainController(): ControllerDefinition<Pod> {
  /** When pods were last asked to go, in milliseconds since the epoch. */
  const asked = new Map<Key, { readonly uid: string; readonly at: number }>()
  return {
    name: 'node-drain',
    partOf: 'kubelet',
    reconciles: 'pods',
    watches: {
      nodes: (current, old, reader) => {
        const [before, after] = [old as Node | undefined, current as Node | undefined]
        if (after === undefined || !isDraining(after) || (before !== undefined && isDraining(before))) return []
        return reader.indexed<Pod>('pods', 'nodeName', after.metadata.name).map(keyOfPod)
      },
    },
    indexes: { pods: { nodeName: (pod: Pod) => (pod.spec.nodeName ? [pod.spec.nodeName] : []) } },
    observe(reader, key) {
      const { namespace, name } = splitKey(key)
      const pod = reader.get<Pod>('pods', namespace, name)
      const node = pod?.spec.nodeName ? reader.get<Node>('nodes', '', pod.spec.nodeName) : undefined
      if (pod !== undefined && node !== undefined && isDraining(node) && isToGo(pod)) return pod
      asked.delete(key)
      return undefined
    },
    reconcile(pod, { now }) {
      const key = keyOfPod(pod)
      const last = asked.get(key)
      const plan = evictionPlan(pod, last?.uid === pod.metadata.uid ? last.at : undefined, now)
      if (plan.actions !== undefined) asked.set(key, { uid: pod.metadata.uid, at: now })
      return plan
    },
  }
}

/** @param askedAt when it was last asked to go, in milliseconds since the epoch */
export function evictionPlan(pod: Pod, askedAt: number | undefined, now: number): Plan {
  const next = (askedAt ?? now - RETRY_MS) + RETRY_MS
  const { name, namespace } = pod.metadata
  const target = { resource: 'pods', namespace, name }
  if (next <= now) return { actions: [{ verb: 'evict', target }] }
  return { requeueAfterMs: next - now, waitingOn: 'a PodDisruptionBudget that allows its eviction' }
}

function isToGo(pod: Pod): boolean {
  if (pod.metadata.deletionTimestamp !== undefined || isMirror(pod)) return false
  return isFinished(pod.status) || controllerOf(pod)?.kind !== 'DaemonSet'
}

function keyOfPod({ metadata }: Pod): Key {
  return keyOf(metadata.namespace, metadata.name)
}
