import { notFoundError } from '../api/meta/api-error.ts'
import type { Entry } from '../storage/entry.ts'
import { storageKey } from '../storage/storage.ts'
import type { RegistryContext, Target } from './context.ts'

export function keyOf({ definition, namespace, name }: Target): string {
  return storageKey(definition.conversion?.storedAs ?? definition.groupResource, namespace, name)
}

/** The current entry. @throws ApiError 404 */
export function getEntry(context: RegistryContext, target: Target): Entry {
  const entry = context.cache.get(keyOf(target))
  if (entry === undefined) throw notFoundError(target.definition, target.name)
  return entry
}
