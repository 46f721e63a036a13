/** Cells that claims and volumes share. Upstream: pkg/apis/core/helper. */
import type { ObjectMeta } from '../../types.gen.ts'

/** The class, as annotation, of clusters before 1.6. */
export const BETA_STORAGE_CLASS = 'volume.beta.kubernetes.io/storage-class'

const SHORT_MODES = { ReadWriteOnce: 'RWO', ReadOnlyMany: 'ROX', ReadWriteMany: 'RWX', ReadWriteOncePod: 'RWOP' }

export function accessModesText(modes: readonly string[] | undefined): string {
  return Object.entries(SHORT_MODES)
    .flatMap(([mode, short]) => (modes?.includes(mode) ? [short] : []))
    .join(',')
}

export function storageClassOf(object: { metadata: ObjectMeta; spec: { storageClassName?: string | undefined } }): string {
  return object.metadata.annotations?.[BETA_STORAGE_CLASS] ?? object.spec.storageClassName ?? ''
}
