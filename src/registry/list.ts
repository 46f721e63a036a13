import type { ResourceDefinition } from '../api/definition.ts'
import { badRequestError, expiredError, methodNotSupportedError } from '../api/meta/api-error.ts'
import { RevisionCompactedError } from '../storage/cache.ts'
import type { Entry } from '../storage/entry.ts'
import type { RegistryContext } from './context.ts'
import { checkListOptions, type ListOptions, parseRevision, tooLargeRevisionError } from './list-options.ts'
import { measuredEntries } from './measured.ts'
import { selectionOf } from './selection.ts'

export interface ListResult {
  readonly entries: readonly Entry[]
  /** metadata.resourceVersion of the list. */
  readonly revision: number
  readonly continueToken?: string
  readonly remainingItemCount?: number
}

interface ContinueToken {
  readonly v: 'meta.k8s.io/v1'
  /** The revision of the first page; -1 asks for the rest as it is now. */
  readonly rv: number
  /** The page begins with the first key that isn't smaller. */
  readonly start: string
}

/** @param namespace all when undefined. @throws ApiError */
export function list(
  context: RegistryContext,
  definition: ResourceDefinition,
  namespace: string | undefined,
  options: ListOptions,
): ListResult {
  if (!definition.verbs.includes('list')) throw methodNotSupportedError(definition, 'list')
  checkListOptions(options)
  const selection = selectionOf(context.cache, definition, options)
  const groupResource = definition.conversion?.storedAs ?? definition.groupResource
  const token = options.continue ? decodeToken(options.continue) : undefined
  const revision = revisionOf(context, options, token)
  const all = entriesAt(context, definition, namespace, groupResource, revision, token)
  const start = token === undefined ? 0 : firstAtLeast(all, `${groupResource}/${token.start}`)

  const limit = options.limit ?? 0
  if (selection.isEverything && (limit === 0 || all.length - start <= limit))
    return { entries: start === 0 ? all : all.slice(start), revision }
  const entries: Entry[] = []
  let at = start
  for (; at < all.length; at++) {
    if (limit > 0 && entries.length === limit) break
    if (selection.matches(all[at]!)) entries.push(all[at]!)
  }
  if (at === all.length) return { entries, revision }
  // A page says that there is more when a matching object is left, and how many are left when no selector hides that.
  while (at < all.length && !selection.matches(all[at]!)) at++
  if (at === all.length) return { entries, revision }
  const next = `${entries.at(-1)!.key.slice(groupResource.length + 1)}\0`
  return {
    entries,
    revision,
    continueToken: encodeToken(revision, next),
    ...(selection.isEverything ? { remainingItemCount: all.length - at } : {}),
  }
}

function revisionOf(context: RegistryContext, options: ListOptions, token: ContinueToken | undefined): number {
  const now = context.cache.revision
  if (token !== undefined) {
    if (options.resourceVersion && options.resourceVersion !== '0') {
      throw badRequestError('specifying resource version is not allowed when using continue')
    }
    return token.rv < 0 ? now : token.rv
  }
  if (!options.resourceVersion) return now
  const asked = parseRevision(options.resourceVersion)
  if (typeof asked === 'string') {
    throw badRequestError(`invalid resource version: resourceVersion: Invalid value: ${JSON.stringify(options.resourceVersion)}: ${asked}`)
  }
  if (asked > now) throw tooLargeRevisionError(asked, now)
  const isExact = options.resourceVersionMatch === 'Exact' || (!options.resourceVersionMatch && options.limit && asked > 0)
  return isExact ? asked : now
}

function entriesAt(
  context: RegistryContext,
  definition: ResourceDefinition,
  namespace: string | undefined,
  groupResource: string,
  revision: number,
  token: ContinueToken | undefined,
): readonly Entry[] {
  const measured = measuredEntries(context, definition, definition.namespaced ? namespace : undefined)
  if (measured !== undefined) return measured
  try {
    return context.cache.listAt(groupResource, definition.namespaced ? namespace : undefined, revision)
  } catch (error) {
    if (!(error instanceof RevisionCompactedError)) throw error
    if (token === undefined) throw expiredError(`The resourceVersion for the provided list is too old.`)
    throw expiredError(
      'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
      encodeToken(-1, token.start),
    )
  }
}

function encodeToken(revision: number, start: string): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision, start } satisfies ContinueToken)).toString('base64url')
}

/** @throws ApiError 400. Upstream: storage/continue.go DecodeContinue */
function decodeToken(text: string): ContinueToken {
  const refuse = (why: string) => badRequestError(`invalid continue token: continue key is not valid${why}`)
  let token: Partial<ContinueToken>
  try {
    token = JSON.parse(Buffer.from(text, 'base64url').toString()) as Partial<ContinueToken>
  } catch (error) {
    throw refuse(`: ${(error as Error).message}`)
  }
  if (token?.v !== 'meta.k8s.io/v1') throw refuse(`: server does not recognize this encoded version ${token?.v ?? ''}`)
  if (!Number.isInteger(token.rv) || token.rv === 0) throw refuse(': incorrect encoded start resourceVersion (version meta.k8s.io/v1)')
  if (typeof token.start !== 'string' || token.start === '') throw refuse(': encoded start key empty (version meta.k8s.io/v1)')
  return token as ContinueToken
}

function firstAtLeast(entries: readonly Entry[], key: string): number {
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (entries[middle]!.key < key) low = middle + 1
    else high = middle
  }
  return low
}
