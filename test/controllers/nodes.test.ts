import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findCondition } from '../../src/api/meta/conditions.ts'
import type { Lease, Node } from '../../src/index.ts'
import { barePod, isReady, namesOf, replicaSet, Scenario } from '../support/scenario.ts'

let cluster: Scenario
beforeEach(async () => {
  cluster = await Scenario.start({ nodes: 3 })
})
afterEach(() => cluster.close())

const onNode1 = { spec: { nodeName: 'node-1' } }
const taintsOf = async (name: string) => ((await cluster.node(name)).spec.taints ?? []).map(({ key, effect }) => `${key}:${effect}`).sort()
const ready = async (name: string) => findCondition((await cluster.node(name)).status?.conditions, 'Ready')
const UNREACHABLE = ['node.kubernetes.io/unreachable:NoExecute', 'node.kubernetes.io/unreachable:NoSchedule']

describe('a node that joins', () => {
  it('is registered, ready and alive', async () => {
    await cluster.apply({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'worker', labels: { zone: 'a' } } })
    const node = await cluster.node('worker')
    expect(isReady(node)).toBe(true)
    expect(node.metadata.labels).toMatchObject({ zone: 'a', 'kubernetes.io/hostname': 'worker', 'kubernetes.io/os': 'linux' })
    expect(node.spec.taints).toBeUndefined()
    expect(node.spec.podCIDR).toBe('10.244.3.0/24')
    expect(node.status?.capacity).toMatchObject({ cpu: '8', pods: '110' })
    const { items } = await cluster.client.list<Lease>('leases.coordination.k8s.io')
    expect(namesOf(items)).toContain('worker')
    await cluster.seconds(3600)
    expect(isReady(await cluster.node('worker'))).toBe(true)
  })

  it('runs what was waiting for it', async () => {
    await cluster.apply(barePod('picky', { spec: { nodeSelector: { zone: 'a' } } }))
    expect((await cluster.pod('picky')).status?.phase).toBe('Pending')
    await cluster.cluster.simulation.join({ name: 'worker', labels: { zone: 'a' } })
    await cluster.seconds(1)
    expect(await cluster.pod('picky')).toMatchObject({ spec: { nodeName: 'worker' }, status: { phase: 'Running' } })
  })

  it('under the name of one that left gets a free range and clean conditions', async () => {
    await cluster.cluster.simulation.fail('node-1')
    await cluster.seconds(100)
    await cluster.cluster.simulation.leave('node-1')
    await cluster.seconds(1)
    await cluster.cluster.simulation.join({ name: 'node-1' })
    await cluster.seconds(1)
    expect(isReady(await cluster.node('node-1'))).toBe(true)
    expect(await taintsOf('node-1')).toEqual([])
  })
})

describe('a node that falls silent', () => {
  it('is unknown after the grace period, tainted, and its pods not ready', async () => {
    await cluster.apply(barePod('bare', onNode1))
    await cluster.cluster.simulation.fail('node-1')
    await cluster.seconds(39)
    expect(isReady(await cluster.node('node-1'))).toBe(true)
    await cluster.seconds(15)
    expect(await ready('node-1')).toMatchObject({
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped posting node status.',
    })
    expect(await taintsOf('node-1')).toEqual(UNREACHABLE)
    expect(isReady(await cluster.pod('bare'))).toBe(false)
    expect((await cluster.pod('bare')).status?.phase).toBe('Running')
    expect(await cluster.events('node-1', 'NodeNotReady')).toHaveLength(1)
  })

  it('that recovers before the eviction keeps its pods', async () => {
    await cluster.apply(barePod('bare', onNode1), replicaSet('web', 3))
    const before = (await cluster.pods()).map(({ metadata }) => metadata.uid)
    await cluster.cluster.simulation.fail('node-1')
    await cluster.seconds(200)
    await cluster.cluster.simulation.recover('node-1')
    await cluster.seconds(1)
    expect(await taintsOf('node-1')).toEqual([])
    expect(isReady(await cluster.pod('bare'))).toBe(true)
    await cluster.seconds(1000)
    const after = await cluster.pods()
    expect(after.map(({ metadata }) => metadata.uid)).toEqual(before)
    expect(after.every(isReady)).toBe(true)
    // They ran on all the time.
    expect(after.flatMap((pod) => pod.status!.containerStatuses!.map(({ restartCount }) => restartCount))).toEqual([0, 0, 0, 0])
  })

  it('has its pods evicted after 300 s: those of a ReplicaSet are replaced elsewhere, the bare one is not', async () => {
    await cluster.apply(barePod('bare', onNode1), replicaSet('web', 3))
    const lost = (await cluster.podsByNode('web')).get('node-1')!
    await cluster.cluster.simulation.fail('node-1')
    const until = await cluster.until(
      'the pods are asked to go',
      async () => (await cluster.pod('bare')).metadata.deletionTimestamp !== undefined,
    )
    expect(until).toBeGreaterThanOrEqual(340)
    expect(until).toBeLessThanOrEqual(360)
    await cluster.seconds(600)
    // No kubelet confirms that they ended: they stay as they are.
    expect(namesOf(await cluster.pods())).toContain('bare')
    expect(namesOf(await cluster.pods('web'))).toContain(lost.metadata.name)
    const standing = (await cluster.pods('web')).filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    expect(standing).toHaveLength(3)
    expect(standing.every(isReady)).toBe(true)
    expect(standing.map(({ spec }) => spec.nodeName)).not.toContain('node-1')
    const [event] = await cluster.events('bare', 'TaintManagerEviction')
    expect(event?.message).toBe('Marking for deletion Pod default/bare')

    await cluster.cluster.simulation.recover('node-1')
    await cluster.seconds(1)
    expect(await cluster.find('pods', 'bare')).toBeUndefined()
    expect(await cluster.pods()).toHaveLength(3)
  })

  it('has its pods collected when the Node goes', async () => {
    await cluster.apply(barePod('bare', onNode1), replicaSet('web', 3))
    await cluster.cluster.simulation.fail('node-1')
    await cluster.seconds(30)
    await cluster.cluster.simulation.leave('node-1')
    await cluster.until('the pods are collected', async () => (await cluster.find('pods', 'bare')) === undefined, 60)
    await cluster.seconds(1)
    expect((await cluster.pods()).map(({ spec }) => spec.nodeName)).not.toContain('node-1')
    expect((await cluster.pods('web')).filter(isReady)).toHaveLength(3)
    await cluster.seconds(600)
    expect(await cluster.find('pods', 'bare')).toBeUndefined()
  })

  it('has others of its zone wait ten seconds each to be evicted from', async () => {
    for (let i = 4; i <= 12; i++) await cluster.cluster.simulation.join({ name: `node-${i}` })
    await cluster.seconds(1)
    for (const name of ['node-1', 'node-2', 'node-3']) await cluster.cluster.simulation.fail(name)
    await cluster.seconds(120)
    const added = async (name: string) =>
      Date.parse((await cluster.node(name)).spec.taints!.find(({ effect }) => effect === 'NoExecute')!.timeAdded!)
    const times = (await Promise.all(['node-1', 'node-2', 'node-3'].map(added))).sort((a, b) => a - b)
    expect(times.map((time) => time - times[0]!)).toEqual([0, 10_000, 20_000])
  })

  it('keeps pods that tolerate it for ever', async () => {
    const tolerations = [{ key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' }]
    await cluster.apply(barePod('patient', { spec: { ...onNode1.spec, tolerations } }))
    await cluster.cluster.simulation.fail('node-1')
    await cluster.seconds(3600)
    expect((await cluster.pod('patient')).metadata.deletionTimestamp).toBeUndefined()
  })

  it('evicts nothing when all nodes are silent', async () => {
    await cluster.apply(replicaSet('web', 3))
    for (const name of ['node-1', 'node-2', 'node-3']) await cluster.cluster.simulation.fail(name)
    await cluster.seconds(3600)
    expect((await cluster.pods()).filter(({ metadata }) => metadata.deletionTimestamp !== undefined)).toEqual([])
    expect(await taintsOf('node-1')).toEqual(['node.kubernetes.io/unreachable:NoSchedule'])
    for (const name of ['node-1', 'node-2', 'node-3']) await cluster.cluster.simulation.recover(name)
    await cluster.seconds(1)
    expect((await cluster.pods()).every(isReady)).toBe(true)
  })
})

describe('a node that leaves', () => {
  it('takes its lease along, and its pods', async () => {
    await cluster.apply(barePod('bare', onNode1))
    await cluster.cluster.simulation.leave('node-1')
    await cluster.seconds(60)
    expect(await cluster.pods()).toEqual([])
    expect(namesOf(await cluster.list<Node>('nodes'))).toEqual(['node-2', 'node-3'])
    const { items } = await cluster.client.list<Lease>('leases.coordination.k8s.io')
    expect(namesOf(items)).toEqual(['node-2', 'node-3'])
  })
})

describe('taints set by hand', () => {
  it('NoExecute evicts at once what does not tolerate it, and after its time what does for a while', async () => {
    const tolerations = [{ key: 'maintenance', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 60 }]
    await cluster.apply(barePod('hasty', onNode1), barePod('patient', { spec: { ...onNode1.spec, tolerations } }))
    await cluster.patch('nodes', 'node-1', { spec: { taints: [{ key: 'maintenance', effect: 'NoExecute' }] } })
    await cluster.seconds(1)
    expect(namesOf(await cluster.pods())).toEqual(['patient'])
    await cluster.seconds(58)
    expect(namesOf(await cluster.pods())).toEqual(['patient'])
    await cluster.seconds(2)
    expect(await cluster.pods()).toEqual([])
  })

  it('cordon and uncordon', async () => {
    for (const name of ['node-2', 'node-3']) await cluster.patch('nodes', name, { spec: { unschedulable: true } })
    expect(await taintsOf('node-2')).toEqual(['node.kubernetes.io/unschedulable:NoSchedule'])
    await cluster.apply(replicaSet('web', 4))
    expect(new Set((await cluster.pods()).map(({ spec }) => spec.nodeName))).toEqual(new Set(['node-1']))
    await cluster.patch('nodes', 'node-2', { spec: { unschedulable: null } })
    expect(await taintsOf('node-2')).toEqual([])
  })
})
