/**
 * Plugins that were part of Kubernetes once, and the CSI drivers that do their work now. Who provisions and deletes for them is outside.
 * Upstream: pkg/volume/csimigration, pv_controller_base.go updateMigrationAnnotations, modifyDeletionFinalizers
 */
import { BETA_STORAGE_PROVISIONER, PROVISIONED_BY, STORAGE_PROVISIONER } from '../../api/core/v1/volume-annotations.ts'
import type { PersistentVolume, PersistentVolumeClaim } from '../../api/types.gen.ts'

export const MIGRATED_TO = 'pv.kubernetes.io/migrated-to'
/** Held by this controller, and by the provisioners outside, until what the volume stands for is deleted. */
export const OWN_FINALIZER = 'kubernetes.io/pv-controller'
const OUTSIDE_FINALIZER = 'external-provisioner.volume.kubernetes.io/finalizer'

const DRIVERS: ReadonlyMap<string, string> = new Map([
  ['kubernetes.io/aws-ebs', 'ebs.csi.aws.com'],
  ['kubernetes.io/azure-disk', 'disk.csi.azure.com'],
  ['kubernetes.io/azure-file', 'file.csi.azure.com'],
  ['kubernetes.io/cinder', 'cinder.csi.openstack.org'],
  ['kubernetes.io/gce-pd', 'pd.csi.storage.gke.io'],
  ['kubernetes.io/portworx-volume', 'pxd.portworx.com'],
  ['kubernetes.io/vsphere-volume', 'csi.vsphere.vmware.com'],
])

/** undefined when the provisioner has no successor. */
export function successorOf(provisioner: string): string | undefined {
  return DRIVERS.get(provisioner)
}

/** Is it of Kubernetes itself? */
export function isInTree(provisioner: string): boolean {
  return provisioner.startsWith('kubernetes.io/')
}

/** What the annotation is to become, null for none; undefined when it is right. */
export function claimMigration({ metadata }: PersistentVolumeClaim): string | null | undefined {
  const { annotations = {} } = metadata
  return migration(annotations, annotations[STORAGE_PROVISIONER] ?? annotations[BETA_STORAGE_PROVISIONER])
}

export function volumeMigration({ metadata }: PersistentVolume): string | null | undefined {
  const { annotations = {} } = metadata
  return migration(annotations, annotations[PROVISIONED_BY])
}

function migration(annotations: Readonly<Record<string, string>>, provisioner: string | undefined): string | null | undefined {
  if (provisioner === undefined) return undefined
  const driver = DRIVERS.get(provisioner)
  const told = annotations[MIGRATED_TO]
  if (driver !== undefined) return told === driver ? undefined : driver
  return told ? null : undefined
}

/** The finalizers as they are to be; undefined when they are right. */
export function deletionFinalizers({ metadata, spec }: PersistentVolume): readonly string[] | undefined {
  const provisioner = metadata.annotations?.[PROVISIONED_BY] ?? ''
  const { finalizers = [] } = metadata
  if (!isInTree(provisioner)) return undefined
  const isOwn = !DRIVERS.has(provisioner)
  const holds = isOwn && spec?.persistentVolumeReclaimPolicy === 'Delete'
  const next = finalizers.filter((each) => (each === OWN_FINALIZER ? holds : !(isOwn && each === OUTSIDE_FINALIZER)))
  if (holds && !next.includes(OWN_FINALIZER)) next.push(OWN_FINALIZER)
  return next.length === finalizers.length && next.every((each, i) => each === finalizers[i]) ? undefined : next
}
