import { describe, expect, it } from 'vitest'
import type { Job, JobStatus } from '../../src/api/types.gen.ts'
import {
  actions,
  activePods,
  ago,
  condition,
  conditions,
  creates,
  events,
  makeJob,
  run,
  statusOf,
  succeededPods,
} from '../support/job-objects.ts'
import { outcomeOf, podsOf, type SettleRow, settleRow } from '../support/settle-job.ts'

describe('suspending', () => {
  it('takes the active pods away without counting them', () => {
    const plan = run(makeJob({ suspend: true, parallelism: 2, completions: 4 }, { active: 2 }), activePods(2, { ready: true }))
    expect(actions(plan)).toEqual(['untrack a0', 'untrack a1', 'delete a0', 'delete a1'])
    expect(statusOf(plan)).toMatchObject({ ready: 0, terminating: 2, uncountedTerminatedPods: {} })
    expect(conditions(plan)).toEqual(['Suspended=True/JobSuspended'])
    expect(events(plan)).toEqual(['Normal Suspended Job suspended'])
  })

  it('does not start a Job that is created suspended', () => {
    const plan = run(makeJob({ suspend: true }, { startTime: undefined }))
    expect(actions(plan)).toEqual([])
    expect(statusOf(plan)).not.toHaveProperty('startTime')
    expect(plan.waitingOn).toBe('the Job is suspended')
  })

  it('says so once', () => {
    const plan = run(makeJob({ suspend: true }, { conditions: [condition('Suspended', 'JobSuspended', 'Job suspended')] }))
    expect(events(plan)).toEqual([])
    expect((plan.status as Job).status!.conditions![0]!.lastTransitionTime).toBe(ago(9))
  })

  it('starts anew when resumed', () => {
    const suspended = condition('Suspended', 'JobSuspended', 'Job suspended')
    const plan = run(makeJob({ activeDeadlineSeconds: 30 }, { startTime: ago(20), conditions: [suspended] }))
    expect(actions(plan)).toEqual(creates(1))
    expect(statusOf(plan).startTime).toBe(ago(0))
    expect(conditions(plan)).toEqual(['Suspended=False/JobResumed'])
    expect(events(plan)).toEqual(['Normal Resumed Job resumed'])
    expect(plan.requeueAfterMs).toBe(30_000)
  })

  it('does not resume what never was suspended', () => {
    expect(conditions(run(makeJob()))).toEqual([])
  })

  it('completes even so', () => {
    expect(conditions(run(makeJob({ suspend: true }), succeededPods(1)))).toEqual(['SuccessCriteriaMet=True/CompletionsReached'])
  })
})

const NOT_STARTED: JobStatus = { startTime: undefined }
const COMPLETE = ['SuccessCriteriaMet CompletionsReached', 'Complete CompletionsReached']
const EXCEEDED = 'FailureTarget BackoffLimitExceeded'

describe('a Job that is suspended', () => {
  const SUSPENDED = 'Suspended JobSuspended'
  it.each<SettleRow>([
    {
      name: 'its pods go and count for nothing',
      spec: { suspend: true, parallelism: 2, completions: 4 },
      pods: podsOf({ running: 2 }),
      becomes: { deletes: 2, untracks: 2, terminating: 2, conditions: [SUSPENDED] },
    },
    {
      name: 'ready ones as well',
      spec: { suspend: true, parallelism: 2, completions: 4 },
      pods: podsOf({ ready: 2 }),
      becomes: { deletes: 2, untracks: 2, terminating: 2, conditions: [SUSPENDED] },
    },
    {
      name: 'more than are deleted at once otherwise',
      spec: { suspend: true, parallelism: 700, completions: 700 },
      pods: podsOf({ running: 700 }),
      becomes: { deletes: 700, untracks: 700, terminating: 700, conditions: [SUSPENDED] },
    },
    {
      name: 'what had ended by then counts',
      spec: { suspend: true, parallelism: 2, completions: 4 },
      pods: podsOf({ running: 1, succeeded: 1, failed: 1 }),
      becomes: { deletes: 1, untracks: 3, succeeded: 1, failed: 1, terminating: 1, conditions: [SUSPENDED] },
    },
    {
      name: 'resumed',
      spec: { suspend: false, parallelism: 2, completions: 4 },
      status: { ...NOT_STARTED, conditions: [condition('Suspended', 'JobSuspended', 'Job suspended')] },
      becomes: { creates: 2, active: 2, conditions: ['Suspended=False JobResumed'] },
    },
    {
      name: 'suspended, resumed and suspended again',
      spec: { suspend: true, parallelism: 2, completions: 4 },
      status: { conditions: [{ ...condition('Suspended', 'JobResumed', 'Job resumed'), status: 'False' }] },
      pods: podsOf({ running: 2 }),
      becomes: { deletes: 2, untracks: 2, terminating: 2, conditions: [SUSPENDED] },
    },
    {
      name: 'while it is being deleted its pods are let go, and nothing is said',
      spec: { suspend: true, parallelism: 2, completions: 4 },
      metadata: { deletionTimestamp: ago(1) },
      pods: podsOf({ running: 2 }),
      becomes: { untracks: 2, active: 2 },
    },
    {
      name: 'that wants nothing is complete',
      spec: { suspend: true, parallelism: 1, completions: 0 },
      status: NOT_STARTED,
      becomes: { conditions: COMPLETE },
    },
    {
      name: 'whose last pod succeeds is complete',
      spec: { suspend: true, parallelism: 1, completions: 1 },
      pods: podsOf({ succeeded: 1 }),
      becomes: { untracks: 1, succeeded: 1, conditions: COMPLETE },
    },
    {
      name: 'that is beyond its limit fails',
      spec: { suspend: true, parallelism: 1, completions: 1, backoffLimit: 0 },
      pods: podsOf({ failed: 1 }),
      becomes: { untracks: 1, failed: 1, conditions: [EXCEEDED, 'Failed BackoffLimitExceeded'] },
    },
  ])('$name', (row) => {
    const settled = settleRow(row)
    expect(outcomeOf(settled)).toEqual(row.becomes)
    if (row.becomes.conditions?.[0] === SUSPENDED) expect(settled.job.status).not.toHaveProperty('startTime')
  })
})
