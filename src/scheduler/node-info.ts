/** A node and the sums over the pods placed on it, kept as they come and go. */
import type { Node, Pod } from '../api/types.gen.ts'
import { type Amounts, addAmounts, amountsOf } from './amounts.ts'
import { type HostPort, isSamePort, type PodInfo } from './pod-info.ts'

export class NodeInfo {
  readonly name: string
  readonly pods = new Map<string, PodInfo>()
  readonly requested = new Map<string, number>()
  readonly #withPorts = new Map<string, PodInfo>()
  scoredCpu = 0
  scoredMemory = 0
  /** undefined while pods are known but the Node isn't, or isn't any more. */
  node: Node | undefined
  allocatable: Amounts = new Map()
  /** The sizes of the images it holds, in bytes, by each of their names. */
  images: ReadonlyMap<string, number> = new Map()

  constructor(name: string) {
    this.name = name
  }

  setNode(node: Node | undefined): void {
    this.node = node
    this.allocatable = amountsOf(node?.status?.allocatable)
    this.images = new Map(
      (node?.status?.images ?? []).flatMap(({ names, sizeBytes }) => (names ?? []).map((name) => [name, sizeBytes ?? 0] as const)),
    )
  }

  add(pod: PodInfo): void {
    this.#count(pod, 1)
    this.pods.set(pod.key, pod)
    if (pod.hostPorts.length > 0) this.#withPorts.set(pod.key, pod)
  }

  remove(key: string): void {
    const pod = this.pods.get(key)
    if (pod === undefined) return
    this.pods.delete(key)
    this.#withPorts.delete(key)
    this.#count(pod, -1)
  }

  /** A pod that asks for the same as before: only its status is another. */
  refresh(pod: Pod, key: string): void {
    const known = this.pods.get(key)
    if (known !== undefined) this.pods.set(key, { ...known, pod })
  }

  isPortTaken(wanted: HostPort): boolean {
    for (const { hostPorts } of this.#withPorts.values()) if (hostPorts.some((port) => isSamePort(port, wanted))) return true
    return false
  }

  /** To try out what would be. */
  copy(): NodeInfo {
    const copy = new NodeInfo(this.name)
    copy.node = this.node
    copy.allocatable = this.allocatable
    copy.images = this.images
    for (const pod of this.pods.values()) copy.add(pod)
    return copy
  }

  #count(pod: PodInfo, sign: 1 | -1): void {
    addAmounts(this.requested, pod.requests, sign)
    this.scoredCpu += sign * pod.scoredCpu
    this.scoredMemory += sign * pod.scoredMemory
  }
}
