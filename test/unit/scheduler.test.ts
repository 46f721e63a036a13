import { describe, expect, it } from 'vitest'
import type { Node, Pod, PodSpec } from '../../src/api/types.gen.ts'
import { World, worldOf } from '../support/scheduler-world.ts'

interface NodeMore {
  readonly labels?: Record<string, string>
  readonly spec?: Partial<Node['spec']>
  readonly allocatable?: Record<string, string>
}

function node(name: string, { labels, spec, allocatable }: NodeMore = {}): Node {
  return {
    metadata: { name, namespace: '', uid: name, labels: { 'kubernetes.io/hostname': name, ...labels } },
    spec: spec ?? {},
    status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110', ...allocatable } },
  } as unknown as Node
}

function pod(name: string, spec: Partial<PodSpec> = {}, metadata: Record<string, unknown> = {}): Pod {
  return {
    metadata: { name, namespace: 'default', uid: `uid-${name}`, generation: 1, creationTimestamp: '2026-01-01T00:00:00Z', ...metadata },
    spec: { containers: [{ name: 'main' }], schedulerName: 'default-scheduler', ...spec },
    status: {},
  } as unknown as Pod
}

const asking = (cpu: string): Partial<PodSpec> => ({ containers: [{ name: 'main', resources: { requests: { cpu } } }] })
/** In one term. */
const naming = (names: readonly string[]): Partial<PodSpec> => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchFields: names.map((name) => ({ key: 'metadata.name', operator: 'In', values: [name] })) }],
      },
    },
  },
})
const labelled = (app: string) => ({ labels: { app } })
const apps = (app: string, topologyKey = 'kubernetes.io/hostname') => ({ labelSelector: { matchLabels: { app } }, topologyKey })
const NONE = 'no new claims to deallocate, preemption:'

interface Row {
  readonly name: string
  readonly nodes: readonly Node[]
  readonly placed?: readonly Pod[]
  readonly pod: Pod
  readonly expect: string | readonly string[]
}

const rows: Row[] = [
  { name: 'no nodes', nodes: [], pod: pod('p'), expect: 'no nodes available to schedule pods' },
  { name: 'a node', nodes: [node('a')], pod: pod('p'), expect: 'a' },
  {
    name: 'nodeSelector',
    nodes: [node('a'), node('b', { labels: { disk: 'ssd' } })],
    pod: pod('p', { nodeSelector: { disk: 'ssd' } }),
    expect: 'b',
  },
  {
    name: 'each reason is counted',
    nodes: [
      node('a', { allocatable: { cpu: '1' } }),
      node('b', { spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] } }),
      node('c', { spec: { taints: [{ key: 'k', effect: 'NoExecute' }] } }),
    ],
    pod: pod('p', asking('2')),
    expect: `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint(s). ${NONE} 0/3 nodes are available: 3 Preemption is not helpful for scheduling.`,
  },
  {
    name: 'a taint that is tolerated',
    nodes: [node('a', { spec: { taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] } })],
    pod: pod('p', { tolerations: [{ key: 'k', operator: 'Exists' }] }),
    expect: 'a',
  },
  {
    name: 'PreferNoSchedule is avoided',
    nodes: [node('a', { spec: { taints: [{ key: 'k', effect: 'PreferNoSchedule' }] } }), node('b')],
    pod: pod('p'),
    expect: 'b',
  },
  {
    name: 'a cordoned node',
    nodes: [node('a', { spec: { unschedulable: true } })],
    pod: pod('p'),
    expect: `0/1 nodes are available: 1 node(s) were unschedulable. ${NONE} 0/1 nodes are available: 1 Preemption is not helpful for scheduling.`,
  },
  {
    name: 'a node that would be too small even without the pods of lower priority',
    nodes: [node('a'), node('b')],
    placed: [pod('x', { ...asking('3'), nodeName: 'a', priority: 5 }), pod('y', { ...asking('1'), nodeName: 'a', priority: 1 })],
    pod: pod('p', { ...asking('2'), priority: 3, nodeSelector: { 'kubernetes.io/hostname': 'a' } }),
    expect: `0/2 nodes are available: 1 Insufficient cpu, 1 node(s) didn't match Pod's node affinity/selector. ${NONE} 0/2 nodes are available: 1 Insufficient cpu, 1 Preemption is not helpful for scheduling.`,
  },
  {
    name: 'a pod that may not preempt',
    nodes: [node('a', { allocatable: { pods: '0' } })],
    pod: pod('p', { preemptionPolicy: 'Never' }),
    expect: `0/1 nodes are available: 1 Too many pods. ${NONE} not eligible due to preemptionPolicy=Never.`,
  },
  {
    name: 'a pod that names its node',
    nodes: [node('a', { allocatable: { pods: '0' } }), node('b')],
    pod: pod('p', naming(['a'])),
    expect: `0/2 nodes are available: 1 Too many pods, 1 node(s) didn't satisfy plugin(s) [NodeAffinity]. ${NONE} 0/2 nodes are available: 1 No preemption victims found for incoming pod, 1 Preemption is not helpful for scheduling.`,
  },
  {
    name: 'a pod that names two nodes at once',
    nodes: [node('a'), node('b')],
    pod: pod('p', naming(['a', 'b'])),
    expect: '0/2 nodes are available: pod affinity terms conflict. not found',
  },
  {
    name: 'a full node',
    nodes: [node('a')],
    placed: [pod('x', { ...asking('3'), nodeName: 'a' })],
    pod: pod('p', asking('2')),
    expect: `0/1 nodes are available: 1 Insufficient cpu. ${NONE} 0/1 nodes are available: 1 No preemption victims found for incoming pod.`,
  },
  {
    name: 'finished pods need nothing',
    nodes: [node('a')],
    placed: [{ ...pod('x', { ...asking('3'), nodeName: 'a' }), status: { phase: 'Succeeded' } }],
    pod: pod('p', asking('2')),
    expect: 'a',
  },
  {
    name: 'too many pods',
    nodes: [node('a', { allocatable: { pods: '1' } })],
    placed: [pod('x', { nodeName: 'a' })],
    pod: pod('p'),
    expect: `0/1 nodes are available: 1 Too many pods. ${NONE} 0/1 nodes are available: 1 No preemption victims found for incoming pod.`,
  },
  {
    name: 'least allocated',
    nodes: [node('a'), node('b')],
    placed: [pod('x', { ...asking('3'), nodeName: 'a' })],
    pod: pod('p'),
    expect: 'b',
  },
  {
    name: 'a host port that is taken',
    nodes: [node('a'), node('b')],
    placed: [pod('x', { containers: [{ name: 'm', ports: [{ containerPort: 80, hostPort: 80 }] }], nodeName: 'a' })],
    pod: pod('p', { containers: [{ name: 'm', ports: [{ containerPort: 8080, hostPort: 80 }] }] }),
    expect: 'b',
  },
  {
    name: 'required affinity',
    nodes: [node('a'), node('b')],
    placed: [pod('x', { nodeName: 'b' }, labelled('db'))],
    pod: pod('p', { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [apps('db')] } } }),
    expect: 'b',
  },
  {
    name: 'affinity to pods that are nowhere',
    nodes: [node('a')],
    pod: pod('p', { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [apps('db')] } } }),
    expect: `0/1 nodes are available: 1 node(s) didn't match pod affinity rules. ${NONE} 0/1 nodes are available: 1 Preemption is not helpful for scheduling.`,
  },
  {
    name: 'affinity to its own kind, as the first',
    nodes: [node('a')],
    pod: pod('p', { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [apps('p')] } } }, labelled('p')),
    expect: 'a',
  },
  {
    name: 'required anti-affinity by zone',
    nodes: [node('a', { labels: { zone: '1' } }), node('b', { labels: { zone: '1' } }), node('c', { labels: { zone: '2' } })],
    placed: [pod('x', { nodeName: 'a' }, labelled('p'))],
    pod: pod('p', { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [apps('p', 'zone')] } } }),
    expect: 'c',
  },
  {
    name: "a placed pod's anti-affinity",
    nodes: [node('a')],
    placed: [pod('x', { nodeName: 'a', affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [apps('p')] } } })],
    pod: pod('p', {}, labelled('p')),
    expect: `0/1 nodes are available: 1 node(s) didn't satisfy existing pods anti-affinity rules. ${NONE} 0/1 nodes are available: 1 No preemption victims found for incoming pod.`,
  },
  {
    name: 'anti-affinity in another namespace',
    nodes: [node('a')],
    placed: [pod('x', { nodeName: 'a' }, { ...labelled('p'), namespace: 'other' })],
    pod: pod('p', { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [apps('p')] } } }),
    expect: 'a',
  },
  {
    name: 'preferred anti-affinity',
    nodes: [node('a'), node('b')],
    placed: [pod('x', { nodeName: 'a' }, labelled('p'))],
    pod: pod('p', {
      affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: apps('p') }] } },
    }),
    expect: 'b',
  },
  {
    name: 'preferred node affinity',
    nodes: [node('a'), node('b', { labels: { disk: 'ssd' } })],
    pod: pod('p', {
      affinity: {
        nodeAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 10, preference: { matchExpressions: [{ key: 'disk', operator: 'In', values: ['ssd'] }] } },
          ],
        },
      },
    }),
    expect: 'b',
  },
  {
    name: 'topology spread',
    nodes: [node('a'), node('b')],
    placed: [pod('x', { nodeName: 'a' }, labelled('p'))],
    pod: pod('p', { topologySpreadConstraints: [{ ...apps('p'), maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' }] }, labelled('p')),
    expect: 'b',
  },
  { name: 'scheduling gates', nodes: [node('a')], pod: pod('p', { schedulingGates: [{ name: 'g' }] }), expect: 'scheduling gates: g' },
  { name: "another scheduler's pod", nodes: [node('a')], pod: pod('p', { schedulerName: 'mine' }), expect: 'nothing' },
  {
    name: 'a claim that is not there',
    nodes: [node('a')],
    pod: pod('p', { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }] }),
    expect: '0/1 nodes are available: persistentvolumeclaim "c" not found. not found',
  },
]

describe('scheduler', () => {
  it.each(rows.map((row) => [row.name, row] as const))('%s', (_name, row) => {
    const world = worldOf(row.nodes, row.placed)
    world.set('pods', row.pod)
    expect(world.schedule('default/p')).toBe(row.expect)
  })

  it('lets pods placed in a row see each other', () => {
    const world = worldOf([node('a'), node('b')])
    const placed = ['1', '2', '3'].map((name) => {
      world.set('pods', pod(name, asking('3')))
      return world.schedule(`default/${name}`)
    })
    expect(placed.slice(0, 2).sort()).toEqual(['a', 'b'])
    expect(placed[2]).toContain('2 Insufficient cpu')
  })

  it('spreads the pods of one controller', () => {
    const world = worldOf([node('a'), node('b'), node('c')])
    const owner = [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'r', uid: 'r', controller: true }]
    const counts = new Map<string, number>()
    for (let i = 0; i < 9; i++) {
      world.set('pods', pod(`p${i}`, {}, { ownerReferences: owner }))
      const chosen = world.schedule(`default/p${i}`)
      counts.set(chosen, (counts.get(chosen) ?? 0) + 1)
    }
    expect([...counts.values()]).toEqual([3, 3, 3])
  })

  it('tries a waiting pod again only when something makes room', () => {
    const world = worldOf([node('a')], [pod('x', { ...asking('3'), nodeName: 'a' })])
    world.set('pods', pod('p', asking('2')))
    const plan = world.run('default/p')
    expect(plan?.status).toMatchObject({ status: { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }] } })
    world.set('pods', plan!.status!)
    expect(world.schedule('default/p')).toBe('a change that makes room for it')
    world.set('nodes', { ...node('a'), status: { ...node('a').status, conditions: [] } })
    expect(world.queue).toEqual([])
    world.remove('pods', 'default', 'x')
    expect(world.queue).toEqual(['default/p'])
    expect(world.schedule('default/p')).toBe('a')
  })

  it('fills a new node with pods that wait, each placed one bringing on the next', () => {
    const world = new World()
    for (let i = 0; i < 100; i++) {
      world.set('pods', pod(`p${i}`))
      expect(world.schedule(`default/p${i}`)).toBe('no nodes available to schedule pods')
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

  it('places a pod anew whose binding failed', () => {
    const world = worldOf([node('a')])
    world.set('pods', pod('p'))
    expect(world.schedule('default/p')).toBe('a')
    expect(world.run('default/p')).toMatchObject({ waitingOn: 'the binding to be seen' })
    world.now += 5000
    expect(world.schedule('default/p')).toBe('a')
  })

  it('removes pods of lower priority', () => {
    const low = (name: string, on: string, priority: number, cpu: string) => pod(name, { ...asking(cpu), priority, nodeName: on })
    const world = worldOf([node('a'), node('b')], [low('x', 'a', 5, '3'), low('y', 'b', 1, '2'), low('z', 'b', 1, '2')])
    world.set('pods', pod('p', { ...asking('2'), priority: 10 }))
    const plan = world.run('default/p')
    expect(plan?.actions?.map((action) => ('target' in action ? `${action.verb} ${action.target.name}` : ''))).toEqual([
      'patch z',
      'delete z',
    ])
    expect(plan?.status).toMatchObject({ status: { nominatedNodeName: 'b' } })
    expect(plan?.events?.[0]?.message).toBe('0/2 nodes are available: 2 Insufficient cpu.')
  })

  it('removes what has run the least long, of victims that weigh the same', () => {
    const low = (name: string, on: string, priority: number, startTime: string) => {
      const made = pod(name, { ...asking('2'), priority, nodeName: on })
      return { ...made, status: { startTime } } as Pod
    }
    // Only the most important victim of a node counts: on a the later one, on b the earlier one.
    const world = worldOf(
      [node('a'), node('b')],
      [
        low('a1', 'a', 5, '2026-01-01T00:00:20Z'),
        low('a2', 'a', 1, '2026-01-01T00:00:00Z'),
        low('b1', 'b', 5, '2026-01-01T00:00:10Z'),
        low('b2', 'b', 1, '2026-01-01T00:00:30Z'),
      ],
    )
    world.set('pods', pod('p', { ...asking('4'), priority: 10 }))
    expect(world.run('default/p')?.status).toMatchObject({ status: { nominatedNodeName: 'a' } })
  })

  it('cuts the event, not the condition, when there is too much to say', () => {
    const nodes = Array.from({ length: 40 }, (_, i) => node(`n${i}`))
    const requests = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`example.com/device-number-${i}`, '1']))
    const world = worldOf(nodes, [])
    world.set('pods', pod('p', { containers: [{ name: 'main', resources: { requests } }] }))
    const plan = world.run('default/p')!
    const told = (plan.status as Pod).status!.conditions![0]!.message!
    expect(told.length).toBeGreaterThan(1024)
    expect(plan.events![0]!.message).toBe(`${told.slice(0, 1020)} ...`)
  })
})

describe('a pod that fits nowhere', () => {
  it('is looked at again only when its status says so', () => {
    const world = new World()
    world.set('nodes', node('a'))
    world.set('pods', pod('huge', asking('64')))
    const first = world.run('default/huge')
    // The status could not be written: another writer came between.
    expect(world.run('default/huge')?.status).toEqual(first?.status)
    world.set('pods', first!.status!)
    expect(world.run('default/huge')).toEqual({ waitingOn: 'a change that makes room for it' })
  })

  it('preempts others as they are now', () => {
    const world = new World()
    world.set('nodes', node('a'))
    const low = pod('low', { ...asking('3'), nodeName: 'a', priority: 0 }, { resourceVersion: '1' })
    world.set('pods', low)
    world.set('pods', { ...low, metadata: { ...low.metadata, resourceVersion: '2' }, status: { phase: 'Running' } })
    world.set('pods', pod('high', { ...asking('3'), priority: 9 }))
    expect(world.run('default/high')?.actions?.[0]).toMatchObject({ patch: { metadata: { resourceVersion: '2' } } })
  })
})
