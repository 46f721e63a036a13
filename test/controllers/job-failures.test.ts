import { afterEach, expect, test } from 'vitest'
import type { Job, Pod } from '../../src/api/types.gen.ts'
import { type Change, conditionTexts, creationsSince, JOBS, job, MINUTE, PODS, Scenario, SECOND } from '../support/workloads.ts'

let scenario: Scenario
let startedAt: number
let pods: readonly Change<Pod>[]

const start = async () => {
  scenario = await Scenario.start()
  startedAt = scenario.now
  pods = await scenario.record<Pod>(PODS)
}

afterEach(() => scenario.close())

const statusOf = async (name: string) => (await scenario.get<Job>(JOBS, name)).status!
const conditionsOf = async (name: string) => conditionTexts(await scenario.get<Job>(JOBS, name))
const created = () => creationsSince(pods, startedAt)

test('waits 10 s, 20 s, 40 s … before it replaces a failed pod, and gives up beyond backoffLimit', async () => {
  await start()
  await scenario.create(JOBS, job('work', { backoffLimit: 4 }, { command: 'sleep 2; exit 1' }))
  await scenario.pass(10 * MINUTE)
  expect(created()).toEqual([0, 12, 34, 76, 158])
  expect(await statusOf('work')).toMatchObject({ failed: 5, ready: 0, terminating: 0 })
  expect(await conditionsOf('work')).toEqual(['Failed=True BackoffLimitExceeded', 'FailureTarget=True BackoffLimitExceeded'])
  expect(await scenario.events('work', 'BackoffLimitExceeded')).toMatchObject([
    { type: 'Warning', message: 'Job has reached the specified backoff limit' },
  ])
  expect(await scenario.pods(), 'failed pods stay to be looked at').toHaveLength(5)
})

test('the back-off ends at ten minutes', async () => {
  await start()
  await scenario.create(JOBS, job('work', { backoffLimit: 9 }, { command: 'exit 1' }))
  await scenario.pass(90 * MINUTE)
  const instants = created()
  const gaps = instants.slice(1).map((instant, at) => instant - instants[at]!)
  expect(gaps).toEqual([10, 20, 40, 80, 160, 320, 600, 600, 600])
})

test('a success ends the back-off that failures before it built up', async () => {
  await start()
  await scenario.create(
    JOBS,
    job('work', { completions: 3, backoffLimit: 6 }, { command: 'sleep 1', annotations: { 'coracle.dev/exit-code': '1' } }),
  )
  await scenario.pass(SECOND)
  // From now on pods end well, once; the next is made at once.
  await scenario.pass(10 * SECOND)
  const second = (await scenario.pods()).find(({ status }) => status?.phase === 'Running')!
  await scenario.patch(PODS, second.metadata.name, { metadata: { annotations: { 'coracle.dev/exit-code': '0' } } })
  await scenario.pass(15 * SECOND)
  expect(created()).toEqual([0, 11, 12, 23])
})

test('no pod is made beyond backoffLimit when several fail together', async () => {
  await start()
  await scenario.create(JOBS, job('work', { completions: 5, parallelism: 5, backoffLimit: 2 }, { command: 'sleep 3; exit 1' }))
  await scenario.pass(5 * MINUTE)
  expect(created()).toEqual([0, 0, 0, 0, 0])
  expect(await statusOf('work')).toMatchObject({ failed: 5 })
  expect(await conditionsOf('work')).toContain('Failed=True BackoffLimitExceeded')
})

test('with restartPolicy OnFailure the container is restarted in its pod; its restarts count against the limit', async () => {
  await start()
  await scenario.create(JOBS, job('work', { backoffLimit: 3 }, { command: 'sleep 1; exit 1', restartPolicy: 'OnFailure' }))
  await scenario.pass(20 * SECOND)
  expect(await statusOf('work')).toMatchObject({ active: 1 })
  expect(created()).toEqual([0])
  await scenario.pass(10 * MINUTE)
  expect(created()).toEqual([0])
  expect(await conditionsOf('work')).toEqual(['Failed=True BackoffLimitExceeded', 'FailureTarget=True BackoffLimitExceeded'])
  expect(await statusOf('work')).toMatchObject({ failed: 1 })
  expect(await scenario.pods(), 'upstream takes the pod away').toEqual([])
})

test('with restartPolicy OnFailure a later attempt may succeed', async () => {
  await start()
  const annotations = { 'coracle.dev/exit-code': '1,1,0' }
  await scenario.create(JOBS, job('work', {}, { command: 'sleep 1', restartPolicy: 'OnFailure', annotations }))
  await scenario.pass(2 * MINUTE)
  expect(await statusOf('work')).toMatchObject({ succeeded: 1 })
  expect((await scenario.pods())[0]!.status?.containerStatuses?.[0]).toMatchObject({ restartCount: 2 })
})

test('activeDeadlineSeconds ends the Job and the pods that run', async () => {
  await start()
  await scenario.create(JOBS, job('work', { completions: 4, parallelism: 2, activeDeadlineSeconds: 30 }, { command: 'sleep 20' }))
  await scenario.pass(29 * SECOND)
  expect(await statusOf('work')).toMatchObject({ succeeded: 2, active: 2 })
  await scenario.pass(SECOND)
  expect(await conditionsOf('work')).toEqual(['Failed=True DeadlineExceeded', 'FailureTarget=True DeadlineExceeded'])
  const status = await statusOf('work')
  expect(status).toMatchObject({ succeeded: 2, failed: 2 })
  expect(status).not.toHaveProperty('active')
  expect(status).not.toHaveProperty('completionTime')
  expect(await scenario.events('work', 'DeadlineExceeded')).toMatchObject([
    { type: 'Warning', message: 'Job was active longer than specified deadline' },
  ])
  await scenario.pass(MINUTE)
  expect((await scenario.pods()).map(({ status }) => status?.phase)).toEqual(['Succeeded', 'Succeeded'])
})

const onExitCode = (action: string, value: number) => ({ action, onExitCodes: { operator: 'In', values: [value] } })
const onDisruption = (action: string) => ({ action, onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] })

test('podFailurePolicy FailJob ends the Job at the first such exit code', async () => {
  await start()
  const podFailurePolicy = { rules: [onExitCode('FailJob', 42)] }
  await scenario.create(JOBS, job('work', { completions: 3, parallelism: 2, podFailurePolicy }, { command: 'sleep 5; exit 42' }))
  await scenario.pass(MINUTE)
  expect(created()).toEqual([0, 0])
  expect(await conditionsOf('work')).toEqual(['Failed=True PodFailurePolicy', 'FailureTarget=True PodFailurePolicy'])
  const { conditions } = await statusOf('work')
  expect(conditions?.[0]?.message).toMatch(
    /^Container main for pod default\/work-.{5} failed with exit code 42 matching FailJob rule at index 0$/,
  )
})

test('podFailurePolicy Ignore replaces a disrupted pod without counting it', async () => {
  await start()
  const podFailurePolicy = { rules: [onDisruption('Ignore')] }
  await scenario.create(JOBS, job('work', { backoffLimit: 0, podFailurePolicy }, { command: 'sleep 60' }))
  const [pod] = await scenario.pods()
  const conditions = [
    ...pod!.status!.conditions!,
    // One without a time is stale from the start, and is taken back at once.
    { type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI', message: '', lastTransitionTime: scenario.time },
  ]
  await scenario.patchStatus(PODS, pod!.metadata.name, { conditions })
  await scenario.delete(PODS, pod!.metadata.name)
  await scenario.pass(2 * MINUTE)
  const status = await statusOf('work')
  expect(status).toMatchObject({ succeeded: 1 })
  expect(status).not.toHaveProperty('failed')
  expect(created()).toHaveLength(2)
})

test('a rule that counts, or no rule, leaves a failure to backoffLimit', async () => {
  await start()
  const podFailurePolicy = { rules: [onExitCode('Count', 7), onExitCode('FailJob', 42)] }
  await scenario.create(JOBS, job('work', { backoffLimit: 1, podFailurePolicy }, { command: 'exit 7' }))
  await scenario.pass(MINUTE)
  expect(created()).toEqual([0, 10])
  expect(await conditionsOf('work')).toContain('Failed=True BackoffLimitExceeded')
})

test('backoffLimitPerIndex gives up on the index alone', async () => {
  await start()
  const spec = { completions: 3, parallelism: 3, completionMode: 'Indexed', backoffLimitPerIndex: 1 }
  await scenario.create(JOBS, job('work', spec, { command: 'sleep 2' }))
  const failIndexOne = async () => {
    for (const pod of await scenario.pods({ 'batch.kubernetes.io/job-completion-index': '1' })) {
      await scenario.patch(PODS, pod.metadata.name, { metadata: { annotations: { 'coracle.dev/exit-code': '3' } } })
    }
  }
  await failIndexOne()
  await scenario.pass(12 * SECOND)
  await failIndexOne()
  await scenario.pass(MINUTE)
  expect(created()).toEqual([0, 0, 0, 12])
  expect(await statusOf('work')).toMatchObject({ completedIndexes: '0,2', failedIndexes: '1', succeeded: 2, failed: 2 })
  expect(await conditionsOf('work')).toEqual(['Failed=True FailedIndexes', 'FailureTarget=True FailedIndexes'])
})

test('a pod that is deleted counts as failed; podReplacementPolicy Failed waits until it has ended', async () => {
  await start()
  const annotations = { 'coracle.dev/stop-delay': '20' }
  await scenario.create(JOBS, job('eager', {}, { command: 'sleep 60', annotations }))
  await scenario.create(JOBS, job('patient', { podReplacementPolicy: 'Failed' }, { command: 'sleep 60', annotations }))
  await scenario.pass(SECOND)
  for (const pod of await scenario.pods()) await scenario.delete(PODS, pod.metadata.name)
  await scenario.pass(19 * SECOND)
  expect(await statusOf('eager')).toMatchObject({ active: 1, terminating: 1, failed: 1 })
  expect(await statusOf('patient')).toMatchObject({ terminating: 1 })
  expect(await statusOf('patient')).not.toHaveProperty('failed')
  await scenario.pass(2 * MINUTE)
  for (const name of ['eager', 'patient']) expect(await statusOf(name), name).toMatchObject({ succeeded: 1, failed: 1, terminating: 0 })
  expect(await scenario.pods(), 'nothing is stuck').toHaveLength(2)
})

test('pods on a node that is gone are replaced, and nothing stays behind', async () => {
  await start()
  await scenario.create(JOBS, job('work', { completions: 6, parallelism: 6 }, { command: 'sleep 600' }))
  await scenario.cluster.simulation.leave('node-2')
  await scenario.pass(30 * MINUTE)
  expect(await statusOf('work')).toMatchObject({ succeeded: 6 })
  const left = await scenario.pods()
  expect(left.filter(({ metadata }) => metadata.deletionTimestamp !== undefined || metadata.finalizers !== undefined)).toEqual([])
  expect(left.filter(({ spec }) => spec.nodeName === 'node-2')).toEqual([])
})
