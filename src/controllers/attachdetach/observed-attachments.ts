import { isConditionTrue } from '../../api/meta/conditions.ts'
import type { Node, PersistentVolume, Pod, VolumeAttachment } from '../../api/types.gen.ts'

/** A volume that pods of the node use. */
export interface WantedVolume {
  /** As nodes name it. */
  readonly name: string
  readonly volume: PersistentVolume
  /** Those on the node. */
  readonly pods: readonly Pod[]
  /** To the node. */
  readonly attachment: VolumeAttachment | undefined
  /** Where it is attached besides, and the pods that use it there. */
  readonly otherNodes: readonly string[]
  readonly otherPods: readonly Pod[]
}

export interface ObservedAttachments {
  readonly nodeName: string
  /** undefined when it is gone. */
  readonly node: Node | undefined
  readonly wanted: readonly WantedVolume[]
  /** Attachments to the node that no pod of it needs. */
  readonly unwanted: readonly { readonly attachment: VolumeAttachment; readonly volume: PersistentVolume | undefined }[]
  /** By the volume's name: since when it isn't wanted, in milliseconds since the epoch. */
  readonly unwantedSince: ReadonlyMap<string, number>
  /** What the node's pods were told before, so that they aren't again. */
  readonly told: ReadonlySet<string>
}

/** One that has ended, or is going and runs nothing any more, doesn't. Upstream: pkg/volume/util IsPodTerminated. */
export function needsVolumes({ metadata, status }: Pod): boolean {
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return false
  if (metadata.deletionTimestamp === undefined) return true
  return (status?.containerStatuses ?? []).some(({ state }) => state?.terminated === undefined && state?.waiting === undefined)
}

export function isNodeHealthy(node: Node | undefined): boolean {
  return isConditionTrue(node?.status?.conditions, 'Ready')
}
