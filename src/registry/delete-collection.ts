import type { ResourceDefinition } from '../api/definition.ts'
import { ApiError } from '../api/meta/api-error.ts'
import type { DeleteOptions } from '../api/types.gen.ts'
import { splitStorageKey } from '../storage/storage.ts'
import type { RegistryContext, WriteOptions } from './context.ts'
import { deleteObject } from './delete.ts'
import { untilFresh } from './freshness.ts'
import { type ListResult, list } from './list.ts'
import type { ListOptions } from './list-options.ts'
import { warnOfDelete } from './warnings.ts'

/** Deletes what the list options select, and answers with the list as it was. @throws ApiError */
export async function deleteCollection(
  context: RegistryContext,
  definition: ResourceDefinition,
  namespace: string | undefined,
  listOptions: ListOptions,
  asked: DeleteOptions,
  options: WriteOptions,
): Promise<ListResult> {
  warnOfDelete(definition, asked, options.warn)
  await untilFresh(context, listOptions.resourceVersion)
  const found = list(context, definition, namespace, listOptions)
  const outcomes = await Promise.allSettled(
    found.entries.map((entry) => {
      const key = splitStorageKey(entry.key)
      return deleteObject(context, { definition, namespace: key.namespace, name: key.name }, asked, options)
    }),
  )
  for (const outcome of outcomes) {
    // Somebody else was faster: gone is what was asked for.
    if (outcome.status === 'rejected' && !(outcome.reason instanceof ApiError && outcome.reason.code === 404)) throw outcome.reason
  }
  return found
}
