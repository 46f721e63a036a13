import { describe, expect, it } from 'vitest'
import type { Job, JobSpec, Pod } from '../../src/api/types.gen.ts'
import { INDEX_FAILURE_COUNT, INDEX_IGNORED_FAILURE_COUNT } from '../../src/controllers/job/job-pods.ts'
import { actions, conditions, INDEXED, indexed, makeJob, makePod, run, statusOf } from '../support/job-objects.ts'

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
