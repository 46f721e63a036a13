/**
 * The part of the simulated kubelets that says which attached volumes their nodes use (`volumesInUse`): those of all pods that
 * haven't ended. A node that is silent says nothing, and keeps them. Upstream: volumemanager GetVolumesInUse.
 */
import { attachableOfClaim, type VolumeLookup } from '../../api/core/v1/attachable-volume.ts'
import { claimKeysOfPod } from '../../api/core/v1/pod-claims.ts'
import { CLAIMS, VOLUMES } from '../../api/core/v1/volume-annotations.ts'
import type { Node, PersistentVolumeClaim, Pod } from '../../api/types.gen.ts'
import type { ControllerDefinition, Key, Reader } from '../../runtime/controller.ts'
import { keyOf } from '../../runtime/owner-keys.ts'
import type { Plan } from '../../runtime/plan.ts'
import { whyKubeletIsIdle } from '../node-state.ts'
import { isFinished } from '../pod-lifecycle.ts'

const DRIVERS = 'csidrivers.storage.k8s.io'
const BY_CLAIM = 'claim'
const BY_NODE = 'node'

export interface ObservedUse {
  readonly node: Node
  /** Names of the volumes, in order. */
  readonly inUse: readonly string[]
}

export const volumesInUseController: ControllerDefinition<ObservedUse> = {
  name: 'volumes-in-use',
  partOf: 'kubelet',
  component: 'kubelet',
  watches: {
    pods: (current, old, reader) => {
      const [after, before] = [current as Pod | undefined, old as Pod | undefined]
      const { nodeName } = (after ?? before)!.spec
      const isSame = after !== undefined && before?.spec.nodeName === nodeName && isFinished(after.status) === isFinished(before?.status)
      return isSame || !nodeName || !usesAttachable(reader, (after ?? before)!) ? [] : [nodeName]
    },
    [CLAIMS]: (current, old, reader) => {
      const [after, before] = [current as PersistentVolumeClaim | undefined, old as PersistentVolumeClaim | undefined]
      if (after?.status?.phase !== 'Bound' || before?.status?.phase === 'Bound') return []
      const key = keyOf(after.metadata.namespace, after.metadata.name)
      return attachableOfClaim(key, lookupIn(reader)) === undefined ? [] : nodesOf(reader.indexed<Pod>('pods', BY_CLAIM, key))
    },
    [VOLUMES]: () => [],
    // A driver that becomes known, or is forgotten, may attach otherwise than it seemed to.
    [DRIVERS]: (current, old, reader) =>
      current === undefined || old === undefined ? reader.list('nodes').map(({ metadata }) => metadata.name) : [],
    nodes: (current, old) => {
      const [after, before] = [current as Node | undefined, old as Node | undefined]
      if (after?.status?.volumesInUse === undefined) return []
      // What went while it was silent is told of when it is back.
      return before !== undefined && whyKubeletIsIdle(before) === whyKubeletIsIdle(after) ? [] : [after.metadata.name]
    },
  },
  indexes: {
    pods: {
      [BY_CLAIM]: claimKeysOfPod,
      [BY_NODE]: (pod: Pod) => (pod.spec.nodeName && claimKeysOfPod(pod).length > 0 ? [pod.spec.nodeName] : []),
    },
  },
  observe(reader, key) {
    const node = reader.get<Node>('nodes', '', key)
    if (node === undefined || whyKubeletIsIdle(node) !== undefined) return undefined
    const pods = reader.indexed<Pod>('pods', BY_NODE, key).filter(({ status }) => !isFinished(status))
    const claims = new Set(pods.flatMap(claimKeysOfPod))
    const inUse = [...claims].flatMap((claim) => attachableOfClaim(claim, lookupIn(reader))?.name ?? [])
    return { node, inUse: inUse.sort() }
  },
  reconcile: reconcileUse,
}

export function reconcileUse({ node, inUse }: ObservedUse): Plan {
  if (JSON.stringify(node.status?.volumesInUse ?? []) === JSON.stringify(inUse)) return {}
  const { name, uid } = node.metadata
  const status = { volumesInUse: inUse.length === 0 ? null : inUse }
  const target = { resource: 'nodes', namespace: '', name }
  return { actions: [{ verb: 'patch', target, subresource: 'status', patch: { metadata: { uid }, status } }] }
}

function lookupIn(reader: Reader): VolumeLookup {
  return {
    claim: (namespace, name) => reader.get(CLAIMS, namespace, name),
    volume: (name) => reader.get(VOLUMES, '', name),
    driver: (name) => reader.get(DRIVERS, '', name),
  }
}

function usesAttachable(reader: Reader, pod: Pod): boolean {
  return claimKeysOfPod(pod).some((key) => attachableOfClaim(key, lookupIn(reader)) !== undefined)
}

function nodesOf(pods: readonly Pod[]): Key[] {
  return pods.flatMap(({ spec }) => (spec.nodeName ? [spec.nodeName] : []))
}
