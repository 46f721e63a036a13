/** What comes of a Job and its pods when everything that follows at once has followed. */
import { describe, expect, it } from 'vitest'
import type { Job, JobStatus } from '../../src/api/types.gen.ts'
import { ago, condition, makeJob, NOW } from '../support/job-objects.ts'
import { indexedPods, outcomeOf, podsOf, type SettleRow, settle, settleRow } from '../support/settle-job.ts'

const expectOutcome = (row: SettleRow) => expect(outcomeOf(settleRow(row))).toEqual(row.becomes)

const QUEUE = { completions: undefined as never }
const COMPLETE = ['SuccessCriteriaMet CompletionsReached', 'Complete CompletionsReached']
const EXCEEDED = 'FailureTarget BackoffLimitExceeded'
const NOT_STARTED: JobStatus = { startTime: undefined }

describe('a fixed number of completions', () => {
  it.each<SettleRow>([
    { name: 'start', spec: { parallelism: 2, completions: 5 }, status: NOT_STARTED, becomes: { creates: 2, active: 2 } },
    { name: 'pending pods are active', spec: { parallelism: 2, completions: 5 }, pods: podsOf({ pending: 2 }), becomes: { active: 2 } },
    {
      name: 'as many as wanted',
      spec: { parallelism: 3, completions: 5 },
      pods: podsOf({ running: 1, ready: 2 }),
      becomes: { active: 3, ready: 2 },
    },
    {
      name: 'too few, one of them done',
      spec: { parallelism: 2, completions: 5 },
      pods: podsOf({ running: 1, succeeded: 1 }),
      becomes: { creates: 1, untracks: 1, active: 2, succeeded: 1 },
    },
    {
      name: 'a pod that terminates has failed and is replaced',
      spec: { parallelism: 1, completions: 1 },
      pods: podsOf({ running: 1, failed: 1, terminating: 1 }),
      becomes: { untracks: 2, active: 1, failed: 2, terminating: 1 },
    },
    {
      name: 'more terminate than may run',
      spec: { parallelism: 1, completions: 1, podReplacementPolicy: 'Failed' },
      pods: podsOf({ running: 2, terminating: 4 }),
      becomes: { deletes: 1, untracks: 1, active: 1, terminating: 5 },
    },
    {
      name: 'the same, because a failure policy asks for it',
      spec: { parallelism: 1, completions: 1, podFailurePolicy: { rules: [] } },
      pods: podsOf({ running: 2, terminating: 4 }),
      becomes: { deletes: 1, untracks: 1, active: 1, terminating: 5 },
    },
    {
      name: 'too few, but a failure is not long ago',
      spec: { parallelism: 1, completions: 1 },
      failures: { failures: 1, lastFailure: NOW },
      becomes: {},
    },
    {
      name: 'too few, and no failure',
      spec: { parallelism: 1, completions: 1 },
      failures: { failures: 0, lastFailure: NOW },
      becomes: { creates: 1, active: 1 },
    },
    {
      name: 'too many',
      spec: { parallelism: 2, completions: 5 },
      pods: podsOf({ running: 3 }),
      becomes: { deletes: 1, untracks: 1, active: 2, terminating: 1 },
    },
    {
      name: 'too many, all ready',
      spec: { parallelism: 2, completions: 5 },
      pods: podsOf({ ready: 3 }),
      becomes: { deletes: 1, untracks: 1, active: 2, ready: 2, terminating: 1 },
    },
    {
      name: 'a failure and a success',
      spec: { parallelism: 2, completions: 5 },
      pods: podsOf({ running: 1, succeeded: 1, failed: 1 }),
      becomes: { creates: 1, untracks: 2, active: 2, succeeded: 1, failed: 1 },
    },
    {
      name: 'a failure long ago',
      spec: { parallelism: 2, completions: 5 },
      pods: podsOf({ running: 1, failed: 1 }),
      becomes: { creates: 1, untracks: 1, active: 2, failed: 1 },
    },
    {
      name: 'a failure that is counted, whose pod is gone',
      spec: { parallelism: 1, completions: 1 },
      status: { active: 1, failed: 1 },
      pods: podsOf({ running: 1 }),
      becomes: { active: 1, failed: 1 },
    },
    {
      name: 'the end',
      spec: { parallelism: 2, completions: 5 },
      pods: podsOf({ succeeded: 5 }),
      becomes: { untracks: 5, succeeded: 5, conditions: COMPLETE },
    },
    {
      name: 'far more active than parallelism',
      spec: { parallelism: 2, completions: 5 },
      pods: podsOf({ running: 10 }),
      becomes: { deletes: 8, untracks: 8, active: 2, terminating: 8 },
    },
    {
      name: 'more active than is left to complete',
      spec: { parallelism: 3, completions: 4 },
      pods: podsOf({ running: 3, succeeded: 2 }),
      becomes: { deletes: 1, untracks: 3, active: 2, succeeded: 2, terminating: 1 },
    },
    {
      name: 'nothing but new successes',
      spec: { parallelism: 2, completions: 5 },
      pods: podsOf({ running: 2, succeeded: 2 }),
      becomes: { untracks: 2, active: 2, succeeded: 2 },
    },
    {
      name: 'a Job that is being deleted counts, and lets all its pods go',
      spec: { parallelism: 2, completions: 5 },
      metadata: { deletionTimestamp: ago(1) },
      pods: podsOf({ pending: 1, running: 1, succeeded: 1 }),
      becomes: { untracks: 3, active: 2, succeeded: 1 },
    },
    { name: 'hundreds of them', spec: { parallelism: 100, completions: 200 }, becomes: { creates: 100, active: 100 } },
    { name: 'more than are made at once', spec: { parallelism: 1200, completions: 2000 }, becomes: { creates: 1200, active: 1200 } },
    {
      name: 'too many failures, while it is being deleted',
      spec: { parallelism: 2, completions: 5, backoffLimit: 0 },
      metadata: { deletionTimestamp: ago(1) },
      pods: podsOf({ failed: 1 }),
      becomes: { untracks: 1, failed: 1, conditions: [EXCEEDED, 'Failed BackoffLimitExceeded'] },
    },
    {
      name: 'too many failures: those that ran have failed, too',
      spec: { parallelism: 2, completions: 3, backoffLimit: 0 },
      pods: podsOf({ ready: 2, failed: 1 }),
      becomes: { deletes: 2, untracks: 3, failed: 3, terminating: 2, conditions: [EXCEEDED] },
    },
    { name: 'no parallelism', spec: { parallelism: 0, completions: 3 }, becomes: {} },
    {
      name: 'none wanted, and none there',
      spec: { parallelism: 1, completions: 0 },
      becomes: { conditions: COMPLETE },
    },
    {
      name: 'an interim condition that is False means nothing',
      spec: { parallelism: 1, completions: 1 },
      status: { active: 1, conditions: [{ ...condition('FailureTarget', 'ByHand'), status: 'False' }] },
      pods: podsOf({ ready: 1 }),
      becomes: { active: 1, ready: 1, conditions: ['FailureTarget=False ByHand'] },
    },
    {
      name: 'nor does one of success',
      spec: { parallelism: 1, completions: 1 },
      status: { active: 1, conditions: [{ ...condition('SuccessCriteriaMet', 'ByHand'), status: 'False' }] },
      pods: podsOf({ ready: 1 }),
      becomes: { active: 1, ready: 1, conditions: ['SuccessCriteriaMet=False ByHand'] },
    },
  ])('$name', expectOutcome)
})

describe('as many completions as it takes', () => {
  it.each<SettleRow>([
    { name: 'start', spec: { parallelism: 2, ...QUEUE }, becomes: { creates: 2, active: 2 } },
    { name: 'as many as wanted', spec: { parallelism: 2, ...QUEUE }, pods: podsOf({ running: 2 }), becomes: { active: 2 } },
    { name: 'too few', spec: { parallelism: 2, ...QUEUE }, pods: podsOf({ running: 1 }), becomes: { creates: 1, active: 2 } },
    {
      name: 'only ended pods are replaced',
      spec: { parallelism: 1, ...QUEUE, podReplacementPolicy: 'Failed' },
      pods: podsOf({ running: 1, failed: 1, terminating: 1 }),
      becomes: { untracks: 1, active: 1, failed: 1, terminating: 1 },
    },
    {
      name: 'terminating pods are replaced, too',
      spec: { parallelism: 1, ...QUEUE, podReplacementPolicy: 'TerminatingOrFailed' },
      pods: podsOf({ running: 1, failed: 1, terminating: 1 }),
      becomes: { untracks: 2, active: 1, failed: 2, terminating: 1 },
    },
    {
      name: 'one is done, another runs on',
      spec: { parallelism: 2, ...QUEUE },
      pods: podsOf({ running: 1, succeeded: 1 }),
      becomes: { untracks: 1, active: 1, succeeded: 1 },
    },
    {
      name: 'all are done',
      spec: { parallelism: 2, ...QUEUE },
      pods: podsOf({ succeeded: 2 }),
      becomes: { untracks: 2, succeeded: 2, conditions: COMPLETE },
    },
    {
      name: 'one is done, another failed: that is enough',
      spec: { parallelism: 2, ...QUEUE },
      pods: podsOf({ succeeded: 1, failed: 1 }),
      becomes: { untracks: 2, succeeded: 1, failed: 1, conditions: COMPLETE },
    },
    {
      name: 'none may run, but one is done',
      spec: { parallelism: 0, ...QUEUE },
      status: { succeeded: 1 },
      becomes: { succeeded: 1, conditions: COMPLETE },
    },
  ])('$name', expectOutcome)
})

const INDEXED = { completionMode: 'Indexed' } as const

describe('a completion for each index', () => {
  it.each<SettleRow>([
    {
      name: 'start',
      spec: { ...INDEXED, parallelism: 2, completions: 5 },
      becomes: { creates: 2, createdIndexes: [0, 1], active: 2 },
    },
    {
      name: 'a terminating pod without an index holds a place, if only ended ones are replaced',
      spec: { ...INDEXED, parallelism: 2, completions: 5, podReplacementPolicy: 'Failed' },
      pods: podsOf({ terminating: 1 }),
      becomes: { creates: 1, createdIndexes: [0], active: 1, terminating: 1 },
    },
    {
      name: 'and else none',
      spec: { ...INDEXED, parallelism: 2, completions: 5, podReplacementPolicy: 'TerminatingOrFailed' },
      pods: podsOf({ terminating: 1 }),
      becomes: { creates: 2, createdIndexes: [0, 1], untracks: 1, active: 2, terminating: 1 },
    },
    {
      name: 'the end',
      spec: { ...INDEXED, parallelism: 2, completions: 3 },
      pods: indexedPods('0 Succeeded', '1 Failed', '1 Succeeded', '2 Succeeded'),
      becomes: { untracks: 4, succeeded: 3, failed: 1, completedIndexes: '0-2', conditions: COMPLETE },
    },
    {
      name: 'too many failures',
      spec: { ...INDEXED, parallelism: 2, completions: 3, backoffLimit: 0 },
      pods: indexedPods('0 Succeeded', '1 Failed', '2 Running'),
      becomes: { deletes: 1, untracks: 3, succeeded: 1, failed: 2, completedIndexes: '0', terminating: 1, conditions: [EXCEEDED] },
    },
    {
      name: 'an index that succeeded twice counts once',
      spec: { ...INDEXED, parallelism: 2, completions: 3 },
      pods: indexedPods('0 Succeeded', '1 Succeeded', '1 Succeeded'),
      becomes: { creates: 1, createdIndexes: [2], untracks: 3, active: 1, succeeded: 2, completedIndexes: '0,1' },
    },
    {
      name: 'some run, some are done: gaps are filled',
      spec: { ...INDEXED, parallelism: 8, completions: 20 },
      pods: indexedPods('0 Running', '2 Succeeded', '3 Pending', '4 Succeeded', '5 Succeeded', '7 Succeeded', '8 Succeeded', '9 Succeeded'),
      becomes: {
        creates: 6,
        createdIndexes: [1, 6, 10, 11, 12, 13],
        untracks: 6,
        active: 8,
        succeeded: 6,
        completedIndexes: '2,4,5,7-9',
      },
    },
    {
      name: 'indexes that failed run again',
      spec: { ...INDEXED, parallelism: 3, completions: 4 },
      pods: indexedPods('0 Failed', '1 Pending', '2 Failed'),
      becomes: { creates: 2, createdIndexes: [0, 2], untracks: 2, active: 3, failed: 2 },
    },
    {
      name: 'pods without an index that is one are taken away, and count for nothing',
      spec: { ...INDEXED, parallelism: 2, completions: 5 },
      pods: [
        ...indexedPods(
          'invalid Running',
          'invalid Succeeded',
          'invalid Failed',
          'invalid Pending',
          '0 Succeeded',
          '1 Running',
          '2 Running',
        ),
        ...podsOf({ running: 1, succeeded: 1, failed: 1 }),
      ],
      becomes: { deletes: 3, untracks: 8, active: 2, succeeded: 1, completedIndexes: '0', terminating: 3 },
    },
    {
      name: 'of several of an index one stays; then what is missing is made',
      spec: { ...INDEXED, parallelism: 5, completions: 5 },
      pods: [
        ...indexedPods('invalid Running', '0 Succeeded', '1 Running', '2 Running', '2 Pending'),
        ...podsOf({ succeeded: 1, failed: 1 }),
      ],
      becomes: {
        creates: 2,
        createdIndexes: [3, 4],
        deletes: 2,
        untracks: 5,
        active: 4,
        succeeded: 1,
        completedIndexes: '0',
        terminating: 2,
      },
    },
    {
      name: 'pods beyond the completions are taken away, and count for nothing',
      spec: { ...INDEXED, parallelism: 2, completions: 5 },
      pods: indexedPods('0 Succeeded', '5 Running', '6 Succeeded', '7 Pending', '8 Failed'),
      becomes: {
        creates: 2,
        createdIndexes: [1, 2],
        deletes: 2,
        untracks: 5,
        active: 2,
        succeeded: 1,
        completedIndexes: '0',
        terminating: 2,
      },
    },
  ])('$name', expectOutcome)

  it('deletes what is too many before it makes what is missing', () => {
    const { done } = settle(makeJob({ ...INDEXED, parallelism: 3, completions: 3 }), indexedPods('0 Running', '0 Pending'))
    expect(done).toEqual(['untrack p1', 'delete p1', 'create pi-1-n1', 'create pi-2-n3'])
  })
})

it('ends with a status that says nothing twice', () => {
  const { statuses } = settle(makeJob({ parallelism: 2, completions: 2 }), podsOf({ succeeded: 2 }))
  expect(
    statuses.map(({ succeeded, uncountedTerminatedPods, conditions }) => [succeeded, uncountedTerminatedPods, conditions?.length]),
  ).toEqual([
    [undefined, { succeeded: ['uid-succeeded0', 'uid-succeeded1'] }, 1],
    [2, {}, 2],
  ])
  expect((settle(makeJob(), podsOf({ running: 1 })).job as Job).status).toMatchObject({ active: 1, ready: 0, terminating: 0 })
})
