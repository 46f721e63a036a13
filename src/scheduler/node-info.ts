/** A node and the sums over the pods placed on it, kept as they come and go. */
import type { Node, Pod } from '../api/types.gen.ts'
import { type Amounts, addAmounts, amountsOf } from './amounts.ts'
import type { HostPort, PodInfo } from './pod-info.ts'

export class NodeInfo {
  readonly name: string
  readonly pods = new Map<string, PodInfo>()
  readonly requested = new Map<string, number>()
  /** Pods of one controller on this node, by its uid. */
  readonly ofController = new Map<string, number>()
  scoredCpu = 0
  scoredMemory = 0
  /** undefined while pods are known but the Node isn't, or isn't any more. */
  node: Node | undefined
  allocatable: Amounts = new Map()

  constructor(name: string) {
    this.name = name
  }

  setNode(node: Node | undefined): void {
    this.node = node
    this.allocatable = amountsOf(node?.status?.allocatable)
  }

  add(pod: PodInfo): void {
    this.#count(pod, 1)
    this.pods.set(pod.key, pod)
  }

  remove(key: string): void {
    const pod = this.pods.get(key)
    if (pod === undefined) return
    this.pods.delete(key)
    this.#count(pod, -1)
  }

  /** A pod that asks for the same as before: only its status is another. */
  refresh(pod: Pod, key: string): void {
    const known = this.pods.get(key)
    if (known !== undefined) this.pods.set(key, { ...known, pod })
  }

  isPortTaken(wanted: HostPort): boolean {
    for (const { hostPorts } of this.pods.values()) {
      for (const { ip, protocol, port } of hostPorts) {
        const isSameIP = ip === wanted.ip || ip === '0.0.0.0' || wanted.ip === '0.0.0.0'
        if (port === wanted.port && protocol === wanted.protocol && isSameIP) return true
      }
    }
    return false
  }

  /** As it would be without some of its pods. */
  without(keys: Iterable<string>): NodeInfo {
    const copy = this.#copy()
    for (const key of keys) copy.remove(key)
    return copy
  }

  /** As it would be with some pods more. */
  with(pods: Iterable<PodInfo>): NodeInfo {
    const copy = this.#copy()
    for (const pod of pods) copy.add(pod)
    return copy
  }

  #copy(): NodeInfo {
    const copy = new NodeInfo(this.name)
    copy.setNode(this.node)
    for (const pod of this.pods.values()) copy.add(pod)
    return copy
  }

  #count(pod: PodInfo, sign: 1 | -1): void {
    addAmounts(this.requested, pod.requests, sign)
    this.scoredCpu += sign * pod.scoredCpu
    this.scoredMemory += sign * pod.scoredMemory
    if (pod.controllerUid === undefined) return
    const count = (this.ofController.get(pod.controllerUid) ?? 0) + sign
    if (count === 0) this.ofController.delete(pod.controllerUid)
    else this.ofController.set(pod.controllerUid, count)
  }
}
