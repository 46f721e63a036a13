import { afterAll, beforeAll, expect, it } from 'vitest'
import { Schemas } from '../../src/api/schema.ts'
import { Protobuf } from '../../src/http/codecs/protobuf.ts'
import { type Cluster, createCluster } from '../../src/index.ts'
import { Api, type Json } from '../support/api.ts'

const PROTOBUF = 'application/vnd.kubernetes.protobuf'
const YAML = 'application/yaml'
const SECRETS = '/api/v1/namespaces/default/secrets'

let cluster: Cluster
let api: Api
beforeAll(async () => {
  cluster = await createCluster({ nodes: 0, clock: 'virtual' })
  api = new Api(cluster)
})
afterAll(() => cluster.close())

const protobuf = new Protobuf(new Schemas())
const secret = (name: string) => ({ metadata: { name } })

const REFUSED: readonly [string, string, (headers: Record<string, string>) => Promise<{ bytes: Buffer; headers: Json; status: number }>][] =
  [
    ['NotFound', 'an object that is not there', (headers) => api.get(`${SECRETS}/none`, headers)],
    ['AlreadyExists', 'a name that is taken', (headers) => api.post(SECRETS, secret('taken'), headers)],
    ['Invalid', 'a name that is none', (headers) => api.post(SECRETS, secret('No'), headers)],
    ['BadRequest', 'a body that is none', (headers) => api.post(SECRETS, '{', headers)],
    ['Unauthorized', 'a token that is none', (headers) => api.get(SECRETS, { ...headers, authorization: 'Bearer none' })],
  ]

it.each(REFUSED)('%s is said of %s in the form that the client accepts', async (reason, _what, call) => {
  await api.post(SECRETS, secret('taken'))
  const plain = await call({})
  expect(plain.headers['content-type']).toBe('application/json')
  const said = JSON.parse(plain.bytes.toString())
  expect(said).toMatchObject({ kind: 'Status', reason, code: plain.status })

  const answer = await call({ accept: `${PROTOBUF},application/json` })
  expect([answer.status, answer.headers['content-type']]).toEqual([plain.status, PROTOBUF])
  expect(protobuf.decode(answer.bytes).value).toEqual(said)

  const yaml = await call({ accept: YAML })
  expect(yaml.headers['content-type']).toBe(YAML)
  expect(yaml.bytes.toString()).toContain(`reason: ${reason}`)
})

it('a delete is confirmed in the form that the client accepts', async () => {
  await api.created(SECRETS, secret('gone'))
  const answer = await api.delete(`${SECRETS}/gone`, undefined, { accept: `${PROTOBUF},application/json` })
  expect(answer.headers['content-type']).toBe(PROTOBUF)
  expect(protobuf.decode(answer.bytes).value).toMatchObject({
    kind: 'Status',
    status: 'Success',
    details: { name: 'gone', kind: 'secrets' },
  })
})

// Upstream: writers.go WriteObjectNegotiated, which hides no refusal behind one of its own.
it('an error is said in JSON to clients that accept nothing that is served', async () => {
  const answer = await api.get('/api/v1/namespaces/default/secrets/none', { accept: 'application/cbor' })
  expect([answer.status, answer.headers['content-type']]).toEqual([406, 'application/json'])
  expect(answer.body.reason).toBe('NotAcceptable')
})
