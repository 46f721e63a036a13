/** Ports of the nodes. Upstream: registry/core/service/portallocator. */
import type { Service } from '../../api/types.gen.ts'
import { HeldValues } from './held-values.ts'
import { offsetOf } from './offset.ts'

/** Upstream's default of --service-node-port-range. */
const FIRST = 30000
const LAST = 32767
/** The lower part is kept for ports that are asked for by number. Upstream: calculateRangeOffset, a thirty-second. */
const DYNAMIC_FROM = FIRST + 86
/** What a dry run is told. Upstream: operation.go AllocateNext */
const FIRST_SAMPLE = 32768

export const FULL = 'range is full'
const ALLOCATED = 'provided port is already allocated'
const OUT_OF_RANGE = `provided port is not in the valid range. The range of valid ports is ${FIRST}-${LAST}`

export class PortPool {
  readonly #held = new HeldValues<number>()

  change(key: string, current: Service | undefined, old: Service | undefined): void {
    if (old !== undefined) this.#held.remove(key, portsOf(old))
    if (current !== undefined) this.#held.store(key, portsOf(current))
  }

  isTaken(port: number, owner?: string): boolean {
    return this.#held.isTaken(port, owner)
  }

  promise(owner: string, service: Service): () => void {
    return this.#held.promise(owner, portsOf(service))
  }

  /** The ports that one write takes, which all differ. */
  begin(seed: string, isDryRun: boolean): PortAllocation {
    return new PortAllocation(this, seed, isDryRun)
  }
}

export class PortAllocation {
  readonly #pool: PortPool
  readonly #seed: string
  readonly #isDryRun: boolean
  readonly #taken: number[] = []

  constructor(pool: PortPool, seed: string, isDryRun: boolean) {
    this.#pool = pool
    this.#seed = seed
    this.#isDryRun = isDryRun
  }

  /** Why the port can't be had; undefined when it is had. */
  take(port: number): string | undefined {
    if (!this.#isDryRun && (port < FIRST || port > LAST)) return OUT_OF_RANGE
    if (this.#isTaken(port)) return ALLOCATED
    this.#taken.push(port)
    return undefined
  }

  /** undefined when there is none left. */
  next(): number | undefined {
    const found = this.#isDryRun
      ? Math.max(FIRST_SAMPLE - 1, ...this.#taken) + 1
      : (this.#scan(DYNAMIC_FROM, LAST) ?? this.#scan(FIRST, DYNAMIC_FROM - 1))
    if (found !== undefined) this.#taken.push(found)
    return found
  }

  #scan(from: number, to: number): number | undefined {
    const size = to - from + 1
    const start = offsetOf(`${this.#seed}/${this.#taken.length}`)
    for (let step = 0; step < size; step++) {
      const port = from + ((start + step) % size)
      if (!this.#isTaken(port)) return port
    }
    return undefined
  }

  #isTaken(port: number): boolean {
    return this.#taken.includes(port) || this.#pool.isTaken(port)
  }
}

export function portsOf({ spec }: Service): number[] {
  const ports = (spec.ports ?? []).map(({ nodePort = 0 }) => nodePort)
  return [...new Set([...ports, spec.healthCheckNodePort ?? 0])].filter((port) => port !== 0)
}
