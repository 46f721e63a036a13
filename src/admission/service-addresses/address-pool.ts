/** Cluster IPs: the ranges of the ServiceCIDRs and what is taken of them. Upstream: ipallocator/cidrallocator.go MetaAllocator. */
import { type AddressRange, addressIn, addressRange, hasAddress, type IpFamily } from '../../api/core/v1/address-range.ts'
import { canonicalIp } from '../../api/core/v1/ip-address.ts'
import { findCondition } from '../../api/meta/conditions.ts'
import type { IPAddress, Service, ServiceCIDR } from '../../api/types.gen.ts'
import type { ClusterView } from '../admission.ts'
import { HeldValues } from './held-values.ts'
import { offsetOf } from './offset.ts'

const SERVICE_CIDRS = 'servicecidrs.networking.k8s.io'
const IP_ADDRESSES = 'ipaddresses.networking.k8s.io'
/** On the IPAddresses that stand for the cluster IPs of Services: those are counted by their Services. */
const MANAGED_BY = 'ipaddress.kubernetes.io/managed-by'
const MANAGER = 'ipallocator.k8s.io'

export const FULL = 'range is full'
const ALLOCATED = 'provided IP is already allocated'
const MISMATCHED = 'the provided network does not match the current range'

export class AddressPool {
  readonly #configured: readonly AddressRange[]
  readonly #cidrs = new Map<string, ServiceCIDR>()
  #ranges: readonly AddressRange[] | undefined
  readonly #held = new HeldValues<string>()

  /** @param configured what the ServiceCIDR `kubernetes` is made of; in its stead while there is none at all */
  constructor(cluster: ClusterView, configured: readonly AddressRange[]) {
    this.#configured = configured
    cluster.follow<ServiceCIDR>(SERVICE_CIDRS, (current, old) => {
      if (current === undefined) this.#cidrs.delete(old!.metadata.name)
      else this.#cidrs.set(current.metadata.name, current)
      this.#ranges = undefined
    })
    cluster.follow<IPAddress>(IP_ADDRESSES, (current, old) => {
      if (old !== undefined) this.#held.remove('', strangersOf(old))
      if (current !== undefined) this.#held.store('', strangersOf(current))
    })
  }

  change(key: string, current: Service | undefined, old: Service | undefined): void {
    if (old !== undefined) this.#held.remove(key, addressesOf(old))
    if (current !== undefined) this.#held.store(key, addressesOf(current))
  }

  /** Why the address can't be had; undefined when it can. @param owner who has it already, perhaps */
  faultOf(ip: string, owner?: string): string | undefined {
    if (!this.#readyRanges().some((range) => hasAddress(range, ip))) return MISMATCHED
    return this.isTaken(ip, owner) ? ALLOCATED : undefined
  }

  isTaken(ip: string, owner?: string): boolean {
    return this.#held.isTaken(canonicalIp(ip), owner)
  }

  /** A free address; undefined when there is none. @param seed from which it follows which one, so that a run can be repeated */
  next(family: IpFamily, seed: string): string | undefined {
    for (const range of this.#readyRanges()) {
      if (range.family !== family) continue
      const { first, dynamicFrom, last } = range
      const found = this.#scan(family, dynamicFrom, last, seed) ?? this.#scan(family, first, dynamicFrom - 1n, seed)
      if (found !== undefined) return found
    }
    return undefined
  }

  /** What a dry run is told. Upstream: dryRunRange, the network's own address. */
  sample(family: IpFamily): string | undefined {
    return this.#readyRanges().find((range) => range.family === family)?.network
  }

  promise(owner: string, service: Service): () => void {
    return this.#held.promise(owner, addressesOf(service))
  }

  #scan(family: IpFamily, from: bigint, to: bigint, seed: string): string | undefined {
    const size = to - from + 1n
    if (size <= 0n) return undefined
    const start = BigInt(offsetOf(seed)) % size
    for (let step = 0n; step < size; step++) {
      const ip = addressIn(family, from + ((start + step) % size))
      if (!this.#held.isTaken(ip)) return ip
    }
    return undefined
  }

  /** Of those that may be used, the oldest first. */
  #readyRanges(): readonly AddressRange[] {
    if (this.#cidrs.size === 0) return this.#configured
    this.#ranges ??= [...this.#cidrs.values()]
      .filter((cidr) => cidr.metadata.deletionTimestamp === undefined && isReady(cidr))
      .sort((a, b) => (ageOf(a) < ageOf(b) ? -1 : 1))
      .flatMap(({ spec }) => (spec.cidrs ?? []).map(addressRange))
      .filter((range) => range !== undefined)
    return this.#ranges
  }
}

function ageOf({ metadata }: ServiceCIDR): string {
  return `${metadata.creationTimestamp} ${metadata.name}`
}

/** Upstream: cidrallocator.go isReady; without a controller to say so it is. */
function isReady({ status }: ServiceCIDR): boolean {
  return (findCondition(status?.conditions, 'Ready')?.status ?? 'True') === 'True'
}

export function addressesOf({ spec }: Service): string[] {
  if (spec.type === 'ExternalName') return []
  return (spec.clusterIPs ?? []).filter((ip) => ip !== 'None' && ip !== '').map(canonicalIp)
}

function strangersOf({ metadata }: IPAddress): string[] {
  return metadata.labels?.[MANAGED_BY] === MANAGER ? [] : [metadata.name]
}
