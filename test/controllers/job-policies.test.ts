/** What the policies of a Job do on a whole cluster, by exit codes of real commands. Upstream: test/e2e/apps/job.go, test/integration/job. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Job, Pod } from '../../src/api/types.gen.ts'
import { conditionTexts, isGoing, JOBS, job, MINUTE, PODS, Scenario, SECOND } from '../support/workloads.ts'

let scenario: Scenario

beforeEach(async () => {
  scenario = await Scenario.start({ nodes: 1 })
})
afterEach(() => scenario.close())

const statusOf = async () => (await scenario.get<Job>(JOBS, 'work')).status!
const conditionsOf = async () => conditionTexts(await scenario.get<Job>(JOBS, 'work'))
const INDEXED = { completionMode: 'Indexed', completions: 4, parallelism: 2 }
/** As the suite's own images fail: the odd indexes. */
const ODD_FAIL = 'if [ $((JOB_COMPLETION_INDEX % 2)) = 1 ]; then exit 42; fi; sleep 1'
const onCode = (action: string, ...values: number[]) => ({ action, onExitCodes: { operator: 'In', values } })
const INDEX = 'batch.kubernetes.io/job-completion-index'
const create = (spec: Record<string, unknown>, options: Parameters<typeof job>[2]) => scenario.create(JOBS, job('work', spec, options))

interface Row {
  name: string
  spec: Record<string, unknown>
  command: string
  conditions: string[]
  status: Partial<Job['status']>
}

const COMPLETE = ['Complete=True CompletionsReached', 'SuccessCriteriaMet=True CompletionsReached']
const failed = (reason: string) => [`Failed=True ${reason}`, `FailureTarget=True ${reason}`]

test.each<Row>([
  {
    name: 'all indexes run though some fail, with backoffLimitPerIndex',
    spec: { ...INDEXED, backoffLimitPerIndex: 1 },
    command: ODD_FAIL,
    conditions: failed('FailedIndexes'),
    status: { completedIndexes: '0,2', failedIndexes: '1,3', failed: 4, succeeded: 2 },
  },
  {
    name: 'maxFailedIndexes ends it early',
    spec: { ...INDEXED, parallelism: 1, backoffLimitPerIndex: 0, maxFailedIndexes: 0 },
    command: ODD_FAIL,
    conditions: failed('MaxFailedIndexesExceeded'),
    status: { completedIndexes: '0', failedIndexes: '1', failed: 1, succeeded: 1 },
  },
  {
    name: 'FailIndex gives an index up at once',
    spec: { ...INDEXED, backoffLimitPerIndex: 3, podFailurePolicy: { rules: [onCode('FailIndex', 42)] } },
    command: ODD_FAIL,
    conditions: failed('FailedIndexes'),
    status: { completedIndexes: '0,2', failedIndexes: '1,3', failed: 2, succeeded: 2 },
  },
  {
    name: 'FailJob ends it at the first',
    spec: { ...INDEXED, parallelism: 1, podFailurePolicy: { rules: [onCode('FailJob', 42)] } },
    command: ODD_FAIL,
    conditions: failed('PodFailurePolicy'),
    status: { completedIndexes: '0', failed: 1, succeeded: 1 },
  },
  {
    name: 'the limit of all is reached before that of an index',
    spec: { ...INDEXED, backoffLimitPerIndex: 2, backoffLimit: 2 },
    command: ODD_FAIL,
    conditions: failed('BackoffLimitExceeded'),
    status: { failedIndexes: '' },
  },
  {
    name: 'Count leaves it to the limit',
    spec: { backoffLimit: 1, podFailurePolicy: { rules: [onCode('Count', 42), onCode('FailJob', 42)] } },
    command: 'exit 42',
    conditions: failed('BackoffLimitExceeded'),
    status: { failed: 2 },
  },
  {
    name: 'a success policy is met when all indexes are',
    spec: { ...INDEXED, successPolicy: { rules: [{ succeededIndexes: '0-3' }] } },
    command: 'sleep 1',
    conditions: ['Complete=True SuccessPolicy', 'SuccessCriteriaMet=True SuccessPolicy'],
    status: { completedIndexes: '0-3', succeeded: 4 },
  },
  {
    name: 'a success policy is met by its indexes',
    spec: { ...INDEXED, parallelism: 4, successPolicy: { rules: [{ succeededIndexes: '0' }] } },
    command: 'if [ $JOB_COMPLETION_INDEX = 0 ]; then sleep 2; else sleep 9999; fi',
    conditions: ['Complete=True SuccessPolicy', 'SuccessCriteriaMet=True SuccessPolicy'],
    status: { completedIndexes: '0', succeeded: 1 },
  },
  {
    name: 'a success policy is met by so many',
    spec: { ...INDEXED, parallelism: 4, successPolicy: { rules: [{ succeededCount: 2 }] } },
    command: 'if [ $JOB_COMPLETION_INDEX -lt 2 ]; then sleep 2; else sleep 9999; fi',
    conditions: ['Complete=True SuccessPolicy', 'SuccessCriteriaMet=True SuccessPolicy'],
    status: { completedIndexes: '0,1', succeeded: 2 },
  },
  {
    name: 'a success policy comes too late when an index is beyond its limit',
    spec: { ...INDEXED, completions: 2, backoffLimitPerIndex: 0, successPolicy: { rules: [{ succeededIndexes: '1' }] } },
    command: ODD_FAIL,
    conditions: failed('FailedIndexes'),
    status: { completedIndexes: '0', failedIndexes: '1' },
  },
])('$name', async ({ spec, command, conditions, status }) => {
  await create(spec, { command })
  await scenario.pass(10 * MINUTE)
  expect(await conditionsOf()).toEqual(conditions)
  expect(await statusOf()).toMatchObject({ ...status, ready: 0, terminating: 0, uncountedTerminatedPods: {} })
  expect(await statusOf()).not.toHaveProperty('active')
  expect((await scenario.pods()).filter(({ metadata }) => metadata.finalizers !== undefined)).toEqual([])
})

test('failures are replaced without counting, by exit code', async () => {
  await create({ backoffLimit: 0, podFailurePolicy: { rules: [onCode('Ignore', 42)] } }, { command: 'sleep 1; exit 42' })
  // It fails after one second; the next is made ten seconds later.
  await scenario.pass(11 * SECOND)
  const annotations = { 'coracle.dev/exit-code': '0' }
  for (const pod of await scenario.pods())
    if (pod.status?.phase === 'Running') await scenario.patch(PODS, pod.metadata.name, { metadata: { annotations } })
  await scenario.pass(MINUTE)
  expect(await conditionsOf()).toEqual(COMPLETE)
  expect(await statusOf()).not.toHaveProperty('failed')
})

test('the number of failures of its index is on each pod', async () => {
  await create(
    { ...INDEXED, completions: 2, backoffLimitPerIndex: 2 },
    { command: 'if [ $JOB_COMPLETION_INDEX = 0 ]; then exit 1; fi; sleep 500' },
  )
  await scenario.pass(45 * SECOND)
  const counts = (await scenario.pods({ [INDEX]: '0' })).map(
    ({ metadata }) => metadata.annotations!['batch.kubernetes.io/job-index-failure-count'],
  )
  expect(counts.sort()).toEqual(['0', '1', '2'])
  expect(await statusOf()).toMatchObject({ failedIndexes: '0', active: 1, failed: 3 })
})

test('tasks that fail now and then are restarted in their pods, or in new ones', async () => {
  const sometimes = { 'coracle.dev/exit-code': '1,0' }
  await create(
    { completions: 4, parallelism: 2, backoffLimit: 20 },
    { command: 'sleep 1', restartPolicy: 'OnFailure', annotations: sometimes },
  )
  await scenario.pass(5 * MINUTE)
  expect(await conditionsOf()).toEqual(COMPLETE)
  expect((await scenario.pods()).map(({ status }) => status!.containerStatuses![0]!.restartCount)).toEqual([1, 1, 1, 1])
  expect(await statusOf()).not.toHaveProperty('failed')
})

test('a pod that is deleted counts as failed, and is replaced when the back-off of ten seconds is over', async () => {
  await create({}, { command: 'sleep 30' })
  await scenario.pass(5 * SECOND)
  const [pod] = await scenario.pods()
  await scenario.delete(PODS, pod!.metadata.name)
  await scenario.pass(9 * SECOND)
  expect(await scenario.pods(), 'it is gone, and remembered').toEqual([])
  expect(await statusOf()).toMatchObject({ failed: 1 })
  await scenario.pass(SECOND)
  expect(await statusOf()).toMatchObject({ failed: 1, active: 1 })
})

test('the number of ready pods follows their readiness', async () => {
  await create({ completions: 2, parallelism: 2 }, { command: 'sleep 60', annotations: { 'coracle.dev/start-delay': '4' } })
  expect(await statusOf()).toMatchObject({ active: 2, ready: 0 })
  await scenario.pass(4 * SECOND)
  expect(await statusOf()).toMatchObject({ active: 2, ready: 2 })
})

// Upstream: TestDelayTerminalPhaseCondition.
test.each([
  { name: 'failed', spec: { backoffLimit: 0 }, exit: true, interim: 'FailureTarget', final: 'Failed' },
  { name: 'scaled down to what is done', spec: {}, exit: false, interim: 'SuccessCriteriaMet', final: 'Complete' },
])('the final condition waits for pods that terminate: $name', async ({ spec, exit, interim, final }) => {
  const annotations = { 'coracle.dev/stop-delay': '20' }
  const command = `if [ $JOB_COMPLETION_INDEX = 0 ]; then sleep 1; exit ${exit ? 1 : 0}; fi; sleep 500`
  await create({ completionMode: 'Indexed', completions: 2, parallelism: 2, ...spec }, { command, annotations })
  await scenario.pass(2 * SECOND)
  if (!exit) await scenario.patch(JOBS, 'work', { spec: { completions: 1, parallelism: 1 } })
  expect((await conditionsOf()).map((text) => text.split('=')[0])).toEqual([interim])
  expect(await statusOf()).toMatchObject({ terminating: 1 })
  await scenario.pass(20 * SECOND)
  expect((await conditionsOf()).map((text) => text.split('=')[0])).toEqual([final, interim].sort())
  expect(await statusOf()).toMatchObject({ terminating: 0 })
})

// Upstream: TestElasticIndexedJob.
test.each([
  { name: 'up', to: [5], succeeded: '0-4' },
  { name: 'down', to: [1], succeeded: '0' },
  { name: 'down and up again, after one has finished', to: [1, 3], succeeded: '0-2' },
  { name: 'to nothing', to: [0], succeeded: undefined },
])('an Indexed Job is scaled $name', async ({ to, succeeded }) => {
  await create({ completionMode: 'Indexed', completions: 3, parallelism: 3 }, { command: 'sleep 30' })
  const [last] = await scenario.pods({ [INDEX]: '2' })
  await scenario.patch(PODS, last!.metadata.name, { metadata: { annotations: { 'coracle.dev/run-for': '1' } } })
  await scenario.pass(2 * SECOND)
  expect(await statusOf()).toMatchObject({ completedIndexes: '2', active: 2 })
  for (const count of to) {
    await scenario.patch(JOBS, 'work', { spec: { completions: count, parallelism: count } })
    await scenario.pass(5 * SECOND)
  }
  await scenario.pass(2 * MINUTE)
  expect(await conditionsOf()).toEqual(COMPLETE)
  expect((await statusOf()).completedIndexes).toBe(succeeded)
  expect(await statusOf(), 'what the Job takes away is no failure').not.toHaveProperty('failed')
})

// Upstream: TestJobPodReplacementPolicy.
test.each([
  { policy: 'TerminatingOrFailed', mode: 'Indexed', active: 2, failed: 2 },
  { policy: 'TerminatingOrFailed', mode: 'NonIndexed', active: 2, failed: 2 },
  { policy: 'Failed', mode: 'Indexed', active: undefined, failed: undefined },
  { policy: 'Failed', mode: 'NonIndexed', active: undefined, failed: undefined },
])('pods that terminate are replaced as podReplacementPolicy says: $policy, $mode', async ({ policy, mode, active, failed: count }) => {
  const annotations = { 'coracle.dev/stop-delay': '25' }
  await create(
    { completions: 2, parallelism: 2, completionMode: mode, podReplacementPolicy: policy },
    { command: 'sleep 500', annotations },
  )
  await scenario.pass(SECOND)
  for (const pod of await scenario.pods()) await scenario.delete(PODS, pod.metadata.name)
  expect(await statusOf()).toMatchObject({ terminating: 2 })
  expect(await statusOf(), 'the back-off comes first').not.toHaveProperty('active')
  await scenario.pass(21 * SECOND)
  const status = await statusOf()
  expect([status.active, status.failed, status.terminating]).toEqual([active, count, 2])
  await scenario.pass(MINUTE)
  const after = await statusOf()
  expect([after.active, after.failed, after.terminating]).toEqual([2, 2, 0])
  expect((await scenario.pods()).filter((pod: Pod) => !isGoing(pod) && pod.status?.phase === 'Running')).toHaveLength(2)
})
