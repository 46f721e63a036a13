import { describe, expect, it, test } from 'vitest'
import { timestamp } from '../../src/api/meta/time.ts'
import type { Pod, ReplicaSet, ReplicationController } from '../../src/api/types.gen.ts'
import { asReplicaOwner, replicaSetController } from '../../src/controllers/replicaset/controller.ts'
import { reconcileReplicas } from '../../src/controllers/replicaset/reconcile.ts'
import { replicationControllerController } from '../../src/controllers/replicationcontroller/controller.ts'
import type { Action, Plan, ReconcileContext } from '../../src/runtime/plan.ts'
import { context, controlledBy, meta, NOW, pod, replicaSet, template } from '../support/replica-objects.ts'

const owned = (overrides = {}) => ({ ownerReferences: [controlledBy('ReplicaSet', 'web')], ...overrides })
const going = { deletionTimestamp: timestamp(NOW) }
const mine = (name: string, options: Parameters<typeof pod>[1] = {}) => pod(name, { ...options, metadata: owned(options.metadata) })

function plan(set: ReplicaSet, pods: readonly Pod[], overrides: Partial<ReconcileContext> = {}, related: readonly Pod[] = []): Plan {
  return reconcileReplicas({ owner: asReplicaOwner(set), candidates: pods, related }, context(overrides))
}

const statusOf = (given: Plan) => JSON.parse(JSON.stringify((given.status as ReplicaSet).status))

function summary(actions: readonly Action[] | undefined): string[] {
  return (actions ?? []).map((action) => {
    if (action.verb === 'create') return `create ${action.object.metadata.name}`
    return 'target' in action ? `${action.verb} ${action.target.name}` : action.verb
  })
}

describe('how many pods', () => {
  const rows: { name: string; given: [ReplicaSet, Pod[]]; expect: string[] }[] = [
    { name: 'creates all', given: [replicaSet('web', 2), []], expect: ['create web-00001', 'create web-00002'] },
    { name: 'creates what is missing', given: [replicaSet('web', 2), [mine('a')]], expect: ['create web-00001'] },
    { name: 'does nothing when all are there', given: [replicaSet('web', 2), [mine('a'), mine('b')]], expect: [] },
    { name: 'replaces failed pods', given: [replicaSet('web', 1), [mine('a', { phase: 'Failed' })]], expect: ['create web-00001'] },
    { name: 'replaces succeeded pods', given: [replicaSet('web', 1), [mine('a', { phase: 'Succeeded' })]], expect: ['create web-00001'] },
    { name: 'replaces pods being deleted', given: [replicaSet('web', 1), [mine('a', { metadata: going })]], expect: ['create web-00001'] },
    { name: 'keeps pods of unknown state', given: [replicaSet('web', 1), [mine('a', { phase: 'Unknown' })]], expect: [] },
    { name: 'deletes all', given: [replicaSet('web', 0), [mine('a'), mine('b')]], expect: ['delete a', 'delete b'] },
    {
      name: 'deletes the ones not ready first',
      given: [replicaSet('web', 1), [mine('a', { readyFor: 5 }), mine('b')]],
      expect: ['delete b'],
    },
    { name: 'adopts before it counts', given: [replicaSet('web', 1), [pod('a')]], expect: ['patch a'] },
    { name: 'adopts and deletes', given: [replicaSet('web', 1), [mine('a', { readyFor: 5 }), pod('b')]], expect: ['patch b', 'delete b'] },
    {
      name: 'releases and replaces',
      given: [replicaSet('web', 1), [mine('a', { metadata: { labels: { app: 'debug' } } })]],
      expect: ['patch a', 'create web-00001'],
    },
    { name: 'leaves orphans that ended', given: [replicaSet('web', 1), [pod('a', { phase: 'Failed' })]], expect: ['create web-00001'] },
    { name: 'creates nothing when it goes', given: [replicaSet('web', 2, { metadata: going }), [mine('a')]], expect: [] },
    { name: 'deletes nothing when it goes', given: [replicaSet('web', 0, { metadata: going }), [mine('a')]], expect: [] },
  ]
  test.each(rows)('$name', ({ given, expect: expected }) => {
    expect(summary(plan(...given).actions)).toEqual(expected)
  })

  it('creates and deletes at most 500 in one go', () => {
    expect(plan(replicaSet('web', 1000), []).actions).toHaveLength(500)
    const pods = Array.from({ length: 600 }, (_, i) => mine(`p${i}`))
    expect(plan(replicaSet('web', 0), pods).actions).toHaveLength(500)
  })

  it('relieves nodes where siblings have pods', () => {
    const pods = [mine('a', { node: 'n1', readyFor: 60 }), mine('b', { node: 'n2', readyFor: 60 })]
    const related = [...pods, pod('sibling', { node: 'n2' })]
    expect(summary(plan(replicaSet('web', 1), pods, {}, related).actions)).toEqual(['delete b'])
  })

  it('says what it does as events', () => {
    expect(plan(replicaSet('web', 1), []).actions![0]).toMatchObject({
      event: { type: 'Normal', reason: 'SuccessfulCreate', message: 'Created pod: web-00001' },
      failureEvent: { type: 'Warning', reason: 'FailedCreate', message: 'Error creating: ' },
    })
    expect(plan(replicaSet('web', 0), [mine('a')]).actions![0]).toMatchObject({
      preconditions: { uid: 'uid-a' },
      event: { type: 'Normal', reason: 'SuccessfulDelete', message: 'Deleted pod: a' },
      failureEvent: { type: 'Warning', reason: 'FailedDelete', message: 'Error deleting: ' },
    })
  })
})

describe('status', () => {
  const rows: { name: string; given: [ReplicaSet, Pod[]]; expect: object }[] = [
    { name: 'of nothing', given: [replicaSet('web', 0), []], expect: { replicas: 0, terminatingReplicas: 0, observedGeneration: 1 } },
    {
      name: 'of pods in all states',
      given: [
        replicaSet('web', 4, { minReadySeconds: 10 }),
        [
          mine('a', { readyFor: 30 }),
          mine('b', { readyFor: 3 }),
          mine('c'),
          mine('d', { phase: 'Failed' }),
          mine('e', { metadata: going }),
          pod('f', { metadata: going }),
        ],
      ],
      expect: {
        replicas: 3,
        fullyLabeledReplicas: 3,
        readyReplicas: 2,
        availableReplicas: 1,
        terminatingReplicas: 1,
        observedGeneration: 1,
      },
    },
    {
      name: 'of pods without all labels of the template',
      given: [
        { ...replicaSet('web', 1), spec: { ...replicaSet('web', 1).spec, template: template('x', { app: 'web', tier: 'front' }) } },
        [mine('a')],
      ],
      expect: { replicas: 1, terminatingReplicas: 0, observedGeneration: 1 },
    },
    {
      name: 'of one that goes',
      given: [replicaSet('web', 3, { metadata: { ...going, generation: 2 } }), [mine('a', { readyFor: 1 })]],
      expect: {
        replicas: 1,
        fullyLabeledReplicas: 1,
        readyReplicas: 1,
        availableReplicas: 1,
        terminatingReplicas: 0,
        observedGeneration: 2,
      },
    },
  ]
  test.each(rows)('$name', ({ given, expect: expected }) => {
    expect(statusOf(plan(...given))).toEqual(expected)
  })

  it('looks again when the next pod becomes available', () => {
    const set = replicaSet('web', 2, { minReadySeconds: 10 })
    expect(plan(set, [mine('a', { readyFor: 2 }), mine('b', { readyFor: 6 })]).requeueAfterMs).toBe(4000)
    expect(plan(set, [mine('a', { readyFor: 20 }), mine('b', { readyFor: 60 })]).requeueAfterMs).toBeUndefined()
    expect(plan(set, [mine('a'), mine('b')])).toMatchObject({ waitingOn: '2 of 2 pods to become available' })
  })
})

describe('failures', () => {
  const create: Action = { verb: 'create', resource: 'pods', object: { metadata: { name: 'x' } } }
  const remove: Action = { verb: 'delete', target: { resource: 'pods', namespace: 'default', name: 'a' }, preconditions: { uid: 'u' } }
  const fault = (action: Action, message = 'exceeded quota') => ({ lastFailure: { action, reason: 'Forbidden', message } })
  const condition = (reason: string, message = 'exceeded quota') => ({
    type: 'ReplicaFailure',
    status: 'True',
    lastTransitionTime: timestamp(NOW),
    reason,
    message,
  })

  it('are told before the next try', () => {
    const first = plan(replicaSet('web', 1), [], fault(create))
    expect(first.actions).toEqual([])
    expect(statusOf(first).conditions).toEqual([condition('FailedCreate')])
    expect(first.requeueAfterMs).toBeDefined()
    const second = plan({ ...replicaSet('web', 1), status: statusOf(first) }, [], fault(create))
    expect(summary(second.actions)).toEqual(['create web-00001'])
    expect(statusOf(second).conditions).toBeUndefined()
  })

  it('keep their first message, and the counts go on', () => {
    const told = { ...replicaSet('web', 2), status: statusOf(plan(replicaSet('web', 2), [mine('a')], fault(create))) }
    const next = plan(told, [mine('a', { readyFor: 1 })], fault(create, 'another'))
    expect(statusOf(next)).toMatchObject({ readyReplicas: 1, conditions: [condition('FailedCreate')] })
    expect(next.actions).toEqual([])
  })

  it('of deletions', () => {
    expect(statusOf(plan(replicaSet('web', 0), [mine('a')], fault(remove))).conditions).toEqual([
      condition('FailedDelete', 'unable to delete pods: exceeded quota'),
    ])
  })

  it('are over when nothing is left to do', () => {
    const told = replicaSet('web', 1, { status: { conditions: [condition('FailedCreate')] } })
    expect(statusOf(plan(told, [mine('a')])).conditions).toBeUndefined()
  })

  it('of adoption are no failures of replicas', () => {
    const patch: Action = { verb: 'patch', target: { resource: 'pods', namespace: 'default', name: 'a' }, patch: {} }
    const next = plan(replicaSet('web', 1), [], fault(patch))
    expect(statusOf(next).conditions).toBeUndefined()
    expect(summary(next.actions)).toEqual(['create web-00001'])
  })

  it('in a namespace that goes are waited out', () => {
    const message = 'pods "x" is forbidden: unable to create new content in namespace default because it is being terminated'
    const next = plan(replicaSet('web', 1), [], fault(create, message))
    expect(next.actions).toEqual([])
    expect(statusOf(next).conditions).toBeUndefined()
    expect(next.waitingOn).toBe('the namespace is being terminated')
  })
})

describe('controllers', () => {
  function readerOf(objects: Record<string, readonly { metadata: ReplicaSet['metadata'] }[]>): never {
    const all = (resource: string) => objects[resource] ?? []
    const ownerUid = (object: { metadata: ReplicaSet['metadata'] }) => object.metadata.ownerReferences?.find((o) => o.controller)?.uid
    return {
      get: (resource: string, _: string, name: string) => all(resource).find((object) => object.metadata.name === name),
      list: all,
      controlledBy: (resource: string, uid: string) => all(resource).filter((object) => ownerUid(object) === uid),
      orphans: (resource: string) => all(resource).filter((object) => ownerUid(object) === undefined),
    } as never
  }

  it('observes its pods, orphans, and the pods of siblings when there are too many', () => {
    const parent = { metadata: { ownerReferences: [controlledBy('Deployment', 'app')] } }
    const reader = readerOf({
      'replicasets.apps': [replicaSet('web', 1, parent), replicaSet('old', 1, parent)],
      pods: [mine('a'), mine('b'), pod('orphan'), pod('o', { metadata: { ownerReferences: [controlledBy('ReplicaSet', 'old')] } })],
    })
    const observed = replicaSetController.observe(reader, 'default/web')!
    expect(observed.candidates.map(({ metadata }) => metadata.name)).toEqual(['a', 'b', 'orphan'])
    expect(observed.related.map(({ metadata }) => metadata.name)).toEqual(['a', 'b', 'o'])
    expect(replicaSetController.observe(reader, 'default/gone')).toBeUndefined()
  })

  it('ReplicationControllers go the same way, as the v1 kind they are', () => {
    const controller: ReplicationController = {
      metadata: meta('web'),
      spec: { replicas: 1, selector: { app: 'web' }, template: template() },
    }
    const reader = readerOf({ replicationcontrollers: [controller], pods: [] })
    const given = replicationControllerController.reconcile(replicationControllerController.observe(reader, 'default/web')!, context())
    expect(given.actions![0]).toMatchObject({
      verb: 'create',
      object: { metadata: { ownerReferences: [controlledBy('ReplicationController', 'web', 'v1')] } },
    })
    expect(statusOf(given)).toEqual({ replicas: 0, observedGeneration: 1 })
  })
})
