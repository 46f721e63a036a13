/**
 * Has the volumes of CSI drivers attached to the nodes whose pods use them, by VolumeAttachments, and tells the nodes of it
 * (`volumesAttached`). A node at a time; clusters without such volumes never queue one.
 * Upstream: pkg/controller/volume/attachdetach
 */
import { attachableOfClaim, type VolumeLookup } from '../../api/core/v1/attachable-volume.ts'
import { claimKeyOf } from '../../api/core/v1/claim-facts.ts'
import { claimKeysOfPod } from '../../api/core/v1/pod-claims.ts'
import { CLAIMS, VOLUMES } from '../../api/core/v1/volume-annotations.ts'
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod, VolumeAttachment } from '../../api/types.gen.ts'
import type { ControllerDefinition, Key, Reader } from '../../runtime/controller.ts'
import { keyOf } from '../../runtime/owner-keys.ts'
import { isNodeHealthy, needsVolumes, type ObservedAttachments, type WantedVolume } from './observed-attachments.ts'
import { reconcileAttachments } from './reconcile.ts'

const ATTACHMENTS = 'volumeattachments.storage.k8s.io'
const DRIVERS = 'csidrivers.storage.k8s.io'
const NODES = 'nodes'
const PODS = 'pods'
const BY_CLAIM = 'claim'
const BY_NODE = 'node'
const BY_VOLUME = 'volume'

export function attachDetachController(): ControllerDefinition<ObservedAttachments> {
  /** By node: since when volumes that it has are wanted by no pod of it, in milliseconds since the epoch. As upstream, not stored. */
  const unwanted = new Map<Key, ReadonlyMap<string, number>>()
  /** By node: what its pods were told of volumes that they wait for. */
  const told = new Map<Key, ReadonlySet<string>>()
  /** By the volume's name: the node that its attachment was asked for but isn't seen yet. */
  const attaching = new Map<string, Key>()
  return {
    name: 'persistentvolume-attach-detach',
    component: 'attachdetach-controller',
    watches: {
      [PODS]: (current, old, reader) => {
        const [after, before] = [current as Pod | undefined, old as Pod | undefined]
        const pod = (after ?? before)!
        if (after !== undefined && before?.metadata.uid === after.metadata.uid && wants(before) === wants(after)) return []
        const claims = pod.spec.nodeName ? claimKeysOfPod(pod).filter((key) => isAttachable(reader, key)) : []
        if (claims.length === 0) return []
        // Others may wait for what it leaves.
        const waiting = after === undefined || wants(after) === undefined ? claims.flatMap((key) => nodesOfClaim(reader, key)) : []
        return [pod.spec.nodeName!, ...waiting]
      },
      [CLAIMS]: (current, old, reader) => {
        const [after, before] = [current as PersistentVolumeClaim | undefined, old as PersistentVolumeClaim | undefined]
        if (after?.status?.phase !== 'Bound' || before?.status?.phase === 'Bound') return []
        const key = keyOf(after.metadata.namespace, after.metadata.name)
        return isAttachable(reader, key) ? nodesOfClaim(reader, key) : []
      },
      [VOLUMES]: (current, old, reader) => {
        return current === undefined ? attachmentsOf(reader, old!.metadata.name).map(({ spec }) => spec.nodeName) : []
      },
      [ATTACHMENTS]: (current, old, reader) => {
        const { nodeName, source } = ((current ?? old) as VolumeAttachment).spec
        const volume = reader.get<PersistentVolume>(VOLUMES, '', source.persistentVolumeName ?? '')
        const claim = claimKeyOf(volume)
        // Others may have waited for it to be free.
        return current === undefined && claim !== undefined ? [nodeName, ...nodesOfClaim(reader, claim)] : [nodeName]
      },
      [DRIVERS]: (current, old, reader) => {
        const { name } = (current ?? old)!.metadata
        const claims = reader
          .list<PersistentVolume>(VOLUMES)
          .flatMap((volume) => (volume.spec?.csi?.driver === name ? [claimKeyOf(volume)] : []))
        return [...new Set(claims.flatMap((claim) => (claim === undefined ? [] : nodesOfClaim(reader, claim))))]
      },
      [NODES]: (current, old, reader) => {
        const [after, before] = [current as Node | undefined, old as Node | undefined]
        const { name } = (after ?? before)!.metadata
        const concerns = (node: Node | undefined) => node?.status?.volumesAttached ?? node?.status?.volumesInUse
        if (concerns(after) === undefined && concerns(before) === undefined) {
          const isKnown = () => reader.indexed(PODS, BY_NODE, name).length > 0 || reader.indexed(ATTACHMENTS, BY_NODE, name).length > 0
          return (before === undefined || after === undefined) && isKnown() ? [name] : []
        }
        return isSameFor(after, before) ? [] : [name]
      },
    },
    indexes: {
      [PODS]: {
        [BY_CLAIM]: claimKeysOfPod,
        [BY_NODE]: (pod: Pod) => (pod.spec.nodeName && claimKeysOfPod(pod).length > 0 ? [pod.spec.nodeName] : []),
      },
      [ATTACHMENTS]: {
        [BY_NODE]: ({ spec }: VolumeAttachment) => [spec.nodeName],
        [BY_VOLUME]: ({ spec }: VolumeAttachment) => (spec.source.persistentVolumeName ? [spec.source.persistentVolumeName] : []),
      },
    },
    observe(reader, nodeName) {
      const node = reader.get<Node>(NODES, '', nodeName)
      const attachments = reader.indexed<VolumeAttachment>(ATTACHMENTS, BY_NODE, nodeName)
      for (const [volume, asker] of attaching) if (asker === nodeName) attaching.delete(volume)
      const wanted = node === undefined ? [] : wantedVolumes(reader, nodeName, attachments, attaching)
      if (wanted.length === 0 && attachments.length === 0 && node?.status?.volumesAttached === undefined) {
        unwanted.delete(nodeName)
        told.delete(nodeName)
        return undefined
      }
      const others = attachments.filter((attachment) => !wanted.some((each) => each.attachment === attachment))
      return {
        nodeName,
        node,
        wanted,
        unwanted: others.map((attachment) => ({ attachment, volume: volumeOf(reader, attachment) })),
        unwantedSince: unwanted.get(nodeName) ?? new Map(),
        told: told.get(nodeName) ?? new Set(),
      }
    },
    reconcile: (observed, { now }) => {
      const { plan, unwantedSince, told: nowTold, asked } = reconcileAttachments(observed, now)
      unwanted.set(observed.nodeName, unwantedSince)
      told.set(observed.nodeName, nowTold)
      for (const name of asked) attaching.set(name, observed.nodeName)
      return plan
    },
  }
}

/** Where does it need its volumes? */
function wants(pod: Pod): string | undefined {
  return pod.spec.nodeName && needsVolumes(pod) ? pod.spec.nodeName : undefined
}

function isSameFor(after: Node | undefined, before: Node | undefined): boolean {
  if (after === undefined || before === undefined || after.metadata.uid !== before.metadata.uid) return false
  const facts = ({ spec, status }: Node) => JSON.stringify([status?.volumesAttached, status?.volumesInUse, spec.taints])
  return isNodeHealthy(after) === isNodeHealthy(before) && facts(after) === facts(before)
}

function lookupIn(reader: Reader): VolumeLookup {
  return {
    claim: (namespace, name) => reader.get(CLAIMS, namespace, name),
    volume: (name) => reader.get(VOLUMES, '', name),
    driver: (name) => reader.get(DRIVERS, '', name),
  }
}

function isAttachable(reader: Reader, claimKey: string): boolean {
  return attachableOfClaim(claimKey, lookupIn(reader)) !== undefined
}

function nodesOfClaim(reader: Reader, claimKey: string): Key[] {
  return reader.indexed<Pod>(PODS, BY_CLAIM, claimKey).flatMap(({ spec }) => (spec.nodeName ? [spec.nodeName] : []))
}

function attachmentsOf(reader: Reader, volume: string): readonly VolumeAttachment[] {
  return reader.indexed<VolumeAttachment>(ATTACHMENTS, BY_VOLUME, volume)
}

function volumeOf(reader: Reader, { spec }: VolumeAttachment): PersistentVolume | undefined {
  return reader.get<PersistentVolume>(VOLUMES, '', spec.source.persistentVolumeName ?? '')
}

function wantedVolumes(
  reader: Reader,
  nodeName: string,
  attachments: readonly VolumeAttachment[],
  attaching: ReadonlyMap<string, Key>,
): WantedVolume[] {
  const wanted = new Map<string, WantedVolume & { readonly pods: Pod[] }>()
  for (const pod of reader.indexed<Pod>(PODS, BY_NODE, nodeName)) {
    if (!needsVolumes(pod)) continue
    for (const claimKey of claimKeysOfPod(pod)) {
      const attachable = attachableOfClaim(claimKey, lookupIn(reader))
      if (attachable === undefined) continue
      const { name, volume } = attachable
      const known = wanted.get(name)
      if (known !== undefined) {
        known.pods.push(pod)
        continue
      }
      const elsewhere = attachmentsOf(reader, volume.metadata.name).map(({ spec }) => spec.nodeName)
      const otherNodes = [...new Set([...elsewhere, attaching.get(name) ?? nodeName])].filter((each) => each !== nodeName)
      const users = otherNodes.length === 0 ? [] : reader.indexed<Pod>(PODS, BY_CLAIM, claimKey)
      wanted.set(name, {
        name,
        volume,
        pods: [pod],
        attachment: attachments.find(({ spec }) => spec.source.persistentVolumeName === volume.metadata.name),
        otherNodes,
        otherPods: users.filter((user) => needsVolumes(user) && otherNodes.includes(user.spec.nodeName ?? '')),
      })
    }
  }
  return [...wanted.values()]
}
