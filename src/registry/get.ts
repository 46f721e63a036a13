import { notFoundError } from '../api/meta/api-error.ts'
import type { Entry } from '../storage/entry.ts'
import { storageKey } from '../storage/storage.ts'
import type { RegistryContext, Target } from './context.ts'
import { measuredEntries } from './measured.ts'

export function keyOf({ definition, namespace, name }: Target): string {
  return storageKey(definition.conversion?.storedAs ?? definition.groupResource, namespace, name)
}

/** The current entry. @throws ApiError 404 */
export function getEntry(context: RegistryContext, target: Target): Entry {
  const { definition, namespace, name } = target
  const measured = measuredEntries(context, definition, namespace, name)
  const entry = measured === undefined ? context.cache.get(keyOf(target)) : measured[0]
  if (entry === undefined) throw notFoundError(target.definition, target.name)
  return entry
}
