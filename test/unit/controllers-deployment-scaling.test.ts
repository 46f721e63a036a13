import { describe, expect, it, test } from 'vitest'
import type { ReplicaSet } from '../../src/api/types.gen.ts'
import { removeAvailable, removeUnhealthy, rollingUpdate } from '../../src/controllers/deployment/rolling-update.ts'
import { scale } from '../../src/controllers/deployment/scale.ts'
import type { Action } from '../../src/runtime/plan.ts'
import { DESIRED, MAX, own, plan, rolling, rollout, sized, sizes } from '../support/deployment-plans.ts'
import { deployment, replicaSet, template } from '../support/replica-objects.ts'

describe('scaling', () => {
  // Upstream: sync_test.go TestScale. `before` is the size under which the ReplicaSets were last scaled.
  const rows = [
    { name: '10 to 12', to: 12, before: 10, new: 10, old: [], expect: { new: 12, old: [] } },
    { name: '10 to 5', to: 5, before: 10, new: 10, old: [], expect: { new: 5, old: [] } },
    { name: 'in proportion, 5 to 10', to: 10, before: 5, new: 2, old: [3], expect: { new: 4, old: [6] } },
    { name: 'in proportion, 5 to 3', to: 3, before: 5, new: 2, old: [3], expect: { new: 1, old: [2] } },
    { name: 'in proportion, 9 to 4', to: 4, before: 9, new: 8, old: [1], expect: { new: 4, old: [0] } },
    { name: 'in proportion, 7 to 10', to: 10, before: 7, new: 2, old: [3, 2], expect: { new: 3, old: [4, 3] } },
    { name: 'in proportion, 13 to 8', to: 8, before: 13, new: 2, old: [8, 3], expect: { new: 1, old: [5, 2] } },
    { name: 'leftover to the newest, 3 to 4', to: 4, before: 3, new: 1, old: [1, 1], expect: { new: 2, old: [1, 1] } },
    { name: 'leftover from the oldest, 3 to 2', to: 2, before: 3, new: 1, old: [1, 1], expect: { new: 1, old: [1, 0] } },
    { name: 'without a new one, 4 to 5', to: 5, before: 4, new: undefined, old: [2, 2], expect: { new: undefined, old: [3, 2] } },
    { name: 'to zero', to: 0, before: 6, new: 3, old: [2, 1], expect: { new: 0, old: [0, 0] } },
    { name: 'from zero', to: 6, before: 6, new: 0, old: [0, 0], expect: { new: 6, old: [0, 0] } },
    { name: 'from zero without a new one', to: 6, before: 6, new: undefined, old: [0, 0], expect: { new: undefined, old: [6, 0] } },
    { name: 'with surge', to: 20, before: 10, surge: 2, new: 6, old: [6], expect: { new: 11, old: [11] } },
    { name: 'of size and surge', to: 50, before: 10, surgeBefore: 3, surge: 6, new: 5, old: [8], expect: { new: 22, old: [34] } },
    { name: 'of size and template', to: 14, before: 10, new: undefined, old: [7, 3], expect: { new: undefined, old: [10, 4] } },
    { name: 'a full but broken new one leaves the old', to: 2, before: 2, surge: 1, new: 2, old: [1], expect: { new: 2, old: [1] } },
  ]
  test.each(rows)('$name', ({ to, before, surge = 0, surgeBefore = surge, new: newSize, old, expect: expected }) => {
    const given = deployment('foo', { replicas: to, ...rolling(surge, 0) })
    const newSet = newSize === undefined ? undefined : sized('foo-v9', newSize, 1, before, surgeBefore)
    const oldSets = old.map((size, i) => sized(`foo-v${8 - i}`, size, 2 + i, before, surgeBefore))
    expect(sizes(scale(rollout(given, newSet, oldSets)))).toEqual(expected)
  })

  it('goes on where one ReplicaSet was not scaled the last time', () => {
    const sets = [sized('foo-v2', 1, 2, 3), sized('foo-v1', 1, 3, 5)]
    const next = scale(rollout(deployment('foo', { replicas: 5, ...rolling(0, 0) }), sized('foo-v3', 2, 1, 5), sets))
    expect(sizes(next)).toEqual({ new: 2, old: [2, 1] })
  })

  it('takes the old away when the new is saturated', () => {
    const full = { ...sized('foo-v2', 3, 1, 3), status: { replicas: 3, availableReplicas: 3 } }
    expect(sizes(scale(rollout(deployment('foo'), full, [sized('foo-v1', 2, 2, 3)])))).toEqual({ new: 3, old: [0] })
  })

  it('renews annotations where sizes stay', () => {
    const next = scale(rollout(deployment('foo', { replicas: 2, ...rolling(1, 1) }), sized('foo-v2', 2, 1, 1), [sized('foo-v1', 1, 2, 1)]))
    expect(next.newSet!.metadata.annotations).toEqual({ [DESIRED]: '2', [MAX]: '3' })
  })

  it('proportions have no place under Recreate', () => {
    const given = deployment('foo', { replicas: 9, strategy: { type: 'Recreate' } })
    expect(sizes(scale(rollout(given, sized('foo-v2', 2, 1, 3), [sized('foo-v1', 1, 2, 3)])))).toEqual({ new: 2, old: [1] })
  })
})

describe('rolling update', () => {
  const withAvailable = (set: ReplicaSet, availableReplicas: number): ReplicaSet => ({ ...set, status: { replicas: 0, availableReplicas } })

  // Upstream: rolling_test.go reconcileNewReplicaSet.
  const growing = [
    { name: 'no room', surge: 0, old: 10, new: 0, expect: 0 },
    { name: 'room of the surge', surge: 2, old: 10, new: 0, expect: 2 },
    { name: 'room of the surge and what is gone', surge: 2, old: 5, new: 0, expect: 7 },
    { name: 'room used up', surge: 2, old: 10, new: 2, expect: 2 },
    { name: 'too many', surge: 2, old: 2, new: 11, expect: 10 },
    { name: 'room beyond the wanted size', surge: 5, old: 0, new: 8, expect: 10 },
  ]
  test.each(growing)('grows: $name', ({ surge, old, new: newSize, expect: expected }) => {
    const newSet = sized('foo-v2', newSize, 1)
    const next = rollingUpdate(
      rollout(deployment('foo', { replicas: 10, ...rolling(surge, 0) }), newSet, [sized('foo-v1', old, 2)]),
      newSet,
    )
    expect(next.newSet!.spec.replicas).toBe(expected)
  })

  // Upstream: rolling_test.go reconcileOldReplicaSets.
  const shrinking = [
    {
      name: 'one beyond what must be available, as nothing could move else',
      unavailable: 0,
      old: 10,
      new: 0,
      oldReady: 10,
      newReady: 0,
      expect: 9,
    },
    { name: 'as many as may be unavailable', unavailable: 2, old: 10, new: 0, oldReady: 10, newReady: 0, expect: 8 },
    { name: 'unhealthy ones', unavailable: 2, old: 10, new: 0, oldReady: 8, newReady: 0, expect: 8 },
    { name: 'an unhealthy and a healthy one', unavailable: 2, old: 10, new: 0, oldReady: 9, newReady: 0, expect: 8 },
    { name: 'none for new ones that are not ready', unavailable: 2, old: 8, new: 2, oldReady: 8, newReady: 0, expect: 8 },
    { name: 'one for each new one that is', unavailable: 2, old: 8, new: 2, oldReady: 8, newReady: 1, expect: 7 },
    { name: 'none while it still loses pods', unavailable: 2, old: 8, new: 2, oldReady: 9, newReady: 2, expect: 8 },
  ]
  test.each(shrinking)('shrinks: $name', ({ unavailable, old, new: newSize, oldReady, newReady, expect: expected }) => {
    const newSet = withAvailable(sized('foo-v2', newSize, 1), newReady)
    const given = deployment('foo', { replicas: 10, ...rolling(0, unavailable) })
    const next = rollingUpdate(rollout(given, newSet, [withAvailable(sized('foo-v1', old, 2), oldReady)]), newSet)
    expect(next.oldSets[0]!.spec.replicas).toBe(expected)
  })

  // Upstream: rolling_test.go cleanupUnhealthyReplicas.
  test.each([
    { ready: 8, most: 1, expect: 9 },
    { ready: 8, most: 3, expect: 8 },
    { ready: 8, most: 0, expect: 10 },
    { ready: 10, most: 3, expect: 10 },
  ])('of 10 with $ready ready at most $most unhealthy ones go', ({ ready, most, expect: expected }) => {
    const start = rollout(deployment('foo', { replicas: 10, ...rolling(2, 2) }), undefined, [withAvailable(sized('foo-v1', 10, 2), ready)])
    expect(removeUnhealthy(start, most).rollout.oldSets[0]!.spec.replicas).toBe(expected)
  })

  // Upstream: rolling_test.go scaleDownOldReplicaSetsForRollingUpdate.
  test.each([
    { unavailable: 0, ready: 10, old: 10, expect: 10 },
    { unavailable: 1, ready: 10, old: 10, expect: 9 },
    { unavailable: 2, ready: 10, old: 10, expect: 8 },
    { unavailable: 2, ready: 8, old: 10, expect: 10 },
    { unavailable: 2, ready: 10, old: 0, expect: 0 },
    { unavailable: 2, ready: 1, old: 10, expect: 10 },
  ])('of $old with $ready ready and $unavailable dispensable', ({ unavailable, ready, old, expect: expected }) => {
    const given = deployment('foo', { replicas: 10, ...rolling(1, unavailable) })
    const next = removeAvailable(rollout(given, undefined, [withAvailable(sized('foo-v1', old, 2), ready)]), undefined)
    expect(next.oldSets[0]!.spec.replicas).toBe(expected)
  })

  it('takes from the oldest first', () => {
    const newSet = withAvailable(sized('foo-v3', 5, 1), 5)
    const olds = [withAvailable(sized('foo-v2', 3, 2), 3), withAvailable(sized('foo-v1', 3, 3), 3)]
    const next = rollingUpdate(rollout(deployment('foo', { replicas: 10, ...rolling(1, 3) }), newSet, olds), newSet)
    expect(sizes(next)).toEqual({ new: 5, old: [2, 0] })
  })
})

describe('limits', () => {
  // Upstream: deployment_util_test.go TestMaxUnavailable, TestResolveFenceposts, seen by what a first step takes away.
  test.each([
    { replicas: 10, surge: 0, unavailable: 5, expect: 5 },
    { replicas: 10, surge: 0, unavailable: 11, expect: 0 },
    { replicas: 5, surge: 0, unavailable: '10%', expect: 4 },
    { replicas: 50, surge: 0, unavailable: '10%', expect: 45 },
    { replicas: 10, surge: 0, unavailable: '0%', expect: 9 },
  ])('$replicas with $unavailable unavailable', ({ replicas, surge, unavailable, expect: expected }) => {
    const given = deployment('web', { replicas, template: template('b'), ...rolling(surge, unavailable) })
    const old = own(replicaSet('web-1', replicas, { status: { replicas, availableReplicas: replicas } }), { [DESIRED]: String(replicas) })
    const patch = plan({ deployment: given, candidates: [old] }).actions!.find((action: Action) => action.verb === 'patch')
    expect(patch).toMatchObject({ patch: { spec: { replicas: expected } } })
  })
})
