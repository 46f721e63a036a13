/** Amounts of resources as plain numbers: millicores of cpu, units of everything else. */
import { quantityMilliValue, quantityValue } from '../api/meta/quantity.ts'

export type Amounts = ReadonlyMap<string, number>

export function amountsOf(list: Readonly<Record<string, string | number>> | undefined): Map<string, number> {
  const amounts = new Map<string, number>()
  for (const name in list) amounts.set(name, name === 'cpu' ? quantityMilliValue(list[name]) : quantityValue(list[name]))
  return amounts
}

/** @param sign 1 to add, -1 to take away */
export function addAmounts(total: Map<string, number>, amounts: Amounts, sign: 1 | -1): void {
  for (const [name, amount] of amounts) total.set(name, (total.get(name) ?? 0) + sign * amount)
}
