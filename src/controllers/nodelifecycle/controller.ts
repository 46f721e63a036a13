/**
 * Watches over nodes: one that falls silent is marked as unknown and tainted, its pods as not ready; one that comes back is
 * freed. It reads leases when it looks, not when they are renewed: a look in a grace period is enough.
 */
import type { Lease, Node, Pod } from '../../api/types.gen.ts'
import type { ControllerDefinition } from '../../runtime/controller.ts'
import { isReady } from './eviction-pace.ts'
import { type ObservedNode, type RemovedNode, reconcileNode, reconcileRemovedNode } from './reconcile.ts'

/** @param watchedSince when the process began to run controllers, in milliseconds since the epoch */
export function nodeLifecycleController(watchedSince: number): ControllerDefinition<ObservedNode | RemovedNode> {
  /** Uids by name. */
  const known = new Map<string, string>()
  return {
    name: 'node-lifecycle',
    component: 'node-controller',
    reconciles: 'nodes',
    watches: {
      nodes: (current, old, reader) => {
        const [before, after] = [old as Node | undefined, current as Node | undefined]
        const hasChanged = (before !== undefined && isReady(before)) !== (after !== undefined && isReady(after))
        // How many are ready decides how the others are treated.
        if (!hasChanged) return []
        return reader
          .list<Node>('nodes')
          .filter((node) => !isReady(node))
          .map(({ metadata }) => metadata.name)
      },
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
      return {
        node,
        lease: reader.get<Lease>('leases.coordination.k8s.io', 'kube-node-lease', key),
        podsOnNode: () => reader.indexed<Pod>('pods', 'nodeName', key),
        allNodes: () => reader.list<Node>('nodes'),
        isNew,
      }
    },
    reconcile: (observed, { now }) => ('removed' in observed ? reconcileRemovedNode(observed) : reconcileNode(observed, watchedSince, now)),
  }
}
