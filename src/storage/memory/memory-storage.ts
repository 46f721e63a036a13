import {
  type AlongsideUpdate,
  type ChangeType,
  type Commit,
  failureOf,
  type Loaded,
  type Storage,
  type StoredValue,
  type Write,
  type WriteResult,
} from '../storage.ts'
import { type PendingWrite, WriteBatch } from '../write-batch.ts'

/** What is there at one revision. */
export interface Kept {
  readonly values: Iterable<StoredValue>
  readonly revision: number
}

/** The reference engine: everything in a map, nothing kept over a restart. The cache retains the changes. */
export class MemoryStorage implements Storage {
  readonly #values: Map<string, StoredValue>
  readonly #batch = new WriteBatch((batch) => this.#commit(batch))
  #revision: number
  #onCommit: (commits: readonly Commit[]) => void = () => {}

  /** @param kept to begin with; nothing by default */
  constructor({ values, revision }: Kept = { values: [], revision: 0 }) {
    this.#values = new Map([...values].map((value) => [value.key, value]))
    this.#revision = revision
  }

  load(onCommit: (commits: readonly Commit[]) => void): Loaded {
    this.#onCommit = onCommit
    const values = [...this.#values.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
    return { values, changes: [], revision: this.#revision, compactedRevision: this.#revision }
  }

  write(write: Write): Promise<WriteResult> {
    return this.#batch.add(write)
  }

  compact(): void {}

  idle(): Promise<void> {
    return this.#batch.idle()
  }

  async close(): Promise<void> {
    this.#batch.close()
  }

  #commit(batch: readonly PendingWrite[]): void {
    const revisionBefore = this.#revision
    const undo: Array<readonly [string, StoredValue | undefined]> = []
    const commits: Commit[] = []
    let results: WriteResult[]
    try {
      results = batch.map(({ write }) => {
        for (const { key } of [...(write.alongside ?? []), write]) undo.push([key, this.#values.get(key)])
        return this.#apply(write, commits)
      })
    } catch (error) {
      for (const [key, value] of undo.reverse()) {
        if (value === undefined) this.#values.delete(key)
        else this.#values.set(key, value)
      }
      this.#revision = revisionBefore
      for (const { reject } of batch) reject(error as Error)
      return
    }
    if (commits.length > 0) this.#onCommit(commits)
    for (const [i, { resolve }] of batch.entries()) resolve(results[i]!)
  }

  #apply(write: Write, commits: Commit[]): WriteResult {
    const failure = failureOf(write, (key) => this.#values.get(key)?.revision)
    if (failure !== undefined) return { failure }
    for (const update of write.alongside ?? []) this.#put('update', update, false, commits)
    return { value: this.#put(write.type, write, write.type === 'update' && write.replacesLastChange === true, commits) }
  }

  #put(type: ChangeType, { key, encode, decoded }: Write | AlongsideUpdate, replacesLastChange: boolean, commits: Commit[]): StoredValue {
    const revision = ++this.#revision
    const value = { key, revision, bytes: encode(revision) }
    if (type === 'delete') this.#values.delete(key)
    else this.#values.set(key, value)
    commits.push({ type, value, decoded, replacesLastChange })
    return value
  }
}
