/**
 * Keeps the annotation by which kubelets of large clusters ask less often. When the size passes a boundary each node follows with its
 * next change, a heartbeat at the latest: as upstream, so that they don't all change at once.
 */
import type { Node } from '../../api/types.gen.ts'
import type { ControllerDefinition } from '../../runtime/controller.ts'
import { ClusterSize, reconcileTtl } from './reconcile.ts'

export function ttlController(): ControllerDefinition<Node> {
  const size = new ClusterSize()
  return {
    name: 'ttl',
    reconciles: 'nodes',
    watches: {
      nodes: (current, old) => {
        if (old === undefined) size.grow()
        else if (current === undefined) size.shrink()
        return []
      },
    },
    observe: (reader, key) => reader.get<Node>('nodes', '', key),
    reconcile: (node) => reconcileTtl(node, size.ttlSeconds),
  }
}
