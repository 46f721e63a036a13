import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Json, STRATEGIC_PATCH } from '../../support/api.ts'
import { Conformance, expectNewer, expectRefused, expectValidRevision, namesOf } from '../../support/conformance.ts'
import type { ResourceClient } from '../../support/resource-client.ts'

let e2e: Conformance
beforeAll(async () => {
  e2e = await Conformance.start()
})
afterAll(() => e2e.close())

describe('ConfigMaps', () => {
  it('[sig-node] ConfigMap should fail to create ConfigMap with empty key', async () => {
    const client = e2e.client('v1/configmaps', await e2e.namespace('configmap'))
    const status = await expectRefused(
      client.create({ metadata: { name: 'configmap-test-emptyKey'.toLowerCase() }, data: { '': 'value-1' } }),
      'Invalid',
    )
    expect(status.message).toContain('a valid config key must consist of alphanumeric characters')
  })

  it('[sig-node] ConfigMap should update ConfigMap successfully [NodeConformance]', async () => {
    const client = e2e.client('v1/configmaps', await e2e.namespace('configmap'))
    const created = await client.create({ metadata: { name: 'configmap-test' } })
    const data = { data: 'value' }
    await client.update({ ...created, data })
    expect((await client.get('configmap-test')).data).toEqual(data)
  })

  it('[sig-node] ConfigMap should run through a ConfigMap lifecycle', async () => {
    const client = e2e.client('v1/configmaps', await e2e.namespace('configmap'))
    const name = 'test-configmap'
    const created = await client.create({ metadata: { name, labels: { 'test-configmap-static': 'true' } }, data: { valueName: 'value' } })
    expectValidRevision(created)
    expect(await client.get(name)).toEqual(created)

    const patch = { metadata: { labels: { 'test-configmap': 'patched' } }, data: { valueName: 'value1' } }
    const patched = await client.patch(name, patch, { type: STRATEGIC_PATCH })
    expectNewer(patched, created)
    const { items } = await e2e.client('v1/configmaps').list({ labelSelector: 'test-configmap=patched' })
    expect(items).toHaveLength(1)
    expect(items[0]).toMatchObject({ metadata: { name, labels: { 'test-configmap-static': 'true' } }, data: { valueName: 'value1' } })
    await client.deleteCollection({ labelSelector: 'test-configmap-static=true' })
    expect(namesOf(await client.list({ labelSelector: 'test-configmap-static=true' }))).toEqual([])
  })
})

describe('Secrets', () => {
  it('[sig-node] Secrets should fail to create secret due to empty secret key', async () => {
    const client = e2e.client('v1/secrets', await e2e.namespace('secrets'))
    const status = await expectRefused(
      client.create({ metadata: { name: 'secret-emptykey-test' }, data: { '': 'dmFsdWUtMQo=' } }),
      'Invalid',
    )
    expect(status.message).toContain('a valid config key must consist of alphanumeric characters')
  })

  it('[sig-node] Secrets should patch a secret', async () => {
    const namespace = await e2e.namespace('secrets')
    const client = e2e.client('v1/secrets', namespace)
    const everywhere = () => e2e.client('v1/secrets').list({ labelSelector: 'testsecret-constant=true' })
    const name = 'test-secret'
    const created = await client.create({
      metadata: { name, labels: { 'testsecret-constant': 'true' } },
      data: { key: Buffer.from('value').toString('base64') },
      type: 'Opaque',
    })
    expectValidRevision(created)
    expect(namesOf(await everywhere())).toEqual([name])

    const data = { key: Buffer.from('value1').toString('base64') }
    await client.patch(name, { metadata: { labels: { testsecret: 'true' } }, data }, { type: STRATEGIC_PATCH })
    const patched = await client.get(name)
    expectNewer(patched, created)
    expect(patched.data).toEqual(data)
    expect(patched.metadata.labels).toEqual({ 'testsecret-constant': 'true', testsecret: 'true' })
    await client.deleteCollection({ labelSelector: 'testsecret=true' })
    expect(namesOf(await everywhere())).toEqual([])
  })
})

/** data can't be changed, nor can the object be made mutable; labels can be changed, and it can be deleted. */
async function checkImmutable(client: ResourceClient, object: Json, add: (data: Json, key: string) => void): Promise<void> {
  const created = await client.create({ metadata: { name: 'immutable' }, ...object })
  add(created.data, 'data-4')
  const updated = await client.update(created)
  expect(Object.keys(updated.data)).toContain('data-4')
  const marked = await client.update({ ...updated, immutable: true })

  add(marked.data, 'data-5')
  await expectRefused(client.update(marked), 'Invalid')
  const current = await client.get('immutable')
  expect(current.immutable).toBe(true)
  await expectRefused(client.update({ ...current, immutable: false }), 'Invalid')

  const labelled = await client.update({ ...current, metadata: { ...current.metadata, labels: { label1: 'value1' } } })
  expect(labelled.metadata.labels).toEqual({ label1: 'value1' })
  await client.delete('immutable')
}

describe('immutable ones', () => {
  it('[sig-storage] ConfigMap should be immutable if `immutable` field is set', async () => {
    const client = e2e.client('v1/configmaps', await e2e.namespace('configmap'))
    const data = { 'data-1': 'value-1', 'data-2': 'value-2', 'data-3': 'value-3' }
    await checkImmutable(client, { data }, (into, key) => {
      into[key] = 'value'
    })
  })

  it('[sig-storage] Secrets should be immutable if `immutable` field is set', async () => {
    const client = e2e.client('v1/secrets', await e2e.namespace('secrets'))
    await checkImmutable(client, { data: { 'data-1': 'dmFsdWUtMQ==' } }, (into, key) => {
      into[key] = 'dmFsdWU='
    })
  })
})

describe('PodTemplates', () => {
  const template = (image: string) => ({ spec: { containers: [{ name: 'test', image }] } })

  it('[sig-node] PodTemplates should run the lifecycle of PodTemplates', async () => {
    const client = e2e.client('v1/podtemplates', await e2e.namespace('podtemplate'))
    const everywhere = async () => namesOf(await e2e.client('v1/podtemplates').list({ labelSelector: 'podtemplate-static=true' }))
    expect(await everywhere()).toEqual([])
    const name = 'nginx-pod-template'
    const created = await client.create({ metadata: { name, labels: { 'podtemplate-static': 'true' } }, template: template('nginx') })
    expectValidRevision(created)
    expect((await client.get(name)).metadata.name).toBe(name)
    const patched = await client.patch(name, { metadata: { labels: { podtemplate: 'patched' } } }, { type: STRATEGIC_PATCH })
    expectNewer(patched, created)
    expect((await client.get(name)).metadata.labels).toMatchObject({ podtemplate: 'patched' })
    await client.delete(name)
    expect(await everywhere()).toEqual([])
  })

  it('[sig-node] PodTemplates should delete a collection of pod templates', async () => {
    const client = e2e.client('v1/podtemplates', await e2e.namespace('podtemplate'))
    const labelSelector = 'podtemplate-set=true'
    const names = ['test-podtemplate-1', 'test-podtemplate-2', 'test-podtemplate-3']
    for (const name of names) {
      await client.create({ metadata: { name, labels: { 'podtemplate-set': 'true' } }, template: template('token-test') })
    }
    expect(namesOf(await client.list({ labelSelector }))).toEqual(names)
    await client.deleteCollection({ labelSelector })
    expect(namesOf(await client.list({ labelSelector }))).toEqual([])
  })

  it('[sig-node] PodTemplates should replace a pod template', async () => {
    const client = e2e.client('v1/podtemplates', await e2e.namespace('podtemplate'))
    await client.create({ metadata: { name: 'podtemplate' }, template: template('nginx') })
    const updated = await client.change('podtemplate', ({ metadata }) => {
      metadata.annotations = { updated: 'true' }
    })
    expect(updated.metadata.annotations).toEqual({ updated: 'true' })
  })
})

it('[sig-node] Lease lease API should be available', async () => {
  const client = e2e.client('coordination.k8s.io/v1/leases', await e2e.namespace('lease-test'))
  const spec = {
    holderIdentity: 'holder',
    leaseDurationSeconds: 30,
    acquireTime: '2017-09-19T13:49:16.000005Z',
    renewTime: '2017-09-19T13:49:21.000009Z',
    leaseTransitions: 0,
  }
  const created = await client.create({ metadata: { name: 'lease' }, spec })
  expectValidRevision(created)
  expect((await client.get('lease')).spec).toEqual(spec)

  const other = { ...spec, holderIdentity: 'holder2', leaseDurationSeconds: 12, leaseTransitions: 1 }
  await client.update({ ...created, spec: other })
  expect((await client.get('lease')).spec).toEqual(other)
  await client.patch('lease', { spec: { holderIdentity: 'holder3', leaseTransitions: 2 } }, { type: STRATEGIC_PATCH })
  const patched = await client.get('lease')
  expect(patched.spec).toEqual({ ...other, holderIdentity: 'holder3', leaseTransitions: 2 })
  expectNewer(patched, created)

  await client.create({ metadata: { name: 'lease2', labels: { deletecollection: 'true' } }, spec })
  expect(namesOf(await client.list())).toEqual(['lease', 'lease2'])
  await client.deleteCollection({ labelSelector: 'deletecollection=true' })
  expect(namesOf(await client.list())).toEqual(['lease'])
  await client.delete('lease')
  await expectRefused(client.get('lease'), 'NotFound')
})
