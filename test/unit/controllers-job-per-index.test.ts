/** Limits for each index. */
import { describe, expect, it } from 'vitest'
import type { Job, JobSpec, Pod } from '../../src/api/types.gen.ts'
import { INDEX_FAILURE_COUNT, INDEX_IGNORED_FAILURE_COUNT } from '../../src/controllers/job/job-pods.ts'
import { actions, conditions, INDEXED, indexed, makeJob, makePod, type PodOptions, run, statusOf } from '../support/job-objects.ts'
import { indexedPods, outcomeOf, type SettleRow, settle, settleRow } from '../support/settle-job.ts'

describe('an Indexed Job with limits per index', () => {
  const PER_INDEX = { ...INDEXED, parallelism: 2, completions: 2, backoffLimit: 0x7fffffff, backoffLimitPerIndex: 1 }

  it('hand the count of failures to the next pod, and keep the failed one until then', () => {
    const failed = makePod('f', { index: 0, phase: 'Failed', finished: 60, failures: 0 })
    const plan = run(makeJob(PER_INDEX), [failed, makePod('a', { index: 1 })])
    expect(actions(plan)).toEqual(['create pi-0-n1'])
    expect(plan.actions![0]).toMatchObject({ object: { metadata: { annotations: { [INDEX_FAILURE_COUNT]: '1' } } } })
    expect(statusOf(plan)).toMatchObject({ failedIndexes: '', uncountedTerminatedPods: {} })
    const replaced = [failed, makePod('n', { index: 0, failures: 1 }), makePod('a', { index: 1 })]
    expect(statusOf(run(plan.status as Job, replaced)).uncountedTerminatedPods).toEqual({ failed: ['uid-f'] })
  })

  it('start counting at zero', () => {
    expect(run(makeJob(PER_INDEX)).actions![0]).toMatchObject({ object: { metadata: { annotations: { [INDEX_FAILURE_COUNT]: '0' } } } })
  })

  it('count ignored failures apart, for the back-off', () => {
    const podFailurePolicy = { rules: [{ action: 'Ignore', onExitCodes: { operator: 'In', values: [3] } }] }
    const failed = makePod('f', { index: 0, phase: 'Failed', finished: 60, exitCode: 3, failures: 1 })
    const plan = run(makeJob({ ...PER_INDEX, podFailurePolicy }), [failed, makePod('a', { index: 1 })])
    expect(plan.actions![0]).toMatchObject({
      object: { metadata: { annotations: { [INDEX_FAILURE_COUNT]: '1', [INDEX_IGNORED_FAILURE_COUNT]: '1' } } },
    })
  })

  it('back off each by itself', () => {
    const failed = makePod('f', { index: 0, phase: 'Failed', finished: 4, failures: 0 })
    const plan = run(makeJob(PER_INDEX), [failed])
    expect(actions(plan)).toEqual(['create pi-1-n1'])
    expect(plan.requeueAfterMs).toBe(6_000)
    const alone = run(makeJob(PER_INDEX), [failed, makePod('a', { index: 1 })])
    expect(actions(alone)).toEqual([])
    expect(alone.requeueAfterMs).toBe(6_000)
  })

  it.each<{ name: string; spec?: Partial<JobSpec>; pods: Pod[]; failedIndexes: string; conditions: string[] }>([
    {
      name: 'an index that failed too often',
      pods: indexed([0, { phase: 'Failed', finished: 60, failures: 1 }], [1]),
      failedIndexes: '0',
      conditions: [],
    },
    {
      name: 'all done, one failed',
      pods: indexed([0, { phase: 'Failed', finished: 60, failures: 1 }], [1, { phase: 'Succeeded' }]),
      failedIndexes: '0',
      conditions: ['FailureTarget=True/FailedIndexes'],
    },
    {
      name: 'more failed than allowed',
      spec: { maxFailedIndexes: 0 },
      pods: indexed([0, { phase: 'Failed', finished: 60, failures: 1 }], [1]),
      failedIndexes: '0',
      conditions: ['FailureTarget=True/MaxFailedIndexesExceeded'],
    },
    {
      name: 'the policy fails the index at once',
      spec: { podFailurePolicy: { rules: [{ action: 'FailIndex', onExitCodes: { operator: 'In', values: [9] } }] } },
      pods: indexed([0, { phase: 'Failed', finished: 60, exitCode: 9, failures: 0 }], [1]),
      failedIndexes: '0',
      conditions: [],
    },
  ])('$name', ({ spec, pods, failedIndexes, conditions: expected }) => {
    const plan = run(makeJob({ ...PER_INDEX, ...spec }), pods)
    expect(statusOf(plan).failedIndexes).toBe(failedIndexes)
    expect(conditions(plan)).toEqual(expected)
    expect(actions(plan).filter((line) => line.startsWith('create'))).toEqual([])
  })
})

const expectOutcome = (row: SettleRow) => {
  const settled = settleRow({ ...row, spec: { backoffLimit: 0x7fffffff, ...row.spec } })
  expect(outcomeOf(settled)).toEqual(row.becomes)
  if (row.message !== undefined) for (const { message } of settled.job.status!.conditions!) expect(message).toBe(row.message)
}

const onCodes = (action: string, ...values: number[]) => ({ action, onExitCodes: { operator: 'In', values } })
const policy = (...rules: object[]): Partial<JobSpec> => ({ podFailurePolicy: { rules } as never })
const failed = (name: string, exitCode: number, options: PodOptions = {}) =>
  makePod(name, { phase: 'Failed', exitCode, finished: 7000, ...options })
const BY_POLICY = ['FailureTarget PodFailurePolicy', 'Failed PodFailurePolicy']
const EXCEEDED = ['FailureTarget BackoffLimitExceeded', 'Failed BackoffLimitExceeded']

const TWO = { completionMode: 'Indexed', parallelism: 2, completions: 2 } as const

describe('a limit for each index', () => {
  // Upstream: TestSyncJobWithJobBackoffLimitPerIndex.
  const PER_INDEX = { ...TWO, backoffLimitPerIndex: 1 }
  const FOUR = { ...PER_INDEX, parallelism: 4, completions: 4 }
  const FAILED = ['FailureTarget FailedIndexes', 'Failed FailedIndexes']
  it.each<SettleRow>([
    {
      name: 'one failure of an index, and then a success',
      spec: PER_INDEX,
      pods: indexedPods('0 Failed 0', '0 Succeeded 1', '1 Succeeded 0'),
      becomes: {
        untracks: 3,
        succeeded: 2,
        failed: 1,
        completedIndexes: '0,1',
        failedIndexes: '',
        conditions: ['SuccessCriteriaMet CompletionsReached', 'Complete CompletionsReached'],
      },
    },
    {
      name: 'one failure: the index runs again, and then the failure counts',
      spec: PER_INDEX,
      pods: indexedPods('0 Failed 0'),
      becomes: { creates: 2, createdIndexes: [0, 1], untracks: 1, active: 2, failed: 1, failedIndexes: '' },
    },
    {
      name: 'one failure that is not long ago: it does not count yet',
      spec: PER_INDEX,
      pods: [makePod('p0', { index: 0, phase: 'Failed', finished: 2, failures: 0 }), makePod('p1', { index: 1 })],
      becomes: { failedIndexes: '' },
    },
    {
      name: 'the same beside a pod that is ready',
      spec: PER_INDEX,
      pods: [makePod('p0', { index: 0, phase: 'Failed', finished: 2, failures: 0 }), makePod('p1', { index: 1, ready: true })],
      becomes: { active: 1, ready: 1, failedIndexes: '' },
    },
    {
      name: 'a failure that is replaced',
      spec: PER_INDEX,
      pods: indexedPods('0 Failed 0', '0 Pending 1', '1 Running 0'),
      becomes: { untracks: 1, active: 2, failed: 1, failedIndexes: '' },
    },
    {
      name: 'an index beyond its limit: the others go on',
      spec: PER_INDEX,
      pods: indexedPods('0 Failed 1'),
      becomes: { creates: 1, createdIndexes: [1], untracks: 1, active: 1, failed: 1, failedIndexes: '0' },
    },
    {
      name: 'an index that the policy fails: the others go on',
      spec: { ...PER_INDEX, ...policy(onCodes('FailIndex', 3)) },
      pods: [failed('a', 3, { index: 0, failures: 0 })],
      becomes: { creates: 1, createdIndexes: [1], untracks: 1, active: 1, failed: 1, failedIndexes: '0' },
    },
    {
      name: 'the policy fails the Job',
      spec: { ...PER_INDEX, ...policy(onCodes('FailJob', 3)) },
      pods: [failed('a', 3, { index: 0, failures: 0 })],
      becomes: { untracks: 1, failed: 1, failedIndexes: '', conditions: BY_POLICY },
      message: 'Container c for pod ns/a failed with exit code 3 matching FailJob rule at index 0',
    },
    {
      name: 'the policy ignores it: the index runs again, and nothing counts',
      spec: { ...PER_INDEX, ...policy(onCodes('Ignore', 3)) },
      pods: [failed('a', 3, { index: 0, failures: 0 })],
      becomes: { creates: 2, createdIndexes: [0, 1], untracks: 1, active: 2, failedIndexes: '' },
    },
    {
      name: 'the policy ignores it, however often',
      spec: { ...PER_INDEX, ...policy(onCodes('Ignore', 3)) },
      pods: [failed('a', 3, { index: 0, failures: 1 })],
      becomes: { creates: 2, createdIndexes: [0, 1], untracks: 1, active: 2, failedIndexes: '' },
    },
    {
      name: 'the limit of all is reached before that of any index',
      spec: { ...PER_INDEX, backoffLimit: 1 },
      pods: indexedPods('0 Failed 0', '1 Failed 0'),
      becomes: { untracks: 2, failed: 2, failedIndexes: '', conditions: EXCEEDED },
    },
    {
      name: 'all are done, and one has failed',
      spec: PER_INDEX,
      pods: indexedPods('0 Failed 1', '1 Succeeded 0'),
      becomes: { untracks: 2, succeeded: 1, failed: 1, completedIndexes: '1', failedIndexes: '0', conditions: FAILED },
      message: 'Job has failed indexes',
    },
    {
      name: 'all have failed',
      spec: PER_INDEX,
      pods: indexedPods('0 Failed 1', '1 Failed 1'),
      becomes: { untracks: 2, failed: 2, failedIndexes: '0,1', conditions: FAILED },
    },
    {
      name: 'more indexes have failed than may',
      spec: { ...FOUR, maxFailedIndexes: 1 },
      pods: indexedPods('0 Failed 1', '1 Succeeded 0', '2 Failed 1', '3 Running 0'),
      becomes: {
        deletes: 1,
        untracks: 4,
        succeeded: 1,
        failed: 3,
        completedIndexes: '1',
        failedIndexes: '0,2',
        terminating: 1,
        conditions: ['FailureTarget MaxFailedIndexesExceeded'],
      },
      message: 'Job has exceeded the specified maximal number of failed indexes',
    },
    {
      name: 'as many indexes have failed as may',
      spec: { ...FOUR, maxFailedIndexes: 2 },
      pods: indexedPods('0 Failed 1', '1 Succeeded 0', '2 Failed 1', '3 Running 0'),
      becomes: { untracks: 3, active: 1, succeeded: 1, failed: 2, completedIndexes: '1', failedIndexes: '0,2' },
    },
    {
      name: 'indexes that failed before stay failed',
      spec: FOUR,
      status: { failed: 2, failedIndexes: '1,3' },
      pods: [],
      becomes: { creates: 2, createdIndexes: [0, 2], active: 2, failed: 2, failedIndexes: '1,3' },
    },
    {
      name: 'an index that must not fail at all',
      spec: { ...PER_INDEX, backoffLimitPerIndex: 0 },
      pods: indexedPods('0 Failed 0', '1 Running 0'),
      becomes: { untracks: 1, active: 1, failed: 1, failedIndexes: '0' },
    },
    {
      name: 'suspended: a failed pod waits for the index to run again',
      spec: { ...PER_INDEX, suspend: true },
      pods: indexedPods('0 Failed 0', '1 Running 0'),
      becomes: { deletes: 1, untracks: 1, failedIndexes: '', terminating: 1, conditions: ['Suspended JobSuspended'] },
    },
  ])('$name', expectOutcome)
})

describe('which indexes run again now', () => {
  // Upstream: TestGetPodCreationInfoForIndependentIndexes.
  const PER_INDEX: Partial<JobSpec> = { completionMode: 'Indexed', parallelism: 3, completions: 3, backoffLimitPerIndex: 9 }
  const lost = (index: number, failures: number, secondsAgo: number) =>
    makePod(`f${index}`, { index, failures, finished: secondsAgo, phase: 'Failed' })
  it.each<{ name: string; pods: Pod[]; now: number[]; after?: number }>([
    { name: 'none failed', pods: [], now: [0, 1, 2] },
    { name: 'one failed just now', pods: [lost(0, 0, 0)], now: [1, 2], after: 10 },
    { name: 'one failed just now, one long ago', pods: [lost(0, 0, 0), lost(2, 0, 10)], now: [1, 2], after: 10 },
    {
      name: 'all failed just now: the one that failed least is next',
      pods: [lost(0, 1, 0), lost(1, 0, 0), lost(2, 2, 0)],
      now: [],
      after: 10,
    },
    { name: 'all failed a second ago', pods: [lost(0, 1, 1), lost(1, 0, 1), lost(2, 2, 1)], now: [], after: 9 },
  ])('$name', ({ pods, now, after }) => {
    const settled = settle(makeJob(PER_INDEX), pods)
    expect(outcomeOf(settled).createdIndexes ?? []).toEqual(now)
    expect(settled.requeueAfterMs).toBe(after === undefined ? undefined : after * 1000)
  })
})
