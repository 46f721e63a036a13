/** A pod that is deleted stays for a while, so that whoever waits for it to go has begun to watch before its name is taken again. */
import { describe, expect, it } from 'vitest'
import { timestamp } from '../../src/api/meta/time.ts'
import type { Node, Pod } from '../../src/api/types.gen.ts'
import { SimulatedRuntime } from '../../src/nodes/container-behaviour.ts'
import { reconcilePod } from '../../src/nodes/kubelet/reconcile.ts'
import { reconcileStaticPod } from '../../src/nodes/static-pods/reconcile.ts'

const NOW = Date.parse('2026-01-01T00:00:00Z')
const TEARDOWN_MS = 250

const node = {
  metadata: { name: 'n1', annotations: {} },
  spec: { podCIDR: '10.244.0.0/24' },
  status: { addresses: [{ type: 'InternalIP', address: '10.0.0.2' }] },
} as unknown as Node

const deleted = (metadata: Partial<Pod['metadata']> = {}, status: Record<string, unknown> = {}): Pod =>
  ({
    metadata: {
      name: 'a',
      namespace: 'default',
      uid: 'u1',
      resourceVersion: '1',
      creationTimestamp: timestamp(NOW - 60_000),
      deletionTimestamp: timestamp(NOW + 30_000),
      deletionGracePeriodSeconds: 30,
      ...metadata,
    },
    spec: { nodeName: 'n1', containers: [{ name: 'main', image: 'web' }] },
    status,
  }) as unknown as Pod

describe('a pod whose containers have ended', () => {
  const run = (at: number, stoppingSince?: number, pod = deleted()) =>
    reconcilePod({ pod, node, podIP: '10.244.0.2', stoppingSince }, new SimulatedRuntime(), NOW + at, TEARDOWN_MS)
  const verbs = (at: number, since?: number) => (run(at, since).actions ?? []).map(({ verb }) => verb)

  it('tells so at once, and goes later', () => {
    expect(verbs(0)).toEqual(['patch'])
    expect(run(0)).toMatchObject({ requeueAfterMs: 250, waitingOn: 'its teardown by the node' })
  })

  it.each([
    [249, ['patch'], 1],
    [250, ['patch', 'delete'], undefined],
    [40_000, ['patch', 'delete'], undefined],
  ])('%i ms after they were told to stop', (at, expected, left) => {
    expect(verbs(at, NOW)).toEqual(expected)
    expect(run(at, NOW).requeueAfterMs).toBe(left)
  })
})

describe('a mirror that is deleted', () => {
  const manifest = deleted({ annotations: { 'kubernetes.io/config.hash': 'h' }, deletionTimestamp: undefined })
  const mirror = deleted({ annotations: { 'kubernetes.io/config.hash': 'h', 'kubernetes.io/config.mirror': 'h' } })
  const run = (at: number, deletedSince: number | undefined) =>
    reconcileStaticPod({ pod: manifest, mirror, node, stoppingSince: undefined, deletedSince }, NOW + at, TEARDOWN_MS)

  it('goes later, and is back at once then', () => {
    expect(run(0, undefined)).toEqual({ requeueAfterMs: 250, waitingOn: 'its teardown by the node' })
    expect(run(249, NOW)).toMatchObject({ requeueAfterMs: 1 })
    expect(run(250, NOW).actions?.map(({ verb }) => verb)).toEqual(['delete', 'create'])
  })
})
