import type { Commit, Loaded, Storage, StoredValue, Write, WriteResult } from '../storage.ts'
import { type PendingWrite, WriteBatch } from '../write-batch.ts'

/** The reference engine: everything in a map, nothing kept over a restart. The cache retains the changes. */
export class MemoryStorage implements Storage {
  readonly #values = new Map<string, StoredValue>()
  readonly #batch = new WriteBatch((batch) => this.#commit(batch))
  #revision = 0
  #onCommit: (commits: readonly Commit[]) => void = () => {}

  load(onCommit: (commits: readonly Commit[]) => void): Loaded {
    this.#onCommit = onCommit
    return { values: [], changes: [], revision: 0, compactedRevision: 0 }
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
    const commits: Commit[] = []
    const results = batch.map(({ write }) => this.#apply(write, commits))
    this.#onCommit(commits)
    for (const [i, { resolve }] of batch.entries()) resolve(results[i]!)
  }

  #apply(write: Write, commits: Commit[]): WriteResult {
    const current = this.#values.get(write.key)
    if (write.type === 'create') {
      if (current !== undefined) return { failure: 'exists' }
    } else {
      if (current === undefined) return { failure: 'missing' }
      if (current.revision !== write.expectedRevision) return { failure: 'conflict' }
    }
    const revision = ++this.#revision
    const value = { key: write.key, revision, bytes: write.encode(revision) }
    if (write.type === 'delete') this.#values.delete(write.key)
    else this.#values.set(write.key, value)
    commits.push({
      type: write.type,
      value,
      decoded: write.decoded,
      replacesLastChange: write.type !== 'create' && write.replacesLastChange === true,
    })
    return { value }
  }
}
