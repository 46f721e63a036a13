/**
 * How many of the placed pods each matcher picks, by node: worked out when a matcher is first asked about, then kept up as pods
 * come and go. Neither costs more the more pods are placed that have nothing to do with it.
 */
import type { PodInfo } from './pod-info.ts'
import { bucketsOf, type PodMatcher } from './pod-matcher.ts'

interface Placed {
  readonly pod: PodInfo
  readonly node: string
  readonly buckets: readonly string[]
}

interface Counted {
  readonly matcher: PodMatcher
  readonly byNode: Map<string, number>
}

/** Matchers whose counts are kept; the one longest unused goes first. */
const COUNTED_LIMIT = 2048

export class PodCounts {
  readonly #placed = new Map<string, Placed>()
  readonly #byBucket = new Map<string, Map<string, Placed>>()
  readonly #counted = new Map<string, Counted>()
  readonly #countedByBucket = new Map<string, Map<string, Counted>>()

  add(pod: PodInfo, node: string): void {
    const placed: Placed = { pod, node, buckets: bucketsOf(pod.pod) }
    this.#placed.set(pod.key, placed)
    for (const bucket of placed.buckets) put(this.#byBucket, bucket, pod.key, placed)
    this.#count(placed, 1)
  }

  remove(key: string): void {
    const placed = this.#placed.get(key)
    if (placed === undefined) return
    this.#placed.delete(key)
    for (const bucket of placed.buckets) drop(this.#byBucket, bucket, key)
    this.#count(placed, -1)
  }

  /** Nodes without any are left out. Stays current while it is held only until the next pod comes or goes. */
  of(matcher: PodMatcher): ReadonlyMap<string, number> {
    const known = this.#counted.get(matcher.id)
    if (known !== undefined) {
      // The last used is the last in the map.
      this.#counted.delete(matcher.id)
      this.#counted.set(matcher.id, known)
      return known.byNode
    }
    const byNode = new Map<string, number>()
    for (const { pod, node } of this.#byBucket.get(matcher.bucket)?.values() ?? []) {
      if (matcher.matches(pod.pod)) increase(byNode, node, 1)
    }
    const counted = { matcher, byNode }
    this.#counted.set(matcher.id, counted)
    put(this.#countedByBucket, matcher.bucket, matcher.id, counted)
    if (this.#counted.size > COUNTED_LIMIT) this.#forget(this.#counted.values().next().value!.matcher)
    return byNode
  }

  /** A namespace's labels changed, or there is a new one. */
  namespacesChanged(): void {
    for (const { matcher } of [...this.#counted.values()]) if (matcher.asksNamespaces) this.#forget(matcher)
  }

  #forget({ id, bucket }: PodMatcher): void {
    this.#counted.delete(id)
    drop(this.#countedByBucket, bucket, id)
  }

  #count({ pod, node, buckets }: Placed, sign: 1 | -1): void {
    for (const bucket of buckets) {
      for (const { matcher, byNode } of this.#countedByBucket.get(bucket)?.values() ?? []) {
        if (matcher.matches(pod.pod)) increase(byNode, node, sign)
      }
    }
  }
}

/** A count of 0 is left out. */
export function increase(counts: Map<string, number>, key: string, by: number): void {
  const count = (counts.get(key) ?? 0) + by
  if (count === 0) counts.delete(key)
  else counts.set(key, count)
}

export function put<T>(groups: Map<string, Map<string, T>>, group: string, key: string, value: T): void {
  const members = groups.get(group)
  if (members === undefined) groups.set(group, new Map([[key, value]]))
  else members.set(key, value)
}

export function drop<T>(groups: Map<string, Map<string, T>>, group: string, key: string): void {
  const members = groups.get(group)
  members?.delete(key)
  if (members?.size === 0) groups.delete(group)
}
