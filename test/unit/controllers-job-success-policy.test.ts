/** When the rules of a success policy are met, and what follows. */
import { describe, expect, it } from 'vitest'
import type { Job } from '../../src/api/types.gen.ts'
import { parseIndexes } from '../../src/controllers/job/index-intervals.ts'
import { matchSuccessPolicy } from '../../src/controllers/job/success-policy.ts'
import { actions, conditions, INDEXED, indexed, makeJob, run, statusOf } from '../support/job-objects.ts'

const COMPLETIONS = 17

it.each<{ name: string; succeeded: string; rules?: (readonly [indexes: string | undefined, count?: number])[]; met?: number }>([
  { name: 'no policy', succeeded: '0' },
  { name: 'no rules', succeeded: '0', rules: [] },
  { name: 'indexes nobody can read', succeeded: '0', rules: [['invalid-form']] },
  { name: 'indexes nobody can read, with a count that is met', succeeded: '0', rules: [['invalid-form', 1]] },
  { name: 'all of the indexes', succeeded: '0-2,4-7', rules: [['0-2']], met: 0 },
  { name: 'none of the indexes', succeeded: '0-2', rules: [['3']] },
  { name: 'the count', succeeded: '0-2', rules: [[undefined, 2]], met: 0 },
  { name: 'just the count', succeeded: '0-2', rules: [[undefined, 3]], met: 0 },
  { name: 'less than the count', succeeded: '0-2', rules: [[undefined, 4]] },
  { name: 'a count of 0, but nothing succeeded', succeeded: '', rules: [[undefined, 0]] },
  { name: 'the second rule', succeeded: '0-2,4-7', rules: [['9'], ['4,6']], met: 1 },
  { name: 'each rule: the first', succeeded: '0-2,4-7', rules: [['0,1'], ['5']], met: 0 },
  { name: 'the last of many', succeeded: '3', rules: [['9'], [undefined, 2], ['1,3', 2], ['1,3', 1]], met: 3 },
  { name: 'so many of the indexes', succeeded: '0-2,4-7', rules: [['3-6', 2]], met: 0 },
  { name: 'too few of the indexes', succeeded: '0-2,6,7', rules: [['3-6', 2]] },
  { name: 'a count beyond the indexes, all of which are done', succeeded: '0-2', rules: [['0-1', 5]], met: 0 },
  { name: 'nothing succeeded', succeeded: '', rules: [[undefined, 4]] },
  { name: 'ranges within those that succeeded', succeeded: '1-9', rules: [['2-4,6-8']], met: 0 },
  { name: 'the very ranges that succeeded', succeeded: '2-4,6-9', rules: [['2-4,6-9']], met: 0 },
  { name: 'ranges that begin with them', succeeded: '2-5,7-15', rules: [['2-4,8-12']], met: 0 },
  { name: 'no indexes', succeeded: '1-3', rules: [['']] },
  { name: 'no indexes, and none succeeded', succeeded: '', rules: [['']] },
  { name: 'indexes, but none succeeded', succeeded: '', rules: [['0-3']] },
  { name: 'ranges apart from them', succeeded: '1-3,5-7', rules: [['10-12,14-16']] },
  { name: 'ranges beyond the completions', succeeded: '1-3', rules: [['17-20', 1]] },
  { name: 'ranges partly beyond the completions', succeeded: '15-16', rules: [['15-20']], met: 0 },
  { name: 'ranges that begin before', succeeded: '2-4,6-8', rules: [['1-3,5-7']] },
  { name: 'and so many of them', succeeded: '2-4,6-8', rules: [['1-3,5-7', 4]], met: 0 },
  { name: 'and one more', succeeded: '2-4,6-8', rules: [['1-3,5-7', 5]] },
  { name: 'ranges that end after', succeeded: '1-3,5-7', rules: [['2-4,6-9']] },
  { name: 'and so many of those', succeeded: '1-3,5-7', rules: [['2-4,6-9', 4]], met: 0 },
  { name: 'ranges around', succeeded: '1-3,7,8', rules: [['0-4,6-9']] },
  { name: 'and so many within', succeeded: '1-3,7,8', rules: [['0-4,6-9', 5]], met: 0 },
  { name: 'a range over two of them', succeeded: '1-3,5-9', rules: [['0-6,8-9']] },
  { name: 'and so many in it', succeeded: '1-3,5-9', rules: [['0-6,8-9', 7]], met: 0 },
  { name: 'one before, one equal', succeeded: '1-5,7-10', rules: [['0-5,7-9']] },
  { name: 'and so many in both', succeeded: '1-5,7-10', rules: [['0-5,7-9', 8]], met: 0 },
  { name: 'two within one', succeeded: '1-10', rules: [['0-3,6-9']] },
  { name: 'and so many in it', succeeded: '1-10', rules: [['0-3,6-9', 7]], met: 0 },
])('$name: $succeeded', ({ succeeded, rules, met }) => {
  const policy = rules && {
    rules: rules.map(([succeededIndexes, succeededCount]) => ({
      ...(succeededIndexes !== undefined && { succeededIndexes }),
      ...(succeededCount !== undefined && { succeededCount }),
    })),
  }
  expect(matchSuccessPolicy(policy, COMPLETIONS, parseIndexes(succeeded, COMPLETIONS))).toBe(
    met === undefined ? undefined : `Matched rules at index ${met}`,
  )
})

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
