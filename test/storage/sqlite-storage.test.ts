import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { SqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts'
import { createOf, storageContract, updateOf } from './contract.ts'

const folder = mkdtempSync(join(tmpdir(), 'coracle-storage-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let files = 0
let path = ''
const open = () => {
  path = join(folder, `${++files}.db`)
  return new SqliteStorage(path)
}

storageContract({ name: 'sqlite', open, reopen: () => new SqliteStorage(path) })

describe('sqlite alone', () => {
  it('lets one process at a time have the file', async () => {
    const first = open()
    first.load(() => {})
    await first.write(createOf('things/a/x'))
    expect(() => new SqliteStorage(path)).toThrow(/database is locked/)
    await first.close()
    await new SqliteStorage(path).close()
  })

  it('does not grow by changes that replace each other', async () => {
    const storage = open()
    storage.load(() => {})
    await storage.write(createOf('things/a/x'))
    for (let revision = 1; revision < 50; revision++) await storage.write(updateOf('things/a/x', revision, 'beat', true))
    await storage.close()
    const again = new SqliteStorage(path)
    expect(again.load(() => {}).changes.map(({ type, value }) => [type, value.revision])).toEqual([
      ['create', 1],
      ['update', 50],
    ])
    await again.close()
  })
})
