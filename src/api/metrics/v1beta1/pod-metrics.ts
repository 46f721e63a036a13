import { defineResource } from '../../definition.ts'
import { millisText, quantityMillis } from '../../meta/quantity.ts'
import { timestamp } from '../../meta/time.ts'
import { type ContainerUsage, type Usage, WINDOW_MS } from '../../simulation/usage.ts'
import { column, nameColumn } from '../../table-columns.ts'
import type { Pod, PodMetrics } from '../../types.gen.ts'

export const podMetrics = defineResource<PodMetrics>('metrics.k8s.io/v1beta1/pods', {
  columns: [
    nameColumn,
    column('CPU', 'string', 'What its containers use together.', ({ containers }) => totalText(containers, 'cpu')),
    column('Memory', 'string', 'What its containers use together.', ({ containers }) => totalText(containers, 'memory')),
    column('Window', 'string', 'The time this is about.', ({ window }) => window),
  ],
})

/** What is measured now. Upstream: metrics-server pkg/api/pod.go */
export function podMetricsOf({ metadata }: Pod, containers: readonly ContainerUsage[], now: number): PodMetrics {
  const { name, namespace, labels } = metadata
  return {
    kind: 'PodMetrics',
    apiVersion: 'metrics.k8s.io/v1beta1',
    metadata: { name, namespace, creationTimestamp: timestamp(now), ...(labels && { labels }) } as PodMetrics['metadata'],
    timestamp: timestamp(now),
    window: windowText,
    containers: containers.map((container) => ({ name: container.name, usage: usageList(container) })),
  }
}

export const windowText = `${WINDOW_MS / 1000}s`

export function usageList({ cpu, memory }: Usage): Record<string, string> {
  return { cpu: millisText(cpu), memory: millisText(memory, 'BinarySI') }
}

function totalText(containers: PodMetrics['containers'], resource: 'cpu' | 'memory'): string {
  const total = (containers ?? []).reduce((sum, { usage }) => sum + quantityMillis(usage?.[resource]), 0n)
  return millisText(total, resource === 'cpu' ? 'DecimalSI' : 'BinarySI')
}
