/** How many pods a Job wants, and what comes of it. */
import { describe, expect, it } from 'vitest'
import type { Job, JobSpec, JobStatus, Pod } from '../../src/api/types.gen.ts'
import { TRACKING_FINALIZER } from '../../src/controllers/job/job-state.ts'
import { actions, activePods, ago, condition, creates, LABELS, makeJob, makePod, NOW, run, statusOf } from '../support/job-objects.ts'
import { outcomeOf, podsOf, type SettleRow, settle, settleRow } from '../support/settle-job.ts'

describe('how many pods run', () => {
  it.each<{ name: string; spec: Partial<JobSpec>; status?: JobStatus; pods?: Pod[]; does: string[]; active?: number }>([
    { name: 'start: parallelism', spec: { parallelism: 2, completions: 5 }, does: creates(2), active: 2 },
    { name: 'start: no more than completions', spec: { parallelism: 5, completions: 2 }, does: creates(2), active: 2 },
    { name: 'start without completions', spec: { parallelism: 2, completions: undefined as never }, does: creates(2), active: 2 },
    { name: 'enough', spec: { parallelism: 2, completions: 5 }, pods: activePods(2), does: [], active: 2 },
    {
      name: 'pending pods count',
      spec: { parallelism: 2, completions: 5 },
      pods: activePods(2, { phase: 'Pending' }),
      does: [],
      active: 2,
    },
    { name: 'too few', spec: { parallelism: 2, completions: 5 }, pods: activePods(1), does: creates(1), active: 2 },
    {
      name: 'never more than is left to complete',
      spec: { parallelism: 3, completions: 5 },
      status: { succeeded: 4 },
      does: creates(1),
      active: 1,
    },
    {
      name: 'too many: least far in their life first',
      spec: { parallelism: 2, completions: 5 },
      pods: [makePod('on-node', { node: 'n' }), makePod('pending', { phase: 'Pending' }), makePod('ready', { node: 'n', ready: true })],
      does: ['untrack pending', 'delete pending'],
      active: 2,
    },
    { name: 'parallelism zero', spec: { parallelism: 0, completions: 5 }, pods: activePods(1), does: ['untrack a0', 'delete a0'] },
    {
      name: 'without completions, a success stops new pods',
      spec: { parallelism: 3, completions: undefined as never },
      status: { succeeded: 1 },
      pods: activePods(1),
      does: [],
      active: 1,
    },
    {
      name: 'a terminating pod is replaced at once',
      spec: { parallelism: 1 },
      // its deletion was 5 s ago: the back-off of 10 s counts it as a failure
      pods: [makePod('t', { deleting: true, tracked: false })],
      does: creates(1),
      active: 1,
    },
    {
      name: 'or only when it has ended',
      spec: { parallelism: 1, podReplacementPolicy: 'Failed' },
      pods: [makePod('t', { deleting: true })],
      does: [],
    },
    { name: 'no more than 500 at once', spec: { parallelism: 1000, completions: 1000 }, does: creates(500), active: 500 },
  ])('$name', ({ spec, status, pods, does, active }) => {
    const plan = run(makeJob(spec, status), pods)
    expect(actions(plan)).toEqual(does)
    expect(statusOf(plan).active).toBe(active)
    if (does.length === 0) expect(plan.waitingOn).toBeTruthy()
  })

  it('says what pods it makes and how that goes', () => {
    const plan = run(makeJob())
    expect(plan.actions).toMatchObject([
      {
        verb: 'create',
        resource: 'pods',
        object: {
          metadata: {
            name: 'pi-n0',
            generateName: 'pi-',
            namespace: 'ns',
            labels: LABELS,
            finalizers: [TRACKING_FINALIZER],
            ownerReferences: [
              { apiVersion: 'batch/v1', kind: 'Job', name: 'pi', uid: 'job-uid', controller: true, blockOwnerDeletion: true },
            ],
          },
        },
        event: { type: 'Normal', reason: 'SuccessfulCreate', message: 'Created pod: pi-n0' },
        failureEvent: { type: 'Warning', reason: 'FailedCreate', message: 'Error creating: ' },
      },
    ])
    expect(statusOf(plan)).toEqual({ active: 1, ready: 0, terminating: 0, startTime: ago(60), uncountedTerminatedPods: {} })
  })

  it('counts ready and terminating pods', () => {
    const pods = [...activePods(2, { ready: true }), makePod('x'), makePod('t', { deleting: true, tracked: false, ready: true })]
    const plan = run(makeJob({ parallelism: 3, completions: 9 }), pods)
    expect(statusOf(plan)).toMatchObject({ active: 3, ready: 2, terminating: 1 })
  })

  it('sets the start time once', () => {
    expect(statusOf(run(makeJob({}, { startTime: undefined })))).toMatchObject({ startTime: ago(0) })
    expect(statusOf(run(makeJob()))).toMatchObject({ startTime: ago(60) })
  })
})

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
