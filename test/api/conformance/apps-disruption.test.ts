/** Upstream: test/e2e/apps/disruption.go */
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Json } from '../../support/api.ts'
import { Conformance, expectRefused } from '../../support/conformance.ts'
import { createRunning, eventually, isReady, pausePod } from '../../support/conformance-pods.ts'
import type { ResourceClient } from '../../support/resource-client.ts'

let e2e: Conformance
beforeAll(async () => {
  e2e = await Conformance.start({ nodes: 2 })
})
afterAll(() => e2e.close())

const LABELS = { foo: 'bar' }
const budget = (minAvailable: number | string, labels: Json = {}) => ({
  metadata: { name: 'foo', labels },
  spec: { selector: { matchLabels: LABELS }, minAvailable },
})

async function start(): Promise<{ namespace: string; budgets: ResourceClient; pods: ResourceClient }> {
  const namespace = await e2e.namespace('disruption')
  return { namespace, budgets: e2e.client('policy/v1/poddisruptionbudgets', namespace), pods: e2e.client('v1/pods', namespace) }
}
const processed = async (budgets: ResourceClient) => {
  await e2e.cluster.settle()
  const { status, metadata } = await budgets.get('foo')
  expect(status.observedGeneration).toBe(metadata.generation)
  return status as Json
}
const createPods = async (pods: ResourceClient, count: number) => {
  for (let i = 0; i < count; i++) await createRunning(e2e, pods, pausePod(`pod-${i}`, {}, { labels: LABELS }))
  await eventually(e2e, 'all are ready', async () => (await pods.list()).items.every(isReady))
}

it('[sig-apps] DisruptionController Listing PodDisruptionBudgets for all namespaces should list and delete a collection of PodDisruptionBudgets', async () => {
  const [first, second] = [await start(), await start()]
  const labels = { special: first.namespace }
  const labelSelector = `special=${first.namespace}`
  for (const name of ['foo', 'foo2']) await first.budgets.create({ ...budget(1), metadata: { name, labels } })
  await second.budgets.create(budget(1, labels))
  const everywhere = e2e.client('policy/v1/poddisruptionbudgets')
  expect((await everywhere.list({ labelSelector })).items).toHaveLength(3)
  await first.budgets.deleteCollection({ labelSelector })
  expect((await first.budgets.list()).items).toEqual([])
  expect((await everywhere.list({ labelSelector })).items).toHaveLength(1)
})

it('[sig-apps] DisruptionController should create a PodDisruptionBudget', async () => {
  const { budgets } = await start()
  await budgets.create(budget('1%', { special: 'yes' }))
  await processed(budgets)
  const updated = await budgets.change('foo', ({ spec }) => {
    spec.minAvailable = '2%'
  })
  expect(updated.spec.minAvailable).toBe('2%')
  await processed(budgets)
  expect((await budgets.patch('foo', { spec: { minAvailable: '3%' } })).spec.minAvailable).toBe('3%')
  await processed(budgets)
  await budgets.delete('foo')
  await expectRefused(budgets.get('foo'), 'NotFound')
})

it('[sig-apps] DisruptionController should observe PodDisruptionBudget status updated', async () => {
  const { budgets, pods } = await start()
  await budgets.create(budget(1))
  await createPods(pods, 3)
  expect((await processed(budgets)).disruptionsAllowed).toBeGreaterThan(0)
})

it('[sig-apps] DisruptionController should update/patch PodDisruptionBudget status', async () => {
  const { budgets, pods } = await start()
  await budgets.create(budget(1))
  await createPods(pods, 1)
  await processed(budgets)
  const disruptedPods = { 'pod-0': `${new Date(e2e.cluster.clock.now()).toISOString().slice(0, 19)}Z` }
  const updated = await budgets.change('foo', ({ status }) => Object.assign(status, { disruptedPods }), 'status')
  expect(updated.status.disruptedPods).toEqual(disruptedPods)
  const patched = await budgets.patch('foo', { status: { disruptedPods: null } }, { subresource: 'status' })
  expect(patched.status.disruptedPods ?? {}).toEqual({})
})

it('[sig-apps] DisruptionController should block an eviction until the PDB is updated to allow it', async () => {
  const { budgets, pods } = await start()
  await createPods(pods, 3)
  await budgets.create(budget(3))
  await processed(budgets)
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'pod-0' } }
  const refusal = await expectRefused(pods.create(eviction, {}, 'eviction'), 'TooManyRequests')
  expect(refusal.details.causes[0].reason).toBe('DisruptionBudget')
  await budgets.patch('foo', { spec: { minAvailable: 2 } })
  await processed(budgets)
  await pods.create(eviction, {}, 'eviction')
  await eventually(e2e, 'it has gone', async () => (await pods.list()).items.length === 2)
  await budgets.change('foo', ({ spec }) => Object.assign(spec, { minAvailable: 3 }))
  await processed(budgets)
  await expectRefused(pods.create({ ...eviction, metadata: { name: 'pod-1' } }, {}, 'eviction'), 'TooManyRequests')
  await budgets.delete('foo')
  await pods.create({ ...eviction, metadata: { name: 'pod-1' } }, {}, 'eviction')
})
