import type { Entry } from './entry.ts'
import { type StorageKey, splitStorageKey } from './storage.ts'

/**
 * The entries of one resource, by key and, in order, by namespace. Order is made when a list asks for it and kept until a key
 * comes or goes: a list costs its own length, and a write costs nothing for the lists nobody asks for.
 */
export class ResourceEntries {
  readonly #byKey = new Map<StorageKey, Entry>()
  readonly #byNamespace = new Map<string, Map<StorageKey, Entry>>()
  /** Sorted keys a namespace; a namespace that lost or gained a key is missing here. */
  readonly #sortedKeys = new Map<string, StorageKey[]>()
  #sortedNamespaces: string[] | undefined

  get size(): number {
    return this.#byKey.size
  }

  get(key: StorageKey): Entry | undefined {
    return this.#byKey.get(key)
  }

  set(entry: Entry): void {
    const isNew = !this.#byKey.has(entry.key)
    this.#byKey.set(entry.key, entry)
    const { namespace } = splitStorageKey(entry.key)
    let entries = this.#byNamespace.get(namespace)
    if (entries === undefined) {
      entries = new Map()
      this.#byNamespace.set(namespace, entries)
      this.#sortedNamespaces = undefined
    }
    entries.set(entry.key, entry)
    if (isNew) this.#sortedKeys.delete(namespace)
  }

  delete(key: StorageKey): void {
    if (!this.#byKey.delete(key)) return
    const { namespace } = splitStorageKey(key)
    const entries = this.#byNamespace.get(namespace)!
    entries.delete(key)
    this.#sortedKeys.delete(namespace)
    if (entries.size === 0) {
      this.#byNamespace.delete(namespace)
      this.#sortedNamespaces = undefined
    }
  }

  /** In key order; a fresh array. */
  list(namespace?: string): Entry[] {
    if (namespace !== undefined) return this.#listNamespace(namespace)
    this.#sortedNamespaces ??= [...this.#byNamespace.keys()].sort(byKeyPrefix)
    return this.#sortedNamespaces.flatMap((each) => this.#listNamespace(each))
  }

  #listNamespace(namespace: string): Entry[] {
    const entries = this.#byNamespace.get(namespace)
    if (entries === undefined) return []
    let keys = this.#sortedKeys.get(namespace)
    if (keys === undefined) {
      keys = [...entries.keys()].sort()
      this.#sortedKeys.set(namespace, keys)
    }
    return keys.map((key) => entries.get(key)!)
  }
}

/** Namespaces in the order of the keys that begin with them: `a-b/` comes before `a/`. */
function byKeyPrefix(a: string, b: string): number {
  return `${a}/` < `${b}/` ? -1 : 1
}
