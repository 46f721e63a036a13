/** Pods that have a node in thought while their claims are being allocated and reserved. Upstream: DynamicResources PreBind. */

import { isReservedFor } from '../../api/resource/v1/claims-of-pod.ts'
import type { Node, Pod, ResourceV1ResourceClaim as ResourceClaim } from '../../api/types.gen.ts'
import { hasBindingConditions, isTimedOut, readinessOf } from './binding-conditions.ts'
import type { DeviceReader } from './device-reader.ts'
import type { DeviceUses } from './device-uses.ts'
import type { PodDevices } from './pod-devices.ts'

/** How often devices are asked whether they are ready. */
const POLL_MS = 5_000

interface Reservation {
  readonly names: readonly string[]
  /** Of claims that count as allocated meanwhile. */
  readonly uids: readonly string[]
  /** undefined before the first one. */
  nextCheck: number | undefined
}

export type ReservingProgress =
  | { readonly kind: 'reserved' }
  | { readonly kind: 'waiting'; readonly leftMs: number; readonly isNew: boolean }
  | { readonly kind: 'failed'; readonly why: string }
  /** Somebody else wrote the claims first: it is tried again. */
  | { readonly kind: 'lost' }

export class Reserving {
  readonly #uses: DeviceUses
  readonly #pods = new Map<string, Reservation>()

  constructor(uses: DeviceUses) {
    this.#uses = uses
  }

  begin(key: string, devices: PodDevices, node: Node, specialName: string): void {
    const special = devices.specialOn(node)
    if (devices.claims.length === 0 && special === undefined) return
    const allocations = devices.allocationsOn(node)
    const uids = [...devices.unallocated, ...(special === undefined ? [] : [special.claim])].map(({ metadata }, index) => {
      this.#uses.reserve(metadata.uid, allocations[index]!)
      return metadata.uid
    })
    const names = devices.claims.map(({ metadata }) => metadata.name)
    this.#pods.set(key, { names: special === undefined ? names : [...names, specialName], uids, nextCheck: undefined })
  }

  forget(key: string): void {
    for (const uid of this.#pods.get(key)?.uids ?? []) this.#uses.release(uid)
    this.#pods.delete(key)
  }

  /** undefined when it isn't such a pod */
  progress(key: string, pod: Pod, reader: DeviceReader, now: number): ReservingProgress | undefined {
    const reservation = this.#pods.get(key)
    if (reservation === undefined) return undefined
    const claims: ResourceClaim[] = []
    for (const name of reservation.names) {
      const claim = reader.claim(pod.metadata.namespace, name)
      if (claim?.status?.allocation === undefined || !isReservedFor(pod, claim)) return { kind: 'lost' }
      claims.push(claim)
    }
    if (!claims.some(hasBindingConditions)) return { kind: 'reserved' }
    const isNew = reservation.nextCheck === undefined
    if (now < (reservation.nextCheck ?? now)) return { kind: 'waiting', leftMs: reservation.nextCheck! - now, isNew }
    reservation.nextCheck = now + POLL_MS
    for (const claim of claims) {
      const readiness = readinessOf(claim)
      if (readiness.kind === 'failed') return readiness
      if (readiness.kind === 'ready') continue
      if (isTimedOut(claim, now)) return { kind: 'failed', why: `device binding timeout: claim=${claim.metadata.name}` }
      return { kind: 'waiting', leftMs: POLL_MS, isNew }
    }
    return { kind: 'reserved' }
  }
}
