/** How a Job fails: back-off limits, restarts and deadlines. */
import { describe, expect, it } from 'vitest'
import type { Job, JobSpec, JobStatus, Pod } from '../../src/api/types.gen.ts'
import { changeCondition, jobCondition } from '../../src/controllers/job/job-state.ts'
import {
  actions,
  activePods,
  ago,
  condition,
  conditions,
  events,
  failedPods,
  makeJob,
  makePod,
  NOW,
  run,
  statusOf,
} from '../support/job-objects.ts'
import { type Outcome, outcomeOf, podsOf, settle } from '../support/settle-job.ts'

describe('failing', () => {
  const BACKOFF = ['FailureTarget=True/BackoffLimitExceeded']
  it.each<{ name: string; spec: Partial<JobSpec>; status?: JobStatus; pods?: Pod[]; conditions: string[] }>([
    { name: 'limit not exceeded', spec: { backoffLimit: 2 }, status: { failed: 1 }, pods: failedPods(1), conditions: [] },
    { name: 'limit exceeded', spec: { backoffLimit: 1 }, status: { failed: 1 }, pods: failedPods(1), conditions: BACKOFF },
    {
      name: 'uncounted pods count',
      spec: { backoffLimit: 1 },
      status: { uncountedTerminatedPods: { failed: ['uid-f0', 'uid-f1'] } },
      pods: failedPods(2),
      conditions: BACKOFF,
    },
    {
      name: 'but not twice',
      spec: { backoffLimit: 1 },
      status: { uncountedTerminatedPods: { failed: ['uid-f0'] } },
      pods: failedPods(1),
      conditions: [],
    },
    { name: 'no failure allowed', spec: { backoffLimit: 0 }, pods: failedPods(1), conditions: BACKOFF },
    { name: 'deadline passed', spec: { activeDeadlineSeconds: 60 }, conditions: ['FailureTarget=True/DeadlineExceeded'] },
    {
      name: 'no time at all',
      spec: { activeDeadlineSeconds: 0 },
      status: { startTime: undefined as never },
      conditions: ['FailureTarget=True/DeadlineExceeded'],
    },
    { name: 'deadline not passed', spec: { activeDeadlineSeconds: 61 }, conditions: [] },
    {
      name: 'deadline of a suspended Job',
      spec: { activeDeadlineSeconds: 10, suspend: true },
      status: { conditions: [condition('Suspended', 'JobSuspended', 'Job suspended')] },
      conditions: ['Suspended=True/JobSuspended'],
    },
    {
      name: 'the back-off limit goes before the deadline',
      spec: { backoffLimit: 0, activeDeadlineSeconds: 1 },
      pods: failedPods(1),
      conditions: BACKOFF,
    },
    ...[
      { name: 'restarts in place, limit reached', limit: 3, restarts: [1, 2], restartPolicy: 'OnFailure', fails: true },
      { name: 'restarts in place, below', limit: 4, restarts: [1, 2], restartPolicy: 'OnFailure', fails: false },
      { name: 'restarts in place, none allowed', limit: 0, restarts: [1, 0], restartPolicy: 'OnFailure', fails: true },
      { name: 'restarts in place, none yet', limit: 0, restarts: [0, 0], restartPolicy: 'OnFailure', fails: false },
      { name: 'restarts where pods never restart', limit: 1, restarts: [5, 5], restartPolicy: 'Never', fails: false },
    ].map(({ name, limit, restarts, restartPolicy, fails }) => ({
      name,
      spec: { backoffLimit: limit, parallelism: 2, completions: 2, template: { spec: { containers: [], restartPolicy } } as never },
      pods: restarts.map((restartCount, i) =>
        makePod(`r${i}`, {
          status: { [i === 0 ? 'containerStatuses' : 'initContainerStatuses']: [{ name: 'c', restartCount }] } as never,
        }),
      ),
      conditions: fails ? BACKOFF : [],
    })),
  ])('$name', ({ spec, status, pods, conditions: expected }) => {
    expect(conditions(run(makeJob(spec, status), pods))).toEqual(expected)
  })

  it('takes three steps: stop and record, count, conclude', () => {
    const job = makeJob({ parallelism: 2, completions: 4, backoffLimit: 0 }, { active: 2, ready: 1 })
    const pods = [...failedPods(1), makePod('a0', { ready: true }), makePod('a1')]
    const first = run(job, pods)
    expect(actions(first)).toEqual(['delete a0', 'delete a1'])
    expect(statusOf(first)).toMatchObject({ ready: 0, terminating: 2, uncountedTerminatedPods: { failed: ['uid-f0', 'uid-a0', 'uid-a1'] } })
    expect(statusOf(first)).not.toHaveProperty('active')
    expect(events(first)).toEqual([])

    const going = [pods[0]!, makePod('a0', { deleting: true }), makePod('a1', { deleting: true })]
    const second = run(first.status as Job, going)
    expect(actions(second)).toEqual(['untrack f0', 'untrack a0', 'untrack a1'])
    expect(statusOf(second)).toMatchObject({ failed: 3, uncountedTerminatedPods: {}, terminating: 2 })
    expect(conditions(second)).toEqual(BACKOFF)

    const third = run(
      second.status as Job,
      going.map((pod) => ({ ...pod, metadata: { ...pod.metadata, finalizers: undefined } })),
    )
    expect(conditions(third)).toEqual(BACKOFF)
    expect(third.waitingOn).toBe('2 terminating pod(s) to end')

    const last = run(third.status as Job, failedPods(1, { tracked: false }))
    expect(conditions(last)).toEqual([...BACKOFF, 'Failed=True/BackoffLimitExceeded'])
    expect(statusOf(last)).not.toHaveProperty('completionTime')
    expect(events(last)).toEqual(['Warning BackoffLimitExceeded Job has reached the specified backoff limit'])
  })

  it('looks again when the deadline comes', () => {
    expect(run(makeJob({ activeDeadlineSeconds: 90 }), activePods(1)).requeueAfterMs).toBe(30_000)
    expect(run(makeJob({ activeDeadlineSeconds: 90 }, { startTime: undefined })).requeueAfterMs).toBe(90_000)
    expect(
      events(run(makeJob({ activeDeadlineSeconds: 60 }, { conditions: [condition('FailureTarget', 'DeadlineExceeded', 'm')] }))),
    ).toEqual(['Warning DeadlineExceeded m'])
  })
})

const LATE = ['FailureTarget DeadlineExceeded', 'Failed DeadlineExceeded']
const EXCEEDED = ['FailureTarget BackoffLimitExceeded', 'Failed BackoffLimitExceeded']
const COMPLETE = ['SuccessCriteriaMet CompletionsReached', 'Complete CompletionsReached']

describe('a deadline', () => {
  // Upstream: TestSyncJobPastDeadline. `left` is when it looks again, in seconds.
  it.each<{ name: string; spec: Partial<JobSpec>; started?: number; status?: JobStatus; pods?: Pod[]; becomes: Outcome; left?: number }>([
    {
      name: 'shorter than a pod runs',
      spec: { activeDeadlineSeconds: 10 },
      started: 15,
      pods: podsOf({ running: 1 }),
      becomes: { deletes: 1, untracks: 1, failed: 1, terminating: 1, conditions: [LATE[0]!] },
    },
    {
      name: 'longer than a pod runs',
      spec: { activeDeadlineSeconds: 10, completions: 2 },
      started: 15,
      pods: podsOf({ running: 1, succeeded: 1 }),
      becomes: { deletes: 1, untracks: 2, succeeded: 1, failed: 1, terminating: 1, conditions: [LATE[0]!] },
    },
    { name: 'over before a pod starts', spec: { activeDeadlineSeconds: 10 }, started: 10, becomes: { conditions: LATE } },
    {
      name: 'past, and too many failures: those count first',
      spec: { activeDeadlineSeconds: 1, backoffLimit: 0 },
      started: 10,
      pods: podsOf({ failed: 1 }),
      becomes: { untracks: 1, failed: 1, conditions: EXCEEDED },
    },
    {
      name: 'past, and the last pod succeeds: it is too late',
      spec: { activeDeadlineSeconds: 10 },
      started: 15,
      pods: podsOf({ succeeded: 1 }),
      becomes: { untracks: 1, succeeded: 1, conditions: LATE },
    },
    {
      name: 'past, while it is suspended',
      spec: { activeDeadlineSeconds: 10, suspend: true },
      started: 15,
      becomes: { conditions: ['Suspended JobSuspended'] },
    },
    {
      name: 'to come',
      spec: { activeDeadlineSeconds: 10 },
      started: 7,
      pods: podsOf({ running: 1 }),
      becomes: { active: 1 },
      left: 3,
    },
    { name: 'of a Job that starts now', spec: { activeDeadlineSeconds: 10 }, becomes: { creates: 1, active: 1 }, left: 10 },
    { name: 'of no time', spec: { activeDeadlineSeconds: 0 }, becomes: { conditions: LATE } },
    {
      name: 'to come, and a back-off before it',
      spec: { activeDeadlineSeconds: 60 },
      started: 5,
      pods: [makePod('a', { phase: 'Failed', finished: 4 })],
      becomes: { untracks: 1, failed: 1 },
      left: 6,
    },
    {
      name: 'before the back-off is over',
      spec: { activeDeadlineSeconds: 8 },
      started: 5,
      pods: [makePod('a', { phase: 'Failed', finished: 1 })],
      becomes: { untracks: 1, failed: 1 },
      left: 3,
    },
    {
      name: 'past, with a Failed condition that is False: it becomes True',
      spec: { activeDeadlineSeconds: 10 },
      started: 15,
      status: { conditions: [{ ...condition('Failed', 'DeadlineExceeded', 'x'), status: 'False' }] },
      becomes: { conditions: ['Failed DeadlineExceeded', 'FailureTarget DeadlineExceeded'] },
    },
  ])('$name', ({ spec, started, status, pods = [], becomes, left }) => {
    const job = makeJob(spec, { startTime: started === undefined ? undefined : ago(started), ...status })
    const settled = settle(job, pods)
    expect(outcomeOf(settled)).toEqual(becomes)
    expect(settled.requeueAfterMs).toBe(left === undefined ? undefined : left * 1000)
  })

  it('is counted anew after a pause', () => {
    const status = { startTime: undefined, conditions: [condition('Suspended', 'JobSuspended', 'Job suspended')] }
    const { job, requeueAfterMs } = settle(makeJob({ activeDeadlineSeconds: 30 }, status), [])
    expect(job.status?.startTime).toBe(ago(0))
    expect(requeueAfterMs).toBe(30_000)
  })
})

describe('restarts in place', () => {
  // Upstream: TestJobBackoffForOnFailure.
  const restarted = (phase: string, ...counts: number[]) =>
    counts.map((restartCount, i) =>
      makePod(`r${i}`, {
        phase,
        ...(phase === 'Succeeded' && { finished: 700, exitCode: 0 }),
        status: { phase, containerStatuses: [{ name: 'c', restartCount, state: {} }] } as never,
      }),
    )
  const onFailure = (spec: Partial<JobSpec>): Partial<JobSpec> => ({
    ...spec,
    template: { spec: { containers: [], restartPolicy: 'OnFailure' } } as never,
  })
  it.each<{ name: string; spec: Partial<JobSpec>; pods: Pod[]; becomes: Outcome }>([
    { name: 'none allowed, none made', spec: { backoffLimit: 0 }, pods: restarted('Running', 0), becomes: { active: 1 } },
    {
      name: 'none allowed, one made',
      spec: { backoffLimit: 0 },
      pods: restarted('Running', 1),
      becomes: { deletes: 1, untracks: 1, failed: 1, terminating: 1, conditions: [EXCEEDED[0]!] },
    },
    { name: 'one allowed, none made', spec: { backoffLimit: 1 }, pods: restarted('Running', 0), becomes: { active: 1 } },
    {
      name: 'one allowed, one made',
      spec: { backoffLimit: 1 },
      pods: restarted('Running', 1),
      becomes: { deletes: 1, untracks: 1, failed: 1, terminating: 1, conditions: [EXCEEDED[0]!] },
    },
    {
      name: 'one made by a pod that waits for the next',
      spec: { backoffLimit: 1 },
      pods: restarted('Pending', 1),
      becomes: { deletes: 1, untracks: 1, failed: 1, terminating: 1, conditions: [EXCEEDED[0]!] },
    },
    {
      name: 'too many of one pod',
      spec: { backoffLimit: 2, completions: 5 },
      pods: restarted('Running', 2),
      becomes: { deletes: 1, untracks: 1, failed: 1, terminating: 1, conditions: [EXCEEDED[0]!] },
    },
    {
      name: 'too many of two together',
      spec: { backoffLimit: 2, completions: 5, parallelism: 2 },
      pods: restarted('Running', 1, 1),
      becomes: { deletes: 2, untracks: 2, failed: 2, terminating: 2, conditions: [EXCEEDED[0]!] },
    },
    {
      name: 'too many of two that wait',
      spec: { backoffLimit: 2, completions: 5, parallelism: 2 },
      pods: restarted('Pending', 1, 1),
      becomes: { deletes: 2, untracks: 2, failed: 2, terminating: 2, conditions: [EXCEEDED[0]!] },
    },
    {
      name: 'not enough',
      spec: { backoffLimit: 3, completions: 5, parallelism: 2 },
      pods: restarted('Running', 1, 1),
      becomes: { active: 2 },
    },
    {
      name: 'while it is suspended',
      spec: { backoffLimit: 6, completions: 4, parallelism: 2, suspend: true },
      pods: restarted('Running', 1, 1),
      becomes: { deletes: 2, untracks: 2, terminating: 2, conditions: ['Suspended JobSuspended'] },
    },
    {
      name: 'of pods that made it in the end do not matter',
      spec: { backoffLimit: 2, completions: 4, parallelism: 2, suspend: true },
      pods: restarted('Succeeded', 1, 1, 2, 0),
      becomes: { untracks: 4, succeeded: 4, conditions: COMPLETE },
    },
  ])('$name', ({ spec, pods, becomes }) => {
    expect(outcomeOf(settle(makeJob(onFailure(spec)), pods))).toEqual(becomes)
  })
})

describe('failed pods', () => {
  // Upstream: TestJobBackoffOnRestartPolicyNever.
  it.each<{ name: string; spec: Partial<JobSpec>; pods: Pod[]; becomes: Outcome }>([
    {
      name: 'none allowed, one there',
      spec: { backoffLimit: 0 },
      pods: podsOf({ failed: 1 }),
      becomes: { untracks: 1, failed: 1, conditions: EXCEEDED },
    },
    { name: 'none allowed, none there', spec: { backoffLimit: 0 }, pods: podsOf({ running: 1 }), becomes: { active: 1 } },
    {
      name: 'one allowed, one there',
      spec: { backoffLimit: 1 },
      pods: podsOf({ failed: 1 }),
      becomes: { creates: 1, untracks: 1, active: 1, failed: 1 },
    },
    {
      name: 'one allowed, two there',
      spec: { backoffLimit: 1 },
      pods: podsOf({ failed: 2 }),
      becomes: { untracks: 2, failed: 2, conditions: EXCEEDED },
    },
    {
      name: 'six allowed, six there',
      spec: { backoffLimit: 6, parallelism: 2, completions: 2 },
      pods: podsOf({ running: 1, failed: 6 }),
      becomes: { creates: 1, untracks: 6, active: 2, failed: 6 },
    },
    {
      name: 'six allowed, seven there',
      spec: { backoffLimit: 6, parallelism: 2, completions: 2 },
      pods: podsOf({ failed: 7 }),
      becomes: { untracks: 7, failed: 7, conditions: EXCEEDED },
    },
    {
      name: 'beyond the limit with the completions reached: failure goes first',
      spec: { backoffLimit: 1, completions: 1 },
      pods: podsOf({ succeeded: 1, failed: 2 }),
      becomes: { untracks: 3, succeeded: 1, failed: 2, conditions: EXCEEDED },
    },
  ])('$name', ({ spec, pods, becomes }) => {
    expect(outcomeOf(settle(makeJob(spec), pods))).toEqual(becomes)
  })

  it('are waited for, so long as the deletion of one was its failure, also when it is gone', () => {
    const { pods, requeueAfterMs, job } = settle(makeJob({ completions: 2 }), [makePod('a', { deleting: true })])
    expect(requeueAfterMs).toBe(5_000)
    const failures = { jobUid: 'job-uid', failures: 1, lastFailure: NOW - 5_000, seen: new Set<string>() }
    expect([...pods.keys()]).toEqual(['a'])
    expect(outcomeOf(settle(job, [], { failures }))).toEqual({ failed: 1 })
    expect(outcomeOf(settle(job, [], { failures, now: NOW + 5_000 }))).toEqual({ creates: 1, active: 1, failed: 1 })
  })
})

describe('a Job that has ended', () => {
  it.each(['Complete', 'Failed'])('%s: nothing more happens', (type) => {
    const job = makeJob({ completions: 9, parallelism: 3 }, { conditions: [condition(type)] })
    expect(
      run(
        job,
        podsOf({ running: 2, failed: 1 }).map((pod) => ({ ...pod, metadata: { ...pod.metadata, finalizers: undefined } })),
      ),
    ).toEqual({
      actions: [],
    })
  })

  it('is nothing to do when it is gone', () => {
    expect(run(undefined)).toEqual({ actions: [] })
  })
})

describe('setting a condition', () => {
  // Upstream: TestEnsureJobConditions.
  const old = (status: string, reason = 'foo', message = 'bar') => ({ ...condition('Failed', reason, message), status })
  it.each<{
    name: string
    conditions: NonNullable<JobStatus['conditions']>
    next: [status: 'True' | 'False', reason: string, message: string]
    becomes?: string[]
  }>([
    { name: 'a new one', conditions: [], next: ['True', 'foo', 'bar'], becomes: ['True foo bar'] },
    { name: 'a new one that is False is left out', conditions: [], next: ['False', 'foo', 'bar'] },
    { name: 'from True to False', conditions: [old('True')], next: ['False', 'foo', 'bar'], becomes: ['False foo bar'] },
    { name: 'from False to True', conditions: [old('False')], next: ['True', 'foo', 'bar'], becomes: ['True foo bar'] },
    { name: 'another reason', conditions: [old('True')], next: ['True', 'baz', 'bar'], becomes: ['True baz bar'] },
    { name: 'another message', conditions: [old('True')], next: ['True', 'foo', 'baz'], becomes: ['True foo baz'] },
    { name: 'the same', conditions: [old('True')], next: ['True', 'foo', 'bar'] },
    { name: 'the same, False', conditions: [old('False')], next: ['False', 'foo', 'bar'] },
  ])('$name', ({ conditions, next: [status, reason, message], becomes }) => {
    const changed = changeCondition(conditions, jobCondition('Failed', status, reason, message, NOW))
    expect(changed?.map((found) => `${found.status} ${found.reason} ${found.message}`)).toEqual(becomes)
    if (changed !== undefined) expect(changed[0]).toMatchObject({ lastTransitionTime: ago(0), lastProbeTime: ago(0) })
  })
})

describe('who manages the Job', () => {
  // Upstream: TestSyncJobWhenManagedBy.
  const status: JobStatus = { active: 1, ready: 1, startTime: ago(60), terminating: undefined, uncountedTerminatedPods: undefined }
  it.each<{ name: string; managedBy?: string; does: Outcome }>([
    { name: 'nobody named', does: { creates: 2, active: 2 } },
    { name: 'the Job controller', managedBy: 'kubernetes.io/job-controller', does: { creates: 2, active: 2 } },
    { name: 'somebody else', managedBy: 'example.com/x', does: { active: 1, ready: 1 } },
  ])('$name', ({ managedBy, does }) => {
    const job = makeJob({ parallelism: 2, completions: 2, ...(managedBy && { managedBy }) }, status)
    const settled = settle(job, [])
    expect(outcomeOf(settled)).toEqual(does)
    if (does.creates === undefined) expect(settled.job).toBe(job as Job)
    else expect(settled.job.status).toMatchObject({ terminating: 0, uncountedTerminatedPods: {}, startTime: ago(60) })
  })
})
