import { describe, expect, it } from 'vitest'
import { findCondition } from '../../src/api/meta/conditions.ts'
import { microTimestamp, timestamp } from '../../src/api/meta/time.ts'
import type { Lease, Node } from '../../src/api/types.gen.ts'
import { SeededRandom } from '../../src/lib/random.ts'
import { nodeAgentController } from '../../src/nodes/agent/controller.ts'
import { addressAt, NodeIndexes } from '../../src/nodes/agent/node-index.ts'
import { reportedStatus } from '../../src/nodes/agent/node-status.ts'
import { reconcileNode } from '../../src/nodes/agent/reconcile.ts'
import { NODE_ACTIONS, newNode } from '../../src/nodes/node-objects.ts'
import type { Reader } from '../../src/runtime/controller.ts'

const NOW = Date.parse('2026-01-01T00:00:00Z')
const VERSION = 'v1.36.0'

function stored(node: ReturnType<typeof newNode>, more: Partial<Node> = {}): Node {
  return { ...node, ...more, metadata: { uid: `uid-${node.metadata.name}`, ...node.metadata } } as Node
}

const fresh = stored(newNode('n1'))
const registered: Node = {
  ...fresh,
  metadata: {
    ...fresh.metadata,
    labels: {
      'beta.kubernetes.io/arch': 'amd64',
      'beta.kubernetes.io/os': 'linux',
      'kubernetes.io/arch': 'amd64',
      'kubernetes.io/hostname': 'n1',
      'kubernetes.io/os': 'linux',
    },
  },
  spec: { podCIDR: '10.244.0.0/24' },
  status: reportedStatus(fresh, ['10.0.0.2'], VERSION, NOW),
}
const leaseAt = (at: number, uid = 'uid-n1') =>
  ({
    metadata: { name: 'n1', ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n1', uid }] },
    spec: { renewTime: microTimestamp(at) },
  }) as Lease
const run = (node: Node, lease: Lease | undefined, now = NOW) => reconcileNode({ node, lease, addresses: ['10.0.0.2'] }, VERSION, now)

describe('reconcileNode', () => {
  it('takes over a new node', () => {
    const plan = run(fresh, undefined)
    expect(plan.actions?.map(({ verb }) => verb)).toEqual(['patch', 'create', 'patch'])
    expect(plan.actions?.[0]).toMatchObject({
      patch: { metadata: { labels: { 'kubernetes.io/hostname': 'n1' } } },
    })
    expect(plan.actions?.[1]).toMatchObject({
      object: {
        metadata: { namespace: 'kube-node-lease', ownerReferences: [{ kind: 'Node', uid: 'uid-n1' }] },
        spec: { holderIdentity: 'n1', leaseDurationSeconds: 40, renewTime: '2026-01-01T00:00:00.000000Z' },
      },
    })
    expect(plan.actions?.[2]).toMatchObject({
      subresource: 'status',
      patch: {
        status: {
          capacity: { cpu: '8', memory: '32Gi', pods: '110' },
          allocatable: { cpu: '8' },
          addresses: [
            { type: 'InternalIP', address: '10.0.0.2' },
            { type: 'Hostname', address: 'n1' },
          ],
          nodeInfo: { kubeletVersion: VERSION, operatingSystem: 'linux', architecture: 'amd64' },
          daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
        },
      },
    })
    expect(plan.events?.map(({ reason }) => reason)).toContain('NodeReady')
    expect(plan.requeueAfterMs).toBe(10_000)
  })

  it.each([
    ['a fresh lease is left alone', leaseAt(NOW), NOW + 4000, [], 6000],
    ['a lease of ten seconds is renewed', leaseAt(NOW - 10_000), NOW, ['leases.coordination.k8s.io'], 10_000],
    ["a younger one too, in the node's turn", leaseAt(NOW - 4000), NOW, ['leases.coordination.k8s.io'], 10_000],
    ["a lease of the node's predecessor is taken over", leaseAt(NOW, 'old'), NOW, ['leases.coordination.k8s.io'], 10_000],
    ['an unchanged status is repeated after five minutes', leaseAt(NOW + 300_000), NOW + 300_000, ['nodes'], 10_000],
  ] as const)('%s', (_name, lease, now, written, requeueAfterMs) => {
    const plan = run(registered, lease, now)
    expect(
      plan.actions?.map((action) =>
        action.verb === 'patch' ? action.target.resource : action.verb === 'update' ? action.resource : action.verb,
      ),
    ).toEqual(written)
    expect(plan.requeueAfterMs).toBe(requeueAfterMs)
  })

  it('says that it is ready again after it was given up', () => {
    const conditions = registered.status!.conditions!.map((condition) => ({ ...condition, status: 'Unknown' }))
    const plan = run({ ...registered, status: { ...registered.status, conditions } }, leaseAt(NOW), NOW + 1000)
    expect(plan.actions).toHaveLength(1)
    expect(plan.events?.map(({ reason }) => reason)).toContain('NodeReady')
  })

  it('is silent while it has failed', () => {
    const failed = { ...registered, metadata: { ...registered.metadata, ...NODE_ACTIONS.fail.metadata } }
    expect(run(failed, leaseAt(NOW - 60_000))).toEqual({ waitingOn: 'node n1 has failed' })
  })
})

describe('reportedStatus', () => {
  it('keeps what the Node came with', () => {
    const node = stored(newNode('n1'), {
      status: { capacity: { cpu: '2' }, conditions: [{ type: 'NetworkUnavailable', status: 'False' }] },
    })
    const status = reportedStatus(node, ['10.0.0.2'], VERSION, NOW)
    expect(status.capacity).toEqual({ cpu: '2' })
    expect(status.allocatable).toEqual({ cpu: '2' })
    expect(status.conditions?.map(({ type }) => type)).toEqual([
      'NetworkUnavailable',
      'MemoryPressure',
      'DiskPressure',
      'PIDPressure',
      'Ready',
    ])
  })

  it('takes the capacity that newNode was given', () => {
    const status = reportedStatus(stored(newNode('n1', { capacity: { cpu: '4', 'nvidia.com/gpu': '2' } })), ['10.0.0.2'], VERSION, NOW)
    expect(status.capacity).toMatchObject({ cpu: '4', 'nvidia.com/gpu': '2', memory: '32Gi' })
  })

  it('keeps transition times and renews heartbeats', () => {
    const ready = findCondition(reportedStatus(registered, ['10.0.0.2'], VERSION, NOW + 300_000).conditions, 'Ready')
    expect(ready).toMatchObject({ lastTransitionTime: timestamp(NOW), lastHeartbeatTime: timestamp(NOW + 300_000) })
  })
})

describe('NodeIndexes', () => {
  it('gives numbers that no stored node has', () => {
    const indexes = new NodeIndexes()
    const nodes = [
      stored(newNode('a'), { status: { addresses: [{ type: 'InternalIP', address: 'fd00:10::2' }] } }),
      stored(newNode('b'), { status: { addresses: [{ type: 'InternalIP', address: '10.0.0.4' }] } }),
    ]
    const take = (name: string) => indexes.indexOf(stored(newNode(name)), () => nodes)
    expect([take('c'), take('d'), take('c'), take('a'), take('b')]).toEqual([1, 3, 1, 0, 2])
    indexes.release('c')
    expect(take('e')).toBe(1)
  })

  it('has an address of its own of each family for each of many nodes', () => {
    const all = Array.from({ length: 5000 }, (_, index) => index)
    for (const family of ['IPv4', 'IPv6'] as const) expect(new Set(all.map((index) => addressAt(index, family))).size).toBe(5000)
    expect([0, 249, 250].map((index) => addressAt(index, 'IPv4'))).toEqual(['10.0.0.2', '10.0.0.251', '10.0.1.2'])
    expect([0, 249].map((index) => addressAt(index, 'IPv6'))).toEqual(['fd00:10::2', 'fd00:10::fb'])
  })
})

describe('a node that is cordoned', () => {
  const cordon = (node: Node, unschedulable: boolean): Node => ({ ...node, spec: { ...node.spec, unschedulable } })
  it.each([
    ['is told of', true, false, ['Node n1 status is now: NodeNotSchedulable']],
    ['once', true, true, []],
    ['and when it is free again', false, true, ['Node n1 status is now: NodeSchedulable']],
    ['not when it is first seen so', true, undefined, []],
  ])('%s', (_name, unschedulable, wasCordoned, expected) => {
    const node = cordon(registered, unschedulable)
    const observed = {
      node,
      lease: leaseAt(NOW),
      addresses: ['10.0.0.2'],
      ...(wasCordoned !== undefined && { wasCordoned }),
    }
    expect(reconcileNode(observed, VERSION, NOW).events?.map(({ message }) => message)).toEqual(expected)
  })

  it('is remembered from one look to the next', () => {
    const controller = nodeAgentController(VERSION, { random: new SeededRandom(1), startedAt: NOW })
    const look = (node: Node) => {
      const get = (resource: string) => (resource === 'nodes' ? node : leaseAt(NOW))
      return controller.observe({ get, list: (resource: string) => (resource === 'nodes' ? [node] : []) } as unknown as Reader, 'n1')
        ?.wasCordoned
    }
    expect([look(registered), look(cordon(registered, true)), look(registered)]).toEqual([false, false, true])
  })
})
