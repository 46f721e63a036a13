/**
 * Which devices are allocated, and how much of those that many share: kept up as claims change, with what was just allocated and
 * isn't shown by the informer yet. Upstream: dynamicresources/allocateddevices.go, dra_manager.go.
 */

import type { AllocationResult, ResourceV1ResourceClaim as ResourceClaim } from '../../api/types.gen.ts'
import { nanosOf } from './quantities.ts'

export interface AllocatedDevices {
  /** Does one claim have it for itself? */
  isTaken(device: string): boolean
  /** In billionths, by name; undefined when no claim has a part of it. */
  consumed(device: string): ReadonlyMap<string, bigint> | undefined
}

export function deviceId(driver: string, pool: string, device: string): string {
  return `${driver}/${pool}/${device}`
}

interface Share {
  claims: number
  readonly amounts: Map<string, bigint>
}

export class DeviceUses implements AllocatedDevices {
  readonly #taken = new Map<string, number>()
  readonly #shares = new Map<string, Share>()
  readonly #known = new Map<string, AllocationResult>()
  /** By uid. */
  readonly #pending = new Map<string, AllocationResult>()

  isTaken(device: string): boolean {
    return this.#taken.has(device)
  }

  consumed(device: string): ReadonlyMap<string, bigint> | undefined {
    return this.#shares.get(device)?.amounts
  }

  /** A claim as the informer shows it; undefined when it is gone. */
  setClaim(key: string, current: ResourceClaim | undefined): void {
    const before = this.#known.get(key)
    const now = current?.status?.allocation
    if (now !== undefined) this.release(current!.metadata.uid)
    if (before === now) return
    if (before !== undefined) this.#count(before, -1)
    if (now === undefined) this.#known.delete(key)
    else {
      this.#known.set(key, now)
      this.#count(now, 1)
    }
  }

  isPending(uid: string): boolean {
    return this.#pending.has(uid)
  }

  /** It counts until the informer shows it, or `release`. */
  reserve(uid: string, allocation: AllocationResult): void {
    this.release(uid)
    this.#pending.set(uid, allocation)
    this.#count(allocation, 1)
  }

  release(uid: string): void {
    const pending = this.#pending.get(uid)
    if (pending === undefined) return
    this.#pending.delete(uid)
    this.#count(pending, -1)
  }

  /** What is accessed for administration is nobody's. */
  #count({ devices }: AllocationResult, sign: 1 | -1): void {
    for (const { adminAccess, driver, pool, device, shareID, consumedCapacity } of devices?.results ?? []) {
      if (adminAccess) continue
      const id = deviceId(driver, pool, device)
      if (shareID === undefined) {
        const count = (this.#taken.get(id) ?? 0) + sign
        if (count === 0) this.#taken.delete(id)
        else this.#taken.set(id, count)
      } else this.#share(id, consumedCapacity ?? {}, sign)
    }
  }

  #share(id: string, consumed: Readonly<Record<string, string | number>>, sign: 1 | -1): void {
    const share = this.#shares.get(id) ?? { claims: 0, amounts: new Map<string, bigint>() }
    share.claims += sign
    for (const [name, amount] of Object.entries(consumed)) {
      share.amounts.set(name, (share.amounts.get(name) ?? 0n) + BigInt(sign) * nanosOf(amount))
    }
    if (share.claims === 0) this.#shares.delete(id)
    else this.#shares.set(id, share)
  }
}
