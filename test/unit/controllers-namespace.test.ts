import { describe, expect, it, test } from 'vitest'
import type { KubeObject } from '../../src/api/object.ts'
import type { Namespace } from '../../src/api/types.gen.ts'
import { deletionConditions } from '../../src/controllers/namespace/conditions.ts'
import { type Content, contentResources } from '../../src/controllers/namespace/content.ts'
import { reconcileNamespace } from '../../src/controllers/namespace/reconcile.ts'
import { createCluster } from '../../src/index.ts'
import type { Plan, ReconcileContext } from '../../src/runtime/plan.ts'
import { context, NOW } from '../support/replica-objects.ts'

const GOING = '2026-03-01T12:00:00Z'

function namespace({ finalizers = ['kubernetes'], status = {}, going = true } = {}): Namespace {
  const metadata = { name: 'ns', uid: 'u', ...(going && { deletionTimestamp: GOING }) }
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata,
    spec: { finalizers },
    status: { phase: going ? 'Terminating' : 'Active', ...status },
  } as never
}

function content(resource: string, ...metadatas: Partial<KubeObject['metadata']>[]): Content {
  const [name, group = ''] = resource.split('.')
  const objects = metadatas.map((metadata, i) => ({
    metadata: { name: `${name}-${i}`, namespace: 'ns', uid: `uid-${name}-${i}`, ...metadata },
  }))
  return { resource: { groupResource: resource, label: `${name}.${group}` }, objects: objects as never }
}

const held = { deletionTimestamp: GOING, finalizers: ['a/b'] }

function told(plan: Plan): string[] {
  const actions = (plan.actions ?? []).map((action) =>
    action.verb === 'delete'
      ? `delete ${action.target.resource} ${action.target.name}`
      : action.verb === 'update'
        ? `${action.subresource} ${JSON.stringify((action.object as Namespace).spec?.finalizers)}`
        : action.verb,
  )
  const remains = (plan.status as Namespace | undefined)?.status?.conditions?.find(({ type }) => type === 'NamespaceContentRemaining')
  return remains === undefined ? actions : [...actions, remains.message!]
}

const finished = { conditions: deletionConditions(undefined, [], undefined, NOW) }

describe('what is done about a namespace', () => {
  const rows: { name: string; given: [Namespace, Content[], Partial<ReconcileContext>?]; expect: string[] }[] = [
    { name: 'one that stays', given: [namespace({ going: false }), [content('pods', {})]], expect: [] },
    { name: 'one that is no more ours', given: [namespace({ finalizers: ['x/y'] }), [content('pods', {})]], expect: [] },
    {
      name: 'pods go first',
      given: [namespace(), [content('secrets', {}), content('pods', {}, {})]],
      expect: ['delete pods pods-0', 'delete pods pods-1'],
    },
    {
      name: 'nothing else goes while pods do',
      given: [namespace(), [content('secrets', {}), content('pods', { deletionTimestamp: GOING })]],
      expect: ['All content successfully removed'],
    },
    {
      name: 'then the rest',
      given: [namespace(), [content('secrets', {}, held), content('jobs.batch', {})]],
      expect: ['delete secrets secrets-0', 'delete jobs.batch jobs-0'],
    },
    {
      name: 'what has finalizers is waited for',
      given: [namespace(), [content('secrets', held), content('jobs.batch', held, held)]],
      expect: ['Some resources are remaining: jobs.batch has 2 resource instances, secrets. has 1 resource instances'],
    },
    { name: 'an empty one says so', given: [namespace(), []], expect: ['All content successfully removed'] },
    { name: 'and goes', given: [namespace({ finalizers: ['a/b', 'kubernetes'], status: finished }), []], expect: ['finalize ["a/b"]'] },
  ]
  test.each(rows)('$name', ({ given: [given, contents, overrides], expect: expected }) => {
    expect(told(reconcileNamespace({ namespace: given, content: contents }, context(overrides)))).toEqual(expected)
  })

  it('tells of a delete that was refused, and tries again later', () => {
    const action = { verb: 'delete', target: { resource: 'secrets', namespace: 'ns', name: 'a' }, preconditions: { uid: 'u' } } as const
    const lastFailure = { action, reason: 'Forbidden', message: 'no' }
    const plan = reconcileNamespace({ namespace: namespace(), content: [content('secrets', {})] }, context({ lastFailure }))
    expect(plan).toMatchObject({ requeueAfterMs: 5000 })
    expect((plan.status as Namespace).status?.conditions).toContainEqual({
      type: 'NamespaceDeletionContentFailure',
      status: 'True',
      lastTransitionTime: GOING,
      reason: 'ContentDeletionFailed',
      message: 'Failed to delete all resource types, 1 remaining: no',
    })
  })
})

describe('pods that take their time', () => {
  const pods = (terminationGracePeriodSeconds: number, phase: string, metadata: object = {}): Content => {
    const made = content('pods', { deletionTimestamp: GOING, ...metadata })
    return { ...made, objects: [{ ...made.objects[0], spec: { terminationGracePeriodSeconds }, status: { phase } }] as never }
  }
  const overdue =
    'Failed to delete all resource types, 1 remaining: unexpected items still remain in namespace: ns for gvr: /v1, Resource=pods'
  const fine = 'All content successfully deleted, may be waiting on finalization'
  test.each([
    { name: 'are waited for', pods: pods(30, 'Running'), after: 29, requeue: 16_000, says: fine },
    { name: 'for as long as they were given', pods: pods(30, 'Running'), after: 30, requeue: undefined, says: overdue },
    { name: 'not when they have ended', pods: pods(30, 'Failed'), after: 1, requeue: undefined, says: overdue },
    {
      name: 'longer when finalizers hold them',
      pods: pods(30, 'Running', { finalizers: ['a/b'] }),
      after: 99,
      requeue: undefined,
      says: fine,
    },
  ])('$name', ({ pods: given, after, requeue, says }) => {
    const plan = reconcileNamespace({ namespace: namespace(), content: [given] }, context({ now: NOW + after * 1000 }))
    expect(plan.requeueAfterMs).toBe(requeue)
    const conditions = (plan.status as Namespace).status!.conditions!
    expect(conditions.find(({ type }) => type === 'NamespaceDeletionContentFailure')?.message).toBe(says)
  })
})

describe('conditions', () => {
  it('tell what remains and by what it is held', () => {
    const conditions = deletionConditions(
      undefined,
      [content('secrets', held, held), content('jobs.batch', { finalizers: ['a/b', 'c/d'] })],
      undefined,
      NOW,
    )
    expect(conditions.map(({ type, status, reason, message }) => [type, status, reason, message])).toEqual([
      ['NamespaceDeletionDiscoveryFailure', 'False', 'ResourcesDiscovered', 'All resources successfully discovered'],
      ['NamespaceDeletionGroupVersionParsingFailure', 'False', 'ParsedGroupVersions', 'All legacy kube types successfully parsed'],
      ['NamespaceDeletionContentFailure', 'False', 'ContentDeleted', 'All content successfully deleted, may be waiting on finalization'],
      [
        'NamespaceContentRemaining',
        'True',
        'SomeResourcesRemain',
        'Some resources are remaining: jobs.batch has 1 resource instances, secrets. has 2 resource instances',
      ],
      [
        'NamespaceFinalizersRemaining',
        'True',
        'SomeFinalizersRemain',
        'Some content in the namespace has finalizers remaining: a/b in 3 resource instances, c/d in 1 resource instances',
      ],
    ])
  })

  it('keep the time of their last transition', () => {
    const before = deletionConditions(undefined, [content('secrets', held)], undefined, NOW)
    const after = deletionConditions(before, [], undefined, NOW + 60_000)
    const times = Object.fromEntries(after.map(({ type, lastTransitionTime }) => [type, lastTransitionTime]))
    expect(after.at(-1)).toMatchObject({ reason: 'ContentHasNoFinalizers', message: 'All content-preserving finalizers finished' })
    expect(times).toMatchObject({ NamespaceDeletionContentFailure: GOING, NamespaceContentRemaining: '2026-03-01T12:01:00Z' })
  })
})

it('empties what is stored and can be deleted, once', () => {
  const verbs = ['list', 'watch', 'delete']
  const definition = (resource: string, overrides = {}) => ({
    groupResource: resource,
    resource,
    group: '',
    namespaced: true,
    verbs,
    ...overrides,
  })
  const converted = { storedAs: 'events', toStored: (o: KubeObject) => o, fromStored: (o: KubeObject) => o }
  const found = contentResources([
    definition('pods'),
    definition('nodes', { namespaced: false }),
    definition('bindings', { verbs: ['create'] }),
    definition('events'),
    definition('events', { conversion: converted }),
  ])
  expect(found).toEqual([
    { groupResource: 'pods', label: 'pods.' },
    { groupResource: 'events', label: 'events.' },
  ])
})

it('lets a namespace go when all in it is gone', async () => {
  const cluster = await createCluster({ clock: 'virtual', nodes: 1 })
  const { client } = cluster
  const ref = (resource: string, name: string, namespace = 'team') => ({ resource, namespace, name })
  await client.create('namespaces', { metadata: { name: 'team' } })
  await cluster.settle()
  await client.create('pods', {
    metadata: { name: 'p', namespace: 'team', finalizers: ['example.com/hold'] },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  } as never)
  await client.create('configmaps', { metadata: { name: 'held', namespace: 'team', finalizers: ['example.com/hold'] } })
  await cluster.advance(5000)
  await client.delete(ref('namespaces', 'team', ''), {})
  await cluster.settle()
  const pod = await client.get(ref('pods', 'p'))
  expect(pod.metadata.deletionTimestamp).toBeDefined()
  expect((await client.get(ref('serviceaccounts', 'default'))).metadata.deletionTimestamp).toBeUndefined()
  await client.patch(ref('pods', 'p'), { metadata: { finalizers: null } })
  await cluster.advance(60_000)
  const going = await client.get<Namespace>(ref('namespaces', 'team', ''))
  expect(going.status?.conditions?.find(({ type }) => type === 'NamespaceFinalizersRemaining')?.message).toBe(
    'Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances',
  )
  expect((await client.list('serviceaccounts', 'team')).items).toEqual([])
  await client.patch(ref('configmaps', 'held'), { metadata: { finalizers: null } })
  await cluster.settle()
  await expect(client.get(ref('namespaces', 'team', ''))).rejects.toMatchObject({ reason: 'NotFound' })
  expect((await client.list('events', 'team')).items).toEqual([])
  await cluster.close()
})
