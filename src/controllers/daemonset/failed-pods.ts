/**
 * How often daemon pods failed on a node, so that a pod a node keeps refusing isn't replaced in a hot loop. No object keeps
 * count, so the controller does, as upstream's back-off does: it is lost when the controller stops.
 */
import { parseTimestamp } from '../../api/meta/time.ts'
import type { DaemonSet, Pod } from '../../api/types.gen.ts'
import type { Key } from '../../runtime/controller.ts'
import { targetNode } from './daemon-pod.ts'

/** Upstream: cmd/kube-controller-manager/app/apps.go, flowcontrol.NewBackOff(1s, 15m). */
const FIRST_DELAY_MS = 1000
const LONGEST_DELAY_MS = 15 * 60 * 1000
/** After so long without a failure the count starts anew. Upstream: backoff.go hasExpired. */
const FORGET_MS = 2 * LONGEST_DELAY_MS

/** More failed pods than these are never on one node at a time. */
const KNOWN_LIMIT = 8

interface Failures {
  readonly count: number
  readonly lastCreatedAt: number
  /** The latest that were counted, by uid, each with the count before it. */
  readonly known: EarlierFailures
}

/** How many pods failed on the same node before, by the uid of the failed pod. */
export type EarlierFailures = ReadonlyMap<string, number>

export class FailedPodCounter {
  /** By the set's key; a set of the same name that is another starts anew. */
  readonly #sets = new Map<Key, { readonly uid: string; readonly nodes: Map<string, Failures> }>()

  /** Counts each failed pod once. They are told apart by uid and dated by their creation, so no clock is needed. */
  note(key: Key, set: DaemonSet, pods: readonly Pod[]): EarlierFailures {
    const earlier = new Map<string, number>()
    const failed = pods.filter((pod) => pod.status?.phase === 'Failed')
    if (failed.length === 0) return earlier
    let known = this.#sets.get(key)
    if (known?.uid !== set.metadata.uid) {
      known = { uid: set.metadata.uid, nodes: new Map() }
      this.#sets.set(key, known)
    }
    const { nodes } = known
    // A changed set gets a fresh start. Upstream: failedPodsBackoffKey.
    const nodeOf = (pod: Pod) => `${set.status?.observedGeneration ?? 0}/${targetNode(pod)}`
    for (const pod of failed) {
      const failures = withFailure(nodes.get(nodeOf(pod)), pod)
      nodes.set(nodeOf(pod), failures)
      earlier.set(pod.metadata.uid, failures.known.get(pod.metadata.uid)!)
    }
    return earlier
  }

  forget(key: Key): void {
    this.#sets.delete(key)
  }
}

function withFailure(failures: Failures | undefined, { metadata }: Pod): Failures {
  if (failures?.known.has(metadata.uid)) return failures
  const createdAt = parseTimestamp(metadata.creationTimestamp)
  const isForgotten = failures === undefined || createdAt - failures.lastCreatedAt > FORGET_MS
  const earlier = isForgotten ? 0 : failures.count
  const known = [...(failures?.known ?? [])].slice(-KNOWN_LIMIT)
  return { count: earlier + 1, lastCreatedAt: createdAt, known: new Map([...known, [metadata.uid, earlier]]) }
}

/**
 * Milliseconds until a failed pod may be replaced: 0 for the first on its node, then 1 s, 2 s, 4 s, … since the one before
 * it was, which is when this one was made.
 */
export function replacementDelay(pod: Pod, earlierFailures: number, now: number): number {
  if (earlierFailures === 0) return 0
  const delay = Math.min(FIRST_DELAY_MS * 2 ** (earlierFailures - 1), LONGEST_DELAY_MS)
  return Math.max(0, parseTimestamp(pod.metadata.creationTimestamp) + delay - now)
}
