import type { Entry } from './entry.ts'
import type { ChangeType } from './storage.ts'

/** One change, with the states on both sides of it. */
export interface Change {
  readonly revision: number
  readonly type: ChangeType
  /** The new state; of a delete, the last one at the revision of the delete. */
  readonly entry: Entry
  readonly previous: Entry | undefined
}

/** The most recent changes in revision order: what watches replay and old revisions are rebuilt from. */
export class ChangeWindow {
  /** A hole is a change that a later one of the same object stands for. */
  #changes: Array<Change | undefined> = []
  #holes = 0
  #bytes = 0
  /** Changes up to this revision are gone. */
  compactedRevision = 0

  /** Bytes of superseded states that only the window keeps alive. */
  get bytes(): number {
    return this.#bytes
  }

  get size(): number {
    return this.#changes.length - this.#holes
  }

  get oldestRevision(): number | undefined {
    return this.#changes.find((change) => change !== undefined)?.revision
  }

  add(change: Change): void {
    this.#changes.push(change)
    this.#bytes += change.previous?.bytes.length ?? 0
  }

  /** Adds a change that stands for the object's last one too, if that was an update which is still here. */
  addReplacing(change: Change): void {
    const at = change.previous === undefined ? -1 : this.#find(change.previous.revision)
    const last = at < 0 ? undefined : this.#changes[at]
    if (last === undefined || last.entry !== change.previous || last.type !== 'update') {
      this.add(change)
      return
    }
    this.#changes[at] = undefined
    this.#holes++
    this.#bytes -= last.previous?.bytes.length ?? 0
    this.add({ ...change, previous: last.previous })
    if (this.#holes > 64 && this.#holes > this.#changes.length / 2) this.#fillHoles()
  }

  /** Changes after `revision`, oldest first. */
  *after(revision: number): IterableIterator<Change> {
    for (let at = this.#firstAfter(revision); at < this.#changes.length; at++) {
      const change = this.#changes[at]
      if (change !== undefined) yield change
    }
  }

  /** Drops the changes up to and including `revision`. */
  compact(revision: number): void {
    if (revision <= this.compactedRevision) return
    const dropped = this.#changes.splice(0, this.#firstAfter(revision))
    for (const change of dropped) {
      if (change === undefined) this.#holes--
      else this.#bytes -= change.previous?.bytes.length ?? 0
    }
    this.compactedRevision = revision
  }

  /** The revision to compact to, so that at most so many changes and superseded bytes stay; undefined when none need go. */
  excess(maxChanges: number, maxBytes: number): number | undefined {
    let surplus = this.size - maxChanges
    let surplusBytes = this.#bytes - maxBytes
    let revision: number | undefined
    for (const change of this.#changes) {
      if (surplus <= 0 && surplusBytes <= 0) break
      if (change === undefined) continue
      surplus--
      surplusBytes -= change.previous?.bytes.length ?? 0
      revision = change.revision
    }
    return revision
  }

  #fillHoles(): void {
    this.#changes = this.#changes.filter((change) => change !== undefined)
    this.#holes = 0
  }

  /** Where the first change after `revision` stands. Holes have no revision: a search steps over them to the right. */
  #firstAfter(revision: number): number {
    let low = 0
    let high = this.#changes.length
    while (low < high) {
      const middle = (low + high) >> 1
      let probe = middle
      while (probe < high && this.#changes[probe] === undefined) probe++
      if (probe === high || this.#changes[probe]!.revision > revision) high = middle
      else low = probe + 1
    }
    return low
  }

  #find(revision: number): number {
    const at = this.#firstAfter(revision - 1)
    for (let i = at; i < this.#changes.length; i++) {
      const change = this.#changes[i]
      if (change !== undefined) return change.revision === revision ? i : -1
    }
    return -1
  }
}
