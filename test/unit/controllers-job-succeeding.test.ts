import { describe, expect, it } from 'vitest'
import type { Job, JobSpec, JobStatus, Pod } from '../../src/api/types.gen.ts'
import {
  actions,
  activePods,
  ago,
  condition,
  conditions,
  events,
  makeJob,
  makePod,
  run,
  statusOf,
  succeededPods,
} from '../support/job-objects.ts'

describe('succeeding', () => {
  const MET = 'SuccessCriteriaMet=True/CompletionsReached'
  it('takes two steps', () => {
    const first = run(makeJob({ completions: 2 }, { succeeded: 1 }), succeededPods(1))
    expect(actions(first)).toEqual([])
    expect(conditions(first)).toEqual([MET])
    const second = run(first.status as Job, succeededPods(1))
    expect(actions(second)).toEqual(['untrack s0'])
    expect(conditions(second)).toEqual([MET, 'Complete=True/CompletionsReached'])
    expect(statusOf(second)).toMatchObject({ succeeded: 2, completionTime: ago(0), uncountedTerminatedPods: {} })
    expect(statusOf(second).conditions![1]).toMatchObject({
      message: 'Reached expected number of succeeded pods',
      lastProbeTime: ago(0),
      lastTransitionTime: ago(0),
    })
    expect(events(second)).toEqual(['Normal Completed Job completed'])
    const third = run(second.status as Job, succeededPods(1, { tracked: false }))
    expect(third).toEqual({ actions: [] })
  })

  it.each<{ name: string; spec: Partial<JobSpec>; status?: JobStatus; pods: Pod[]; isMet: boolean }>([
    { name: 'zero completions', spec: { completions: 0 }, pods: [], isMet: true },
    { name: 'without completions, one success', spec: { completions: undefined as never }, pods: succeededPods(1), isMet: true },
    {
      name: 'a pod that succeeds after it was counted as failed',
      spec: {},
      status: { uncountedTerminatedPods: { failed: ['uid-s0'] } },
      pods: succeededPods(1),
      isMet: false,
    },
    {
      name: 'without completions, but a pod is running',
      spec: { completions: undefined as never, parallelism: 2 },
      pods: [...succeededPods(1), ...activePods(1)],
      isMet: false,
    },
    { name: 'not enough', spec: { completions: 3 }, pods: succeededPods(2), isMet: false },
    {
      name: 'enough, and the rest is taken away',
      spec: { completions: 2, parallelism: 2 },
      pods: [...succeededPods(2), ...activePods(1)],
      isMet: true,
    },
  ])('$name: $isMet', ({ spec, status, pods, isMet }) => {
    expect(conditions(run(makeJob(spec, status), pods))).toEqual(isMet ? [MET] : [])
  })

  it('waits for terminating pods', () => {
    const job = makeJob({}, { succeeded: 1, conditions: [condition('SuccessCriteriaMet', 'CompletionsReached', 'm')] })
    const plan = run(job, [makePod('t', { deleting: true, tracked: false })])
    expect(conditions(plan)).toEqual([MET])
    expect(plan.waitingOn).toBe('1 terminating pod(s) to end')
  })

  it('warns of too many', () => {
    const job = makeJob({}, { succeeded: 2, conditions: [condition('SuccessCriteriaMet', 'CompletionsReached', 'm')] })
    expect(events(run(job))).toEqual([
      'Warning TooManySucceededPods Too many succeeded pods running after completion count reached',
      'Normal Completed Job completed',
    ])
  })
})
