import { afterEach, expect, test } from 'vitest'
import type { Job, Pod } from '../../src/api/types.gen.ts'
import { CONTROLLER_NAMES } from '../../src/controllers/switches.ts'
import { type Cluster, createCluster } from '../../src/index.ts'

let cluster: Cluster

afterEach(() => cluster.close())

const container = { name: 'main', image: 'example.com/app:1' }
const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [container], restartPolicy: 'Never' } }

test('a controller that is off leaves its objects to somebody else; the others go on', async () => {
  cluster = await createCluster({ clock: 'virtual', controllers: ['*', '-job'] })
  const { client } = cluster
  const job = await client.create<Job>('jobs.batch', { metadata: { name: 'work', namespace: 'default' }, spec: { template } } as never)
  await cluster.advance(60_000)
  expect(await client.get<Job>({ resource: 'jobs.batch', namespace: 'default', name: 'work' })).toMatchObject({ status: {} })
  expect((await client.list('pods', 'default')).items).toEqual([])
  // Somebody else's controller makes the pod; scheduler and kubelet take it from there, and it goes with its owner.
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name: 'work', uid: job.metadata.uid, controller: true }
  await client.create<Pod>('pods', {
    metadata: { name: 'work-0', namespace: 'default', ownerReferences: [owner] },
    spec: { containers: [{ ...container, command: ['true'] }], restartPolicy: 'Never' },
  } as never)
  await cluster.advance(60_000)
  expect(await client.get<Pod>({ resource: 'pods', namespace: 'default', name: 'work-0' })).toMatchObject({
    status: { phase: 'Succeeded' },
  })
  await client.delete({ resource: 'jobs.batch', namespace: 'default', name: 'work' }, { propagationPolicy: 'Background' })
  await cluster.advance(60_000)
  expect((await client.list('pods', 'default')).items).toEqual([])
})

test('without a scheduler pods wait for one, and without kubelets nothing runs', async () => {
  cluster = await createCluster({ clock: 'virtual', controllers: ['*', '-scheduler', '-kubelet'] })
  const { client } = cluster
  await client.create<Pod>('pods', { metadata: { name: 'web', namespace: 'default' }, spec: template.spec } as never)
  await cluster.advance(60_000)
  const pod = await client.get<Pod>({ resource: 'pods', namespace: 'default', name: 'web' })
  expect(pod!.spec!.nodeName).toBeUndefined()
  expect(pod).toMatchObject({ status: { phase: 'Pending' } })
})

test.each([...CONTROLLER_NAMES])('a cluster without %s starts, takes a Deployment and comes to rest', async (name) => {
  cluster = await createCluster({ clock: 'virtual', controllers: ['*', `-${name}`] })
  const { client } = cluster
  await client.create('deployments.apps', {
    metadata: { name: 'web', namespace: 'default' },
    spec: { replicas: 2, selector: { matchLabels: { app: 'web' } }, template: { ...template, spec: { containers: [container] } } },
  } as never)
  await cluster.advance(30_000)
  const pods = (await client.list<Pod>('pods', 'default')).items
  const isNeeded = name === 'deployment' || name === 'replicaset' || name === 'serviceaccount'
  expect(pods).toHaveLength(isNeeded ? 0 : 2)
})
