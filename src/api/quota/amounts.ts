/** Sums and differences of resource lists. Upstream: apiserver/pkg/quota/v1/resources.go. */
import type { ResourceList } from '../core/v1/resource-list.ts'
import {
  addQuantities,
  compareQuantities,
  formatQuantity,
  type ParsedQuantity,
  parseQuantity,
  subtractQuantities,
} from '../meta/quantity.ts'

export type Amounts = Readonly<ResourceList>

export function addAmounts(a: Amounts, b: Amounts): ResourceList {
  const sum: ResourceList = { ...a }
  for (const name in b) sum[name] = sum[name] === undefined ? b[name]! : addQuantities(sum[name], b[name]!)
  return sum
}

/** What `a` has beyond `b`; zero where that is nothing. Upstream: SubtractWithNonNegativeResult. */
export function excessAmounts(a: Amounts, b: Amounts): ResourceList {
  const excess: ResourceList = {}
  for (const name in b) excess[name] = '0'
  for (const name in a) excess[name] = compareQuantities(a[name], b[name]) > 0 ? subtractQuantities(a[name]!, b[name] ?? '0') : '0'
  return excess
}

/** Those of these names. */
export function pickAmounts(amounts: Amounts, names: readonly string[]): ResourceList {
  const picked: ResourceList = {}
  for (const name in amounts) if (names.includes(name)) picked[name] = amounts[name]!
  return picked
}

export function nonZeroAmounts(amounts: Amounts): ResourceList {
  const found: ResourceList = {}
  for (const name in amounts) if (compareQuantities(amounts[name], '0') !== 0) found[name] = amounts[name]!
  return found
}

/** Of the same names and worth, however written. */
export function sameAmounts(a: Amounts, b: Amounts): boolean {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => b[name] !== undefined && compareQuantities(a[name], b[name]) === 0)
}

/** `cpu=1,pods=3`, by name. */
export function amountsText(amounts: Amounts): string {
  return Object.keys(amounts)
    .sort()
    .map((name) => `${name}=${amounts[name]}`)
    .join(',')
}

/** A sum of many lists that is written down once. */
export class Tally {
  readonly #sums = new Map<string, ParsedQuantity>()

  add(amounts: Amounts): void {
    for (const name in amounts) {
      const amount = parseQuantity(amounts[name]!)
      if (amount === undefined) continue
      const sum = this.#sums.get(name)
      if (sum === undefined || sum.nano === 0n) this.#sums.set(name, amount)
      else this.#sums.set(name, { nano: sum.nano + amount.nano, format: sum.format })
    }
  }

  /** '0' for what was never added. */
  amountOf(name: string): string {
    const sum = this.#sums.get(name)
    return sum === undefined ? '0' : formatQuantity(sum)
  }
}
