/** The pods that have ended, to find the oldest when there are too many of them. */
import { parseTimestamp } from '../../api/meta/time.ts'
import type { Pod } from '../../api/types.gen.ts'
import { isOver } from './reconcile.ts'

interface Ended {
  readonly isEvicted: boolean
  readonly createdAt: number
  readonly name: string
}

export class EndedPods {
  readonly #limit: number
  readonly #pods = new Map<string, Ended>()
  readonly #excess = new Set<string>()

  /** @param limit how many are kept; 0: all */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** A pod as it is now; undefined when it went. Returns the key of a pod that is one too many by this. */
  set(key: string, pod: Pod | undefined): string | undefined {
    if (pod === undefined || !isOver(pod)) {
      this.#pods.delete(key)
      this.#excess.delete(key)
      return undefined
    }
    if (this.#pods.has(key)) return undefined
    const createdAt = parseTimestamp(pod.metadata.creationTimestamp)
    this.#pods.set(key, { isEvicted: pod.status?.reason === 'Evicted', createdAt, name: pod.metadata.name })
    if (this.#limit <= 0 || this.#pods.size - this.#excess.size <= this.#limit) return undefined
    const oldest = this.#oldest()
    this.#excess.add(oldest)
    return oldest
  }

  isExcess(key: string): boolean {
    return this.#excess.has(key)
  }

  /** Upstream: byEvictionAndCreationTimestamp. */
  #oldest(): string {
    let first: { readonly key: string; readonly pod: Ended } | undefined
    for (const [key, pod] of this.#pods)
      if (!this.#excess.has(key) && (first === undefined || compare(pod, first.pod) < 0)) first = { key, pod }
    return first!.key
  }
}

function compare(a: Ended, b: Ended): number {
  if (a.isEvicted !== b.isEvicted) return a.isEvicted ? -1 : 1
  return a.createdAt - b.createdAt || (a.name < b.name ? -1 : 1)
}
