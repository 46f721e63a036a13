/**
 * Which old pods go, or which nodes get a second pod, so that an update moves on within its limits. It runs only when the
 * nodes need nothing else; creating on nodes that are free is left to manage-node.ts. Upstream: daemon/update.go rollingUpdate.
 */
import type { DaemonSet, Pod } from '../../api/types.gen.ts'
import { isPodAvailable } from '../pods/pod-state.ts'
import { isUpdated } from './daemon-pod.ts'
import type { NodeFit } from './node-fit.ts'
import { updateLimits } from './update-strategy.ts'

export interface UpdateSituation {
  readonly set: DaemonSet
  readonly hash: string
  /** By name: those there are, and whether the set's pods belong on them. */
  readonly fits: ReadonlyMap<string, NodeFit>
  readonly podsByNode: ReadonlyMap<string, readonly Pod[]>
  readonly now: number
}

export interface UpdateDecision {
  readonly deletes: readonly Pod[]
  /** Names of the nodes to surge onto. */
  readonly creates: readonly string[]
}

export function rollingUpdate(situation: UpdateSituation): UpdateDecision {
  const { set, fits, podsByNode } = situation
  const wanted = [...fits].filter(([, fit]) => fit.shouldRun).map(([name]) => name)
  const { maxSurge, maxUnavailable } = updateLimits(set, wanted.length)
  // Nodes the pod should be on but isn't count too; in a fixed order, so that the same state gives the same plan.
  const names = [...new Set([...wanted, ...podsByNode.keys()])].sort()
  const states = names.map((name) => stateOfNode(situation, name))
  return maxSurge === 0 ? { deletes: replaceInPlace(states, maxUnavailable), creates: [] } : surge(states, maxSurge, wanted.length)
}

interface NodeState {
  readonly name: string
  /** It exists and the pod should be on it. */
  readonly isWanted: boolean
  readonly isGone: boolean
  /** More than one of a kind: manage-node.ts has to tidy up first. */
  readonly isCrowded: boolean
  readonly newPod: Pod | undefined
  readonly oldPod: Pod | undefined
  readonly isNewAvailable: boolean
  readonly isOldAvailable: boolean
}

function stateOfNode({ set, hash, fits, podsByNode, now }: UpdateSituation, name: string): NodeState {
  const standing = (podsByNode.get(name) ?? []).filter((pod) => pod.metadata.deletionTimestamp === undefined)
  const fresh = standing.filter((pod) => isUpdated(set, pod, hash))
  const old = standing.filter((pod) => !isUpdated(set, pod, hash))
  const fit = fits.get(name)
  const isAvailable = (pod: Pod | undefined) => pod !== undefined && isPodAvailable(pod, set.spec.minReadySeconds, now)
  return {
    name,
    isWanted: fit?.shouldRun === true,
    isGone: fit === undefined,
    isCrowded: fresh.length > 1 || old.length > 1,
    newPod: fresh[0],
    oldPod: old[0],
    isNewAvailable: isAvailable(fresh[0]),
    isOldAvailable: isAvailable(old[0]),
  }
}

/** Old pods that aren't available go at once; of the others as many as may be away besides those that are. */
function replaceInPlace(states: readonly NodeState[], maxUnavailable: number): Pod[] {
  const broken: Pod[] = []
  const candidates: Pod[] = []
  let unavailable = 0
  for (const { isCrowded, newPod, oldPod, isNewAvailable, isOldAvailable } of states) {
    if (isCrowded || (newPod === undefined) === (oldPod === undefined)) unavailable++
    else if (newPod !== undefined) unavailable += Number(!isNewAvailable)
    else if (!isOldAvailable) {
      broken.push(oldPod!)
      unavailable++
    } else candidates.push(oldPod!)
  }
  return [...broken, ...candidates.slice(0, Math.max(0, maxUnavailable - unavailable))]
}

/** A new pod beside an old one that isn't available at once; beside the others on as many nodes as may have two. */
function surge(states: readonly NodeState[], maxSurge: number, desired: number): UpdateDecision {
  const deletes: Pod[] = []
  const unwanted: Pod[] = []
  const creates: string[] = []
  const candidates: string[] = []
  let surging = 0
  let available = 0
  for (const state of states) {
    const { name, isCrowded, newPod, oldPod, isNewAvailable, isOldAvailable } = state
    if (isCrowded) {
      surging++
      continue
    }
    if (oldPod !== undefined ? isOldAvailable : isNewAvailable) available++
    // Pods of nodes that are gone are the pod garbage collector's.
    if (oldPod === undefined || state.isGone) continue
    if (newPod !== undefined) {
      if (isNewAvailable) deletes.push(oldPod)
      else surging++
    } else if (!isOldAvailable) {
      if (state.isWanted) creates.push(name)
      else deletes.push(oldPod)
    } else if (state.isWanted) candidates.push(name)
    else unwanted.push(oldPod)
  }
  return {
    // Where pods should no longer be, they go only once as many are available elsewhere.
    deletes: [...deletes, ...unwanted.slice(0, Math.max(0, available - desired))],
    creates: [...creates, ...candidates.slice(0, Math.max(0, maxSurge - surging))],
  }
}
