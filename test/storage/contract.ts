/** What every engine must do, written once. A new engine's test opens it and calls this. */
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { Cache, RevisionCompactedError } from '../../src/storage/cache.ts'
import type { Commit, Storage, Write, WriteResult } from '../../src/storage/storage.ts'

export interface Engine {
  readonly name: string
  /** A new, empty store. */
  open(): Storage
  /** The same store again, after `close`; not given by engines that keep nothing. */
  reopen?(): Storage
}

const bytesOf = (revision: number, text: string) => Buffer.from(JSON.stringify({ metadata: { resourceVersion: String(revision), text } }))

export function createOf(key: string, text = ''): Write {
  return { type: 'create', key, encode: (revision) => bytesOf(revision, text) }
}

export function updateOf(key: string, expectedRevision: number, text = '', replacesLastChange = false): Write {
  return { type: 'update', key, expectedRevision, encode: (revision) => bytesOf(revision, text), replacesLastChange }
}

export function deleteOf(key: string, expectedRevision: number): Write {
  return { type: 'delete', key, expectedRevision, encode: (revision) => bytesOf(revision, 'gone') }
}

function revisionOf(result: WriteResult): number {
  if ('failure' in result) throw new Error(result.failure)
  return result.value.revision
}

export function newCache(storage: Storage, bounds = { maxChanges: 1000, maxChangeBytes: 1 << 20 }): Cache {
  return new Cache(storage, { attributesOf: (_key, { metadata }) => ({ labels: metadata.labels, fields: undefined }), ...bounds })
}

/** Everything a cache can be asked, at every revision: two caches that agree on it can't be told apart. */
function everythingOf(cache: Cache): unknown {
  const show = (entry: { key: string; revision: number; bytes: Buffer } | undefined) =>
    entry && [entry.key, entry.revision, entry.bytes.toString()]
  const at = []
  for (let revision = cache.compactedRevision; revision <= cache.revision; revision++) {
    at.push({
      revision,
      list: cache.listAt('things', undefined, revision).map(show),
      namespaced: cache.listAt('things', 'a', revision).map(show),
      changes: cache
        .changesAfter({ groupResource: 'things' }, revision)
        .map((change) => [change.revision, change.type, show(change.entry), show(change.previous)]),
    })
  }
  return { revision: cache.revision, compactedRevision: cache.compactedRevision, at }
}

type Step = { readonly verb: 'put' | 'beat' | 'delete'; readonly key: string } | { readonly verb: 'compact'; readonly keep: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record({
      verb: fc.constantFrom('put' as const, 'put' as const, 'beat' as const, 'delete' as const),
      key: fc.constantFrom('things/a/x', 'things/a/y', 'things/a-b/x', 'things/b/x', 'things//x'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ verb: fc.constant('compact' as const), keep: fc.nat(4) }) },
)

async function run(cache: Cache, steps: readonly Step[]): Promise<void> {
  for (const [i, each] of steps.entries()) {
    if (each.verb === 'compact') {
      cache.compact(cache.revision - each.keep)
      continue
    }
    const current = cache.get(each.key)
    if (each.verb === 'delete') {
      if (current !== undefined) await cache.write(deleteOf(each.key, current.revision))
    } else if (current === undefined) await cache.write(createOf(each.key, `${i}`))
    else await cache.write(updateOf(each.key, current.revision, `${i}`, each.verb === 'beat'))
  }
}

export function storageContract({ name, open, reopen }: Engine): void {
  describe(`${name}: the storage contract`, () => {
    let storage: Storage | undefined
    const opened = (onCommit: (commits: readonly Commit[]) => void = () => {}) => {
      storage = open()
      storage.load(onCommit)
      return storage
    }
    afterEach(async () => {
      await storage?.close()
      storage = undefined
    })

    it('begins empty at revision 0', () => {
      storage = open()
      const { values, ...rest } = storage.load(() => {})
      expect([...values]).toEqual([])
      expect(rest).toEqual({ changes: [], revision: 0, compactedRevision: 0 })
    })

    it('gives each write the next revision, and tells it to the encoder', async () => {
      const engine = opened()
      const results = await Promise.all([engine.write(createOf('things/a/x')), engine.write(createOf('things/a/y'))])
      expect(results.map(revisionOf)).toEqual([1, 2])
      expect(revisionOf(await engine.write(updateOf('things/a/x', 1)))).toBe(3)
      const deleted = await engine.write(deleteOf('things/a/y', 2))
      expect(deleted).toEqual({ value: { key: 'things/a/y', revision: 4, bytes: bytesOf(4, 'gone') } })
    })

    it.each<[string, Write, string]>([
      ['create of a key that is there', createOf('things/a/x'), 'exists'],
      ['update of a key that is not', updateOf('things/a/none', 1), 'missing'],
      ['delete of a key that is not', deleteOf('things/a/none', 1), 'missing'],
      ['update that expects another revision', updateOf('things/a/x', 7), 'conflict'],
      ['delete that expects another revision', deleteOf('things/a/x', 7), 'conflict'],
    ])('refuses a %s, without a revision', async (_what, write, failure) => {
      const commits: Commit[] = []
      const engine = opened((batch) => commits.push(...batch))
      await engine.write(createOf('things/a/x'))
      expect(await engine.write({ ...write, encode: () => expect.fail('encoded though it is not done') })).toEqual({ failure })
      expect(commits).toHaveLength(1)
      expect(revisionOf(await engine.write(createOf('things/a/z')))).toBe(2)
    })

    it('does one of several writes that expect the same state, also within a batch', async () => {
      const engine = opened()
      await engine.write(createOf('things/a/x'))
      const results = await Promise.all([1, 2, 3].map((i) => engine.write(updateOf('things/a/x', 1, `${i}`))))
      expect(results.map((result) => ('failure' in result ? result.failure : result.value.revision))).toEqual([2, 'conflict', 'conflict'])
      const creates = await Promise.all([1, 2].map(() => engine.write(createOf('things/a/y'))))
      expect(creates[1]).toEqual({ failure: 'exists' })
    })

    it('sees the writes of a batch in their order', async () => {
      const engine = opened()
      const results = await Promise.all([
        engine.write(createOf('things/a/x')),
        engine.write(updateOf('things/a/x', 1)),
        engine.write(deleteOf('things/a/x', 2)),
        engine.write(createOf('things/a/x')),
      ])
      expect(results.map(revisionOf)).toEqual([1, 2, 3, 4])
    })

    describe('a write with updates alongside', () => {
      const withUpdate = (write: Write, key: string, expectedRevision: number | { revision?: number }): Write => ({
        ...write,
        alongside: [{ key, expectedRevision, encode: (revision) => bytesOf(revision, 'alongside') }],
      })

      it('is done with them in one commit, the updates first', async () => {
        const commits: Commit[] = []
        const engine = opened((batch) => commits.push(...batch))
        await engine.write(createOf('quotas/a/q'))
        expect(revisionOf(await engine.write(withUpdate(createOf('things/a/x'), 'quotas/a/q', 1)))).toBe(3)
        expect(commits.map(({ type, value }) => [type, value.key, value.revision])).toEqual([
          ['create', 'quotas/a/q', 1],
          ['update', 'quotas/a/q', 2],
          ['create', 'things/a/x', 3],
        ])
      })

      it.each<[string, Write, number | { revision?: number }, string]>([
        ['the object alongside changed', createOf('things/a/y'), 7, 'overtaken'],
        ['the revision it waits for was never made', createOf('things/a/y'), {}, 'overtaken'],
        ['the name is taken, whatever is alongside', createOf('things/a/x'), 7, 'exists'],
        ['the object itself changed', updateOf('things/a/x', 9), 1, 'conflict'],
      ])('is not done, nor are they, when %s', async (_why, write, expected, failure) => {
        const commits: Commit[] = []
        const engine = opened((batch) => commits.push(...batch))
        await Promise.all([engine.write(createOf('quotas/a/q')), engine.write(createOf('things/a/x'))])
        expect(await engine.write(withUpdate(write, 'quotas/a/q', expected))).toEqual({ failure })
        expect(commits).toHaveLength(2)
      })

      it('is not done when the object alongside is gone', async () => {
        expect(await opened().write(withUpdate(createOf('things/a/y'), 'quotas/a/q', 1))).toEqual({ failure: 'overtaken' })
      })

      it('may follow another of the same batch by the revision that one makes', async () => {
        const engine = opened()
        await engine.write(createOf('quotas/a/q'))
        const first: { revision?: number } = {}
        const update = (expectedRevision: number | { revision?: number }, made: { revision?: number }) => ({
          key: 'quotas/a/q',
          expectedRevision,
          encode: (revision: number) => {
            made.revision = revision
            return bytesOf(revision, 'alongside')
          },
        })
        const results = await Promise.all([
          engine.write({ ...createOf('things/a/x'), alongside: [update(1, first)] }),
          engine.write({ ...createOf('things/a/y'), alongside: [update(first, {})] }),
          engine.write({ ...createOf('things/a/z'), alongside: [update(first, {})] }),
        ])
        expect(results.map((result) => ('failure' in result ? result.failure : result.value.revision))).toEqual([3, 5, 'overtaken'])
      })

      it('leaves nothing when the batch fails', async () => {
        const engine = opened()
        await engine.write(createOf('quotas/a/q'))
        const fails = { key: 'quotas/a/q', expectedRevision: 1, encode: () => expect.fail('disk full') }
        await expect(engine.write({ ...createOf('things/a/x'), alongside: [fails] })).rejects.toThrow('disk full')
        expect(revisionOf(await engine.write(withUpdate(createOf('things/a/x'), 'quotas/a/q', 1)))).toBe(3)
      })
    })

    it('hands over the writes of one turn as one batch in revision order, before it answers any', async () => {
      const told: string[] = []
      const engine = opened((commits) => told.push(`commit ${commits.map(({ value }) => value.revision).join()}`))
      await Promise.all(['x', 'y', 'z'].map((key) => engine.write(createOf(`things/a/${key}`)).then(() => told.push(`answer ${key}`))))
      expect(told).toEqual(['commit 1,2,3', 'answer x', 'answer y', 'answer z'])
    })

    it('hands over the decoded form and whether the last change is replaced, of updates alone', async () => {
      const commits: Commit[] = []
      const engine = opened((batch) => commits.push(...batch))
      const decoded = { metadata: {} }
      await engine.write({ ...createOf('things/a/x'), decoded })
      await engine.write(updateOf('things/a/x', 1, '', true))
      await engine.write({ ...deleteOf('things/a/x', 2), replacesLastChange: true } as Write)
      expect(commits.map(({ type, replacesLastChange }) => [type, replacesLastChange])).toEqual([
        ['create', false],
        ['update', true],
        ['delete', false],
      ])
      expect(commits[0]!.decoded).toBe(decoded)
    })

    it('leaves nothing of a batch that fails, and goes on', async () => {
      const commits: Commit[] = []
      const engine = opened((batch) => commits.push(...batch))
      await engine.write(createOf('things/a/x'))
      const fails: Write = {
        type: 'create',
        key: 'things/a/z',
        encode: () => {
          throw new Error('disk full')
        },
      }
      const results = await Promise.allSettled([
        engine.write(createOf('things/a/y')),
        engine.write(deleteOf('things/a/x', 1)),
        engine.write(fails),
      ])
      expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
      expect(commits).toHaveLength(1)
      expect(revisionOf(await engine.write(createOf('things/a/y')))).toBe(2)
      expect(revisionOf(await engine.write(updateOf('things/a/x', 1)))).toBe(3)
    })

    it('is idle when nothing is under way', async () => {
      let isDone = false
      const engine = opened()
      await engine.idle()
      void engine.write(createOf('things/a/x')).then(() => {
        isDone = true
      })
      await engine.idle()
      await Promise.resolve()
      expect(isDone).toBe(true)
    })

    it('commits what is under way when it is closed, and refuses writes from then on', async () => {
      const engine = opened()
      const pending = engine.write(createOf('things/a/x'))
      await engine.close()
      expect(revisionOf(await pending)).toBe(1)
      await expect(engine.write(createOf('things/a/y'))).rejects.toThrow('storage is closed')
      await engine.close()
    })
  })

  describe(`${name}: behind the cache`, () => {
    let cache: Cache | undefined
    afterEach(async () => {
      await cache?.close()
      cache = undefined
    })

    it('rebuilds the list of every retained revision', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 20, size: 'max' }), async (steps) => {
          const own = newCache(open())
          const snapshots = new Map<number, string[]>([[0, []]])
          for (const each of steps) {
            await run(own, [each.verb === 'beat' ? { verb: 'put', key: each.key } : each])
            snapshots.set(
              own.revision,
              own.list('things').map(({ key, revision }) => `${key}@${revision}`),
            )
          }
          for (const [revision, expected] of snapshots) {
            if (revision < own.compactedRevision) expect(() => own.listAt('things', undefined, revision)).toThrow(RevisionCompactedError)
            else expect(own.listAt('things', undefined, revision).map((entry) => `${entry.key}@${entry.revision}`)).toEqual(expected)
          }
          await own.close()
        }),
        { numRuns: 15 },
      )
    })

    it('keeps one change of an object whose changes replace each other, and forgets none of its neighbours', async () => {
      cache = newCache(open())
      await run(cache, [
        { verb: 'put', key: 'things/a/x' },
        { verb: 'put', key: 'things/b/x' },
        ...Array.from({ length: 300 }, () => ({ verb: 'beat', key: 'things/a/x' }) as const),
        { verb: 'put', key: 'things/b/x' },
      ])
      const changes = cache.changesAfter({ groupResource: 'things' }, 0)
      expect(changes.map(({ revision, type }) => [revision, type])).toEqual([
        [1, 'create'],
        [2, 'create'],
        [302, 'update'],
        [303, 'update'],
      ])
      expect(changes[2]!.previous!.revision).toBe(1)
    })

    it('keeps its log within bounds', async () => {
      cache = newCache(open(), { maxChanges: 20, maxChangeBytes: 1 << 20 })
      await run(
        cache,
        Array.from({ length: 100 }, () => ({ verb: 'put', key: 'things/a/x' }) as const),
      )
      expect(cache.changesAfter({ groupResource: 'things' }, cache.compactedRevision).length).toBeLessThanOrEqual(20)
      expect(cache.compactedRevision).toBeGreaterThanOrEqual(80)
    })

    it('answers writes though the engine fails to forget, and tries again', async () => {
      const engine = open()
      const { compact } = Object.getPrototypeOf(engine) as Storage
      engine.compact = () => {
        throw new Error('disk full')
      }
      cache = newCache(engine, { maxChanges: 5, maxChangeBytes: 1 << 20 })
      await run(
        cache,
        Array.from({ length: 10 }, () => ({ verb: 'put', key: 'things/a/x' }) as const),
      )
      expect([cache.revision, cache.compactedRevision]).toEqual([10, 0])
      engine.compact = compact
      await run(cache, [{ verb: 'put', key: 'things/a/x' }])
      expect(cache.compactedRevision).toBeGreaterThan(5)
    })

    if (reopen === undefined) return

    it('is the same after it was closed and opened again', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 20, size: 'max' }), async (steps) => {
          const before = newCache(open())
          await run(before, steps)
          const known = everythingOf(before)
          await before.close()
          const after = newCache(reopen())
          expect(everythingOf(after)).toEqual(known)
          const written = await after.write(createOf('things/c/new'))
          expect(typeof written === 'object' && written.revision).toBe(before.revision + 1)
          await after.close()
        }),
        { numRuns: 10 },
      )
    })
  })
}
