import { parseQuantity } from '../../api/meta/quantity.ts'

const NANO = 1_000_000_000n

/** In billionths; 0 for what is none. */
export function nanosOf(quantity: string | number | undefined): bigint {
  return quantity === undefined ? 0n : (parseQuantity(quantity)?.nano ?? 0n)
}

/** Whole units, rounded up. */
export function wholeOf(nanos: bigint): bigint {
  return nanos <= 0n ? nanos / NANO : (nanos + NANO - 1n) / NANO
}
