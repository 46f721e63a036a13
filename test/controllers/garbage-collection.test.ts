import { afterEach, expect, test } from 'vitest'
import type { KubeObject, New } from '../../src/api/object.ts'
import type { ConfigMap, Deployment, OwnerReference } from '../../src/api/types.gen.ts'
import {
  DEPLOYMENTS,
  deployment,
  HOUR,
  isGoing,
  MINUTE,
  namesOf,
  PODS,
  podTemplate,
  REPLICA_SETS,
  Scenario,
  SECOND,
} from '../support/workloads.ts'

const CONFIG_MAPS = 'configmaps'
let scenario: Scenario

afterEach(() => scenario.close())

const start = async () => {
  scenario = await Scenario.start()
}

const ownedBy = ({ metadata }: KubeObject, extra: Partial<OwnerReference> = {}): OwnerReference => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name: metadata.name,
  uid: metadata.uid,
  ...extra,
})
const createMap = (name: string, ownerReferences: readonly OwnerReference[] = [], metadata = {}) =>
  scenario.create<ConfigMap>(CONFIG_MAPS, { metadata: { name, ownerReferences, ...metadata } } as unknown as New<ConfigMap>)
const maps = async () => namesOf(await scenario.list(CONFIG_MAPS)).filter((name) => name !== 'kube-root-ca.crt')

/** 3 pods that take 5 s to end. */
const startDeployment = () =>
  scenario.create<Deployment>(
    DEPLOYMENTS,
    deployment('web', {}, podTemplate({ app: 'web' }, { annotations: { 'coracle.dev/stop-delay': '5' } })),
  )

const counts = async () => Promise.all([DEPLOYMENTS, REPLICA_SETS, PODS].map(async (resource) => (await scenario.list(resource)).length))

test('background: the Deployment goes at once, then its ReplicaSet, then the pods after their grace period', async () => {
  await start()
  await startDeployment()
  const { code } = await scenario.request('DELETE', scenario.pathOf(DEPLOYMENTS, 'web'))
  expect(code).toBe(200)
  await scenario.pass(100)
  expect(await counts()).toEqual([0, 0, 3])
  expect((await scenario.pods()).every(isGoing)).toBe(true)
  await scenario.pass(5 * SECOND)
  expect(await counts()).toEqual([0, 0, 0])
})

test('foreground: each owner stays, with a deletionTimestamp, until its dependents are gone', async () => {
  await start()
  await startDeployment()
  const gone: string[] = []
  for (const resource of [DEPLOYMENTS, REPLICA_SETS, PODS]) {
    await scenario.record(resource, ({ type, object }) => type === 'DELETED' && gone.push(object.kind!))
  }
  const path = `${scenario.pathOf(DEPLOYMENTS, 'web')}?propagationPolicy=Foreground`
  const { code, body } = await scenario.request('DELETE', path)
  expect(code).toBe(200)
  expect(body).toMatchObject({ kind: 'Deployment', metadata: { finalizers: ['foregroundDeletion'], deletionTimestamp: scenario.time } })
  await scenario.pass(100)
  expect(await counts()).toEqual([1, 1, 3])
  for (const resource of [DEPLOYMENTS, REPLICA_SETS, PODS]) expect((await scenario.list(resource)).every(isGoing), resource).toBe(true)
  await scenario.pass(5 * SECOND)
  expect(await counts()).toEqual([0, 0, 0])
  expect(gone).toEqual(['Pod', 'Pod', 'Pod', 'ReplicaSet', 'Deployment'])
})

test('orphan: the dependents stay, without the reference', async () => {
  await start()
  await startDeployment()
  const { code } = await scenario.request('DELETE', scenario.pathOf(DEPLOYMENTS, 'web'), { propagationPolicy: 'Orphan' })
  expect(code).toBe(200)
  await scenario.pass(HOUR)
  expect(await counts()).toEqual([0, 1, 3])
  const [set] = await scenario.list(REPLICA_SETS)
  expect(set!.metadata).not.toHaveProperty('ownerReferences')
  for (const pod of await scenario.pods()) expect(pod.metadata.ownerReferences?.[0]?.uid).toBe(set!.metadata.uid)
})

test('a dependent with two owners stays until both are gone', async () => {
  await start()
  const [one, two] = [await createMap('one'), await createMap('two')]
  await createMap('child', [ownedBy(one), ownedBy(two)])
  await scenario.delete(CONFIG_MAPS, 'one')
  await scenario.pass(SECOND)
  expect(await maps()).toEqual(['child', 'two'])
  const child = await scenario.get(CONFIG_MAPS, 'child')
  expect(child.metadata.ownerReferences, 'the dangling reference is taken off').toEqual([ownedBy(two)])
  await scenario.delete(CONFIG_MAPS, 'two')
  await scenario.pass(SECOND)
  expect(await maps()).toEqual([])
})

test('foreground deletion of one of two owners doesn’t wait for, nor take, what the other still owns', async () => {
  await start()
  const [one, two] = [await createMap('one'), await createMap('two')]
  await createMap('child', [ownedBy(one, { blockOwnerDeletion: true }), ownedBy(two)])
  await scenario.delete(CONFIG_MAPS, 'one', 'Foreground')
  await scenario.pass(SECOND)
  expect(await maps()).toEqual(['child', 'two'])
  expect((await scenario.get(CONFIG_MAPS, 'child')).metadata.ownerReferences).toEqual([ownedBy(two)])
})

test('foreground deletion waits only for dependents that block it', async () => {
  await start()
  const owner = await createMap('owner')
  await createMap('blocking', [ownedBy(owner, { blockOwnerDeletion: true })], { finalizers: ['example.com/hold'] })
  await createMap('loose', [ownedBy(owner)], { finalizers: ['example.com/hold'] })
  await scenario.delete(CONFIG_MAPS, 'owner', 'Foreground')
  await scenario.pass(MINUTE)
  expect(await maps()).toEqual(['blocking', 'loose', 'owner'])
  await scenario.patch(CONFIG_MAPS, 'blocking', { metadata: { finalizers: null } })
  await scenario.pass(SECOND)
  expect(await maps()).toEqual(['loose'])
  expect(isGoing(await scenario.get(CONFIG_MAPS, 'loose'))).toBe(true)
})

test('a cycle of owners is collected', async () => {
  await start()
  const one = await createMap('one')
  const two = await createMap('two', [ownedBy(one, { blockOwnerDeletion: true })])
  const three = await createMap('three', [ownedBy(two, { blockOwnerDeletion: true })])
  await scenario.patch(CONFIG_MAPS, 'one', { metadata: { ownerReferences: [ownedBy(three, { blockOwnerDeletion: true })] } })
  await scenario.pass(MINUTE)
  expect(await maps(), 'each has an owner').toEqual(['one', 'three', 'two'])
  await scenario.delete(CONFIG_MAPS, 'one', 'Foreground')
  await scenario.pass(MINUTE)
  expect(await maps()).toEqual([])
})

test('an object that names an owner that isn’t there goes, also when only the uid is another', async () => {
  await start()
  const owner = await createMap('owner')
  await createMap('never-had-one', [ownedBy({ ...owner, metadata: { ...owner.metadata, name: 'absent' } })])
  await createMap('of-a-namesake', [ownedBy({ ...owner, metadata: { ...owner.metadata, uid: '00000000-0000-4000-8000-000000000000' } })])
  await createMap('child', [ownedBy(owner)])
  await scenario.pass(MINUTE)
  expect(await maps()).toEqual(['child', 'owner'])
})

test('an owner in another namespace is none: the dependent goes, and an event says why', async () => {
  await start()
  const owner = await createMap('owner')
  await scenario.cluster.client.create('namespaces', { metadata: { name: 'other' } } as never)
  await scenario.create(CONFIG_MAPS, { metadata: { name: 'stray', namespace: 'other', ownerReferences: [ownedBy(owner)] } } as never)
  await scenario.pass(MINUTE)
  expect(await scenario.find(CONFIG_MAPS, 'stray', 'other')).toBeUndefined()
  expect(await scenario.events('stray', 'OwnerRefInvalidNamespace', 'other')).toMatchObject([
    {
      type: 'Warning',
      message: `ownerRef [v1/ConfigMap, namespace: other, name: owner, uid: ${owner.metadata.uid}] does not exist in namespace "other"`,
    },
  ])
})

test('finalizers of dependents are waited for, in whatever policy', async () => {
  await start()
  const owner = await createMap('owner')
  await createMap('child', [ownedBy(owner)], { finalizers: ['example.com/hold'] })
  await createMap('grandchild', [ownedBy(await scenario.get(CONFIG_MAPS, 'child'))])
  await scenario.delete(CONFIG_MAPS, 'owner', 'Background')
  await scenario.pass(HOUR)
  expect(await maps()).toEqual(['child', 'grandchild'])
  await scenario.patch(CONFIG_MAPS, 'child', { metadata: { finalizers: [] } })
  await scenario.pass(SECOND)
  expect(await maps()).toEqual([])
})
