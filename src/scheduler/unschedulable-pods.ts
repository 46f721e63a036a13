/**
 * Pods that fit nowhere, by class: those of one class ask for the same, so while one of them doesn't fit none of them does.
 * When a change may help a class, by the plugins that refused it, a few of it are tried; each one that is placed brings on the
 * next ones. Upstream: backend/queue/unschedulable_pods.go, isPodWorthRequeuing; classes are our own.
 */
import type { Pod } from '../api/types.gen.ts'
import { PLUGINS } from './plugins/index.ts'
import type { Change } from './plugins/plugin.ts'
import { priorityOf } from './pod-info.ts'
import type { NamespaceLabels } from './pod-matcher.ts'

interface Parked {
  readonly pod: Pod
  readonly classId: string
  readonly at: number
  readonly told: Told
}

/** What the pod's status is to say. */
export interface Told {
  readonly message: string
  readonly nominatedNode: string | undefined
}

interface PodClass {
  readonly members: Set<string>
  /** Those that refused a member; none when there was no node to refuse. */
  readonly plugins: Set<string>
  readonly example: Pod
}

/** Tried of each class after a change: enough to fill a new node in few rounds, few enough for thousands to wait. */
const TRIED_FIRST = 32
/** Brought on by each one that was placed. */
const TRIED_NEXT = 2
/** Tried again even if nothing is known to have changed. Upstream: podMaxInUnschedulablePodsDuration. */
export const LONGEST_WAIT_MS = 300_000

export class UnschedulablePods {
  readonly #labelsOf: NamespaceLabels
  readonly #parked = new Map<string, Parked>()
  readonly #classes = new Map<string, PodClass>()

  constructor(labelsOf: NamespaceLabels) {
    this.#labelsOf = labelsOf
  }

  /** @param plugins those that refused it */
  park(key: string, pod: Pod, now: number, told: Told, plugins: Iterable<string>): void {
    this.forget(key)
    const classId = schedulingClass(pod)
    this.#parked.set(key, { pod, classId, at: now, told })
    let podClass = this.#classes.get(classId)
    if (podClass === undefined) {
      podClass = { members: new Set(), plugins: new Set(), example: pod }
      this.#classes.set(classId, podClass)
    }
    podClass.members.add(key)
    for (const plugin of plugins) podClass.plugins.add(plugin)
  }

  /** What this very pod was found to wait for, if nothing changed since that could help it. */
  toldTo(key: string, pod: Pod, now: number): Told | undefined {
    const parked = this.#parked.get(key)
    if (parked === undefined || now - parked.at >= LONGEST_WAIT_MS) return undefined
    const { metadata, spec, status } = parked.pod
    const isSame =
      metadata.uid === pod.metadata.uid &&
      metadata.generation === pod.metadata.generation &&
      JSON.stringify([metadata.labels, spec.schedulingGates, status?.resourceClaimStatuses]) ===
        JSON.stringify([pod.metadata.labels, pod.spec.schedulingGates, pod.status?.resourceClaimStatuses])
    return isSame ? parked.told : undefined
  }

  forget(key: string): void {
    const parked = this.#parked.get(key)
    if (parked === undefined) return
    this.#parked.delete(key)
    const { members } = this.#classes.get(parked.classId)!
    members.delete(key)
    if (members.size === 0) this.#classes.delete(parked.classId)
  }

  /** The pods to try now that an object of the resource changed, the most important first. */
  wake(resource: string, change: Change): string[] {
    if (this.#classes.size === 0) return []
    const hints = PLUGINS.flatMap(({ name, hints: { [resource]: hint } }) => (hint === undefined ? [] : [{ name, hint }]))
    const isNewNode = resource === 'nodes' && change.old === undefined
    return [...this.#classes.values()]
      .filter(({ plugins, example }) =>
        plugins.size === 0
          ? isNewNode
          : hints.some(({ name, hint }) => plugins.has(name) && hint(example, change as never, this.#labelsOf)),
      )
      .sort((a, b) => priorityOf(b.example) - priorityOf(a.example))
      .flatMap(({ members }) => this.#take(members, TRIED_FIRST))
  }

  /** A pod was placed: those after it in its class. */
  takeAfter(pod: Pod): string[] {
    if (this.#classes.size === 0) return []
    const podClass = this.#classes.get(schedulingClass(pod))
    return podClass === undefined ? [] : this.#take(podClass.members, TRIED_NEXT)
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

/** All that plugins look at. The node name it will have, and what it runs, don't matter. */
function schedulingClass({ metadata, spec }: Pod): string {
  const { affinity, topologySpreadConstraints, nodeSelector, tolerations, overhead, priority, preemptionPolicy, resources } = spec
  const containers = (list: typeof spec.containers | undefined) =>
    list?.map(({ resources: own, restartPolicy, restartPolicyRules, ports }) => [
      own,
      restartPolicy,
      restartPolicyRules,
      ports?.filter(({ hostPort }) => hostPort),
    ])
  const claims = spec.volumes?.filter(({ persistentVolumeClaim, ephemeral }) => persistentVolumeClaim ?? ephemeral)
  const disks = spec.volumes?.filter((volume) => volume.gcePersistentDisk ?? volume.awsElasticBlockStore ?? volume.rbd ?? volume.iscsi)
  return JSON.stringify([
    metadata.namespace,
    claims?.length ? metadata.name : '',
    spec.resourceClaims?.length ? metadata.uid : '',
    metadata.labels,
    affinity,
    topologySpreadConstraints,
    nodeSelector,
    tolerations,
    overhead,
    resources,
    priority,
    preemptionPolicy,
    containers(spec.containers),
    containers(spec.initContainers),
    disks,
  ])
}
