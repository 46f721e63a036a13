/** How answers end, to the byte. Upstream: apimachinery serializer/json doEncode, apiserver responsewriters.WriteRawJSON. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Cluster, createCluster } from '../../src/index.ts'

let cluster: Cluster
beforeAll(async () => {
  cluster = await createCluster({ nodes: 0, clock: 'virtual' })
})
afterAll(() => cluster.close())

const MAPS = '/api/v1/namespaces/default/configmaps'
const TABLE = { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' }
const METADATA_LIST = { accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1' }
const CURL = { 'user-agent': 'curl/8.5.0' }
const MAP = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'made' } }
const REVIEW = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }

interface Row {
  readonly name: string
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  readonly url: string
  readonly headers?: Record<string, string>
  readonly body?: object
  readonly code?: number
}

async function endingOf({ method = 'GET', url, headers = {}, body, code = 200 }: Row): Promise<string> {
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
  const payload = body === undefined ? {} : { payload: JSON.stringify(body) }
  const answer = await cluster.app.inject({ method, url, headers: { 'content-type': type, ...headers }, ...payload })
  expect(answer.statusCode).toBe(code)
  expect(Number(answer.headers['content-length'] ?? answer.rawPayload.length)).toBe(answer.rawPayload.length)
  expect(() => JSON.parse(answer.body)).not.toThrow()
  return answer.body.slice(-2)
}

describe('JSON for machines ends with a newline', () => {
  it.each<Row>([
    { name: 'a created object', method: 'POST', url: MAPS, body: MAP, code: 201 },
    { name: 'one of a dry run', method: 'POST', url: `${MAPS}?dryRun=All`, body: { ...MAP, metadata: { name: 'dry' } }, code: 201 },
    { name: 'a patched object', method: 'PATCH', url: `${MAPS}/made`, body: { data: { a: 'b' } } },
    { name: 'an object', url: `${MAPS}/made` },
    { name: 'an object in the form of a user who wants none', url: `${MAPS}/made?pretty=false`, headers: CURL },
    { name: 'a list', url: MAPS },
    { name: 'an empty list', url: '/api/v1/pods' },
    { name: 'a list of metadata', url: MAPS, headers: METADATA_LIST },
    { name: 'a table', url: MAPS, headers: TABLE },
    { name: 'a review', method: 'POST', url: '/apis/authentication.k8s.io/v1/selfsubjectreviews', body: REVIEW, code: 201 },
    { name: 'an error', url: `${MAPS}/missing`, code: 404 },
    { name: 'the Status of a delete', method: 'DELETE', url: `${MAPS}/made` },
    { name: 'the list of what a delete deletes', method: 'DELETE', url: '/api/v1/namespaces/default/secrets' },
    { name: 'a list of versions', url: '/api' },
  ])('$name', async (row) => {
    expect(await endingOf(row)).toMatch(/^\}\n$/)
  })
})

describe('JSON for people does not', () => {
  it.each<Row>([
    { name: 'an object', url: `${MAPS}/kube-root-ca.crt`, headers: CURL },
    { name: 'an object, asked for so', url: `${MAPS}/kube-root-ca.crt?pretty=true` },
    { name: 'an object, accepted so', url: `${MAPS}/kube-root-ca.crt`, headers: { accept: 'application/json;pretty=1' } },
    { name: 'a list', url: MAPS, headers: CURL },
    { name: 'an error', url: `${MAPS}/missing`, headers: CURL, code: 404 },
    { name: 'an error to who accepts no form of it', url: `${MAPS}/missing`, headers: { accept: 'text/html' }, code: 406 },
    { name: 'the version, whoever asks', url: '/version' },
    { name: 'the index, whoever asks', url: '/' },
  ])('$name', async (row) => {
    expect(await endingOf(row)).toBe('\n}')
  })
})
