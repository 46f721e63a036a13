/**
 * Stands in for the attachers of all CSI drivers: what is asked for by a VolumeAttachment is attached at once. Where drivers have
 * attachers of their own it is switched off. Upstream: the CSI external-attacher.
 */
import { VOLUMES } from '../../api/core/v1/volume-annotations.ts'
import { timestamp } from '../../api/meta/time.ts'
import type { PersistentVolume, VolumeAttachment } from '../../api/types.gen.ts'
import type { ControllerDefinition } from '../../runtime/controller.ts'
import type { Plan } from '../../runtime/plan.ts'

const ATTACHMENTS = 'volumeattachments.storage.k8s.io'
const BY_VOLUME = 'volume'
/** On a PersistentVolume: attaching it fails, and why. */
export const FAIL_ATTACH = 'coracle.dev/fail-attach'

export interface ObservedAttachment {
  readonly attachment: VolumeAttachment
  readonly volume: PersistentVolume | undefined
}

export const csiAttacher: ControllerDefinition<ObservedAttachment> = {
  name: 'csi-attacher',
  reconciles: ATTACHMENTS,
  watches: {
    [VOLUMES]: (current, old, reader) => {
      const fault = (volume: typeof current) => volume?.metadata.annotations?.[FAIL_ATTACH]
      if (fault(current) === fault(old)) return []
      return reader.indexed<VolumeAttachment>(ATTACHMENTS, BY_VOLUME, (current ?? old)!.metadata.name).map(({ metadata }) => metadata.name)
    },
  },
  indexes: { [ATTACHMENTS]: { [BY_VOLUME]: ({ spec }: VolumeAttachment) => [spec.source.persistentVolumeName ?? ''] } },
  observe(reader, key) {
    const attachment = reader.get<VolumeAttachment>(ATTACHMENTS, '', key)
    return (
      attachment && { attachment, volume: reader.get<PersistentVolume>(VOLUMES, '', attachment.spec.source.persistentVolumeName ?? '') }
    )
  },
  reconcile: (observed, { now }) => attach(observed, now),
}

export function attach({ attachment, volume }: ObservedAttachment, now: number): Plan {
  const { spec, status, metadata } = attachment
  if (metadata.deletionTimestamp !== undefined || status?.attached === true) return {}
  if (volume?.spec?.csi?.driver !== spec.attacher) return { waitingOn: `a volume of driver ${spec.attacher}` }
  const message = volume.metadata.annotations?.[FAIL_ATTACH]
  if (message === undefined) return { status: { ...attachment, status: { attached: true } } as VolumeAttachment }
  if (status?.attachError?.message === message) return { waitingOn: message }
  return { status: { ...attachment, status: { attached: false, attachError: { message, time: timestamp(now) } } } as VolumeAttachment }
}
