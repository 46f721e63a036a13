import type { Commit, Loaded, Storage, StoredValue, Write, WriteResult } from '../storage.ts'
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
        undo.push([write.key, this.#values.get(write.key)])
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
      replacesLastChange: write.type === 'update' && write.replacesLastChange === true,
    })
    return { value }
  }
}
