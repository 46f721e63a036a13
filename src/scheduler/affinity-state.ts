/** Where the pods are that required pod affinities speak of: the pod's own and those of others against it. Upstream: interpodaffinity/filtering.go. */
import type { Node, Pod } from '../api/types.gen.ts'
import { increase } from './pod-counts.ts'
import type { AffinityTerm, PodInfo } from './pod-info.ts'
import { allOf, type PodMatcher } from './pod-matcher.ts'
import type { SchedulerCache } from './scheduler-cache.ts'
import { domainOf } from './spread-state.ts'

/** Numbers by domain, by topology key. */
export type ByTopology = Map<string, Map<string, number>>

export class AffinityState {
  readonly pod: PodInfo
  /** Pods that all the pod's affinity terms match together: one that only some match is none of its company. */
  readonly #company: PodMatcher | undefined
  readonly #withCompany: ByTopology = new Map()
  readonly #withEnemies: ByTopology = new Map()
  readonly #closed: ByTopology = new Map()

  constructor(cache: SchedulerCache, pod: PodInfo) {
    this.pod = pod
    const { required, requiredAgainst } = pod.affinity
    if (required.length > 0) {
      this.#company = allOf(required.map(({ matcher }) => matcher))
      const byNode = cache.counts.of(this.#company)
      for (const { topologyKey } of required) sumUp(cache, this.#withCompany, topologyKey, byNode)
    }
    for (const { topologyKey, matcher } of requiredAgainst) sumUp(cache, this.#withEnemies, topologyKey, cache.counts.of(matcher))
    for (const { term, weight, byNode } of cache.placedTerms.about(pod.pod)) {
      if (weight === undefined) sumUp(cache, this.#closed, term.topologyKey, byNode)
    }
  }

  /** Is the node with the company the pod asks for? */
  isWanted(node: Node): boolean {
    const { required } = this.pod.affinity
    const domains = required.map(({ topologyKey }) => domainOf(node, topologyKey))
    if (domains.includes(undefined)) return false
    if (required.every(({ topologyKey }, index) => has(this.#withCompany, topologyKey, domains[index]!))) return true
    // The first of a group that wants to be together has nobody to be with. Upstream: satisfyPodAffinity.
    return this.#withCompany.size === 0 && this.#company!.matches(this.pod.pod)
  }

  /** Is a pod there that the pod won't be with? */
  isShunned(node: Node): boolean {
    return this.pod.affinity.requiredAgainst.some(({ topologyKey }) => {
      const domain = domainOf(node, topologyKey)
      return domain !== undefined && has(this.#withEnemies, topologyKey, domain)
    })
  }

  /** Is a pod there that won't be with the pod? */
  isClosed(node: Node): boolean {
    for (const [topologyKey, domains] of this.#closed) {
      const domain = domainOf(node, topologyKey)
      if (domain !== undefined && domains.has(domain)) return true
    }
    return false
  }

  /** Another pod comes to the node or goes from it. */
  change(other: PodInfo, node: Node, by: 1 | -1): void {
    const { required, requiredAgainst } = this.pod.affinity
    if (this.#company?.matches(other.pod)) for (const { topologyKey } of required) addTo(this.#withCompany, node, topologyKey, by)
    addMatching(this.#withEnemies, requiredAgainst, other.pod, node, by)
    addMatching(this.#closed, other.affinity.requiredAgainst, this.pod.pod, node, by)
  }
}

function addMatching(totals: ByTopology, terms: readonly AffinityTerm[], pod: Pod, node: Node, by: 1 | -1): void {
  for (const { topologyKey, matcher } of terms) if (matcher.matches(pod)) addTo(totals, node, topologyKey, by)
}

function has(totals: ByTopology, topologyKey: string, domain: string): boolean {
  return (totals.get(topologyKey)?.get(domain) ?? 0) > 0
}

function addTo(totals: ByTopology, node: Node, topologyKey: string, by: number): void {
  const domain = domainOf(node, topologyKey)
  if (domain === undefined) return
  let domains = totals.get(topologyKey)
  if (domains === undefined) {
    domains = new Map()
    totals.set(topologyKey, domains)
  }
  increase(domains, domain, by)
  if (domains.size === 0) totals.delete(topologyKey)
}

/** @param weight of each pod */
export function sumUp(
  cache: SchedulerCache,
  totals: ByTopology,
  topologyKey: string,
  byNode: ReadonlyMap<string, number>,
  weight = 1,
): void {
  for (const [name, count] of byNode) {
    const node = cache.node(name)?.node
    if (node !== undefined) addTo(totals, node, topologyKey, count * weight)
  }
}
