import { describe, expect, it } from 'vitest'
import { microTimestamp, timestamp } from '../../src/api/meta/time.ts'
import type { Lease, Node, Pod, Taint, Toleration } from '../../src/api/types.gen.ts'
import { nodeLifecycleController } from '../../src/controllers/nodelifecycle/controller.ts'
import { nextTaints } from '../../src/controllers/nodelifecycle/node-taints.ts'
import { paceOf, reconcileNode } from '../../src/controllers/nodelifecycle/reconcile.ts'
import { reconcileTainted } from '../../src/controllers/nodelifecycle/taint-eviction.ts'
import { Zones } from '../../src/controllers/nodelifecycle/zones.ts'
import type { Reader } from '../../src/runtime/controller.ts'

const NOW = Date.parse('2026-01-01T01:00:00Z')

function node(name: string, ready: string | undefined, more: { taints?: Taint[]; unschedulable?: boolean; zone?: string } = {}): Node {
  const at = timestamp(NOW - 600_000)
  return {
    metadata: {
      name,
      uid: name,
      resourceVersion: '7',
      creationTimestamp: at,
      labels: more.zone ? { 'topology.kubernetes.io/zone': more.zone } : {},
    },
    spec: { taints: more.taints, unschedulable: more.unschedulable },
    status: {
      conditions:
        ready === undefined
          ? []
          : ['MemoryPressure', 'DiskPressure', 'PIDPressure', 'Ready'].map((type) => ({
              type,
              status: type === 'Ready' ? ready : ready === 'Unknown' ? ready : 'False',
              lastHeartbeatTime: at,
              lastTransitionTime: at,
            })),
    },
  } as unknown as Node
}

function withCondition(given: Node, type: string, status: string): Node {
  const others = given.status!.conditions!.filter((each) => each.type !== type)
  return { ...given, status: { ...given.status, conditions: [...others, { type, status }] } } as Node
}

const leaseAt = (at: number) => ({ metadata: { name: 'n' }, spec: { renewTime: microTimestamp(at) } }) as Lease
const taint = (key: string, effect: string, timeAdded?: number): Taint => ({
  key: `node.kubernetes.io/${key}`,
  effect,
  ...(timeAdded === undefined ? {} : { timeAdded: timestamp(timeAdded) }),
})

function zonesOf(nodes: readonly Node[]): Zones {
  const zones = new Zones()
  for (const each of nodes) zones.set(each.metadata.name, each)
  return zones
}

function run(target: Node, lease: Lease | undefined, { pods = [] as Pod[], others = [node('other', 'True')], since = 0 } = {}) {
  const disruption = zonesOf([target, ...others]).of(target)
  return reconcileNode({ node: target, lease, podsOnNode: () => pods, disruption, isNew: false }, since, NOW)
}

describe('reconcileNode', () => {
  it('looks again when the grace period ends', () => {
    expect(run(node('n', 'True'), leaseAt(NOW - 10_000))).toEqual({ actions: [], events: [], requeueAfterMs: 40_001 })
  })

  it('gives up a silent node', () => {
    const plan = run(node('n', 'True'), leaseAt(NOW - 50_001))
    expect(plan.events).toEqual([{ type: 'Normal', reason: 'NodeNotReady', message: 'Node n status is now: NodeNotReady' }])
    const unknown = {
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped posting node status.',
      lastTransitionTime: timestamp(NOW),
    }
    expect(plan.actions).toMatchObject([{ subresource: 'status', patch: { status: { conditions: [unknown, unknown, unknown, unknown] } } }])
  })

  it('counts the silence from its own start', () => {
    expect(run(node('n', 'True'), leaseAt(NOW - 500_000), { since: NOW - 1000 })).toMatchObject({ actions: [], requeueAfterMs: 49_001 })
  })

  it('says of a node that never reported that it never did', () => {
    const plan = run(node('n', undefined), undefined)
    expect(plan.actions).toMatchObject([
      { patch: { status: { conditions: [{ type: 'Ready', reason: 'NodeStatusNeverUpdated' }, {}, {}, {}] } } },
    ])
  })

  it('taints a node that was given up, and marks its pods', () => {
    const ready = { type: 'Ready', status: 'True', lastTransitionTime: 'x' }
    const pod = {
      metadata: { name: 'p', namespace: 'd', uid: 'u', resourceVersion: '3' },
      status: { conditions: [ready] },
    } as unknown as Pod
    const plan = run(node('n', 'Unknown'), leaseAt(NOW - 60_000), { pods: [pod] })
    expect(plan.actions).toMatchObject([
      {
        patch: {
          metadata: { resourceVersion: '7' },
          spec: { taints: [taint('unreachable', 'NoSchedule', NOW), taint('unreachable', 'NoExecute', NOW)] },
        },
      },
      {
        target: { resource: 'pods', name: 'p' },
        patch: { status: { conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: timestamp(NOW) }] } },
        event: { reason: 'NodeNotReady', message: 'Node is not ready', about: pod },
      },
    ])
  })

  it('leaves the pods of a node that says itself that it is not ready', () => {
    const ready = { type: 'Ready', status: 'True', lastTransitionTime: 'x' }
    const pod = { metadata: { name: 'p' }, status: { conditions: [ready] } } as unknown as Pod
    const plan = run(node('n', 'False'), leaseAt(NOW), { pods: [pod] })
    expect(plan.actions).toMatchObject([{ target: { resource: 'nodes' } }])
    expect(plan.actions).toHaveLength(1)
  })

  it('tells when a node went', () => {
    const controller = nodeLifecycleController(0)
    let present: Node | undefined = node('n', 'True')
    const reader = { get: (resource: string) => (resource === 'nodes' ? present : undefined) } as unknown as Reader
    controller.observe(reader, 'n')
    present = undefined
    const plan = controller.reconcile(controller.observe(reader, 'n')!, { now: NOW, newName: String })
    const about = { kind: 'Node', metadata: { name: 'n', uid: 'n' } }
    expect(plan.events).toMatchObject([{ reason: 'RemovingNode', message: 'Node n event: Removing Node n from Controller', about }])
    expect(controller.observe(reader, 'n')).toBeUndefined()
  })

  it('evicts nobody when no node is ready', () => {
    const given = node('n', 'Unknown', { taints: [taint('unreachable', 'NoSchedule', NOW), taint('unreachable', 'NoExecute', NOW)] })
    const plan = run(given, leaseAt(NOW - 60_000), { others: [node('other', 'Unknown')] })
    expect(plan.actions).toMatchObject([{ patch: { spec: { taints: [taint('unreachable', 'NoSchedule', NOW)] } } }])
  })

  it('frees a node that came back', () => {
    const taints = [taint('unreachable', 'NoSchedule'), { key: 'mine', effect: 'NoSchedule' }, taint('unreachable', 'NoExecute')]
    const plan = run(node('n', 'True', { taints }), leaseAt(NOW))
    expect(plan.actions).toMatchObject([{ patch: { spec: { taints: [{ key: 'mine' }] } } }])
  })
})

/** Upstream: TestMonitorNodeHealthUpdateNodeAndPodStatusWithLease, TestMonitorNodeHealthUpdateStatus. */
describe('a node is given up', () => {
  const recently = timestamp(NOW - 30_000)
  const young = (given: Node) => ({ ...given, metadata: { ...given.metadata, creationTimestamp: recently } }) as Node
  const heard = (given: Node) => {
    const conditions = given.status!.conditions!.map((each) => ({ ...each, lastHeartbeatTime: recently }))
    return { ...given, status: { ...given.status, conditions } } as Node
  }
  it.each<{ name: string; given: Node; lease: Lease | undefined; reason?: string; wakes?: number }>([
    { name: 'young, no status, no lease', given: young(node('n', undefined)), lease: undefined, wakes: 30_001 },
    { name: 'young, no status, a fresh lease', given: young(node('n', undefined)), lease: leaseAt(NOW - 5000), wakes: 55_001 },
    { name: 'old, no status, no lease', given: node('n', undefined), lease: undefined, reason: 'NodeStatusNeverUpdated' },
    { name: 'old, no status, a fresh lease', given: node('n', undefined), lease: leaseAt(NOW - 5000), wakes: 55_001 },
    { name: 'old, no status, an old lease', given: node('n', undefined), lease: leaseAt(NOW - 70_000), reason: 'NodeStatusNeverUpdated' },
    { name: 'an old status, a fresh lease', given: node('n', 'True'), lease: leaseAt(NOW - 5000), wakes: 45_001 },
    { name: 'a fresh status, an old lease', given: heard(node('n', 'True')), lease: leaseAt(NOW - 70_000), wakes: 20_001 },
    { name: 'an old status, an old lease', given: node('n', 'True'), lease: leaseAt(NOW - 70_000), reason: 'NodeStatusUnknown' },
    { name: 'an old status, no lease', given: node('n', 'True'), lease: undefined, reason: 'NodeStatusUnknown' },
    { name: 'a fresh status, no lease', given: heard(node('n', 'True')), lease: undefined, wakes: 20_001 },
    { name: 'not ready, an old status', given: node('n', 'False'), lease: undefined, reason: 'NodeStatusUnknown' },
    { name: 'to the millisecond: not yet', given: node('n', 'True'), lease: leaseAt(NOW - 50_000), wakes: 1 },
  ])('or not: $name', ({ given, lease, reason, wakes }) => {
    const plan = run(given, lease)
    const patches = (plan.actions ?? []).filter((action) => action.verb === 'patch' && action.subresource === 'status')
    if (reason === undefined) expect(patches).toEqual([])
    else {
      const unknown = { status: 'Unknown', reason, lastTransitionTime: timestamp(NOW) }
      expect(patches).toMatchObject([{ patch: { status: { conditions: [unknown, unknown, unknown, unknown] } } }])
    }
    expect(plan.requeueAfterMs).toBe(wakes)
  })

  it('with the heartbeat it had, and conditions of others as they are', () => {
    const given = node('n', 'True')
    const network = { type: 'NetworkUnavailable', status: 'False', lastHeartbeatTime: 'x', lastTransitionTime: 'y' }
    given.status!.conditions!.push(network as never)
    const [action] = run(given, undefined).actions!
    const { conditions } = (action as unknown as { patch: { status: { conditions: object[] } } }).patch.status
    expect(conditions.at(-1)).toEqual(network)
    expect(conditions[0]).toMatchObject({ lastHeartbeatTime: timestamp(NOW - 600_000) })
  })

  it('once', () => {
    const plan = run(node('n', 'Unknown', { taints: [taint('unreachable', 'NoSchedule'), taint('unreachable', 'NoExecute')] }), undefined)
    expect(plan).toEqual({ actions: [], events: [] })
  })
})

/** Upstream: TestMonitorNodeHealthMarkPodsNotReady, TestProcessPodMarkPodNotReady. */
describe('the pods of a node that is given up', () => {
  const pod = (conditions: object[]) =>
    ({ metadata: { name: 'p', namespace: 'd', uid: 'u', resourceVersion: '3' }, status: { conditions } }) as unknown as Pod
  it.each([
    { name: 'ready', status: 'Unknown', pods: [pod([{ type: 'Ready', status: 'True' }])], marked: 1 },
    { name: 'not ready already', status: 'Unknown', pods: [pod([{ type: 'Ready', status: 'False' }])], marked: 0 },
    { name: 'without conditions', status: 'Unknown', pods: [pod([])], marked: 0 },
    {
      name: 'several',
      status: 'Unknown',
      pods: [pod([{ type: 'Ready', status: 'True' }]), pod([{ type: 'Ready', status: 'True' }])],
      marked: 2,
    },
    { name: 'of a node that says so itself', status: 'False', pods: [pod([{ type: 'Ready', status: 'True' }])], marked: 0 },
    { name: 'of a ready node', status: 'True', pods: [pod([{ type: 'Ready', status: 'True' }])], marked: 0 },
  ])('$name', ({ status, pods, marked }) => {
    const { actions = [] } = run(node('n', status), leaseAt(NOW - 10_000), { pods })
    expect(actions.filter((action) => action.verb === 'patch' && action.target.resource === 'pods')).toHaveLength(marked)
  })
})

/** Upstream: TestReconcileNodeLabels. */
describe('the old labels', () => {
  const [os, arch, oldOs, oldArch] = ['kubernetes.io/os', 'kubernetes.io/arch', 'beta.kubernetes.io/os', 'beta.kubernetes.io/arch'] as const
  it.each<{ name: string; labels: Record<string, string>; expected?: Record<string, string> }>([
    { name: 'none at all', labels: {} },
    { name: 'others', labels: { 'topology.kubernetes.io/zone': 'z' } },
    { name: 'are made', labels: { [os]: 'linux', [arch]: 'amd64' }, expected: { [oldOs]: 'linux', [oldArch]: 'amd64' } },
    {
      name: 'are mended',
      labels: { [os]: 'linux', [arch]: 'amd64', [oldOs]: 'windows', [oldArch]: 'arm' },
      expected: { [oldOs]: 'linux', [oldArch]: 'amd64' },
    },
    { name: 'are right', labels: { [os]: 'linux', [oldOs]: 'linux' } },
    { name: 'without a new one stay', labels: { [oldOs]: 'linux' } },
  ])('$name', ({ labels, expected }) => {
    const given = node('n', 'True')
    given.metadata.labels = labels
    const plan = run(given, leaseAt(NOW))
    if (expected === undefined) expect(plan.actions).toEqual([])
    else expect(plan.actions).toMatchObject([{ patch: { metadata: { labels: expected } } }])
  })
})

describe('nextTaints', () => {
  it.each([
    ['nothing to do', node('n', 'True'), 'keep', undefined],
    ['a cordoned node', node('n', 'True', { unschedulable: true }), 'keep', ['unschedulable:NoSchedule']],
    ['an uncordoned node', node('n', 'True', { taints: [taint('unschedulable', 'NoSchedule')] }), 'keep', []],
    ['little memory', withCondition(node('n', 'True'), 'MemoryPressure', 'True'), 'keep', ['memory-pressure:NoSchedule']],
    ['little disk', withCondition(node('n', 'True'), 'DiskPressure', 'True'), 'keep', ['disk-pressure:NoSchedule']],
    ['many processes', withCondition(node('n', 'True'), 'PIDPressure', 'True'), 'keep', ['pid-pressure:NoSchedule']],
    ['no network', withCondition(node('n', 'True'), 'NetworkUnavailable', 'True'), 'keep', ['network-unavailable:NoSchedule']],
    ['a network', withCondition(node('n', 'True'), 'NetworkUnavailable', 'False'), 'keep', undefined],
    [
      'one trouble after another',
      withCondition(node('n', 'True', { taints: [taint('disk-pressure', 'NoSchedule')] }), 'MemoryPressure', 'True'),
      'keep',
      ['memory-pressure:NoSchedule'],
    ],
    [
      'not ready after unreachable',
      node('n', 'False', { taints: [taint('unreachable', 'NoSchedule'), taint('unreachable', 'NoExecute')] }),
      'keep',
      ['not-ready:NoSchedule', 'not-ready:NoExecute'],
    ],
    [
      'called off',
      node('n', 'Unknown', { taints: [taint('unreachable', 'NoSchedule'), taint('unreachable', 'NoExecute')] }),
      'remove',
      ['unreachable:NoSchedule'],
    ],
    ['ready again', node('n', 'True', { taints: [taint('not-ready', 'NoSchedule'), taint('not-ready', 'NoExecute')] }), 'keep', []],
    [
      "an administrator's of the same key stays",
      node('n', 'True', { taints: [taint('not-ready', 'PreferNoSchedule')] }),
      'keep',
      undefined,
    ],
    ['out of service stays', node('n', 'True', { taints: [taint('out-of-service', 'NoExecute')] }), 'keep', undefined],
    ['no status yet', node('n', undefined), 'keep', undefined],
    ['not ready', node('n', 'False'), 'add', ['not-ready:NoSchedule', 'not-ready:NoExecute']],
    ['not ready, not to be evicted from yet', node('n', 'False'), 'keep', ['not-ready:NoSchedule']],
    [
      'unreachable after not ready',
      node('n', 'Unknown', { taints: [taint('not-ready', 'NoSchedule'), taint('not-ready', 'NoExecute')] }),
      'keep',
      ['unreachable:NoSchedule', 'unreachable:NoExecute'],
    ],
  ] as const)('%s', (_name, given, eviction, expected) => {
    const taints = nextTaints(given, eviction, NOW)
    expect(taints?.map(({ key, effect }) => `${key.replace('node.kubernetes.io/', '')}:${effect}`)).toEqual(expected)
  })
})

const ready = (count: number, zone?: string) =>
  Array.from({ length: count }, (_, i) => node(`r${zone ?? ''}${i}`, 'True', { ...(zone && { zone }) }))
const silent = (count: number, zone?: string) =>
  Array.from({ length: count }, (_, i) => node(`s${zone ?? ''}${i}`, 'Unknown', { ...(zone && { zone }) }))
const excluded = (count: number, status: string) =>
  Array.from({ length: count }, (_, i) => {
    const each = node(`x${i}`, status)
    return { ...each, metadata: { ...each.metadata, labels: { 'node.kubernetes.io/exclude-disruption': '' } } } as Node
  })

/** Upstream: node_lifecycle_controller_test.go TestMonitorNodeHealth, TestApplyNoExecuteTaints. */
describe('paceOf a node that is silent', () => {
  it.each<{ name: string; others: readonly Node[]; lastAgo?: number; expect: object }>([
    { name: 'the first at once', others: ready(2), expect: { eviction: 'add' } },
    { name: 'the next ten seconds later', others: ready(5), lastAgo: 4000, expect: { eviction: 'keep', at: NOW + 6000 } },
    { name: 'in its turn', others: ready(5), lastAgo: 10_000, expect: { eviction: 'add' } },
    { name: 'a small zone that is mostly down is left alone', others: [...ready(2), ...silent(2)], expect: { eviction: 'keep' } },
    { name: 'two of three: too few to be a disruption', others: [...ready(1), ...silent(1)], expect: { eviction: 'add' } },
    { name: 'three of six: under the share', others: [...ready(3), ...silent(2)], expect: { eviction: 'add' } },
    { name: 'five of nine: over it', others: [...ready(4), ...silent(4)], expect: { eviction: 'keep' } },
    {
      name: 'a large zone that is mostly down: slower',
      others: [...ready(20), ...silent(30)],
      lastAgo: 10_000,
      expect: { eviction: 'keep', at: NOW + 90_000 },
    },
    { name: 'a large zone, in its turn', others: [...ready(20), ...silent(30)], lastAgo: 100_000, expect: { eviction: 'add' } },
    { name: 'fifty nodes are small', others: [...ready(20), ...silent(29)], expect: { eviction: 'keep' } },
    { name: 'all down', others: silent(2), expect: { eviction: 'remove' } },
    { name: 'alone', others: [], expect: { eviction: 'remove' } },
    { name: 'all zones down', others: [...silent(2), ...silent(3, 'z')], expect: { eviction: 'remove' } },
    { name: 'a zone that is down while another is not', others: [...silent(4), ...ready(1, 'z')], expect: { eviction: 'add' } },
    { name: 'another zone that is mostly down', others: [...ready(1), ...ready(1, 'z'), ...silent(9, 'z')], expect: { eviction: 'add' } },
    { name: 'a ready control plane does not count', others: excluded(3, 'True'), expect: { eviction: 'remove' } },
    { name: 'nor does a silent one', others: [...ready(3), ...excluded(9, 'Unknown')], expect: { eviction: 'add' } },
  ])('$name', ({ others, lastAgo, expect: expected }) => {
    const given = node('n', 'Unknown')
    const disruption = zonesOf([given, ...others]).of(given)
    const observed = { node: given, lease: undefined, podsOnNode: () => [], disruption, isNew: false }
    expect(paceOf({ ...observed, ...(lastAgo !== undefined && { lastEvictionAt: NOW - lastAgo }) }, NOW)).toEqual(expected)
  })

  it.each([
    { name: 'keeps its taint', others: ready(1), status: 'Unknown', expected: { eviction: 'keep' } },
    { name: 'loses it when all are down', others: silent(1), status: 'Unknown', expected: { eviction: 'remove' } },
    { name: 'that came back loses it anyway', others: silent(1), status: 'True', expected: { eviction: 'keep' } },
  ])('that is tainted $name', ({ others, status, expected }) => {
    const given = node('n', status, { taints: [taint('unreachable', 'NoExecute', NOW)] })
    const disruption = zonesOf([given, ...others]).of(given)
    expect(paceOf({ node: given, lease: undefined, podsOnNode: () => [], disruption, isNew: false }, NOW)).toEqual(expected)
  })
})

describe('Zones', () => {
  it('tells of the nodes that are treated otherwise, and of no others', () => {
    const zones = zonesOf([...ready(4), ...ready(2, 'z'), ...silent(1, 'z')])
    expect(zones.set('r0', node('r0', 'True'))).toEqual([])
    expect(zones.set('r0', node('r0', 'Unknown'))).toEqual([])
    expect(zones.set('r1', node('r1', 'Unknown'))).toEqual([])
    // Three of four: the zone is disrupted.
    expect([...zones.set('r2', node('r2', 'Unknown'))].sort()).toEqual(['r0', 'r1', 'r2'])
    expect(zones.set('new', node('new', 'True'))).toEqual([])
    expect([...zones.set('new2', node('new2', 'True'))].sort()).toEqual(['r0', 'r1', 'r2'])
  })

  it('tells all that are silent when the last ready node goes, and when the first comes', () => {
    const zones = zonesOf([...ready(1), ...silent(1), ...silent(1, 'z')])
    expect([...zones.set('r0', undefined)].sort()).toEqual(['s0', 'sz0'])
    expect([...zones.set('r1', node('r1', 'True', { zone: 'y' }))].sort()).toEqual(['s0', 'sz0'])
  })

  it('follows a node from zone to zone', () => {
    const zones = zonesOf([...ready(1, 'a'), ...silent(3, 'b')])
    expect(zones.of(node('x', 'Unknown', { zone: 'b' }))).toEqual({ isTotal: false, intervalMs: 10_000 })
    zones.set('ra0', node('ra0', 'True', { zone: 'b' }))
    expect(zones.of(node('x', 'Unknown', { zone: 'b' }))).toEqual({ isTotal: false, intervalMs: undefined })
    expect(zones.of(node('x', 'Unknown', { zone: 'a' }))).toEqual({ isTotal: false, intervalMs: 10_000 })
  })
})

describe('reconcileTainted', () => {
  const pod = (tolerations: Toleration[]): Pod =>
    ({
      metadata: { name: 'p', namespace: 'd', uid: 'u', resourceVersion: '3', creationTimestamp: timestamp(NOW - 900_000) },
      spec: { nodeName: 'n', tolerations },
      status: {},
    }) as unknown as Pod
  const key = 'node.kubernetes.io/unreachable'
  const tolerate = (tolerationSeconds?: number): Toleration => ({
    key,
    operator: 'Exists',
    effect: 'NoExecute',
    ...(tolerationSeconds === undefined ? {} : { tolerationSeconds }),
  })
  const taints = [{ key, effect: 'NoExecute' }]
  const evict = (given: Pod | undefined, scheduledAt?: number, found: readonly Taint[] = taints) =>
    reconcileTainted({ namespace: 'd', name: 'p', pod: given, taints: found }, scheduledAt, NOW)

  it('deletes a pod that does not tolerate it', () => {
    expect(evict(pod([])).plan).toMatchObject({
      actions: [
        {
          verb: 'patch',
          patch: {
            metadata: { resourceVersion: '3' },
            status: { conditions: [{ type: 'DisruptionTarget', reason: 'DeletionByTaintManager' }] },
          },
        },
        { verb: 'delete', event: { reason: 'TaintManagerEviction', message: 'Marking for deletion Pod d/p' } },
      ],
    })
  })

  const cancelled = { reason: 'TaintManagerEviction', message: 'Cancelling deletion of Pod d/p' }
  it.each<{
    name: string
    tolerations: Toleration[]
    scheduledAt?: number
    taints?: Taint[]
    evictsAt?: number
    verbs?: string[]
    says?: object[]
  }>([
    { name: 'waits for the time it is tolerated', tolerations: [tolerate(300)], evictsAt: NOW + 300_000 },
    {
      name: 'which goes on when taints or tolerations change',
      tolerations: [tolerate(300)],
      scheduledAt: NOW + 1000,
      evictsAt: NOW + 1000,
    },
    {
      name: 'deletes when it is over',
      tolerations: [tolerate(300)],
      scheduledAt: NOW,
      evictsAt: NOW,
      verbs: ['patch', 'delete'],
      says: [],
    },
    { name: 'leaves a pod that tolerates it for good', tolerations: [tolerate()] },
    { name: 'says that it does', tolerations: [tolerate()], scheduledAt: NOW + 1, says: [cancelled] },
    { name: 'lets it be when the taint is gone', tolerations: [tolerate(300)], scheduledAt: NOW + 1, taints: [], says: [cancelled] },
    {
      name: 'deletes at once when another taint came that it does not tolerate',
      tolerations: [tolerate(300)],
      scheduledAt: NOW + 1,
      taints: [...taints, { key: 'own', effect: 'NoExecute' }],
      evictsAt: NOW,
      verbs: ['patch', 'delete'],
      says: [cancelled],
    },
    { name: 'does not wait for no time', tolerations: [tolerate(0)], evictsAt: NOW, verbs: ['patch', 'delete'], says: [] },
  ])('$name', ({ tolerations, scheduledAt, taints: found, evictsAt, verbs, says }) => {
    const { plan, evictsAt: at } = evict(pod(tolerations), scheduledAt, found)
    expect(at).toBe(evictsAt)
    expect(plan.actions?.map(({ verb }) => verb)).toEqual(verbs)
    if (says === undefined) expect(plan.events).toBeUndefined()
    else expect(plan.events).toMatchObject(says)
    expect(plan.requeueAfterMs).toBe(verbs === undefined && evictsAt !== undefined ? evictsAt - NOW : undefined)
  })

  /** Upstream: TestGetMinTolerationTime, TestCreatePod, TestUpdateNodeWithMultipleTaints. */
  const own = (name: string, tolerationSeconds?: number): Toleration => ({ ...tolerate(tolerationSeconds), key: name })
  const three = ['a', 'b', 'c'].map((name) => ({ key: name, effect: 'NoExecute' }))
  it.each<{ name: string; tolerations: Toleration[]; found?: Taint[]; seconds: number | undefined }>([
    { name: 'none', tolerations: [], seconds: 0 },
    { name: 'for ever', tolerations: [tolerate()], seconds: undefined },
    { name: 'a second', tolerations: [tolerate(1)], seconds: 1 },
    { name: 'negative', tolerations: [tolerate(-5)], seconds: 0 },
    { name: 'the first that matches counts: the shorter', tolerations: [tolerate(1), tolerate(2)], seconds: 1 },
    { name: 'the first that matches counts: the longer', tolerations: [tolerate(2), tolerate(1)], seconds: 2 },
    { name: 'the shortest of several taints', tolerations: [own('a', 3), own('b', 1), own('c', 2)], found: three, seconds: 1 },
    { name: 'one of them for ever', tolerations: [own('a'), own('b', 4), own('c')], found: three, seconds: 4 },
    { name: 'all of them for ever', tolerations: [own('a'), own('b'), own('c')], found: three, seconds: undefined },
    { name: 'one of them not', tolerations: [own('a'), own('b', 4)], found: three, seconds: 0 },
    { name: 'everything', tolerations: [{ operator: 'Exists', tolerationSeconds: 9 }], found: three, seconds: 9 },
    { name: 'another effect', tolerations: [{ ...tolerate(), effect: 'NoSchedule' }], seconds: 0 },
    { name: 'any effect', tolerations: [{ key, operator: 'Exists' }], seconds: undefined },
    { name: 'another value', tolerations: [{ key, operator: 'Equal', value: 'x', effect: 'NoExecute' }], seconds: 0 },
    { name: 'without taints', tolerations: [], found: [], seconds: undefined },
  ])('tolerates: $name', ({ tolerations, found, seconds }) => {
    const { evictsAt } = evict(pod(tolerations), undefined, found)
    expect(evictsAt === undefined ? undefined : (evictsAt - NOW) / 1000).toBe(seconds)
  })

  it('is done with a pod that went', () => {
    expect(evict(undefined, NOW + 1)).toMatchObject({ plan: { events: [cancelled] } })
    expect(evict(undefined, NOW)).toEqual({ plan: {} })
  })
})
