import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Cluster, createCluster } from '../../src/index.ts'

const LEASE = { resource: 'leases.coordination.k8s.io', namespace: 'default', name: 'lock' }
const URL = '/apis/coordination.k8s.io/v1/namespaces/default/leases/lock'

let cluster: Cluster
beforeEach(async () => {
  cluster = await createCluster({ nodes: 0, clock: 'virtual' })
  await cluster.client.create(LEASE.resource, { metadata: { name: 'lock', namespace: 'default' }, spec: { holderIdentity: 'a' } } as never)
})
afterEach(() => cluster.close())

const patch = async (body: object) => {
  const headers = { 'content-type': 'application/merge-patch+json' }
  const { statusCode, payload } = await cluster.app.inject({ method: 'PATCH', url: URL, headers, payload: JSON.stringify(body) })
  return { statusCode, body: JSON.parse(payload) }
}

describe('a patch of a kind that refuses updates without a resourceVersion', () => {
  it('is of the current state, and so has one', async () => {
    expect(await patch({ spec: { holderIdentity: 'b' } })).toMatchObject({ statusCode: 200, body: { spec: { holderIdentity: 'b' } } })
    await cluster.client.patch(LEASE, { spec: { holderIdentity: 'c' } })
    expect(await cluster.client.get(LEASE)).toMatchObject({ spec: { holderIdentity: 'c' } })
  })

  it('is tried again when another writer is faster', async () => {
    const patches = ['b', 'c', 'd'].map((holderIdentity) => cluster.client.patch(LEASE, { spec: { holderIdentity } }))
    expect(await Promise.all(patches)).toHaveLength(3)
  })

  it('is refused when it takes the resourceVersion away', async () => {
    expect(await patch({ metadata: { resourceVersion: null }, spec: { holderIdentity: 'b' } })).toMatchObject({
      statusCode: 422,
      body: { reason: 'Invalid' },
    })
  })

  it('is in conflict when it brings an old one', async () => {
    expect(await patch({ metadata: { resourceVersion: '1' }, spec: { holderIdentity: 'b' } })).toMatchObject({ statusCode: 409 })
  })
})
