/** Scenarios of the conformance suite of sig-apps that are of one kind alone. Upstream: test/e2e/apps. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ControllerRevision, DaemonSet, Pod, StatefulSet } from '../../src/api/types.gen.ts'
import { type Change, MINUTE, namesOf, PODS, podTemplate, Scenario, SECOND } from '../support/workloads.ts'

const STATEFUL_SETS = 'statefulsets.apps'
const DAEMON_SETS = 'daemonsets.apps'
const REVISIONS = 'controllerrevisions.apps'
const labels = { app: 'web' }

let scenario: Scenario
beforeEach(async () => {
  scenario = await Scenario.start({ nodes: 1 })
})
afterEach(() => scenario.close())

const statefulSet = (spec: Record<string, unknown> = {}, template = podTemplate(labels)) =>
  ({ metadata: { name: 'web' }, spec: { replicas: 3, serviceName: 'web', selector: { matchLabels: labels }, template, ...spec } }) as never
const images = async () =>
  Object.fromEntries((await scenario.pods(labels)).map((pod) => [pod.metadata.name, pod.spec.containers[0]!.image]))
const image = (name: string) => ({ template: podTemplate(labels, { image: name }) })

test('a pod of a StatefulSet that its node refuses is deleted and made again until it runs', async () => {
  const ports = [{ containerPort: 21017, hostPort: 21017 }]
  const clash = { containers: [{ name: 'main', image: 'nginx:1', ports }], nodeName: 'node-1' }
  await scenario.create(PODS, { metadata: { name: 'clash' }, spec: clash } as never)
  const changes: readonly Change<Pod>[] = await scenario.record<Pod>(PODS)
  await scenario.create(STATEFUL_SETS, statefulSet({ replicas: 1 }, { metadata: { labels }, spec: clash } as never))
  await scenario.pass(MINUTE)
  const of = (type: Change['type']) => changes.filter((change) => change.type === type && change.object.metadata.name === 'web-0')
  expect(changes.some(({ object }) => object.metadata.name === 'web-0' && object.status?.phase === 'Failed')).toBe(true)
  const uids = new Set(of('ADDED').map(({ object }) => object.metadata.uid))
  expect(uids.size).toBeGreaterThan(1)
  expect(of('DELETED').length).toBeGreaterThan(0)
  await scenario.delete(PODS, 'clash')
  await scenario.pass(MINUTE)
  expect((await scenario.get<Pod>(PODS, 'web-0')).status?.phase).toBe('Running')
  expect((await scenario.get<StatefulSet>(STATEFUL_SETS, 'web')).status).toMatchObject({ readyReplicas: 1 })
})

test('a StatefulSet is updated by a canary, then in phases; what is lost meanwhile comes back at its own revision', async () => {
  const partition = (number: number) => ({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: number } } })
  await scenario.create(STATEFUL_SETS, statefulSet(partition(3)))
  await scenario.pass(MINUTE)
  const before = (await scenario.get<StatefulSet>(STATEFUL_SETS, 'web')).status!
  await scenario.patch(STATEFUL_SETS, 'web', { spec: image('nginx:2') })
  await scenario.pass(MINUTE)
  expect(await images(), 'nothing beyond the partition').toEqual({ 'web-0': 'nginx:1', 'web-1': 'nginx:1', 'web-2': 'nginx:1' })
  expect((await scenario.get<StatefulSet>(STATEFUL_SETS, 'web')).status!.updateRevision).not.toBe(before.updateRevision)
  await scenario.patch(STATEFUL_SETS, 'web', { spec: partition(2) })
  await scenario.pass(MINUTE)
  expect(await images(), 'the canary').toEqual({ 'web-0': 'nginx:1', 'web-1': 'nginx:1', 'web-2': 'nginx:2' })
  for (const name of ['web-0', 'web-2']) await scenario.delete(PODS, name)
  await scenario.pass(2 * MINUTE)
  expect(await images(), 'restored at their revisions').toEqual({ 'web-0': 'nginx:1', 'web-1': 'nginx:1', 'web-2': 'nginx:2' })
  for (const number of [1, 0]) {
    await scenario.patch(STATEFUL_SETS, 'web', { spec: partition(number) })
    await scenario.pass(MINUTE)
  }
  expect(await images()).toEqual({ 'web-0': 'nginx:2', 'web-1': 'nginx:2', 'web-2': 'nginx:2' })
  const { status } = await scenario.get<StatefulSet>(STATEFUL_SETS, 'web')
  expect(status!.currentRevision).toBe(status!.updateRevision)
})

test('a StatefulSet scales in order and halts while a pod is unhealthy, both ways', async () => {
  await scenario.create(STATEFUL_SETS, statefulSet({ replicas: 1 }))
  await scenario.pass(MINUTE)
  const setReady = async (isReady: boolean) => {
    for (const { metadata } of await scenario.pods(labels)) {
      // The last one that is unhealthy may go at once.
      if ((await scenario.find(PODS, metadata.name)) === undefined) continue
      await scenario.patch(PODS, metadata.name, { metadata: { annotations: { 'coracle.dev/ready': isReady ? null : 'false' } } })
    }
  }
  await setReady(false)
  await scenario.pass(10 * SECOND)
  await scenario.patch(STATEFUL_SETS, 'web', { spec: { replicas: 3 } })
  await scenario.pass(MINUTE)
  expect(namesOf(await scenario.pods(labels))).toEqual(['web-0'])
  await setReady(true)
  await scenario.pass(MINUTE)
  expect(namesOf(await scenario.pods(labels))).toEqual(['web-0', 'web-1', 'web-2'])
  const changes: readonly Change<Pod>[] = await scenario.record<Pod>(PODS)
  await setReady(false)
  await scenario.pass(10 * SECOND)
  await scenario.patch(STATEFUL_SETS, 'web', { spec: { replicas: 0 } })
  await scenario.pass(MINUTE)
  expect(namesOf(await scenario.pods(labels))).toEqual(['web-0', 'web-1', 'web-2'])
  await setReady(true)
  await scenario.pass(3 * MINUTE)
  expect(changes.filter(({ type }) => type === 'DELETED').map(({ object }) => object.metadata.name)).toEqual(['web-2', 'web-1', 'web-0'])
})

test('a StatefulSet that bursts goes on with unhealthy pods', async () => {
  const template = podTemplate(labels, { annotations: { 'coracle.dev/ready': 'false' } })
  await scenario.create(STATEFUL_SETS, statefulSet({ replicas: 1, podManagementPolicy: 'Parallel' }, template))
  await scenario.pass(10 * SECOND)
  await scenario.patch(STATEFUL_SETS, 'web', { spec: { replicas: 3 } })
  await scenario.pass(10 * SECOND)
  expect(await scenario.pods(labels)).toHaveLength(3)
  await scenario.patch(STATEFUL_SETS, 'web', { spec: { replicas: 0 } })
  await scenario.pass(MINUTE)
  expect(await scenario.pods(labels)).toEqual([])
})

test('with the gate on a StatefulSet is updated by several pods at a time', async () => {
  await scenario.close()
  scenario = await Scenario.start({ nodes: 1, featureGates: { MaxUnavailableStatefulSet: true } })
  const updateStrategy = { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 2 } }
  await scenario.create(STATEFUL_SETS, statefulSet({ replicas: 4, podManagementPolicy: 'Parallel', updateStrategy }))
  await scenario.pass(MINUTE)
  let fewest = 4
  await scenario.record<StatefulSet>(STATEFUL_SETS, ({ object }) => {
    fewest = Math.min(fewest, object.status?.availableReplicas ?? 0)
  })
  await scenario.patch(STATEFUL_SETS, 'web', { spec: image('nginx:2') })
  await scenario.pass(2 * MINUTE)
  expect(Object.values(await images())).toEqual(['nginx:2', 'nginx:2', 'nginx:2', 'nginx:2'])
  expect(fewest).toBe(2)
})

test('the life of ControllerRevisions: those of a DaemonSet up to the third, patched, replaced, made and deleted by hand', async () => {
  const template = podTemplate({ app: 'agent' })
  await scenario.create(DAEMON_SETS, {
    metadata: { name: 'agent' },
    spec: { selector: { matchLabels: { app: 'agent' } }, template },
  } as never)
  await scenario.pass(MINUTE)
  const collection = '/apis/apps/v1/namespaces/default/controllerrevisions'
  const [first] = await scenario.list<ControllerRevision>(REVISIONS)
  const path = `${collection}/${first!.metadata.name}`
  expect(await scenario.request('GET', path)).toMatchObject({ code: 200, body: { revision: 1 } })
  const patched = await scenario.request(
    'PATCH',
    path,
    { metadata: { labels: { patched: 'yes' } } },
    'application/strategic-merge-patch+json',
  )
  expect(patched).toMatchObject({ code: 200, body: { metadata: { labels: { patched: 'yes', app: 'agent' } } } })

  const byHand = {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: { name: 'by-hand', labels: { app: 'agent' }, ownerReferences: first!.metadata.ownerReferences },
    data: first!.data,
    revision: 2,
  }
  expect((await scenario.request('POST', collection, byHand)).code).toBe(201)
  await scenario.pass(SECOND)
  const [kept] = await scenario.list<ControllerRevision>(REVISIONS)
  expect(namesOf(await scenario.list(REVISIONS)), 'of one template there is one: the latest').toEqual(['by-hand'])
  const replaced = { ...kept!, metadata: { ...kept!.metadata, labels: { ...kept!.metadata.labels, updated: 'yes' } } }
  expect(await scenario.request('PUT', `${collection}/by-hand`, replaced)).toMatchObject({
    code: 200,
    body: { metadata: { labels: { updated: 'yes' } } },
  })
  const changed = await scenario.request('PATCH', `${collection}/by-hand`, { data: { spec: null } }, 'application/merge-patch+json')
  expect(changed, 'what a revision holds never changes').toMatchObject({ code: 422, body: { reason: 'Invalid' } })

  await scenario.patch(DAEMON_SETS, 'agent', { spec: { template: podTemplate({ app: 'agent' }, { image: 'nginx:2' }) } })
  await scenario.pass(MINUTE)
  const numbers = async () => (await scenario.list<ControllerRevision>(REVISIONS)).map(({ revision }) => revision).sort()
  expect(await numbers()).toEqual([2, 3])
  expect((await scenario.request('DELETE', `${collection}/by-hand`)).code).toBe(200)
  expect(await numbers()).toEqual([3])
  const everywhere = await scenario.request('GET', '/apis/apps/v1/controllerrevisions?labelSelector=app%3Dagent')
  expect((everywhere.body as unknown as { items: unknown[] }).items).toHaveLength(1)
  const options = { kind: 'DeleteOptions', apiVersion: 'v1' }
  expect((await scenario.request('DELETE', `${collection}?labelSelector=app%3Dagent`, options)).code).toBe(200)
  await scenario.pass(SECOND)
  expect(await numbers(), 'the one in use is made anew').toEqual([1])
})

test('a DaemonSet is rolled back without touching the pods that never changed', async () => {
  await scenario.close()
  scenario = await Scenario.start({ nodes: 3 })
  const template = (name: string) => podTemplate({ app: 'agent' }, { image: name })
  const spec = { selector: { matchLabels: { app: 'agent' } }, template: template('nginx:1') }
  await scenario.create(DAEMON_SETS, { metadata: { name: 'agent' }, spec } as never)
  await scenario.pass(MINUTE)
  const uids = async () => (await scenario.pods({ app: 'agent' })).map(({ metadata }) => metadata.uid).sort()
  const before = await uids()
  const broken = podTemplate({ app: 'agent' }, { image: 'nginx:broken', annotations: { 'coracle.dev/fail-image-pull': 'true' } })
  await scenario.patch(DAEMON_SETS, 'agent', { spec: { template: broken } })
  await scenario.pass(MINUTE)
  const kept = (await uids()).filter((uid) => before.includes(uid))
  expect(kept).toHaveLength(2)
  const { metadata } = await scenario.get<DaemonSet>(DAEMON_SETS, 'agent')
  await scenario.patch(DAEMON_SETS, 'agent', {
    spec: { template: { ...template('nginx:1'), metadata: { labels: { app: 'agent' }, annotations: null } } },
  })
  await scenario.pass(MINUTE)
  expect(await uids()).toEqual(expect.arrayContaining(kept))
  expect((await scenario.get<DaemonSet>(DAEMON_SETS, 'agent')).status).toMatchObject({
    numberAvailable: 3,
    updatedNumberScheduled: 3,
    observedGeneration: metadata.generation! + 1,
  })
})

test('a DaemonSet with a node selector follows the labels of its nodes, also after it no longer waits for deletions', async () => {
  await scenario.close()
  scenario = await Scenario.start({ nodes: 3 })
  const template = podTemplate({ app: 'agent' })
  const spec = {
    selector: { matchLabels: { app: 'agent' } },
    updateStrategy: { type: 'OnDelete' },
    template: { ...template, spec: { ...template.spec, nodeSelector: { colour: 'blue' } } },
  }
  const nodesWithPods = async () => (await scenario.pods({ app: 'agent' })).map((pod) => pod.spec.nodeName)
  const paint = (colour: string | null) =>
    scenario.cluster.client.patch({ resource: 'nodes', namespace: '', name: 'node-2' }, { metadata: { labels: { colour } } })
  await scenario.create(DAEMON_SETS, { metadata: { name: 'agent' }, spec } as never)
  await scenario.pass(MINUTE)
  expect(await nodesWithPods()).toEqual([])
  await paint('blue')
  await scenario.pass(MINUTE)
  expect(await nodesWithPods()).toEqual(['node-2'])
  await paint('green')
  await scenario.pass(MINUTE)
  expect(await nodesWithPods()).toEqual([])
  const green = { ...template, spec: { ...template.spec, nodeSelector: { colour: 'green' } } }
  await scenario.patch(DAEMON_SETS, 'agent', { spec: { updateStrategy: { type: 'RollingUpdate' }, template: green } })
  await scenario.pass(MINUTE)
  expect(await nodesWithPods()).toEqual(['node-2'])
  expect((await scenario.get<DaemonSet>(DAEMON_SETS, 'agent')).status).toMatchObject({ desiredNumberScheduled: 1, numberAvailable: 1 })
})
