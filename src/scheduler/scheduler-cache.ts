/**
 * Nodes with the sums over their pods, and how many pods match the selectors that are asked about: what makes placing a
 * pod cost as much as there are nodes, not as there are pods. Derived from what the informers show, plus the pods that were
 * just given a node and aren't shown there yet.
 */
import type { Node, Pod } from '../api/types.gen.ts'
import { NodeInfo } from './node-info.ts'
import { isOver, type PodInfo, podInfo, priorityOf } from './pod-info.ts'
import { affinityMatcher, type NamespaceLabels, type PodMatcher } from './pod-matcher.ts'

interface Counted {
  readonly matcher: PodMatcher
  readonly byNode: Map<string, number>
}

/** A required anti-affinity term of pods that are placed, and on which nodes they are. */
export interface PlacedTerm {
  readonly matcher: PodMatcher
  readonly topologyKey: string
  readonly byNode: Map<string, number>
}

/** Selectors whose counts are kept; the one longest unused goes first. */
const COUNTED_LIMIT = 256

export class SchedulerCache {
  readonly #nodes = new Map<string, NodeInfo>()
  readonly #nodeOfPod = new Map<string, string>()
  readonly #assumed = new Map<string, { readonly uid: string; readonly at: number }>()
  readonly #counted = new Map<string, Counted>()
  readonly #placedTerms = new Map<string, PlacedTerm>()
  /** Pods that room was made for, by node and key. */
  readonly #nominated = new Map<string, Map<string, PodInfo>>()
  readonly #nominatedNode = new Map<string, string>()
  readonly #labelsOf: NamespaceLabels
  #list: readonly NodeInfo[] | undefined

  constructor(labelsOf: NamespaceLabels) {
    this.#labelsOf = labelsOf
  }

  /** Those that exist, in a steady order. */
  nodes(): readonly NodeInfo[] {
    this.#list ??= [...this.#nodes.values()].filter(({ node }) => node !== undefined).sort((a, b) => (a.name < b.name ? -1 : 1))
    return this.#list
  }

  node(name: string): NodeInfo | undefined {
    const info = this.#nodes.get(name)
    return info?.node === undefined ? undefined : info
  }

  /** Those that have a claim on the node's room before this pod. Upstream: addGENominatedPods. */
  nominatedBefore({ key, pod }: PodInfo, node: string): readonly PodInfo[] {
    const nominated = this.#nominated.get(node)
    if (nominated === undefined) return []
    return [...nominated.values()].filter((each) => each.key !== key && priorityOf(each.pod) >= priorityOf(pod))
  }

  /** Has the pod a node, or was it given one a moment ago? */
  isPlaced(key: string): boolean {
    return this.#nodeOfPod.has(key)
  }

  /** @param without pods to leave out of account, by key */
  placedTerms(without?: ReadonlySet<string>): Iterable<PlacedTerm> {
    if (without === undefined || this.#placedTerms.size === 0) return this.#placedTerms.values()
    const terms = new Map([...this.#placedTerms].map(([id, term]) => [id, { ...term, byNode: new Map(term.byNode) }]))
    for (const { key, pod } of this.#podsOf(without)) this.#countTerms(terms, pod, this.#nodeOfPod.get(key)!, -1)
    return terms.values()
  }

  setNode(name: string, node: Node | undefined): void {
    const info = this.#info(name)
    if ((info.node === undefined) !== (node === undefined)) this.#list = undefined
    info.setNode(node)
    if (node === undefined && info.pods.size === 0) this.#nodes.delete(name)
  }

  /** A pod as the informer shows it; undefined when it is gone. */
  setPod(key: string, pod: Pod | undefined): void {
    const isPlaced = pod !== undefined && pod.spec.nodeName !== undefined && pod.spec.nodeName !== '' && !isOver(pod)
    this.#nominateAsShown(key, isPlaced || pod === undefined || isOver(pod) ? undefined : pod)
    const assumed = this.#assumed.get(key)
    // Shown without a node though it was given one: the news is still under way.
    if (assumed !== undefined && pod !== undefined && !isOver(pod) && !pod.spec.nodeName && pod.metadata.uid === assumed.uid) return
    this.#assumed.delete(key)
    const known = this.#nodes.get(this.#nodeOfPod.get(key) ?? '')?.pods.get(key)
    if (isPlaced && known !== undefined && isSamePlacement(known.pod, pod)) {
      this.#nodes.get(pod.spec.nodeName!)!.refresh(pod, key)
      return
    }
    this.#take(key)
    if (isPlaced) this.#place(podInfo(pod), pod.spec.nodeName!)
  }

  /** It counts as being there until the informer shows it, or `forget`. */
  assume(pod: PodInfo, nodeName: string, now: number): void {
    this.nominate(pod, undefined)
    this.#take(pod.key)
    this.#place(pod, nodeName)
    this.#assumed.set(pod.key, { uid: pod.pod.metadata.uid, at: now })
  }

  /** When the pod was given a node that the informer hasn't shown yet. */
  assumedAt(pod: Pod, key: string): number | undefined {
    const assumed = this.#assumed.get(key)
    return assumed?.uid === pod.metadata.uid ? assumed.at : undefined
  }

  forget(key: string): void {
    if (this.#assumed.delete(key)) this.#take(key)
  }

  /**
   * How many pods on each node the matcher picks; nodes without any are left out.
   * @param without pods to leave out of account, by key
   */
  countsOf(matcher: PodMatcher, without?: ReadonlySet<string>): ReadonlyMap<string, number> {
    const counts = this.#countsOf(matcher)
    if (without === undefined) return counts
    const fewer = new Map(counts)
    for (const { key, pod } of this.#podsOf(without)) if (matcher.matches(pod)) increase(fewer, this.#nodeOfPod.get(key)!, -1)
    return fewer
  }

  *#podsOf(keys: ReadonlySet<string>): Iterable<PodInfo> {
    for (const key of keys) {
      const pod = this.#nodes.get(this.#nodeOfPod.get(key) ?? '')?.pods.get(key)
      if (pod !== undefined) yield pod
    }
  }

  #countsOf(matcher: PodMatcher): ReadonlyMap<string, number> {
    let counted = this.#counted.get(matcher.id)
    if (counted === undefined) {
      counted = { matcher, byNode: new Map() }
      for (const info of this.#nodes.values()) {
        for (const { pod } of info.pods.values()) if (matcher.matches(pod)) increase(counted.byNode, info.name, 1)
      }
      if (this.#counted.size >= COUNTED_LIMIT) this.#counted.delete(this.#counted.keys().next().value!)
    } else this.#counted.delete(matcher.id)
    this.#counted.set(matcher.id, counted)
    return counted.byNode
  }

  /** Room is being made for it there; the next pod is to know before the informer shows it. */
  nominate(pod: PodInfo, node: string | undefined): void {
    this.#forgetNomination(pod.key)
    if (node === undefined) return
    const there = this.#nominated.get(node) ?? new Map<string, PodInfo>()
    this.#nominated.set(node, there.set(pod.key, pod))
    this.#nominatedNode.set(pod.key, node)
  }

  #nominateAsShown(key: string, pod: Pod | undefined): void {
    const node = pod?.status?.nominatedNodeName
    if (pod !== undefined && node) this.nominate(podInfo(pod), node)
    else this.#forgetNomination(key)
  }

  #forgetNomination(key: string): void {
    const node = this.#nominatedNode.get(key)
    if (node === undefined) return
    const nominated = this.#nominated.get(node)!
    nominated.delete(key)
    if (nominated.size === 0) this.#nominated.delete(node)
    this.#nominatedNode.delete(key)
  }

  #info(name: string): NodeInfo {
    let info = this.#nodes.get(name)
    if (info === undefined) {
      info = new NodeInfo(name)
      this.#nodes.set(name, info)
    }
    return info
  }

  #place(pod: PodInfo, nodeName: string): void {
    this.#info(nodeName).add(pod)
    this.#nodeOfPod.set(pod.key, nodeName)
    this.#count(pod, nodeName, 1)
  }

  #take(key: string): void {
    const nodeName = this.#nodeOfPod.get(key)
    if (nodeName === undefined) return
    const info = this.#info(nodeName)
    const pod = info.pods.get(key)!
    info.remove(key)
    this.#nodeOfPod.delete(key)
    this.#count(pod, nodeName, -1)
    if (info.node === undefined && info.pods.size === 0) this.#nodes.delete(nodeName)
  }

  #count({ pod }: PodInfo, nodeName: string, sign: 1 | -1): void {
    for (const { matcher, byNode } of this.#counted.values()) if (matcher.matches(pod)) increase(byNode, nodeName, sign)
    this.#countTerms(this.#placedTerms, pod, nodeName, sign)
  }

  #countTerms(terms: Map<string, PlacedTerm>, pod: Pod, nodeName: string, sign: 1 | -1): void {
    for (const term of pod.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) {
      const matcher = affinityMatcher(term, pod, this.#labelsOf)
      const id = `${term.topologyKey}\n${matcher.id}`
      let placed = terms.get(id)
      if (placed === undefined) {
        placed = { matcher, topologyKey: term.topologyKey, byNode: new Map() }
        terms.set(id, placed)
      }
      increase(placed.byNode, nodeName, sign)
      if (placed.byNode.size === 0) terms.delete(id)
    }
  }
}

function increase(counts: Map<string, number>, key: string, by: 1 | -1): void {
  const count = (counts.get(key) ?? 0) + by
  if (count === 0) counts.delete(key)
  else counts.set(key, count)
}

/** Most changes of a placed pod are of its status, and change no sum. */
function isSamePlacement(a: Pod, b: Pod): boolean {
  return (
    a.metadata.uid === b.metadata.uid &&
    a.spec.nodeName === b.spec.nodeName &&
    a.metadata.generation === b.metadata.generation &&
    a.metadata.deletionTimestamp === b.metadata.deletionTimestamp &&
    JSON.stringify(a.metadata.labels) === JSON.stringify(b.metadata.labels)
  )
}
