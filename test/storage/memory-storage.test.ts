import { expect, it } from 'vitest'
import { MemoryStorage } from '../../src/storage/memory/memory-storage.ts'
import { storageContract } from './contract.ts'

storageContract({ name: 'memory', open: () => new MemoryStorage() })

it('begins with what it is given, in key order, and goes on from its revision', async () => {
  const kept = ['things/ns/b', 'things/ns/a'].map((key, i) => ({ key, revision: 5 + i, bytes: Buffer.from(key) }))
  const storage = new MemoryStorage({ values: kept, revision: 9 })
  const { values, changes, revision, compactedRevision } = storage.load(() => {})
  expect([...values].map(({ key }) => key)).toEqual(['things/ns/a', 'things/ns/b'])
  expect({ changes, revision, compactedRevision }).toEqual({ changes: [], revision: 9, compactedRevision: 9 })
  const encode = (at: number) => Buffer.from(String(at))
  expect(await storage.write({ type: 'create', key: 'things/ns/a', encode })).toEqual({ failure: 'exists' })
  expect(await storage.write({ type: 'update', key: 'things/ns/a', expectedRevision: 6, encode })).toMatchObject({
    value: { revision: 10 },
  })
})
