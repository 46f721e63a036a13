import type { Node, PersistentVolumeClaim, Pod, Volume } from '../../api/types.gen.ts'
import { type Change, type Plugin, perhaps } from './plugin.ts'

/** Disks that can't be in two pods of a node at once, and claims that one pod alone may use. */
export const volumeRestrictions: Plugin = {
  name: 'VolumeRestrictions',
  filter({ pod, volumes }, node) {
    const disks = (pod.pod.spec.volumes ?? []).filter(isDisk)
    if (disks.length > 0) {
      for (const other of node.pods.values()) if (isInConflict(disks, other.pod)) return perhaps('node(s) had no available disk')
    }
    return volumes.isTaken
      ? perhaps('node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod')
      : undefined
  },
  hints: {
    pods(pod, { current, old }: Change<Pod>) {
      if (current !== undefined || old!.metadata.namespace !== pod.metadata.namespace) return false
      const claims = claimNames(pod)
      return isInConflict((pod.spec.volumes ?? []).filter(isDisk), old!) || claimNames(old!).some((name) => claims.includes(name))
    },
    nodes: (_pod, { old }: Change<Node>) => old === undefined,
    persistentvolumeclaims: (pod, { current, old }: Change<PersistentVolumeClaim>) =>
      old === undefined && current!.metadata.namespace === pod.metadata.namespace && claimNames(pod).includes(current!.metadata.name),
  },
}

/** Those of ephemeral volumes are left out: no other pod can use them. */
function claimNames({ spec }: Pod): string[] {
  return (spec.volumes ?? []).map((volume) => volume.persistentVolumeClaim?.claimName).filter((name) => name !== undefined)
}

function isDisk({ gcePersistentDisk, awsElasticBlockStore, rbd, iscsi }: Volume): boolean {
  return (gcePersistentDisk ?? awsElasticBlockStore ?? rbd ?? iscsi) !== undefined
}

function isInConflict(disks: readonly Volume[], { spec }: Pod): boolean {
  return disks.some((disk) => spec.volumes?.some((other) => areInConflict(disk, other)))
}

/** Two that both only read can share most kinds. Upstream: volume_restrictions.go isVolumeConflict. */
function areInConflict(a: Volume, b: Volume): boolean {
  const doNotShare = (one: { readOnly?: boolean | undefined }, other: { readOnly?: boolean | undefined }) =>
    !(one.readOnly && other.readOnly)
  if (a.gcePersistentDisk && b.gcePersistentDisk && a.gcePersistentDisk.pdName === b.gcePersistentDisk.pdName) {
    if (doNotShare(a.gcePersistentDisk, b.gcePersistentDisk)) return true
  }
  if (a.awsElasticBlockStore && a.awsElasticBlockStore.volumeID === b.awsElasticBlockStore?.volumeID) return true
  if (a.iscsi && b.iscsi && a.iscsi.iqn === b.iscsi.iqn && doNotShare(a.iscsi, b.iscsi)) return true
  if (!a.rbd || !b.rbd || !doNotShare(a.rbd, b.rbd)) return false
  const { monitors, pool = 'rbd', image } = b.rbd
  return a.rbd.monitors.some((monitor) => monitors.includes(monitor)) && (a.rbd.pool ?? 'rbd') === pool && a.rbd.image === image
}
