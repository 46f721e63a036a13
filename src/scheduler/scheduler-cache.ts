/**
 * Nodes with the sums over their pods, and how many pods the matchers pick that are asked about: what makes placing a pod cost as
 * much as there are nodes, not as there are pods. Derived from what the informers show, plus the pods that were just given a node
 * and aren't shown there yet.
 */
import { claimKeysOfPod } from '../api/core/v1/pod-claims.ts'
import { isResizeInfeasible } from '../api/core/v1/pod-resources.ts'
import type { Node, Pod } from '../api/types.gen.ts'
import { DeviceUses } from './devices/device-uses.ts'
import { NodeInfo } from './node-info.ts'
import { inZoneTurns, zoneOf } from './node-order.ts'
import { Nominations } from './nominations.ts'
import { PlacedTerms } from './placed-terms.ts'
import { increase, PodCounts } from './pod-counts.ts'
import { isOver, isPlaced, type PodInfo, podInfo } from './pod-info.ts'
import type { NamespaceLabels } from './pod-matcher.ts'

export class SchedulerCache {
  readonly counts = new PodCounts()
  readonly placedTerms = new PlacedTerms()
  readonly nominations = new Nominations()
  readonly devices = new DeviceUses()
  readonly #nodes = new Map<string, NodeInfo>()
  readonly #nodeOfPod = new Map<string, string>()
  readonly #assumed = new Map<string, { readonly uid: string; readonly at: number; readonly node: string }>()
  /** How many placed pods use a claim, by namespace and name. */
  readonly #claimUsers = new Map<string, number>()
  /** How many nodes hold an image, by each of its names. */
  readonly #imageNodes = new Map<string, number>()
  readonly #labelsOf: NamespaceLabels
  #list: readonly NodeInfo[] | undefined

  constructor(labelsOf: NamespaceLabels) {
    this.#labelsOf = labelsOf
  }

  info(pod: Pod): PodInfo {
    return podInfo(pod, this.#labelsOf)
  }

  /** Those that exist, in the order in which they are tried. */
  nodes(): readonly NodeInfo[] {
    this.#list ??= inZoneTurns([...this.#nodes.values()].filter(({ node }) => node !== undefined))
    return this.#list
  }

  node(name: string): NodeInfo | undefined {
    const info = this.#nodes.get(name)
    return info?.node === undefined ? undefined : info
  }

  /** How many nodes hold images by these names; empty when none holds any. */
  get imageNodes(): ReadonlyMap<string, number> {
    return this.#imageNodes
  }

  isClaimUsed(claim: string): boolean {
    return this.#claimUsers.has(claim)
  }

  setNode(name: string, node: Node | undefined): void {
    const info = this.#info(name)
    if (info.node === undefined || node === undefined || zoneOf(info.node) !== zoneOf(node)) this.#list = undefined
    for (const image of info.images.keys()) increase(this.#imageNodes, image, -1)
    info.setNode(node)
    for (const image of info.images.keys()) increase(this.#imageNodes, image, 1)
    if (node === undefined && info.pods.size === 0) this.#nodes.delete(name)
  }

  /** A pod as the informer shows it; undefined when it is gone. */
  setPod(key: string, pod: Pod | undefined): void {
    const placed = pod !== undefined && isPlaced(pod) ? pod : undefined
    const isWaiting = pod !== undefined && placed === undefined && !isOver(pod)
    if (isWaiting && pod.status?.nominatedNodeName) this.nominations.set(this.info(pod), pod.status.nominatedNodeName)
    else this.nominations.remove(key)
    const assumed = this.#assumed.get(key)
    // Shown without a node though it was given one: the news is still under way.
    if (assumed !== undefined && isWaiting && pod.metadata.uid === assumed.uid) return this.nominations.remove(key)
    this.#assumed.delete(key)
    const known = this.#nodes.get(this.#nodeOfPod.get(key) ?? '')?.pods.get(key)
    if (placed !== undefined && known !== undefined && isSamePlacement(known.pod, placed)) {
      this.#nodes.get(placed.spec.nodeName!)!.refresh(placed, key)
      return
    }
    this.#take(key)
    if (placed !== undefined) this.#place(this.info(placed), placed.spec.nodeName!)
  }

  /** It counts as being there until the informer shows it, or `forget`. */
  assume(pod: PodInfo, node: string, now: number): void {
    this.nominations.remove(pod.key)
    this.#take(pod.key)
    this.#place(pod, node)
    this.#assumed.set(pod.key, { uid: pod.pod.metadata.uid, at: now, node })
  }

  /** The node the pod was given, and when, if the informer hasn't shown it yet. */
  assumedFor({ key, pod }: PodInfo): { readonly node: string; readonly at: number } | undefined {
    const assumed = this.#assumed.get(key)
    return assumed?.uid === pod.metadata.uid ? assumed : undefined
  }

  forget(key: string): void {
    if (this.#assumed.delete(key)) this.#take(key)
  }

  #info(name: string): NodeInfo {
    let info = this.#nodes.get(name)
    if (info === undefined) {
      info = new NodeInfo(name)
      this.#nodes.set(name, info)
    }
    return info
  }

  #place(pod: PodInfo, node: string): void {
    this.#info(node).add(pod)
    this.#nodeOfPod.set(pod.key, node)
    this.counts.add(pod, node)
    this.placedTerms.change(pod, node, 1)
    for (const claim of claimKeysOfPod(pod.pod)) increase(this.#claimUsers, claim, 1)
  }

  #take(key: string): void {
    const name = this.#nodeOfPod.get(key)
    if (name === undefined) return
    const info = this.#info(name)
    const pod = info.pods.get(key)!
    info.remove(key)
    this.#nodeOfPod.delete(key)
    this.counts.remove(key)
    this.placedTerms.change(pod, name, -1)
    for (const claim of claimKeysOfPod(pod.pod)) increase(this.#claimUsers, claim, -1)
    if (info.node === undefined && info.pods.size === 0) this.#nodes.delete(name)
  }
}

/** Most changes of a placed pod are of its status, and change no sum. */
function isSamePlacement(a: Pod, b: Pod): boolean {
  return (
    a.metadata.uid === b.metadata.uid &&
    a.spec.nodeName === b.spec.nodeName &&
    a.metadata.generation === b.metadata.generation &&
    a.metadata.deletionTimestamp === b.metadata.deletionTimestamp &&
    JSON.stringify(a.metadata.labels) === JSON.stringify(b.metadata.labels) &&
    resourcesInForce(a) === resourcesInForce(b)
  )
}

function resourcesInForce(pod: Pod): string {
  const { status } = pod
  const statuses = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])]
  return JSON.stringify([
    statuses.map(({ name, resources, allocatedResources }) => [name, resources?.requests, allocatedResources]),
    status?.resources?.requests,
    status?.allocatedResources,
    isResizeInfeasible(pod),
  ])
}
