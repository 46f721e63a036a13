/**
 * Which pod has which address of its node's range: an index over the pods' statuses, and what was promised to pods whose
 * status isn't written yet. Rebuilt from the stored pods when a node is first asked about.
 */
import type { Pod } from '../../api/types.gen.ts'
import { formatIPv4, parseIPv4, parseSubnet } from '../ipv4.ts'

interface NodeAddresses {
  readonly byPod: Map<string, number>
  readonly used: Set<number>
  /** Addresses are given in turn, so that one just freed isn't met again soon. As the host-local CNI plugin. */
  last: number
}

export class PodIPAllocator {
  readonly #nodes = new Map<string, NodeAddresses>()
  readonly #nodeOfPod = new Map<string, string>()

  /**
   * The pod's address: the one it has, or a free one that is its own from now on; undefined when there is none left.
   * @param podsOnNode read once for each node
   */
  addressOf(key: string, pod: Pod, podCIDR: string, podsOnNode: () => readonly Pod[]): string | undefined {
    const node = this.#node(pod.spec.nodeName!, podsOnNode)
    const owner = podOwner(pod)
    const stored = parseIPv4(pod.status?.podIP)
    const held = node.byPod.get(owner)
    if (stored !== undefined) {
      this.#hold(node, owner, stored)
      this.#remember(key, owner, pod.spec.nodeName!)
      return pod.status!.podIP
    }
    if (held !== undefined) return formatIPv4(held)
    const subnet = parseSubnet(podCIDR)
    if (subnet === undefined) return undefined
    // The first address is the network's, the second the node's own end of the bridge, the last for broadcasts.
    const usable = subnet.size - 3
    for (let tried = 0, offset = node.last; tried < usable; tried++) {
      offset = (offset % usable) + 1
      const address = subnet.first + 1 + offset
      if (node.used.has(address)) continue
      node.last = offset
      this.#hold(node, owner, address)
      this.#remember(key, owner, pod.spec.nodeName!)
      return formatIPv4(address)
    }
    return undefined
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

  #node(name: string, podsOnNode: () => readonly Pod[]): NodeAddresses {
    let node = this.#nodes.get(name)
    if (node === undefined) {
      node = { byPod: new Map(), used: new Set(), last: 0 }
      this.#nodes.set(name, node)
      for (const pod of podsOnNode()) {
        const address = parseIPv4(pod.status?.podIP)
        if (address === undefined || pod.spec.hostNetwork === true || isOver(pod)) continue
        this.#hold(node, podOwner(pod), address)
        this.#remember(`${pod.metadata.namespace}/${pod.metadata.name}`, podOwner(pod), name)
      }
    }
    return node
  }

  #hold(node: NodeAddresses, owner: string, address: number): void {
    node.byPod.set(owner, address)
    node.used.add(address)
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
