/**
 * Every node has a number, and from it its address and the range its pods' addresses are from: node 0 is 10.0.0.2 with
 * 10.244.0.0/24. The numbers in use are read off the stored nodes. Upstream: nodeipam range_allocator.go (of a /16, which
 * would end at 256 nodes).
 */
import type { Node } from '../../api/types.gen.ts'
import { parseIPv4 } from '../ipv4.ts'
import { internalIP, podCIDROf } from '../node-state.ts'

/** 10.244.0.0/24 … 10.255.255.0/24, then 10.128.0.0/24 … 10.243.255.0/24. */
const HIGH_RANGES = 12 * 256
export const MAX_NODES = 128 * 256
/** Node addresses end in .2 … .251. */
const ADDRESSES_A_BLOCK = 250

export function podCIDRAt(index: number): string {
  const block = index < HIGH_RANGES ? 244 * 256 + index : 128 * 256 + index - HIGH_RANGES
  return `10.${Math.floor(block / 256)}.${block % 256}.0/24`
}

export function addressAt(index: number): string {
  const block = Math.floor(index / ADDRESSES_A_BLOCK)
  return `10.${Math.floor(block / 256)}.${block % 256}.${(index % ADDRESSES_A_BLOCK) + 2}`
}

function indexOfCIDR(cidr: string | undefined): number | undefined {
  const match = /^10\.(\d+)\.(\d+)\.0\/24$/.exec(cidr ?? '')
  if (match === null) return undefined
  const block = Number(match[1]) * 256 + Number(match[2])
  if (block < 128 * 256) return undefined
  return block >= 244 * 256 ? block - 244 * 256 : block - 128 * 256 + HIGH_RANGES
}

function indexOfAddress(address: string | undefined): number | undefined {
  const parsed = parseIPv4(address)
  if (parsed === undefined || Math.floor(parsed / 2 ** 24) !== 10) return undefined
  const last = parsed % 256
  const block = Math.floor(parsed / 256) % 65536
  if (last < 2 || last > 251) return undefined
  const index = block * ADDRESSES_A_BLOCK + last - 2
  return index < MAX_NODES ? index : undefined
}

export class NodeIndexes {
  readonly #byName = new Map<string, readonly number[]>()
  readonly #holders = new Map<number, number>()
  /** None below it is free. */
  #lowestFree = 0
  #isSeeded = false

  /** The node's number, or a free one that is its own from now on. @param allNodes read once */
  indexOf(node: Node, allNodes: () => readonly Node[]): number {
    if (!this.#isSeeded) {
      this.#isSeeded = true
      for (const each of allNodes()) this.#hold(each)
    }
    const held = this.#byName.get(node.metadata.name)
    if (held !== undefined && held.length > 0) return held[0]!
    const stored = this.#hold(node)
    if (stored !== undefined) return stored
    let index = this.#lowestFree
    while (this.#holders.has(index)) index++
    this.#lowestFree = index
    this.#set(node.metadata.name, [index])
    return index
  }

  release(name: string): void {
    for (const index of this.#byName.get(name) ?? []) {
      const holders = this.#holders.get(index)! - 1
      if (holders > 0) this.#holders.set(index, holders)
      else {
        this.#holders.delete(index)
        this.#lowestFree = Math.min(this.#lowestFree, index)
      }
    }
    this.#byName.delete(name)
  }

  /** A node that came with an address or a range of its own occupies the numbers of both. */
  #hold(node: Node): number | undefined {
    const indexes = [indexOfCIDR(podCIDROf(node)), indexOfAddress(internalIP(node))].filter((index) => index !== undefined)
    if (indexes.length === 0) return undefined
    this.#set(node.metadata.name, [...new Set(indexes)])
    return indexes[0]
  }

  #set(name: string, indexes: readonly number[]): void {
    this.release(name)
    this.#byName.set(name, indexes)
    for (const index of indexes) this.#holders.set(index, (this.#holders.get(index) ?? 0) + 1)
  }
}
