/**
 * Loads are declared on whatever controls pods, and shared evenly by those of its pods that are ready: a Deployment that is scaled
 * up is relieved by it.
 */
import { isConditionTrue } from '../meta/conditions.ts'
import { controllerOf } from '../meta/owner-references.ts'
import type { KubeObject } from '../object.ts'
import type { OwnerReference, Pod } from '../types.gen.ts'
import { loadAnnotation } from './annotations.ts'
import { declaredValue } from './metric-series.ts'

/** The object that a reference is to; undefined when it is gone, or another has its name. */
export type FindOwner = (namespace: string, owner: OwnerReference) => KubeObject | undefined

/** A ReplicaSet, a Deployment, and one above that. */
const LONGEST_CHAIN = 3

export class Loads {
  readonly #findOwner: FindOwner
  readonly #siblings: () => readonly Pod[]
  readonly #owners = new Map<string, readonly KubeObject[]>()
  #readyByOwner: Map<string, number> | undefined

  /** @param siblings all pods of the namespace, among them those that share a load; only asked when there is one */
  constructor(findOwner: FindOwner, siblings: () => readonly Pod[]) {
    this.#findOwner = findOwner
    this.#siblings = siblings
  }

  /** The pod's share in thousandths, rounded up; 0 for one that isn't ready; undefined when no load is declared. */
  shareOf(pod: Pod, metric: string): bigint | undefined {
    for (const owner of this.#ownersOf(pod)) {
      const load = declaredValue(loadAnnotation(owner, metric), undefined)
      if (load === undefined) continue
      if (!bearsLoad(pod)) return 0n
      const bearers = BigInt(this.#readyPodsOf(owner))
      return (load + bearers - 1n) / bearers
    }
    return undefined
  }

  #readyPodsOf({ metadata }: KubeObject): number {
    if (this.#readyByOwner === undefined) {
      this.#readyByOwner = new Map()
      for (const pod of this.#siblings()) {
        if (!bearsLoad(pod)) continue
        for (const owner of this.#ownersOf(pod)) {
          const { uid } = owner.metadata
          this.#readyByOwner.set(uid, (this.#readyByOwner.get(uid) ?? 0) + 1)
        }
      }
    }
    return this.#readyByOwner.get(metadata.uid) ?? 1
  }

  /** Its controller, the controller of that, and so on: found once for all pods of one controller. */
  #ownersOf(pod: Pod): readonly KubeObject[] {
    const first = controllerOf(pod)
    if (first === undefined) return []
    let owners = this.#owners.get(first.uid)
    if (owners === undefined) {
      owners = this.#chainOf(pod)
      this.#owners.set(first.uid, owners)
    }
    return owners
  }

  #chainOf(pod: Pod): readonly KubeObject[] {
    const owners: KubeObject[] = []
    let object: KubeObject = pod
    while (owners.length < LONGEST_CHAIN) {
      const reference = controllerOf(object)
      const owner = reference && this.#findOwner(pod.metadata.namespace ?? '', reference)
      if (owner === undefined) break
      owners.push(owner)
      object = owner
    }
    return owners
  }
}

function bearsLoad({ metadata, status }: Pod): boolean {
  return metadata.deletionTimestamp === undefined && status?.phase === 'Running' && isConditionTrue(status.conditions, 'Ready')
}
