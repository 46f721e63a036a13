/** Reads at a revision that is still to come: they wait for it, but not for ever. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { failure, type Json } from '../support/api.ts'
import { type BareServer, createBareServer } from '../support/bare-server.ts'
import { eventually } from '../support/eventually.ts'

const SECRETS = '/api/v1/namespaces/default/secrets'

let server: BareServer
let now: number
beforeEach(async () => {
  server = await createBareServer()
  const { metadata } = await server.api.created(SECRETS, { metadata: { name: 'a' } })
  now = Number(metadata.resourceVersion)
})
afterEach(() => server.close())

const settled = async () => {}
async function read(query: string) {
  const response = await fetch(`${server.url}${SECRETS}${query}`)
  return { status: response.status, retryAfter: response.headers.get('retry-after'), text: await response.text() }
}
/** The object of a watch's one event, or the whole answer. */
function outcomeOf(text: string): Json {
  const answer = JSON.parse(text)
  return answer.kind === undefined ? answer.object : answer
}

describe.each([
  ['a list', '?resourceVersion='],
  ['an exact list', '?resourceVersionMatch=Exact&resourceVersion='],
  ['a page', '?limit=1&resourceVersion='],
  ['a get', '/a?resourceVersion='],
  ['a watch', '?watch=true&timeoutSeconds=1&resourceVersion='],
  ['a streamed list', '?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&timeoutSeconds=1&resourceVersion='],
])('%s', (_name, query) => {
  it('waits three seconds for the revision, and says then that it is too large', async () => {
    const answer = read(`${query}${now + 9}`)
    await eventually(() => expect(server.clock.nextTimerAt()).toBeDefined())
    expect(server.clock.nextTimerAt()).toBe(server.clock.now() + 3000)
    await server.clock.advance(3000, settled)
    const { status, retryAfter, text } = await answer
    expect(outcomeOf(text)).toEqual({
      ...failure(504, 'Timeout', `Timeout: Too large resource version: ${now + 9}, current: ${now}`),
      details: { causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }], retryAfterSeconds: 1 },
    })
    if (!query.includes('watch')) expect([status, retryAfter]).toEqual([504, '1'])
  })

  it('is answered when the revision comes', async () => {
    const answer = read(`${query}${now + 2}`)
    await eventually(() => expect(server.clock.nextTimerAt()).toBeDefined())
    for (const name of ['b', 'c']) await server.api.created(SECRETS, { metadata: { name } })
    if (query.includes('watch')) {
      await eventually(() => expect(server.clock.nextTimerAt()).toBe(server.clock.now() + 1000))
      await server.clock.advance(1000, settled)
    }
    const { status, text } = await answer
    expect([status, text.includes('Too large')]).toEqual([200, false])
    if (!query.includes('watch')) expect(server.clock.nextTimerAt()).toBeUndefined()
  })
})
