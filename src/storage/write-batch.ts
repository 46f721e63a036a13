import type { Write, WriteResult } from './storage.ts'

export interface PendingWrite {
  readonly write: Write
  readonly resolve: (result: WriteResult) => void
  readonly reject: (error: Error) => void
}

/**
 * Group commit: gathers the writes of one turn of the event loop and hands them over together, so that they share one
 * transaction and one sync of the disk.
 */
export class WriteBatch {
  readonly #commit: (batch: readonly PendingWrite[]) => void
  #pending: PendingWrite[] = []
  #isClosed = false
  #whenIdle: Array<() => void> = []

  /** @param commit settles every write of the batch, synchronously */
  constructor(commit: (batch: readonly PendingWrite[]) => void) {
    this.#commit = commit
  }

  add(write: Write): Promise<WriteResult> {
    if (this.#isClosed) return Promise.reject(new Error('storage is closed'))
    return new Promise((resolve, reject) => {
      if (this.#pending.push({ write, resolve, reject }) === 1) setImmediate(() => this.#flush())
    })
  }

  idle(): Promise<void> {
    return this.#pending.length === 0 ? Promise.resolve() : new Promise((resolve) => this.#whenIdle.push(resolve))
  }

  close(): void {
    this.#isClosed = true
    this.#flush()
  }

  #flush(): void {
    const batch = this.#pending
    if (batch.length === 0) return
    this.#pending = []
    this.#commit(batch)
    const waiting = this.#whenIdle
    this.#whenIdle = []
    for (const resolve of waiting) resolve()
  }
}
