/**
 * Crashes: a story is lived through once, and then again from the state after each of its writes, as a process would find it
 * that was killed right there. Whatever was on its way is lost; the storage isn't. What becomes of it must be the same.
 */
import { MemoryStorage } from '../../src/storage/memory/memory-storage.ts'
import {
  type Commit,
  type Loaded,
  resourceOfKey,
  type Storage,
  type StoredValue,
  type Write,
  type WriteResult,
} from '../../src/storage/storage.ts'
import { Scenario } from './workloads.ts'

export interface Story<Outcome> {
  /** Nodes of the cluster. */
  readonly nodes?: number
  /** An RFC 3339 text. */
  readonly start?: string
  /** What there is before the story begins: no crash is tried in it. */
  readonly before?: (scenario: Scenario) => Promise<void>
  /** The one thing that is asked of the cluster, if it doesn't begin by itself. A crash comes after its write. */
  readonly act?: (scenario: Scenario) => Promise<unknown>
  /** Milliseconds from `act` until everything is over, also after a crash. */
  readonly lasts: number
  /** What is to be the same: counts, names that must not differ, what is left. */
  readonly outcome: (scenario: Scenario) => Promise<Outcome>
}

export interface Crash {
  /** What was written last, as `type resource/namespace/name`. */
  readonly after: string
  /** Which write of the story it was, from 1. */
  readonly write: number
}

/** Their writes change nothing that anybody decides by. */
const IRRELEVANT = new Set(['events', 'leases.coordination.k8s.io'])

/** A memory engine that notes every commit, with the time. */
class RecordedStorage implements Storage {
  readonly commits: { readonly at: number; readonly commit: Commit }[] = []
  readonly #engine = new MemoryStorage()
  now: () => number = () => 0

  load(onCommit: (commits: readonly Commit[]) => void): Loaded {
    return this.#engine.load((commits) => {
      for (const commit of commits) this.commits.push({ at: this.now(), commit })
      onCommit(commits)
    })
  }

  write(write: Write): Promise<WriteResult> {
    return this.#engine.write(write)
  }

  compact(): void {}

  idle(): Promise<void> {
    return this.#engine.idle()
  }

  close(): Promise<void> {
    return this.#engine.close()
  }
}

/**
 * @param check called with what became of the story after each crash, and without one (`undefined`) at first
 * @returns how many crashes there were
 */
export async function crashEverywhere<Outcome>(
  { nodes = 1, start, before, act, lasts, outcome }: Story<Outcome>,
  check: (outcome: Outcome, undisturbed: Outcome, crash: Crash | undefined) => void,
): Promise<number> {
  const storage = new RecordedStorage()
  const first = await Scenario.start({ nodes, storage, ...(start !== undefined && { start }) })
  storage.now = () => first.now
  await before?.(first)
  const begin = storage.commits.length
  const end = first.now + lasts
  await act?.(first)
  await first.pass(end - first.now)
  const undisturbed = await outcome(first)
  const { commits } = storage
  await first.close()
  check(undisturbed, undisturbed, undefined)

  const values = new Map<string, StoredValue>()
  let crashes = 0
  for (const [i, { at, commit }] of commits.entries()) {
    const { key, revision } = commit.value
    if (commit.type === 'delete') values.delete(key)
    else values.set(key, commit.value)
    if (i < begin || IRRELEVANT.has(resourceOfKey(key))) continue
    crashes++
    const kept = new MemoryStorage({ values: values.values(), revision })
    const again = await Scenario.start({ nodes, storage: kept, seed: revision + 1, start: new Date(at).toISOString() })
    await again.pass(end - at)
    const crash = { after: `${commit.type} ${key}`, write: i - begin + 1 }
    try {
      check(await outcome(again), undisturbed, crash)
    } catch (error) {
      ;(error as Error).message = `killed after write ${crash.write}, ${crash.after}: ${(error as Error).message}`
      throw error
    } finally {
      await again.close()
    }
  }
  return crashes
}
