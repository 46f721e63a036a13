/**
 * Pods that fit nowhere, by class: those of one class ask for the same, so while one of them doesn't fit none of them does.
 * When something changes a few of each class are tried; each one that is placed then brings on the next ones.
 */
import type { Pod } from '../api/types.gen.ts'
import { isToldUnschedulable } from './reconcile.ts'

interface Parked {
  readonly uid: string
  readonly generation: number | undefined
  readonly gates: number
  readonly priority: number
  readonly classId: string
  readonly at: number
  readonly message: string
  readonly nominatedNode: string | undefined
}

/** Tried of each class after a change: enough to fill a new node in few rounds, few enough for thousands to wait. */
const TRIED_FIRST = 32
/** Brought on by each one that was placed. */
const TRIED_NEXT = 2
/** Tried again even if nothing is known to have changed. Upstream: podMaxInUnschedulablePodsDuration. */
export const LONGEST_WAIT_MS = 300_000

export class UnschedulablePods {
  readonly #parked = new Map<string, Parked>()
  readonly #classes = new Map<string, Set<string>>()

  /** @param told what the pod's status is to say */
  park(key: string, pod: Pod, now: number, told: { readonly message: string; readonly nominatedNode: string | undefined }): void {
    this.forget(key)
    const classId = schedulingClass(pod)
    this.#parked.set(key, {
      uid: pod.metadata.uid,
      generation: pod.metadata.generation,
      gates: gateCount(pod),
      priority: pod.spec.priority ?? 0,
      classId,
      at: now,
      message: told.message,
      nominatedNode: told.nominatedNode,
    })
    const members = this.#classes.get(classId)
    if (members === undefined) this.#classes.set(classId, new Set([key]))
    else members.add(key)
  }

  /** Was this very pod found to fit nowhere and told so, and has nothing changed since that could help it? */
  isWaiting(key: string, pod: Pod, now: number): boolean {
    const parked = this.#parked.get(key)
    return (
      parked !== undefined &&
      parked.uid === pod.metadata.uid &&
      parked.generation === pod.metadata.generation &&
      parked.gates === gateCount(pod) &&
      now - parked.at < LONGEST_WAIT_MS &&
      isToldUnschedulable(pod, parked.message, parked.nominatedNode)
    )
  }

  forget(key: string): void {
    const parked = this.#parked.get(key)
    if (parked === undefined) return
    this.#parked.delete(key)
    const members = this.#classes.get(parked.classId)!
    members.delete(key)
    if (members.size === 0) this.#classes.delete(parked.classId)
  }

  /** Something changed: the pods to try now, the most important first. */
  takeSome(): string[] {
    const priority = (members: Set<string>) => this.#parked.get(members.values().next().value!)!.priority
    const classes = [...this.#classes.values()].sort((a, b) => priority(b) - priority(a))
    return classes.flatMap((members) => this.#take(members, TRIED_FIRST))
  }

  /** A pod was placed: those after it in its class. */
  takeAfter(pod: Pod): string[] {
    if (this.#classes.size === 0) return []
    const members = this.#classes.get(schedulingClass(pod))
    return members === undefined ? [] : this.#take(members, TRIED_NEXT)
  }

  /** Those that care where other pods are: a placed pod may be what they want to be near. */
  takeWithAffinity(): string[] {
    if (this.#classes.size === 0) return []
    return [...this.#classes].filter(([id]) => id.startsWith('affinity')).flatMap(([, members]) => this.#take(members, TRIED_FIRST))
  }

  #take(members: Set<string>, count: number): string[] {
    const keys: string[] = []
    for (const key of members) {
      if (keys.length >= count) break
      keys.push(key)
    }
    for (const key of keys) this.forget(key)
    return keys
  }
}

function gateCount(pod: Pod): number {
  return pod.spec.schedulingGates?.length ?? 0
}

/** All that filters look at. The node name it will have, and what it runs, don't matter. */
function schedulingClass({ metadata, spec }: Pod): string {
  const { affinity, topologySpreadConstraints, nodeSelector, tolerations, overhead, priority, preemptionPolicy, resources } = spec
  const caresForPods =
    affinity?.podAffinity !== undefined || affinity?.podAntiAffinity !== undefined || topologySpreadConstraints !== undefined
  const containers = (list: typeof spec.containers | undefined) =>
    list?.map(({ resources: own, restartPolicy, ports }) => [own, restartPolicy, ports?.filter(({ hostPort }) => hostPort)])
  const claims = spec.volumes?.filter(({ persistentVolumeClaim, ephemeral }) => persistentVolumeClaim ?? ephemeral)
  const who = claims?.length ? metadata.name : ''
  const text = [
    metadata.namespace,
    who,
    metadata.labels,
    affinity,
    topologySpreadConstraints,
    nodeSelector,
    tolerations,
    overhead,
    resources,
  ]
  return `${caresForPods ? 'affinity' : 'plain'}${JSON.stringify([...text, priority, preemptionPolicy, containers(spec.containers), containers(spec.initContainers), claims])}`
}
