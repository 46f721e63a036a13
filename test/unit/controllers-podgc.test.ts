import { describe, expect, it } from 'vitest'
import { timestamp } from '../../src/api/meta/time.ts'
import type { Node, Pod } from '../../src/api/types.gen.ts'
import { EndedPods } from '../../src/controllers/podgc/ended-pods.ts'
import { reconcilePod } from '../../src/controllers/podgc/reconcile.ts'

const NOW = Date.parse('2026-01-01T00:00:00Z')

function pod(nodeName: string | undefined, phase: string, metadata: Record<string, unknown> = {}): Pod {
  return {
    metadata: { name: 'p', namespace: 'd', uid: 'u', resourceVersion: '3', creationTimestamp: timestamp(NOW), ...metadata },
    spec: { nodeName },
    status: { phase, conditions: [] },
  } as unknown as Pod
}
const deleted = { deletionTimestamp: timestamp(NOW), deletionGracePeriodSeconds: 30 }
const outOfService = (ready: string) =>
  ({
    metadata: { name: 'n' },
    spec: { taints: [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }] },
    status: { conditions: [{ type: 'Ready', status: ready }] },
  }) as unknown as Node
const healthy = { metadata: { name: 'n' }, spec: {} } as Node

describe('reconcilePod', () => {
  const verbs = (given: Pod, node: Node | undefined, missingForMs = 0, isExcess = false) =>
    (reconcilePod({ pod: given, node, isExcess }, NOW - missingForMs, NOW).actions ?? []).map(({ verb }) => verb)

  it.each([
    ['a pod on its node', pod('n', 'Running'), healthy, 0, []],
    ['a pod whose node is missing, for a while', pod('n', 'Running'), undefined, 39_999, []],
    ['a pod whose node is gone', pod('n', 'Running'), undefined, 40_000, ['patch', 'delete']],
    ['an ended pod whose node is gone', pod('n', 'Succeeded'), undefined, 40_000, ['delete']],
    ['a pod waiting for a node', pod(undefined, 'Pending'), undefined, 99_000, []],
    ['a deleted pod that never had a node', pod(undefined, 'Pending', deleted), undefined, 0, ['patch', 'delete']],
    ['a deleted pod on a node out of service', pod('n', 'Running', deleted), outOfService('Unknown'), 0, ['patch', 'delete']],
    ['a deleted pod on a node that is ready all the same', pod('n', 'Running', deleted), outOfService('True'), 0, []],
    ['a pod on a node out of service that nobody deleted', pod('n', 'Running'), outOfService('Unknown'), 0, []],
    [
      'one that finalizers keep',
      pod('n', 'Failed', { ...deleted, deletionGracePeriodSeconds: 0, finalizers: ['f'] }),
      undefined,
      40_000,
      [],
    ],
  ] as const)('%s', (_name, given, node, missingForMs, expected) => {
    expect(verbs(given, node, missingForMs)).toEqual(expected)
  })

  it('says why', () => {
    const plan = reconcilePod({ pod: pod('n', 'Running', { generation: 2 }), node: undefined, isExcess: false }, NOW - 40_000, NOW)
    const condition = {
      observedGeneration: 2,
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'DeletionByPodGC',
      message: 'PodGC: node no longer exists',
    }
    expect(plan.actions?.[0]).toMatchObject({
      patch: { metadata: { resourceVersion: '3' }, status: { phase: 'Failed', observedGeneration: 2, conditions: [condition] } },
    })
    expect(plan.actions?.[1]).toMatchObject({ gracePeriodSeconds: 0, preconditions: { uid: 'u' } })
  })

  it('removes one of too many', () => {
    expect(verbs(pod('n', 'Succeeded'), healthy, 0, true)).toEqual(['delete'])
  })
})

/** Upstream: TestGCTerminating: a pod of every kind on a node of every kind. */
describe('a pod on a node that is', () => {
  const nodeThatIs = (ready: string, taint?: { key: string; effect: string }) =>
    ({
      metadata: { name: 'n' },
      spec: { ...(taint && { taints: [taint] }) },
      status: { conditions: [{ type: 'Ready', status: ready }] },
    }) as unknown as Node
  const key = 'node.kubernetes.io/out-of-service'
  it.each([
    { name: 'out of service by NoExecute', node: nodeThatIs('False', { key, effect: 'NoExecute' }), isCleared: true },
    { name: 'out of service by NoSchedule', node: nodeThatIs('False', { key, effect: 'NoSchedule' }), isCleared: true },
    { name: 'out of service by PreferNoSchedule', node: nodeThatIs('False', { key, effect: 'PreferNoSchedule' }), isCleared: true },
    { name: 'out of service and unknown', node: nodeThatIs('Unknown', { key, effect: 'NoExecute' }), isCleared: true },
    { name: 'out of service but ready', node: nodeThatIs('True', { key, effect: 'NoExecute' }), isCleared: false },
    { name: 'not ready', node: nodeThatIs('False'), isCleared: false },
    {
      name: 'tainted otherwise',
      node: nodeThatIs('False', { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' }),
      isCleared: false,
    },
    { name: 'ready', node: nodeThatIs('True'), isCleared: false },
  ])('$name goes if it is being deleted: $isCleared', ({ node, isCleared }) => {
    const verbs = (given: Pod) => (reconcilePod({ pod: given, node, isExcess: false }, NOW, NOW).actions ?? []).map(({ verb }) => verb)
    for (const phase of ['', 'Pending', 'Running', 'Unknown']) {
      expect(verbs(pod('n', phase))).toEqual([])
      expect(verbs(pod('n', phase, deleted))).toEqual(isCleared ? ['patch', 'delete'] : [])
    }
    for (const phase of ['Failed', 'Succeeded']) expect(verbs(pod('n', phase, deleted))).toEqual(isCleared ? ['delete'] : [])
  })
})

/** Upstream: TestGCUnscheduledTerminating. */
describe('a pod without a node', () => {
  it.each([
    ['Failed', deleted, ['delete']],
    ['Succeeded', deleted, ['delete']],
    ['Running', deleted, ['patch', 'delete']],
    ['Pending', deleted, ['patch', 'delete']],
    ['Failed', {}, []],
    ['Pending', {}, []],
  ] as const)('%s, %j', (phase, metadata, expected) => {
    const { actions = [] } = reconcilePod({ pod: pod(undefined, phase, metadata), node: undefined, isExcess: false }, NOW, NOW)
    expect(actions.map(({ verb }) => verb)).toEqual(expected)
  })
})

/** Upstream: TestGCTerminated. */
describe('of pods that have ended', () => {
  interface Given {
    readonly name: string
    readonly phase: string
    readonly reason?: string
  }
  const [a, b, c] = [
    { name: 'a', phase: 'Failed' },
    { name: 'b', phase: 'Succeeded' },
    { name: 'c', phase: 'Failed' },
  ] as const
  const evicted = { ...c, reason: 'Evicted' }
  it.each<{ name: string; limit: number; pods: readonly Given[]; gone: string[] }>([
    { name: 'the oldest go', limit: 1, pods: [a, b, c], gone: ['a', 'b'] },
    { name: 'none goes without a limit', limit: 0, pods: [a, b, c], gone: [] },
    { name: 'those that run do not count', limit: 1, pods: [{ ...a, phase: 'Running' }, b, c], gone: ['b'] },
    { name: 'one is too many', limit: 1, pods: [a, b], gone: ['a'] },
    { name: 'none is too many', limit: 5, pods: [a, b], gone: [] },
    { name: 'evicted ones go first', limit: 1, pods: [a, b, evicted], gone: ['a', 'c'] },
    { name: 'evicted ones go first, and those that run stay', limit: 1, pods: [{ ...a, phase: 'Running' }, b, evicted], gone: ['c'] },
  ])('$name', ({ limit, pods, gone }) => {
    // All are there before the controller looks, and come in no particular order: the newest first is the worst.
    const ended = new EndedPods(limit)
    const stored = pods.map(({ name, phase, reason }, i) => {
      const { metadata, spec } = pod('n', phase, { name, creationTimestamp: timestamp(NOW + i * 1000) })
      return { metadata, spec, status: { phase, ...(reason && { reason }) } } as Pod
    })
    for (const each of stored) ended.set(`d/${each.metadata.name}`, each)
    expect(pods.map(({ name }) => name).filter((name) => ended.isExcess(`d/${name}`))).toEqual(gone)
  })
})

describe('EndedPods', () => {
  it('finds the oldest of too many, evicted ones first', () => {
    const ended = new EndedPods(2)
    const over = (name: string, age: number, reason?: string) => ({
      ...pod('n', 'Failed', { name, creationTimestamp: timestamp(NOW - age) }),
      status: { phase: 'Failed', ...(reason ? { reason } : {}) },
    })
    expect(ended.set('d/a', over('a', 1000))).toBeUndefined()
    expect(ended.set('d/b', over('b', 5000))).toBeUndefined()
    expect(ended.set('d/running', pod('n', 'Running'))).toBeUndefined()
    expect(ended.set('d/c', over('c', 3000))).toBe('d/b')
    expect(ended.set('d/e', over('e', 0, 'Evicted'))).toBe('d/e')
    expect(ended.isExcess('d/b')).toBe(true)
    ended.set('d/b', undefined)
    expect(ended.isExcess('d/b')).toBe(false)
    expect(ended.set('d/f', over('f', 500))).toBe('d/c')
  })
})
