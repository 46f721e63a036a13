import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import type { KubeObject } from '../../src/api/object.ts'
import type { Event, OwnerReference } from '../../src/api/types.gen.ts'
import { collectedResources, ownerKinds } from '../../src/controllers/garbagecollector/owner-kinds.ts'
import type { ObservedOwner, OwnerState } from '../../src/controllers/garbagecollector/owner-state.ts'
import { type ObservedItem, reconcileItem } from '../../src/controllers/garbagecollector/reconcile.ts'
import { type Cluster, createCluster } from '../../src/index.ts'
import type { Action } from '../../src/runtime/plan.ts'

const GOING = '2026-03-01T12:00:00Z'
const reference = (name: string, blockOwnerDeletion = true): OwnerReference => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name,
  uid: `uid-${name}`,
  blockOwnerDeletion,
})

const owner = (name: string, state: OwnerState, foundInNamespace?: string): ObservedOwner => ({
  reference: reference(name),
  state,
  ...(foundInNamespace && { foundInNamespace }),
})

function object(name: string, metadata: Partial<KubeObject['metadata']> = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'ns', uid: `uid-${name}`, resourceVersion: '7', ...metadata } as never,
  }
}

function item(owners: readonly ObservedOwner[], given: Partial<ObservedItem> = {}): ObservedItem {
  return { resource: 'configmaps', object: object('me'), owners, dependents: [], ...given }
}

const dependent = (name: string, metadata: Partial<KubeObject['metadata']> = {}) => ({
  resource: 'secrets',
  object: object(name, metadata),
})

function told(action: Action): string {
  if (action.verb === 'delete') return `delete ${action.target.name} ${action.propagationPolicy} ${JSON.stringify(action.preconditions)}`
  if (action.verb !== 'patch') return action.verb
  const { uid: _, ...metadata } = action.patch.metadata as Record<string, unknown>
  return `patch ${action.target.name} ${JSON.stringify(metadata)}`
}

describe('what becomes of an object', () => {
  const precise = '{"uid":"uid-me","resourceVersion":"7"}'
  const rows: { name: string; given: ObservedItem; expect: string[] }[] = [
    { name: 'one without owners stays', given: item([]), expect: [] },
    { name: 'one whose owners are there stays', given: item([owner('a', 'solid')]), expect: [] },
    { name: 'one whose owner is gone goes', given: item([owner('a', 'absent')]), expect: [`delete me Background ${precise}`] },
    {
      name: 'one with an orphan finalizer goes as that says',
      given: item([owner('a', 'absent')], { object: object('me', { finalizers: ['orphan'] }) }),
      expect: [`delete me Orphan ${precise}`],
    },
    {
      name: 'one with a foreground finalizer too',
      given: item([owner('a', 'absent')], { object: object('me', { finalizers: ['foregroundDeletion'] }) }),
      expect: [`delete me Foreground ${precise}`],
    },
    {
      name: 'one that goes already is left alone',
      given: item([owner('a', 'absent')], { object: object('me', { deletionTimestamp: GOING }) }),
      expect: [],
    },
    {
      name: 'a second owner keeps it, and dangling references go',
      given: item([owner('a', 'absent'), owner('b', 'solid'), owner('c', 'waiting')]),
      expect: [`patch me ${JSON.stringify({ resourceVersion: '7', ownerReferences: [reference('b')] })}`],
    },
    { name: 'a leaf of a waiting owner goes at once', given: item([owner('a', 'waiting')]), expect: [`delete me Background ${precise}`] },
    {
      name: 'a branch of a waiting owner waits for its own dependents',
      given: item([owner('a', 'waiting')], { dependents: [dependent('leaf')] }),
      expect: ['delete me Foreground {"uid":"uid-me"}'],
    },
    {
      name: 'around a cycle nobody blocks',
      given: item([owner('a', 'waiting')], {
        dependents: [dependent('a', { deletionTimestamp: GOING, finalizers: ['foregroundDeletion'] })],
      }),
      expect: [
        `patch me ${JSON.stringify({ resourceVersion: '7', ownerReferences: [reference('a', false)] })}`,
        'delete me Foreground {"uid":"uid-me"}',
      ],
    },
    { name: 'an owner of an unknown kind may well exist', given: item([owner('a', 'absent'), owner('b', 'unserved')]), expect: [] },
    {
      name: 'a cluster-scoped object with an owner in a namespace stays',
      given: item([owner('a', 'misplaced'), owner('b', 'absent')]),
      expect: [],
    },
    {
      name: 'orphaning releases the dependents first',
      given: item([], {
        object: object('me', { deletionTimestamp: GOING, finalizers: ['x/y', 'orphan'] }),
        dependents: [
          dependent('d', { ownerReferences: [reference('me'), reference('b')] }),
          dependent('e', { ownerReferences: [reference('me')] }),
        ],
      }),
      expect: [
        `patch d ${JSON.stringify({ resourceVersion: '7', ownerReferences: [reference('b')] })}`,
        `patch e ${JSON.stringify({ resourceVersion: '7', ownerReferences: null })}`,
      ],
    },
    {
      name: 'and then lets the owner go',
      given: item([], { object: object('me', { deletionTimestamp: GOING, finalizers: ['x/y', 'orphan'] }) }),
      expect: ['patch me {"resourceVersion":"7","finalizers":["x/y"]}'],
    },
    {
      name: 'foreground waits for blocking dependents',
      given: item([], {
        object: object('me', { deletionTimestamp: GOING, finalizers: ['foregroundDeletion'] }),
        dependents: [dependent('d', { ownerReferences: [reference('me')] })],
      }),
      expect: [],
    },
    {
      name: 'but not for others',
      given: item([], {
        object: object('me', { deletionTimestamp: GOING, finalizers: ['foregroundDeletion'] }),
        dependents: [dependent('d', { ownerReferences: [reference('me', false)] })],
      }),
      expect: ['patch me {"resourceVersion":"7","finalizers":[]}'],
    },
  ]
  test.each(rows)('$name', ({ given, expect: expected }) => {
    expect((reconcileItem(given).actions ?? []).map(told)).toEqual(expected)
  })

  it('says why an owner stays', () => {
    const waiting = item([], {
      object: object('me', { deletionTimestamp: GOING, finalizers: ['foregroundDeletion'] }),
      dependents: ['a', 'b', 'c', 'd'].map((name) => dependent(name, { ownerReferences: [reference('me')] })),
    })
    expect(reconcileItem(waiting).waitingOn).toBe('its dependents must go first: secrets a, secrets b, secrets c and 1 more')
  })

  it('complains of an owner in another namespace', () => {
    expect(reconcileItem(item([owner('a', 'absent', 'other')])).events).toMatchObject([
      {
        type: 'Warning',
        reason: 'OwnerRefInvalidNamespace',
        message: 'ownerRef [v1/ConfigMap, namespace: ns, name: a, uid: uid-a] does not exist in namespace "ns"',
      },
    ])
  })
})

describe('which resources are collected', () => {
  const verbs = ['list', 'watch', 'delete']
  const definition = (groupResource: string, overrides = {}) => ({
    groupResource,
    apiVersion: 'v1',
    kind: groupResource,
    namespaced: true,
    verbs,
    ...overrides,
  })
  const stored = { toStored: (o: KubeObject) => o, fromStored: (o: KubeObject) => o }
  const definitions = [
    definition('pods'),
    definition('bindings', { verbs: ['create'] }),
    definition('events'),
    definition('scalers.x'),
    definition('scalers.x', { apiVersion: 'x/v1', conversion: { ...stored, storedAs: 'scalers.x' } }),
  ]

  it('takes what can be listed, watched and deleted, once, and no events', () => {
    expect(collectedResources(definitions).map(({ groupResource }) => groupResource)).toEqual(['pods', 'scalers.x'])
  })

  it('knows owners by every version that is served', () => {
    const kinds = ownerKinds(definitions)
    expect(kinds('x/v1', 'scalers.x')).toEqual({ resource: 'scalers.x', namespaced: true })
    expect(kinds('v2', 'pods')).toBeUndefined()
    expect(kinds('v1', 'events')).toBeUndefined()
  })
})

describe('in a cluster', () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await createCluster({ clock: 'virtual', nodes: 0 })
  })
  afterAll(() => cluster.close())

  async function create(name: string, owners: KubeObject[] = [], { namespace = 'default', finalizers = [] as string[], uid = '' } = {}) {
    const ownerReferences = owners.map(({ metadata }) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name: metadata.name,
      uid: uid || metadata.uid,
      blockOwnerDeletion: true,
    }))
    return cluster.client.create<KubeObject>('configmaps', { metadata: { name, namespace, ownerReferences, finalizers } })
  }
  const ref = (name: string, namespace = 'default') => ({ resource: 'configmaps', namespace, name })
  async function names(prefix: string): Promise<string[]> {
    await cluster.settle()
    const { items } = await cluster.client.list('configmaps')
    return items.map(({ metadata }) => metadata.name).filter((name) => name.startsWith(prefix))
  }

  it('deletes dependents in the background, down the line', async () => {
    const root = await create('bg-root')
    const middle = await create('bg-middle', [root])
    await create('bg-leaf', [middle])
    expect(await names('bg-')).toHaveLength(3)
    await cluster.client.delete(ref('bg-root'), { propagationPolicy: 'Background' })
    expect(await names('bg-')).toEqual([])
  })

  it('deletes what is made for an owner that is gone already, or was another of its name', async () => {
    const root = await create('late-root')
    await create('late-impostor', [root], { uid: 'another' })
    expect(await names('late-')).toEqual(['late-root'])
    await cluster.client.delete(ref('late-root'), {})
    await create('late-leaf', [root])
    expect(await names('late-')).toEqual([])
  })

  it('keeps an owner in the foreground until the last dependent is gone', async () => {
    const root = await create('fg-root')
    const middle = await create('fg-middle', [root])
    await create('fg-leaf', [middle], { finalizers: ['example.com/hold'] })
    await cluster.client.delete(ref('fg-root'), { propagationPolicy: 'Foreground' })
    expect(await names('fg-')).toEqual(['fg-leaf', 'fg-middle', 'fg-root'])
    await cluster.client.patch(ref('fg-leaf'), { metadata: { finalizers: null } })
    expect(await names('fg-')).toEqual([])
  })

  it('orphans dependents when asked to', async () => {
    const root = await create('orphan-root')
    await create('orphan-a', [root])
    await create('orphan-b', [root, await create('orphan-other')])
    await cluster.client.delete(ref('orphan-root'), { propagationPolicy: 'Orphan' })
    expect(await names('orphan-')).toEqual(['orphan-a', 'orphan-b', 'orphan-other'])
    expect((await cluster.client.get(ref('orphan-a'))).metadata.ownerReferences).toBeUndefined()
    expect((await cluster.client.get(ref('orphan-b'))).metadata.ownerReferences).toHaveLength(1)
  })

  it('gets around a cycle of owners', async () => {
    const a = await create('cycle-a')
    const b = await create('cycle-b', [a])
    await cluster.client.patch(ref('cycle-a'), {
      metadata: {
        ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'cycle-b', uid: b.metadata.uid, blockOwnerDeletion: true }],
      },
    })
    await cluster.client.delete(ref('cycle-a'), { propagationPolicy: 'Foreground' })
    expect(await names('cycle-')).toEqual([])
  })

  it('looks for owners in the same namespace only', async () => {
    await create('far-leaf', [await create('far-root', [], { namespace: 'kube-public' })])
    expect(await names('far-')).toEqual(['far-root'])
    const { items } = await cluster.client.list<Event>('events', 'default')
    const event = items.find(({ reason }) => reason === 'OwnerRefInvalidNamespace')
    expect(event).toMatchObject({
      type: 'Warning',
      involvedObject: { name: 'far-leaf' },
      source: { component: 'garbage-collector-controller' },
    })
  })

  it('leaves alone what it cannot judge', async () => {
    await cluster.client.create('configmaps', {
      metadata: { name: 'odd', namespace: 'default', ownerReferences: [{ apiVersion: 'x.io/v1', kind: 'Thing', name: 'a', uid: 'b' }] },
    })
    expect(await names('odd')).toEqual(['odd'])
  })

  it('collects what Deployments own, pods too', async () => {
    const labels = { app: 'web' }
    await cluster.client.create('deployments.apps', {
      metadata: { name: 'web', namespace: 'default' },
      spec: {
        replicas: 2,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } },
      },
    } as never)
    await cluster.settle()
    expect((await cluster.client.list('pods')).items).toHaveLength(2)
    await cluster.client.delete({ resource: 'deployments.apps', namespace: 'default', name: 'web' }, {})
    await cluster.settle()
    expect((await cluster.client.list('replicasets.apps')).items).toEqual([])
    expect((await cluster.client.list('pods')).items).toEqual([])
  })
})
