/**
 * Every node has a number, and from it its addresses: node 0 is 10.0.0.2 and fd00:10::2. The numbers in use are read off the stored
 * nodes.
 */
import type { IpFamily } from '../../api/core/v1/address-range.ts'
import type { Node } from '../../api/types.gen.ts'
import { parseIPv4 } from '../ipv4.ts'
import { internalIPs } from '../node-state.ts'

export const MAX_NODES = 128 * 256
/** Node addresses of IPv4 end in .2 … .251. */
const ADDRESSES_A_BLOCK = 250
const IPV6_PREFIX = 'fd00:10::'

export function addressAt(index: number, family: IpFamily): string {
  if (family === 'IPv6') return `${IPV6_PREFIX}${(index + 2).toString(16)}`
  const block = Math.floor(index / ADDRESSES_A_BLOCK)
  return `10.${Math.floor(block / 256)}.${block % 256}.${(index % ADDRESSES_A_BLOCK) + 2}`
}

function indexOfAddress(address: string): number | undefined {
  if (address.startsWith(IPV6_PREFIX)) {
    const host = /^[\da-f]{1,4}$/.exec(address.slice(IPV6_PREFIX.length))
    return host === null ? undefined : indexWithin(Number.parseInt(host[0], 16) - 2)
  }
  const parsed = parseIPv4(address)
  if (parsed === undefined || Math.floor(parsed / 2 ** 24) !== 10) return undefined
  const last = parsed % 256
  const block = Math.floor(parsed / 256) % 65536
  return last < 2 || last > 251 ? undefined : indexWithin(block * ADDRESSES_A_BLOCK + last - 2)
}

function indexWithin(index: number): number | undefined {
  return index >= 0 && index < MAX_NODES ? index : undefined
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

  /** A node that came with addresses of its own occupies the numbers of all. */
  #hold(node: Node): number | undefined {
    const indexes = internalIPs(node)
      .map(indexOfAddress)
      .filter((index) => index !== undefined)
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
