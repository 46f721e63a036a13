import type { NodeInfo } from '../node-info.ts'
import { BEST, type Plugin } from './plugin.ts'

/** Whether the pod makes the use of cpu and memory more alike or less. Upstream: balanced_allocation.go balancedResourceScorer. */
export const nodeResourcesBalance: Plugin = {
  name: 'NodeResourcesBalancedAllocation',
  score: {
    weight: 1,
    rate({ pod }, nodes) {
      const cpu = pod.requests.get('cpu') ?? 0
      const memory = pod.requests.get('memory') ?? 0
      if (cpu === 0 && memory === 0) return undefined
      return nodes.map((node) => BEST / 2 + Math.trunc((BEST / 2 + balance(node, cpu, memory) - balance(node, 0, 0)) / 2))
    },
  },
  hints: {},
}

/** How alike the shares of cpu and memory in use are, with so much more of each in use. */
function balance({ allocatable, requested }: NodeInfo, moreCpu: number, moreMemory: number): number {
  const cpu = allocatable.get('cpu') ?? 0
  const memory = allocatable.get('memory') ?? 0
  if (cpu === 0 || memory === 0) return BEST
  const cpuShare = Math.min(1, ((requested.get('cpu') ?? 0) + moreCpu) / cpu)
  const memoryShare = Math.min(1, ((requested.get('memory') ?? 0) + moreMemory) / memory)
  return Math.trunc((1 - Math.abs((cpuShare - memoryShare) / 2)) * BEST)
}
