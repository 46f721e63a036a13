/**
 * Watches over nodes: one that falls silent is marked as unknown and tainted, its pods as not ready; one that comes back is
 * freed. It reads leases when it looks, not when they are renewed: a look in a grace period is enough.
 */
import type { Lease, Node, Pod } from '../../api/types.gen.ts'
import type { ControllerDefinition } from '../../runtime/controller.ts'
import { isReady } from './eviction-pace.ts'
import { type ObservedNode, reconcileNode } from './reconcile.ts'

/** @param watchedSince when the process began to run controllers, in milliseconds since the epoch */
export function nodeLifecycleController(watchedSince: number): ControllerDefinition<ObservedNode> {
  const known = new Set<string>()
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
        known.delete(key)
        return undefined
      }
      const isNew = !known.has(key)
      known.add(key)
      return {
        node,
        lease: reader.get<Lease>('leases.coordination.k8s.io', 'kube-node-lease', key),
        podsOnNode: () => reader.indexed<Pod>('pods', 'nodeName', key),
        allNodes: () => reader.list<Node>('nodes'),
        isNew,
      }
    },
    reconcile: (observed, { now }) => reconcileNode(observed, watchedSince, now),
  }
}
