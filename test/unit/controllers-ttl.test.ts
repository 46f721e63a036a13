import { describe, expect, it } from 'vitest'
import type { Node } from '../../src/api/types.gen.ts'
import { ttlController } from '../../src/controllers/ttl/controller.ts'
import { ClusterSize, reconcileTtl } from '../../src/controllers/ttl/reconcile.ts'
import type { Reader } from '../../src/runtime/controller.ts'

const node = (ttl?: string): Node =>
  ({
    metadata: { name: 'n', uid: 'u', ...(ttl === undefined ? {} : { annotations: { 'node.alpha.kubernetes.io/ttl': ttl } }) },
    spec: {},
  }) as unknown as Node

/** Upstream: ttl_controller_test.go TestUpdateNodeIfNeeded, TestPatchNode. */
describe('reconcileTtl', () => {
  it.each([
    { name: 'nothing said', given: node(), seconds: 0, expected: '0' },
    { name: 'nothing said, a larger cluster', given: node(), seconds: 15, expected: '15' },
    { name: 'the largest', given: node(), seconds: 300, expected: '300' },
    { name: 'right', given: node('0'), seconds: 0, expected: undefined },
    { name: 'right in a larger cluster', given: node('60'), seconds: 60, expected: undefined },
    { name: 'right, with a sign', given: node('+60'), seconds: 60, expected: undefined },
    { name: 'too long', given: node('60'), seconds: 30, expected: '30' },
    { name: 'too short', given: node('0'), seconds: 15, expected: '15' },
    { name: 'no number', given: node('long'), seconds: 0, expected: '0' },
    { name: 'empty', given: node(''), seconds: 0, expected: '0' },
  ])('$name', ({ given, seconds, expected }) => {
    const { actions } = reconcileTtl(given, seconds)
    if (expected === undefined) expect(actions).toBeUndefined()
    else
      expect(actions).toMatchObject([
        { verb: 'patch', patch: { metadata: { uid: 'u', annotations: { 'node.alpha.kubernetes.io/ttl': expected } } } },
      ])
  })
})

/** Upstream: TestDesiredTTL. */
describe('ClusterSize', () => {
  const of = (nodes: number) => {
    const size = new ClusterSize()
    for (let i = 0; i < nodes; i++) size.grow()
    return size
  }
  it.each([
    [0, 0],
    [1, 0],
    [100, 0],
    [101, 15],
    [500, 15],
    [501, 30],
    [1000, 30],
    [1001, 60],
    [2000, 60],
    [2001, 300],
    [10_000, 300],
  ])('%i nodes that came: %i s', (nodes, seconds) => expect(of(nodes).ttlSeconds).toBe(seconds))

  it.each([
    [101, 90, 15],
    [101, 89, 0],
    [501, 450, 30],
    [501, 449, 15],
    [1001, 899, 30],
    [2001, 1800, 300],
    [2001, 1799, 60],
  ])('of %i nodes %i are left: %i s', (before, after, seconds) => {
    const size = of(before)
    for (let i = before; i > after; i--) size.shrink()
    expect(size.ttlSeconds).toBe(seconds)
  })
})

it('counts nodes as they come and go', () => {
  const controller = ttlController()
  const watch = controller.watches.nodes!
  const reader = { get: () => node() } as unknown as Reader
  const says = () => controller.reconcile(controller.observe(reader, 'n')!, { now: 0, newName: String }).actions?.[0]
  for (let i = 0; i < 101; i++) watch(node(), undefined, reader)
  watch(node(), node(), reader)
  expect(says()).toMatchObject({ patch: { metadata: { annotations: { 'node.alpha.kubernetes.io/ttl': '15' } } } })
  for (let i = 0; i < 12; i++) watch(undefined, node(), reader)
  expect(says()).toMatchObject({ patch: { metadata: { annotations: { 'node.alpha.kubernetes.io/ttl': '0' } } } })
})
