/**
 * Watches over nodes: one that falls silent is marked as unknown and tainted, its pods as not ready; one that comes back is
 * freed. It reads leases when it looks, not when they are renewed: a look in a grace period is enough.
 */
import type { Lease, Node, Pod } from '../../api/types.gen.ts'
import type { ControllerDefinition } from '../../runtime/controller.ts'
import { type ObservedNode, paceOf, type RemovedNode, reconcileNode, reconcileRemovedNode } from './reconcile.ts'
import { isReady, Zones, zoneOf } from './zones.ts'

/** @param watchedSince when the process began to run controllers, in milliseconds since the epoch */
export function nodeLifecycleController(watchedSince: number): ControllerDefinition<ObservedNode | RemovedNode> {
  /** Uids by name. */
  const known = new Map<string, string>()
  const zones = new Zones()
  /** The last node of each zone that was tainted so that its pods go. In no object: it begins anew after a restart, as upstream's. */
  const evictions = new Map<string, { readonly at: number; readonly name: string }>()
  return {
    name: 'node-lifecycle',
    component: 'node-controller',
    reconciles: 'nodes',
    watches: {
      nodes: (current, old) => zones.set((current ?? old)!.metadata.name, current as Node | undefined),
      pods: (current, old, reader) => {
        const pod = current as Pod | undefined
        if (!pod?.spec.nodeName || (old as Pod | undefined)?.spec.nodeName === pod.spec.nodeName) return []
        const node = reader.get<Node>('nodes', '', pod.spec.nodeName)
        return node === undefined || isReady(node) ? [] : [node.metadata.name]
      },
      'leases.coordination.k8s.io': () => [],
    },
    indexes: { pods: { nodeName: (pod: Pod) => (pod.spec.nodeName ? [pod.spec.nodeName] : []) } },
    observe(reader, key) {
      const node = reader.get<Node>('nodes', '', key)
      if (node === undefined) {
        const uid = known.get(key)
        known.delete(key)
        return uid === undefined ? undefined : { removed: { name: key, uid } }
      }
      const isNew = !known.has(key)
      known.set(key, node.metadata.uid)
      const last = evictions.get(zoneOf(node))
      return {
        node,
        lease: reader.get<Lease>('leases.coordination.k8s.io', 'kube-node-lease', key),
        podsOnNode: () => reader.indexed<Pod>('pods', 'nodeName', key),
        disruption: zones.of(node),
        // Whose turn it was may try again.
        lastEvictionAt: last?.name === key ? undefined : last?.at,
        isNew,
      }
    },
    reconcile(observed, { now }) {
      if ('removed' in observed) return reconcileRemovedNode(observed)
      const plan = reconcileNode(observed, watchedSince, now)
      // Taken note of at once: the next node may be looked at before this one's taint is written.
      if (paceOf(observed, now).eviction === 'add') evictions.set(zoneOf(observed.node), { at: now, name: observed.node.metadata.name })
      return plan
    },
  }
}
