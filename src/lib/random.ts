/** Chance as the rest of the program sees it; a seeded source makes a run repeatable. */
export interface Random {
  /** A number in [0, 1). */
  next(): number
  /** `length` characters of Kubernetes' name alphabet (no vowels, no look-alikes), as in `web-7c5ddbdf54-x2x7k`. */
  suffix(length: number): string
  /** A version 4 UUID. */
  uuid(): string
}

/** Upstream: k8s.io/apimachinery util/rand. */
const SUFFIX_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'

abstract class RandomSource implements Random {
  abstract next(): number

  suffix(length: number): string {
    let text = ''
    for (let i = 0; i < length; i++) text += SUFFIX_ALPHABET[Math.floor(this.next() * SUFFIX_ALPHABET.length)]
    return text
  }

  uuid(): string {
    let hex = ''
    for (let i = 0; i < 32; i++) {
      const digit = Math.floor(this.next() * 16)
      hex += (i === 12 ? 4 : i === 16 ? (digit & 3) | 8 : digit).toString(16)
    }
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
  }
}

export class SystemRandom extends RandomSource {
  override next(): number {
    return Math.random()
  }

  override uuid(): string {
    return crypto.randomUUID()
  }
}

/** mulberry32: small, fast, and good enough to spread names and delays. */
export class SeededRandom extends RandomSource {
  #state: number

  constructor(seed: number) {
    super()
    this.#state = seed >>> 0
  }

  override next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
