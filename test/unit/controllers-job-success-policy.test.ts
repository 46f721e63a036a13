import { describe, expect, it } from 'vitest'
import type { Job } from '../../src/api/types.gen.ts'
import { actions, conditions, INDEXED, indexed, makeJob, run, statusOf } from '../support/job-objects.ts'

describe('an Indexed Job with a success policy', () => {
  it.each<{ name: string; rules: object[]; completed: string; message?: string }>([
    { name: 'count', rules: [{ succeededCount: 2 }], completed: '1,4', message: 'Matched rules at index 0' },
    { name: 'count not met', rules: [{ succeededCount: 3 }], completed: '1,4' },
    { name: 'indexes', rules: [{ succeededIndexes: '0-1' }], completed: '0-1,3', message: 'Matched rules at index 0' },
    { name: 'indexes not met', rules: [{ succeededIndexes: '0-2' }], completed: '0-1,3' },
    {
      name: 'count of indexes',
      rules: [{ succeededIndexes: '0-2' }, { succeededIndexes: '0-3', succeededCount: 2 }],
      completed: '0,3',
      message: 'Matched rules at index 1',
    },
    { name: 'indexes beyond the completions', rules: [{ succeededIndexes: '7-9' }], completed: '0-1' },
    { name: 'nothing succeeded', rules: [{ succeededCount: 0 }], completed: '' },
  ])('$name', ({ rules, completed, message }) => {
    const plan = run(makeJob({ ...INDEXED, successPolicy: { rules } }, { completedIndexes: completed }))
    expect(statusOf(plan).conditions?.[0]?.message).toBe(message)
  })

  it('records the success before it stops the rest, which then does not count', () => {
    const job = makeJob({ ...INDEXED, successPolicy: { rules: [{ succeededIndexes: '0' }] } }, { active: 2 })
    const pods = indexed([0, { phase: 'Succeeded' }], [1], [2])
    const first = run(job, pods)
    expect(actions(first)).toEqual([])
    expect(conditions(first)).toEqual(['SuccessCriteriaMet=True/SuccessPolicy'])
    const second = run(first.status as Job, pods)
    expect(actions(second)).toEqual(['untrack p0', 'untrack p1', 'untrack p2', 'delete p1', 'delete p2'])
    expect(statusOf(second)).toMatchObject({ terminating: 2, succeeded: 1 })
    expect(statusOf(second)).not.toHaveProperty('failed')
    const last = run(second.status as Job, [])
    expect(conditions(last)).toEqual(['SuccessCriteriaMet=True/SuccessPolicy', 'Complete=True/SuccessPolicy'])
  })
})
