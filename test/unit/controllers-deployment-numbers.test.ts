/** The arithmetic of Deployments. Upstream: deployment/util/deployment_util_test.go, deployment/sync_test.go. */
import { describe, expect, it } from 'vitest'
import { timestamp } from '../../src/api/meta/time.ts'
import type { Deployment, DeploymentStatus, IntOrString, ReplicaSet } from '../../src/api/types.gen.ts'
import { withDeploymentCondition } from '../../src/controllers/deployment/conditions.ts'
import { deploymentController } from '../../src/controllers/deployment/controller.ts'
import { maxSurge, maxUnavailable, minAvailable } from '../../src/controllers/deployment/limits.ts'
import { newReplicaSetName, newSetSize } from '../../src/controllers/deployment/new-replica-set.ts'
import { annotatedCount } from '../../src/controllers/deployment/revisions.ts'
import { fraction, isScalingEvent } from '../../src/controllers/deployment/scale.ts'
import { deploymentStatus, isComplete } from '../../src/controllers/deployment/status.ts'
import { MAX, plan, rolling, rollout, sized } from '../support/deployment-plans.ts'
import { controlledBy, deployment, meta, NOW, replicaSet, template } from '../support/replica-objects.ts'

const withLimits = (replicas: number, surge: IntOrString | undefined, unavailable: IntOrString | undefined) =>
  deployment('web', {
    replicas,
    strategy: {
      type: 'RollingUpdate',
      rollingUpdate: { ...(surge !== undefined && { maxSurge: surge }), ...(unavailable !== undefined && { maxUnavailable: unavailable }) },
    },
  })

// Upstream: TestResolveFenceposts: the surge is rounded up, what may be away down; never are both nothing.
describe('limits', () => {
  it.each<{ surge: IntOrString | undefined; unavailable: IntOrString | undefined; of: number; expect: [number, number] }>([
    { surge: '0%', unavailable: '0%', of: 0, expect: [0, 0] },
    { surge: '0%', unavailable: '0%', of: 1, expect: [0, 1] },
    { surge: '39%', unavailable: '39%', of: 10, expect: [4, 3] },
    { surge: undefined, unavailable: '39%', of: 10, expect: [0, 3] },
    { surge: '39%', unavailable: undefined, of: 10, expect: [4, 0] },
    { surge: undefined, unavailable: undefined, of: 10, expect: [0, 1] },
    { surge: '25%', unavailable: '25%', of: 3, expect: [1, 0] },
    { surge: '1%', unavailable: '1%', of: 3, expect: [1, 0] },
    { surge: 3, unavailable: 2, of: 10, expect: [3, 2] },
    { surge: '200%', unavailable: '100%', of: 4, expect: [8, 4] },
  ])('surge $surge and unavailable $unavailable of $of', ({ surge, unavailable, of, expect: expected }) => {
    const given = withLimits(of, surge, unavailable)
    expect([maxSurge(given), maxUnavailable(given)]).toEqual(expected)
  })

  // Upstream: TestMaxUnavailable, TestMinAvailable.
  it.each<{ name: string; of: number; unavailable: IntOrString; type?: string; most: number; least: number }>([
    { name: 'fewer than there are', of: 10, unavailable: 5, most: 5, least: 5 },
    { name: 'as many as there are', of: 10, unavailable: 10, most: 10, least: 0 },
    { name: 'more than there are', of: 5, unavailable: 10, most: 5, least: 0 },
    { name: 'of none', of: 0, unavailable: 10, most: 0, least: 0 },
    { name: 'under Recreate', of: 50, unavailable: 1, type: 'Recreate', most: 0, least: 50 },
    { name: 'half', of: 10, unavailable: '50%', most: 5, least: 5 },
    { name: 'all', of: 10, unavailable: '100%', most: 10, least: 0 },
    { name: 'more than all', of: 5, unavailable: '100%', most: 5, least: 0 },
    { name: 'a share that rounds to nothing', of: 5, unavailable: '10%', most: 0, least: 5 },
    { name: 'a share of none', of: 0, unavailable: '10%', most: 0, least: 0 },
  ])('$name', ({ of, unavailable, type = 'RollingUpdate', most, least }) => {
    const given = withLimits(of, 1, unavailable)
    given.spec.strategy!.type = type
    expect([maxUnavailable(given), minAvailable(given)]).toEqual([most, least])
  })
})

// Upstream: TestNewRSNewReplicas.
describe('the size of the new ReplicaSet', () => {
  it.each([
    { name: 'no room', type: 'RollingUpdate', of: 1, own: 5, surge: 1, others: 5, expect: 5 },
    { name: 'room for all', type: 'RollingUpdate', of: 6, own: 2, surge: 10, others: 5, expect: 6 },
    { name: 'room for some', type: 'RollingUpdate', of: 6, own: 2, surge: 2, others: 5, expect: 3 },
    { name: 'under Recreate', type: 'Recreate', of: 3, own: 1, surge: 1, others: 5, expect: 3 },
  ])('$name', ({ type, of, own, surge, others, expect: expected }) => {
    const given = withLimits(of, surge, 1)
    given.spec.strategy!.type = type
    const [newSet, old] = [sized('foo-v2', own, 1), sized('foo-v1', others, 2)]
    expect(newSetSize(given, [old, newSet], newSet)).toBe(expected)
  })
})

// Upstream: TestGetReplicaSetFraction.
describe('the share of a ReplicaSet in a change', () => {
  it.each<{ name: string; of: number; before?: number; surge?: number; own: number; max?: string; expect: number }>([
    { name: 'all of it when nothing is to be left', of: 0, own: 10, expect: -10 },
    { name: 'none when nobody knows the size before', of: 10, own: 5, expect: 0 },
    { name: 'none when the size before is said to be 0', of: 10, own: 5, max: '0', expect: 0 },
    { name: 'by the status when the annotation is gone', of: 120, before: 100, own: 50, expect: 10 },
    { name: 'by the status when the annotation says 0', of: 120, before: 100, own: 50, max: '0', expect: 10 },
    { name: 'a fifth more', of: 120, own: 50, max: '100', expect: 10 },
    { name: 'about a fifth more, with surge', of: 120, surge: 10, own: 50, max: '110', expect: 9 },
    { name: 'a sixth less', of: 10, own: 6, max: '12', expect: -1 },
    { name: 'about a sixth less, with surge', of: 100, surge: 10, own: 50, max: '130', expect: -8 },
  ])('$name', ({ of, before, surge = 0, own, max, expect: expected }) => {
    const given: Deployment = { ...withLimits(of, surge, 1), ...(before !== undefined && { status: { replicas: before } }) }
    const set = replicaSet('foo', own, { metadata: { annotations: max === undefined ? {} : { [MAX]: max } } })
    expect(fraction(set, given)).toBe(expected)
  })
})

// Upstream: TestGetNonNegativeInt32FromAnnotation.
describe('a count in an annotation', () => {
  it.each<{ text: string | undefined; expect: number | undefined }>([
    { text: undefined, expect: undefined },
    { text: 'invalid', expect: undefined },
    { text: '', expect: undefined },
    { text: '-1', expect: undefined },
    { text: '0', expect: 0 },
    { text: '13', expect: 13 },
    { text: '2147483647', expect: 2147483647 },
    { text: '2147483648', expect: undefined },
    { text: '4294967296', expect: undefined },
  ])('$text', ({ text, expect: expected }) => {
    const annotations = { other: '2', ...(text !== undefined && { test: text }) }
    expect(annotatedCount(replicaSet('foo', 1, { metadata: { annotations } }), 'test')).toBe(expected)
  })
})

// Upstream: TestReplicasAnnotationsNeedUpdate, seen by what the controller takes for a change of size.
describe('a change of size is told by the annotation', () => {
  const of = (annotations: Record<string, string> | undefined, size = 3) =>
    replicaSet('foo', size, { metadata: annotations === undefined ? {} : { annotations } })
  const DESIRED = 'deployment.kubernetes.io/desired-replicas'
  it.each([
    { name: 'none', set: of(undefined), expect: false },
    { name: 'another size', set: of({ [DESIRED]: '8' }), expect: true },
    { name: 'this size', set: of({ [DESIRED]: '3' }), expect: false },
    { name: 'another size, of an empty one', set: of({ [DESIRED]: '8' }, 0), expect: false },
    { name: 'no number', set: of({ [DESIRED]: 'x' }), expect: false },
  ])('$name', ({ set, expect: expected }) => {
    expect(isScalingEvent(rollout(deployment('web'), set, []))).toBe(expected)
    expect(isScalingEvent(rollout(deployment('web'), undefined, [set]))).toBe(expected)
  })
})

// Upstream: TestGetReplicaCountForReplicaSets.
describe('what ReplicaSets add up to', () => {
  const of = (size: number, status: Partial<ReplicaSet['status'] & object> | undefined) =>
    replicaSet(`s${size}`, size, status ? { status } : {})
  const rs1 = of(1, { replicas: 2, terminatingReplicas: 3 })
  const rs2 = of(2, { replicas: 3, terminatingReplicas: 1 })
  const unseen = of(3, undefined)
  const silent = of(1, { replicas: 1 })
  it.each([
    { name: 'one that shrinks', sets: [rs1], replicas: 2, terminating: 3 },
    { name: 'two that shrink', sets: [rs1, rs2], replicas: 5, terminating: 4 },
    { name: 'one that grows', sets: [unseen], replicas: undefined, terminating: 0 },
    { name: 'two that shrink and one that grows', sets: [rs1, rs2, unseen], replicas: 5, terminating: 4 },
    { name: 'one that does not tell', sets: [silent], replicas: 1, terminating: undefined },
    { name: 'one that does not tell among others', sets: [rs1, rs2, unseen, silent], replicas: 6, terminating: undefined },
  ])('$name', ({ sets, replicas, terminating }) => {
    expect(deploymentStatus(rollout(deployment('web'), undefined, sets), NOW)).toMatchObject({ replicas, terminatingReplicas: terminating })
  })
})

// Upstream: TestDeploymentComplete.
describe('a rollout is complete', () => {
  it.each<{ name: string; of: number; status: DeploymentStatus; expect: boolean }>([
    { name: 'not all available', of: 5, status: { replicas: 5, updatedReplicas: 5, availableReplicas: 4 }, expect: false },
    { name: 'too few available', of: 5, status: { replicas: 5, updatedReplicas: 5, availableReplicas: 3 }, expect: false },
    { name: 'all', of: 5, status: { replicas: 5, updatedReplicas: 5, availableReplicas: 5 }, expect: true },
    { name: 'not all updated', of: 5, status: { replicas: 5, updatedReplicas: 4, availableReplicas: 5 }, expect: false },
    { name: 'old ones left', of: 5, status: { replicas: 6, updatedReplicas: 5, availableReplicas: 5 }, expect: false },
    { name: 'the only one never came', of: 1, status: { replicas: 1, updatedReplicas: 1 }, expect: false },
    { name: 'of none', of: 0, status: {}, expect: true },
    { name: 'news unseen', of: 1, status: { replicas: 1, updatedReplicas: 1, availableReplicas: 1, observedGeneration: 0 }, expect: false },
  ])('$name', ({ of, status, expect: expected }) => {
    expect(isComplete({ deployment: deployment('web', { replicas: of }) }, { observedGeneration: 1, ...status })).toBe(expected)
  })
})

// Upstream: TestDeploymentProgressing.
describe('a rollout gets on', () => {
  type Counts = [replicas: number, updated: number, ready: number, available: number]
  it.each<{ name: string; told: Counts; now: Counts; expect: boolean }>([
    { name: 'more new pods', told: [10, 4, 4, 4], now: [10, 6, 4, 4], expect: true },
    { name: 'nothing new', told: [10, 4, 4, 4], now: [10, 4, 4, 4], expect: false },
    { name: 'fewer old pods', told: [10, 4, 4, 4], now: [8, 4, 4, 4], expect: true },
    { name: 'fewer new pods', told: [10, 9, 3, 3], now: [10, 8, 3, 3], expect: false },
    { name: 'fewer in all, more new ones', told: [10, 7, 3, 3], now: [8, 8, 3, 3], expect: true },
    { name: 'more ready', told: [10, 10, 8, 0], now: [10, 10, 9, 0], expect: true },
    { name: 'more available', told: [10, 10, 9, 8], now: [10, 10, 9, 9], expect: true },
  ])('$name', ({ told, now: [replicas, updated, ready, available], expect: expected }) => {
    const before = timestamp(NOW - 5000)
    const condition = {
      type: 'Progressing',
      status: 'True',
      reason: 'ReplicaSetUpdated',
      message: 'before',
      lastUpdateTime: before,
      lastTransitionTime: before,
    }
    const status = {
      replicas: told[0],
      updatedReplicas: told[1],
      readyReplicas: told[2],
      availableReplicas: told[3],
      conditions: [condition],
    }
    const given = deployment('web', { replicas: 12, ...rolling(0, 12) }, { status })
    const owned = { ownerReferences: [controlledBy('Deployment', 'web')] }
    const counts = (pods: number, of = pods) => ({
      replicas: pods,
      readyReplicas: Math.min(ready, of),
      availableReplicas: Math.min(available, of),
    })
    const candidates = [
      replicaSet('web-2', 12, { metadata: owned, status: { ...counts(updated, 99), readyReplicas: ready, availableReplicas: available } }),
      replicaSet('web-1', 0, { metadata: owned, image: 'old', status: { replicas: replicas - updated } }),
    ]
    const told2 = (plan({ deployment: given, candidates }).status as Deployment).status!.conditions!.find(
      ({ type }) => type === 'Progressing',
    )!
    expect(told2.lastUpdateTime !== before).toBe(expected)
  })
})

// Upstream: TestGetCondition, TestSetCondition, TestRemoveCondition.
describe('conditions', () => {
  const progressing = { type: 'Progressing', status: 'False', reason: 'ForSomeReason' }
  const available = { type: 'Available', status: 'True', reason: 'AwesomeController' }
  it.each([
    { name: 'the first', given: [], set: available, expect: [available] },
    { name: 'another', given: [progressing], set: available, expect: [progressing, available] },
    {
      name: 'in place of one',
      given: [progressing],
      set: { ...progressing, status: 'True', reason: 'BecauseItIs' },
      expect: ['BecauseItIs'],
    },
    {
      name: 'the same once more',
      given: [progressing, available],
      set: { ...progressing, message: 'x' },
      expect: [progressing, available],
    },
  ])('$name', ({ given, set, expect: expected }) => {
    const result = withDeploymentCondition(given, set)
    if (expected[0] === 'BecauseItIs') expect(result.map(({ reason }) => reason)).toEqual(expected)
    else expect(result).toEqual(expected)
  })
})

// Upstream: TestDeploymentController_generateReplicaSetName, TestGenerateReplicaSetName.
describe('the name of a ReplicaSet', () => {
  it.each([
    { name: 'short', of: 'my-deployment' },
    { name: 'as long as it may be', of: 'a'.repeat(242) },
    { name: 'too long', of: 'a'.repeat(253) },
  ])('$name', ({ of }) => {
    const name = newReplicaSetName(deployment(of))
    const at = name.lastIndexOf('-')
    expect(name.length).toBeLessThanOrEqual(253)
    expect(name.slice(0, at)).toBe(of.slice(0, 253 - (name.length - at)))
    expect(name.slice(at + 1)).toMatch(/^[456789bcdf]{1,10}$/)
  })
})

// Upstream: deployment_controller_test.go, from TestAddReplicaSet to TestDeleteReplicaSetOrphan, GetDeploymentsForReplicaSet.
describe('a change of a ReplicaSet concerns', () => {
  const owned = (name: string) => replicaSet('rs', 1, { metadata: { ownerReferences: [controlledBy('Deployment', name)] } })
  const orphan = replicaSet('rs', 1)
  const unlabelled = replicaSet('rs', 1, { metadata: { labels: {} } })
  const going = replicaSet('rs', 1, { metadata: { deletionTimestamp: timestamp(NOW) } })
  const others = deployment('other', { selector: { matchLabels: { app: 'other' } } })
  const reader = { list: () => [deployment('web'), deployment('twin'), others] } as never
  it.each<{ name: string; current?: ReplicaSet; old?: ReplicaSet; expect: string[] }>([
    { name: 'made', current: owned('web'), expect: ['default/web'] },
    { name: 'made by another', current: owned('other'), expect: ['default/other'] },
    { name: 'an orphan', current: orphan, expect: ['default/web', 'default/twin'] },
    { name: 'an orphan that goes', current: going, expect: [] },
    { name: 'an orphan nobody selects', current: unlabelled, expect: [] },
    { name: 'changed', current: owned('web'), old: owned('web'), expect: ['default/web'] },
    { name: 'an orphan with new labels', current: orphan, old: unlabelled, expect: ['default/web', 'default/twin'] },
    { name: 'given to another', current: owned('twin'), old: owned('web'), expect: ['default/twin', 'default/web'] },
    { name: 'let go', current: orphan, old: owned('web'), expect: ['default/web', 'default/twin'] },
    { name: 'gone', old: owned('web'), expect: ['default/web'] },
    { name: 'gone, an orphan', old: orphan, expect: [] },
  ])('$name', ({ current, old, expect: expected }) => {
    expect(deploymentController.watches['replicasets.apps']!(current, old, reader)).toEqual(expected)
  })
})

// Upstream: TestGetReplicaSetsForDeploymentAdoptRelease.
it('takes in and lets go at once, and decides later', () => {
  const released = replicaSet('gone', 1, { metadata: { labels: { app: 'db' }, ownerReferences: [controlledBy('Deployment', 'web')] } })
  const { actions, status } = plan({
    deployment: deployment('web', { template: template('b') }),
    candidates: [released, replicaSet('mine', 1)],
  })
  expect(actions!.map((action) => action.verb === 'patch' && [action.target.name, action.patch.metadata])).toEqual([
    ['gone', { uid: 'uid-gone', resourceVersion: '1', ownerReferences: null }],
    ['mine', { uid: 'uid-mine', resourceVersion: '1', ownerReferences: [controlledBy('Deployment', 'web')] }],
  ])
  expect(status).toBeUndefined()
  expect(meta('web').uid).toBe('uid-web')
})
