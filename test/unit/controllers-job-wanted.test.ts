import { describe, expect, it } from 'vitest'
import type { JobSpec, JobStatus, Pod } from '../../src/api/types.gen.ts'
import { TRACKING_FINALIZER } from '../../src/controllers/job/job-state.ts'
import { actions, activePods, ago, creates, LABELS, makeJob, makePod, run, statusOf } from '../support/job-objects.ts'

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
