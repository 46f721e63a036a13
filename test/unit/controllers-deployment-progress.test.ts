import { describe, expect, it, test } from 'vitest'
import { timestamp } from '../../src/api/meta/time.ts'
import type { Deployment, ReplicaSet } from '../../src/api/types.gen.ts'
import { deploymentController } from '../../src/controllers/deployment/controller.ts'
import { newReplicaSetName } from '../../src/controllers/deployment/new-replica-set.ts'
import { conditionsOf, events, going, next, own, plan, REVISION, settled } from '../support/deployment-plans.ts'
import { controlledBy, deployment, NOW, pod, replicaSet, template } from '../support/replica-objects.ts'

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
