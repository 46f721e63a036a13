/** Which node has which range of each family. The ranges in use are read off the stored nodes. Upstream: range_allocator.go */

import { podCIDRsOf } from '../../api/core/v1/pod-cidrs.ts'
import type { Node } from '../../api/types.gen.ts'
import { CidrSet } from './cidr-set.ts'
import type { ClusterRange } from './cluster-range.ts'

export class NodeRanges {
  readonly #sets: readonly CidrSet[]
  readonly #byNode = new Map<string, readonly string[]>()
  #isSeeded = false

  /** @param serviceCidrs of which nodes get none */
  constructor(ranges: readonly ClusterRange[], serviceCidrs: readonly string[]) {
    this.#sets = ranges.map((range) => new CidrSet(range))
    for (const set of this.#sets) for (const cidr of serviceCidrs) set.occupy(cidr)
  }

  /** Those the node has, or free ones that are its own from now on; undefined when there are none left. @param allNodes read once */
  of(node: Node, allNodes: () => readonly Node[]): readonly string[] | undefined {
    if (!this.#isSeeded) {
      this.#isSeeded = true
      for (const each of allNodes()) this.#hold(each)
    }
    if (podCIDRsOf(node).length > 0) {
      this.#hold(node)
      return podCIDRsOf(node)
    }
    return this.#byNode.get(node.metadata.name) ?? this.#take(node.metadata.name)
  }

  release(name: string): void {
    for (const [i, cidr] of (this.#byNode.get(name) ?? []).entries()) this.#sets[i]?.release(cidr)
    this.#byNode.delete(name)
  }

  #take(name: string): readonly string[] | undefined {
    const taken: string[] = []
    for (const set of this.#sets) {
      const cidr = set.takeNext()
      if (cidr !== undefined) taken.push(cidr)
    }
    this.#byNode.set(name, taken)
    if (taken.length === this.#sets.length) return taken
    this.release(name)
    return undefined
  }

  #hold(node: Node): void {
    const cidrs = podCIDRsOf(node)
    const held = this.#byNode.get(node.metadata.name)
    if (cidrs.length === 0 || (held?.length === cidrs.length && held.every((cidr, i) => cidr === cidrs[i]))) return
    this.release(node.metadata.name)
    this.#byNode.set(node.metadata.name, cidrs)
    for (const [i, cidr] of cidrs.entries()) this.#sets[i]?.occupy(cidr)
  }
}
