/** What upstream asks of every workload alike: /status, /scale, collections. Upstream: test/e2e/apps/*.go */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { findCondition } from '../../../src/api/meta/conditions.ts'
import type { Json } from '../../support/api.ts'
import { Conformance, namesOf, until } from '../../support/conformance.ts'
import { eventually, gone, pausePod } from '../../support/conformance-pods.ts'
import { type ResourceClient, uniqueName } from '../../support/resource-client.ts'

let e2e: Conformance
beforeAll(async () => {
  e2e = await Conformance.start({ nodes: 2 })
})
afterAll(() => e2e.close())

const LABELS = { app: 'e2e' }
const template = { metadata: { labels: LABELS }, spec: pausePod('e2e').spec }

function workload(path: string, name: string, replicas = 1): Json {
  const isDaemonSet = path.endsWith('daemonsets')
  const selector = path === 'v1/replicationcontrollers' ? LABELS : { matchLabels: LABELS }
  const spec = { ...(!isDaemonSet && { replicas }), ...(path.endsWith('statefulsets') && { serviceName: 'e2e' }), selector, template }
  return { metadata: { name, labels: { ...LABELS, special: name } }, spec }
}

async function clientOf(path: string): Promise<ResourceClient> {
  return e2e.client(path, await e2e.namespace('apps'))
}

const isReady = ({ status, spec }: Json) =>
  (status?.numberReady ?? status?.readyReplicas ?? 0) === (spec.replicas ?? status?.desiredNumberScheduled)

async function start(client: ResourceClient, path: string, replicas = 1): Promise<Json> {
  const name = uniqueName('test')
  await client.create(workload(path, name, replicas))
  await eventually(e2e, `${name} is ready`, async () => isReady(await client.get(name)))
  return client.get(name)
}

it.each([
  ['[sig-apps] Deployment should validate Deployment Status endpoints', 'apps/v1/deployments'],
  ['[sig-apps] ReplicaSet should validate Replicaset Status endpoints', 'apps/v1/replicasets'],
  [
    '[sig-apps] StatefulSet Basic StatefulSet functionality [StatefulSetBasic] should validate Statefulset Status endpoints',
    'apps/v1/statefulsets',
  ],
  ['[sig-apps] Daemon set [Serial] should verify changes to a daemon set status', 'apps/v1/daemonsets'],
])('%s', async (_, path) => {
  const client = await clientOf(path)
  const { metadata } = await start(client, path)
  const { name } = metadata
  const labelSelector = `special=${name}`
  const { resourceVersion } = (await client.list({ labelSelector })).metadata
  const stream = await client.watch({ resourceVersion, labelSelector })
  const own = await client.get(name, 'status')
  expect(own.metadata.uid).toBe(metadata.uid)
  const update = { type: 'StatusUpdate', status: 'True', reason: 'E2E', message: 'Set from e2e test' }
  await client.change(
    name,
    ({ status }) => {
      status.conditions = [...(status.conditions ?? []), update]
    },
    'status',
  )
  await until(stream, 'MODIFIED', ({ status }) => findCondition<Json>(status.conditions, 'StatusUpdate')?.reason === 'E2E')
  await client.patch(name, { status: { conditions: [{ type: 'StatusPatched', status: 'True' }] } }, { subresource: 'status' })
  await until(stream, 'MODIFIED', ({ status }) => findCondition<Json>(status.conditions, 'StatusPatched')?.status === 'True')
  stream.close()
})

it.each([
  ['[sig-apps] Deployment Deployment should have a working scale subresource', 'apps/v1/deployments'],
  ['[sig-apps] ReplicaSet Replicaset should have a working scale subresource', 'apps/v1/replicasets'],
  [
    '[sig-apps] StatefulSet Basic StatefulSet functionality [StatefulSetBasic] should have a working scale subresource',
    'apps/v1/statefulsets',
  ],
  ['[sig-apps] ReplicationController should get and update a ReplicationController scale', 'v1/replicationcontrollers'],
])('%s', async (_, path) => {
  const client = await clientOf(path)
  const { metadata } = await start(client, path)
  const { name } = metadata
  const scale = await client.get(name, 'scale')
  expect([scale.spec.replicas, scale.status.replicas]).toEqual([1, 1])
  const scaled = await client.update({ ...scale, apiVersion: 'autoscaling/v1', kind: 'Scale', spec: { replicas: 2 } }, 'scale')
  expect(scaled.spec.replicas).toBe(2)
  expect((await client.get(name)).spec.replicas).toBe(2)
  await eventually(e2e, 'there are two', async () => (await client.get(name)).status.replicas === 2)
  const patched = await client.patch(name, { spec: { replicas: 4 } }, { subresource: 'scale' })
  expect(patched.spec.replicas).toBe(4)
  expect((await client.get(name)).spec.replicas).toBe(4)
})

it.each([
  ['[sig-apps] Daemon set [Serial] should list and delete a collection of DaemonSets', 'apps/v1/daemonsets'],
  ['[sig-apps] ReplicaSet should list and delete a collection of ReplicaSets', 'apps/v1/replicasets'],
  [
    '[sig-apps] StatefulSet Basic StatefulSet functionality [StatefulSetBasic] should list, patch and delete a collection of StatefulSets',
    'apps/v1/statefulsets',
  ],
])('%s', async (_, path) => {
  const client = await clientOf(path)
  const { metadata, spec } = await start(client, path, 2)
  const labelSelector = `special=${metadata.name}`
  expect(namesOf(await e2e.client(path).list({ labelSelector }))).toEqual([metadata.name])
  if (spec.replicas !== undefined) {
    const containers = [{ name: 'pause', image: 'registry.k8s.io/pause:3.9' }]
    const patch = { metadata: { labels: { patched: 'true' } }, spec: { replicas: 1, template: { spec: { containers } } } }
    const patched = await client.patch(metadata.name, patch)
    expect([patched.metadata.labels.patched, patched.spec.replicas, patched.spec.template.spec.containers[0].image]).toEqual([
      'true',
      1,
      'registry.k8s.io/pause:3.9',
    ])
    await eventually(e2e, 'the patch is done', async () => isReady(await client.get(metadata.name)))
  }
  await client.deleteCollection({ labelSelector })
  await gone(e2e, client, metadata.name)
  expect((await e2e.client(path).list({ labelSelector })).items).toEqual([])
})

it.each([
  ['[sig-apps] ReplicationController should adopt matching pods on creation', 'v1/replicationcontrollers', 'adopt'],
  ['[sig-apps] ReplicationController should release no longer matching pods', 'v1/replicationcontrollers', 'release'],
  ['[sig-apps] ReplicaSet should adopt matching pods on creation and release no longer matching pods', 'apps/v1/replicasets', 'both'],
])('%s', async (_, path, course) => {
  const namespace = await e2e.namespace('apps')
  const [client, pods] = [e2e.client(path, namespace), e2e.client('v1/pods', namespace)]
  const ownersOf = async (name: string) => ((await pods.get(name)).metadata.ownerReferences ?? []).map(({ uid }: Json) => uid)
  if (course !== 'release') await pods.create(pausePod('pod-adoption', {}, { labels: LABELS }))
  const { metadata } = await start(client, path)
  if (course !== 'release') expect(await ownersOf('pod-adoption')).toEqual([metadata.uid])
  if (course === 'adopt') return
  const [pod] = (await pods.list()).items
  await pods.change(pod.metadata.name, ({ metadata: { labels } }) => {
    labels.app = 'not-matching-name'
  })
  await eventually(e2e, 'it is let go', async () => (await ownersOf(pod.metadata.name)).length === 0)
})

it('[sig-apps] ReplicationController should surface a failure condition on a common issue like exceeded quota', async () => {
  const client = await clientOf('v1/replicationcontrollers')
  const { metadata } = await client.create(workload('v1/replicationcontrollers', 'condition-test', 0))
  const quotas = e2e.client('v1/resourcequotas', metadata.namespace)
  await quotas.create({ metadata: { name: 'condition-test' }, spec: { hard: { pods: '2' } } })
  await e2e.cluster.settle()
  expect((await quotas.get('condition-test')).status.hard.pods).toBe('2')
  const failure = async () => findCondition<Json>((await client.get('condition-test')).status.conditions, 'ReplicaFailure')
  await client.patch('condition-test', { spec: { replicas: 3 } })
  await eventually(e2e, 'it tells of the failure', async () => (await failure()) !== undefined)
  expect(await failure()).toMatchObject({ status: 'True', reason: 'FailedCreate' })
  await client.patch('condition-test', { spec: { replicas: 2 } })
  await eventually(e2e, 'it takes it back', async () => (await failure()) === undefined)
})
