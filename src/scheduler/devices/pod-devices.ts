/** One attempt to find the devices that a pod's claims ask for. Upstream: plugins/dynamicresources/dynamicresources.go. */

import { quantityValue } from '../../api/meta/quantity.ts'
import { claimNameOf, isReservedFor, ownerFault } from '../../api/resource/v1/claims-of-pod.ts'
import type {
  AllocationResult,
  ContainerExtendedResourceRequest,
  Node,
  Pod,
  ResourceV1ResourceClaim as ResourceClaim,
} from '../../api/types.gen.ts'
import { NodeFault } from './allocation-fault.ts'
import { allocate } from './allocator.ts'
import { isTimedOut, readinessOf } from './binding-conditions.ts'
import { isAvailable } from './candidates.ts'
import { type DeviceReader, EXTENDED_CLAIM } from './device-reader.ts'
import type { DeviceUses } from './device-uses.ts'
import { extendedRequests } from './extended-requests.ts'
import { wantedBy } from './wanted-devices.ts'

/** A claim has so many alternatives at most. Upstream: FirstAvailableDeviceRequestMaxSize. */
const MAX_ALTERNATIVES = 8

export interface SpecialClaim {
  readonly claim: ResourceClaim
  readonly mappings: readonly ContainerExtendedResourceRequest[]
}

type Found = { readonly allocations: readonly AllocationResult[]; readonly special: SpecialClaim | undefined } | { readonly reason: string }

export class PodDevices {
  /** Why the pod isn't to be tried at all yet: claims are missing, or going. */
  readonly gate: string | undefined
  /** Why it can run nowhere. */
  readonly blocked: string | undefined
  readonly claims: readonly ResourceClaim[]
  /** The classes that stand behind extended resources the pod asks for, by their names. */
  readonly extended: ReadonlyMap<string, string>
  /** What was made for its extended resources when it was tried before: it has to go first. */
  readonly stale: ResourceClaim | undefined
  readonly #pod: Pod
  readonly #reader: DeviceReader
  readonly #uses: DeviceUses
  readonly #now: number
  readonly #found = new Map<string, Found>()
  /** Allocated ones that some node that was asked about is out of reach of. */
  readonly #unavailable = new Set<ResourceClaim>()

  constructor(reader: DeviceReader, uses: DeviceUses, pod: Pod, now: number, extended: ReadonlyMap<string, string> = new Map()) {
    this.#reader = reader
    this.#pod = pod
    this.extended = extended
    this.stale = extended.size === 0 ? undefined : reader.extendedClaim(pod)
    this.#uses = uses
    this.#now = now
    const found = claimsOf(reader, pod)
    this.gate = 'fault' in found ? found.fault : undefined
    this.claims = 'fault' in found ? [] : found.claims
    this.blocked = this.claims.map((claim) => this.#whyBlocked(claim)).find((why) => why !== undefined)
  }

  /** Those to allocate, in the order of the allocations. */
  get unallocated(): readonly ResourceClaim[] {
    return this.claims.filter(({ status }) => status?.allocation === undefined)
  }

  /** @throws AllocationFault */
  objectionTo(node: Node): string | undefined {
    const found = this.#on(node)
    return 'reason' in found ? found.reason : undefined
  }

  /** Of the unallocated claims, on a node to which there was no objection. */
  allocationsOn(node: Node): readonly AllocationResult[] {
    const found = this.#on(node)
    return 'allocations' in found ? found.allocations : []
  }

  /** The claim for the extended resources, which gets the last of the allocations. */
  specialOn(node: Node): SpecialClaim | undefined {
    const found = this.#on(node)
    return 'special' in found ? found.special : undefined
  }

  get isEmpty(): boolean {
    return this.claims.length === 0 && this.extended.size === 0
  }

  /** The earlier the alternatives that are taken on the node, the more. Upstream: computeScore. */
  preferenceFor(node: Node): number {
    const fresh = [...this.allocationsOn(node)]
    let sum = 0
    for (const claim of this.claims) {
      const { devices } = claim.status?.allocation ?? fresh.shift() ?? {}
      const taken = new Set(devices?.results?.map(({ request }) => request))
      for (const alternatives of wantedBy(claim)) {
        for (const [index, { name, requestName }] of alternatives.entries())
          if (name !== requestName && taken.has(name)) sum += MAX_ALTERNATIVES - index
      }
    }
    return sum
  }

  /** One whose devices are given back, since they are of no use to the pod and nobody else has them. */
  toDeallocate(pod: Pod): ResourceClaim | undefined {
    return [...this.#unavailable].find(({ status }) => {
      const users = status?.reservedFor ?? []
      return users.length === 0 || (users.length === 1 && users[0]!.uid === pod.metadata.uid)
    })
  }

  unreserved(pod: Pod): readonly ResourceClaim[] {
    return this.claims.filter((claim) => !isReservedFor(pod, claim))
  }

  #whyBlocked(claim: ResourceClaim): string | undefined {
    if (claim.status?.allocation !== undefined) return undefined
    const { namespace, name, uid } = claim.metadata
    if (this.#uses.isPending(uid)) return `resource claim ${namespace}/${name} is in the process of being allocated`
    const missing = wantedBy(claim)
      .flat()
      .find(({ deviceClassName }) => this.#reader.deviceClass(deviceClassName) === undefined)
    return missing && `request ${missing.name}: device class ${missing.deviceClassName} does not exist`
  }

  #on(node: Node) {
    let found = this.#found.get(node.metadata.name)
    if (found === undefined) {
      found = this.#look(node)
      this.#found.set(node.metadata.name, found)
    }
    return found
  }

  #look(node: Node): Found {
    if (this.stale !== undefined) return { reason: 'cannot schedule extended resource claim' }
    const special = this.#specialOn(node)
    const unavailable = this.claims.filter(
      (claim) => claim.status?.allocation !== undefined && (!isAvailable(claim, node) || this.#isInVain(claim)),
    )
    const wanted = [...this.unallocated, ...(special === undefined ? [] : [special.claim])]
    let allocations: readonly AllocationResult[] | undefined = []
    try {
      if (wanted.length > 0) allocations = allocate(this.#reader, this.#uses, node, wanted)
    } catch (error) {
      if (error instanceof NodeFault) return { reason: error.message }
      throw error
    }
    if (allocations === undefined) return { reason: 'cannot allocate all claims' }
    for (const claim of unavailable) this.#unavailable.add(claim)
    return unavailable.length > 0 ? { reason: 'resourceclaim not available on the node' } : { allocations, special }
  }

  /** What of the extended resources is to come from devices: what the node has none of itself. */
  #specialOn(node: Node): SpecialClaim | undefined {
    const { namespace, name, uid } = this.#pod.metadata
    const classes = new Map([...this.extended].filter(([resource]) => quantityValue(node.status?.allocatable?.[resource]) === 0))
    if (classes.size === 0) return undefined
    const { requests, mappings } = extendedRequests(this.#pod, classes)
    const metadata = {
      name: '<extended-resources>',
      namespace,
      uid: `extended-resources-of-${uid}`,
      annotations: { [EXTENDED_CLAIM]: 'true' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name, uid, controller: true }],
    }
    return { claim: { metadata, spec: { devices: { requests } }, status: {} } as unknown as ResourceClaim, mappings }
  }

  #isInVain(claim: ResourceClaim): boolean {
    const { kind } = readinessOf(claim)
    return kind === 'failed' || (kind === 'waiting' && isTimedOut(claim, this.#now))
  }
}

/** All that are needed, or why one can't be had. Upstream: foreachPodResourceClaim. */
function claimsOf(reader: DeviceReader, pod: Pod): { readonly claims: readonly ResourceClaim[] } | { readonly fault: string } {
  const claims: ResourceClaim[] = []
  for (const podClaim of pod.spec.resourceClaims ?? []) {
    const found = claimNameOf(pod, podClaim)
    if ('fault' in found) return { fault: found.fault }
    if (found.name === undefined) continue
    const claim = reader.claim(pod.metadata.namespace, found.name)
    if (claim === undefined) return { fault: `resourceclaim.resource.k8s.io "${found.name}" not found` }
    if (claim.metadata.deletionTimestamp !== undefined) return { fault: `resourceclaim "${found.name}" is being deleted` }
    const fault = found.isGenerated ? ownerFault(pod, claim) : undefined
    if (fault !== undefined) return { fault }
    claims.push(claim)
  }
  return { claims }
}
