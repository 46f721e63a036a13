/** The affinity terms of pods that are placed, each once with the nodes it holds for: they speak of pods yet to be placed. */
import type { Pod } from '../api/types.gen.ts'
import { drop, increase, put } from './pod-counts.ts'
import type { AffinityTerm, PodInfo } from './pod-info.ts'
import { bucketsOf } from './pod-matcher.ts'

/** What a required affinity of a placed pod is worth to those it asks for. Upstream: InterPodAffinityArgs hardPodAffinityWeight. */
const REQUIRED_AFFINITY_WEIGHT = 1

export interface PlacedTerm {
  readonly term: AffinityTerm
  /** undefined for required anti-affinity, which forbids; otherwise it attracts, or repels where negative. */
  readonly weight: number | undefined
  /** How many pods on each node have it. */
  readonly byNode: Map<string, number>
}

export class PlacedTerms {
  readonly #terms = new Map<string, PlacedTerm>()
  readonly #byBucket = new Map<string, Map<string, PlacedTerm>>()

  change({ affinity }: PodInfo, node: string, sign: 1 | -1): void {
    for (const term of affinity.requiredAgainst) this.#change(term, undefined, node, sign)
    for (const term of affinity.required) this.#change(term, REQUIRED_AFFINITY_WEIGHT, node, sign)
    for (const { term, weight } of affinity.preferred) this.#change(term, weight, node, sign)
  }

  /** Those that speak of the pod. */
  *about(pod: Pod): Iterable<PlacedTerm> {
    if (this.#terms.size === 0) return
    for (const bucket of bucketsOf(pod)) {
      for (const placed of this.#byBucket.get(bucket)?.values() ?? []) if (placed.term.matcher.matches(pod)) yield placed
    }
  }

  #change(term: AffinityTerm, weight: number | undefined, node: string, sign: 1 | -1): void {
    const id = `${weight}\n${term.topologyKey}\n${term.matcher.id}`
    let placed = this.#terms.get(id)
    if (placed === undefined) {
      placed = { term, weight, byNode: new Map() }
      this.#terms.set(id, placed)
      put(this.#byBucket, term.matcher.bucket, id, placed)
    }
    increase(placed.byNode, node, sign)
    if (placed.byNode.size > 0) return
    this.#terms.delete(id)
    drop(this.#byBucket, term.matcher.bucket, id)
  }
}
