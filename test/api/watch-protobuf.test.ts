import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { type Cluster, createCluster } from '../../src/index.ts'
import { Api, type Json } from '../support/api.ts'
import { ProtobufWatch } from '../support/protobuf-watch.ts'
import { eventText } from '../support/watch-client.ts'

const PROTOBUF = 'application/vnd.kubernetes.protobuf'
const SECRETS = '/api/v1/namespaces/default/secrets'

let cluster: Cluster
let api: Api
let url: string
beforeAll(async () => {
  cluster = await createCluster({ nodes: 0, clock: 'virtual' })
  api = new Api(cluster)
  url = await cluster.listen()
})
afterAll(() => cluster.close())

const open: ProtobufWatch[] = []
afterEach(async () => {
  for (const watch of open.splice(0)) watch.close()
  await api.delete(SECRETS)
})
async function watch(query: string, accept = PROTOBUF): Promise<ProtobufWatch> {
  const client = await ProtobufWatch.open(`${url}${SECRETS}?watch=true${query}`, accept)
  open.push(client)
  return client
}
const revision = async (): Promise<string> => (await api.get(`${SECRETS}?limit=1`)).body.metadata.resourceVersion
const create = (name: string, more: Json = {}) => api.created(SECRETS, { metadata: { name, ...more }, data: { key: 'dmFsdWU=' } })
const texts = async (client: ProtobufWatch, count: number) => (await client.take(count)).map(eventText)

it.each([PROTOBUF, `${PROTOBUF};stream=watch`, `${PROTOBUF},application/json`])('is what %s gets', async (accept) => {
  const client = await watch('', accept)
  expect(client.response.status).toBe(200)
  expect(client.response.headers.get('content-type')).toBe(`${PROTOBUF};stream=watch`)
})

it('says in protobuf what it says in JSON, for initial, replayed and later events', async () => {
  const since = await revision()
  const before = await create('a', { labels: { x: 'y' }, annotations: { long: 'z'.repeat(40_000) } })
  for (const query of ['', `&resourceVersion=${since}`]) {
    const client = await watch(query)
    const [event] = await client.take(1)
    expect(event).toEqual({ type: 'ADDED', object: (await api.get(`${SECRETS}/a`)).body })
  }
  const client = await watch(`&resourceVersion=${await revision()}`)
  await api.patch(`${SECRETS}/a`, { metadata: { labels: { x: 'z' } } })
  await api.delete(`${SECRETS}/a`)
  const [modified, deleted] = await client.take(2)
  expect(modified!.type).toBe('MODIFIED')
  expect(modified!.object.metadata).toMatchObject({ uid: before.metadata.uid, labels: { x: 'z' } })
  expect(deleted!.type).toBe('DELETED')
  expect(deleted!.object.metadata.resourceVersion).toBe(await revision())
})

it('gives watchers with and without selectors, and of each form, what is theirs', async () => {
  const since = await revision()
  const everything = [await watch(`&resourceVersion=${since}`), await watch(`&resourceVersion=${since}`)]
  const selected = await watch(`&resourceVersion=${since}&labelSelector=x%3Dy`)
  const partial = await watch(`&resourceVersion=${since}`, `${PROTOBUF};as=PartialObjectMetadata;g=meta.k8s.io;v=v1`)
  await create('a')
  await create('b', { labels: { x: 'y' } })
  for (const client of everything) expect(await texts(client, 2)).toEqual(['ADDED a', 'ADDED b'])
  expect(await texts(selected, 1)).toEqual(['ADDED b'])
  const [{ object }] = (await partial.take(1)) as [Json]
  expect([object.kind, object.apiVersion, object.metadata.name, object.data]).toEqual([
    'PartialObjectMetadata',
    'meta.k8s.io/v1',
    'a',
    undefined,
  ])
})

it('ends a streamed list with a bookmark, and sends others', async () => {
  await create('a')
  const client = await watch('&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=120')
  const [added, bookmark] = await client.take(2)
  expect(eventText(added!)).toBe('ADDED a')
  expect(bookmark).toEqual({
    type: 'BOOKMARK',
    object: {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { resourceVersion: await revision(), annotations: { 'k8s.io/initial-events-end': 'true' } },
    },
  })
  await cluster.advance(60_000)
  expect((await client.take(1))[0]!.type).toBe('BOOKMARK')
  await cluster.advance(60_000)
  expect((await client.take(1))[0]!.type).toBe('BOOKMARK')
  expect(await client.next()).toBeUndefined()
})

it('says what went wrong as a Status', async () => {
  await create('a')
  // History is forgotten after two intervals of five minutes.
  await cluster.advance(600_000)
  const client = await watch('&resourceVersion=1')
  const [event] = await client.take(1)
  expect(event).toMatchObject({
    type: 'ERROR',
    object: { kind: 'Status', apiVersion: 'v1', status: 'Failure', code: 410, reason: 'Expired' },
  })
  expect(await client.next()).toBeUndefined()
})

it.each([
  [
    'application/yaml',
    'only the following media types are accepted: application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch',
  ],
  [`${PROTOBUF};as=Table;g=meta.k8s.io;v=v1`, 'only the following media types are accepted'],
])('is not to be had as %s', async (accept, message) => {
  const answer = await api.get(`${SECRETS}?watch=true`, { accept })
  expect(answer.status).toBe(406)
  expect(answer.text).toContain(message)
})
