/** Volumes that are attached to a node before it can mount them. Upstream: pkg/volume/csi csi_plugin.go CanAttach, csi_attacher.go. */
import { createHash } from 'node:crypto'
import type { CSIDriver, PersistentVolume } from '../../types.gen.ts'

/**
 * Of the volumes that this cluster provisions itself, as they and VolumeAttributesClasses name it. They are on every node, unless a
 * CSIDriver of that name says otherwise.
 */
export const SIMULATED_DRIVER = 'simulated.coracle.dev'

const PLUGIN = 'kubernetes.io/csi/'

/**
 * What `volumesAttached` and `volumesInUse` of a node call the volume; undefined for one that isn't attached to anything. A driver
 * nobody knows counts as one that attaches.
 */
export function attachableName(
  volume: PersistentVolume | undefined,
  driverOf: (name: string) => CSIDriver | undefined,
): string | undefined {
  const csi = volume?.spec?.csi
  if (csi === undefined) return undefined
  const driver = driverOf(csi.driver)
  const isAttached = driver === undefined ? csi.driver !== SIMULATED_DRIVER : driver.spec.attachRequired !== false
  return isAttached ? `${PLUGIN}${csi.driver}^${csi.volumeHandle}` : undefined
}

/** Of the VolumeAttachment that asks for it. */
export function attachmentName(driver: string, volumeHandle: string, node: string): string {
  return `csi-${createHash('sha256').update(`${volumeHandle}${driver}${node}`).digest('hex')}`
}
