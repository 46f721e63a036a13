import { get, type IncomingMessage } from 'node:http'
import { createGunzip, gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Cluster, createCluster } from '../../src/index.ts'
import { Api } from '../support/api.ts'

const SECRETS = '/api/v1/namespaces/default/secrets'
const GZIP = { 'accept-encoding': 'gzip' }

let cluster: Cluster
let api: Api
let url: string
beforeAll(async () => {
  cluster = await createCluster({ nodes: 0, clock: 'virtual' })
  api = new Api(cluster)
  url = await cluster.listen()
  const data = { key: Buffer.alloc(60_000, 'abcdefghij').toString('base64') }
  for (let i = 0; i < 40; i++) await api.created(SECRETS, { metadata: { name: `s${i}` }, data, type: 'Opaque' })
  await api.created(SECRETS, { metadata: { name: 'large' }, data: { key: Buffer.alloc(150_000, 'x').toString('base64') } })
})
afterAll(() => cluster.close())

/** As it comes over the wire: nothing unpacks it. */
function raw(path: string, headers: Record<string, string>): Promise<IncomingMessage & { bytes: Buffer }> {
  return new Promise((resolve, reject) => {
    get(`${url}${path}`, { headers }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('end', () => resolve(Object.assign(response, { bytes: Buffer.concat(parts) })))
      response.on('error', reject)
    }).on('error', reject)
  })
}

describe('a large answer', () => {
  it.each([
    [SECRETS, 'application/json'],
    [SECRETS, 'application/vnd.kubernetes.protobuf'],
    [SECRETS, 'application/json;as=Table;g=meta.k8s.io;v=v1;x=1'],
    [`${SECRETS}/large`, 'application/json'],
  ])('%s as %s is compressed for those who ask', async (path, accept) => {
    const query = accept.includes('Table') ? '?includeObject=Object' : ''
    const plain = await raw(path + query, { accept })
    const packed = await raw(path + query, { accept, ...GZIP })
    expect(plain.headers['content-encoding']).toBeUndefined()
    expect(plain.headers['content-length']).toBe(String(plain.bytes.length))
    expect(packed.headers).toMatchObject({
      'content-encoding': 'gzip',
      vary: 'Accept-Encoding',
      'content-type': plain.headers['content-type'],
    })
    expect(packed.headers['content-length']).toBeUndefined()
    expect(packed.bytes.length).toBeLessThan(plain.bytes.length / 10)
    expect(gunzipSync(packed.bytes).equals(plain.bytes)).toBe(true)
  })

  it('of OpenAPI v2 is, and keeps what it varies by', async () => {
    const plain = await raw('/openapi/v2', {})
    const packed = await raw('/openapi/v2', GZIP)
    expect(packed.headers).toMatchObject({
      'content-encoding': 'gzip',
      etag: plain.headers.etag,
      vary: `${plain.headers.vary}, Accept-Encoding`,
    })
    expect(gunzipSync(packed.bytes).equals(plain.bytes)).toBe(true)
  })

  it.each(['', 'identity', 'deflate, br', 'gzip;q=0.5'])('is not for %j', async (encoding) => {
    const answer = await raw(SECRETS, { 'accept-encoding': encoding })
    expect([answer.headers['content-encoding'], answer.headers.vary]).toEqual([undefined, undefined])
    expect(JSON.parse(answer.bytes.toString()).items).toHaveLength(41)
  })

  it('is for gzip among others', async () => {
    expect((await raw(SECRETS, { 'accept-encoding': 'deflate, gzip' })).headers['content-encoding']).toBe('gzip')
  })

  it('may be left in the middle', async () => {
    await new Promise<void>((resolve) => {
      get(`${url}${SECRETS}`, { headers: GZIP }, (response) => {
        response.once('data', () => response.destroy())
        response.on('close', resolve)
      }).on('error', () => {})
    })
    expect((await raw(SECRETS, GZIP)).statusCode).toBe(200)
  })
})

describe('is left as it is', () => {
  it('a small answer', async () => {
    const answer = await raw(`${SECRETS}/s1`, GZIP)
    expect([answer.headers['content-encoding'], answer.headers['content-length']]).toEqual([undefined, String(answer.bytes.length)])
  })

  it('a watch', async () => {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      get(`${url}${SECRETS}?watch=true`, { headers: GZIP }, resolve).on('error', reject)
    })
    expect(answer.headers['content-encoding']).toBeUndefined()
    answer.destroy()
  })
})

it('is read as it comes', async () => {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    get(`${url}${SECRETS}`, { headers: GZIP }, resolve).on('error', reject)
  })
  let text = ''
  for await (const part of answer.pipe(createGunzip())) text += part
  expect(JSON.parse(text).kind).toBe('SecretList')
})
