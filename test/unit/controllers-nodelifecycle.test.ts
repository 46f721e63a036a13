import { describe, expect, it } from 'vitest'
import { microTimestamp, timestamp } from '../../src/api/meta/time.ts'
import type { Lease, Node, Pod, Taint, Toleration } from '../../src/api/types.gen.ts'
import { nodeLifecycleController } from '../../src/controllers/nodelifecycle/controller.ts'
import { evictionPace } from '../../src/controllers/nodelifecycle/eviction-pace.ts'
import { nextTaints } from '../../src/controllers/nodelifecycle/node-taints.ts'
import { reconcileNode } from '../../src/controllers/nodelifecycle/reconcile.ts'
import { reconcileTainted } from '../../src/controllers/nodelifecycle/taint-eviction.ts'
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

const leaseAt = (at: number) => ({ metadata: { name: 'n' }, spec: { renewTime: microTimestamp(at) } }) as Lease
const taint = (key: string, effect: string, timeAdded?: number): Taint => ({
  key: `node.kubernetes.io/${key}`,
  effect,
  ...(timeAdded === undefined ? {} : { timeAdded: timestamp(timeAdded) }),
})

function run(target: Node, lease: Lease | undefined, { pods = [] as Pod[], others = [node('other', 'True')], since = 0 } = {}) {
  return reconcileNode({ node: target, lease, podsOnNode: () => pods, allNodes: () => [target, ...others], isNew: false }, since, NOW)
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

describe('nextTaints', () => {
  it.each([
    ['nothing to do', node('n', 'True'), 'keep', undefined],
    ['a cordoned node', node('n', 'True', { unschedulable: true }), 'keep', ['unschedulable:NoSchedule']],
    ['an uncordoned node', node('n', 'True', { taints: [taint('unschedulable', 'NoSchedule')] }), 'keep', []],
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

describe('evictionPace', () => {
  const tainted = (ago: number) => node('t', 'Unknown', { taints: [taint('unreachable', 'NoExecute', NOW - ago)] })
  const ready = (count: number) => Array.from({ length: count }, (_, i) => node(`r${i}`, 'True'))
  const silent = (count: number) => Array.from({ length: count }, (_, i) => node(`s${i}`, 'Unknown'))
  it.each([
    ['the first at once', [...ready(2)], { eviction: 'add' }],
    ['the next ten seconds later', [...ready(5), tainted(4000)], { eviction: 'keep', at: NOW + 6000 }],
    ['in its turn', [...ready(5), tainted(10_000)], { eviction: 'add' }],
    ['a small zone that is mostly down is left alone', [...ready(2), ...silent(2)], { eviction: 'keep' }],
    ['all down', [...silent(2)], { eviction: 'remove' }],
    ['a zone that is down while another is not', [...silent(4), node('z', 'True', { zone: 'z' })], { eviction: 'add' }],
  ] as const)('%s', (_name, others, expected) => {
    const given = node('n', 'Unknown')
    expect(evictionPace(given, [given, ...others], NOW)).toEqual(expected)
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

  it('is done with a pod that went', () => {
    expect(evict(undefined, NOW + 1)).toMatchObject({ plan: { events: [cancelled] } })
    expect(evict(undefined, NOW)).toEqual({ plan: {} })
  })
})
