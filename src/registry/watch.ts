import type { ResourceDefinition } from '../api/definition.ts'
import { expiredError, methodNotSupportedError } from '../api/meta/api-error.ts'
import { RevisionCompactedError } from '../storage/cache.ts'
import type { Change } from '../storage/change-window.ts'
import { Entry } from '../storage/entry.ts'
import type { RegistryContext } from './context.ts'
import { invalidRevisionError, type ListOptions, parseRevision, tooLargeRevisionError } from './list-options.ts'
import { selectionOf } from './selection.ts'

export interface WatchOptions extends ListOptions {
  /** Keep decoded forms with the objects: for readers in this process. */
  readonly keepsDecoded?: boolean
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  /** Of a DELETED: the last state that the watcher's selectors matched, at the revision of the change. */
  readonly entry: Entry
  readonly revision: number
}

export interface Watch {
  /** The state to begin with, as ADDED events: when asked for, or when no revision was given. */
  readonly initial: readonly Entry[]
  /** The revision the initial state is of; the stream goes on from there. */
  readonly revision: number
  /** Changes since the revision that was asked for, up to now. */
  readonly replay: readonly WatchEvent[]
  /**
   * Delivers what happens from now on, in batches, until `stop`. Watchers without selectors in the same scope get arrays that
   * are equal by identity of their `source`.
   */
  start(deliver: (events: readonly WatchEvent[], source: readonly Change[]) => void): { stop(): void }
}

/**
 * @param namespace all when undefined
 * @throws ApiError 410 when the revision is too old; 504 when it is still to come, where upstream says nothing until it has come:
 *   whoever names one saw another store, and shall list again
 */
export function watch(
  context: RegistryContext,
  definition: ResourceDefinition,
  namespace: string | undefined,
  options: WatchOptions,
): Watch {
  if (!definition.verbs.includes('watch')) throw methodNotSupportedError(definition, 'watch')
  const selection = selectionOf(context.cache, definition, options)
  const groupResource = definition.conversion?.storedAs ?? definition.groupResource
  const scope = {
    groupResource,
    namespace: definition.namespaced ? namespace : undefined,
    ...(options.keepsDecoded === undefined ? {} : { keepsDecoded: options.keepsDecoded }),
  }
  const { cache } = context
  const asked = options.resourceVersion ? parseRevision(options.resourceVersion) : 0
  if (typeof asked === 'string') throw invalidRevisionError(definition, options.resourceVersion!)
  if (asked > cache.revision) throw tooLargeRevisionError(asked, cache.revision)

  const toEvents = (changes: readonly Change[]): WatchEvent[] => {
    const events: WatchEvent[] = []
    for (const change of changes) {
      const event = selection.isEverything ? plainEvent(change) : selectedEvent(change, (entry) => selection.matches(entry))
      if (event !== undefined) events.push(event)
    }
    return events
  }
  // Upstream: without a revision, or with "0", a watch begins with the state of now unless that is declined.
  const wantsInitial = options.sendInitialEvents ?? asked === 0
  const initial = wantsInitial ? cache.list(groupResource, scope.namespace).filter((entry) => selection.matches(entry)) : []
  let replay: WatchEvent[] = []
  if (!wantsInitial && asked > 0) {
    try {
      replay = toEvents(cache.changesAfter(scope, asked))
    } catch (error) {
      if (!(error instanceof RevisionCompactedError)) throw error
      throw expiredError(`too old resource version: ${asked} (${error.compactedRevision})`)
    }
  }
  return {
    initial,
    revision: cache.revision,
    replay,
    start: (deliver) => {
      const stop = cache.watch(scope, (changes) => {
        const events = toEvents(changes)
        if (events.length > 0) deliver(events, changes)
      })
      return { stop }
    },
  }
}

const TYPES = { create: 'ADDED', update: 'MODIFIED', delete: 'DELETED' } as const

function plainEvent({ type, entry, revision }: Change): WatchEvent {
  return { type: TYPES[type], entry, revision }
}

/** An object that comes to match is ADDED, one that ceases to is DELETED. Upstream: cacher convertToWatchEvent. */
function selectedEvent({ type, entry, previous, revision }: Change, matches: (entry: Entry) => boolean): WatchEvent | undefined {
  const isMatch = type !== 'delete' && matches(entry)
  const wasMatch = previous !== undefined && matches(previous)
  if (isMatch) return { type: wasMatch ? 'MODIFIED' : 'ADDED', entry, revision }
  if (!wasMatch) return undefined
  return { type: 'DELETED', entry: type === 'delete' ? entry : atRevision(previous, revision), revision }
}

/** The old state with the revision at which it ceased to match, so that a client can resume from it. */
function atRevision(previous: Entry, revision: number): Entry {
  const object = previous.copy()
  object.metadata.resourceVersion = String(revision)
  return new Entry({ key: previous.key, revision, bytes: Buffer.from(JSON.stringify(object)) })
}
