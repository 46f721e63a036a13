import { afterEach, expect, test } from 'vitest'
import type { Job, Pod } from '../../src/api/types.gen.ts'
import { conditionTexts, creationsSince, JOBS, job, MINUTE, namesOf, PODS, Scenario, SECOND, timeText } from '../support/workloads.ts'

let scenario: Scenario

const start = async (options = {}) => {
  scenario = await Scenario.start(options)
  return scenario
}

afterEach(() => scenario.close())

const statusOf = async (name: string) => (await scenario.get<Job>(JOBS, name)).status!
const isTracked = ({ metadata }: Pod) => metadata.finalizers?.includes('batch.kubernetes.io/job-tracking') === true

test('runs its completions, no more than parallelism at a time, and counts each success once', async () => {
  const { now } = await start()
  const running = new Map<string, Pod>()
  let most = 0
  const changes = await scenario.record<Pod>(PODS, ({ type, object }) => {
    const isOver = type === 'DELETED' || object.status?.phase === 'Succeeded'
    if (isOver) running.delete(object.metadata.uid)
    else running.set(object.metadata.uid, object)
    most = Math.max(most, running.size)
  })
  const counts: number[] = []
  await scenario.record<Job>(JOBS, ({ object }) => counts.push(object.status?.succeeded ?? 0))
  await scenario.create(JOBS, job('work', { completions: 7, parallelism: 3 }, { command: 'sleep 5' }))
  expect(await statusOf('work')).toMatchObject({ active: 3, ready: 3, startTime: scenario.time })
  await scenario.pass(MINUTE)
  expect(most).toBe(3)
  expect(creationsSince(changes, now)).toEqual([0, 0, 0, 5, 5, 5, 10])
  expect(counts, 'never goes back').toEqual([...counts].sort((a, b) => a - b))
  const status = await statusOf('work')
  expect(status).toMatchObject({ succeeded: 7, ready: 0, terminating: 0, completionTime: timeText(now + 15 * SECOND) })
  expect(status).not.toHaveProperty('active')
  expect(status).not.toHaveProperty('failed')
  expect(status.uncountedTerminatedPods).toEqual({})
  expect(conditionTexts({ status })).toEqual(['Complete=True CompletionsReached', 'SuccessCriteriaMet=True CompletionsReached'])
  const pods = await scenario.pods({ 'batch.kubernetes.io/job-name': 'work', 'job-name': 'work' })
  expect(pods).toHaveLength(7)
  expect(pods.filter(isTracked)).toEqual([])
  expect(await scenario.events('work', 'SuccessfulCreate')).toHaveLength(7)
  expect(await scenario.events('work', 'Completed')).toMatchObject([{ type: 'Normal', message: 'Job completed' }])
})

test('a success stays counted when its pod is deleted, and no pod is made for it again', async () => {
  await start()
  const changes = await scenario.record<Pod>(PODS)
  await scenario.create(JOBS, job('work', { completions: 4, parallelism: 1 }, { command: 'sleep 5' }))
  for (let round = 0; round < 4; round++) {
    await scenario.pass(5 * SECOND)
    for (const pod of await scenario.pods()) if (pod.status?.phase === 'Succeeded') await scenario.delete(PODS, pod.metadata.name)
  }
  expect(await statusOf('work')).toMatchObject({ succeeded: 4 })
  expect(changes.filter(({ type }) => type === 'ADDED')).toHaveLength(4)
  expect(await scenario.pods()).toEqual([])
})

test('without completions the first success is enough: no more pods start, and the others run to their end', async () => {
  await start()
  await scenario.create(JOBS, job('work', { parallelism: 3 }, { command: 'sleep 60' }))
  const [quick] = await scenario.pods()
  await scenario.patch(PODS, quick!.metadata.name, { metadata: { annotations: { 'coracle.dev/run-for': '5' } } })
  expect(await statusOf('work')).toMatchObject({ active: 3 })
  await scenario.pass(30 * SECOND)
  expect(await statusOf('work')).toMatchObject({ succeeded: 1, active: 2 })
  await scenario.pass(30 * SECOND)
  expect(await statusOf('work')).toMatchObject({ succeeded: 3 })
  expect(conditionTexts(await scenario.get<Job>(JOBS, 'work'))).toContain('Complete=True CompletionsReached')
  expect(await scenario.pods()).toHaveLength(3)
})

test('more or less parallelism takes effect while the Job runs', async () => {
  await start()
  await scenario.create(JOBS, job('work', { completions: 10, parallelism: 2 }, { command: 'sleep 60' }))
  await scenario.patch(JOBS, 'work', { spec: { parallelism: 5 } })
  expect(await statusOf('work')).toMatchObject({ active: 5 })
  await scenario.patch(JOBS, 'work', { spec: { parallelism: 1 } })
  expect(await statusOf('work')).toMatchObject({ active: 1 })
  expect(await scenario.pods()).toHaveLength(1)
  await scenario.patch(JOBS, 'work', { spec: { parallelism: 0 } })
  expect(await scenario.pods()).toHaveLength(0)
  expect(await statusOf('work'), 'pods it takes away itself are no failures').not.toHaveProperty('failed')
  await scenario.patch(JOBS, 'work', { spec: { parallelism: 10 } })
  await scenario.pass(MINUTE)
  expect(await statusOf('work')).toMatchObject({ succeeded: 10 })
})

test('gives each index of an Indexed Job a pod of its own, and lists the indexes that are done', async () => {
  await start()
  await scenario.create(JOBS, job('work', { completions: 5, parallelism: 2, completionMode: 'Indexed' }, { command: 'sleep 10' }))
  const [first, second] = [...(await scenario.pods())].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
  expect(first!.metadata.name).toMatch(/^work-0-.{5}$/)
  expect(second!.metadata.name).toMatch(/^work-1-.{5}$/)
  expect(second!.spec.hostname).toBe('work-1')
  expect(second!.metadata.annotations).toMatchObject({ 'batch.kubernetes.io/job-completion-index': '1' })
  expect(second!.metadata.labels).toMatchObject({ 'batch.kubernetes.io/job-completion-index': '1' })
  expect(second!.spec.containers[0]!.env).toEqual([
    {
      name: 'JOB_COMPLETION_INDEX',
      valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: "metadata.labels['batch.kubernetes.io/job-completion-index']" } },
    },
  ])
  await scenario.pass(10 * SECOND)
  expect(await statusOf('work')).toMatchObject({ completedIndexes: '0,1', succeeded: 2, active: 2 })
  await scenario.pass(10 * SECOND)
  expect(await statusOf('work')).toMatchObject({ completedIndexes: '0-3', succeeded: 4, active: 1 })
  await scenario.pass(10 * SECOND)
  expect(await statusOf('work')).toMatchObject({ completedIndexes: '0-4', succeeded: 5 })
})

test('an index whose pod fails or is taken away runs again; its success counts once', async () => {
  await start()
  await scenario.create(JOBS, job('work', { completions: 3, parallelism: 3, completionMode: 'Indexed' }, { command: 'sleep 20' }))
  const pods = await scenario.pods({ 'batch.kubernetes.io/job-completion-index': '1' })
  await scenario.delete(PODS, pods[0]!.metadata.name)
  await scenario.pass(10 * SECOND)
  const again = await scenario.pods({ 'batch.kubernetes.io/job-completion-index': '1' })
  expect(again).toHaveLength(1)
  expect(again[0]!.metadata.uid).not.toBe(pods[0]!.metadata.uid)
  await scenario.pass(MINUTE)
  expect(await statusOf('work')).toMatchObject({ completedIndexes: '0-2', succeeded: 3, failed: 1 })
})

test('an elastic Indexed Job shrinks and grows with its completions', async () => {
  await start()
  await scenario.create(JOBS, job('work', { completions: 4, parallelism: 4, completionMode: 'Indexed' }, { command: 'sleep 60' }))
  await scenario.patch(JOBS, 'work', { spec: { completions: 2, parallelism: 2 } })
  const indexes = async () =>
    (await scenario.pods()).map(({ metadata }) => metadata.labels!['batch.kubernetes.io/job-completion-index']).sort()
  expect(await indexes()).toEqual(['0', '1'])
  await scenario.patch(JOBS, 'work', { spec: { completions: 3, parallelism: 3 } })
  expect(await indexes()).toEqual(['0', '1', '2'])
  await scenario.pass(2 * MINUTE)
  expect(await statusOf('work')).toMatchObject({ completedIndexes: '0-2', succeeded: 3 })
})

test('a suspended Job has no pods; resuming starts its time anew', async () => {
  const { now } = await start()
  await scenario.create(
    JOBS,
    job('work', { suspend: true, completions: 2, parallelism: 2, activeDeadlineSeconds: 60 }, { command: 'sleep 40' }),
  )
  expect(await scenario.pods()).toEqual([])
  expect(await statusOf('work')).not.toHaveProperty('startTime')
  expect(conditionTexts(await scenario.get<Job>(JOBS, 'work'))).toEqual(['Suspended=True JobSuspended'])
  await scenario.pass(10 * MINUTE)
  await scenario.patch(JOBS, 'work', { spec: { suspend: false } })
  expect(await statusOf('work')).toMatchObject({ active: 2, startTime: timeText(now + 10 * MINUTE) })
  expect(conditionTexts(await scenario.get<Job>(JOBS, 'work'))).toEqual(['Suspended=False JobResumed'])
  await scenario.pass(30 * SECOND)
  await scenario.patch(JOBS, 'work', { spec: { suspend: true } })
  expect(await scenario.pods()).toEqual([])
  const suspended = await statusOf('work')
  expect(suspended).not.toHaveProperty('startTime')
  expect(suspended, 'pods that are taken away are no failures').not.toHaveProperty('failed')
  await scenario.pass(10 * MINUTE)
  await scenario.patch(JOBS, 'work', { spec: { suspend: false } })
  await scenario.pass(50 * SECOND)
  expect(await statusOf('work')).toMatchObject({ succeeded: 2 })
  const reasons = (await scenario.events('work')).map(({ reason, count }) => `${reason} ${count}`)
  expect(reasons.filter((text) => /^(Suspended|Resumed)/.test(text))).toEqual(['Suspended 2', 'Resumed 2'])
})

test('a Job that somebody else manages is left alone', async () => {
  await start()
  await scenario.create(JOBS, job('work', { managedBy: 'example.com/other' }))
  await scenario.pass(MINUTE)
  expect(await scenario.pods()).toEqual([])
  expect(await scenario.find<Job>(JOBS, 'work')).not.toHaveProperty('status.startTime')
})

test('ends early when its success policy is met, and takes the other pods away', async () => {
  await start()
  const policy = { rules: [{ succeededIndexes: '0', succeededCount: 1 }] }
  const command = 'if [ "$JOB_COMPLETION_INDEX" = 0 ]; then sleep 5; else sleep 500; fi'
  await scenario.create(
    JOBS,
    job('work', { completions: 3, parallelism: 3, completionMode: 'Indexed', successPolicy: policy }, { command }),
  )
  for (const pod of await scenario.pods({ 'batch.kubernetes.io/job-completion-index': '0' })) {
    await scenario.patch(PODS, pod.metadata.name, { metadata: { annotations: { 'coracle.dev/run-for': '5' } } })
  }
  await scenario.pass(2 * MINUTE)
  expect(conditionTexts(await scenario.get<Job>(JOBS, 'work'))).toEqual([
    'Complete=True SuccessPolicy',
    'SuccessCriteriaMet=True SuccessPolicy',
  ])
  expect(await statusOf('work')).toMatchObject({ completedIndexes: '0', succeeded: 1 })
  expect((await scenario.pods()).filter(({ status }) => status?.phase === 'Running')).toEqual([])
})

test('is deleted with its pods when its time to live after the end has passed', async () => {
  const { now } = await start()
  const changes = await scenario.record<Job>(JOBS)
  await scenario.create(JOBS, job('work', { ttlSecondsAfterFinished: 100 }, { command: 'sleep 5' }))
  await scenario.create(JOBS, job('bad', { ttlSecondsAfterFinished: 0, backoffLimit: 0 }, { command: 'sleep 5; exit 1' }))
  await scenario.create(JOBS, job('kept', {}, { command: 'sleep 5' }))
  await scenario.pass(104 * SECOND)
  expect(namesOf(await scenario.list(JOBS))).toEqual(['kept', 'work'])
  await scenario.pass(SECOND)
  expect(namesOf(await scenario.list(JOBS))).toEqual(['kept'])
  expect(await scenario.pods()).toHaveLength(1)
  const deleted = changes.filter(({ type }) => type === 'DELETED').map(({ at, object }) => [object.metadata.name, (at - now) / SECOND])
  expect(deleted).toEqual([
    ['bad', 5],
    ['work', 105],
  ])
})
