import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Deployment, Job, Pod, ReplicaSet } from '../../src/api/types.gen.ts'
import {
  conditionTexts,
  DEPLOYMENTS,
  deployment,
  JOBS,
  job,
  MINUTE,
  namesOf,
  PODS,
  podTemplate,
  REPLICA_SETS,
  Scenario,
  SECOND,
} from '../support/workloads.ts'

let scenario: Scenario
let folder: string
let storage: string

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'coracle-restart-'))
  storage = `sqlite:${join(folder, 'cluster.db')}`
  scenario = await Scenario.start({ storage, nodes: 1 })
})

afterEach(async () => {
  await scenario.close()
  rmSync(folder, { recursive: true })
})

const restart = async (downForMs = 0) => {
  const at = new Date(scenario.now + downForMs).toISOString()
  await scenario.close()
  scenario = await Scenario.start({ start: at, storage })
}

const podNames = async () => namesOf(await scenario.pods())

test('a cluster at rest comes back as it was', async () => {
  await scenario.create(DEPLOYMENTS, deployment('web'))
  await scenario.create(JOBS, job('done', { completions: 2 }))
  await scenario.pass(MINUTE)
  const before = await podNames()
  const jobBefore = await scenario.get<Job>(JOBS, 'done')
  const webBefore = await scenario.get<Deployment>(DEPLOYMENTS, 'web')
  await restart()
  const changes = await scenario.record(PODS)
  await scenario.pass(2 * MINUTE)
  expect(await podNames()).toEqual(before)
  expect(changes, 'pods are left alone').toEqual([])
  expect(await scenario.get<Job>(JOBS, 'done')).toEqual(jobBefore)
  expect(await scenario.get<Deployment>(DEPLOYMENTS, 'web')).toEqual(webBefore)
})

test.each([1, 4, 6, 11, 16])('a Job that is interrupted after %i s counts each pod once', async (seconds) => {
  await scenario.create(JOBS, job('work', { completions: 10, parallelism: 3 }, { command: 'sleep 5' }))
  await scenario.pass(seconds * SECOND)
  const counted = (await scenario.get<Job>(JOBS, 'work')).status?.succeeded ?? 0
  await restart(3 * SECOND)
  const counts: number[] = [counted]
  await scenario.record<Job>(JOBS, ({ object }) => counts.push(object.status?.succeeded ?? 0))
  await scenario.pass(MINUTE)
  expect(counts).toEqual([...counts].sort((a, b) => a - b))
  expect((await scenario.get<Job>(JOBS, 'work')).status).toMatchObject({ succeeded: 10 })
  const pods = await scenario.pods()
  expect(pods).toHaveLength(10)
  expect(pods.filter(({ metadata }) => metadata.finalizers !== undefined)).toEqual([])
  expect(conditionTexts(await scenario.get<Job>(JOBS, 'work'))).toContain('Complete=True CompletionsReached')
})

test('a Job’s back-off goes on where it was', async () => {
  const { now } = scenario
  await scenario.create(JOBS, job('work', {}, { command: 'exit 1' }))
  await scenario.pass(15 * SECOND)
  expect(await podNames()).toHaveLength(2)
  await restart(5 * SECOND)
  const changes = await scenario.record<Pod>(PODS)
  await scenario.pass(60 * SECOND)
  const instants = changes.filter(({ type }) => type === 'ADDED').map(({ at }) => (at - now) / SECOND)
  expect(instants).toEqual([30, 70])
})

test('a deadline that passes while the cluster is down takes effect when it is back', async () => {
  await scenario.create(JOBS, job('work', { activeDeadlineSeconds: 60 }, { command: 'sleep 600' }))
  await restart(5 * MINUTE)
  await scenario.pass(MINUTE)
  expect(conditionTexts(await scenario.get<Job>(JOBS, 'work'))).toContain('Failed=True DeadlineExceeded')
})

test('a time to live that passes while the cluster is down takes effect when it is back', async () => {
  await scenario.create(JOBS, job('work', { ttlSecondsAfterFinished: 60 }))
  await scenario.pass(5 * SECOND)
  await restart(5 * MINUTE)
  await scenario.pass(SECOND)
  expect(await scenario.list(JOBS)).toEqual([])
  expect(await scenario.pods()).toEqual([])
})

test.each([1, 3, 5, 8])('a rollout that is interrupted after %i s comes to the same end', async (seconds) => {
  const template = podTemplate({ app: 'web' }, { annotations: { 'coracle.dev/start-delay': '2' } })
  const strategy = { rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } }
  await scenario.create(DEPLOYMENTS, deployment('web', { replicas: 6, strategy }, template))
  await scenario.pass(MINUTE)
  await scenario.patch(DEPLOYMENTS, 'web', { spec: { template: { spec: { containers: [{ name: 'main', image: 'nginx:2' }] } } } })
  await scenario.pass(seconds * SECOND)
  await restart(SECOND)
  await scenario.pass(MINUTE)
  const sizes = (await scenario.list<ReplicaSet>(REPLICA_SETS)).map(({ spec }) => [
    spec.template!.spec!.containers[0]!.image,
    spec.replicas,
  ])
  expect(sizes.sort()).toEqual([
    ['nginx:1', 0],
    ['nginx:2', 6],
  ])
  const pods = await scenario.pods()
  expect(pods.map(({ spec }) => spec.containers[0]!.image)).toEqual(Array(6).fill('nginx:2'))
  const { status, metadata } = await scenario.get<Deployment>(DEPLOYMENTS, 'web')
  expect(status).toMatchObject({ replicas: 6, updatedReplicas: 6, availableReplicas: 6, observedGeneration: 2 })
  expect(metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('2')
})

test('what was being deleted is deleted: an owner in the foreground, a namespace, an owner that was gone already', async () => {
  const slow = podTemplate({ app: 'web' }, { annotations: { 'coracle.dev/stop-delay': '10' } })
  await scenario.create(DEPLOYMENTS, deployment('web', {}, slow))
  await scenario.create(DEPLOYMENTS, deployment('api'))
  await scenario.cluster.client.create('namespaces', { metadata: { name: 'shop' } } as never)
  await scenario.create(REPLICA_SETS, {
    metadata: { name: 'cart', namespace: 'shop' },
    spec: { replicas: 2, selector: { matchLabels: { app: 'web' } }, template: slow },
  } as never)
  await scenario.delete(DEPLOYMENTS, 'web', 'Foreground')
  await scenario.cluster.client.delete({ resource: 'namespaces', namespace: '', name: 'shop' }, {})
  // Not waited for: the cluster goes down before anything follows.
  await scenario.cluster.client.delete({ resource: DEPLOYMENTS, namespace: 'default', name: 'api' }, { propagationPolicy: 'Background' })
  await restart(MINUTE)
  await scenario.pass(MINUTE)
  expect(await scenario.list(DEPLOYMENTS)).toEqual([])
  expect(await scenario.list(REPLICA_SETS)).toEqual([])
  expect(await scenario.pods()).toEqual([])
  expect(namesOf((await scenario.cluster.client.list('namespaces')).items)).not.toContain('shop')
})
