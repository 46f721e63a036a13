import type { ObjectMeta } from '../types.gen.ts'

interface WithMetadata {
  readonly metadata: ObjectMeta
}

/**
 * In place, for kinds whose /status changes nothing of an object's metadata; the registry keeps what the server fills in
 * for all kinds. Upstream: metav1.ResetObjectMetaForStatus.
 */
export function keepMetadata(next: WithMetadata, old: WithMetadata): void {
  keepField(next, old, 'labels')
  keepField(next, old, 'annotations')
  keepField(next, old, 'finalizers')
  keepField(next, old, 'ownerReferences')
}

/** In place, for kinds whose /status may change all of the metadata but this. */
export function keepField(
  { metadata }: WithMetadata,
  { metadata: old }: WithMetadata,
  field: 'labels' | 'annotations' | 'finalizers' | 'ownerReferences',
): void {
  const value = old[field]
  if (value === undefined) delete metadata[field]
  else metadata[field] = value as never
}
