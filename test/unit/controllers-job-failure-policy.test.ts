import { describe, expect, it } from 'vitest'
import { actions, conditions, makeJob, makePod, type PodOptions, run, statusOf } from '../support/job-objects.ts'

describe('the pod failure policy', () => {
  const exitCodes = (action: string, operator: string, values: number[], containerName?: string) => ({
    action,
    onExitCodes: { operator, values, ...(containerName && { containerName }) },
  })
  const disrupted = (action: string) => ({ action, onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] })
  const disruption = { status: { conditions: [{ type: 'DisruptionTarget', status: 'True' }] } }
  const FAILS = 'Container c for pod ns/f0 failed with exit code 5 matching FailJob rule at index 0'

  it.each<{ name: string; rules: object[]; pod: PodOptions; fails?: string; counts?: boolean }>([
    { name: 'FailJob, In', rules: [exitCodes('FailJob', 'In', [5, 6])], pod: { exitCode: 5 }, fails: FAILS },
    { name: 'FailJob, NotIn', rules: [exitCodes('FailJob', 'NotIn', [6])], pod: { exitCode: 5 }, fails: FAILS },
    { name: 'FailJob, NotIn but listed', rules: [exitCodes('FailJob', 'NotIn', [5])], pod: { exitCode: 5 } },
    { name: 'FailJob, this container', rules: [exitCodes('FailJob', 'In', [5], 'c')], pod: { exitCode: 5 }, fails: FAILS },
    { name: 'FailJob, other container', rules: [exitCodes('FailJob', 'In', [5], 'd')], pod: { exitCode: 5 } },
    { name: 'exit code 0 never matches', rules: [exitCodes('FailJob', 'NotIn', [5])], pod: { exitCode: 0 } },
    { name: 'Ignore', rules: [exitCodes('Ignore', 'In', [5])], pod: { exitCode: 5 }, counts: false },
    { name: 'Count', rules: [exitCodes('Count', 'In', [5]), exitCodes('FailJob', 'In', [5])], pod: { exitCode: 5 } },
    {
      name: 'the first rule that matches',
      rules: [exitCodes('Ignore', 'In', [5]), exitCodes('FailJob', 'In', [5])],
      pod: { exitCode: 5 },
      counts: false,
    },
    {
      name: 'FailJob by condition',
      rules: [exitCodes('Ignore', 'In', [77]), disrupted('FailJob')],
      pod: disruption as never,
      fails: 'Pod ns/f0 has condition DisruptionTarget matching FailJob rule at index 1',
    },
    { name: 'Ignore by condition', rules: [disrupted('Ignore')], pod: disruption as never, counts: false },
    { name: 'condition not there', rules: [disrupted('Ignore')], pod: {} },
  ])('$name', ({ rules, pod, fails, counts = true }) => {
    const job = makeJob({ podFailurePolicy: { rules } as never })
    const plan = run(job, [makePod('f0', { phase: 'Failed', finished: 60, ...pod })])
    expect(statusOf(plan).conditions?.map(({ type, reason, message }) => ({ type, reason, message }))).toEqual(
      fails === undefined ? undefined : [{ type: 'FailureTarget', reason: 'PodFailurePolicy', message: fails }],
    )
    expect(statusOf(plan).uncountedTerminatedPods).toEqual(counts ? { failed: ['uid-f0'] } : {})
    // what is ignored needs no record
    expect(actions(plan).includes('untrack f0')).toBe(!counts)
  })

  it('looks at pods only when they have ended', () => {
    const job = makeJob({ podFailurePolicy: { rules: [exitCodes('FailJob', 'In', [5])] } as never })
    const plan = run(job, [makePod('t', { deleting: true, exitCode: 5 })])
    expect(conditions(plan)).toEqual([])
    expect(actions(plan)).toEqual([])
  })

  it('keeps the failed pod until the status says why', () => {
    const job = makeJob(
      { podFailurePolicy: { rules: [exitCodes('FailJob', 'In', [5])] } as never },
      { uncountedTerminatedPods: { failed: ['uid-f0'] } },
    )
    expect(actions(run(job, [makePod('f0', { phase: 'Failed', exitCode: 5 })]))).toEqual([])
  })
})
