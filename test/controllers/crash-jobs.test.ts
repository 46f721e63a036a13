/** Jobs whose cluster is killed after each single write, and comes to the same end. */
import { expect, test } from 'vitest'
import type { Job, Pod } from '../../src/api/types.gen.ts'
import { crashEverywhere, type Story } from '../support/crash.ts'
import { conditionTexts, JOBS, job, MINUTE, PODS, type Scenario, SECOND } from '../support/workloads.ts'

/** Hundreds of clusters are started, on whatever machine. */
const TIMEOUT = 60_000

/** What must be the same, whatever happened: names and times need not be. */
const outcomeOf = async (scenario: Scenario) => {
  const { spec, status, ...rest } = await scenario.get<Job>(JOBS, 'work')
  const { startTime, completionTime, conditions: _, ...counts } = status!
  const pods = await scenario.pods()
  return {
    counts,
    isStarted: startTime !== undefined,
    isCompleted: completionTime !== undefined,
    conditions: conditionTexts({ status }),
    phases: pods.map((pod) => `${pod.metadata.labels?.['batch.kubernetes.io/job-completion-index'] ?? ''} ${pod.status?.phase}`).sort(),
    held: pods.filter(({ metadata }) => metadata.finalizers !== undefined).length,
    isSuspended: spec!.suspend,
    isGoing: rest.metadata.deletionTimestamp !== undefined,
  }
}

type JobStory = Partial<Story<unknown>> & { name: string; make: ReturnType<typeof job>; counts: object; conditions: string[] }

const INDEXED = { completionMode: 'Indexed', completions: 3, parallelism: 3 }
/** Index 1 does one thing, the others another. */
const oneElse = (one: string, others: string) => `if [ $JOB_COMPLETION_INDEX = 1 ]; then ${one}; else ${others}; fi`
const onCode = (action: string) => ({ rules: [{ action, onExitCodes: { operator: 'In', values: [42] } }] })

test.each<JobStory>([
  {
    name: 'that runs its completions',
    make: job('work', { completions: 4, parallelism: 2 }, { command: 'sleep 5' }),
    counts: { succeeded: 4, ready: 0, terminating: 0 },
    conditions: ['Complete=True CompletionsReached', 'SuccessCriteriaMet=True CompletionsReached'],
  },
  {
    name: 'whose pods fail until it gives up',
    make: job('work', { backoffLimit: 2 }, { command: 'sleep 1; exit 1' }),
    counts: { failed: 3 },
    conditions: ['Failed=True BackoffLimitExceeded', 'FailureTarget=True BackoffLimitExceeded'],
  },
  {
    name: 'that fails while other pods run',
    make: job('work', { ...INDEXED, backoffLimit: 0 }, { command: oneElse('sleep 2; exit 1', 'sleep 600') }),
    counts: { failed: 3 },
    conditions: ['Failed=True BackoffLimitExceeded', 'FailureTarget=True BackoffLimitExceeded'],
  },
  {
    name: 'with an index that fails too often',
    make: job('work', { ...INDEXED, backoffLimitPerIndex: 1 }, { command: oneElse('sleep 1; exit 1', 'sleep 3') }),
    counts: { succeeded: 2, failed: 2, completedIndexes: '0,2', failedIndexes: '1' },
    conditions: ['Failed=True FailedIndexes', 'FailureTarget=True FailedIndexes'],
  },
  {
    name: 'whose policy fails it',
    make: job('work', { ...INDEXED, podFailurePolicy: onCode('FailJob') }, { command: oneElse('sleep 2; exit 42', 'sleep 600') }),
    counts: { failed: 3 },
    conditions: ['Failed=True PodFailurePolicy', 'FailureTarget=True PodFailurePolicy'],
  },
  {
    name: 'whose success policy is met',
    make: job('work', { ...INDEXED, successPolicy: { rules: [{ succeededIndexes: '1' }] } }, { command: oneElse('sleep 2', 'sleep 600') }),
    counts: { succeeded: 1, completedIndexes: '1' },
    conditions: ['Complete=True SuccessPolicy', 'SuccessCriteriaMet=True SuccessPolicy'],
  },
  {
    name: 'that runs into its deadline',
    make: job('work', { completions: 3, parallelism: 2, activeDeadlineSeconds: 7 }, { command: 'sleep 5' }),
    counts: { succeeded: 2, failed: 1 },
    conditions: ['Failed=True DeadlineExceeded', 'FailureTarget=True DeadlineExceeded'],
  },
  {
    name: 'that is suspended, its pods taking their time',
    make: job('work', { completions: 4, parallelism: 2 }, { command: 'sleep 5', annotations: { 'coracle.dev/stop-delay': '3' } }),
    before: (scenario) => scenario.pass(6 * SECOND),
    act: (scenario) => scenario.patch(JOBS, 'work', { spec: { suspend: true } }),
    counts: { succeeded: 2, ready: 0, terminating: 0, uncountedTerminatedPods: {} },
    conditions: ['Suspended=True JobSuspended'],
  },
  {
    name: 'that is resumed',
    make: job('work', { completions: 2, parallelism: 2, suspend: true }, { command: 'sleep 5' }),
    act: (scenario) => scenario.patch(JOBS, 'work', { spec: { suspend: false } }),
    before: (scenario) => scenario.pass(6 * SECOND),
    counts: { succeeded: 2 },
    conditions: ['Complete=True CompletionsReached', 'SuccessCriteriaMet=True CompletionsReached', 'Suspended=False JobResumed'],
  },
  {
    name: 'a pod of which is deleted',
    make: job('work', { completions: 2, parallelism: 2 }, { command: 'sleep 8' }),
    before: (scenario) => scenario.pass(2 * SECOND),
    act: async (scenario) => {
      const [pod] = await scenario.list<Pod>(PODS)
      await scenario.delete(PODS, pod!.metadata.name)
    },
    counts: { succeeded: 2, failed: 1 },
    conditions: ['Complete=True CompletionsReached', 'SuccessCriteriaMet=True CompletionsReached'],
  },
  {
    name: 'that grows',
    make: job('work', { ...INDEXED, completions: 2, parallelism: 2 }, { command: 'sleep 8' }),
    before: (scenario) => scenario.pass(2 * SECOND),
    act: (scenario) => scenario.patch(JOBS, 'work', { spec: { completions: 3, parallelism: 3 } }),
    counts: { succeeded: 3, completedIndexes: '0-2' },
    conditions: ['Complete=True CompletionsReached', 'SuccessCriteriaMet=True CompletionsReached'],
  },
])(
  'a Job $name',
  async ({ make, before, act, counts, conditions }) => {
    const create = (scenario: Scenario) => scenario.create(JOBS, make)
    const crashes = await crashEverywhere(
      {
        ...(before && {
          before: async (scenario) => {
            await create(scenario)
            await before(scenario)
          },
        }),
        act: act ?? create,
        lasts: MINUTE,
        outcome: outcomeOf,
      },
      (outcome, undisturbed) => {
        expect(outcome).toEqual(undisturbed)
        expect(outcome.counts).toMatchObject(counts)
        expect(outcome.conditions).toEqual(conditions)
        expect(outcome.held).toBe(0)
      },
    )
    expect(crashes).toBeGreaterThan(5)
  },
  TIMEOUT,
)
