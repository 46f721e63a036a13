import { drop, put } from './pod-counts.ts'
import { type PodInfo, priorityOf } from './pod-info.ts'

/** Pods that wait for room which is being made for them, by node. Upstream: backend/queue/nominator.go. */
export class Nominations {
  readonly #byNode = new Map<string, Map<string, PodInfo>>()
  readonly #nodeOf = new Map<string, string>()

  set(pod: PodInfo, node: string): void {
    this.remove(pod.key)
    put(this.#byNode, node, pod.key, pod)
    this.#nodeOf.set(pod.key, node)
  }

  remove(key: string): void {
    const node = this.#nodeOf.get(key)
    if (node === undefined) return
    drop(this.#byNode, node, key)
    this.#nodeOf.delete(key)
  }

  /** Those that have a claim on the node's room before this pod. Upstream: addGENominatedPods. */
  before({ key, pod }: PodInfo, node: string): readonly PodInfo[] {
    const there = this.#byNode.get(node)
    if (there === undefined) return []
    return [...there.values()].filter((each) => each.key !== key && priorityOf(each.pod) >= priorityOf(pod))
  }

  /** Those that must stand back for it. Upstream: getLowerPriorityNominatedPods. */
  below({ pod }: PodInfo, node: string): readonly PodInfo[] {
    return [...(this.#byNode.get(node)?.values() ?? [])].filter((each) => priorityOf(each.pod) < priorityOf(pod))
  }
}
