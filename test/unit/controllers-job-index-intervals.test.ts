/** Sets of completion indexes, and what pods make of them. Upstream: indexed_job_utils_test.go. */
import { describe, expect, it } from 'vitest'
import type { JobSpec, JobStatus, Pod } from '../../src/api/types.gen.ts'
import {
  countCommonIndexes,
  countIndexes,
  firstIndexesOutside,
  formatIndexes,
  hasIndex,
  parseIndexes,
  uniteIntervals,
  withIndexes,
} from '../../src/controllers/job/index-intervals.ts'
import { completionIndex, INDEX_FAILURE_COUNT, indexFailures } from '../../src/controllers/job/job-pods.ts'
import { viewJob } from '../../src/controllers/job/job-view.ts'
import { ago, makeJob, makePod, NOW } from '../support/job-objects.ts'
import { indexedPods, outcomeOf, settle } from '../support/settle-job.ts'

const viewOf = (spec: Partial<JobSpec>, pods: Pod[], status: JobStatus = {}) =>
  viewJob(makeJob({ completionMode: 'Indexed', parallelism: 2, ...spec }, status), pods, NOW)

describe('indexes that succeeded', () => {
  it.each<{ name: string; before?: string; pods: string[]; completions: number; recorded?: string; becomes: string }>([
    { name: 'one', pods: ['1 Succeeded'], completions: 2, becomes: '1' },
    {
      name: 'two apart, one of them twice',
      pods: ['2 Failed', '5 Succeeded', '5 Succeeded', '10 Failed', '10 Succeeded'],
      completions: 11,
      becomes: '5,10',
    },
    {
      name: 'two ranges',
      pods: ['0 Running', '1 Pending', '2 Succeeded', '3 Succeeded', '5 Succeeded', '6 Succeeded', '7 Succeeded'],
      completions: 8,
      becomes: '2,3,5-7',
    },
    {
      name: 'one alone and a range; what is no index is passed over',
      pods: ['0 Succeeded', '1 Failed', '2 Succeeded', '3 Succeeded', '4 Succeeded', '5 Succeeded', '- Succeeded', '-2 Succeeded'],
      completions: 6,
      becomes: '0,2-5',
    },
    {
      name: 'beyond the completions',
      pods: ['0 Succeeded', '1 Succeeded', '2 Succeeded', '3 Failed', '4 Succeeded', '5 Succeeded', '- Succeeded', '-2 Succeeded'],
      completions: 5,
      becomes: '0-2,4',
    },
    { name: 'a range before that is beyond them', before: '0-5,8-10', pods: [], completions: 8, recorded: '0-5', becomes: '0-5' },
    {
      name: 'a range before that is partly beyond them',
      before: '0-5,8-10',
      pods: [],
      completions: 10,
      recorded: '0-5,8,9',
      becomes: '0-5,8,9',
    },
    {
      name: 'new ones apart from those before',
      before: '0,4,5,10-12',
      pods: ['2 Succeeded', '7 Succeeded', '8 Succeeded'],
      completions: 13,
      recorded: '0,4,5,10-12',
      becomes: '0,2,4,5,7,8,10-12',
    },
    {
      name: 'those before between new ones',
      before: '3,4,6',
      pods: ['2 Succeeded', '7 Succeeded', '8 Succeeded'],
      completions: 9,
      recorded: '3,4,6',
      becomes: '2-4,6-8',
    },
    {
      name: 'new ones between those before',
      before: '2,7,8',
      pods: ['3 Succeeded', '4 Succeeded', '6 Succeeded'],
      completions: 9,
      recorded: '2,7,8',
      becomes: '2-4,6-8',
    },
    {
      name: 'new ones within a range before',
      before: '2-7',
      pods: ['0 Succeeded', '3 Succeeded', '5 Succeeded', '9 Succeeded'],
      completions: 10,
      recorded: '2-7',
      becomes: '0,2-7,9',
    },
    { name: 'a text nobody can read', before: '0,1-foo,bar', pods: ['3 Succeeded'], completions: 4, recorded: '0', becomes: '0,3' },
    { name: 'none at all', pods: ['0 Running'], completions: 4, becomes: '' },
  ])('$name', ({ before, pods, completions, recorded = '', becomes }) => {
    const view = viewOf({ completions }, indexedPods(...pods), before === undefined ? {} : { completedIndexes: before })
    expect(formatIndexes(view.recordedIndexes)).toBe(recorded)
    expect(formatIndexes(view.succeededIndexes)).toBe(becomes)
  })
})

describe('indexes that failed', () => {
  const FAIL_INDEX = { rules: [{ action: 'FailIndex', onExitCodes: { operator: 'In', values: [3] } }] }
  const coded = (index: number, exitCode: number) => makePod(`c${index}`, { index, phase: 'Failed', exitCode, failures: 0, finished: 7000 })
  it.each<{ name: string; limit: number; spec?: Partial<JobSpec>; status?: JobStatus; pods: Pod[]; failed: string }>([
    { name: 'one that may not fail', limit: 0, pods: indexedPods('0 Failed 0'), failed: '0' },
    { name: 'one that may still', limit: 1, pods: indexedPods('0 Failed 0'), failed: '' },
    { name: 'one that may not any more', limit: 1, pods: indexedPods('0 Failed 0', '1 Failed 1'), failed: '1' },
    { name: 'by the failure policy', limit: 1, spec: { podFailurePolicy: FAIL_INDEX }, pods: [coded(0, 3)], failed: '0' },
    { name: 'not by the failure policy', limit: 1, spec: { podFailurePolicy: FAIL_INDEX }, pods: [coded(0, 4)], failed: '' },
    {
      name: 'a pod without its finalizer',
      limit: 0,
      pods: [makePod('a', { index: 0, phase: 'Failed', failures: 0, tracked: false })],
      failed: '',
    },
    { name: 'beyond the completions', limit: 0, pods: indexedPods('3 Failed 0'), failed: '' },
    { name: 'one more', limit: 0, status: { failedIndexes: '0' }, pods: indexedPods('1 Failed 0'), failed: '0,1' },
    { name: 'none before', limit: 0, status: { failedIndexes: '' }, pods: indexedPods('1 Failed 0'), failed: '1' },
    { name: 'before, beyond the completions', limit: 0, status: { failedIndexes: '9' }, pods: indexedPods('1 Failed 0'), failed: '1' },
  ])('$name', ({ limit, spec, status, pods, failed }) => {
    expect(formatIndexes(viewOf({ completions: 2, backoffLimitPerIndex: limit, ...spec }, pods, status).failedIndexes!)).toBe(failed)
  })
})

describe('failed pods that wait for the next of their index', () => {
  const failed = (name: string, index: number, failures: number, secondsAgo = 7000) =>
    makePod(name, { index, phase: 'Failed', failures, finished: secondsAgo })
  it.each<{ name: string; completions?: number; limit: number; pods: Pod[]; wait: string[] }>([
    {
      name: 'those whose index may fail again',
      completions: 3,
      limit: 1,
      pods: [failed('a', 0, 0), failed('b', 1, 1), failed('c', 2, 0)],
      wait: ['a', 'c'],
    },
    {
      name: 'not one that was let go',
      limit: 0,
      pods: [makePod('a', { index: 0, phase: 'Failed', failures: 0, tracked: false })],
      wait: [],
    },
    { name: 'nor one beyond the completions', limit: 0, pods: [failed('a', 4, 0)], wait: [] },
    { name: 'nor one whose index runs again', limit: 1, pods: [failed('a', 0, 0), makePod('b', { index: 0, failures: 1 })], wait: [] },
    {
      name: 'nor one whose index has succeeded',
      limit: 1,
      pods: [failed('a', 0, 0), makePod('b', { index: 0, phase: 'Succeeded', failures: 1 })],
      wait: [],
    },
    {
      name: 'of several the one with the most failures',
      limit: 4,
      pods: [failed('a', 0, 0), failed('c', 0, 2), failed('b', 0, 1)],
      wait: ['c'],
    },
    {
      name: 'of several with as many the last',
      limit: 4,
      pods: [failed('a', 0, 1, 9), failed('c', 0, 1, 7), failed('b', 0, 1, 8)],
      wait: ['c'],
    },
    { name: 'one that is being deleted', limit: 1, pods: [makePod('a', { index: 0, failures: 0, deleting: true })], wait: ['a'] },
  ])('$name', ({ completions = 2, limit, pods, wait }) => {
    const { awaitingReplacement } = viewOf({ completions, backoffLimitPerIndex: limit }, pods)
    expect([...awaitingReplacement.values()].map((pod) => pod.metadata.name)).toEqual(wait)
  })
})

describe('an index', () => {
  it.each([
    { name: 'in no range', index: 4, text: '', has: false },
    { name: 'before all', index: 1, text: '2-4,6-8', has: false },
    { name: 'after all', index: 9, text: '2-4,6-8', has: false },
    { name: 'between', index: 5, text: '2-4,6-8', has: false },
    { name: 'in the first', index: 2, text: '2-4,6-8', has: true },
    { name: 'in the last', index: 8, text: '2-4,6-8', has: true },
    { name: 'in the middle of one', index: 7, text: '2-4,6-8', has: true },
  ])('$name: $has', ({ index, text, has }) => {
    expect(hasIndex(parseIndexes(text, 100), index)).toBe(has)
  })

  it.each([
    { text: undefined, index: undefined },
    { text: '0', index: 0 },
    { text: '17', index: 17 },
    { text: '007', index: 7 },
    { text: '+3', index: 3 },
    { text: '-0', index: 0 },
    { text: '-1', index: undefined },
    { text: '1.5', index: undefined },
    { text: ' 1', index: undefined },
    { text: '', index: undefined },
    { text: 'one', index: undefined },
  ])('of a pod annotated $text is $index', ({ text, index }) => {
    expect(completionIndex(makePod('a', text === undefined ? {} : { index: text }))).toBe(index)
  })

  it.each([
    { text: undefined, failures: 0 },
    { text: '2', failures: 2 },
    { text: '2147483647', failures: 2147483647 },
    { text: '2147483648', failures: 0 },
    { text: '-1', failures: 0 },
    { text: 'xyz', failures: 0 },
  ])('with $text failures on its pod has $failures', ({ text, failures }) => {
    const pod = makePod('a')
    const annotations = text === undefined ? {} : { [INDEX_FAILURE_COUNT]: text }
    expect(indexFailures({ ...pod, metadata: { ...pod.metadata, annotations } })).toBe(failures)
  })
})

describe('the next indexes to run', () => {
  it.each([
    { name: 'more wanted than there are', taken: '', count: 5, completions: 3, next: [0, 1, 2] },
    { name: 'fewer wanted', taken: '', count: 2, completions: 5, next: [0, 1] },
    { name: 'none wanted', taken: '', count: 0, completions: 5, next: [] },
    { name: 'the first are taken', taken: '0,1', count: 3, completions: 10, next: [2, 3, 4] },
    { name: 'the last are taken', taken: '4-6', count: 6, completions: 6, next: [0, 1, 2, 3] },
    { name: 'some are taken', taken: '2-5,8,9', count: 5, completions: 20, next: [0, 1, 6, 7, 10] },
    { name: 'all are taken', taken: '0-5', count: 2, completions: 6, next: [] },
    { name: 'many are taken', taken: '1-3,5-7,9', count: 5, completions: 20, next: [0, 4, 8, 10, 11] },
  ])('$name', ({ taken, count, completions, next }) => {
    expect(firstIndexesOutside(parseIndexes(taken, 100), count, completions)).toEqual(next)
  })

  it('leave out what runs, has succeeded, or has failed for good', () => {
    const spec = { completionMode: 'Indexed', parallelism: 4, completions: 20, backoffLimitPerIndex: 0 } as const
    const status = { completedIndexes: '1,5,9', failedIndexes: '2,6,7' }
    expect(outcomeOf(settle(makeJob(spec, status), indexedPods('3 Pending 0', '10 Pending 0'))).createdIndexes).toEqual([0, 4])
  })

  it('of those that terminate too, if only ended pods are replaced', () => {
    const spec = { completionMode: 'Indexed', parallelism: 4, completions: 20 } as const
    const pods = indexedPods('0 Terminating', '2 Running')
    expect(outcomeOf(settle(makeJob({ ...spec, podReplacementPolicy: 'Failed' }), pods)).createdIndexes).toEqual([1, 3])
  })
})

describe('pods of one index', () => {
  it.each<{ name: string; pods: string[]; stay: string[] }>([
    { name: 'one each', pods: ['- Pending', '2 Pending', '5 Running', '6 Running'], stay: ['2 Pending', '5 Running'] },
    {
      name: 'several: the one that is furthest in its life stays',
      pods: ['5 Pending', '0 Running', '3 Pending', '0 Running', '3 Running', '0 Pending', '6 Running', '6 Pending'],
      stay: ['0 Running', '3 Running', '5 Pending'],
    },
    {
      name: 'without an index, or with one that is none',
      pods: ['- Pending', 'invalid Running', '-2 Running', '0 Pending', '1 Pending', '1 Pending', '1 Running'],
      stay: ['0 Pending', '1 Running'],
    },
  ])('$name', ({ pods, stay }) => {
    const job = makeJob({ completionMode: 'Indexed', completions: 6, parallelism: 6, activeDeadlineSeconds: 3600 }, { startTime: ago(1) })
    const given = indexedPods(...pods)
    const { pods: after } = settle(job, given)
    const left = given.filter(({ metadata }) => after.get(metadata.name)!.metadata.deletionTimestamp === undefined)
    expect(left.map((pod) => `${completionIndex(pod)} ${pod.status?.phase}`).sort()).toEqual(stay)
  })
})

describe('intervals', () => {
  it.each([
    { a: '', b: '', both: '', common: 0 },
    { a: '0', b: '', both: '0', common: 0 },
    { a: '0-3', b: '4', both: '0-4', common: 0 },
    { a: '0-3', b: '2-6', both: '0-6', common: 2 },
    { a: '0-9', b: '2,5-6', both: '0-9', common: 3 },
    { a: '1,3,5', b: '0,2,4', both: '0-5', common: 0 },
    { a: '1-2,8-9', b: '4-5', both: '1,2,4,5,8,9', common: 0 },
  ])('$a and $b', ({ a, b, both, common }) => {
    const [left, right] = [parseIndexes(a, 100), parseIndexes(b, 100)] as const
    expect(formatIndexes(uniteIntervals(left, right))).toBe(both)
    expect(countCommonIndexes(left, right)).toBe(common)
    expect(countIndexes(uniteIntervals(left, right))).toBe(countIndexes(left) + countIndexes(right) - common)
  })

  it('grow by single indexes', () => {
    expect(formatIndexes(withIndexes(parseIndexes('3-5', 100), [1, 2, 9]))).toBe('1-5,9')
  })
})
