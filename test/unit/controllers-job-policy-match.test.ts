/** Which rule of a pod failure policy a pod matches. Upstream: pod_failure_policy_test.go. */
import { describe, expect, it } from 'vitest'
import type { Pod, PodFailurePolicy } from '../../src/api/types.gen.ts'
import { judgeFailedPod, type PolicyVerdict } from '../../src/controllers/job/pod-failure-policy.ts'

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
