/** What the informers know about volumes. */
import { classOf } from '../api/core/v1/claim-facts.ts'
import { CLAIMS, STORAGE_CLASSES, VOLUMES } from '../api/core/v1/volume-annotations.ts'
import type {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  PersistentVolume,
  PersistentVolumeClaim,
  StorageClass,
  VolumeAttachment,
} from '../api/types.gen.ts'
import type { IndexFunction, Reader } from '../runtime/controller.ts'

export const CSI_NODES = 'csinodes.storage.k8s.io'
export const CSI_DRIVERS = 'csidrivers.storage.k8s.io'
export const CAPACITIES = 'csistoragecapacities.storage.k8s.io'
export const ATTACHMENTS = 'volumeattachments.storage.k8s.io'

const BY_CLASS = 'class'
const BY_NODE = 'node'

export const VOLUME_INDEXES: Readonly<Record<string, Readonly<Record<string, IndexFunction>>>> = {
  [VOLUMES]: { [BY_CLASS]: (volume: PersistentVolume) => [classOf(volume)] },
  [CAPACITIES]: { [BY_CLASS]: ({ storageClassName }: CSIStorageCapacity) => [storageClassName] },
  [ATTACHMENTS]: { [BY_NODE]: ({ spec }: VolumeAttachment) => [spec.nodeName] },
}

export interface VolumeReader {
  claim(namespace: string, name: string): PersistentVolumeClaim | undefined
  volume(name: string): PersistentVolume | undefined
  volumesOfClass(name: string): readonly PersistentVolume[]
  storageClass(name: string): StorageClass | undefined
  csiNode(name: string): CSINode | undefined
  csiDriver(name: string): CSIDriver | undefined
  capacitiesOfClass(name: string): readonly CSIStorageCapacity[]
  attachmentsTo(node: string): readonly VolumeAttachment[]
}

export function volumeReader(reader: Reader): VolumeReader {
  return {
    claim: (namespace, name) => reader.get(CLAIMS, namespace, name),
    volume: (name) => reader.get(VOLUMES, '', name),
    volumesOfClass: (name) => reader.indexed(VOLUMES, BY_CLASS, name),
    storageClass: (name) => reader.get(STORAGE_CLASSES, '', name),
    csiNode: (name) => reader.get(CSI_NODES, '', name),
    csiDriver: (name) => reader.get(CSI_DRIVERS, '', name),
    capacitiesOfClass: (name) => reader.indexed(CAPACITIES, BY_CLASS, name),
    attachmentsTo: (node) => reader.indexed(ATTACHMENTS, BY_NODE, node),
  }
}
