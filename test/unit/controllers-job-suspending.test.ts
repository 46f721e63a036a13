import { describe, expect, it } from 'vitest'
import type { Job } from '../../src/api/types.gen.ts'
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
