import { afterEach, expect, test } from 'vitest'
import type { Pod, ReplicaSet } from '../../src/api/types.gen.ts'
import {
  conditionTexts,
  isGoing,
  MINUTE,
  namesOf,
  PODS,
  podTemplate,
  REPLICA_SETS,
  replicaSet,
  Scenario,
  SECOND,
} from '../support/workloads.ts'

let scenario: Scenario

afterEach(() => scenario.close())

const statusOf = async (name: string) => (await scenario.get<ReplicaSet>(REPLICA_SETS, name)).status!
const barePod = (name: string, labels: Record<string, string>) => ({ metadata: { name, labels }, spec: podTemplate(labels).spec! })

test('keeps as many pods as are wanted, spread evenly over the nodes', async () => {
  scenario = await Scenario.start({ nodes: 3 })
  const { metadata } = await scenario.create<ReplicaSet>(REPLICA_SETS, replicaSet('web', { replicas: 9 }))
  const pods = await scenario.pods({ app: 'web' })
  const perNode = new Map<string, number>()
  for (const { spec } of pods) perNode.set(spec.nodeName!, (perNode.get(spec.nodeName!) ?? 0) + 1)
  expect([...perNode.values()]).toEqual([3, 3, 3])
  for (const pod of pods) {
    expect(pod.metadata.name).toMatch(/^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/)
    expect(pod.metadata.generateName).toBe('web-')
    expect(pod.metadata.ownerReferences).toEqual([
      { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: metadata.uid, controller: true, blockOwnerDeletion: true },
    ])
  }
  expect(await statusOf('web')).toEqual({
    replicas: 9,
    fullyLabeledReplicas: 9,
    readyReplicas: 9,
    availableReplicas: 9,
    terminatingReplicas: 0,
    observedGeneration: 1,
  })
  expect(await scenario.events('web', 'SuccessfulCreate')).toHaveLength(9)
})

test('replaces pods that are deleted, that fail, and those of a node that is gone', async () => {
  scenario = await Scenario.start()
  await scenario.create(REPLICA_SETS, replicaSet('web', { replicas: 6 }))
  const [first, second] = await scenario.pods()
  await scenario.delete(PODS, first!.metadata.name)
  await scenario.patchStatus(PODS, second!.metadata.name, { phase: 'Failed', reason: 'Evicted' })
  await scenario.cluster.simulation.leave('node-1')
  await scenario.pass(10 * MINUTE)
  const pods = (await scenario.pods()).filter(({ status }) => status?.phase === 'Running')
  expect(pods).toHaveLength(6)
  expect(pods.some(({ spec }) => spec.nodeName === 'node-1')).toBe(false)
  expect(await statusOf('web')).toMatchObject({ replicas: 6, availableReplicas: 6 })
})

test('scales up and down; the pods that are least established go first', async () => {
  scenario = await Scenario.start()
  await scenario.create(REPLICA_SETS, replicaSet('web', { replicas: 2 }))
  const old = namesOf(await scenario.pods())
  await scenario.pass(10 * MINUTE)
  await scenario.patch(REPLICA_SETS, 'web', { spec: { replicas: 4 } })
  expect(await scenario.pods()).toHaveLength(4)
  const cheap = (await scenario.pods()).find(({ metadata }) => old.includes(metadata.name))!.metadata.name
  await scenario.patch(PODS, cheap, { metadata: { annotations: { 'controller.kubernetes.io/pod-deletion-cost': '-5' } } })
  await scenario.patch(REPLICA_SETS, 'web', { spec: { replicas: 3 } })
  await scenario.pass(MINUTE)
  expect(namesOf(await scenario.pods())).not.toContain(cheap)
  await scenario.patch(REPLICA_SETS, 'web', { spec: { replicas: 1 } })
  await scenario.pass(MINUTE)
  const [survivor, ...more] = namesOf(await scenario.pods())
  expect(more).toEqual([])
  expect(old, 'the elder').toContain(survivor)
  await scenario.request(
    'PATCH',
    `${scenario.pathOf(REPLICA_SETS, 'web')}/scale`,
    { spec: { replicas: 5 } },
    'application/merge-patch+json',
  )
  expect(await statusOf('web')).toMatchObject({ replicas: 5, availableReplicas: 5, observedGeneration: 5 })
})

test('adopts pods without an owner whose labels match, in place of making new ones', async () => {
  scenario = await Scenario.start()
  for (const name of ['one', 'two']) await scenario.create(PODS, barePod(name, { app: 'web' }))
  await scenario.create(PODS, barePod('other', { app: 'mail' }))
  const { metadata } = await scenario.create<ReplicaSet>(REPLICA_SETS, replicaSet('web', { replicas: 3 }))
  const pods = await scenario.pods({ app: 'web' })
  expect(pods).toHaveLength(3)
  expect(namesOf(pods)).toEqual(expect.arrayContaining(['one', 'two']))
  expect(pods.map((pod) => pod.metadata.ownerReferences?.[0]?.uid)).toEqual([metadata.uid, metadata.uid, metadata.uid])
  expect((await scenario.get<Pod>(PODS, 'other')).metadata).not.toHaveProperty('ownerReferences')
  // One too many joins later, and is taken over and taken away.
  await scenario.create(PODS, barePod('late', { app: 'web' }))
  await scenario.pass(MINUTE)
  expect(await scenario.pods({ app: 'web' })).toHaveLength(3)
})

test('releases a pod whose labels no longer match, and adopts it again when they do', async () => {
  scenario = await Scenario.start()
  await scenario.create(REPLICA_SETS, replicaSet('web', { replicas: 2 }))
  const [{ metadata }] = (await scenario.pods()) as [Pod]
  await scenario.patch(PODS, metadata.name, { metadata: { labels: { app: 'debug' } } })
  expect((await scenario.get<Pod>(PODS, metadata.name)).metadata).not.toHaveProperty('ownerReferences')
  expect(await scenario.pods({ app: 'web' })).toHaveLength(2)
  await scenario.delete(REPLICA_SETS, 'web', 'Background')
  await scenario.pass(MINUTE)
  expect(namesOf(await scenario.pods()), 'it is nobody else’s now').toEqual([metadata.name])
  await scenario.patch(PODS, metadata.name, { metadata: { labels: { app: 'web' } } })
  await scenario.create(REPLICA_SETS, replicaSet('web', { replicas: 1 }))
  expect(namesOf(await scenario.pods({ app: 'web' }))).toEqual([metadata.name])
})

test('pods of another owner are left alone, even where the selector matches', async () => {
  scenario = await Scenario.start()
  await scenario.create(REPLICA_SETS, replicaSet('one', { selector: { matchLabels: { app: 'web' } } }, podTemplate({ app: 'web' })))
  const before = namesOf(await scenario.pods())
  await scenario.create(REPLICA_SETS, replicaSet('two', { selector: { matchLabels: { app: 'web' } } }, podTemplate({ app: 'web' })))
  expect(await scenario.pods()).toHaveLength(6)
  expect(namesOf(await scenario.pods())).toEqual(expect.arrayContaining(before))
  expect(await statusOf('one')).toMatchObject({ replicas: 3 })
  expect(await statusOf('two')).toMatchObject({ replicas: 3 })
})

test('counts pods as available when they have been ready for minReadySeconds', async () => {
  scenario = await Scenario.start()
  await scenario.create(REPLICA_SETS, replicaSet('web', { minReadySeconds: 15 }))
  await scenario.pass(14 * SECOND)
  expect(await statusOf('web')).toMatchObject({ readyReplicas: 3 })
  expect(await statusOf('web')).not.toHaveProperty('availableReplicas')
  await scenario.pass(SECOND)
  expect(await statusOf('web')).toMatchObject({ readyReplicas: 3, availableReplicas: 3 })
})

test('tells of pods that are refused in ReplicaFailure, tries on, and takes it back when they are made', async () => {
  scenario = await Scenario.start()
  await scenario.create(REPLICA_SETS, replicaSet('web', { replicas: 2 }, podTemplate({ app: 'web' }, { serviceAccountName: 'robot' })))
  await scenario.pass(SECOND)
  const status = await statusOf('web')
  expect(status).toMatchObject({ replicas: 0, observedGeneration: 1 })
  expect(status.conditions).toMatchObject([
    {
      type: 'ReplicaFailure',
      status: 'True',
      reason: 'FailedCreate',
      message: expect.stringMatching(
        /^pods "web-.{5}" is forbidden: error looking up service account default\/robot: serviceaccount "robot" not found$/,
      ),
    },
  ])
  const [event] = await scenario.events('web', 'FailedCreate')
  expect(event).toMatchObject({ type: 'Warning', message: expect.stringMatching(/^Error creating: pods "web-.{5}" is forbidden/) })
  await scenario.create('serviceaccounts', { metadata: { name: 'robot' } } as never)
  await scenario.pass(20 * MINUTE)
  expect(conditionTexts({ status: await statusOf('web') })).toEqual([])
  expect(await statusOf('web')).toMatchObject({ replicas: 2, availableReplicas: 2 })
})

test('pods that are going don’t count, and are told of as terminating', async () => {
  scenario = await Scenario.start()
  const template = podTemplate({ app: 'web' }, { annotations: { 'coracle.dev/stop-delay': '10' } })
  await scenario.create(REPLICA_SETS, replicaSet('web', { replicas: 3 }, template))
  const [pod] = await scenario.pods()
  await scenario.delete(PODS, pod!.metadata.name)
  expect((await scenario.pods()).filter(isGoing)).toHaveLength(1)
  expect(await statusOf('web')).toMatchObject({ replicas: 3, readyReplicas: 3, terminatingReplicas: 1 })
  await scenario.pass(10 * SECOND)
  expect(await statusOf('web')).toMatchObject({ replicas: 3, terminatingReplicas: 0 })
})
