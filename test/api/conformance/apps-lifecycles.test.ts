/** Upstream: test/e2e/apps/rc.go and replica_set.go */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { STRATEGIC_PATCH } from '../../support/api.ts'
import { Conformance, expectNewer, expectValidRevision, namesOf, until } from '../../support/conformance.ts'
import { eventually, pausePod } from '../../support/conformance-pods.ts'

let e2e: Conformance
beforeAll(async () => {
  e2e = await Conformance.start({ nodes: 2 })
})
afterAll(() => e2e.close())

it('[sig-apps] ReplicationController should test the lifecycle of a ReplicationController', async () => {
  const namespace = await e2e.namespace('replication-controller')
  const client = e2e.client('v1/replicationcontrollers', namespace)
  const name = 'rc-test'
  const labels = { 'test-rc-static': 'true' }
  const labelSelector = 'test-rc-static=true'
  const { resourceVersion } = (await client.list({ labelSelector })).metadata
  const stream = await client.watch({ resourceVersion, labelSelector })
  const { spec } = pausePod(name)
  const created = await client.create({
    metadata: { name, labels },
    spec: { replicas: 1, selector: labels, template: { metadata: { name, labels }, spec } },
  })
  expectValidRevision(created)
  await until(stream, 'ADDED')
  await e2e.seconds(5)
  await until(stream, 'MODIFIED', ({ status }) => status.replicas === 1 && status.readyReplicas === 1)

  const patched = await client.patch(name, { metadata: { labels: { 'test-rc': 'patched' } } }, { type: STRATEGIC_PATCH })
  expect(patched.metadata.labels['test-rc']).toBe('patched')
  expectNewer(patched, created)
  await until(stream, 'MODIFIED', ({ metadata }) => metadata.labels['test-rc'] === 'patched')

  const status = { readyReplicas: 0, availableReplicas: 0 }
  const ofStatus = await client.patch(name, { status }, { type: STRATEGIC_PATCH, subresource: 'status' })
  expect(ofStatus.status.readyReplicas ?? 0).toBe(0)
  await until(stream, 'MODIFIED', (object) => (object.status.readyReplicas ?? 0) === 0)
  // The controller puts it right.
  await until(stream, 'MODIFIED', (object) => object.status.readyReplicas === 1)
  expect((await e2e.dynamicClient('v1/replicationcontrollers', namespace).get(name, 'status')).status.replicas).toBe(1)

  await client.patch(name, { spec: { replicas: 2 } }, { type: STRATEGIC_PATCH, subresource: 'scale' })
  await e2e.seconds(5)
  await until(stream, 'MODIFIED', (object) => object.status.readyReplicas === 2)
  expect((await client.get(name)).metadata.labels['test-rc']).toBe('patched')
  await client.change(name, (object) => Object.assign(object.status, { availableReplicas: 1 }), 'status')
  await until(stream, 'MODIFIED', (object) => object.status.availableReplicas === 1)

  const { items } = await e2e.client('v1/replicationcontrollers').list({ labelSelector })
  expect(items).toHaveLength(1)
  expect([items[0].metadata.namespace, items[0].spec.replicas, items[0].metadata.labels['test-rc']]).toEqual([namespace, 2, 'patched'])
  await client.deleteCollection({ labelSelector })
  await e2e.seconds(5)
  await until(stream, 'DELETED')
})

it('[sig-apps] ReplicaSet Replace and Patch tests', async () => {
  const namespace = await e2e.namespace('replicaset')
  const client = e2e.client('apps/v1/replicasets', namespace)
  const pods = e2e.client('v1/pods', namespace)
  const labels = { 'test-rs': 'true', name: 'sample-pod' }
  const { spec } = pausePod('test-rs')
  const created = await client.create({
    metadata: { name: 'test-rs', labels },
    spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  })
  expectValidRevision(created)
  const readyPods = (count: number) =>
    eventually(e2e, `${count} run`, async () => {
      const { status } = await client.get('test-rs')
      return (
        status.replicas === count &&
        status.readyReplicas === count &&
        (await pods.list({ labelSelector: 'name=sample-pod' })).items.length === count
      )
    })
  await readyPods(1)
  const { resourceVersion } = (await client.list({ labelSelector: 'test-rs=true' })).metadata
  const stream = await client.watch({ resourceVersion, labelSelector: 'test-rs=true' })
  const scale = await client.get('test-rs', 'scale')
  await client.update({ ...scale, apiVersion: 'autoscaling/v1', kind: 'Scale', spec: { replicas: 3 } }, 'scale')
  await readyPods(3)
  const containers = [{ name: 'pause', image: 'registry.k8s.io/pause:3.9' }]
  const template = { spec: { terminationGracePeriodSeconds: 0, containers } }
  const patch = { metadata: { labels: { 'test-rs-patched': 'true' } }, spec: { replicas: 4, template } }
  const patched = await client.patch('test-rs', patch, { type: STRATEGIC_PATCH })
  expect(patched.metadata.labels['test-rs-patched']).toBe('true')
  expect([patched.spec.replicas, patched.spec.template.spec.containers[0].image]).toEqual([4, 'registry.k8s.io/pause:3.9'])
  expectNewer(patched, created)
  await readyPods(4)
  const last = await until(
    stream,
    'MODIFIED',
    ({ metadata, status }) => metadata.labels['test-rs-patched'] === 'true' && status.readyReplicas === 4,
  )
  expect(last.spec.replicas).toBe(4)
  expect(namesOf(await client.list({ labelSelector: 'test-rs-patched=true' }))).toEqual(['test-rs'])
})
