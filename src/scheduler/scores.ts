/**
 * How well a node suits a pod. Each score rates all nodes that passed the filters from 0 to 100; the weighted sums are
 * compared. Weights are upstream's default plugins'.
 */
import { matchesNodeSelectorTerm, toleratesTaint } from '../api/core/v1/node-match.ts'
import type { SchedulingContext } from './filters.ts'
import type { NodeInfo } from './node-info.ts'
import { spreadScores } from './spread-score.ts'
import { domainOf } from './topology-state.ts'
import { isSelectedByClaims } from './volume-claims.ts'

export interface Score {
  readonly weight: number
  /** Upstream normalizes by the greatest; `reverse` where less is better, `none` where it is a rating already. */
  readonly normalize: 'none' | 'max' | 'reverse' | 'range'
  readonly isNeeded?: (context: SchedulingContext, nodes: readonly NodeInfo[]) => boolean
  readonly rate: (context: SchedulingContext, node: NodeInfo) => number
}

const BEST = 100
const SPREAD_WEIGHT = 2

const leastAllocated: Score = {
  weight: 1,
  normalize: 'none',
  rate: ({ pod }, node) => {
    const free = (allocatable: number, used: number) =>
      allocatable === 0 || used > allocatable ? 0 : ((allocatable - used) * BEST) / allocatable
    const cpu = free(node.allocatable.get('cpu') ?? 0, node.scoredCpu + pod.scoredCpu)
    return Math.floor((Math.floor(cpu) + Math.floor(free(node.allocatable.get('memory') ?? 0, node.scoredMemory + pod.scoredMemory))) / 2)
  },
}

/** Whether the pod makes the use of cpu and memory more alike or less. Upstream: balanced_allocation.go balancedResourceScorer. */
const balancedAllocation: Score = {
  weight: 1,
  normalize: 'none',
  isNeeded: ({ pod }) => (pod.requests.get('cpu') ?? 0) > 0 || (pod.requests.get('memory') ?? 0) > 0,
  rate: ({ pod }, node) => {
    const after = balanceOf(node, pod.requests.get('cpu') ?? 0, pod.requests.get('memory') ?? 0)
    return BEST / 2 + Math.trunc((BEST / 2 + after - balanceOf(node, 0, 0)) / 2)
  },
}

/** How alike the shares of cpu and memory in use are, with so much more of each in use. */
function balanceOf({ allocatable, requested }: NodeInfo, moreCpu: number, moreMemory: number): number {
  const cpu = allocatable.get('cpu') ?? 0
  const memory = allocatable.get('memory') ?? 0
  if (cpu === 0 || memory === 0) return BEST
  const cpuShare = Math.min(1, ((requested.get('cpu') ?? 0) + moreCpu) / cpu)
  const memoryShare = Math.min(1, ((requested.get('memory') ?? 0) + moreMemory) / memory)
  return Math.trunc((1 - Math.abs(cpuShare - memoryShare) / 2) * BEST)
}

const taintToleration: Score = {
  weight: 3,
  normalize: 'reverse',
  rate: ({ pod }, { node }) => {
    // Only tolerations that can be about this effect. Upstream: taint_toleration.go getAllTolerationPreferNoSchedule.
    const tolerations = (pod.pod.spec.tolerations ?? []).filter(({ effect }) => !effect || effect === 'PreferNoSchedule')
    const taints = (node!.spec.taints ?? []).filter(({ effect }) => effect === 'PreferNoSchedule')
    return taints.filter((taint) => !tolerations.some((toleration) => toleratesTaint(toleration, taint))).length
  },
}

const nodeAffinity: Score = {
  weight: 2,
  normalize: 'max',
  isNeeded: ({ pod }) => (pod.pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution?.length ?? 0) > 0,
  rate: ({ pod }, { node }) => {
    let sum = 0
    for (const { preference, weight } of pod.pod.spec.affinity!.nodeAffinity!.preferredDuringSchedulingIgnoredDuringExecution!) {
      if (matchesNodeSelectorTerm(preference, node!)) sum += weight
    }
    return sum
  },
}

const interPodAffinity: Score = {
  weight: 2,
  normalize: 'range',
  isNeeded: ({ topology }) => topology.preferred.length > 0,
  rate: ({ topology }, { node }) => {
    let sum = 0
    for (const { topologyKey, byDomain, weight } of topology.preferred) {
      const domain = domainOf(node!, topologyKey)
      if (domain !== undefined) sum += weight * (byDomain.get(domain) ?? 0)
    }
    return sum
  },
}

/** Claims were told this node: on another they would have to be told anew. Outweighs all else. */
const selectedByClaims: Score = {
  weight: 1000,
  normalize: 'none',
  isNeeded: ({ claims }) => claims.unbound.length > 0,
  rate: ({ claims }, node) => (isSelectedByClaims(claims, node.name) ? BEST : 0),
}

export const SCORES: readonly Score[] = [
  leastAllocated,
  balancedAllocation,
  taintToleration,
  nodeAffinity,
  interPodAffinity,
  selectedByClaims,
]

/** The weighted sum for each of the nodes, in their order. */
export function totalScores(context: SchedulingContext, nodes: readonly NodeInfo[]): number[] {
  const totals = new Array<number>(nodes.length).fill(0)
  for (const { weight, normalize, isNeeded, rate } of SCORES) {
    if (isNeeded !== undefined && !isNeeded(context, nodes)) continue
    const rates = nodes.map((node) => rate(context, node))
    const greatest = Math.max(...rates)
    const least = Math.min(...rates)
    for (const [index, value] of rates.entries()) totals[index]! += weight * normalized(value, normalize, least, greatest)
  }
  const spread = spreadScores(context, nodes)
  if (spread !== undefined) for (const [index, value] of spread.entries()) totals[index]! += SPREAD_WEIGHT * value
  return totals
}

function normalized(value: number, how: Score['normalize'], least: number, greatest: number): number {
  switch (how) {
    case 'none':
      return value
    case 'max':
      return greatest === 0 ? 0 : Math.floor((BEST * value) / greatest)
    case 'reverse':
      return greatest === 0 ? BEST : BEST - Math.floor((BEST * value) / greatest)
    case 'range':
      return greatest === least ? 0 : Math.floor((BEST * (value - least)) / (greatest - least))
  }
}
