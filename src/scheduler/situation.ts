/** One attempt to place a pod: what is known of it and of the cluster, worked out once when first asked for, then asked for each node. */
import type { Selector } from '../api/meta/selectors.ts'
import { AffinityState } from './affinity-state.ts'
import type { PodDevices } from './devices/pod-devices.ts'
import type { NodeInfo } from './node-info.ts'
import type { PodInfo } from './pod-info.ts'
import { PodVolumes } from './pod-volumes.ts'
import type { SchedulerCache } from './scheduler-cache.ts'
import { SpreadState } from './spread-state.ts'
import type { VolumeReader } from './volume-reader.ts'

export class Situation {
  readonly pod: PodInfo
  readonly cache: SchedulerCache
  readonly storage: VolumeReader
  /** What picks the pods of the pod's services and of its controller; empty when there are none. */
  readonly likeSelector: () => Selector
  /** Milliseconds since the epoch, once it is tried. */
  now = 0
  #affinity: AffinityState | undefined
  #spread: SpreadState | undefined
  #volumes: PodVolumes | undefined
  #devices: PodDevices | undefined
  readonly #makeDevices: ((now: number) => PodDevices) | undefined

  constructor(
    pod: PodInfo,
    cache: SchedulerCache,
    storage: VolumeReader,
    likeSelector: () => Selector,
    devices?: (now: number) => PodDevices,
  ) {
    this.pod = pod
    this.cache = cache
    this.storage = storage
    this.likeSelector = likeSelector
    this.#makeDevices = devices
  }

  get affinity(): AffinityState {
    this.#affinity ??= new AffinityState(this.cache, this.pod)
    return this.#affinity
  }

  get spread(): SpreadState {
    this.#spread ??= new SpreadState(this.cache, this.pod.pod)
    return this.#spread
  }

  get volumes(): PodVolumes {
    this.#volumes ??= new PodVolumes(this.storage, this.pod.pod, (claim) => this.cache.isClaimUsed(claim))
    return this.#volumes
  }

  /** undefined when the pod has no claims of devices. */
  get devices(): PodDevices | undefined {
    this.#devices ??= this.#makeDevices?.(this.now)
    return this.#devices
  }

  /** Tries out what would be if another pod came to the node (a copy of it) or went from it: change it back after. */
  change(node: NodeInfo, other: PodInfo, by: 1 | -1): void {
    if (by === 1) node.add(other)
    else node.remove(other.key)
    this.affinity.change(other, node.node!, by)
    this.spread.change(other, node.node!, by)
    this.volumes.change(other, by)
  }
}
