/**
 * Where the pods are that a pod's affinities and spread constraints speak of, summed up by topology domain: worked out once
 * for a pod, then asked for each node.
 */
import { findUntoleratedTaint, matchesNodeAffinity, matchesNodeSelector } from '../api/core/v1/node-match.ts'
import { controllerOf } from '../api/meta/owner-references.ts'
import type { Node, Pod, PodAffinityTerm, TopologySpreadConstraint } from '../api/types.gen.ts'
import { affinityMatcher, type NamespaceLabels, spreadMatcher } from './pod-matcher.ts'
import type { SchedulerCache } from './scheduler-cache.ts'

export const ZONE = 'topology.kubernetes.io/zone'

export interface TermState {
  readonly topologyKey: string
  readonly byDomain: ReadonlyMap<string, number>
  readonly matchesItself: boolean
  readonly weight: number
}

export interface SpreadState {
  readonly constraint: TopologySpreadConstraint
  readonly byDomain: ReadonlyMap<string, number>
  readonly smallest: number
  readonly matchesItself: boolean
}

export interface TopologyState {
  readonly affinity: readonly TermState[]
  readonly antiAffinity: readonly TermState[]
  /** Of placed pods, against this one. */
  readonly placedAntiAffinity: readonly TermState[]
  /** Weights are negative for anti-affinity. */
  readonly preferred: readonly TermState[]
  readonly spread: readonly SpreadState[]
  readonly preferredSpread: readonly SpreadState[]
  /** How many pods of the same controller are in each zone. */
  readonly controllerByZone: () => ReadonlyMap<string, number>
}

/** @param without pods to leave out of account, by key */
export function topologyState(cache: SchedulerCache, pod: Pod, labelsOf: NamespaceLabels, without?: ReadonlySet<string>): TopologyState {
  const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {}
  const term = (affinity: PodAffinityTerm, weight = 1): TermState => {
    const matcher = affinityMatcher(affinity, pod, labelsOf)
    return {
      topologyKey: affinity.topologyKey,
      byDomain: sumByDomain(cache, cache.countsOf(matcher, without), affinity.topologyKey),
      matchesItself: matcher.matches(pod),
      weight,
    }
  }
  const constraints = pod.spec.topologySpreadConstraints ?? []
  const spread = (when: string) =>
    constraints
      .filter(({ whenUnsatisfiable }) => whenUnsatisfiable === when)
      .map((constraint) => spreadState(cache, constraint, pod, without))
  let byZone: ReadonlyMap<string, number> | undefined
  return {
    affinity: (podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map((each) => term(each)),
    antiAffinity: (podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map((each) => term(each)),
    placedAntiAffinity: [...cache.placedTerms(without)]
      .filter(({ matcher }) => matcher.matches(pod))
      .map(({ topologyKey, byNode }) => ({
        topologyKey,
        byDomain: sumByDomain(cache, byNode, topologyKey),
        matchesItself: true,
        weight: 1,
      })),
    preferred: [
      ...(podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((each) => term(each.podAffinityTerm, each.weight)),
      ...(podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((each) => term(each.podAffinityTerm, -each.weight)),
    ],
    spread: spread('DoNotSchedule'),
    preferredSpread: spread('ScheduleAnyway'),
    controllerByZone: () => (byZone ??= ofControllerByZone(cache, pod)),
  }
}

export function domainOf(node: Node, topologyKey: string): string | undefined {
  return node.metadata.labels?.[topologyKey]
}

function sumByDomain(cache: SchedulerCache, byNode: ReadonlyMap<string, number>, topologyKey: string): Map<string, number> {
  const byDomain = new Map<string, number>()
  for (const [name, count] of byNode) {
    const node = cache.node(name)?.node
    const domain = node === undefined ? undefined : domainOf(node, topologyKey)
    if (domain !== undefined) byDomain.set(domain, (byDomain.get(domain) ?? 0) + count)
  }
  return byDomain
}

function ofControllerByZone(cache: SchedulerCache, pod: Pod): Map<string, number> {
  const byZone = new Map<string, number>()
  const uid = controllerOf(pod)?.uid
  if (uid === undefined) return byZone
  for (const { node, ofController } of cache.nodes()) {
    const count = ofController.get(uid)
    const zone = domainOf(node!, ZONE)
    if (count === undefined || zone === undefined) continue
    if (matchesNodeSelector(pod, node!) && matchesNodeAffinity(pod, node!)) byZone.set(zone, (byZone.get(zone) ?? 0) + count)
  }
  return byZone
}

/** Only domains of nodes that the pod may be on count. Upstream: podtopologyspread/filtering.go calPreFilterState. */
function spreadState(cache: SchedulerCache, constraint: TopologySpreadConstraint, pod: Pod, without?: ReadonlySet<string>): SpreadState {
  const matcher = spreadMatcher(constraint, pod)
  const counts = cache.countsOf(matcher, without)
  const byDomain = new Map<string, number>()
  for (const { name, node } of cache.nodes()) {
    const domain = domainOf(node!, constraint.topologyKey)
    if (domain === undefined || !isEligible(constraint, pod, node!)) continue
    byDomain.set(domain, (byDomain.get(domain) ?? 0) + (counts.get(name) ?? 0))
  }
  const isShortOfDomains = byDomain.size < (constraint.minDomains ?? 1)
  const smallest = isShortOfDomains || byDomain.size === 0 ? 0 : Math.min(...byDomain.values())
  return { constraint, byDomain, smallest, matchesItself: matcher.matches(pod) }
}

function isEligible(constraint: TopologySpreadConstraint, pod: Pod, node: Node): boolean {
  if ((constraint.nodeAffinityPolicy ?? 'Honor') === 'Honor' && !(matchesNodeSelector(pod, node) && matchesNodeAffinity(pod, node)))
    return false
  if ((constraint.nodeTaintsPolicy ?? 'Ignore') === 'Ignore') return true
  return findUntoleratedTaint(node.spec.taints, pod.spec.tolerations, ({ effect }) => effect !== 'PreferNoSchedule') === undefined
}
