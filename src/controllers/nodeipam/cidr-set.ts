/** The parts of a range, and which of them are taken. They are given out in turn. Upstream: cidrset.go CidrSet */
import { addressOf, cidrParts, numberOf } from '../../api/core/v1/ip-address.ts'
import type { ClusterRange } from './cluster-range.ts'

interface Parsed {
  readonly value: bigint
  readonly bits: 32 | 128
  readonly length: number
}

export class CidrSet {
  readonly #range: Parsed
  readonly #nodeLength: number
  readonly #size: number
  /** How many hold each part that is taken. */
  readonly #holders = new Map<number, number>()
  #next: number

  constructor({ cidr, nodeLength, firstCidr = cidr }: ClusterRange) {
    this.#range = parsed(cidr)!
    this.#nodeLength = nodeLength
    this.#size = 2 ** (nodeLength - this.#range.length)
    this.#next = this.#indexes(firstCidr)![0]
  }

  /** A part that was free; undefined when there is none. */
  takeNext(): string | undefined {
    if (this.#holders.size >= this.#size) return undefined
    let index = this.#next
    while (this.#holders.has(index)) index = (index + 1) % this.#size
    this.#next = (index + 1) % this.#size
    this.#holders.set(index, 1)
    const { value, bits } = this.#range
    return `${addressOf(value + (BigInt(index) << BigInt(bits - this.#nodeLength)), bits)}/${this.#nodeLength}`
  }

  /** All parts that have addresses of `cidr` are taken. */
  occupy(cidr: string): void {
    const [first, last] = this.#indexes(cidr) ?? [0, -1]
    for (let index = first; index <= last; index++) this.#holders.set(index, (this.#holders.get(index) ?? 0) + 1)
  }

  release(cidr: string): void {
    const [first, last] = this.#indexes(cidr) ?? [0, -1]
    for (let index = first; index <= last; index++) {
      const left = (this.#holders.get(index) ?? 0) - 1
      if (left > 0) this.#holders.set(index, left)
      else this.#holders.delete(index)
    }
  }

  /** undefined when none of it is ours. */
  #indexes(cidr: string): [first: number, last: number] | undefined {
    const other = parsed(cidr)
    if (other === undefined || other.bits !== this.#range.bits) return undefined
    const { value, bits, length } = this.#range
    if (other.length <= length)
      return value - other.value < 1n << BigInt(bits - other.length) && other.value <= value ? [0, this.#size - 1] : undefined
    if ((other.value - value) >> BigInt(bits - length) !== 0n) return undefined
    const shift = BigInt(bits - this.#nodeLength)
    const end = other.value + (1n << BigInt(bits - other.length)) - 1n
    return [Number((other.value - value) >> shift), Number((end - value) >> shift)]
  }
}

function parsed(cidr: string): Parsed | undefined {
  const parts = cidrParts(cidr)
  if (parts === undefined) return undefined
  const { value, bits } = numberOf(parts.ip)
  const rest = BigInt(bits - parts.length)
  return { value: (value >> rest) << rest, bits, length: parts.length }
}
