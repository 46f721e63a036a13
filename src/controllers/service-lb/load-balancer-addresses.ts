/**
 * The addresses of the simulated cloud's load balancers: 198.18.0.0/15, which is set aside for benchmarks and leads nowhere, and
 * 2001:2::/48 likewise. Those in use are read off the stored Services and Ingresses; one is given to one owner.
 */
import { addressIn, addressRange, familyOfIp, type IpFamily } from '../../api/core/v1/address-range.ts'
import { canonicalIp, numberOf } from '../../api/core/v1/ip-address.ts'
import type { Ingress, Service } from '../../api/types.gen.ts'
import type { Reader } from '../../runtime/controller.ts'

const FIRST: Readonly<Record<IpFamily, bigint>> = {
  IPv4: addressRange('198.18.0.0/15')!.first,
  IPv6: numberOf('2001:2::1').value,
}
const SIZE = (1 << 17) - 2

export const SERVICES = 'services'
export const INGRESSES = 'ingresses.networking.k8s.io'

export function serviceOwner({ metadata }: Service): string {
  return `service ${metadata.namespace}/${metadata.name}`
}

/** Ingresses of one class are served by one load balancer. */
export function ingressOwner(className: string): string {
  return `ingress class ${className}`
}

export class LoadBalancerAddresses {
  readonly #owners = new Map<string, string>()
  readonly #held = new Map<string, Set<string>>()
  /** Below are none that are free. */
  readonly #lowest: Record<IpFamily, number> = { IPv4: 0, IPv6: 0 }
  #isSeeded = false

  /** What is stored is in use. To be called before the rest; reads once. */
  seed(reader: Reader): void {
    if (this.#isSeeded) return
    this.#isSeeded = true
    for (const service of reader.list<Service>(SERVICES)) {
      for (const { ip } of service.status?.loadBalancer?.ingress ?? []) if (ip) this.hold(serviceOwner(service), ip)
    }
    for (const { spec, status } of reader.list<Ingress>(INGRESSES)) {
      for (const { ip } of status?.loadBalancer?.ingress ?? []) if (ip) this.hold(ingressOwner(spec?.ingressClassName ?? ''), ip)
    }
  }

  /** False when it is another's. */
  hold(owner: string, address: string): boolean {
    const ip = canonicalIp(address)
    const holder = this.#owners.get(ip)
    if (holder !== undefined) return holder === owner
    this.#owners.set(ip, owner)
    this.#held.set(owner, (this.#held.get(owner) ?? new Set()).add(ip))
    return true
  }

  /** The owner's address of the family, or a free one that is its own from now on; undefined when there is none left. */
  addressOf(owner: string, family: IpFamily): string | undefined {
    for (const ip of this.#held.get(owner) ?? []) if (familyOfIp(ip) === family) return ip
    for (let offset = this.#lowest[family]; offset < SIZE; offset++) {
      const ip = addressIn(family, FIRST[family] + BigInt(offset))
      if (this.#owners.has(ip)) continue
      this.#lowest[family] = offset + 1
      this.hold(owner, ip)
      return ip
    }
    return undefined
  }

  /** @param kept what it still has */
  release(owner: string, kept: readonly string[] = []): void {
    const keeps = new Set(kept.map(canonicalIp))
    for (const ip of this.#held.get(owner) ?? []) {
      if (keeps.has(ip)) continue
      this.#owners.delete(ip)
      this.#held.get(owner)!.delete(ip)
      const family = familyOfIp(ip)
      const offset = numberOf(ip).value - FIRST[family]
      if (offset >= 0n && offset < BigInt(this.#lowest[family])) this.#lowest[family] = Number(offset)
    }
    if (this.#held.get(owner)?.size === 0) this.#held.delete(owner)
  }
}
