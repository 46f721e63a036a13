import type { Column, RowCondition } from '../../definition.ts'
import { isConditionTrue } from '../../meta/conditions.ts'
import type { Pod } from '../../types.gen.ts'
import { ageColumn, nameColumn } from './metadata-columns.ts'
import { summarizePod } from './pod-status-text.ts'

export const podColumns: readonly Column<Pod>[] = [
  nameColumn,
  {
    name: 'Ready',
    type: 'string',
    description: 'How many of the containers that stay up are ready.',
    priority: 0,
    cell: (pod, now) => summarizePod(pod, now).ready,
  },
  {
    name: 'Status',
    type: 'string',
    description: 'The phase of the pod, or what keeps its containers from running.',
    priority: 0,
    cell: (pod, now) => summarizePod(pod, now).status,
  },
  {
    name: 'Restarts',
    type: 'string',
    description: 'How often containers were started again, and when last.',
    priority: 0,
    cell: (pod, now) => summarizePod(pod, now).restarts,
  },
  ageColumn,
  {
    name: 'IP',
    type: 'string',
    description: 'The first address of the pod.',
    priority: 1,
    cell: ({ status }) => status?.podIPs?.[0]?.ip || '<none>',
  },
  {
    name: 'Node',
    type: 'string',
    description: 'The node the pod is bound to.',
    priority: 1,
    cell: ({ spec }) => spec.nodeName || '<none>',
  },
  {
    name: 'Nominated Node',
    type: 'string',
    description: 'The node where room is being made for the pod.',
    priority: 1,
    cell: ({ status }) => status?.nominatedNodeName || '<none>',
  },
  {
    name: 'Readiness Gates',
    type: 'string',
    description: 'How many of the conditions the pod waits for are true.',
    priority: 1,
    cell: ({ spec, status }) => {
      const gates = spec.readinessGates ?? []
      if (gates.length === 0) return '<none>'
      return `${gates.filter((gate) => isConditionTrue(status?.conditions, gate.conditionType)).length}/${gates.length}`
    },
  },
]

const SUCCEEDED = completed('Succeeded', 'The pod has completed successfully.')
const FAILED = completed('Failed', 'The pod failed.')

function completed(reason: string, message: string): readonly RowCondition[] {
  return [{ type: 'Completed', status: 'True', reason, message }]
}

/** Upstream: printers.go podSuccessConditions, podFailedConditions. */
export function podRowConditions({ status }: Pod): readonly RowCondition[] | undefined {
  if (status?.phase === 'Succeeded') return SUCCEEDED
  return status?.phase === 'Failed' ? FAILED : undefined
}
