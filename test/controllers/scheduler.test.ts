import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findCondition } from '../../src/api/meta/conditions.ts'
import type { Pod } from '../../src/index.ts'
import { barePod, isReady, namesOf, replicaSet, Scenario } from '../support/scenario.ts'

/** Room for four pods of a core. */
const CAPACITY = { cpu: '4', memory: '8Gi', pods: '10' }
const NODES = ['a-1', 'a-2', 'b-1'] as const

let cluster: Scenario
beforeEach(async () => {
  cluster = await Scenario.start({ nodes: 0 })
  for (const name of NODES) await join(name)
})
afterEach(() => cluster.close())

async function join(name: string): Promise<void> {
  await cluster.cluster.simulation.join({ name, capacity: CAPACITY, labels: { zone: name[0]! } })
  await cluster.seconds(1)
}
const cpu = (amount: string) => ({ container: { resources: { requests: { cpu: amount } } } })
const nodeOf = async (name: string) => (await cluster.pod(name)).spec.nodeName
const waitsBecause = async (name: string) => {
  const { status, spec } = await cluster.pod(name)
  expect(spec.nodeName).toBeUndefined()
  expect(status?.phase).toBe('Pending')
  return findCondition(status?.conditions, 'PodScheduled')
}
/** How many of the pods are on each node. */
const spread = (pods: readonly Pod[]) => NODES.map((name) => pods.filter(({ spec }) => spec.nodeName === name).length)
const inZone = (zone: string) => ({ nodeSelector: { zone } })
const selector = (app: string) => ({ labelSelector: { matchLabels: { app } } })
const affinityTo = (kind: 'podAffinity' | 'podAntiAffinity', app: string, topologyKey = 'kubernetes.io/hostname') => ({
  affinity: { [kind]: { requiredDuringSchedulingIgnoredDuringExecution: [{ ...selector(app), topologyKey }] } },
})
const NO_PREEMPTION = 'no new claims to deallocate, preemption: 0/3 nodes are available:'

describe('resources', () => {
  it('spread pods over the nodes', async () => {
    await cluster.apply(replicaSet('web', 9, cpu('100m')))
    expect(spread(await cluster.pods('web'))).toEqual([3, 3, 3])
  })

  it('go by what is free', async () => {
    await cluster.apply(barePod('big', { ...cpu('3'), spec: { nodeName: 'a-1' } }))
    await cluster.apply(...[1, 2, 3, 4].map((i) => barePod(`small-${i}`, cpu('1'))))
    expect(spread(await cluster.pods())).toEqual([1, 2, 2])
  })

  it('keep a pod waiting that fits nowhere, and say why', async () => {
    await cluster.apply(barePod('huge', cpu('5')))
    expect(await waitsBecause('huge')).toMatchObject({
      status: 'False',
      reason: 'Unschedulable',
      message: `0/3 nodes are available: 3 Insufficient cpu. ${NO_PREEMPTION} 3 Preemption is not helpful for scheduling.`,
    })
    const [event] = await cluster.events('huge', 'FailedScheduling')
    expect(event).toMatchObject({ type: 'Warning', action: 'Scheduling', reportingComponent: 'default-scheduler' })
    expect(event?.message).toBe((await waitsBecause('huge'))?.message)
  })

  it('are there again when a pod goes', async () => {
    await cluster.apply(replicaSet('web', 12, cpu('1')), barePod('next', cpu('1')))
    expect((await waitsBecause('next'))?.message).toBe(
      `0/3 nodes are available: 3 Insufficient cpu. ${NO_PREEMPTION} 3 No preemption victims found for incoming pod.`,
    )
    await cluster.patch('replicasets.apps', 'web', { spec: { replicas: 11 } })
    await cluster.seconds(1)
    expect(isReady(await cluster.pod('next'))).toBe(true)
    expect((await cluster.events('next', 'Scheduled'))[0]?.message).toMatch(/^Successfully assigned default\/next to [ab]-[12]$/)
  })

  it('are there again when a pod ends', async () => {
    await cluster.apply(replicaSet('web', 11, cpu('1')))
    await cluster.apply(
      barePod('short', { container: { ...cpu('1').container, command: ['sleep', '20'] }, spec: { restartPolicy: 'Never' } }),
    )
    await cluster.apply(barePod('next', cpu('1')))
    await cluster.seconds(19)
    await waitsBecause('next')
    await cluster.seconds(2)
    expect(isReady(await cluster.pod('next'))).toBe(true)
  })

  it('come with a node that joins', async () => {
    await cluster.apply(replicaSet('web', 16, cpu('1')))
    expect((await cluster.pods('web')).filter(isReady)).toHaveLength(12)
    await join('b-2')
    expect((await cluster.pods('web')).filter(isReady)).toHaveLength(16)
  })

  it('come with nodes that join, however many wait', async () => {
    for (const name of NODES) await cluster.patch('nodes', name, { spec: { unschedulable: true } })
    await cluster.apply(replicaSet('web', 300, cpu('10m')))
    for (const name of ['c-1', 'c-2', 'c-3']) await cluster.cluster.simulation.join({ name, capacity: { ...CAPACITY, pods: '100' } })
    await cluster.seconds(1)
    expect((await cluster.pods('web')).filter(isReady)).toHaveLength(300)
  })

  it('count pods too', async () => {
    await cluster.apply(replicaSet('web', 31))
    const waiting = (await cluster.pods('web')).filter(({ spec }) => spec.nodeName === undefined)
    expect(waiting).toHaveLength(1)
    expect((await waitsBecause(waiting[0]!.metadata.name))?.message).toMatch('3 Too many pods')
  })

  it('include those of init containers, the greatest, and of sidecars', async () => {
    const request = (name: string, amount: string, more = {}) => ({ name, image: 'i', resources: { requests: { cpu: amount } }, ...more })
    const initContainers = [request('prepare', '3'), request('proxy', '2', { restartPolicy: 'Always' })]
    await cluster.apply(barePod('fits', { spec: { initContainers }, ...cpu('2') }))
    expect(await nodeOf('fits')).toBeDefined()
    await cluster.apply(barePod('not', { spec: { initContainers }, ...cpu('2100m') }))
    await waitsBecause('not')
  })
})

describe('where a pod wants to be', () => {
  it('nodeSelector', async () => {
    await cluster.apply(replicaSet('web', 4, { spec: inZone('a') }), barePod('lost', { spec: inZone('c') }))
    expect(spread(await cluster.pods('web'))).toEqual([2, 2, 0])
    expect((await waitsBecause('lost'))?.message).toBe(
      `0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector. ${NO_PREEMPTION} 3 Preemption is not helpful for scheduling.`,
    )
    await cluster.patch('nodes', 'a-2', { metadata: { labels: { zone: 'c' } } })
    expect(await nodeOf('lost')).toBe('a-2')
  })

  it('required and preferred node affinity', async () => {
    const terms = (operator: string, ...values: string[]) => ({ matchExpressions: [{ key: 'zone', operator, values }] })
    const required = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [terms('NotIn', 'a')] } }
    const preferred = { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, preference: terms('In', 'b') }] }
    await cluster.apply(replicaSet('must', 2, { spec: { affinity: { nodeAffinity: required } } }))
    await cluster.apply(replicaSet('like', 6, { ...cpu('1'), spec: { affinity: { nodeAffinity: preferred } } }))
    expect(spread(await cluster.pods('must'))).toEqual([0, 0, 2])
    // As long as there is room.
    expect(spread(await cluster.pods('like'))).toEqual([1, 1, 4])
  })

  it('pod affinity: beside another, and waiting for it', async () => {
    await cluster.apply(barePod('follower', { spec: affinityTo('podAffinity', 'leader') }))
    expect((await waitsBecause('follower'))?.message).toMatch("3 node(s) didn't match pod affinity rules.")
    await cluster.apply(barePod('leader', { spec: { nodeName: 'a-2' } }))
    await cluster.seconds(1)
    expect(await nodeOf('follower')).toBe('a-2')
  })

  it('pod anti-affinity: one a node, or one a zone', async () => {
    await cluster.apply(replicaSet('lone', 4, { spec: affinityTo('podAntiAffinity', 'lone') }))
    expect(spread(await cluster.pods('lone'))).toEqual([1, 1, 1])
    const [waiting] = (await cluster.pods('lone')).filter(({ spec }) => spec.nodeName === undefined)
    expect((await waitsBecause(waiting!.metadata.name))?.message).toBe(
      `0/3 nodes are available: 3 node(s) didn't match pod anti-affinity rules. ${NO_PREEMPTION} 3 No preemption victims found for incoming pod.`,
    )
    await cluster.apply(replicaSet('zonal', 3, { spec: affinityTo('podAntiAffinity', 'zonal', 'zone') }))
    const [a1, a2, b1] = spread(await cluster.pods('zonal'))
    expect([a1! + a2!, b1]).toEqual([1, 1])
    await join('b-2')
    expect(await nodeOf(waiting!.metadata.name)).toBe('b-2')
  })

  it('pod anti-affinity of those that are there already', async () => {
    await cluster.apply(replicaSet('guard', 3, { spec: affinityTo('podAntiAffinity', 'noisy') }), barePod('noisy'))
    expect((await waitsBecause('noisy'))?.message).toMatch("3 node(s) didn't satisfy existing pods anti-affinity rules")
    await cluster.patch('replicasets.apps', 'guard', { spec: { replicas: 2 } })
    await cluster.seconds(1)
    expect(isReady(await cluster.pod('noisy'))).toBe(true)
  })

  it('topology spread', async () => {
    const topologySpreadConstraints = [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', ...selector('even') }]
    await cluster.apply(replicaSet('even', 6, { spec: { topologySpreadConstraints } }))
    expect(spread(await cluster.pods('even'))[2]).toBe(3)
    await cluster.patch('nodes', 'b-1', { spec: { unschedulable: true } })
    await cluster.patch('replicasets.apps', 'even', { spec: { replicas: 8 } })
    const waiting = (await cluster.pods('even')).filter(({ spec }) => spec.nodeName === undefined)
    expect(waiting).toHaveLength(1)
    expect((await waitsBecause(waiting[0]!.metadata.name))?.message).toMatch(
      "1 node(s) were unschedulable, 2 node(s) didn't match pod topology spread constraints",
    )
  })

  it('zones, also for a ReplicaSet that says nothing of them', async () => {
    for (const name of NODES) await cluster.patch('nodes', name, { metadata: { labels: { 'topology.kubernetes.io/zone': name[0] } } })
    await cluster.apply(replicaSet('web', 4))
    expect(spread(await cluster.pods('web'))).toEqual([1, 1, 2])
  })

  it('preferred topology spread, as long as there is room', async () => {
    const topologySpreadConstraints = [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway', ...selector('even') }]
    await cluster.apply(replicaSet('even', 6, { ...cpu('1'), spec: { topologySpreadConstraints } }))
    expect(spread(await cluster.pods('even'))[2]).toBe(3)
    await cluster.patch('replicasets.apps', 'even', { spec: { replicas: 12 } })
    expect(spread(await cluster.pods('even'))).toEqual([4, 4, 4])
  })

  it('taints keep it out until it tolerates them or they go', async () => {
    const taints = [{ key: 'dedicated', value: 'db', effect: 'NoSchedule' }]
    for (const name of NODES) await cluster.patch('nodes', name, { spec: { taints } })
    const tolerations = [{ key: 'dedicated', operator: 'Equal', value: 'db', effect: 'NoSchedule' }]
    await cluster.apply(barePod('db', { spec: { tolerations } }), barePod('web'))
    expect(await nodeOf('db')).toBeDefined()
    expect((await waitsBecause('web'))?.message).toMatch('0/3 nodes are available: 3 node(s) had untolerated taint(s). ')
    await cluster.patch('nodes', 'b-1', { spec: { taints: null } })
    expect(await nodeOf('web')).toBe('b-1')
  })

  it('PreferNoSchedule only as long as there are others', async () => {
    await cluster.patch('nodes', 'a-1', { spec: { taints: [{ key: 'old', effect: 'PreferNoSchedule' }] } })
    await cluster.apply(replicaSet('web', 8, cpu('1')))
    expect(spread(await cluster.pods('web'))).toEqual([0, 4, 4])
    await cluster.patch('replicasets.apps', 'web', { spec: { replicas: 10 } })
    expect(spread(await cluster.pods('web'))).toEqual([2, 4, 4])
  })

  it('host ports', async () => {
    await cluster.apply(replicaSet('proxy', 4, { container: { ports: [{ containerPort: 80, hostPort: 80 }] } }))
    expect(spread(await cluster.pods('proxy'))).toEqual([1, 1, 1])
  })

  it('no node at all', async () => {
    for (const name of NODES) await cluster.cluster.simulation.leave(name)
    await cluster.apply(barePod('web'))
    expect((await waitsBecause('web'))?.message).toBe('no nodes available to schedule pods')
  })
})

describe('what holds a pod back', () => {
  it('scheduling gates, until the last is taken away', async () => {
    await cluster.apply(barePod('gated', { spec: { schedulingGates: [{ name: 'a.io/x' }, { name: 'a.io/y' }] } }))
    expect(await waitsBecause('gated')).toMatchObject({
      reason: 'SchedulingGated',
      message: 'Scheduling is blocked due to non-empty scheduling gates',
    })
    await cluster.patch('pods', 'gated', { spec: { schedulingGates: [{ name: 'a.io/y' }] } })
    await waitsBecause('gated')
    await cluster.patch('pods', 'gated', { spec: { schedulingGates: null } })
    expect(isReady(await cluster.pod('gated'))).toBe(true)
    expect(await cluster.events('gated', 'FailedScheduling')).toEqual([])
  })

  it('the name of another scheduler', async () => {
    await cluster.apply(barePod('other', { spec: { schedulerName: 'my-scheduler' } }))
    await cluster.seconds(3600)
    const pod = await cluster.pod('other')
    expect(pod.status?.phase).toBe('Pending')
    expect(pod.status?.conditions).toBeUndefined()
  })
})

describe('priority', () => {
  const high = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'high' }, value: 1000 }

  it('makes room, by the least harm', async () => {
    await cluster.apply(high, replicaSet('low', 12, { ...cpu('1'), annotations: { 'coracle.dev/stop-delay': '5s' } }))
    await cluster.apply(barePod('urgent', { ...cpu('2'), spec: { priorityClassName: 'high' } }))
    const leaving = (await cluster.pods('low')).filter(({ metadata }) => metadata.deletionTimestamp !== undefined)
    expect(leaving).toHaveLength(2)
    expect(new Set(leaving.map(({ spec }) => spec.nodeName)).size).toBe(1)
    const node = leaving[0]!.spec.nodeName
    expect((await cluster.pod('urgent')).status?.nominatedNodeName).toBe(node)
    expect(findCondition(leaving[0]!.status?.conditions, 'DisruptionTarget')).toMatchObject({ reason: 'PreemptionByScheduler' })
    const [event] = await cluster.events(leaving[0]!.metadata.name, 'Preempted')
    const { uid } = (await cluster.pod('urgent')).metadata
    expect(event?.message).toBe(`Preempted by pod ${uid} on node ${node}`)
    expect(event).toMatchObject({ action: 'Preempting', related: { kind: 'Pod', name: 'urgent', uid } })
    await cluster.seconds(6)
    expect(await nodeOf('urgent')).toBe(node)
    // The victims' successors wait.
    expect((await cluster.pods('low')).filter(({ spec }) => spec.nodeName === undefined)).toHaveLength(2)
  })

  it('makes room for each of several that come at once', async () => {
    await cluster.apply(high, replicaSet('low', 12, { ...cpu('1'), annotations: { 'coracle.dev/stop-delay': '5s' } }))
    await cluster.apply(replicaSet('urgent', 3, { ...cpu('1'), spec: { priorityClassName: 'high' } }))
    expect((await cluster.pods('low')).filter(({ metadata }) => metadata.deletionTimestamp !== undefined)).toHaveLength(3)
    expect((await cluster.pods('urgent')).filter(({ status }) => status?.nominatedNodeName !== undefined)).toHaveLength(3)
    await cluster.seconds(6)
    expect((await cluster.pods('urgent')).filter(isReady)).toHaveLength(3)
    expect((await cluster.pods('low')).filter(isReady)).toHaveLength(9)
  })

  it('keeps the room it made for itself', async () => {
    const stops = (name: string, seconds: number) =>
      barePod(name, {
        ...cpu('2'),
        annotations: { 'coracle.dev/stop-delay': `${seconds}s` },
        spec: { nodeName: 'a-1', terminationGracePeriodSeconds: 60 },
      })
    await cluster.apply(high, stops('quick', 5), stops('slow', 20))
    for (const name of ['a-2', 'b-1']) await cluster.patch('nodes', name, { spec: { unschedulable: true } })
    await cluster.apply(barePod('urgent', { ...cpu('4'), spec: { priorityClassName: 'high' } }))
    await cluster.seconds(6)
    expect(namesOf(await cluster.pods())).toEqual(['slow', 'urgent'])
    await cluster.apply(barePod('sneaky', cpu('1')))
    expect((await waitsBecause('sneaky'))?.message).toMatch('1 Insufficient cpu, 2 node(s) were unschedulable')
    await cluster.seconds(15)
    expect(await nodeOf('urgent')).toBe('a-1')
    await waitsBecause('sneaky')
  })

  it('goes first among those that wait', async () => {
    await cluster.apply(high, replicaSet('low', 12, cpu('1')))
    const patient = { ...cpu('1'), spec: { priorityClassName: 'polite' } }
    await cluster.apply({ ...high, metadata: { name: 'polite' }, preemptionPolicy: 'Never' })
    await cluster.apply(barePod('first-come', cpu('1')), barePod('polite', patient))
    expect((await waitsBecause('polite'))?.message).toMatch('preemption: not eligible due to preemptionPolicy=Never.')
    await cluster.delete('replicasets.apps', 'low', { propagationPolicy: 'Orphan' })
    await cluster.delete(
      'pods',
      (await cluster.pods()).find(({ spec, metadata }) => spec.nodeName && metadata.name.startsWith('low'))!.metadata.name,
    )
    await cluster.seconds(1)
    expect(await nodeOf('polite')).toBeDefined()
    await waitsBecause('first-come')
  })
})
