/**
 * Which pod has which address of its node's range: an index over the pods' statuses, and what was promised to pods whose
 * status isn't written yet. Rebuilt from the stored pods when a node is first asked about. Where a node has ranges of both families
 * a pod has the address at the same place of each.
 */
import type { Pod } from '../../api/types.gen.ts'
import { type PodRange, podRange } from './pod-range.ts'

interface NodeAddresses {
  /** One a family; none when the node has none, or they can't be read. */
  readonly ranges: readonly PodRange[]
  /** Places in the range. */
  readonly byPod: Map<string, number>
  readonly used: Set<number>
  /** Addresses are given in turn, so that one just freed isn't met again soon. As the host-local CNI plugin. */
  last: number
}

export class PodIPAllocator {
  readonly #nodes = new Map<string, NodeAddresses>()
  readonly #nodeOfPod = new Map<string, string>()

  /**
   * The pod's addresses, one a family: those it has, or free ones that are its own from now on; none when there is none left.
   * @param podsOnNode read once for each node
   */
  addressesOf(key: string, pod: Pod, podCIDRs: readonly string[], podsOnNode: () => readonly Pod[]): readonly string[] {
    const node = this.#node(pod.spec.nodeName!, podCIDRs, podsOnNode)
    const owner = podOwner(pod)
    const { podIP, podIPs = [] } = pod.status ?? {}
    if (podIP) {
      this.#hold(node, owner, podIP)
      this.#remember(key, owner, pod.spec.nodeName!)
      return [podIP, ...podIPs.slice(1).map(({ ip }) => ip)]
    }
    const held = node.byPod.get(owner)
    if (held !== undefined) return addressesAt(node, held)
    // The first address is the network's, the second the node's own end of the bridge, the last for broadcasts.
    const usable = Math.min(...node.ranges.map(({ size }) => size)) - 3
    if (node.ranges.length === 0) return []
    for (let tried = 0, place = node.last; tried < usable; tried++) {
      place = (place % usable) + 1
      if (node.used.has(place + 1)) continue
      node.last = place
      node.byPod.set(owner, place + 1)
      node.used.add(place + 1)
      this.#remember(key, owner, pod.spec.nodeName!)
      return addressesAt(node, place + 1)
    }
    return []
  }

  /** The pod is gone, or over: its address is free. */
  release(key: string): void {
    const entry = this.#nodeOfPod.get(key)
    if (entry === undefined) return
    this.#nodeOfPod.delete(key)
    const slash = entry.indexOf('/')
    const node = this.#nodes.get(entry.slice(0, slash))
    const owner = entry.slice(slash + 1)
    const address = node?.byPod.get(owner)
    if (node === undefined || address === undefined) return
    node.byPod.delete(owner)
    node.used.delete(address)
  }

  /** The node is gone, with all that was known of it. */
  forgetNode(name: string): void {
    this.#nodes.delete(name)
  }

  #node(name: string, podCIDRs: readonly string[], podsOnNode: () => readonly Pod[]): NodeAddresses {
    let node = this.#nodes.get(name)
    // A Node's ranges can't change once it has them.
    if (node === undefined || (node.ranges.length === 0 && podCIDRs.length > 0)) {
      const ranges = podCIDRs.map(podRange).filter((range) => range !== undefined)
      node = { ranges, byPod: new Map(), used: new Set(), last: 0 }
      this.#nodes.set(name, node)
      for (const pod of podsOnNode()) {
        const address = pod.status?.podIP
        if (!address || pod.spec.hostNetwork === true || isOver(pod)) continue
        this.#hold(node, podOwner(pod), address)
        this.#remember(`${pod.metadata.namespace}/${pod.metadata.name}`, podOwner(pod), name)
      }
    }
    return node
  }

  #hold(node: NodeAddresses, owner: string, address: string): void {
    const place = node.ranges.map((range) => range.offsetOf(address)).find((offset) => offset !== undefined)
    if (place === undefined) return
    node.byPod.set(owner, place)
    node.used.add(place)
  }

  /** A pod of the same name that was there before gives its address back. */
  #remember(key: string, owner: string, nodeName: string): void {
    const entry = `${nodeName}/${owner}`
    if (this.#nodeOfPod.get(key) === entry) return
    this.release(key)
    this.#nodeOfPod.set(key, entry)
  }
}

function podOwner(pod: Pod): string {
  return pod.metadata.uid
}

function isOver(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
}

function addressesAt({ ranges }: NodeAddresses, place: number): readonly string[] {
  return ranges.map((range) => range.addressAt(place))
}
