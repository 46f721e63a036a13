import { describe, expect, it, test } from 'vitest'
import { loadDefinitions } from '../../src/api/index.ts'
import { timestamp } from '../../src/api/meta/time.ts'
import type { OwnerReference, Pod, PodDisruptionBudget, PodDisruptionBudgetSpec } from '../../src/api/types.gen.ts'
import { disruptedPodController, disruptionController } from '../../src/controllers/disruption/controller.ts'
import { PlanWorld } from '../support/plan-world.ts'

const BUDGETS = 'poddisruptionbudgets.policy'
const LABELS = { foo: 'bar' }
const MINUTE = 60_000

/** A kind of somebody else's, with a /scale. */
const CUSTOM = {
  group: 'custom.k8s.io',
  apiVersion: 'custom.k8s.io/v1',
  kind: 'CustomResource',
  groupResource: 'customresources.custom.k8s.io',
  scale: {
    replicas: (object: never) => (object as { spec: { replicas: number } }).spec.replicas,
    setReplicas: () => {},
    statusReplicas: () => 0,
    selector: () => '',
  },
}
const controller = disruptionController([...loadDefinitions(), CUSTOM] as Parameters<typeof disruptionController>[0])

const RESOURCES: Readonly<Record<string, string>> = {
  'apps/v1/ReplicaSet': 'replicasets.apps',
  'apps/v1/Deployment': 'deployments.apps',
  'apps/v1/StatefulSet': 'statefulsets.apps',
  'v1/ReplicationController': 'replicationcontrollers',
  'batch/v1/Job': 'jobs.batch',
  'custom.k8s.io/v1/CustomResource': 'customresources.custom.k8s.io',
}

interface OwnerRow {
  readonly kind: string
  readonly name: string
  readonly replicas?: number
  readonly owner?: OwnerReference
}

function reference(kind: string, name: string, uid = `uid-${name}`): OwnerReference {
  const slash = kind.lastIndexOf('/')
  return { apiVersion: kind.slice(0, slash), kind: kind.slice(slash + 1), name, uid, controller: true }
}

interface PodRow {
  readonly name: string
  readonly ready?: boolean
  readonly owner?: OwnerReference
  readonly labels?: Record<string, string>
  readonly going?: boolean
}

/** As many ready pods of one owner. */
const ready = (count: number, owner?: OwnerReference, prefix = 'p', isReady = true): PodRow[] =>
  Array.from({ length: count }, (_, i) => ({ name: `${prefix}${i}`, ready: isReady, ...(owner && { owner }) }))
const unready = (count: number, owner?: OwnerReference, prefix = 'u') => ready(count, owner, prefix, false)

interface Given {
  readonly spec: PodDisruptionBudgetSpec
  readonly pods?: readonly PodRow[]
  readonly owners?: readonly OwnerRow[]
  readonly status?: object
}

function worldOf({ spec, pods = [], owners = [], status }: Given): PlanWorld {
  const world = new PlanWorld()
  world.put(BUDGETS, {
    metadata: { namespace: 'default', name: 'b', generation: 3 },
    spec: { selector: { matchLabels: LABELS }, ...spec },
    ...(status && { status }),
  })
  for (const { kind, name, replicas, owner } of owners) {
    const metadata = { namespace: 'default', name, uid: `uid-${name}`, ...(owner && { ownerReferences: [owner] }) }
    world.put(RESOURCES[kind]!, { metadata, spec: { replicas } })
  }
  for (const pod of pods) addPod(world, pod)
  return world
}

function addPod(world: PlanWorld, { name, ready: isReady = true, owner, labels = LABELS, going }: PodRow): void {
  const metadata = { namespace: 'default', name, labels, ...(owner && { ownerReferences: [owner] }) }
  const deletion = going ? { deletionTimestamp: timestamp(world.now) } : {}
  const conditions = [{ type: 'Ready', status: isReady ? 'True' : 'False' }]
  world.put<Pod>('pods', { metadata: { ...metadata, ...deletion }, spec: { containers: [] }, status: { phase: 'Running', conditions } })
}

const sync = (world: PlanWorld) => world.reconcile(controller, 'default/b')
const budgetOf = (world: PlanWorld) => world.get<PodDisruptionBudget>(BUDGETS, 'b')!
/** allowed, healthy, desired, expected */
function counts(world: PlanWorld): number[] {
  const { disruptionsAllowed = -1, currentHealthy = -1, desiredHealthy = -1, expectedPods = -1 } = budgetOf(world).status!
  return [disruptionsAllowed, currentHealthy, desiredHealthy, expectedPods]
}
const reasons = (world: PlanWorld) => world.events.map(({ reason }) => reason)
const conditionOf = (world: PlanWorld) => budgetOf(world).status!.conditions!.find(({ type }) => type === 'DisruptionAllowed')

const RS = reference('apps/v1/ReplicaSet', 'rs')
const RC = reference('v1/ReplicationController', 'rc')
const SS = reference('apps/v1/StatefulSet', 'ss')
const DEPLOYMENT = reference('apps/v1/Deployment', 'd')
const CR = reference('custom.k8s.io/v1/CustomResource', 'cr')
const rs = (replicas: number, owner?: OwnerReference): OwnerRow => ({
  kind: 'apps/v1/ReplicaSet',
  name: 'rs',
  replicas,
  ...(owner && { owner }),
})
const rc = (replicas: number): OwnerRow => ({ kind: 'v1/ReplicationController', name: 'rc', replicas })
const ss = (replicas: number): OwnerRow => ({ kind: 'apps/v1/StatefulSet', name: 'ss', replicas })
const deployment = (replicas: number): OwnerRow => ({ kind: 'apps/v1/Deployment', name: 'd', replicas })
const cr = (replicas: number): OwnerRow => ({ kind: 'custom.k8s.io/v1/CustomResource', name: 'cr', replicas })
const everything = { selector: {} }

describe('the counts of a budget', () => {
  const rows: { name: string; given: Given; expect: number[]; events?: string[] }[] = [
    { name: 'no pods, all selected', given: { spec: { ...everything, minAvailable: 3 } }, expect: [0, 0, 3, 0], events: ['NoPods'] },
    { name: 'a pod, all selected', given: { spec: { ...everything, minAvailable: 3 }, pods: ready(1) }, expect: [0, 1, 3, 1] },
    {
      name: 'an absent selector picks none',
      given: { spec: { selector: undefined, minAvailable: 1 }, pods: ready(1) },
      expect: [0, 0, 1, 0],
    },
    { name: 'other labels', given: { spec: { minAvailable: 1 }, pods: [{ name: 'p', labels: { foo: 'x' } }] }, expect: [0, 0, 1, 0] },
    { name: 'neither bound', given: { spec: {}, pods: ready(2) }, expect: [0, 2, 0, 0] },
    { name: 'minAvailable 3 of 0', given: { spec: { minAvailable: 3 } }, expect: [0, 0, 3, 0] },
    { name: 'minAvailable 3 of 1', given: { spec: { minAvailable: 3 }, pods: ready(1) }, expect: [0, 1, 3, 1] },
    { name: 'minAvailable 3 of 2', given: { spec: { minAvailable: 3 }, pods: ready(2) }, expect: [0, 2, 3, 2] },
    { name: 'minAvailable 3 of 3', given: { spec: { minAvailable: 3 }, pods: ready(3) }, expect: [0, 3, 3, 3] },
    { name: 'minAvailable 3 of 4', given: { spec: { minAvailable: 3 }, pods: ready(4) }, expect: [1, 4, 3, 4] },
    {
      name: 'minAvailable 3 of 4, one unready',
      given: { spec: { minAvailable: 3 }, pods: [...ready(3), ...unready(1)] },
      expect: [0, 3, 3, 4],
    },
    { name: 'minAvailable 0', given: { spec: { minAvailable: 0 }, pods: ready(2) }, expect: [2, 2, 0, 2] },
    { name: 'maxUnavailable 1 of none', given: { spec: { maxUnavailable: 1 } }, expect: [0, 0, 0, 0], events: ['NoPods'] },
    {
      name: 'maxUnavailable 1, nobody has them',
      given: { spec: { maxUnavailable: 1 }, pods: ready(1) },
      expect: [0, 1, 0, 0],
      events: ['UnmanagedPods'],
    },
    { name: 'maxUnavailable 2 of 7', given: { spec: { maxUnavailable: 2 }, pods: ready(1, RS), owners: [rs(7)] }, expect: [0, 1, 5, 7] },
    { name: 'maxUnavailable 2 of 5', given: { spec: { maxUnavailable: 2 }, pods: ready(1, RS), owners: [rs(5)] }, expect: [0, 1, 3, 5] },
    {
      name: 'maxUnavailable beyond all',
      given: { spec: { maxUnavailable: 9 }, pods: ready(2, RS), owners: [rs(2)] },
      expect: [2, 2, 0, 2],
    },
    {
      name: 'maxUnavailable 30 % of 7 is 3',
      given: { spec: { maxUnavailable: '30%' }, pods: ready(1, RS), owners: [rs(7)] },
      expect: [0, 1, 4, 7],
    },
    {
      name: 'maxUnavailable 30 % of 3 is 1',
      given: { spec: { maxUnavailable: '30%' }, pods: ready(1, RS), owners: [rs(3)] },
      expect: [0, 1, 2, 3],
    },
    {
      name: 'maxUnavailable 100 %',
      given: { spec: { maxUnavailable: '100%' }, pods: ready(2, RS), owners: [rs(2)] },
      expect: [2, 2, 0, 2],
    },
    { name: 'minAvailable 28 % of none', given: { spec: { minAvailable: '28%' } }, expect: [0, 0, 0, 0] },
    {
      name: 'minAvailable 28 %, nobody has them',
      given: { spec: { minAvailable: '28%' }, pods: ready(1) },
      expect: [0, 1, 0, 0],
      events: ['UnmanagedPods'],
    },
    {
      name: 'minAvailable 20 % of a ReplicaSet',
      given: { spec: { minAvailable: '20%' }, pods: ready(1, RS), owners: [rs(10)] },
      expect: [0, 1, 2, 10],
    },
    { name: 'minAvailable 1 % of one', given: { spec: { minAvailable: '1%' }, pods: ready(2, RC), owners: [rc(1)] }, expect: [1, 2, 1, 1] },
    {
      name: 'a controller without pods here counts for nothing',
      given: { spec: { minAvailable: '34%' }, owners: [rc(3)] },
      expect: [0, 0, 0, 0],
    },
    {
      name: '34 % of a ReplicationController, 1 there',
      given: { spec: { minAvailable: '34%' }, pods: ready(1, RC), owners: [rc(3)] },
      expect: [0, 1, 2, 3],
    },
    {
      name: '34 % of a ReplicationController, 2 there',
      given: { spec: { minAvailable: '34%' }, pods: ready(2, RC), owners: [rc(3)] },
      expect: [0, 2, 2, 3],
    },
    {
      name: '34 % of a ReplicationController, 3 there',
      given: { spec: { minAvailable: '34%' }, pods: ready(3, RC), owners: [rc(3)] },
      expect: [1, 3, 2, 3],
    },
    {
      name: '… and one that is nobody’s',
      given: { spec: { minAvailable: '34%' }, pods: [...ready(3, RC), { name: 'rogue' }], owners: [rc(3)] },
      expect: [2, 4, 2, 3],
      events: ['UnmanagedPods'],
    },
    {
      name: '34 % of a StatefulSet, 2 there',
      given: { spec: { minAvailable: '34%' }, pods: ready(2, SS), owners: [ss(3)] },
      expect: [0, 2, 2, 3],
    },
    {
      name: '34 % of a StatefulSet, 3 there',
      given: { spec: { minAvailable: '34%' }, pods: ready(3, SS), owners: [ss(3)] },
      expect: [1, 3, 2, 3],
    },
    { name: 'a kind with /scale', given: { spec: { maxUnavailable: 5 }, pods: ready(4, CR), owners: [cr(10)] }, expect: [0, 4, 5, 10] },
    {
      name: 'a kind with /scale, enough there',
      given: { spec: { maxUnavailable: 5 }, pods: ready(8, CR), owners: [cr(10)] },
      expect: [3, 8, 5, 10],
    },
    {
      name: 'a Deployment by its ReplicaSet',
      given: { spec: { maxUnavailable: 1 }, pods: ready(5, RS), owners: [rs(5, DEPLOYMENT), deployment(10)] },
      expect: [0, 5, 9, 10],
    },
    {
      name: 'two ReplicaSets of a Deployment count once',
      given: {
        spec: { maxUnavailable: 1 },
        pods: [...ready(5, RS), ...ready(5, reference('apps/v1/ReplicaSet', 'rs2'), 'q')],
        owners: [rs(5, DEPLOYMENT), { kind: 'apps/v1/ReplicaSet', name: 'rs2', replicas: 5, owner: DEPLOYMENT }, deployment(10)],
      },
      expect: [1, 10, 9, 10],
    },
    {
      name: 'a Deployment that is gone: the ReplicaSet itself',
      given: { spec: { maxUnavailable: 1 }, pods: ready(5, RS), owners: [rs(5, DEPLOYMENT)] },
      expect: [1, 5, 4, 5],
    },
    {
      name: 'another Deployment of that name: the ReplicaSet itself',
      given: { spec: { maxUnavailable: 1 }, pods: ready(5, RS), owners: [rs(5, { ...DEPLOYMENT, uid: 'other' }), deployment(10)] },
      expect: [1, 5, 4, 5],
    },
    {
      name: 'a Deployment of the old group',
      given: {
        spec: { maxUnavailable: 1 },
        pods: ready(5, RS),
        owners: [rs(5, { ...DEPLOYMENT, apiVersion: 'extensions/v1' }), deployment(10)],
      },
      expect: [0, 5, 9, 10],
    },
    {
      name: 'a Deployment of another group',
      given: {
        spec: { maxUnavailable: 1 },
        pods: ready(5, RS),
        owners: [rs(5, { ...DEPLOYMENT, apiVersion: 'deployment/v1' }), deployment(10)],
      },
      expect: [1, 5, 4, 5],
    },
    {
      name: 'a ReplicaSet that another kind has',
      given: { spec: { maxUnavailable: 1 }, pods: ready(5, RS), owners: [rs(5, { ...DEPLOYMENT, kind: 'Other' }), deployment(10)] },
      expect: [1, 5, 4, 5],
    },
    {
      name: 'two controllers, too few ready',
      given: { spec: { minAvailable: '28%' }, pods: [...ready(5, RC), ...unready(6, RC), ...ready(2, RS, 'q')], owners: [rc(11), rs(11)] },
      expect: [0, 7, 7, 22],
    },
    {
      name: 'two controllers, one to spare',
      given: { spec: { minAvailable: '28%' }, pods: [...ready(5, RC), ...unready(6, RC), ...ready(3, RS, 'q')], owners: [rc(11), rs(11)] },
      expect: [1, 8, 7, 22],
    },
    {
      name: 'two controllers, two to spare',
      given: { spec: { minAvailable: '28%' }, pods: [...ready(5, RC), ...unready(6, RC), ...ready(4, RS, 'q')], owners: [rc(11), rs(11)] },
      expect: [2, 9, 7, 22],
    },
    {
      name: 'a pod that is going isn’t healthy',
      given: { spec: { minAvailable: 1 }, pods: [...ready(2), { name: 'g', going: true }] },
      expect: [1, 2, 1, 3],
    },
  ]
  test.each(rows)('$name', ({ given, expect: expected, events }) => {
    const world = worldOf(given)
    sync(world)
    expect(counts(world)).toEqual(expected)
    if (events !== undefined) expect(reasons(world)).toEqual(events)
    expect(budgetOf(world).status!.observedGeneration).toBe(3)
    expect(conditionOf(world)).toEqual({
      type: 'DisruptionAllowed',
      ...(expected[0]! > 0 ? { status: 'True', reason: 'SufficientPods' } : { status: 'False', reason: 'InsufficientPods' }),
      message: '',
      observedGeneration: 3,
      lastTransitionTime: timestamp(world.now),
    })
  })
})

describe('a budget that can’t be worked out allows nothing', () => {
  const percent = { minAvailable: '28%' }
  const rows: { name: string; given: Given; expect: string; reason?: string }[] = [
    {
      name: 'an unknown kind',
      given: { spec: percent, pods: ready(1, reference('apps.test.io/v1/TestWorkload', 'x')) },
      expect: 'no matches for kind "TestWorkload" in version "apps.test.io/v1"',
    },
    {
      name: 'a kind without /scale',
      given: { spec: percent, pods: ready(1, reference('batch/v1/Job', 'x')), owners: [{ kind: 'batch/v1/Job', name: 'x' }] },
      expect: 'jobs.batch does not implement the scale subresource',
    },
    {
      name: 'a ReplicaSet of a wrong group',
      given: { spec: percent, pods: ready(1, reference('invalid/v1/ReplicaSet', 'rs')), owners: [rs(10)] },
      expect: 'no matches for kind "ReplicaSet" in version "invalid/v1"',
    },
    {
      name: 'a ReplicationController of a wrong group',
      given: { spec: percent, pods: ready(1, reference('apps/v1/ReplicationController', 'rc')), owners: [rc(12)] },
      expect: 'no matches for kind "ReplicationController" in version "apps/v1"',
    },
    {
      name: 'a wrong kind',
      given: { spec: percent, pods: ready(1, reference('apps/v1/InvalidKind', 'rs')), owners: [rs(5)] },
      expect: 'no matches for kind "InvalidKind" in version "apps/v1"',
    },
    {
      name: 'a StatefulSet under a wrong kind',
      given: { spec: percent, pods: ready(1, reference('apps/v1/ReplicaSet', 'ss')), owners: [ss(14)] },
      expect: 'found no controllers for pod "p0"',
    },
    { name: 'a controller that is gone', given: { spec: percent, pods: ready(1, RS) }, expect: 'found no controllers for pod "p0"' },
    {
      name: 'another controller of that name',
      given: { spec: percent, pods: ready(1, { ...RS, uid: 'other' }), owners: [rs(3)] },
      expect: 'found no controllers for pod "p0"',
    },
    {
      name: 'a /scale that is gone',
      given: { spec: { maxUnavailable: 1 }, pods: ready(1, CR) },
      expect: 'found no controllers for pod "p0"',
    },
    {
      name: 'a selector with a bad key',
      given: { spec: { selector: { matchLabels: { 'k8s.io/too/many/slashes': 'v' } }, minAvailable: 3 } },
      expect: 'a valid label key',
      reason: 'NoPods',
    },
    {
      name: 'a selector with a bad operator',
      given: { spec: { selector: { matchExpressions: [{ key: 'foo', operator: 'illegal', values: ['bar'] }] }, minAvailable: 3 } },
      expect: 'not a valid selector operator',
      reason: 'NoPods',
    },
  ]
  test.each(rows)('$name', ({ given, expect: message, reason = 'CalculateExpectedPodCountFailed' }) => {
    const world = worldOf(given)
    sync(world)
    expect(counts(world)).toEqual([0, 0, 0, 0])
    expect(conditionOf(world)).toMatchObject({ status: 'False', reason: 'SyncFailed' })
    if (reason !== 'NoPods') expect(conditionOf(world)!.message).toBe(message)
    expect(world.events.map((event) => [event.type, event.reason])).toContainEqual(['Warning', reason])
  })

  it('keeps the other counts, and recovers', () => {
    const world = worldOf({ spec: percent, pods: ready(3, RS), owners: [rs(3)] })
    sync(world)
    expect(counts(world)).toEqual([2, 3, 1, 3])
    world.remove('replicasets.apps', 'rs')
    sync(world)
    expect(counts(world)).toEqual([0, 3, 1, 3])
    expect(conditionOf(world)).toMatchObject({ reason: 'SyncFailed', message: 'found no controllers for pod "p0"' })
    expect(world.events.at(-1)!.message).toBe('Failed to calculate the number of expected pods: found no controllers for pod "p0"')
    world.put('replicasets.apps', { metadata: { namespace: 'default', name: 'rs', uid: 'uid-rs' }, spec: { replicas: 3 } })
    sync(world)
    expect(counts(world)).toEqual([2, 3, 1, 3])
    expect(conditionOf(world)).toMatchObject({ status: 'True', reason: 'SufficientPods', message: '' })
  })
})

describe('a budget over time', () => {
  it('is gone: nothing to do', () => {
    expect(new PlanWorld().reconcile(controller, 'default/b')).toEqual({})
  })

  it('forgets evictions that are seen through, and those that never came to pass', () => {
    const world = worldOf({ spec: { minAvailable: 1 }, pods: [{ name: 'p1', going: true }, { name: 'p2' }, { name: 'p3' }] })
    const at = (minutes: number) => timestamp(world.now + minutes * MINUTE)
    const disruptedPods = { p1: at(0), p2: at(-3), p3: at(-1), notthere: at(0) }
    world.change<PodDisruptionBudget>(BUDGETS, 'b', (budget) => (budget.status = { ...budget.status!, disruptedPods }))
    const plan = sync(world)
    expect(counts(world)).toEqual([0, 1, 1, 3])
    expect(budgetOf(world).status!.disruptedPods).toEqual({ p3: at(-1) })
    expect(world.events).toMatchObject([
      {
        reason: 'NotDeleted',
        message: "Pod was expected by PDB default/default to be deleted but it wasn't",
        about: { metadata: { name: 'p2' } },
      },
    ])
    expect(plan.requeueAfterMs).toBe(MINUTE + 1)
    world.now += plan.requeueAfterMs!
    sync(world)
    expect(counts(world)).toEqual([1, 2, 1, 3])
    expect(budgetOf(world).status!.disruptedPods).toBeUndefined()
  })

  it('comes back at the first of two evictions to expire', () => {
    const world = worldOf({ spec: { minAvailable: 0 }, pods: ready(2) })
    const disruptedPods = { p0: timestamp(world.now), p1: timestamp(world.now - 30_000) }
    world.change<PodDisruptionBudget>(BUDGETS, 'b', (budget) => (budget.status = { ...budget.status!, disruptedPods }))
    expect(sync(world).requeueAfterMs).toBe(90_001)
  })

  it('keeps conditions of others', () => {
    const other = { type: 'Existing', status: 'True', reason: 'Test', message: 'mine', lastTransitionTime: '2026-01-01T00:00:00Z' }
    const world = worldOf({ spec: { minAvailable: 3 }, status: { conditions: [other] } })
    sync(world)
    expect(budgetOf(world).status!.conditions).toMatchObject([other, { type: 'DisruptionAllowed' }])
  })

  it('writes nothing twice, and keeps the time a condition turned', () => {
    const world = worldOf({ spec: { minAvailable: 3 }, pods: ready(4) })
    sync(world)
    const first = budgetOf(world)
    world.now += MINUTE
    sync(world)
    expect(budgetOf(world)).toBe(first)
    addPod(world, { name: 'more' })
    sync(world)
    expect(counts(world)).toEqual([2, 5, 3, 5])
    expect(conditionOf(world)!.lastTransitionTime).toBe(timestamp(world.now - MINUTE))
  })

  it('names the selector of pods that are nobody’s', () => {
    const selector = { matchLabels: { foo: 'bar' }, matchExpressions: [{ key: 'a', operator: 'In', values: ['x', 'y'] }] }
    const world = worldOf({ spec: { maxUnavailable: 1, selector }, pods: [{ name: 'p', labels: { foo: 'bar', a: 'x' } }] })
    sync(world)
    expect(world.events[0]!.message).toContain(
      '(selector: &LabelSelector{MatchLabels:map[string]string{foo: bar,},MatchExpressions:[]LabelSelectorRequirement{LabelSelectorRequirement{Key:a,Operator:In,Values:[x y],},},})',
    )
  })
})

describe('a pod that was to be disrupted', () => {
  const start = Date.parse('2026-01-01T00:00:00Z')
  const target = { type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI', lastTransitionTime: timestamp(start) }
  const stale = 2 * MINUTE + 1000
  const rows: {
    name: string
    metadata?: object
    phase?: string
    conditions?: object[]
    passed: number
    expect: string | undefined
    wait?: number
  }[] = [
    { name: 'stays: cleared', conditions: [target], passed: stale, expect: 'False' },
    { name: 'may still go', conditions: [target], passed: 2 * MINUTE - 1000, expect: 'True', wait: 1000 },
    { name: 'exactly after two minutes: cleared', conditions: [target], passed: 2 * MINUTE, expect: 'False' },
    { name: 'is going', metadata: { deletionTimestamp: timestamp(start) }, conditions: [target], passed: stale, expect: 'True' },
    { name: 'never was', passed: stale, expect: undefined },
    { name: 'is cleared already', conditions: [{ ...target, status: 'False' }], passed: stale, expect: 'False' },
    { name: 'is ended by its kubelet', conditions: [{ ...target, reason: 'TerminationByKubelet' }], passed: stale, expect: 'True' },
    { name: 'failed', phase: 'Failed', conditions: [target], passed: stale, expect: 'True' },
    { name: 'succeeded', phase: 'Succeeded', conditions: [target], passed: stale, expect: 'True' },
  ]
  test.each(rows)('$name', ({ metadata, phase = 'Running', conditions, passed, expect: status, wait }) => {
    const world = new PlanWorld()
    const ready = { type: 'Ready', status: 'True' }
    world.put('pods', {
      metadata: { namespace: 'default', name: 'p', generation: 2, ...metadata },
      spec: { containers: [] },
      status: { phase, conditions: [ready, ...(conditions ?? [])] },
    })
    world.now = start + passed
    const before = world.get<Pod>('pods', 'p')!
    const plan = world.reconcile(disruptedPodController, 'default/p')
    const pod = world.get<Pod>('pods', 'p')!
    const found = pod.status!.conditions!.find(({ type }) => type === 'DisruptionTarget')
    expect(found?.status).toBe(status)
    if (pod !== before)
      expect(found).toEqual({ type: 'DisruptionTarget', status: 'False', observedGeneration: 2, lastTransitionTime: timestamp(world.now) })
    expect(plan.requeueAfterMs).toBe(wait)
    expect(pod.status!.conditions![0]).toEqual(ready)
  })

  it('with two budgets is told of', () => {
    const world = worldOf({ spec: { minAvailable: 1 }, pods: ready(1) })
    const budget = budgetOf(world)
    expect(world.reconcile(disruptedPodController, 'default/p0').events).toBeUndefined()
    world.put(BUDGETS, { ...budget, metadata: { namespace: 'default', name: 'c' } })
    expect(world.reconcile(disruptedPodController, 'default/p0').events).toMatchObject([
      {
        type: 'Warning',
        reason: 'MultiplePodDisruptionBudgets',
        message: 'Pod "default"/"p0" matches multiple PodDisruptionBudgets.  Chose "b" arbitrarily.',
      },
    ])
  })
})
