import { classOf } from '../../api/core/v1/claim-facts.ts'
import type { CSINode, PersistentVolumeClaim, Pod, VolumeAttachment } from '../../api/types.gen.ts'
import { claimsOf } from '../pod-volumes.ts'
import type { VolumeReader } from '../volume-reader.ts'
import { type Change, type Plugin, perhaps } from './plugin.ts'

/** How many volumes of a CSI driver a node can have, by its CSINode. */
export const nodeVolumeLimits: Plugin = {
  name: 'NodeVolumeLimits',
  filter({ pod, volumes, storage }, node) {
    if (volumes.claims.length === 0) return undefined
    const limits = limitsOf(storage.csiNode(node.name))
    if (limits.size === 0) return undefined
    const wanted = attachable(storage, pod.pod)
    const there = new Map<string, string>()
    for (const other of node.pods.values()) for (const [id, driver] of attachable(storage, other.pod)) there.set(id, driver)
    for (const id of there.keys()) wanted.delete(id)
    for (const attachment of storage.attachmentsTo(node.name)) {
      const { attacher, source } = attachment.spec
      const handle = storage.volume(source.persistentVolumeName ?? '')?.spec?.csi?.volumeHandle
      if (attacher && handle !== undefined) there.set(`${attacher}/${handle}`, attacher)
    }
    for (const driver of new Set(wanted.values())) {
      const count = (drivers: ReadonlyMap<string, string>) => [...drivers.values()].filter((each) => each === driver).length
      const limit = limits.get(driver)
      if (limit !== undefined && count(there) + count(wanted) > limit) return perhaps('node(s) exceed max volume count')
    }
    return undefined
  },
  hints: {
    'csinodes.storage.k8s.io': (_pod, { current, old }: Change<CSINode>) => {
      if (current === undefined) return false
      const before = limitsOf(old)
      return old === undefined || [...limitsOf(current)].some(([driver, limit]) => limit > (before.get(driver) ?? 0))
    },
    pods: (_pod, { current, old }: Change<Pod>) => current === undefined && claimsOf(old!).length > 0,
    persistentvolumeclaims: (pod, { current, old }: Change<PersistentVolumeClaim>) =>
      old === undefined &&
      current!.metadata.namespace === pod.metadata.namespace &&
      claimsOf(pod).some(({ name }) => name === current!.metadata.name),
    'volumeattachments.storage.k8s.io': (pod, { current }: Change<VolumeAttachment>) =>
      current === undefined && (pod.spec.volumes ?? []).some((volume) => volume.persistentVolumeClaim !== undefined),
  },
}

function limitsOf(node: CSINode | undefined): Map<string, number> {
  return new Map(
    (node?.spec.drivers ?? [])
      .filter(({ allocatable }) => allocatable?.count !== undefined)
      .map(({ name, allocatable }) => [name, allocatable!.count!]),
  )
}

/** The drivers of its CSI volumes, by what tells volumes apart; one that isn't provisioned yet counts by its class. */
function attachable(storage: VolumeReader, pod: Pod): Map<string, string> {
  const drivers = new Map<string, string>()
  for (const { name } of claimsOf(pod)) {
    const claim = storage.claim(pod.metadata.namespace, name)
    if (claim === undefined) continue
    const volume = storage.volume(claim.spec.volumeName ?? '')
    const csi = volume?.spec?.csi
    if (csi !== undefined) drivers.set(`${csi.driver}/${csi.volumeHandle}`, csi.driver)
    if (volume !== undefined) continue
    const provisioner = storage.storageClass(classOf(claim))?.provisioner
    if (provisioner) drivers.set(`${provisioner}/claim-${claim.metadata.namespace}/${name}`, provisioner)
  }
  return drivers
}
