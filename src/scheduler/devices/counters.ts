/** What devices that are parts of one another have in common. Upstream: allocator_incubating.go checkAvailableCounters. */
import type { Device } from '../../api/types.gen.ts'
import { type AllocatedDevices, deviceId } from './device-uses.ts'
import type { Pool } from './pools.ts'
import { nanosOf } from './quantities.ts'

export class Counters {
  readonly #allocated: AllocatedDevices
  /** What is left, by pool and `set/counter`, in billionths. */
  readonly #left = new Map<string, Map<string, bigint>>()

  constructor(allocated: AllocatedDevices) {
    this.#allocated = allocated
  }

  /** Takes what the device consumes, if that much is left. */
  take(pool: Pool, device: Device): boolean {
    const left = this.#leftIn(pool)
    const consumed = consumedBy(device)
    if (consumed.some(([counter, amount]) => (left.get(counter) ?? 0n) < amount)) return false
    for (const [counter, amount] of consumed) left.set(counter, left.get(counter)! - amount)
    return true
  }

  giveBack(pool: Pool, device: Device): void {
    const left = this.#leftIn(pool)
    for (const [counter, amount] of consumedBy(device)) left.set(counter, left.get(counter)! + amount)
  }

  #leftIn(pool: Pool): Map<string, bigint> {
    const known = this.#left.get(pool.id)
    if (known !== undefined) return known
    const left = new Map<string, bigint>()
    for (const { name, counters } of pool.counterSets.values()) {
      for (const [counter, { value }] of Object.entries(counters)) left.set(`${name}/${counter}`, nanosOf(value))
    }
    for (const { spec } of [...pool.slices, ...pool.others]) {
      for (const device of spec.devices ?? []) {
        const id = deviceId(spec.driver, spec.pool.name, device.name)
        if (!this.#allocated.isTaken(id) && this.#allocated.consumed(id) === undefined) continue
        for (const [counter, amount] of consumedBy(device)) left.set(counter, (left.get(counter) ?? 0n) - amount)
      }
    }
    this.#left.set(pool.id, left)
    return left
  }
}

function consumedBy({ consumesCounters = [] }: Device): (readonly [counter: string, amount: bigint])[] {
  return consumesCounters.flatMap(({ counterSet, counters }) =>
    Object.entries(counters).map(([name, { value }]) => [`${counterSet}/${name}`, nanosOf(value)] as const),
  )
}
