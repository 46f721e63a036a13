/** Failure policies, success policies and limits per index, seen until everything that follows at once has followed. */
import { describe, expect, it } from 'vitest'
import type { JobSpec, JobStatus } from '../../src/api/types.gen.ts'
import { ago, condition, indexed, makePod, type PodOptions } from '../support/job-objects.ts'
import { indexedPods, outcomeOf, type SettleRow, settleRow } from '../support/settle-job.ts'

const expectOutcome = (row: SettleRow) => {
  const settled = settleRow({ ...row, spec: { backoffLimit: 0x7fffffff, ...row.spec } })
  expect(outcomeOf(settled)).toEqual(row.becomes)
  if (row.message !== undefined) for (const { message } of settled.job.status!.conditions!) expect(message).toBe(row.message)
}

const onCodes = (action: string, ...values: number[]) => ({ action, onExitCodes: { operator: 'In', values } })
const onCondition = (action: string, type = 'DisruptionTarget') => ({ action, onPodConditions: [{ type, status: 'True' }] })
const policy = (...rules: object[]): Partial<JobSpec> => ({ podFailurePolicy: { rules } as never })
const CODES = policy(onCodes('Ignore', 1, 2, 3), onCodes('FailJob', 5, 6, 7))
const failed = (name: string, exitCode: number, options: PodOptions = {}) =>
  makePod(name, { phase: 'Failed', exitCode, finished: 7000, ...options })
const disrupted = (options: PodOptions = {}) =>
  ({ status: { conditions: [{ type: 'DisruptionTarget', status: 'True' }] }, ...options }) as PodOptions
const BY_POLICY = ['FailureTarget PodFailurePolicy', 'Failed PodFailurePolicy']
const EXCEEDED = ['FailureTarget BackoffLimitExceeded', 'Failed BackoffLimitExceeded']

describe('a failure policy', () => {
  // Upstream: TestSyncJobWithJobPodFailurePolicy.
  const MESSAGE = 'Container c for pod ns/a failed with exit code 5 matching FailJob rule at index 1'
  it.each<SettleRow>([
    {
      name: 'for another container than the one that failed',
      spec: policy({ action: 'Ignore', onExitCodes: { containerName: 'main', operator: 'In', values: [1, 2, 3] } }),
      pods: [failed('a', 1)],
      becomes: { creates: 1, untracks: 1, active: 1, failed: 1 },
    },
    { name: 'and a pod that runs, whatever its container did', spec: CODES, pods: [makePod('a', { exitCode: 5 })], becomes: { active: 1 } },
    {
      name: 'FailJob',
      spec: CODES,
      pods: [failed('a', 5)],
      becomes: { untracks: 1, failed: 1, conditions: BY_POLICY },
      message: MESSAGE,
    },
    {
      name: 'FailJob, on record already',
      spec: CODES,
      status: { conditions: [condition('FailureTarget', 'PodFailurePolicy', MESSAGE)] },
      pods: [failed('a', 5)],
      becomes: { untracks: 1, failed: 1, conditions: BY_POLICY },
      message: MESSAGE,
    },
    {
      name: 'FailJob, on record for a pod that is gone',
      spec: CODES,
      status: { conditions: [condition('FailureTarget', 'PodFailurePolicy', 'Container c for pod ns/gone failed')] },
      pods: [failed('a', 5)],
      becomes: { untracks: 1, failed: 1, conditions: BY_POLICY },
      message: 'Container c for pod ns/gone failed',
    },
    {
      name: 'FailJob: those that run are stopped, and have failed',
      spec: { ...CODES, parallelism: 2, completions: 2 },
      pods: [makePod('b'), failed('a', 5)],
      becomes: { deletes: 1, untracks: 2, failed: 2, terminating: 1, conditions: [BY_POLICY[0]!] },
      message: MESSAGE,
    },
    {
      name: 'FailJob of an index',
      spec: { ...CODES, completionMode: 'Indexed' },
      pods: [failed('a', 5, { index: 0 })],
      becomes: { untracks: 1, failed: 1, conditions: BY_POLICY },
      message: MESSAGE,
    },
    {
      name: 'FailJob by NotIn',
      spec: policy({ action: 'FailJob', onExitCodes: { operator: 'NotIn', values: [5, 6, 7] } }),
      pods: [failed('a', 42)],
      becomes: { untracks: 1, failed: 1, conditions: BY_POLICY },
      message: 'Container c for pod ns/a failed with exit code 42 matching FailJob rule at index 0',
    },
    {
      name: 'not by NotIn',
      spec: policy({ action: 'FailJob', onExitCodes: { operator: 'NotIn', values: [5, 6, 7] } }),
      pods: [failed('a', 5)],
      becomes: { creates: 1, untracks: 1, active: 1, failed: 1 },
    },
    {
      name: 'FailJob by an init container',
      spec: CODES,
      pods: [failed('a', 143, { status: { initContainerStatuses: [{ name: 'i', state: { terminated: { exitCode: 5 } } }] } as never })],
      becomes: { untracks: 1, failed: 1, conditions: BY_POLICY },
      message: 'Container i for pod ns/a failed with exit code 5 matching FailJob rule at index 1',
    },
    {
      name: 'Ignore goes before FailJob if it is the first that matches',
      spec: { ...CODES, backoffLimit: 0 },
      pods: [
        failed('a', 2, {
          status: { initContainerStatuses: [{ name: 'i', state: { terminated: { exitCode: 6, finishedAt: ago(7000) } } }] } as never,
        }),
      ],
      becomes: { creates: 1, untracks: 1, active: 1 },
    },
    { name: 'Ignore', spec: { ...CODES, backoffLimit: 0 }, pods: [failed('a', 1)], becomes: { creates: 1, untracks: 1, active: 1 } },
    {
      name: 'no rule: the failure counts',
      spec: { ...CODES, backoffLimit: 0 },
      pods: [failed('a', 10)],
      becomes: { untracks: 1, failed: 1, conditions: EXCEEDED },
    },
    {
      name: 'Count goes before Ignore if it is the first that matches',
      spec: policy(onCodes('Count', 1, 2), onCodes('Ignore', 2, 3)),
      pods: [failed('a', 2)],
      becomes: { creates: 1, untracks: 1, active: 1, failed: 1 },
    },
    {
      name: 'Count by condition goes before Ignore, too',
      spec: policy(onCondition('Count', 'ResourceLimitExceeded'), onCondition('Ignore')),
      pods: [
        failed('a', 1, {
          status: { conditions: ['ResourceLimitExceeded', 'DisruptionTarget'].map((type) => ({ type, status: 'True' })) } as never,
        }),
      ],
      becomes: { creates: 1, untracks: 1, active: 1, failed: 1 },
    },
    {
      name: 'Ignore by condition',
      spec: { ...policy(onCondition('Ignore')), backoffLimit: 0 },
      pods: [failed('a', 1, disrupted())],
      becomes: { creates: 1, untracks: 1, active: 1 },
    },
    {
      name: 'what is ignored delays the next pod all the same',
      spec: { ...policy(onCondition('Ignore')), backoffLimit: 0 },
      pods: [makePod('a', { phase: 'Failed', deleting: true, ...disrupted() })],
      becomes: { untracks: 1 },
    },
    {
      name: 'FailJob by condition',
      spec: policy(onCondition('FailJob')),
      pods: [failed('a', 1, disrupted())],
      becomes: { untracks: 1, failed: 1, conditions: BY_POLICY },
      message: 'Pod ns/a has condition DisruptionTarget matching FailJob rule at index 0',
    },
    {
      name: 'a pod that terminates has not failed yet',
      spec: { ...policy(onCondition('Count')), backoffLimit: 0 },
      pods: [makePod('a', { deleting: true, ...disrupted() })],
      becomes: { terminating: 1 },
    },
    {
      name: 'FailIndex where no index has a limit counts as any failure',
      spec: { ...policy(onCodes('FailIndex', 3)), backoffLimit: 0 },
      pods: [failed('a', 3)],
      becomes: { untracks: 1, failed: 1, conditions: EXCEEDED },
    },
  ])('$name', expectOutcome)
})

const INDEXED = { completionMode: 'Indexed', parallelism: 2, completions: 2 } as const
const THREE = { ...INDEXED, parallelism: 3, completions: 3 }

describe('a success policy', () => {
  // Upstream: TestSyncJobWithJobSuccessPolicy.
  const ONE_OF_TWO: Partial<JobSpec> = { successPolicy: { rules: [{ succeededIndexes: '0,1', succeededCount: 1 }] } }
  const MET = ['SuccessCriteriaMet SuccessPolicy', 'Complete SuccessPolicy']
  const RECORDED: JobStatus = { conditions: [condition('SuccessCriteriaMet', 'SuccessPolicy', 'Matched rules at index 0')] }
  const RULE = 'Matched rules at index 0'
  it.each<SettleRow>([
    {
      name: 'met, while an index fails and others run',
      spec: { ...THREE, ...ONE_OF_TWO },
      pods: indexedPods('0 Failed', '0 Running', '1 Succeeded', '2 Running'),
      becomes: { deletes: 2, untracks: 4, succeeded: 1, failed: 1, completedIndexes: '1', terminating: 2, conditions: [MET[0]!] },
      message: RULE,
    },
    {
      name: 'met, and no rule of the failure policy',
      spec: { ...INDEXED, ...ONE_OF_TWO, ...policy(onCondition('FailJob')) },
      pods: indexedPods('0 Failed', '0 Running', '1 Succeeded'),
      becomes: { deletes: 1, untracks: 3, succeeded: 1, failed: 1, completedIndexes: '1', terminating: 1, conditions: [MET[0]!] },
    },
    {
      name: 'met, and no index beyond its limit',
      spec: { ...INDEXED, ...ONE_OF_TWO, backoffLimitPerIndex: 2 },
      pods: indexedPods('0 Failed', '0 Running', '1 Succeeded'),
      becomes: {
        deletes: 1,
        untracks: 3,
        succeeded: 1,
        failed: 1,
        completedIndexes: '1',
        failedIndexes: '',
        terminating: 1,
        conditions: [MET[0]!],
      },
    },
    {
      name: 'on record, and no pod runs',
      spec: { ...INDEXED, ...ONE_OF_TWO },
      status: RECORDED,
      pods: indexedPods('0 Failed', '1 Succeeded'),
      becomes: { untracks: 2, succeeded: 1, failed: 1, completedIndexes: '1', conditions: MET },
      message: RULE,
    },
    {
      name: 'on record, and some run: they are stopped, and count for nothing',
      spec: { ...THREE, ...ONE_OF_TWO },
      status: RECORDED,
      pods: indexedPods('0 Failed', '1 Running', '1 Succeeded', '2 Running'),
      becomes: { deletes: 2, untracks: 4, succeeded: 1, failed: 1, completedIndexes: '1', terminating: 2, conditions: [MET[0]!] },
    },
    {
      name: 'on record, and the last of them are going',
      spec: { ...INDEXED, ...ONE_OF_TWO },
      status: { ...RECORDED, completedIndexes: '1', succeeded: 1 },
      pods: [makePod('a', { index: 0, deleting: true, tracked: false })],
      becomes: { succeeded: 1, completedIndexes: '1', terminating: 1, conditions: [MET[0]!] },
    },
    {
      name: 'met together with the failure policy: that goes first',
      spec: { ...INDEXED, ...ONE_OF_TWO, ...policy(onCondition('FailJob')) },
      pods: indexed([0, { phase: 'Failed', ...disrupted() }], [0], [1, { phase: 'Succeeded' }]),
      becomes: { deletes: 1, untracks: 3, succeeded: 1, failed: 2, completedIndexes: '1', terminating: 1, conditions: [BY_POLICY[0]!] },
    },
    {
      name: 'met together with the limit of an index: that goes first',
      spec: { ...INDEXED, ...ONE_OF_TWO, backoffLimitPerIndex: 1 },
      pods: indexedPods('0 Failed 1', '1 Succeeded'),
      becomes: {
        untracks: 2,
        succeeded: 1,
        failed: 1,
        completedIndexes: '1',
        failedIndexes: '0',
        conditions: ['FailureTarget FailedIndexes', 'Failed FailedIndexes'],
      },
    },
    {
      name: 'met together with the limit of all: that goes first',
      spec: { ...INDEXED, ...ONE_OF_TWO, backoffLimit: 1 },
      pods: indexedPods('0 Failed', '0 Failed', '1 Succeeded'),
      becomes: { untracks: 3, succeeded: 1, failed: 2, completedIndexes: '1', conditions: EXCEEDED },
    },
    {
      name: 'met together with the deadline: that goes first',
      spec: { ...INDEXED, ...ONE_OF_TWO, activeDeadlineSeconds: 1 },
      pods: indexedPods('1 Succeeded'),
      becomes: {
        untracks: 1,
        succeeded: 1,
        completedIndexes: '1',
        conditions: ['FailureTarget DeadlineExceeded', 'Failed DeadlineExceeded'],
      },
    },
    {
      name: 'on record: the failure policy comes too late',
      spec: { ...INDEXED, successPolicy: { rules: [{ succeededCount: 1 }] }, ...policy(onCondition('FailJob')) },
      status: { ...RECORDED, succeeded: 1, completedIndexes: '1' },
      pods: indexed([0, { phase: 'Failed', ...disrupted() }], [1, { phase: 'Succeeded' }]),
      becomes: { untracks: 2, succeeded: 1, failed: 1, completedIndexes: '1', conditions: MET },
    },
    {
      name: 'on record: the limit of an index comes too late',
      spec: { ...INDEXED, successPolicy: { rules: [{ succeededIndexes: '1' }] }, backoffLimitPerIndex: 1 },
      status: { ...RECORDED, succeeded: 1, completedIndexes: '1' },
      pods: indexedPods('0 Failed 1', '1 Succeeded'),
      becomes: { untracks: 2, succeeded: 1, failed: 1, completedIndexes: '1', failedIndexes: '0', conditions: MET },
    },
    {
      name: 'on record: the limit of all comes too late',
      spec: { ...INDEXED, ...ONE_OF_TWO, backoffLimit: 0 },
      status: { ...RECORDED, succeeded: 1, completedIndexes: '1' },
      pods: indexedPods('0 Failed', '1 Succeeded'),
      becomes: { untracks: 2, succeeded: 1, failed: 1, completedIndexes: '1', conditions: MET },
    },
    {
      name: 'met when a failure is on record: it comes too late',
      spec: { ...INDEXED, ...ONE_OF_TWO, ...policy(onCondition('FailJob')) },
      status: { failed: 1, conditions: [condition('FailureTarget', 'PodFailurePolicy', 'm')] },
      pods: indexed([0, { phase: 'Failed', tracked: false, ...disrupted() }], [1, { phase: 'Succeeded' }]),
      becomes: { untracks: 1, succeeded: 1, failed: 1, completedIndexes: '1', conditions: BY_POLICY },
      message: 'm',
    },
    {
      name: 'none: the completions are reached',
      spec: { completionMode: 'Indexed', parallelism: 1, completions: 1 },
      pods: indexedPods('0 Succeeded'),
      becomes: {
        untracks: 1,
        succeeded: 1,
        completedIndexes: '0',
        conditions: ['SuccessCriteriaMet CompletionsReached', 'Complete CompletionsReached'],
      },
      message: 'Reached expected number of succeeded pods',
    },
    {
      name: 'not met',
      spec: { ...THREE, successPolicy: { rules: [{ succeededIndexes: '0,1' }] } },
      pods: indexedPods('0 Running', '1 Succeeded', '2 Running'),
      becomes: { untracks: 1, active: 2, succeeded: 1, completedIndexes: '1' },
    },
    {
      name: 'met by the status alone',
      spec: { ...THREE, ...ONE_OF_TWO },
      status: { succeeded: 1, completedIndexes: '1' },
      pods: [],
      becomes: { succeeded: 1, completedIndexes: '1', conditions: MET },
    },
  ])('$name', expectOutcome)
})
