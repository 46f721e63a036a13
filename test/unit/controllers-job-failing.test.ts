import { describe, expect, it } from 'vitest'
import type { Job, JobSpec, JobStatus, Pod } from '../../src/api/types.gen.ts'
import { actions, activePods, condition, conditions, events, failedPods, makeJob, makePod, run, statusOf } from '../support/job-objects.ts'

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
