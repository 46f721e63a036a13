import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { STRATEGIC_PATCH } from '../../support/api.ts'
import { Conformance, expectNewer, expectRefused, expectValidRevision, namesOf } from '../../support/conformance.ts'
import { uniqueName } from '../../support/resource-client.ts'

let e2e: Conformance
beforeAll(async () => {
  e2e = await Conformance.start()
})
afterAll(() => e2e.close())

describe('Namespaces', () => {
  it('[sig-api-machinery] Namespaces [Serial] should patch a Namespace', async () => {
    const client = e2e.client('v1/namespaces')
    const name = await e2e.namespace('nspatchtest')
    const before = await client.get(name)
    expectValidRevision(before)
    const patched = await client.patch(name, { metadata: { labels: { testLabel: 'testValue' } } }, { type: STRATEGIC_PATCH })
    expectNewer(patched, before)
    expect((await client.get(name)).metadata.labels).toMatchObject({ testLabel: 'testValue' })
  })

  it('[sig-api-machinery] Namespaces [Serial] should apply changes to a namespace status', async () => {
    const client = e2e.client('v1/namespaces')
    const name = await e2e.namespace('namespaces')
    expect((await e2e.dynamicClient('v1/namespaces').get(name, 'status')).status.phase).toBe('Active')

    const patch = {
      metadata: { annotations: { 'e2e-patched-ns-status': name } },
      status: { conditions: [{ type: 'StatusPatch', status: 'True', reason: 'E2E', message: 'Patched by an e2e test' }] },
    }
    const patched = await client.patch(name, patch, { subresource: 'status' })
    expect(patched.metadata.annotations).toMatchObject({ 'e2e-patched-ns-status': name })
    expect(patched.status.conditions.at(-1)).toMatchObject({ reason: 'E2E', message: 'Patched by an e2e test' })

    const added = { type: 'StatusUpdate', status: 'True', reason: 'E2E', message: 'Updated by an e2e test' }
    const updated = await client.change(name, ({ status }) => status.conditions.push(added), 'status')
    expect(updated.status.conditions.map(({ type }: { type: string }) => type)).toEqual(['StatusPatch', 'StatusUpdate'])
    expect(updated.status.conditions.at(-1)).toMatchObject(added)
  })

  it('[sig-api-machinery] Namespaces [Serial] should apply an update to a Namespace', async () => {
    const name = await e2e.namespace('namespaces')
    const updated = await e2e.client('v1/namespaces').change(name, ({ metadata }) => {
      metadata.labels[name] = 'updated'
    })
    expect(updated.metadata.labels).toMatchObject({ [name]: 'updated' })
  })

  it('[sig-api-machinery] Namespaces [Serial] should apply a finalizer to a Namespace', async () => {
    const FAKE = 'e2e.example.com/fakeFinalizer'
    const client = e2e.client('v1/namespaces')
    const name = await e2e.namespace('e2e-ns')
    const before = await client.get(name)
    expect(before.spec.finalizers).toEqual(['kubernetes'])

    const added = await client.change(name, ({ spec }) => spec.finalizers.push(FAKE), 'finalize')
    expect(added.spec.finalizers).toEqual(['kubernetes', FAKE])
    const removed = await client.change(
      name,
      ({ spec }) => {
        spec.finalizers = spec.finalizers.filter((finalizer: string) => finalizer !== FAKE)
      },
      'finalize',
    )
    expect(removed.spec.finalizers).toEqual(['kubernetes'])
    expect((await client.get(name)).spec.finalizers).toEqual(['kubernetes'])
  })
})

describe('ResourceQuota', () => {
  const hard = { cpu: '1', memory: '500Mi' }

  it('[sig-api-machinery] ResourceQuota should be able to update and delete ResourceQuota.', async () => {
    const client = e2e.client('v1/resourcequotas', await e2e.namespace('resourcequota'))
    const quota = { metadata: { name: 'test-quota' }, spec: { hard } }
    await client.create(quota)
    expect((await client.get('test-quota')).spec.hard).toEqual(hard)
    // Without a resourceVersion, as upstream's: the update is unconditional.
    const updated = await client.update({ ...quota, spec: { hard: { cpu: '2', memory: '1Gi' } } })
    expect(updated.spec.hard).toEqual({ cpu: '2', memory: '1Gi' })
    expect((await client.get('test-quota')).spec.hard).toEqual({ cpu: '2', memory: '1Gi' })
    await client.delete('test-quota')
    await expectRefused(client.get('test-quota'), 'NotFound')
  })

  it('[sig-api-machinery] ResourceQuota should manage the lifecycle of a ResourceQuota', async () => {
    const client = e2e.client('v1/resourcequotas', await e2e.namespace('resourcequota'))
    const name = uniqueName('e2e-quota')
    const labelSelector = `e2e-rq-label=${name}`
    await client.create({ metadata: { name, labels: { 'e2e-rq-label': name } }, spec: { hard } })
    expectValidRevision(await client.get(name))
    const everywhere = await e2e.client('v1/resourcequotas').list({ labelSelector })
    expect(namesOf(everywhere)).toEqual([name])

    const patch = { metadata: { labels: { [name]: 'patched' } }, spec: { hard: { memory: '750Mi' } } }
    const patched = await client.patch(name, patch, { type: STRATEGIC_PATCH })
    expect(patched.metadata.labels).toMatchObject({ [name]: 'patched' })
    expect(patched.spec.hard).toEqual({ cpu: '1', memory: '750Mi' })
    expectNewer(patched, everywhere.items[0])
    await client.deleteCollection({ labelSelector })
    await expectRefused(client.get(name), 'NotFound')
  })
})
