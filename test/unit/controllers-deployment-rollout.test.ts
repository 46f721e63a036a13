import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Deployment, Pod } from '../../src/api/types.gen.ts'
import { maxSurge, maxUnavailable } from '../../src/controllers/deployment/limits.ts'
import { isPodActive, isPodTerminal } from '../../src/controllers/pods/pod-state.ts'
import { isReady, ReplicaCluster } from '../support/replica-cluster.ts'
import { deployment, template } from '../support/replica-objects.ts'

type Step = { readonly kind: 'deployment' | 'replicaSet' | 'ready' | 'gone' | 'unready' | 'fail' | 'template'; readonly pick: number }

const bound = fc.oneof(
  fc.integer({ min: 0, max: 4 }),
  fc.integer({ min: 0, max: 100 }).map((share) => `${share}%`),
)
const quietKinds = ['deployment', 'deployment', 'replicaSet', 'replicaSet', 'ready', 'gone'] as const
const steps = (kinds: readonly Step['kind'][]): fc.Arbitrary<Step[]> =>
  fc.array(fc.record({ kind: fc.constantFrom(...kinds), pick: fc.nat() }), { minLength: 30, maxLength: 150 })

const rolling = fc.record({ replicas: fc.integer({ min: 1, max: 8 }), maxSurge: bound, maxUnavailable: bound })

function take<T>(list: readonly T[], pick: number): T | undefined {
  return list.length === 0 ? undefined : list[pick % list.length]
}

function run(cluster: ReplicaCluster, { kind, pick }: Step): void {
  const set = take(cluster.replicaSets, pick)
  const running = cluster.pods.filter(isPodActive)
  const pick1 = (has: (pod: Pod) => boolean, then: (pod: Pod) => void) => {
    const found = take(running.filter(has), pick)
    if (found !== undefined) then(found)
  }
  if (kind === 'deployment') cluster.reconcileDeployment()
  else if (kind === 'replicaSet') set && cluster.reconcileReplicaSet(set)
  else if (kind === 'ready')
    pick1(
      (pod) => !isReady(pod),
      (pod) => cluster.setReady(pod, true),
    )
  else if (kind === 'unready') pick1(isReady, (pod) => cluster.setReady(pod, false))
  else if (kind === 'fail')
    pick1(
      () => true,
      (pod) => cluster.fail(pod),
    )
  else if (kind === 'template') {
    // Upstream trusts a ReplicaSet's status even when it is older than its size; who changes his mind in that instant may lose a pod.
    cluster.reconcileReplicaSets()
    cluster.change({ template: template(`nginx:${pick % 4}`) })
  } else {
    const leaving = take(
      cluster.pods.filter(({ metadata }) => metadata.deletionTimestamp !== undefined),
      pick,
    )
    if (leaving !== undefined) cluster.remove(leaving)
  }
}

const imageOf = (pod: Pod) => pod.spec.containers[0]!.image

function expectDone(cluster: ReplicaCluster): void {
  expect(cluster.settle()).toBe(true)
  const { spec, status } = cluster.deployment
  const pods = cluster.pods.filter(isPodActive)
  expect(pods).toHaveLength(spec.replicas!)
  for (const pod of pods) expect(imageOf(pod)).toBe(spec.template.spec!.containers[0]!.image)
  const count = spec.replicas || undefined
  expect([status?.replicas, status?.updatedReplicas, status?.availableReplicas]).toEqual([count, count, count])
  expect(status?.conditions?.map(({ type, status: state }) => [type, state])).toEqual(
    expect.arrayContaining([
      ['Available', 'True'],
      ['Progressing', 'True'],
    ]),
  )
  // And then all is quiet.
  expect([cluster.reconcileDeployment(), ...cluster.replicaSets.map((set) => cluster.reconcileReplicaSet(set))]).not.toContain(true)
}

function started(given: Deployment): ReplicaCluster {
  const cluster = new ReplicaCluster(given)
  expectDone(cluster)
  return cluster
}

describe('any rollout, however its events fall', () => {
  it('keeps within the surge and above what must be available, and ends', () => {
    fc.assert(
      fc.property(rolling, steps([...quietKinds, 'template']), ({ replicas, ...rollingUpdate }, events) => {
        const cluster = started(deployment('web', { replicas, strategy: { type: 'RollingUpdate', rollingUpdate } }))
        const most = replicas + maxSurge(cluster.deployment)
        const least = replicas - maxUnavailable(cluster.deployment)
        for (const event of [{ kind: 'template', pick: 2 } as const, ...events]) {
          run(cluster, event)
          expect(cluster.replicaSets.reduce((sum, { spec }) => sum + spec.replicas!, 0)).toBeLessThanOrEqual(most)
          expect(cluster.pods.filter((pod) => isPodActive(pod) && isReady(pod)).length).toBeGreaterThanOrEqual(least)
        }
        expectDone(cluster)
      }),
      { numRuns: 150 },
    )
  })

  it('ends whatever becomes of its pods', () => {
    fc.assert(
      fc.property(rolling, steps([...quietKinds, 'template', 'unready', 'fail']), ({ replicas, ...rollingUpdate }, events) => {
        const cluster = started(deployment('web', { replicas, strategy: { type: 'RollingUpdate', rollingUpdate } }))
        const most = replicas + maxSurge(cluster.deployment)
        for (const event of events) {
          run(cluster, event)
          expect(cluster.replicaSets.reduce((sum, { spec }) => sum + spec.replicas!, 0)).toBeLessThanOrEqual(most)
        }
        expectDone(cluster)
      }),
      { numRuns: 100 },
    )
  })

  it('in the midst of a change of size ends as well', () => {
    fc.assert(
      fc.property(rolling, steps(quietKinds), fc.integer({ min: 0, max: 12 }), ({ replicas, ...rollingUpdate }, events, size) => {
        const cluster = started(deployment('web', { replicas, strategy: { type: 'RollingUpdate', rollingUpdate } }))
        cluster.change({ template: template('nginx:9') })
        for (const event of events.slice(0, events.length / 2)) run(cluster, event)
        cluster.change({ replicas: size })
        for (const event of events.slice(events.length / 2)) run(cluster, event)
        expectDone(cluster)
      }),
      { numRuns: 100 },
    )
  })

  it('under Recreate two templates never run at once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), steps([...quietKinds, 'fail']), (replicas, events) => {
        const cluster = started(deployment('web', { replicas, strategy: { type: 'Recreate' } }))
        cluster.change({ template: template('nginx:9') })
        for (const event of events) {
          run(cluster, event)
          expect(new Set(cluster.pods.filter((pod) => !isPodTerminal(pod)).map(imageOf)).size).toBeLessThanOrEqual(1)
        }
        expectDone(cluster)
      }),
      { numRuns: 100 },
    )
  })
})
