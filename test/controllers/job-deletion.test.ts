import { afterEach, expect, test } from 'vitest'
import type { Job, Pod } from '../../src/api/types.gen.ts'
import { isGoing, JOBS, job, MINUTE, PODS, Scenario, SECOND } from '../support/workloads.ts'

let scenario: Scenario

afterEach(() => scenario.close())

const isTracked = ({ metadata }: Pod) => metadata.finalizers?.includes('batch.kubernetes.io/job-tracking') === true

/** Two pods that run, one that has ended well, and one that failed. */
const startJob = async () => {
  scenario = await Scenario.start()
  await scenario.create(JOBS, job('work', { completions: 5, parallelism: 3, backoffLimit: 5 }, { command: 'sleep 600' }))
  const [first, second] = await scenario.pods()
  for (const [pod, code] of [
    [first, '0'],
    [second, '1'],
  ] as const) {
    await scenario.patch(PODS, pod!.metadata.name, {
      metadata: { annotations: { 'coracle.dev/run-for': '1', 'coracle.dev/exit-code': code } },
    })
  }
  await scenario.pass(20 * SECOND)
  expect((await scenario.pods()).map(({ status }) => status?.phase).sort()).toEqual([
    'Failed',
    'Running',
    'Running',
    'Running',
    'Succeeded',
  ])
}

test('deleted over the API without a policy its pods are orphaned, as in batch/v1 upstream', async () => {
  await startJob()
  const { code } = await scenario.request('DELETE', scenario.pathOf(JOBS, 'work'))
  expect(code).toBe(200)
  await scenario.pass(MINUTE)
  expect(await scenario.list<Job>(JOBS)).toEqual([])
  const pods = await scenario.pods()
  expect(pods).toHaveLength(5)
  for (const pod of pods) {
    expect(pod.metadata).not.toHaveProperty('ownerReferences')
    expect(pod.metadata).not.toHaveProperty('deletionTimestamp')
    expect(isTracked(pod), 'nobody would take the finalizer off later').toBe(false)
  }
  for (const { metadata } of pods) await scenario.delete(PODS, metadata.name)
  await scenario.pass(MINUTE)
  expect(await scenario.pods()).toEqual([])
})

test('orphaned pods that run on are not taken for another Job of the same name', async () => {
  await startJob()
  await scenario.delete(JOBS, 'work', 'Orphan')
  await scenario.pass(SECOND)
  const orphans = new Set((await scenario.pods()).map(({ metadata }) => metadata.uid))
  await scenario.create(JOBS, job('work', { completions: 1 }, { command: 'sleep 5' }))
  await scenario.pass(MINUTE)
  expect((await scenario.get<Job>(JOBS, 'work')).status).toMatchObject({ succeeded: 1 })
  const pods = await scenario.pods()
  expect(pods).toHaveLength(6)
  for (const pod of pods.filter(({ metadata }) => orphans.has(metadata.uid))) expect(pod.metadata).not.toHaveProperty('ownerReferences')
})

test('Background: the Job goes at once, its pods after their grace period', async () => {
  await startJob()
  await scenario.delete(JOBS, 'work', 'Background')
  expect(await scenario.find(JOBS, 'work')).toBeUndefined()
  await scenario.pass(MINUTE)
  expect(await scenario.pods()).toEqual([])
})

test('Foreground: the Job waits for its pods', async () => {
  scenario = await Scenario.start()
  const annotations = { 'coracle.dev/stop-delay': '10' }
  await scenario.create(JOBS, job('work', { completions: 2, parallelism: 2 }, { command: 'sleep 600', annotations }))
  await scenario.delete(JOBS, 'work', 'Foreground')
  await scenario.pass(100)
  const waiting = await scenario.get<Job>(JOBS, 'work')
  expect(waiting.metadata.finalizers).toEqual(['foregroundDeletion'])
  expect(waiting.metadata.deletionTimestamp).toBe(scenario.time)
  expect((await scenario.pods()).every(isGoing)).toBe(true)
  await scenario.pass(9 * SECOND)
  expect(await scenario.find(JOBS, 'work')).toBeDefined()
  await scenario.pass(SECOND)
  expect(await scenario.pods()).toEqual([])
  expect(await scenario.find(JOBS, 'work')).toBeUndefined()
})

test('the tracking finalizer holds no pod for ever: a pod deleted by force, a finished Job, a Job that is suspended', async () => {
  scenario = await Scenario.start()
  await scenario.create(JOBS, job('work', { completions: 3, parallelism: 3 }, { command: 'sleep 60' }))
  const [pod] = await scenario.pods()
  await scenario.cluster.client.delete({ resource: PODS, namespace: 'default', name: pod!.metadata.name }, { gracePeriodSeconds: 0 })
  await scenario.pass(SECOND)
  expect(await scenario.find(PODS, pod!.metadata.name)).toBeUndefined()
  await scenario.patch(JOBS, 'work', { spec: { suspend: true } })
  await scenario.pass(MINUTE)
  expect(await scenario.pods()).toEqual([])
  await scenario.patch(JOBS, 'work', { spec: { suspend: false } })
  await scenario.pass(5 * MINUTE)
  expect((await scenario.get<Job>(JOBS, 'work')).status).toMatchObject({ succeeded: 3 })
  expect((await scenario.pods()).filter(isTracked)).toEqual([])
})

test('each Job gets the selector and labels of its own uid, so that two of one template share no pods', async () => {
  scenario = await Scenario.start()
  const first = await scenario.create<Job>(JOBS, job('one', {}, { command: 'sleep 60' }))
  const second = await scenario.create<Job>(JOBS, job('two', {}, { command: 'sleep 60' }))
  for (const { metadata, spec } of [first, second]) {
    expect(spec!.selector).toEqual({ matchLabels: { 'batch.kubernetes.io/controller-uid': metadata.uid } })
    const [pod, ...more] = await scenario.pods({ 'batch.kubernetes.io/controller-uid': metadata.uid, 'controller-uid': metadata.uid })
    expect(more).toEqual([])
    expect(pod!.metadata.ownerReferences).toEqual([
      { apiVersion: 'batch/v1', kind: 'Job', name: metadata.name, uid: metadata.uid, controller: true, blockOwnerDeletion: true },
    ])
  }
})
