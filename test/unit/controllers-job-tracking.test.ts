import { describe, expect, it } from 'vitest'
import type { Pod } from '../../src/api/types.gen.ts'
import { actions, activePods, ago, creates, failedPods, makeJob, makePod, run, statusOf, succeededPods } from '../support/job-objects.ts'

describe('pods that ended', () => {
  it('are named in the status before anything else', () => {
    const plan = run(makeJob({ parallelism: 2, completions: 5 }), [...succeededPods(1), ...failedPods(1)])
    expect(actions(plan)).toEqual(creates(2))
    expect(statusOf(plan)).toMatchObject({ uncountedTerminatedPods: { succeeded: ['uid-s0'], failed: ['uid-f0'] } })
    expect(statusOf(plan)).not.toHaveProperty('succeeded')
  })

  it('then lose their finalizer and are counted', () => {
    const status = { uncountedTerminatedPods: { succeeded: ['uid-s0'], failed: ['uid-f0'] }, active: 2 }
    const plan = run(makeJob({ parallelism: 2, completions: 5 }, status), [...succeededPods(1), ...failedPods(1), ...activePods(2)])
    expect(actions(plan)).toEqual(['untrack s0', 'untrack f0'])
    expect(plan.actions![0]).toMatchObject({ patch: { metadata: { uid: 'uid-s0', resourceVersion: '7', finalizers: null } } })
    expect(statusOf(plan)).toMatchObject({ succeeded: 1, failed: 1, uncountedTerminatedPods: {} })
  })

  it.each<{ name: string; pods: Pod[] }>([
    { name: 'without their finalizer', pods: [...succeededPods(1, { tracked: false }), ...activePods(2)] },
    { name: 'when they are gone', pods: activePods(2) },
  ])('are counted $name', ({ pods }) => {
    const status = { succeeded: 1, failed: 2, uncountedTerminatedPods: { succeeded: ['uid-s0'], failed: ['uid-x', 'uid-y'] } }
    const plan = run(makeJob({ parallelism: 2, completions: 5 }, status), pods)
    expect(actions(plan)).toEqual([])
    expect(statusOf(plan)).toMatchObject({ succeeded: 2, failed: 4, uncountedTerminatedPods: {} })
  })

  it('are counted 500 at a time', () => {
    const plan = run(makeJob({ parallelism: 1, completions: 2000 }, { active: 1 }), [...succeededPods(600), ...activePods(1)])
    expect(statusOf(plan).uncountedTerminatedPods?.succeeded).toHaveLength(500)
  })

  it('make room for those still uncounted as they go', () => {
    const uncounted = Array.from({ length: 500 }, (_, i) => `uid-s${i}`)
    const job = makeJob({ parallelism: 1, completions: 2000 }, { active: 1, uncountedTerminatedPods: { succeeded: uncounted } })
    const plan = run(job, [...succeededPods(600), ...activePods(1)])
    expect(actions(plan)).toHaveLength(500)
    expect(statusOf(plan)).toMatchObject({ succeeded: 500, uncountedTerminatedPods: {} })
  })

  it('are let go without being counted when the Job is being deleted', () => {
    const job = makeJob({}, {}, { deletionTimestamp: ago(1) })
    const plan = run(job, [makePod('a')])
    expect(actions(plan)).toEqual(['untrack a'])
    expect(statusOf(plan)).toMatchObject({ active: 1, uncountedTerminatedPods: {} })
  })

  it('that are terminating count as failed at once', () => {
    expect(statusOf(run(makeJob(), [makePod('t', { deleting: true })])).uncountedTerminatedPods).toEqual({ failed: ['uid-t'] })
  })

  it('that are terminating count when they have ended, if only those are replaced', () => {
    const job = makeJob({ podReplacementPolicy: 'Failed' })
    expect(statusOf(run(job, [makePod('t', { deleting: true })])).uncountedTerminatedPods).toEqual({})
    const ended = makePod('t', { deleting: true, phase: 'Failed' })
    expect(statusOf(run(job, [ended])).uncountedTerminatedPods).toEqual({ failed: ['uid-t'] })
  })
})
