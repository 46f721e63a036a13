/**
 * The current objects as encoded bytes, and the window of recent changes. Serves every read and every watch; the engine behind
 * it only makes writes durable. It moves from one revision to the next in one step, when the engine says that a batch is
 * committed: a reader sees all of a batch or nothing of it, and watchers are told before the writers are answered.
 */
import type { GroupResource, KubeObject } from '../api/object.ts'
import { type Change, ChangeWindow } from './change-window.ts'
import { type Attributes, Entry } from './entry.ts'
import { ResourceEntries } from './resource-entries.ts'
import { type Commit, resourceOfKey, type Storage, type StorageKey, splitStorageKey, type Write, type WriteFailure } from './storage.ts'

export interface CacheOptions {
  readonly attributesOf: (key: StorageKey, object: KubeObject) => Attributes
  /** The change log is kept within these bounds, whichever is met first. */
  readonly maxChanges: number
  readonly maxChangeBytes: number
}

export interface WatchScope {
  readonly groupResource: GroupResource
  /** Only this namespace; all when undefined. */
  readonly namespace?: string | undefined
  /** In this process' memory the decoded form of these objects is wanted anyway: keep it with them. */
  readonly keepsDecoded?: boolean
}

/**
 * Called within the commit, so it must not throw and not wait. Watchers of one scope get the very same array, so that what
 * is derived from it can be shared.
 */
export type Deliver = (changes: readonly Change[]) => void

interface Watcher {
  readonly scope: WatchScope
  readonly deliver: Deliver
}

/** The window no longer reaches back to the revision asked for. */
export class RevisionCompactedError extends Error {
  readonly compactedRevision: number
  constructor(compactedRevision: number) {
    super(`changes up to revision ${compactedRevision} are compacted`)
    this.compactedRevision = compactedRevision
  }
}

export class Cache {
  readonly #storage: Storage
  readonly #options: CacheOptions
  readonly #resources = new Map<GroupResource, ResourceEntries>()
  readonly #window = new ChangeWindow()
  readonly #watchers = new Map<GroupResource, Set<Watcher>>()
  readonly #keptDecoded = new Map<GroupResource, number>()
  readonly #awaited = new Set<{ readonly revision: number; readonly resolve: () => void }>()
  #revision: number

  constructor(storage: Storage, options: CacheOptions) {
    this.#storage = storage
    this.#options = options
    const loaded = storage.load((commits) => this.#publish(commits))
    this.#revision = loaded.revision
    this.#window.compactedRevision = loaded.compactedRevision
    for (const value of loaded.values) this.#put(new Entry(value))
    const entries = new Map<number, Entry>()
    for (const { type, value, previous } of loaded.changes) {
      const current = this.get(value.key)
      const entry = current?.revision === value.revision ? current : new Entry(value)
      entries.set(entry.revision, entry)
      const before = previous === undefined ? undefined : (entries.get(previous.revision) ?? new Entry(previous))
      this.#window.add({ revision: value.revision, type, entry, previous: before })
    }
  }

  /** Of the last commit: what a list is of. */
  get revision(): number {
    return this.#revision
  }

  /** The oldest revision whose state and later changes are known. */
  get compactedRevision(): number {
    return this.#window.compactedRevision
  }

  get(key: StorageKey): Entry | undefined {
    return this.#resources.get(resourceOfKey(key))?.get(key)
  }

  /** In key order. */
  list(groupResource: GroupResource, namespace?: string): readonly Entry[] {
    return this.#resources.get(groupResource)?.list(namespace) ?? []
  }

  count(groupResource: GroupResource): number {
    return this.#resources.get(groupResource)?.size ?? 0
  }

  /** The entries as they were at `revision`, in key order. @throws RevisionCompactedError */
  listAt(groupResource: GroupResource, namespace: string | undefined, revision: number): readonly Entry[] {
    if (revision >= this.#revision) return this.list(groupResource, namespace)
    const undone = new Map<StorageKey, Entry | undefined>()
    for (const change of this.changesAfter({ groupResource, namespace }, revision)) {
      if (!undone.has(change.entry.key)) undone.set(change.entry.key, change.previous)
    }
    if (undone.size === 0) return this.list(groupResource, namespace)
    const entries = this.list(groupResource, namespace).filter(({ key }) => !undone.has(key))
    for (const entry of undone.values()) if (entry !== undefined) entries.push(entry)
    return entries.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  }

  attributesOf(entry: Entry): Attributes {
    return entry.attributes(this.#options.attributesOf)
  }

  /** @throws RevisionCompactedError */
  changesAfter(scope: WatchScope, revision: number): Change[] {
    if (revision < this.#window.compactedRevision) throw new RevisionCompactedError(this.#window.compactedRevision)
    const prefix = scope.namespace === undefined ? `${scope.groupResource}/` : `${scope.groupResource}/${scope.namespace}/`
    const found: Change[] = []
    for (const change of this.#window.after(revision)) if (change.entry.key.startsWith(prefix)) found.push(change)
    return found
  }

  /** Resolves when the write is durable and every watcher has been told. */
  async write(write: Write): Promise<Entry | WriteFailure> {
    const result = await this.#storage.write(write)
    if ('failure' in result) return result.failure
    const current = this.get(write.key)
    return current?.revision === result.value.revision ? current : new Entry(result.value)
  }

  /** Delivers each later change in the scope until stopped. What happened before now is `changesAfter`'s. */
  watch(scope: WatchScope, deliver: Deliver): () => void {
    const watcher: Watcher = { scope, deliver }
    const watchers = this.#watchers.get(scope.groupResource) ?? new Set()
    this.#watchers.set(scope.groupResource, watchers.add(watcher))
    if (scope.keepsDecoded) this.#keptDecoded.set(scope.groupResource, (this.#keptDecoded.get(scope.groupResource) ?? 0) + 1)
    return () => {
      if (watchers.delete(watcher) && scope.keepsDecoded) {
        this.#keptDecoded.set(scope.groupResource, this.#keptDecoded.get(scope.groupResource)! - 1)
      }
    }
  }

  /** Calls back, once, when `revision` is reached; not at all when it was already, or after the function returned was called. */
  onceAt(revision: number, resolve: () => void): () => void {
    const awaited = { revision, resolve }
    this.#awaited.add(awaited)
    return () => this.#awaited.delete(awaited)
  }

  /** Forgets changes up to and including `revision`: older watches and lists then get RevisionCompactedError. */
  compact(revision: number): void {
    const bounded = Math.min(revision, this.#revision)
    if (bounded <= this.#window.compactedRevision) return
    this.#storage.compact(bounded)
    this.#window.compact(bounded)
  }

  idle(): Promise<void> {
    return this.#storage.idle()
  }

  close(): Promise<void> {
    return this.#storage.close()
  }

  #put(entry: Entry): void {
    const groupResource = resourceOfKey(entry.key)
    let entries = this.#resources.get(groupResource)
    if (entries === undefined) {
      entries = new ResourceEntries()
      this.#resources.set(groupResource, entries)
    }
    entries.set(entry)
  }

  #publish(commits: readonly Commit[]): void {
    const changes = commits.map((commit) => this.#apply(commit))
    this.#revision = changes.at(-1)?.revision ?? this.#revision
    this.#deliver(changes)
    for (const awaited of this.#awaited) {
      if (awaited.revision > this.#revision) continue
      this.#awaited.delete(awaited)
      awaited.resolve()
    }
    for (const { entry, previous } of changes) {
      previous?.forget()
      if (!this.#keptDecoded.get(resourceOfKey(entry.key))) entry.forget()
    }
    this.#keepWithinBounds()
  }

  #apply({ type, value, decoded, replacesLastChange }: Commit): Change {
    const previous = this.get(value.key)
    const entry = new Entry(value, decoded as KubeObject | undefined)
    if (type === 'delete') this.#resources.get(resourceOfKey(value.key))?.delete(value.key)
    else this.#put(entry)
    const change: Change = { revision: value.revision, type, entry, previous }
    if (replacesLastChange) this.#window.addReplacing(change)
    else this.#window.add(change)
    return change
  }

  #deliver(changes: readonly Change[]): void {
    const byScope = new Map<string, Change[]>()
    const gather = (scope: string, change: Change) => {
      const list = byScope.get(scope)
      if (list === undefined) byScope.set(scope, [change])
      else list.push(change)
    }
    const touched = new Set<GroupResource>()
    for (const change of changes) {
      const { groupResource, namespace } = splitStorageKey(change.entry.key)
      if (!this.#watchers.get(groupResource)?.size) continue
      touched.add(groupResource)
      gather(groupResource, change)
      if (namespace !== '') gather(`${groupResource}/${namespace}`, change)
    }
    for (const groupResource of touched) {
      for (const { scope, deliver } of this.#watchers.get(groupResource)!) {
        const concerned = byScope.get(scope.namespace === undefined ? groupResource : `${groupResource}/${scope.namespace}`)
        if (concerned !== undefined) deliver(concerned)
      }
    }
  }

  /** Trims in steps of a tenth, so that the cost of trimming is shared by many writes. */
  #keepWithinBounds(): void {
    const { maxChanges, maxChangeBytes } = this.#options
    if (this.#window.size <= maxChanges && this.#window.bytes <= maxChangeBytes) return
    const revision = this.#window.excess(maxChanges * 0.9, maxChangeBytes * 0.9)
    if (revision === undefined) return
    try {
      this.compact(revision)
    } catch {
      // The writes are durable and must be answered, even if the disk is too full to forget: the next trim tries again.
    }
  }
}
