/** Volumes that are attached to a node before it can mount them. Upstream: pkg/volume/csi csi_plugin.go CanAttach, csi_attacher.go. */
import { createHash } from 'node:crypto'
import type { CSIDriver, PersistentVolume, PersistentVolumeClaim } from '../../types.gen.ts'

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

/** By which the volume of a claim is found. */
export interface VolumeLookup {
  claim(namespace: string, name: string): PersistentVolumeClaim | undefined
  volume(name: string): PersistentVolume | undefined
  driver(name: string): CSIDriver | undefined
}

export interface AttachableVolume {
  /** As nodes name it. */
  readonly name: string
  readonly volume: PersistentVolume
}

/** What is to be attached for a pod that uses the claim; undefined when it isn't bound, or nothing is. @param key NAMESPACE/NAME */
export function attachableOfClaim(key: string, { claim: claimOf, volume: volumeOf, driver }: VolumeLookup): AttachableVolume | undefined {
  const [namespace = '', claimName = ''] = key.split('/')
  const claim = claimOf(namespace, claimName)
  if (claim?.status?.phase !== 'Bound') return undefined
  const volume = volumeOf(claim.spec.volumeName ?? '')
  if (volume === undefined || volume.spec?.claimRef?.uid !== claim.metadata.uid) return undefined
  const name = attachableName(volume, driver)
  return name === undefined ? undefined : { name, volume }
}
