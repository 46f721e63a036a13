import { ApiError, notFoundError } from '../api/meta/api-error.ts'
import type { Entry } from '../storage/entry.ts'
import { storageKey } from '../storage/storage.ts'
import type { RegistryContext, Target } from './context.ts'
import { parseRevision, tooLargeRevisionError } from './list-options.ts'
import { measuredEntries } from './measured.ts'

export function keyOf({ definition, namespace, name }: Target): string {
  return storageKey(definition.conversion?.storedAs ?? definition.groupResource, namespace, name)
}

/** What GET asks with `resourceVersion`: a state that isn't older. @throws ApiError 504; 500 as upstream for what is no number */
export function checkFreshness({ cache }: RegistryContext, resourceVersion: string | undefined): void {
  if (!resourceVersion) return
  const asked = parseRevision(resourceVersion)
  if (typeof asked === 'string') {
    throw new ApiError(500, '', `resourceVersion: Invalid value: ${JSON.stringify(resourceVersion)}: ${asked}`)
  }
  if (asked > cache.revision) throw tooLargeRevisionError(asked, cache.revision)
}

/** The current entry. @throws ApiError 404 */
export function getEntry(context: RegistryContext, target: Target): Entry {
  const { definition, namespace, name } = target
  const measured = measuredEntries(context, definition, namespace, name)
  const entry = measured === undefined ? context.cache.get(keyOf(target)) : measured[0]
  if (entry === undefined) throw notFoundError(target.definition, target.name)
  return entry
}
