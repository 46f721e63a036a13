import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Cluster, createCluster } from '../../src/index.ts'
import { Api, failure, type Json } from '../support/api.ts'
import { eventText, WatchClient } from '../support/watch-client.ts'

const SECRETS = '/api/v1/namespaces/default/secrets'
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io'

let cluster: Cluster
let api: Api
let url: string
beforeAll(async () => {
  cluster = await createCluster({ nodes: 0, clock: 'virtual' })
  api = new Api(cluster)
  url = await cluster.listen()
})
afterAll(() => cluster.close())

const open: WatchClient[] = []
afterEach(() => {
  for (const watch of open.splice(0)) watch.close()
})
async function watch(path: string, headers: Record<string, string> = {}): Promise<WatchClient> {
  const client = await WatchClient.open(`${url}${path}`, headers)
  open.push(client)
  return client
}
const revision = async (): Promise<string> => (await api.get(`${SECRETS}?limit=1`)).body.metadata.resourceVersion
const create = (name: string, labels: Json = {}) => api.created(SECRETS, { metadata: { name, labels } })
const texts = async (client: WatchClient, count: number) => (await client.take(count)).map(eventText)

describe('where a watch begins', () => {
  it('after a revision: with what happened since, then with what happens', async () => {
    await create('r1')
    const since = await revision()
    await create('r2')
    await api.patch(`${SECRETS}/r1`, { data: { a: 'YQ==' } })
    const client = await watch(`${SECRETS}?watch=true&resourceVersion=${since}`)
    expect(client.response.headers.get('content-type')).toBe('application/json')
    expect(client.response.headers.get('transfer-encoding')).toBe('chunked')
    expect(await texts(client, 2)).toEqual(['ADDED r2', 'MODIFIED r1'])
    await api.delete(`${SECRETS}/r2`)
    const [deleted] = await client.take(1)
    expect(deleted).toMatchObject({ type: 'DELETED', object: { kind: 'Secret', apiVersion: 'v1', metadata: { name: 'r2' } } })
    expect(deleted!.object.metadata.resourceVersion).toBe(await revision())
    expect(deleted!.object.metadata).not.toHaveProperty('deletionTimestamp')
    await api.delete(`${SECRETS}/r1`)
  })

  it.each(['', '&resourceVersion=0'])('without a revision (%s): with the state of now', async (query) => {
    await create('n1')
    const client = await watch(`${SECRETS}?watch=1${query}`)
    expect(await texts(client, 1)).toEqual(['ADDED n1'])
    await create('n2')
    expect(await texts(client, 1)).toEqual(['ADDED n2'])
    await api.delete(SECRETS)
  })

  it('with sendInitialEvents: the state, a bookmark that says so, then what happens', async () => {
    await create('s1')
    await create('s2')
    const query = 'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'
    const client = await watch(`${SECRETS}?${query}`)
    const [first, second, mark] = await client.take(3)
    expect([first, second].map((event) => eventText(event!))).toEqual(['ADDED s1', 'ADDED s2'])
    expect(mark).toEqual({
      type: 'BOOKMARK',
      object: {
        kind: 'Secret',
        apiVersion: 'v1',
        metadata: { resourceVersion: await revision(), annotations: { 'k8s.io/initial-events-end': 'true' } },
      },
    })
    await api.delete(`${SECRETS}/s1`)
    expect(await texts(client, 1)).toEqual(['DELETED s1'])
    // A watch that begins with the state of now anyway is such a streamed list too.
    const legacy = await watch(`${SECRETS}?watch=true&allowWatchBookmarks=true`)
    expect(await texts(legacy, 2)).toEqual(['ADDED s2', 'BOOKMARK'])
    await api.delete(SECRETS)
  })

  it('with sendInitialEvents=false: with what happens', async () => {
    await create('f1')
    const client = await watch(`${SECRETS}?watch=true&sendInitialEvents=false&resourceVersionMatch=NotOlderThan`)
    await create('f2')
    expect(await texts(client, 1)).toEqual(['ADDED f2'])
    await api.delete(SECRETS)
  })
})

describe('what a watch sees', () => {
  it('what its selectors pick: objects that come to match are added, those that cease to are deleted', async () => {
    const since = await revision()
    const client = await watch(`${SECRETS}?watch=true&labelSelector=on&resourceVersion=${since}`)
    await create('x1')
    await create('x2', { on: 'yes' })
    await api.patch(`${SECRETS}/x1`, { metadata: { labels: { on: 'yes' } } })
    await api.patch(`${SECRETS}/x1`, { data: { a: 'YQ==' } })
    const left = await api.patch(`${SECRETS}/x1`, { metadata: { labels: { on: null } }, data: { a: 'Yg==' } })
    await api.delete(`${SECRETS}/x1`)
    await api.delete(`${SECRETS}/x2`)
    const live = await client.take(5)
    expect(live.map(eventText)).toEqual(['ADDED x2', 'ADDED x1', 'MODIFIED x1', 'DELETED x1', 'DELETED x2'])
    // The last state that matched, at the revision at which it ceased to.
    expect(live[3]!.object).toMatchObject({
      data: { a: 'YQ==' },
      metadata: { labels: { on: 'yes' }, resourceVersion: left.body.metadata.resourceVersion },
    })
    const replayed = await watch(`${SECRETS}?watch=true&labelSelector=on&resourceVersion=${since}`)
    expect(await replayed.take(5)).toEqual(live)
  })

  it('one object, by a field selector or by the deprecated path', async () => {
    await create('one')
    for (const path of [`${SECRETS}?watch=true&fieldSelector=metadata.name=one`, SECRETS.replace('/v1/', '/v1/watch/').concat('/one')]) {
      const client = await watch(path)
      await create('other')
      await api.patch(`${SECRETS}/one`, { data: { a: Buffer.from(path).toString('base64') } })
      expect(await texts(client, 2)).toEqual(['ADDED one', 'MODIFIED one'])
      await api.delete(`${SECRETS}/other`)
    }
    await api.delete(SECRETS)
  })

  it('one namespace, or all', async () => {
    await api.created('/api/v1/namespaces', { metadata: { name: 'elsewhere' } })
    const since = await revision()
    const all = await watch(`/api/v1/watch/secrets?resourceVersion=${since}`)
    const here = await watch(`${SECRETS.replace('/v1/', '/v1/watch/')}?resourceVersion=${since}`)
    await api.created('/api/v1/namespaces/elsewhere/secrets', { metadata: { name: 'there' } })
    await create('here')
    expect(await texts(all, 2)).toEqual(['ADDED there', 'ADDED here'])
    expect(await texts(here, 1)).toEqual(['ADDED here'])
    await api.delete(SECRETS)
  })

  it('what has the same bytes as the answer to a get', async () => {
    const client = await watch(`${SECRETS}?watch=true&resourceVersion=${await revision()}`)
    const created = await create('same')
    expect((await client.take(1))[0]!.object).toEqual(created)
    await api.delete(SECRETS)
  })

  it('rows of a Table, with columns in the first one; or metadata alone', async () => {
    const since = await revision()
    const rows = await watch(`${SECRETS}?watch=true&resourceVersion=${since}`, { accept: TABLE })
    const partial = await watch(`${SECRETS}?watch=true&resourceVersion=${since}`, {
      accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
    })
    await create('t1')
    await create('t2')
    const [first, second] = await rows.take(2)
    expect(first!.object).toMatchObject({
      kind: 'Table',
      columnDefinitions: [{ name: 'Name' }, {}, {}, {}],
      rows: [{ cells: ['t1', 'Opaque', 0, expect.anything()] }],
    })
    expect(second!.object.columnDefinitions).toBeNull()
    const streamed = await watch(
      `${SECRETS}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&includeObject=None`,
      { accept: TABLE },
    )
    const [t1, , end] = await streamed.take(3)
    expect([t1!.object.columnDefinitions.length, t1!.object.rows[0].object]).toEqual([4, null])
    // Whoever waits for this bookmark finds it by the annotation.
    expect([end!.type, end!.object.columnDefinitions]).toEqual(['BOOKMARK', null])
    expect(end!.object.rows[0].object.metadata.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' })
    const [metadata] = await partial.take(1)
    expect(metadata!.object).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 't1' } })
    await api.delete(SECRETS)
  })

  it('the form of the version that is asked', async () => {
    const since = await revision()
    const modern = await watch(`/apis/events.k8s.io/v1/namespaces/default/events?watch=true&resourceVersion=${since}`)
    const core = await watch(`/api/v1/namespaces/default/events?watch=true&resourceVersion=${since}`)
    await api.created('/api/v1/namespaces/default/events', {
      metadata: { name: 'e' },
      involvedObject: { kind: 'Pod', namespace: 'default', name: 'p' },
      message: 'hello',
    })
    expect((await modern.take(1))[0]!.object).toMatchObject({ apiVersion: 'events.k8s.io/v1', note: 'hello' })
    expect((await core.take(1))[0]!.object).toMatchObject({ apiVersion: 'v1', message: 'hello' })
  })
})

describe('how a watch goes on and ends', () => {
  it('with a bookmark a minute, and one before the end, for whoever wants them', async () => {
    const client = await watch(`${SECRETS}?watch=true&allowWatchBookmarks=true&timeoutSeconds=90&resourceVersion=${await revision()}`)
    const silent = await watch(`${SECRETS}?watch=true&timeoutSeconds=90&resourceVersion=${await revision()}`)
    await cluster.advance(91_000)
    const events = await client.rest()
    expect(events.map(eventText)).toEqual(['BOOKMARK', 'BOOKMARK'])
    expect(events[1]!.object).toEqual({ kind: 'Secret', apiVersion: 'v1', metadata: { resourceVersion: await revision() } })
    expect(await silent.rest()).toEqual([])
  })

  it('when its client cannot keep up: it is cut off, and the others go on', async () => {
    const big = { a: Buffer.alloc(700_000, 'x').toString('base64') }
    const slow = await openAndIgnore(`${SECRETS}?watch=true&resourceVersion=${await revision()}`)
    const quick = await watch(`${SECRETS}?watch=true&resourceVersion=${await revision()}`)
    const closed = new Promise((resolve) => slow.once('close', resolve))
    await api.created(SECRETS, { metadata: { name: 'big' }, data: big })
    for (let i = 0; i < 32; i++) {
      await api.patch(`${SECRETS}/big`, { metadata: { labels: { i: `${i}` } } })
      await quick.take(1)
    }
    slow.resume()
    await closed
    await api.delete(SECRETS)
  })

  /** A client that asks and never reads. */
  async function openAndIgnore(path: string): Promise<Socket> {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    await new Promise((resolve) => socket.once('connect', resolve))
    socket.pause()
    socket.on('error', () => {})
    socket.write(`GET ${path} HTTP/1.1\r\nhost: ${hostname}\r\n\r\n`)
    return socket
  }
})

describe('what a watch refuses', () => {
  it('revisions that are compacted: in the stream, as the answer has begun', async () => {
    const since = Number(await revision())
    await create('c1')
    await create('c2')
    await cluster.advance(11 * 60_000)
    const client = await watch(`${SECRETS}?watch=true&resourceVersion=${since}`)
    expect(client.response.status).toBe(200)
    const [event] = await client.rest()
    expect(event).toEqual({
      type: 'ERROR',
      object: failure(410, 'Expired', expect.stringMatching(`^too old resource version: ${since} \\(\\d+\\)$`) as never),
    })
    await api.delete(SECRETS)
  })

  it.each<[string, number, string]>([
    [
      'resourceVersion=x',
      422,
      'secrets "" is invalid: resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax',
    ],
    ['labelSelector=a%20b', 400, "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    [
      'sendInitialEvents=true',
      422,
      'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
    ],
    [
      'resourceVersion=1&resourceVersionMatch=NotOlderThan',
      422,
      'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
    ],
    [
      'resourceVersion=1&resourceVersionMatch=Exact&sendInitialEvents=true',
      422,
      'ListOptions.meta.k8s.io "" is invalid: [resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan, resourceVersionMatch: Unsupported value: "Exact": supported values: "NotOlderThan"]',
    ],
  ])('%s', async (query, code, message) => {
    const { body } = await api.get(`${SECRETS}?watch=true&${query}`)
    expect([body.code, body.message]).toEqual([code, message])
  })

  it('another name than the one in the path', async () => {
    const { body } = await api.get(`${SECRETS.replace('/v1/', '/v1/watch/')}/one?fieldSelector=metadata.name=two`)
    expect([body.code, body.message]).toEqual([400, "fieldSelector metadata.name doesn't match requested name"])
  })
})

describe('a restart', () => {
  const folder = mkdtempSync(join(tmpdir(), 'coracle-watch-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('is only a pause: a watch resumes from its last revision without a gap', async () => {
    const storage = `sqlite:${join(folder, 'cluster.db')}`
    const before = await createCluster({ nodes: 0, clock: 'virtual', storage })
    const first = new Api(before)
    const since = (await first.created(SECRETS, { metadata: { name: 'a', labels: { on: 'yes' } } })).metadata.resourceVersion
    const ending = await WatchClient.open(`${await before.listen()}${SECRETS}?watch=true&resourceVersion=${since}`)
    await first.created(SECRETS, { metadata: { name: 'b' } })
    await first.patch(`${SECRETS}/a`, { metadata: { labels: { on: null } } })
    await first.delete(`${SECRETS}/b`)
    expect(await texts(ending, 3)).toEqual(['ADDED b', 'MODIFIED a', 'DELETED b'])
    await before.close()
    expect(await ending.rest()).toEqual([])

    const after = await createCluster({ nodes: 0, clock: 'virtual', storage })
    const again = await after.listen()
    const resumed = await WatchClient.open(`${again}${SECRETS}?watch=true&resourceVersion=${since}`)
    await new Api(after).created(SECRETS, { metadata: { name: 'c' } })
    expect(await texts(resumed, 4)).toEqual(['ADDED b', 'MODIFIED a', 'DELETED b', 'ADDED c'])
    const selecting = await WatchClient.open(`${again}${SECRETS}?watch=true&resourceVersion=${since}&labelSelector=on`)
    expect(await texts(selecting, 1)).toEqual(['DELETED a'])
    await after.close()
  })
})
