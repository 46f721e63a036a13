/**
 * In place: an empty `metadata.managedFields`, which decoding leaves out as it does every empty list, asks that all managers be
 * forgotten. Upstream: managedfields/internal/fieldmanager.go isResetManagedFields
 * @param raw what the object was decoded from
 */
export function keepReset(raw: unknown, object: Record<string, unknown>): void {
  const given = (raw as { metadata?: { managedFields?: unknown } | null } | null)?.metadata?.managedFields
  if (!Array.isArray(given) || given.length > 0) return
  object.metadata ??= {}
  ;(object.metadata as Record<string, unknown>).managedFields = []
}
