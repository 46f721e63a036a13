/** What becomes of a pod: its node, or what it and its events say, and when it is tried again. */
import { describe, expect, it } from 'vitest'
import type { Node, Pod } from '../../src/api/types.gen.ts'
import {
  afterPreemption,
  container,
  dislikes,
  NO_VICTIMS,
  NOT_HELPFUL,
  near,
  node,
  nodes,
  onNodes,
  pod,
  pods,
  shuns,
  spread,
  World,
  wants,
  withHostPort,
  worldOf,
} from '../support/scheduler-world.ts'

const asking = (cpu: string) => ({ asks: { cpu } })
/** In one term. */
const naming = (...names: readonly string[]) =>
  onNodes({ matchFields: names.map((name) => ({ key: 'metadata.name', operator: 'In', values: [name] })) })
const HOST = 'kubernetes.io/hostname'

type Row = [name: string, nodes: readonly Node[], placed: readonly Pod[], pod: Pod, expected: string]
const rows: Row[] = [
  ['no nodes', [], [], pod('p'), 'no nodes available to schedule pods'],
  ['a node', [node('a')], [], pod('p'), 'a'],
  ['nodeSelector', nodes('a', 'b disk=ssd'), [], pod('p', { nodeSelector: { disk: 'ssd' } }), 'b'],
  [
    'each reason is counted',
    [node('a', { allocatable: { cpu: '1' } }), node('b', { taints: ['k:NoSchedule'] }), node('c', { taints: ['k:NoExecute'] })],
    [],
    pod('p', asking('2')),
    `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint(s). ${afterPreemption(3, `3 ${NOT_HELPFUL}`)}`,
  ],
  [
    'a node says all that is short',
    [node('a', { allocatable: { cpu: '1', memory: '1', pods: '0' } })],
    [],
    pod('p', { asks: { cpu: '2', memory: '2', 'a.io/b': '1' } }),
    `0/1 nodes are available: 1 Insufficient a.io/b, 1 Insufficient cpu, 1 Insufficient memory, 1 Too many pods. ${afterPreemption(1, `1 ${NOT_HELPFUL}`)}`,
  ],
  [
    'a cordoned node',
    [node('a', { unschedulable: true })],
    [],
    pod('p'),
    `0/1 nodes are available: 1 node(s) were unschedulable. ${afterPreemption(1, `1 ${NOT_HELPFUL}`)}`,
  ],
  [
    'a cordon is told before a taint',
    [node('a', { unschedulable: true, taints: ['node.kubernetes.io/unschedulable:NoSchedule'] })],
    [],
    pod('p'),
    `0/1 nodes are available: 1 node(s) were unschedulable. ${afterPreemption(1, `1 ${NOT_HELPFUL}`)}`,
  ],
  [
    'too small even without the pods of lower priority',
    nodes('a', 'b'),
    [pod('x', { ...asking('3'), on: 'a', priority: 5 }), pod('y', { ...asking('1'), on: 'a', priority: 1 })],
    pod('p', { ...asking('2'), priority: 3, nodeSelector: { [HOST]: 'a' } }),
    `0/2 nodes are available: 1 Insufficient cpu, 1 node(s) didn't match Pod's node affinity/selector. ${afterPreemption(2, `1 Insufficient cpu, 1 ${NOT_HELPFUL}`)}`,
  ],
  [
    'a pod that may not preempt',
    [node('a', { allocatable: { pods: '0' } })],
    [],
    pod('p', { preemptionPolicy: 'Never' }),
    '0/1 nodes are available: 1 Too many pods. no new claims to deallocate, preemption: not eligible due to preemptionPolicy=Never.',
  ],
  [
    'a pod that names its node',
    [node('a', { allocatable: { pods: '0' } }), node('b')],
    [],
    pod('p', naming('a')),
    `0/2 nodes are available: 1 Too many pods, 1 node(s) didn't satisfy plugin(s) [NodeAffinity]. ${afterPreemption(2, `1 ${NO_VICTIMS}, 1 ${NOT_HELPFUL}`)}`,
  ],
  [
    'a pod that names a node that is not there',
    nodes('a', 'b'),
    [],
    pod('p', naming('x')),
    `0/2 nodes are available: 2 node(s) didn't satisfy plugin(s) [NodeAffinity]. ${afterPreemption(2, `2 ${NOT_HELPFUL}`)}`,
  ],
  [
    'a pod that names two nodes at once',
    nodes('a', 'b'),
    [],
    pod('p', naming('a', 'b')),
    '0/2 nodes are available: pod affinity terms conflict. not found',
  ],
  [
    'a full node',
    [node('a')],
    [pod('x', { ...asking('3'), on: 'a' })],
    pod('p', asking('2')),
    `0/1 nodes are available: 1 Insufficient cpu. ${afterPreemption(1, `1 ${NO_VICTIMS}`)}`,
  ],
  [
    'a node full of pods',
    [node('a', { allocatable: { pods: '1' } })],
    [pod('x', { on: 'a' })],
    pod('p'),
    `0/1 nodes are available: 1 Too many pods. ${afterPreemption(1, `1 ${NO_VICTIMS}`)}`,
  ],
  [
    'affinity to pods that are nowhere',
    [node('a')],
    [],
    pod('p', wants(near('app=db'))),
    `0/1 nodes are available: 1 node(s) didn't match pod affinity rules. ${afterPreemption(1, `1 ${NOT_HELPFUL}`)}`,
  ],
  [
    "a placed pod's anti-affinity",
    [node('a')],
    pods('a:none', shuns(near('app=p'))),
    pod('p', { is: 'app=p' }),
    `0/1 nodes are available: 1 node(s) didn't satisfy existing pods anti-affinity rules. ${afterPreemption(1, `1 ${NO_VICTIMS}`)}`,
  ],
  [
    'spread over nodes without the key',
    [node('a')],
    [],
    pod('p', { topologySpreadConstraints: [spread('zone', 'a=b')] }),
    `0/1 nodes are available: 1 node(s) didn't match pod topology spread constraints (missing required label). ${afterPreemption(1, `1 ${NOT_HELPFUL}`)}`,
  ],
  ['PreferNoSchedule is avoided', [node('a', { taints: ['k:PreferNoSchedule'] }), node('b')], [], pod('p'), 'b'],
  ['least allocated', nodes('a', 'b'), [pod('x', { ...asking('3'), on: 'a' })], pod('p'), 'b'],
  [
    'a host port that is taken',
    nodes('a', 'b'),
    [pod('x', { containers: [withHostPort('80')], on: 'a' })],
    pod('p', { containers: [withHostPort('80')] }),
    'b',
  ],
  ['preferred anti-affinity', nodes('a', 'b'), pods('a'), pod('p', dislikes([100, near('foo=')])), 'b'],
  ['scheduling gates', [node('a')], [], pod('p', { schedulingGates: [{ name: 'g' }, { name: 'h' }] }), 'scheduling gates: g, h'],
  ["another scheduler's pod", [node('a')], [], pod('p', { schedulerName: 'mine' }), 'nothing'],
  ['a pod that is leaving', [node('a')], [], pod('p', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }), 'nothing'],
]

describe('scheduler', () => {
  it.each(rows)('%s', (_name, cluster, placed, asked, expected) => {
    expect(worldOf(cluster, placed).set('pods', asked).schedule('default/p')).toBe(expected)
  })

  it('lets pods placed in a row see each other', () => {
    const world = worldOf(nodes('a', 'b'))
    const placed = ['1', '2', '3'].map((name) => world.set('pods', pod(name, asking('3'))).schedule(`default/${name}`))
    expect(placed.slice(0, 2).sort()).toEqual(['a', 'b'])
    expect(placed[2]).toContain('2 Insufficient cpu')
  })

  it('spreads the pods of one controller', () => {
    const world = worldOf(nodes('a', 'b', 'c'))
    world.set('replicasets.apps', { metadata: { name: 'r', namespace: 'default' }, spec: { selector: { matchLabels: { app: 'r' } } } })
    const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'r', uid: 'r', controller: true }]
    const counts = new Map<string, number>()
    for (let i = 0; i < 9; i++) {
      const chosen = world.set('pods', pod(`p${i}`, { metadata: { ownerReferences, labels: { app: 'r' } } })).schedule(`default/p${i}`)
      counts.set(chosen, (counts.get(chosen) ?? 0) + 1)
    }
    expect([...counts.values()]).toEqual([3, 3, 3])
  })

  it('fills a new node with pods that wait, each placed one bringing on the next', () => {
    const world = new World()
    for (let i = 0; i < 100; i++) {
      expect(world.set('pods', pod(`p${i}`)).schedule(`default/p${i}`)).toBe('no nodes available to schedule pods')
    }
    world.set('nodes', node('a'))
    let bound = 0
    for (let key = world.queue.shift(); key !== undefined; key = world.queue.shift()) {
      if (world.schedule(key) !== 'a') continue
      bound++
      const waiting = world.objects.get(`pods/${key}`) as Pod
      world.set('pods', { ...waiting, spec: { ...waiting.spec, nodeName: 'a' } })
    }
    expect(bound).toBe(100)
  })

  it('cuts the event, not the condition, when there is too much to say', () => {
    const requests = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`example.com/device-number-${i}`, '1']))
    const world = worldOf(Array.from({ length: 40 }, (_, i) => node(`n${i}`)))
    const plan = world.set('pods', pod('p', { containers: [container(requests)] })).run('default/p')!
    const told = (plan.status as Pod).status!.conditions![0]!.message!
    expect(told.length).toBeGreaterThan(1024)
    expect(plan.events![0]!.message).toBe(`${told.slice(0, 1020)} ...`)
  })
})

describe('a large cluster', () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => node(`n${String(i).padStart(4, '0')}`))

  it.each([
    [50, 50],
    [100, 100],
    [101, 100],
    [400, 188],
    [1000, 420],
    [5000, 500],
    [6000, 300],
  ])('of %i nodes has %i looked for', async (count, expected) => {
    const { nodesToFind } = await import('../../src/scheduler/choose-node.ts')
    expect(nodesToFind(count)).toBe(expected)
  })

  it('gives all nodes their turn, one share of them after the other', () => {
    const world = worldOf(many(300))
    // Each tries 141 nodes: the next begins behind them.
    const chosen = Array.from({ length: 3 }, (_, i) =>
      Number(
        world
          .set('pods', pod(`p${i}`))
          .schedule(`default/p${i}`)
          .slice(1),
      ),
    )
    const shares = chosen.map((index, turn) => (index - turn * 141 + 600) % 300)
    expect(shares.every((offset) => offset < 141)).toBe(true)
  })

  it('tries one node of each zone in turn', async () => {
    const { inZoneTurns } = await import('../../src/scheduler/node-order.ts')
    const { NodeInfo } = await import('../../src/scheduler/node-info.ts')
    const zone = (index: number) => `topology.kubernetes.io/zone=${index}`
    const infos = nodes(`a ${zone(1)}`, `b ${zone(1)}`, `c ${zone(1)}`, `d ${zone(2)}`, `e ${zone(3)}`, `f ${zone(3)}`).map((each) => {
      const info = new NodeInfo(each.metadata.name)
      info.setNode(each)
      return info
    })
    expect(inZoneTurns(infos).map(({ name }) => name)).toEqual(['a', 'd', 'e', 'b', 'f', 'c'])
  })

  it('looks at the nominated node first, wherever it is', () => {
    const world = worldOf(many(300))
    world.set('pods', pod('p', { status: { nominatedNodeName: 'n0299' } }))
    expect(world.schedule('default/p')).toBe('n0299')
  })
})

describe('a pod that fits nowhere', () => {
  const full = () => worldOf([node('a')], [pod('x', { ...asking('3'), on: 'a' })]).set('pods', pod('p', asking('2')))

  it('is tried again only when something makes room', () => {
    const world = full()
    const plan = world.park('default/p')
    expect(plan.status).toMatchObject({ status: { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }] } })
    expect(world.schedule('default/p')).toBe('a change that makes room for it')
    world.set('nodes', { ...node('a'), status: { ...node('a').status, conditions: [] } })
    expect(world.queue).toEqual([])
    world.remove('pods', 'default', 'x')
    expect(world.queue).toEqual(['default/p'])
    expect(world.schedule('default/p')).toBe('a')
  })

  it.each<[string, (world: World) => void, boolean]>([
    ['room is freed', (world) => world.remove('pods', 'default', 'x'), true],
    ['a pod ends', (world) => world.set('pods', pod('x', { ...asking('3'), on: 'a', status: { phase: 'Succeeded' } })), true],
    ['a pod shrinks', (world) => world.set('pods', pod('x', { ...asking('1'), on: 'a', metadata: { generation: 2 } })), true],
    ['a pod gets a label', (world) => world.set('pods', pod('x', { ...asking('3'), on: 'a', is: 'a=b' })), false],
    ['a pod without a node goes', (world) => world.set('pods', pod('q')).remove('pods', 'default', 'q'), false],
    [
      'a nominated pod goes',
      (world) => world.set('pods', pod('q', { status: { nominatedNodeName: 'a' } })).remove('pods', 'default', 'q'),
      true,
    ],
    ['a pod is no longer nominated', (world) => world.set('pods', pod('q', { status: { nominatedNodeName: 'a' } }), pod('q')), true],
    ['a node joins', (world) => world.set('nodes', node('b')), true],
    ['a node joins that is too small', (world) => world.set('nodes', node('b', { allocatable: { cpu: '1' } })), false],
    ['a node grows', (world) => world.set('nodes', node('a', { allocatable: { cpu: '8' } })), true],
    ['a node is labelled', (world) => world.set('nodes', node('a', { labels: { x: 'y' } })), false],
    ['a claim comes', (world) => world.set('persistentvolumeclaims', { metadata: { name: 'c', namespace: 'default' }, spec: {} }), false],
    ['a namespace comes', (world) => world.set('namespaces', { metadata: { name: 'n' } }), false],
  ])('is tried again or not when %s', (_name, happen, isTried) => {
    const world = full()
    world.park('default/p')
    happen(world)
    expect(world.queue.includes('default/p')).toBe(isTried)
  })

  it.each([
    ['its labels change', { is: 'new=' }],
    ['its spec changes', { metadata: { generation: 2 } }],
    ['it is another of its name', { metadata: { uid: 'other' } }],
  ])('is tried again when %s', (_name, more) => {
    const world = full()
    const { status } = world.park('default/p')
    const changed = pod('p', { ...asking('2'), ...more })
    world.set('pods', { ...changed, status: (status as Pod).status })
    expect(world.schedule('default/p')).toContain('Insufficient cpu')
  })

  it('is tried again after five minutes, whatever happens', () => {
    const world = full()
    expect(world.park('default/p').requeueAfterMs).toBe(300_000)
    world.now += 299_999
    expect(world.schedule('default/p')).toBe('a change that makes room for it')
    world.now += 1
    expect(world.schedule('default/p')).toContain('Insufficient cpu')
  })

  it('is told again only what is new', () => {
    const world = full()
    world.park('default/p')
    world.now += 300_000
    const again = world.run('default/p')!
    expect(again.status).toBeUndefined()
    expect(again.events).toHaveLength(1)
  })

  it('is tried again as long as its status does not say so', () => {
    const world = full()
    const first = world.run('default/p')
    // The status could not be written: another writer came between.
    expect(world.run('default/p')?.status).toEqual(first?.status)
    world.set('pods', first!.status!)
    expect(world.run('default/p')).toEqual({ waitingOn: 'a change that makes room for it' })
  })

  it('waits for any new node where there was none', () => {
    const world = new World().set('pods', pod('p'))
    world.park('default/p')
    world.set('nodes', node('a', { unschedulable: true }))
    expect(world.queue).toEqual(['default/p'])
  })

  it('is woken with those that are most important first', () => {
    const world = full().set('pods', pod('q', { ...asking('2'), priority: 7, preemptionPolicy: 'Never' }))
    world.park('default/p')
    world.park('default/q')
    world.remove('pods', 'default', 'x')
    expect(world.queue).toEqual(['default/q', 'default/p'])
  })
})

describe('a binding', () => {
  it('that is not seen is made anew', () => {
    const world = worldOf([node('a')]).set('pods', pod('p'))
    expect(world.schedule('default/p')).toBe('a')
    expect(world.run('default/p')).toMatchObject({ waitingOn: 'the binding to be seen' })
    world.now += 5000
    expect(world.schedule('default/p')).toBe('a')
  })

  it('that fails is told, and tried again after one second, then two, at most ten', () => {
    const world = worldOf([node('a')]).set('pods', pod('p'))
    const delays: (number | undefined)[] = []
    for (let i = 0; i < 6; i++) {
      const action = world.run('default/p')!.actions![0]!
      const plan = world.run('default/p', { action, reason: 'Forbidden', message: 'pods "p" is forbidden: no' })!
      expect(plan.events).toMatchObject([
        { reason: 'FailedScheduling', message: 'running Bind plugin "DefaultBinder": pods "p" is forbidden: no' },
      ])
      expect(plan.status).toMatchObject({ status: { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulerError' }] } })
      delays.push(plan.requeueAfterMs)
      expect(world.run('default/p')).toMatchObject({ waitingOn: 'the time to try again' })
      world.now += plan.requeueAfterMs!
    }
    expect(delays).toEqual([1000, 2000, 4000, 8000, 10_000, 10_000])
  })

  it('that failed leaves its room to others meanwhile', () => {
    const world = worldOf([node('a')]).set('pods', pod('p', asking('3')))
    const action = world.run('default/p')!.actions![0]!
    world.run('default/p', { action, reason: 'Forbidden', message: 'no' })
    expect(world.set('pods', pod('q', asking('3'))).schedule('default/q')).toBe('a')
  })
})

it('ranks pods by priority', () => {
  const world = new World().set('pods', pod('p', { priority: 5 }), pod('q'))
  expect(['default/p', 'default/q', 'default/none'].map((key) => world.controller.rank!(world.reader, key))).toEqual([5, 0, 0])
})

describe('images', () => {
  const MIB = 1024 * 1024
  const image = (...names: readonly string[]) => ({ containers: names.map((name) => ({ ...container(), image: name })) })
  const rates = async (cluster: readonly Node[], spec: object) => {
    const { Question } = await import('../support/scheduler-world.ts')
    return new Question(worldOf(cluster), pod('p', spec)).rates('ImageLocality')
  }
  const a = node('a', { images: { 'gcr.io/40:latest': 40 * MIB, 'gcr.io/300:latest': 300 * MIB, 'gcr.io/2000:latest': 2000 * MIB } })
  const b = node('b', { images: { 'gcr.io/250:latest': 250 * MIB, 'gcr.io/10:latest': 10 * MIB } })
  it.each<[string, readonly Node[], object, Record<string, number> | undefined]>([
    ['nobody holds any', [node('a'), node('b')], image('gcr.io/40'), undefined],
    ['the larger one', [a, b], image('gcr.io/40', 'gcr.io/250'), { a: 0, b: 5 }],
    ['both on one', [a, b], image('gcr.io/40', 'gcr.io/300'), { a: 7, b: 0 }],
    ['no more than a limit', [a, b], image('gcr.io/2000', 'gcr.io/10'), { a: 49, b: 0 }],
    ['of three nodes one is without any', [a, b, node('c')], image('gcr.io/2000', 'gcr.io/10'), { a: 32, b: 0, c: 0 }],
    ['several small ones', [a, b], image('gcr.io/10', 'gcr.io/10', 'gcr.io/10'), { a: 0, b: 0 }],
    ['a tag', [a, b], image('gcr.io/300:v1'), { a: 0, b: 0 }],
    ['of init containers', [a, b], { ...image('gcr.io/40'), initContainers: [{ ...container(), image: 'gcr.io/300' }] }, { a: 7, b: 0 }],
    ['of volumes', [a, b], { ...image('x'), volumes: [{ name: 'v', image: { reference: 'gcr.io/300' } }] }, { a: 12, b: 0 }],
    ['held by all', [a, node('b', { images: { 'gcr.io/300:latest': 300 * MIB } })], image('gcr.io/300'), { a: 28, b: 28 }],
  ])('%s', async (_name, cluster, spec, expected) => {
    expect(await rates(cluster, spec)).toEqual(expected)
  })
})
