/** Where the pods are that a pod's hard spread constraints count. Upstream: podtopologyspread/filtering.go calPreFilterState. */
import { findUntoleratedTaint, matchesNodeAffinity, matchesNodeSelector } from '../api/core/v1/node-match.ts'
import { matchesSelector } from '../api/meta/selectors.ts'
import type { Node, Pod, TopologySpreadConstraint } from '../api/types.gen.ts'
import { DomainCounts } from './domain-counts.ts'
import type { PodInfo } from './pod-info.ts'
import { type PodMatcher, spreadMatcher, spreadSelector } from './pod-matcher.ts'
import type { SchedulerCache } from './scheduler-cache.ts'

export interface SpreadConstraint {
  readonly topologyKey: string
  readonly maxSkew: number
  readonly minDomains: number
  readonly matcher: PodMatcher
  /** By labels alone. */
  readonly selects: (pod: Pod) => boolean
  readonly matchesItself: boolean
  /** Are the pods of the node counted? */
  readonly isEligible: (node: Node) => boolean
}

interface CountedConstraint {
  readonly constraint: SpreadConstraint
  readonly domains: DomainCounts
}

export class SpreadState {
  readonly counted: readonly CountedConstraint[]

  constructor(cache: SchedulerCache, pod: Pod) {
    const constraints = spreadConstraints(pod, 'DoNotSchedule')
    this.counted = constraints.map((constraint) => ({ constraint, domains: new DomainCounts() }))
    if (constraints.length === 0) return
    const counts = constraints.map(({ matcher }) => cache.counts.of(matcher))
    for (const { name, node } of cache.nodes()) {
      this.#eachDomain(node!, ({ domains }, domain, index) => domains.add(domain, counts[index]!.get(name) ?? 0))
    }
  }

  /** A pod comes to the node or goes from it. */
  change({ pod }: PodInfo, node: Node, by: 1 | -1): void {
    this.#eachDomain(node, ({ constraint, domains }, domain) => {
      if (constraint.matcher.matches(pod)) domains.add(domain, by)
    })
  }

  /** Only nodes that have all of the constraints' keys count. */
  #eachDomain(node: Node, visit: (counted: CountedConstraint, domain: string, index: number) => void): void {
    if (this.counted.length === 0 || !hasEveryKey(node, this.counted)) return
    for (const [index, counted] of this.counted.entries()) {
      const { topologyKey, isEligible } = counted.constraint
      if (isEligible(node)) visit(counted, domainOf(node, topologyKey)!, index)
    }
  }
}

function hasEveryKey(node: Node, counted: readonly CountedConstraint[]): boolean {
  return counted.every(({ constraint }) => domainOf(node, constraint.topologyKey) !== undefined)
}

export function domainOf({ metadata }: Node, topologyKey: string): string | undefined {
  return metadata.labels?.[topologyKey]
}

/** The pod's own constraints of one kind. */
export function spreadConstraints(pod: Pod, whenUnsatisfiable: 'DoNotSchedule' | 'ScheduleAnyway'): SpreadConstraint[] {
  return (pod.spec.topologySpreadConstraints ?? [])
    .filter((constraint) => constraint.whenUnsatisfiable === whenUnsatisfiable)
    .map((constraint) => {
      const selector = spreadSelector(constraint, pod)
      const selects = ({ metadata }: Pod) => selector !== undefined && matchesSelector(selector, metadata.labels)
      return {
        topologyKey: constraint.topologyKey,
        maxSkew: constraint.maxSkew,
        minDomains: constraint.minDomains ?? 1,
        matcher: spreadMatcher(selector, pod.metadata.namespace),
        selects,
        matchesItself: selects(pod),
        isEligible: eligibility(constraint, pod),
      }
    })
}

/** Upstream: topologySpreadConstraint.matchNodeInclusionPolicies. */
export function eligibility(
  { nodeAffinityPolicy, nodeTaintsPolicy }: Partial<TopologySpreadConstraint>,
  pod: Pod,
): (node: Node) => boolean {
  const honorsAffinity = (nodeAffinityPolicy ?? 'Honor') === 'Honor'
  const honorsTaints = nodeTaintsPolicy === 'Honor'
  return (node) =>
    (!honorsAffinity || (matchesNodeSelector(pod, node) && matchesNodeAffinity(pod, node))) &&
    (!honorsTaints ||
      findUntoleratedTaint(node.spec.taints, pod.spec.tolerations, ({ effect }) => effect !== 'PreferNoSchedule') === undefined)
}
