import { describe, expect, it, test } from 'vitest'
import { timestamp } from '../../src/api/meta/time.ts'
import type { Deployment, ReplicaSet } from '../../src/api/types.gen.ts'
import { deploymentController } from '../../src/controllers/deployment/controller.ts'
import { newReplicaSetName } from '../../src/controllers/deployment/new-replica-set.ts'
import { type ObservedDeployment, reconcileDeployment } from '../../src/controllers/deployment/reconcile.ts'
import { cleanup, equalIgnoringHash, findNewReplicaSet, newSetAnnotations, revisionOf } from '../../src/controllers/deployment/revisions.ts'
import { removeAvailable, removeUnhealthy, rollingUpdate } from '../../src/controllers/deployment/rolling-update.ts'
import type { Rollout } from '../../src/controllers/deployment/rollout.ts'
import { scale } from '../../src/controllers/deployment/scale.ts'
import type { Action, Plan, ReconcileContext } from '../../src/runtime/plan.ts'
import { context, controlledBy, deployment, meta, NOW, pod, replicaSet, template } from '../support/replica-objects.ts'

const REVISION = 'deployment.kubernetes.io/revision'
const HISTORY = 'deployment.kubernetes.io/revision-history'
const DESIRED = 'deployment.kubernetes.io/desired-replicas'
const MAX = 'deployment.kubernetes.io/max-replicas'
const going = { deletionTimestamp: timestamp(NOW) }

const rolling = (maxSurge: number | string, maxUnavailable: number | string) => ({
  strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } },
})

/** Created so many hours ago, as `foo-v1` before `foo-v2`. */
function sized(name: string, replicas: number, hoursAgo: number, sizeBefore?: number, surge = 0): ReplicaSet {
  const annotations = sizeBefore === undefined ? {} : { [DESIRED]: String(sizeBefore), [MAX]: String(sizeBefore + surge) }
  return replicaSet(name, replicas, { metadata: { creationTimestamp: timestamp(NOW - hoursAgo * 3600_000), annotations } })
}

function rollout(given: Deployment, newSet: ReplicaSet | undefined, oldSets: readonly ReplicaSet[]): Rollout {
  return { deployment: given, newSet, oldSets, conditions: [], scalings: [] }
}

const sizes = ({ newSet, oldSets }: Rollout) => ({ new: newSet?.spec.replicas, old: oldSets.map(({ spec }) => spec.replicas) })

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

describe('revisions', () => {
  it('the oldest with the template is the new one', () => {
    const sets = [sized('foo-b', 0, 1), sized('foo-a', 0, 3), replicaSet('foo-c', 0, { image: 'other' })]
    expect(findNewReplicaSet(deployment('foo'), sets)?.metadata.name).toBe('foo-a')
    expect(findNewReplicaSet(deployment('foo', { template: template('none') }), sets)).toBeUndefined()
  })

  // Upstream: deployment_util_test.go TestEqualIgnoreHash.
  const labels = (extra: Record<string, string>) => template('nginx:1', { app: 'web', ...extra })
  test.each([
    { name: 'the same', a: labels({}), b: labels({}), expect: true },
    { name: 'hash on one', a: labels({ 'pod-template-hash': 'x' }), b: labels({}), expect: true },
    { name: 'two hashes', a: labels({ 'pod-template-hash': 'x' }), b: labels({ 'pod-template-hash': 'y' }), expect: true },
    { name: 'another label', a: labels({ 'pod-template-hash': 'x' }), b: labels({ tier: 'front' }), expect: false },
    { name: 'no labels at all', a: { metadata: { labels: { 'pod-template-hash': 'x' } } }, b: {}, expect: true },
    {
      name: 'another annotation',
      a: { metadata: { annotations: { former: 'x' } } },
      b: { metadata: { annotations: { latter: 'x' } } },
      expect: false,
    },
  ])('templates: $name', ({ a, b, expect: expected }) => {
    expect(equalIgnoringHash(a, b)).toBe(expected)
    expect(equalIgnoringHash(b, a)).toBe(expected)
  })

  const annotated = (annotations: Record<string, string>) => replicaSet('foo', 1, { metadata: { annotations } })
  test.each([
    { name: 'none yet', given: {}, revision: 1, expect: { [REVISION]: '1' } },
    { name: 'as it was', given: { [REVISION]: '3' }, revision: 3, expect: { [REVISION]: '3' } },
    { name: 'ahead of the others', given: { [REVISION]: '10' }, revision: 9, expect: { [REVISION]: '10' } },
    { name: 'back again', given: { [REVISION]: '9' }, revision: 10, expect: { [REVISION]: '10', [HISTORY]: '9' } },
    {
      name: 'back once more',
      given: { [REVISION]: '3', [HISTORY]: '1' },
      revision: 5,
      expect: { [REVISION]: '5', [HISTORY]: '1,3' },
    },
    { name: 'malformed', given: { [REVISION]: 'x' }, revision: 5, expect: { [REVISION]: 'x' } },
  ])('annotation: $name', ({ given, revision, expect: expected }) => {
    expect(newSetAnnotations(deployment('foo'), annotated(given), revision)).toEqual(expected)
  })

  it('history loses its beginning when it grows too long', () => {
    const past = Array.from({ length: 500 }, (_, i) => String(1000 + i)).join(',')
    const history = newSetAnnotations(deployment('foo'), annotated({ [REVISION]: '1500', [HISTORY]: past }), 1501)[HISTORY]!
    expect(history.length).toBeLessThanOrEqual(2000)
    expect(history).toMatch(/^1101,.*,1500$/)
  })

  it('annotations are handed down, but for the Deployment’s own', () => {
    const annotations = { note: 'x', [REVISION]: '7', 'kubectl.kubernetes.io/last-applied-configuration': '{}', [DESIRED]: '9', [MAX]: '9' }
    expect(newSetAnnotations(deployment('foo', {}, { metadata: meta('foo', { annotations }) }), annotated({}), 1)).toEqual({
      note: 'x',
      [REVISION]: '1',
    })
  })

  it('a revision that is no number is none', () => {
    expect([revisionOf(annotated({})), revisionOf(annotated({ [REVISION]: '4' })), revisionOf(annotated({ [REVISION]: 'x' }))]).toEqual([
      0,
      4,
      undefined,
    ])
  })

  // Upstream: sync_test.go cleanupDeployment.
  const old = (name: string, size: number, pods: number, metadata = {}) => replicaSet(name, size, { metadata, status: { replicas: pods } })
  const rev = (n: number) => ({ annotations: { [REVISION]: String(n) } })
  test.each([
    { name: 'beyond the limit', given: [old('a', 0, 0), old('b', 0, 0), old('c', 0, 0)], limit: 1, expect: ['a', 'b'] },
    { name: 'only without pods', given: [old('a', 0, 0), old('b', 0, 1), old('c', 1, 0), old('d', 1, 1)], limit: 0, expect: ['a'] },
    { name: 'all', given: [old('a', 0, 0), old('b', 0, 0)], limit: 0, expect: ['a', 'b'] },
    { name: 'none with pods', given: [old('a', 1, 1), old('b', 1, 1)], limit: 0, expect: [] },
    { name: 'none that goes already', given: [old('a', 0, 0, going)], limit: 0, expect: [] },
    { name: 'none without a limit', given: [old('a', 0, 0)], limit: 2147483647, expect: [] },
    { name: 'none whose news is unseen', given: [old('a', 0, 0, { generation: 2 })], limit: 0, expect: [] },
    {
      name: 'lowest revisions',
      given: [old('a', 0, 0, rev(10)), old('b', 0, 0, rev(9)), old('c', 0, 0, rev(2))],
      limit: 1,
      expect: ['c', 'b'],
    },
  ])('cleanup: $name', ({ given, limit, expect: expected }) => {
    expect(cleanup(deployment('foo', { revisionHistoryLimit: limit }), given).map(({ target }) => target.name)).toEqual(expected)
  })
})

interface Given extends Partial<Omit<ObservedDeployment, 'deployment'>> {
  readonly deployment: Deployment
  readonly context?: Partial<ReconcileContext>
}

function plan({ context: overrides, ...observed }: Given): Plan {
  return reconcileDeployment({ candidates: [], namesake: undefined, podsOf: new Map(), ...observed }, context(overrides))
}

const next = (given: Plan) => JSON.parse(JSON.stringify(given.status)) as Deployment
const conditionsOf = (given: Plan) =>
  Object.fromEntries((next(given).status?.conditions ?? []).map((c) => [c.type, [c.status, c.reason, c.message]]))
const events = (given: Plan) =>
  [...(given.actions ?? []).map(({ event }) => event), ...(given.events ?? [])].flatMap((event) => (event ? [event.message] : []))
const own = (set: ReplicaSet, annotations: Record<string, string> = {}): ReplicaSet => ({
  ...set,
  metadata: { ...set.metadata, annotations, ownerReferences: [controlledBy('Deployment', 'web')] },
})
/** As the controller leaves it: annotated for a Deployment of `size` with one pod of surge. */
const settled = (name: string, size: number, revision: string, options: Parameters<typeof replicaSet>[2] = {}) =>
  own(replicaSet(name, size, options), { [REVISION]: revision, [DESIRED]: '3', [MAX]: '4' })

describe('a new Deployment', () => {
  const given = deployment('web')
  const name = newReplicaSetName(given)
  const made = plan({ deployment: given })

  it('gets a ReplicaSet for its template', () => {
    const hash = name.slice('web-'.length)
    expect(made.actions).toEqual([
      {
        verb: 'create',
        resource: 'replicasets.apps',
        object: {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          metadata: {
            name,
            namespace: 'default',
            labels: { app: 'web', 'pod-template-hash': hash },
            annotations: { [REVISION]: '1', [DESIRED]: '3', [MAX]: '4' },
            ownerReferences: [controlledBy('Deployment', 'web')],
          },
          spec: {
            replicas: 3,
            selector: { matchLabels: { app: 'web', 'pod-template-hash': hash } },
            template: template('nginx:1', { app: 'web', 'pod-template-hash': hash }),
          },
        },
        event: { type: 'Normal', reason: 'ScalingReplicaSet', message: `Scaled up replica set ${name} from 0 to 3` },
        failureEvent: { type: 'Warning', reason: 'ReplicaSetCreateError', message: `Failed to create new replica set "${name}": ` },
      },
    ])
  })

  it('says so in its status and carries the revision', () => {
    const result = next(made)
    expect(result.metadata.annotations).toEqual({ [REVISION]: '1' })
    expect(result.status).toEqual({
      observedGeneration: 1,
      unavailableReplicas: 3,
      terminatingReplicas: 0,
      conditions: [
        {
          type: 'Progressing',
          status: 'True',
          reason: 'NewReplicaSetCreated',
          message: `Created new replica set "${name}"`,
          lastUpdateTime: timestamp(NOW),
          lastTransitionTime: timestamp(NOW),
        },
        {
          type: 'Available',
          status: 'False',
          reason: 'MinimumReplicasUnavailable',
          message: 'Deployment does not have minimum availability.',
          lastUpdateTime: timestamp(NOW),
          lastTransitionTime: timestamp(NOW),
        },
      ],
    })
    expect(made.requeueAfterMs).toBe(601_000)
    expect(made.waitingOn).toBe(`3 of 3 pods of ReplicaSet "${name}" to become available`)
  })

  it('of no pods is complete at once, without an event', () => {
    const none = plan({ deployment: deployment('web', { replicas: 0 }) })
    expect(events(none)).toEqual([])
    expect(conditionsOf(none).Progressing).toEqual(['True', 'NewReplicaSetAvailable', `ReplicaSet "${name}" has successfully progressed.`])
    expect(none.waitingOn).toBeUndefined()
  })

  it('adopts what matches before anything else', () => {
    const orphan = replicaSet('web-old', 1)
    expect(plan({ deployment: given, candidates: [orphan] }).actions).toMatchObject([{ verb: 'patch', target: { name: 'web-old' } }])
  })

  it('takes another hash when the name is taken', () => {
    const taken = plan({ deployment: given, namesake: replicaSet(name, 0, { image: 'other' }) })
    expect(taken.actions ?? []).toEqual([])
    expect(next(taken).status?.collisionCount).toBe(1)
    expect(newReplicaSetName(next(taken))).not.toBe(name)
    expect(next(plan({ deployment: next(taken) })).status?.collisionCount).toBe(1)
  })

  it('tells why its ReplicaSet could not be created before it tries again', () => {
    const lastFailure = { action: made.actions![0]!, reason: 'Forbidden', message: 'quota' }
    const told = plan({ deployment: given, context: { lastFailure } })
    expect(told.actions ?? []).toEqual([])
    expect(conditionsOf(told)).toEqual({
      Progressing: ['False', 'ReplicaSetCreateError', `Failed to create new replica set "${name}": quota`],
    })
    expect(plan({ deployment: next(told), context: { lastFailure } }).actions).toHaveLength(1)
    const hopeless = { ...lastFailure, message: 'forbidden: unable to create new content in namespace x because it is being terminated' }
    expect(plan({ deployment: given, context: { lastFailure: hopeless } }).actions ?? []).toEqual([])
  })

  it('with a selector for everything is refused', () => {
    const refused = plan({ deployment: deployment('web', { selector: {} }) })
    expect(refused.actions ?? []).toEqual([])
    expect(refused.events).toMatchObject([{ type: 'Warning', reason: 'SelectingAll' }])
    expect(next(refused).status?.observedGeneration).toBe(1)
  })

  it('that goes creates nothing', () => {
    expect(plan({ deployment: deployment('web', {}, { metadata: meta('web', going) }) }).actions).toEqual([])
  })
})

describe('a rollout', () => {
  const changed = deployment('web', { template: template('nginx:2') })
  const name = newReplicaSetName(changed)
  const full = { replicas: 3, readyReplicas: 3, availableReplicas: 3, terminatingReplicas: 0 }

  it('starts with the surge', () => {
    const made = plan({ deployment: changed, candidates: [settled('web-1', 3, '1', { status: full })] })
    expect(events(made)).toEqual([`Scaled up replica set ${name} from 0 to 1`])
    expect(next(made).metadata.annotations).toEqual({ [REVISION]: '2' })
    expect(next(made).status).toMatchObject({ replicas: 3, availableReplicas: 3, unavailableReplicas: 1 })
  })

  it('creates and takes away at once where that is allowed', () => {
    const given = deployment('web', { template: template('nginx:2'), ...rolling(1, 1) })
    const made = plan({ deployment: given, candidates: [settled('web-1', 3, '1', { status: full })] })
    expect(events(made)).toEqual([`Scaled up replica set ${name} from 0 to 1`, 'Scaled down replica set web-1 from 3 to 2'])
  })

  it('tells of unhealthy and healthy pods apart, in one patch', () => {
    const candidates = [
      settled('web-1', 10, '1', { status: { replicas: 10, availableReplicas: 9 } }),
      settled('web-2', 2, '2', { image: 'nginx:2', status: { replicas: 2, availableReplicas: 2 } }),
    ]
    const given = deployment('web', { template: template('nginx:2'), replicas: 10, ...rolling(2, 2) })
    const sets = candidates.map((set) => own(set, { ...set.metadata.annotations, [DESIRED]: '10', [MAX]: '12' }))
    const made = plan({ deployment: given, candidates: sets })
    expect(events(made)).toEqual(['Scaled down replica set web-1 from 10 to 9', 'Scaled down replica set web-1 from 9 to 6'])
    expect(made.actions).toMatchObject([{ verb: 'patch', patch: { metadata: { uid: 'uid-web-1' }, spec: { replicas: 6 } } }])
  })

  it('goes back to a ReplicaSet it had', () => {
    const back = deployment('web')
    const candidates = [
      settled('web-1', 0, '1', { status: { replicas: 0, terminatingReplicas: 0 } }),
      settled('web-2', 3, '2', { image: 'nginx:2', status: full }),
    ]
    const made = plan({ deployment: back, candidates })
    expect(made.actions).toMatchObject([
      { target: { name: 'web-1' }, patch: { metadata: { annotations: { [REVISION]: '3', [HISTORY]: '1' } }, spec: { replicas: 1 } } },
    ])
    expect(next(made).metadata.annotations).toEqual({ [REVISION]: '3' })
  })

  it('rolls over from a template that never got ready', () => {
    const candidates = [
      settled('web-1', 3, '1', { status: full }),
      settled('web-2', 1, '2', { image: 'broken', status: { replicas: 1, terminatingReplicas: 0 } }),
    ]
    const made = plan({ deployment: changed, candidates })
    expect(events(made)).toEqual(['Scaled down replica set web-2 from 1 to 0'])
    expect(made.actions![0]).toMatchObject({ verb: 'create', object: { spec: { replicas: 0 } } })
  })

  it('when complete is done, and throws away what is beyond the limit', () => {
    const base = deployment('web', { revisionHistoryLimit: 1 })
    const candidates = [
      settled('web-3', 3, '3', { status: full }),
      settled('web-2', 0, '2', { image: 'b', status: { replicas: 0, terminatingReplicas: 0 } }),
      settled('web-1', 0, '1', { image: 'a', status: { replicas: 0, terminatingReplicas: 0 } }),
    ]
    const done = plan({ deployment: base, candidates })
    expect(done.actions).toEqual([])
    expect(conditionsOf(done)).toEqual({
      Available: ['True', 'MinimumReplicasAvailable', 'Deployment has minimum availability.'],
      Progressing: ['True', 'NewReplicaSetAvailable', 'ReplicaSet "web-3" has successfully progressed.'],
    })
    const later = plan({ deployment: next(done), candidates })
    expect(later.actions).toMatchObject([{ verb: 'delete', target: { name: 'web-1' } }])
    expect(later.requeueAfterMs).toBeUndefined()
    expect(next(later)).toEqual(next(done))
  })

  it('writes a revision that was lost', () => {
    const candidates = [settled('web-3', 3, '3', { status: full })]
    const done = next(plan({ deployment: deployment('web'), candidates }))
    const lost = { ...done, metadata: { ...done.metadata, annotations: {} } }
    expect(plan({ deployment: lost, candidates }).actions).toEqual([
      {
        verb: 'patch',
        target: { resource: 'deployments.apps', namespace: 'default', name: 'web' },
        patch: { metadata: { uid: 'uid-web', annotations: { [REVISION]: '3' } } },
        subresource: 'status',
      },
    ])
    expect(plan({ deployment: done, candidates }).actions).toEqual([])
  })

  it('hands minReadySeconds and annotations down', () => {
    const given = deployment('web', { minReadySeconds: 5 }, { metadata: meta('web', { annotations: { note: 'x' } }) })
    expect(plan({ deployment: given, candidates: [settled('web-1', 3, '1', { status: full })] }).actions).toMatchObject([
      { verb: 'patch', patch: { metadata: { annotations: { note: 'x' } }, spec: { minReadySeconds: 5 } } },
    ])
  })

  it('passes a failure of its pods on, the new ReplicaSet’s above all', () => {
    const failure = (message: string) => [
      { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message, lastTransitionTime: timestamp(NOW) },
    ]
    const candidates = [
      settled('web-1', 2, '1', { image: 'a', status: { conditions: failure('old') } }),
      settled('web-2', 3, '2', { status: { conditions: failure('new') } }),
    ]
    const made = plan({ deployment: deployment('web'), candidates })
    expect(conditionsOf(made).ReplicaFailure).toEqual(['True', 'FailedCreate', 'new'])
    const healed = plan({ deployment: next(made), candidates: candidates.map((set) => ({ ...set, status: full })) })
    expect(conditionsOf(healed).ReplicaFailure).toBeUndefined()
  })

  it('does not know the terminating pods of a ReplicaSet that does not tell', () => {
    const status = (set: ReplicaSet) => next(plan({ deployment: deployment('web'), candidates: [set] })).status?.terminatingReplicas
    expect(status(settled('web-1', 3, '1', { status: { terminatingReplicas: 2 } }))).toBe(2)
    expect(status(settled('web-1', 3, '1', { status: {} }))).toBeUndefined()
    expect(status(settled('web-1', 3, '1'))).toBe(0)
  })
})

describe('a change of size', () => {
  it('is no rollout: nothing is said of progress', () => {
    const given = deployment('web', { replicas: 5 })
    const made = plan({ deployment: given, candidates: [settled('web-1', 3, '1', { status: { replicas: 3, availableReplicas: 3 } })] })
    expect(events(made)).toEqual(['Scaled up replica set web-1 from 3 to 5'])
    expect(made.actions).toMatchObject([{ patch: { metadata: { annotations: { [DESIRED]: '5', [MAX]: '7' } } } }])
    expect(conditionsOf(made).Progressing?.[1]).toBe('FoundNewReplicaSet')
  })
})

describe('a pause', () => {
  const status = { replicas: 3, readyReplicas: 3, availableReplicas: 3, terminatingReplicas: 0 }
  const candidates = [settled('web-1', 3, '1', { status })]

  it('stops the rollout but not scaling', () => {
    const made = plan({ deployment: deployment('web', { paused: true, template: template('b'), replicas: 4 }), candidates })
    expect(events(made)).toEqual(['Scaled up replica set web-1 from 3 to 4'])
    expect(conditionsOf(made).Progressing).toEqual(['Unknown', 'DeploymentPaused', 'Deployment is paused'])
    expect(made.requeueAfterMs).toBeUndefined()
    expect(made.waitingOn).toBe('the Deployment is paused')
  })

  it('ends, and the rollout goes on', () => {
    const paused = plan({ deployment: deployment('web', { paused: true }), candidates })
    const resumed = { ...next(paused), spec: { ...next(paused).spec, paused: false, template: template('b') } }
    const made = plan({ deployment: resumed, candidates })
    expect(made.actions).toMatchObject([{ verb: 'create' }])
    expect(conditionsOf(made).Progressing?.[1]).toBe('NewReplicaSetCreated')
    const unfinished = [
      settled('web-2', 3, '1', { status: { replicas: 3, readyReplicas: 2, availableReplicas: 2, terminatingReplicas: 0 } }),
    ]
    const still = { ...next(paused), spec: { ...next(paused).spec, paused: false } }
    expect(conditionsOf(plan({ deployment: still, candidates: unfinished })).Progressing).toEqual([
      'Unknown',
      'DeploymentResumed',
      'Deployment is resumed',
    ])
  })

  it('does not hide that the deadline had passed', () => {
    const late = { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'x' }
    const given = deployment('web', { paused: true }, { status: { conditions: [late] } })
    expect(conditionsOf(plan({ deployment: given, candidates })).Progressing?.[1]).toBe('ProgressDeadlineExceeded')
  })
})

describe('recreate', () => {
  const given = deployment('web', { strategy: { type: 'Recreate' }, template: template('nginx:2') })
  const name = newReplicaSetName(given)
  const old = (size: number, pods: number) =>
    own(replicaSet('web-1', size, { status: { replicas: pods, terminatingReplicas: 0 } }), { [REVISION]: '1' })
  const withPods = (...phases: string[]) => new Map([['uid-web-1', phases.map((phase, i) => pod(`p${i}`, { phase, metadata: going }))]])
  const rows = [
    {
      name: 'takes the old away first',
      candidates: [old(3, 3)],
      podsOf: withPods('Running'),
      expect: ['Scaled down replica set web-1 from 3 to 0'],
    },
    { name: 'waits for their ReplicaSet', candidates: [old(0, 1)], podsOf: withPods(), expect: [] },
    { name: 'waits for pods that are being deleted', candidates: [old(0, 0)], podsOf: withPods('Running'), expect: [] },
    { name: 'waits for pods whose node is lost', candidates: [old(0, 0)], podsOf: withPods('Unknown'), expect: [] },
    { name: 'waits for pods not started yet', candidates: [old(0, 0)], podsOf: withPods('Pending'), expect: [] },
    {
      name: 'does not wait for pods that ended',
      candidates: [old(0, 0)],
      podsOf: withPods('Failed', 'Succeeded'),
      expect: [`Scaled up replica set ${name} from 0 to 3`],
    },
    { name: 'creates all at once', candidates: [old(0, 0)], podsOf: withPods(), expect: [`Scaled up replica set ${name} from 0 to 3`] },
  ]
  test.each(rows)('$name', ({ candidates, podsOf, expect: expected }) => {
    const made = plan({ deployment: given, candidates, podsOf })
    expect(events(made)).toEqual(expected)
    if (expected.length === 0) expect(made.waitingOn).toBe('pods of older ReplicaSets to be gone')
  })

  it('scales up a ReplicaSet it had', () => {
    const candidates = [old(0, 0), own(replicaSet('web-2', 0, { image: 'nginx:2', status: {} }), { [REVISION]: '2' })]
    const podsOf = new Map([['uid-web-2', [pod('new')]]])
    expect(events(plan({ deployment: given, candidates, podsOf }))).toEqual(['Scaled up replica set web-2 from 0 to 3'])
  })
})

describe('pods that end', () => {
  const owned = { ownerReferences: [controlledBy('ReplicaSet', 'web-1')] }
  const keys = deploymentController.watches.pods!
  const readerWith = (type: string) =>
    ({
      get: (resource: string) =>
        resource === 'deployments.apps' ? deployment('web', { strategy: { type } }) : own(replicaSet('web-1', 0)),
    }) as never
  const [running, failed] = [pod('p', { metadata: owned }), pod('p', { metadata: owned, phase: 'Failed' })]
  test.each([
    { name: 'gone', type: 'Recreate', current: undefined, old: running, expect: ['default/web'] },
    { name: 'failed', type: 'Recreate', current: failed, old: running, expect: ['default/web'] },
    { name: 'failed before', type: 'Recreate', current: failed, old: failed, expect: [] },
    { name: 'running', type: 'Recreate', current: running, old: running, expect: [] },
    { name: 'gone in a rolling update', type: 'RollingUpdate', current: undefined, old: running, expect: [] },
    { name: 'gone, of nobody', type: 'Recreate', current: undefined, old: pod('p'), expect: [] },
    {
      name: 'gone, of a ReplicaSet that had the name before',
      type: 'Recreate',
      current: undefined,
      old: pod('p', { metadata: { ownerReferences: [{ ...controlledBy('ReplicaSet', 'web-1'), uid: 'other' }] } }),
      expect: [],
    },
  ])('concern Recreate: $name', ({ type, current, old, expect: expected }) => {
    expect(keys(current, old, readerWith(type))).toEqual(expected)
  })
})

describe('progress', () => {
  const MINUTE_AGO = timestamp(NOW - 61_000)
  const condition = (status: string, reason: string, at = MINUTE_AGO) => ({
    type: 'Progressing',
    status,
    reason,
    message: 'before',
    lastUpdateTime: at,
    lastTransitionTime: at,
  })
  /** A Deployment of 3 with a deadline of a minute, that last told these counts. */
  const told = (counts: Deployment['status'], conditions: ReturnType<typeof condition>[], spec: Partial<Deployment['spec']> = {}) =>
    deployment('web', { progressDeadlineSeconds: 60, ...spec }, { status: { ...counts, conditions } })
  const set = (pods: number, available = pods) =>
    settled('web-1', 3, '1', { status: { replicas: pods, readyReplicas: available, availableReplicas: available, terminatingReplicas: 0 } })
  const counts = (pods: number) => ({ replicas: pods, updatedReplicas: pods, readyReplicas: pods, availableReplicas: pods })
  const updated = condition('True', 'ReplicaSetUpdated')
  const timedOut = condition('False', 'ProgressDeadlineExceeded')

  // Upstream: progress_test.go TestSyncRolloutStatus.
  const rows: { name: string; given: Deployment; set: ReplicaSet; expect: [string, string, string] | undefined; changedAt?: string }[] = [
    {
      name: 'is not told without a deadline',
      given: told(counts(2), [updated], { progressDeadlineSeconds: 2147483647 }),
      set: set(2),
      expect: undefined,
    },
    {
      name: 'of a completed rollout stays told',
      given: told(counts(3), [condition('True', 'NewReplicaSetAvailable')]),
      set: set(3, 1),
      expect: ['True', 'NewReplicaSetAvailable', 'before'],
      changedAt: MINUTE_AGO,
    },
    {
      name: 'goes on',
      given: told(counts(1), [updated]),
      set: set(2),
      expect: ['True', 'ReplicaSetUpdated', 'ReplicaSet "web-1" is progressing.'],
      changedAt: MINUTE_AGO,
    },
    {
      name: 'goes on after all',
      given: told(counts(1), [timedOut]),
      set: set(2),
      expect: ['True', 'ReplicaSetUpdated', 'ReplicaSet "web-1" is progressing.'],
      changedAt: timestamp(NOW),
    },
    {
      name: 'completes',
      given: told(counts(2), [updated]),
      set: set(3),
      expect: ['True', 'NewReplicaSetAvailable', 'ReplicaSet "web-1" has successfully progressed.'],
      changedAt: MINUTE_AGO,
    },
    {
      name: 'completes after all',
      given: told(counts(2), [timedOut]),
      set: set(3),
      expect: ['True', 'NewReplicaSetAvailable', 'ReplicaSet "web-1" has successfully progressed.'],
      changedAt: timestamp(NOW),
    },
    {
      name: 'times out',
      given: told(counts(2), [updated]),
      set: set(2),
      expect: ['False', 'ProgressDeadlineExceeded', 'ReplicaSet "web-1" has timed out progressing.'],
      changedAt: timestamp(NOW),
    },
    {
      name: 'stays timed out',
      given: told(counts(2), [timedOut]),
      set: set(2),
      expect: ['False', 'ProgressDeadlineExceeded', 'before'],
      changedAt: MINUTE_AGO,
    },
    {
      name: 'has until the deadline',
      given: told(counts(2), [condition('True', 'ReplicaSetUpdated', timestamp(NOW - 60_000))]),
      set: set(2),
      expect: ['True', 'ReplicaSetUpdated', 'before'],
    },
  ]
  test.each(rows)('$name', ({ given, set: candidate, expect: expected, changedAt }) => {
    const made = plan({ deployment: given, candidates: [candidate] })
    expect(conditionsOf(made).Progressing).toEqual(expected)
    const progressing = next(made).status?.conditions?.find(({ type }) => type === 'Progressing')
    if (changedAt !== undefined) expect(progressing?.lastTransitionTime).toBe(changedAt)
  })

  it('renews lastUpdateTime with every sign of progress', () => {
    const made = plan({ deployment: told(counts(1), [updated]), candidates: [set(2)] })
    expect(next(made).status?.conditions?.find(({ type }) => type === 'Progressing')?.lastUpdateTime).toBe(timestamp(NOW))
  })

  // Upstream: progress_test.go TestRequeueStuckDeployment.
  test.each([
    { name: 'without a deadline', given: told(counts(2), [updated], { progressDeadlineSeconds: 2147483647 }), pods: 2, expect: undefined },
    { name: 'when complete', given: told(counts(3), [updated]), pods: 3, expect: undefined },
    { name: 'when timed out', given: told(counts(2), [timedOut]), pods: 2, expect: undefined },
    {
      name: 'half way',
      given: told(counts(2), [condition('True', 'ReplicaSetUpdated', timestamp(NOW - 30_000))]),
      pods: 2,
      expect: 31_000,
    },
    {
      name: 'at the deadline',
      given: told(counts(2), [condition('True', 'ReplicaSetUpdated', timestamp(NOW - 60_000))]),
      pods: 2,
      expect: 1000,
    },
  ])('is looked at again: $name', ({ given, pods, expect: expected }) => {
    expect(plan({ deployment: given, candidates: [set(pods)] }).requeueAfterMs).toBe(expected)
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

describe('rollback by annotation', () => {
  // Upstream: rollback.go; `kubectl rollout undo` changes the template itself.
  const TO = 'deprecated.deployment.rollback.to'
  const sets = [
    own(replicaSet('web-1', 0, { image: 'a' }), { [REVISION]: '1', cause: 'first', [DESIRED]: '3' }),
    own(replicaSet('web-2', 0, { image: 'b' }), { [REVISION]: '2' }),
    own(replicaSet('web-3', 3, { image: 'c' }), { [REVISION]: '3' }),
  ]
  const NOT_FOUND = 'DeploymentRollbackRevisionNotFound'
  test.each([
    { name: 'to a revision', to: '1', image: 'a', says: ['DeploymentRollback', 'Rolled back deployment "web" to revision 1'] },
    { name: 'to the last', to: '0', image: 'b', says: ['DeploymentRollback', 'Rolled back deployment "web" to revision 2'] },
    { name: 'to one that is not there', to: '9', image: 'c', says: [NOT_FOUND, 'Unable to find the revision to rollback to.'] },
    { name: 'to the last of one', to: '0', only: true, image: 'c', says: [NOT_FOUND, 'Unable to find last revision.'] },
    {
      name: 'to what it is',
      to: '3',
      image: 'c',
      says: ['DeploymentRollbackTemplateUnchanged', 'The rollback revision contains the same template as current deployment "web"'],
    },
  ])('$name', ({ to, only, image, says }) => {
    const given = deployment(
      'web',
      { template: template('c') },
      { metadata: meta('web', { annotations: { [TO]: to, cause: 'third', [REVISION]: '3' } }) },
    )
    const { actions } = plan({ deployment: given, candidates: only ? sets.slice(2) : sets })
    const object = (actions![0] as unknown as { object: Deployment }).object
    expect(object.spec.template.spec?.containers[0]?.image).toBe(image)
    expect(object.metadata.annotations).toEqual({ [REVISION]: '3', ...(image === 'b' ? {} : { cause: image === 'a' ? 'first' : 'third' }) })
    expect([actions![0]!.event?.reason, actions![0]!.event?.message]).toEqual(says)
  })

  it('goes its way when the annotation is no number', () => {
    const given = deployment('web', { template: template('c') }, { metadata: meta('web', { annotations: { [TO]: 'x' } }) })
    expect(plan({ deployment: given, candidates: sets }).actions!.every(({ verb }) => verb === 'patch')).toBe(true)
  })
})
