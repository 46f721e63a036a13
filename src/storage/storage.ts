/**
 * Where objects live. An engine knows keys, bytes and revisions, and no kinds; it is only asked to write and, once, to load
 * everything: the cache in front of it (cache.ts) serves every read and watch.
 *
 * Invariants every engine keeps, and test/storage/contract.ts checks:
 * - Each committed write gets its own revision; revisions grow by commit order, over restarts too.
 * - A write is answered only when it is durable, and `onCommit` was called with it, in revision order, before that.
 * - Compare and swap is evaluated at commit: of several writes that expect the same state, one is done.
 * - A write and those `alongside` it are done together or not at all.
 * - A failed commit (a full disk) rejects every write of its batch, and leaves nothing of them.
 */

/** `RESOURCE.GROUP/NAMESPACE/NAME`; the namespace is empty for cluster-scoped resources: `nodes//worker-1`. */
export type StorageKey = string

export function storageKey(groupResource: string, namespace: string | undefined, name: string): StorageKey {
  return `${groupResource}/${namespace ?? ''}/${name}`
}

/** The first part of a key, without the cost of splitting it all. */
export function resourceOfKey(key: StorageKey): string {
  return key.slice(0, key.indexOf('/'))
}

export function splitStorageKey(key: StorageKey): { groupResource: string; namespace: string; name: string } {
  const first = key.indexOf('/')
  const second = key.indexOf('/', first + 1)
  return { groupResource: key.slice(0, first), namespace: key.slice(first + 1, second), name: key.slice(second + 1) }
}

/** One state of one object. */
export interface StoredValue {
  readonly key: StorageKey
  /** Of the write that made this state. */
  readonly revision: number
  /** The object's JSON, resourceVersion included. */
  readonly bytes: Buffer
}

export type ChangeType = 'create' | 'update' | 'delete'

interface WriteBase {
  readonly key: StorageKey
  /** Gives the bytes to store, once the revision is known. Called once a write, only if the comparison holds. */
  readonly encode: (revision: number) => Buffer
  /** The decoded form of those bytes, handed on to the cache. */
  readonly decoded?: unknown
}

/** The revision that a write will have made, when it is done. */
export interface FutureRevision {
  readonly revision?: number
}

/** An update of another object than the one that is written. */
export interface AlongsideUpdate extends WriteBase {
  /** The revision the object must be at: one that is known, or that of a write that was handed in before. */
  readonly expectedRevision: number | FutureRevision
}

export type Write = { readonly alongside?: readonly AlongsideUpdate[] } & (
  | (WriteBase & { readonly type: 'create' })
  | (WriteBase & {
      readonly type: 'update' | 'delete'
      /** The revision the object must be at. For a delete, `encode` gives the last state, as watchers shall see it. */
      readonly expectedRevision: number
      /** Of an update: the object's last change leaves the log if it was an update too, and this one stands for both. For heartbeats. */
      readonly replacesLastChange?: boolean
    })
)

/**
 * exists: create of a key that is there. missing: no such key. conflict: it is at another revision.
 * overtaken: the write itself could be done, but an object alongside is at another revision or gone.
 */
export type WriteFailure = 'exists' | 'missing' | 'conflict' | 'overtaken'

/**
 * Why a write can't be done now.
 * @param revisionOf of an object as it is in this batch; undefined when there is none
 */
export function failureOf(write: Write, revisionOf: (key: StorageKey) => number | undefined): WriteFailure | undefined {
  const current = revisionOf(write.key)
  if (write.type === 'create') {
    if (current !== undefined) return 'exists'
  } else {
    if (current === undefined) return 'missing'
    if (current !== write.expectedRevision) return 'conflict'
  }
  for (const { key, expectedRevision } of write.alongside ?? []) {
    const expected = typeof expectedRevision === 'number' ? expectedRevision : expectedRevision.revision
    if (expected === undefined || revisionOf(key) !== expected) return 'overtaken'
  }
  return undefined
}

export type WriteResult = { readonly value: StoredValue } | { readonly failure: WriteFailure }

export interface Commit {
  readonly type: ChangeType
  /** The new state; of a delete, the last one at the revision of the delete. */
  readonly value: StoredValue
  readonly decoded: unknown
  readonly replacesLastChange: boolean
}

/** A change of the retained log. */
export interface LoggedChange {
  readonly type: ChangeType
  readonly value: StoredValue
  readonly previous: StoredValue | undefined
}

export interface Loaded {
  /** In key order. */
  readonly values: Iterable<StoredValue>
  /** The retained changes, oldest first. */
  readonly changes: readonly LoggedChange[]
  /** The highest revision ever given out; 0 in an empty store. */
  readonly revision: number
  /** Changes up to this one are no longer in the log. */
  readonly compactedRevision: number
}

export interface Storage {
  /** Called once, before anything else. @param onCommit receives each batch when it is durable. */
  load(onCommit: (commits: readonly Commit[]) => void): Loaded
  /** Rejects only when the engine itself fails; the write was then not done. */
  write(write: Write): Promise<WriteResult>
  /** Forgets the changes up to and including this revision. */
  compact(revision: number): void
  /** Resolves when no write is under way. */
  idle(): Promise<void>
  /** Commits what is under way, then lets go of the files. Writes after it are rejected. */
  close(): Promise<void>
}
