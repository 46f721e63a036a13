import { defineResource } from '../../definition.ts'
import { timestamp } from '../../meta/time.ts'
import type { Usage } from '../../simulation/usage.ts'
import { column, nameColumn } from '../../table-columns.ts'
import type { Node, NodeMetrics } from '../../types.gen.ts'
import { usageList, windowText } from './pod-metrics.ts'

export const nodeMetrics = defineResource<NodeMetrics>('metrics.k8s.io/v1beta1/nodes', {
  columns: [
    nameColumn,
    column('CPU', 'string', 'What runs on it uses.', ({ usage }) => usage?.cpu ?? ''),
    column('Memory', 'string', 'What runs on it uses.', ({ usage }) => usage?.memory ?? ''),
    column('Window', 'string', 'The time this is about.', ({ window }) => window),
  ],
})

/** What is measured now. Upstream: metrics-server pkg/api/node.go */
export function nodeMetricsOf({ metadata }: Node, usage: Usage, now: number): NodeMetrics {
  const { name, labels } = metadata
  return {
    kind: 'NodeMetrics',
    apiVersion: 'metrics.k8s.io/v1beta1',
    metadata: { name, creationTimestamp: timestamp(now), ...(labels && { labels }) } as NodeMetrics['metadata'],
    timestamp: timestamp(now),
    window: windowText,
    usage: usageList(usage),
  }
}
