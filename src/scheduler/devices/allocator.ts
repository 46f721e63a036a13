/**
 * Looks for devices that a pod's claims can have together on a node: the first that do, in the order of their pools. Every way to
 * pick them is tried, each set of devices of a request once. Upstream: structured/internal/incubating/allocator_incubating.go.
 */
import type { AllocationResult, DeviceClass, Node, ResourceV1ResourceClaim as ResourceClaim } from '../../api/types.gen.ts'
import { AllocationFault, NodeFault } from './allocation-fault.ts'
import { allocationResult, type Picked } from './allocation-result.ts'
import { type Candidate, candidatesOf, isSelectable, isTolerated } from './candidates.ts'
import { type Constraint, constraintOf } from './constraints.ts'
import { consumedCapacity, hasCapacity } from './consumed-capacity.ts'
import { Counters } from './counters.ts'
import type { DeviceReader } from './device-reader.ts'
import type { AllocatedDevices } from './device-uses.ts'
import { gatherPools, type Pool } from './pools.ts'
import { nanosOf } from './quantities.ts'
import { type WantedDevices, wantedBy } from './wanted-devices.ts'

/** A claim has so many devices at most. Upstream: AllocationResultsMaxSize. */
const MAX_DEVICES = 32
/** In place of upstream's ten seconds: what takes longer would hold everything else up. */
const MAX_STEPS = 200_000

type Outcome = 'done' | 'failed' | 'too-many'

interface Alternative {
  readonly wanted: WantedDevices
  readonly deviceClass: DeviceClass
  readonly count: number
  /** When all that there are are wanted. */
  readonly all: readonly Candidate[] | undefined
  readonly selectable: Map<Candidate, boolean>
}

interface ClaimSearch {
  readonly claim: ResourceClaim
  readonly requests: readonly (readonly Alternative[])[]
  /** For each request which of its alternatives was taken. */
  readonly chosen: number[]
  readonly constraints: readonly Constraint[]
  readonly picked: Picked[]
}

/**
 * @returns a result for each of the claims; undefined when they can't be had together
 * @throws AllocationFault, NodeFault
 */
export function allocate(
  reader: DeviceReader,
  allocated: AllocatedDevices,
  node: Node,
  claims: readonly ResourceClaim[],
): AllocationResult[] | undefined {
  const pools = gatherPools(reader, node)
  const found = new Search(reader, allocated, node, pools).find(claims)
  if (found === undefined && pools.some(({ state }) => state === 'invalid')) throw new NodeFault('invalid resource pools were encountered')
  return found
}

class Search {
  readonly #reader: DeviceReader
  readonly #allocated: AllocatedDevices
  readonly #node: Node
  readonly #pools: readonly Pool[]
  readonly #candidates: readonly Candidate[]
  readonly #counters: Counters
  /** By device, the claims that have it in thought. */
  readonly #taken = new Map<string, Set<ClaimSearch>>()
  /** By device, what claims have of it in thought, one amount each time. */
  readonly #shared = new Map<string, Map<string, string>[]>()
  #claims: readonly ClaimSearch[] = []
  #steps = 0

  constructor(reader: DeviceReader, allocated: AllocatedDevices, node: Node, pools: readonly Pool[]) {
    this.#reader = reader
    this.#allocated = allocated
    this.#node = node
    this.#pools = pools
    this.#candidates = candidatesOf(pools)
    this.#counters = new Counters(allocated)
  }

  find(claims: readonly ResourceClaim[]): AllocationResult[] | undefined {
    this.#claims = claims.map((claim) => this.#prepare(claim))
    if (this.#request(0, 0) !== 'done') return undefined
    return this.#claims.map(({ claim, picked, requests, chosen }) => {
      const classes = requests.map((alternatives, index) => alternatives[chosen[index]!]!)
      return allocationResult(claim, picked, classes, this.#node.metadata.name)
    })
  }

  #prepare(claim: ResourceClaim): ClaimSearch {
    const requests = wantedBy(claim).map((alternatives) => alternatives.map((wanted) => this.#alternative(claim, wanted)))
    const least = requests.reduce((sum, alternatives) => sum + Math.min(...alternatives.map(({ count }) => count)), 0)
    if (least > MAX_DEVICES) {
      throw new AllocationFault(`claim ${nameOf(claim)}: number of requested devices ${least} exceeds the claim limit of ${MAX_DEVICES}`)
    }
    const constraints = (claim.spec.devices?.constraints ?? []).map(constraintOf)
    return { claim, requests, chosen: [], constraints, picked: [] }
  }

  #alternative(claim: ResourceClaim, wanted: WantedDevices): Alternative {
    const deviceClass = this.#reader.deviceClass(wanted.deviceClassName)
    const whose = `claim ${nameOf(claim)}, request ${shortName(wanted)}`
    if (deviceClass === undefined) {
      const { deviceClassName: name } = wanted
      throw new AllocationFault(`${whose}: could not retrieve device class ${name}: deviceclass.resource.k8s.io "${name}" not found`)
    }
    const one = { wanted, deviceClass, count: wanted.count, all: undefined, selectable: new Map<Candidate, boolean>() }
    if (wanted.allocationMode !== 'All') return one
    for (const { id, state } of this.#pools) {
      if (state === 'incomplete')
        throw new AllocationFault(`${whose}: asks for all devices, but resource pool ${id} is currently being updated`)
      if (state === 'invalid') throw new AllocationFault(`${whose}: asks for all devices, but resource pool ${id} is currently invalid`)
    }
    const all = this.#candidates.filter((each) => this.#isSelectable(one, claim, each) && this.#hasCapacity(wanted, each))
    return { ...one, all, count: all.length }
  }

  /** Everything from this request of this claim on. */
  #request(claimIndex: number, requestIndex: number): Outcome {
    const search = this.#claims[claimIndex]
    if (search === undefined) return 'done'
    const alternatives = search.requests[requestIndex]
    // Another choice for an earlier claim may leave this one its alternative of fewer devices.
    if (alternatives === undefined) return this.#request(claimIndex + 1, 0) === 'done' ? 'done' : 'failed'
    let outcome: Outcome = 'too-many'
    for (const [index, alternative] of alternatives.entries()) {
      const result = this.#fill(claimIndex, requestIndex, alternative, 0, 0)
      if (result === 'done') {
        search.chosen[requestIndex] = index
        return 'done'
      }
      if (result === 'failed') outcome = 'failed'
    }
    return outcome
  }

  /** The devices of a request that are still missing, of those from `start` on, and then what comes after it. */
  #fill(claimIndex: number, requestIndex: number, alternative: Alternative, done: number, start: number): Outcome {
    const search = this.#claims[claimIndex]!
    const { wanted, all, count } = alternative
    if (all?.length === 0) return 'failed'
    if (done >= count) return this.#request(claimIndex, requestIndex + 1)
    if (search.picked.length + count - done > MAX_DEVICES) return 'too-many'
    const candidates = all ?? this.#candidates
    // Of all there are each must be had, so that there is no other way.
    const end = all === undefined ? candidates.length : done + 1
    for (let at = all === undefined ? start : done; at < end; at++) {
      if (++this.#steps > MAX_STEPS) throw new AllocationFault(`node ${this.#node.metadata.name}: timed out trying to allocate devices`)
      const candidate = candidates[at]!
      const isUsable = !this.#isInUse(candidate, wanted, search) && this.#isSelectable(alternative, search.claim, candidate)
      if (!isUsable || !this.#hasCapacity(wanted, candidate)) continue
      const giveBack = this.#take(search, alternative, candidate)
      if (giveBack === undefined) continue
      const outcome = this.#fill(claimIndex, requestIndex, alternative, done + 1, at + 1)
      if (outcome === 'done') return 'done'
      giveBack()
      if (outcome === 'too-many') return outcome
    }
    return 'failed'
  }

  #isInUse({ id }: Candidate, { adminAccess }: WantedDevices, search: ClaimSearch): boolean {
    const holders = this.#taken.get(id)
    return adminAccess ? (holders?.has(search) ?? false) : this.#allocated.isTaken(id) || (holders?.size ?? 0) > 0
  }

  #isSelectable({ wanted, deviceClass, selectable }: Alternative, claim: ResourceClaim, candidate: Candidate): boolean {
    let is = selectable.get(candidate)
    if (is === undefined) {
      is = isSelectable(candidate, wanted, deviceClass, claim, this.#node)
      selectable.set(candidate, is)
    }
    return is
  }

  #hasCapacity({ capacity }: WantedDevices, { id, device }: Candidate): boolean {
    return hasCapacity(capacity, device, (name) => {
      const inThought = (this.#shared.get(id) ?? []).reduce((sum, amounts) => sum + nanosOf(amounts.get(name)), 0n)
      return (this.#allocated.consumed(id)?.get(name) ?? 0n) + inThought
    })
  }

  /** @returns what takes it back; undefined when the device can't be had */
  #take(search: ClaimSearch, { wanted, all }: Alternative, candidate: Candidate): (() => void) | undefined {
    const { id, device, pool } = candidate
    const isShared = device.allowMultipleAllocations === true
    const isCounted = isShared && (this.#allocated.consumed(id) !== undefined || (this.#shared.get(id)?.length ?? 0) > 0)
    const undo: (() => void)[] = []
    const giveBack = () => {
      for (const each of undo.reverse()) each()
    }
    const fail = () => {
      giveBack()
      return undefined
    }
    if (!isCounted && device.consumesCounters?.length) {
      if (!this.#counters.take(pool, device)) return undefined
      undo.push(() => this.#counters.giveBack(pool, device))
    }
    if (!isTolerated(device, wanted)) return fail()
    for (const constraint of search.constraints) {
      if (constraint.add(wanted, pool.driver, device)) {
        undo.push(() => constraint.remove(wanted))
        continue
      }
      if (all === undefined) return fail()
      throw new AllocationFault(
        `claim ${nameOf(search.claim)}, request ${shortName(wanted)}: cannot add device ${id} because a claim constraint would not be satisfied`,
      )
    }
    const capacity = isShared ? consumedCapacity(wanted.capacity, device) : undefined
    if (capacity === undefined) {
      const holders = this.#taken.get(id) ?? new Set()
      this.#taken.set(id, holders.add(search))
      undo.push(() => holders.delete(search))
    } else {
      const shares = this.#shared.get(id) ?? []
      shares.push(capacity)
      this.#shared.set(id, shares)
      undo.push(() => shares.splice(shares.indexOf(capacity), 1))
    }
    search.picked.push({ wanted, candidate, capacity })
    undo.push(() => search.picked.pop())
    return giveBack
  }
}

function nameOf({ metadata }: ResourceClaim): string {
  return `${metadata.namespace}/${metadata.name}`
}

/** As the alternative itself is called. */
function shortName({ name }: WantedDevices): string {
  return name.slice(name.indexOf('/') + 1)
}
