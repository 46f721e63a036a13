/** Gives each node the ranges that its pods get their addresses of. Upstream: pkg/controller/nodeipam, the RangeAllocator. */
import type { Node } from '../../api/types.gen.ts'
import type { ControllerDefinition } from '../../runtime/controller.ts'
import type { ClusterRange } from './cluster-range.ts'
import { NodeRanges } from './node-ranges.ts'
import { type ObservedRanges, reconcileRanges } from './reconcile.ts'

export interface NodeIpamOptions {
  readonly clusterRanges: readonly ClusterRange[]
  readonly serviceRanges: readonly string[]
}

export function nodeIpamController({ clusterRanges, serviceRanges }: NodeIpamOptions): ControllerDefinition<ObservedRanges> {
  const ranges = new NodeRanges(clusterRanges, serviceRanges)
  return {
    name: 'node-ipam',
    component: 'cidrAllocator',
    reconciles: 'nodes',
    watches: {},
    observe(reader, key) {
      const node = reader.get<Node>('nodes', '', key)
      if (node === undefined) ranges.release(key)
      if (node === undefined || node.metadata.deletionTimestamp !== undefined) return undefined
      return { node, ranges: ranges.of(node, () => reader.list<Node>('nodes')) }
    },
    reconcile: reconcileRanges,
  }
}
