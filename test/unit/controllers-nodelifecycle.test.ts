import { describe, expect, it } from 'vitest'
import { microTimestamp, timestamp } from '../../src/api/meta/time.ts'
import type { Lease, Node, Pod, Taint, Toleration } from '../../src/api/types.gen.ts'
import { evictionPace } from '../../src/controllers/nodelifecycle/eviction-pace.ts'
import { nextTaints } from '../../src/controllers/nodelifecycle/node-taints.ts'
import { reconcileNode } from '../../src/controllers/nodelifecycle/reconcile.ts'
import { reconcileTainted } from '../../src/controllers/nodelifecycle/taint-eviction.ts'

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
  const evict = (given: Pod, addedAt: number) => reconcileTainted(given, [{ key, effect: 'NoExecute' }], () => addedAt, NOW)

  it('deletes a pod that does not tolerate it', () => {
    expect(evict(pod([]), NOW)).toMatchObject({
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

  it.each([
    ['waits for the time it is tolerated', tolerate(300), NOW - 100_000, 200_000],
    ['which counts from the taint', tolerate(300), NOW - 299_000, 1000],
  ])('%s', (_name, toleration, addedAt, requeueAfterMs) => {
    expect(evict(pod([toleration]), addedAt)).toMatchObject({ requeueAfterMs })
  })

  it('deletes when that is over', () => {
    expect(evict(pod([tolerate(300)]), NOW - 300_000).actions).toHaveLength(2)
  })

  it('leaves a pod that tolerates it for good', () => {
    expect(evict(pod([tolerate()]), NOW - 1e9)).toEqual({})
  })
})
