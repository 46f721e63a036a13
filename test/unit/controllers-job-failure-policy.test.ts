/** Which rule of a pod failure policy a pod matches, and what the plan says then. */
import { describe, expect, it } from 'vitest'
import type { Pod, PodFailurePolicy } from '../../src/api/types.gen.ts'
import { judgeFailedPod, type PolicyVerdict } from '../../src/controllers/job/pod-failure-policy.ts'
import { actions, conditions, makeJob, makePod, type PodOptions, run, statusOf } from '../support/job-objects.ts'

type Codes = Readonly<Record<string, number | undefined>>

/** @param codes exit codes by container; undefined is one that runs */
function podWith(codes: Codes, conditions: Readonly<Record<string, string>> = {}, initCodes: Codes = {}): Pod {
  const statuses = (given: Codes) =>
    Object.entries(given).map(([name, exitCode]) => ({
      name,
      state: exitCode === undefined ? { running: {} } : { terminated: { exitCode } },
    }))
  return {
    metadata: { name: 'mypod', namespace: 'default' },
    status: {
      phase: 'Failed',
      containerStatuses: statuses(codes),
      initContainerStatuses: statuses(initCodes),
      conditions: Object.entries(conditions).map(([type, status]) => ({ type, status })),
    },
  } as unknown as Pod
}

const onCodes = (action: string, operator: string, values: number[], containerName?: string) => ({
  action,
  onExitCodes: { operator, values, ...(containerName !== undefined && { containerName }) },
})
const onCondition = (action: string, type = 'DisruptionTarget', status: string | undefined = 'True') => ({
  action,
  onPodConditions: [{ type, ...(status !== undefined && { status }) }],
})
const failsJob = (cause: string, index: number): PolicyVerdict => ({
  action: 'FailJob',
  counts: true,
  jobFailure: `${cause} matching FailJob rule at index ${index}`,
})
const codeOf = (container: string, code: number) => `Container ${container} for pod default/mypod failed with exit code ${code}`
const CONDITION = 'Pod default/mypod has condition DisruptionTarget'
const DISRUPTED = podWith({}, { DisruptionTarget: 'True' })
const IGNORED: PolicyVerdict = { action: 'Ignore', counts: false }
const COUNTED: PolicyVerdict = { action: 'Count', counts: true }
const INDEX_FAILED: PolicyVerdict = { action: 'FailIndex', counts: true }
const UNMATCHED: PolicyVerdict = { counts: true }

describe('by exit codes', () => {
  it.each<{ name: string; rules?: object[]; pod: Pod; verdict: PolicyVerdict }>([
    { name: 'no policy', pod: podWith({ main: 2 }), verdict: UNMATCHED },
    { name: 'no rules', rules: [], pod: podWith({ main: 2 }), verdict: UNMATCHED },
    {
      name: 'an action nobody knows is passed over',
      rules: [onCodes('Sing', 'In', [1, 2]), onCodes('FailJob', 'In', [2, 3])],
      pod: podWith({ main: 2 }),
      verdict: failsJob(codeOf('main', 2), 1),
    },
    {
      name: 'an operator nobody knows matches nothing',
      rules: [onCodes('Ignore', 'Like', [1, 2]), onCodes('FailJob', 'In', [2, 3])],
      pod: podWith({ main: 2 }),
      verdict: failsJob(codeOf('main', 2), 1),
    },
    { name: 'Ignore', rules: [onCodes('Ignore', 'In', [1, 2, 3])], pod: podWith({ main: 2 }), verdict: IGNORED },
    {
      name: 'codes below 0, as Windows has them',
      rules: [onCodes('Ignore', 'In', [-1073741676, -1073741510])],
      pod: podWith({ main: -1073741510 }),
      verdict: IGNORED,
    },
    { name: 'FailJob', rules: [onCodes('FailJob', 'In', [1, 2, 3])], pod: podWith({ main: 2 }), verdict: failsJob(codeOf('main', 2), 0) },
    {
      name: 'containers that did well are passed over',
      rules: [onCodes('FailJob', 'NotIn', [111])],
      pod: podWith({ main: 111, support: 0 }, {}, { init: 0 }),
      verdict: UNMATCHED,
    },
    { name: 'FailIndex', rules: [onCodes('FailIndex', 'In', [1, 2, 3])], pod: podWith({ main: 2 }), verdict: INDEX_FAILED },
    {
      name: 'NotIn 0',
      rules: [onCodes('FailJob', 'NotIn', [0])],
      pod: podWith({ main: 1, support: 0 }),
      verdict: failsJob(codeOf('main', 1), 0),
    },
    { name: 'NotIn, but listed', rules: [onCodes('FailJob', 'NotIn', [1, 2])], pod: podWith({ main: 2 }), verdict: UNMATCHED },
    {
      name: 'the second rule',
      rules: [onCodes('Count', 'In', [1, 2, 3]), onCodes('FailJob', 'In', [4, 5, 6])],
      pod: podWith({ main: 6 }),
      verdict: failsJob(codeOf('main', 6), 1),
    },
    {
      name: 'both rules: the first',
      rules: [onCodes('Ignore', 'In', [1, 2]), onCodes('FailJob', 'In', [2, 3])],
      pod: podWith({ main: 2 }),
      verdict: IGNORED,
    },
    {
      name: 'each rule by another container: the first rule, not the first container',
      rules: [onCodes('Ignore', 'In', [6]), onCodes('FailJob', 'In', [2])],
      pod: podWith({ one: 2, two: 6 }),
      verdict: IGNORED,
    },
    {
      name: 'Count; a container without a state',
      rules: [onCodes('Count', 'In', [2])],
      pod: podWith({ foo: undefined, bar: 2 }),
      verdict: COUNTED,
    },
    {
      name: 'the container named',
      rules: [onCodes('FailJob', 'In', [5], 'main')],
      pod: podWith({ other: 5, main: 5 }),
      verdict: failsJob(codeOf('main', 5), 0),
    },
    {
      name: 'only another container than the one named',
      rules: [onCodes('FailJob', 'In', [5], 'main')],
      pod: podWith({ other: 5, main: 0 }),
      verdict: UNMATCHED,
    },
    {
      name: 'an init container',
      rules: [onCodes('FailJob', 'In', [5])],
      pod: podWith({ main: 143 }, {}, { init: 5 }),
      verdict: failsJob(codeOf('init', 5), 0),
    },
    {
      name: 'containers go before init containers',
      rules: [onCodes('FailJob', 'In', [5])],
      pod: podWith({ main: 5 }, {}, { init: 5 }),
      verdict: failsJob(codeOf('main', 5), 0),
    },
    { name: 'containers that run', rules: [onCodes('FailJob', 'NotIn', [5])], pod: podWith({ main: undefined }), verdict: UNMATCHED },
    {
      name: 'no rule',
      rules: [
        onCodes('Count', 'NotIn', [8, 32]),
        onCodes('Ignore', 'In', [1, 2, 3]),
        onCodes('FailJob', 'NotIn', [5, 6, 7, 32]),
        onCondition('Count', 'ResourceLimitExceeded'),
        onCondition('Ignore'),
      ],
      pod: podWith({ main: 32 }),
      verdict: UNMATCHED,
    },
  ])('$name', ({ rules, pod, verdict }) => {
    expect(judgeFailedPod(rules && ({ rules } as unknown as PodFailurePolicy), pod)).toEqual(verdict)
  })
})

describe('by conditions', () => {
  it.each<{ name: string; rules: object[]; pod?: Pod; verdict: PolicyVerdict }>([
    { name: 'an action nobody knows is passed over', rules: [onCondition('Sing'), onCondition('Ignore')], verdict: IGNORED },
    { name: 'Ignore', rules: [onCondition('Ignore')], verdict: IGNORED },
    { name: 'FailIndex', rules: [onCondition('FailIndex')], verdict: INDEX_FAILED },
    { name: 'FailJob', rules: [onCondition('FailJob')], verdict: failsJob(CONDITION, 0) },
    { name: 'Count', rules: [onCondition('Count')], verdict: COUNTED },
    { name: 'no status means True', rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget' }] }], verdict: IGNORED },
    {
      name: 'False asked for',
      rules: [onCondition('Ignore', 'DisruptionTarget', 'False')],
      pod: podWith({}, { DisruptionTarget: 'False' }),
      verdict: IGNORED,
    },
    {
      name: 'Unknown asked for',
      rules: [onCondition('Ignore', 'DisruptionTarget', 'Unknown')],
      pod: podWith({}, { DisruptionTarget: 'Unknown' }),
      verdict: IGNORED,
    },
    { name: 'False asked for, but it is True', rules: [onCondition('Ignore', 'DisruptionTarget', 'False')], verdict: UNMATCHED },
    {
      name: 'True asked for, but it is False',
      rules: [onCondition('Ignore')],
      pod: podWith({}, { DisruptionTarget: 'False' }),
      verdict: UNMATCHED,
    },
    { name: 'another condition', rules: [onCondition('Ignore')], pod: podWith({}, { Ready: 'True' }), verdict: UNMATCHED },
    { name: 'none at all', rules: [onCondition('Ignore')], pod: podWith({}), verdict: UNMATCHED },
    {
      name: 'one of several patterns',
      rules: [{ action: 'Ignore', onPodConditions: [...onCondition('', 'A').onPodConditions, ...onCondition('').onPodConditions] }],
      verdict: IGNORED,
    },
    {
      name: 'two rules: the first',
      rules: [onCondition('Count', 'ResourceLimitExceeded'), onCondition('Ignore')],
      pod: podWith({ main: 0 }, { ResourceLimitExceeded: 'True', DisruptionTarget: 'True' }),
      verdict: COUNTED,
    },
    {
      name: 'a rule by exit codes before it',
      rules: [onCodes('FailJob', 'In', [137]), onCondition('Ignore')],
      pod: podWith({ main: 137 }, { DisruptionTarget: 'True' }),
      verdict: failsJob(codeOf('main', 137), 0),
    },
  ])('$name', ({ rules, pod = DISRUPTED, verdict }) => {
    expect(judgeFailedPod({ rules } as unknown as PodFailurePolicy, pod)).toEqual(verdict)
  })
})

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
