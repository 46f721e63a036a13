import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Json } from '../../support/api.ts'
import { Conformance, expectRefused, namesOf } from '../../support/conformance.ts'
import type { ResourceClient } from '../../support/resource-client.ts'

const TOTAL = 400
/** Upstream: storagebackend.DefaultCompactInterval. */
const COMPACTION_SECONDS = 5 * 60
const NAMES = Array.from({ length: TOTAL }, (_, i) => `template-${String(i).padStart(4, '0')}`)

let e2e: Conformance
let client: ResourceClient
beforeAll(async () => {
  e2e = await Conformance.start()
  client = e2e.client('v1/podtemplates', await e2e.namespace('chunking'))
  const template = { spec: { containers: [{ name: 'test', image: 'test2' }] } }
  await Promise.all(NAMES.map((name) => client.create({ metadata: { name }, template })))
})
afterAll(() => e2e.close())

/** Every page from here on; each says how much is left, and all have one revision. */
async function pagesOn(limit: number, found: string[], token?: string): Promise<string> {
  let resourceVersion: string | undefined
  do {
    const list: Json = await client.list({ limit, continue: token })
    expect(list.items.length).toBeLessThanOrEqual(limit)
    resourceVersion ??= list.metadata.resourceVersion
    expect(list.metadata.resourceVersion).toBe(resourceVersion)
    found.push(...namesOf(list))
    token = list.metadata.continue || undefined
    expect(list.metadata.remainingItemCount).toBe(token === undefined ? undefined : TOTAL - found.length)
  } while (token !== undefined)
  expect(found).toEqual(NAMES)
  return resourceVersion!
}

describe('400 PodTemplates', () => {
  it('[sig-api-machinery] Servers with support for API chunking should return chunks of results for list calls', async () => {
    for (let time = 0; time < 3; time++) await pagesOn(17, [])
    expect((await client.list({ limit: TOTAL + 1 })).items).toHaveLength(TOTAL)
  })

  it('[sig-api-machinery] Servers with support for API chunking should support continue listing from the last key if the original version has been compacted away, though the list is inconsistent [Slow]', async () => {
    const limit = TOTAL / 10
    const first = await client.list({ limit })
    expect(first.metadata.remainingItemCount).toBe(TOTAL - limit)
    const second = () => client.list({ limit, continue: first.metadata.continue })
    expect(namesOf(await second())).toEqual(NAMES.slice(limit, 2 * limit))

    // History outlives one compaction and not the next; something must have been written since.
    await e2e.client('v1/configmaps', 'default').create({ metadata: { name: 'later' } })
    await e2e.seconds(2 * COMPACTION_SECONDS)
    const status = await expectRefused(second(), 'Expired')
    expect(status.code).toBe(410)
    expect(status.metadata.continue).toBeTruthy()

    const resumed = await pagesOn(limit, namesOf(first), status.metadata.continue)
    expect(Number(resumed)).toBeGreaterThan(Number(first.metadata.resourceVersion))
  })
})
