/** Stages for Nodes: they say what the status is, and the simulated kubelet renews the lease. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { findCondition, isConditionTrue } from '../../src/api/meta/conditions.ts'
import type { Lease, Node, Stage } from '../../src/index.ts'
import { barePod, isReady, Scenario } from '../support/scenario.ts'
import { NODE_FAILS, NODE_READY, READY, UNWELL_NODE } from '../support/stages.ts'

let cluster: Scenario
beforeEach(async () => {
  cluster = await Scenario.start({ nodes: 1 })
})
afterEach(() => cluster.close())

async function stages(...objects: Stage[]): Promise<void> {
  for (const object of objects) await cluster.client.create('stages.kwok.x-k8s.io', structuredClone(object))
  await cluster.cluster.settle()
}
const join = (name: string, annotations = {}) => cluster.apply({ apiVersion: 'v1', kind: 'Node', metadata: { name, annotations } })
const ready = async (name: string) => findCondition((await cluster.node(name)).status?.conditions, 'Ready')
const renewedAt = async (name: string) => {
  const ref = { resource: 'leases.coordination.k8s.io', namespace: 'kube-node-lease', name }
  return (await cluster.client.get<Lease>(ref)).spec.renewTime
}

it('patch what they say, when they say', async () => {
  await stages(UNWELL_NODE)
  await cluster.patch('nodes', 'node-1', { metadata: { labels: { unwell: 'true' } } })
  await cluster.seconds(4)
  expect((await cluster.events('node-1', 'Unwell')).length).toBe(0)
  await cluster.seconds(1)
  const node = await cluster.get<Node>('nodes', 'node-1')
  expect(node.metadata.annotations).toMatchObject({ name: 'node-1', since: expect.stringMatching(/^2026-01-01T/) })
  expect(findCondition(node.status?.conditions, 'MemoryPressure')).toMatchObject({ status: 'True', reason: 'Unwell' })
  expect(findCondition(node.status?.conditions, 'Ready')).toMatchObject({ status: 'True' })
  expect((await cluster.events('node-1', 'Unwell'))[0]?.source).toEqual({ component: 'kwok_controller' })
})

it('make nodes ready, whose leases are renewed', async () => {
  await stages(NODE_READY)
  await join('new')
  const { status, spec, metadata } = await cluster.node('new')
  expect(isConditionTrue(status?.conditions, 'Ready')).toBe(true)
  expect(findCondition(status?.conditions, 'NetworkUnavailable')?.reason).toBe('RouteCreated')
  expect(status).toMatchObject({
    addresses: [
      { type: 'InternalIP', address: '10.0.0.3' },
      { type: 'Hostname', address: 'new' },
    ],
    capacity: { cpu: '1k', memory: '1Ti', pods: '1M' },
    nodeInfo: { kubeletVersion: 'kwok-v0.8.0' },
    phase: 'Running',
  })
  expect([spec.podCIDR, metadata.labels?.['kubernetes.io/hostname']]).toEqual(['10.244.1.0/24', 'new'])
  const renewed = await renewedAt('new')
  await cluster.seconds(120)
  expect(await renewedAt('new')).not.toBe(renewed)
  expect(isConditionTrue((await cluster.node('new')).status?.conditions, 'Ready')).toBe(true)
  await cluster.apply(barePod('app', { spec: { nodeName: 'new' } }))
  expect(isReady(await cluster.pod('app'))).toBe(true)
})

it('see the room that a node says it has', async () => {
  await stages(NODE_READY)
  await join('sized', { 'coracle.dev/capacity': 'cpu=3,nvidia.com/gpu=1' })
  expect((await cluster.node('sized')).status).toMatchObject({
    capacity: { cpu: '3', memory: '32Gi', 'nvidia.com/gpu': '1' },
    allocatable: { cpu: '3', 'nvidia.com/gpu': '1' },
  })
})

it('alone say whether a node is ready', async () => {
  await stages(UNWELL_NODE)
  await join('new')
  await cluster.seconds(60)
  // As with kwok: nobody has said that it is.
  expect(await ready('new')).toBeUndefined()
  await join('own', { 'coracle.dev/stages': 'ignore' })
  expect((await ready('own'))?.status).toBe('True')
  await cluster.client.delete({ resource: 'stages.kwok.x-k8s.io', namespace: '', name: 'unwell' }, {})
  await cluster.cluster.settle()
  expect((await ready('new'))?.status).toBe('True')
})

it('make a node fail, and well again', async () => {
  await stages(NODE_READY, NODE_FAILS)
  await cluster.patch('nodes', 'node-1', { metadata: { labels: { fails: 'true' } } })
  await cluster.seconds(3)
  expect(await ready('node-1')).toMatchObject({ status: 'False', reason: 'nodeFailed', message: 'node failed' })
  await cluster.seconds(10)
  expect((await cluster.node('node-1')).spec.taints?.map(({ key }) => key)).toContain('node.kubernetes.io/not-ready')
  await cluster.patch('nodes', 'node-1', { metadata: { labels: { fails: null } } })
  await cluster.seconds(10)
  expect(await ready('node-1')).toMatchObject({ status: 'True' })
  expect((await cluster.node('node-1')).spec.taints ?? []).toEqual([])
})

it('come to rest while the machine is off', async () => {
  await stages(NODE_READY, READY)
  await join('new')
  const before = (await cluster.node('new')).status?.nodeInfo?.bootID
  await cluster.cluster.simulation.reboot('new')
  await cluster.apply(barePod('app', { spec: { nodeName: 'new' } }))
  await cluster.seconds(9)
  expect(isReady(await cluster.pod('app'))).toBe(false)
  await cluster.seconds(5)
  const { status } = await cluster.node('new')
  expect(status?.nodeInfo?.bootID).not.toBe(before)
  expect(isReady(await cluster.pod('app'))).toBe(true)
  await cluster.cluster.simulation.fail('new')
  await cluster.seconds(60)
  expect((await ready('new'))?.status).toBe('Unknown')
  await cluster.cluster.simulation.recover('new')
  await cluster.seconds(1)
  expect((await ready('new'))?.status).toBe('True')
})
