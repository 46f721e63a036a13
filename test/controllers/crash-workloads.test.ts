/** A CronJob's tick, rollouts and deletions whose cluster is killed after each single write, and comes to the same end. */
import { expect, test } from 'vitest'
import type { KubeObject } from '../../src/api/object.ts'
import type { CronJob, DaemonSet, Deployment, Job, Pod, ReplicaSet, StatefulSet } from '../../src/api/types.gen.ts'
import { crashEverywhere, type Story } from '../support/crash.ts'
import {
  CRON_JOBS,
  cronJob,
  DEPLOYMENTS,
  deployment,
  isGoing,
  isReady,
  JOBS,
  job,
  jobSpec,
  MINUTE,
  namesOf,
  podTemplate,
  REPLICA_SETS,
  type Scenario,
  SECOND,
} from '../support/workloads.ts'

/** Hundreds of clusters are started, on whatever machine. */
const TIMEOUT = 60_000

const SLOW = { 'coracle.dev/start-delay': '2', 'coracle.dev/stop-delay': '1' }
const template = (image: string) => podTemplate({ app: 'web' }, { image, annotations: SLOW })
const withImage = (image: string) => ({ spec: { template: { spec: { containers: [{ name: 'main', image }] } } } })
const imageOf = ({ spec }: Pod) => spec.containers[0]!.image
const podsOf = async (scenario: Scenario) => (await scenario.pods()).map((pod) => `${imageOf(pod)} ${isReady(pod)} ${isGoing(pod)}`).sort()

/** Lives it through, and holds each outcome to `expected`. */
const expectSame = async <T>(story: Story<T>, expected: T): Promise<void> => {
  const crashes = await crashEverywhere(story, (outcome) => expect(outcome).toEqual(expected))
  expect(crashes).toBeGreaterThan(3)
}

test.each([
  { concurrencyPolicy: 'Replace', minutes: [1, 2], active: [2] },
  { concurrencyPolicy: 'Allow', minutes: [1, 2], active: [1, 2] },
])(
  'the tick of a CronJob while a Job runs: $concurrencyPolicy',
  async ({ concurrencyPolicy, minutes, active }) => {
    const first = Date.parse('2026-01-01T00:00:00Z') / MINUTE
    const named = (numbers: number[]) => numbers.map((minute) => `tick-${first + minute}`)
    const isReplace = concurrencyPolicy === 'Replace'
    await expectSame(
      {
        before: async (scenario) => {
          const runs = jobSpec({}, { command: 'sleep 600' })
          await scenario.create(CRON_JOBS, cronJob('tick', '* * * * *', { concurrencyPolicy }, runs))
          await scenario.pass(MINUTE + 50 * SECOND)
        },
        lasts: 45 * SECOND,
        outcome: async (scenario) => {
          const { status } = await scenario.get<CronJob>(CRON_JOBS, 'tick')
          const jobs = await scenario.list<Job>(JOBS)
          return {
            jobs: namesOf(jobs),
            running: jobs.map((found) => found.status?.active).filter((count) => count !== 1),
            pods: (await scenario.pods()).filter((pod) => !isGoing(pod)).length,
            status: { active: status?.active?.map(({ name }) => name), lastScheduleTime: status?.lastScheduleTime },
          }
        },
      },
      {
        jobs: named(isReplace ? active : minutes),
        running: [],
        pods: active.length,
        status: { active: named(active), lastScheduleTime: `2026-01-01T00:0${minutes.at(-1)}:00Z` },
      },
    )
  },
  TIMEOUT,
)

test(
  'a CronJob that tidies up its history',
  async () => {
    await expectSame(
      {
        before: async (scenario) => {
          const spec = { successfulJobsHistoryLimit: 1 }
          await scenario.create(CRON_JOBS, cronJob('tick', '* * * * *', spec, jobSpec({}, { command: 'sleep 3' })))
          await scenario.pass(MINUTE + 50 * SECOND)
        },
        lasts: 45 * SECOND,
        outcome: async (scenario) => ({
          jobs: (await scenario.list<Job>(JOBS)).length,
          pods: (await scenario.pods()).length,
          status: (await scenario.get<CronJob>(CRON_JOBS, 'tick')).status,
        }),
      },
      { jobs: 1, pods: 1, status: { lastScheduleTime: '2026-01-01T00:02:00Z', lastSuccessfulTime: '2026-01-01T00:02:03Z' } as never },
    )
  },
  TIMEOUT,
)

test(
  'the rollout of a Deployment',
  async () => {
    const strategy = { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }
    await expectSame(
      {
        before: async (scenario) => {
          await scenario.create(DEPLOYMENTS, deployment('web', { replicas: 2, strategy }, template('nginx:1')))
          await scenario.pass(10 * SECOND)
        },
        act: (scenario) => scenario.patch(DEPLOYMENTS, 'web', withImage('nginx:2')),
        lasts: 30 * SECOND,
        outcome: async (scenario) => {
          const { status, metadata } = await scenario.get<Deployment>(DEPLOYMENTS, 'web')
          const sets = await scenario.list<ReplicaSet>(REPLICA_SETS)
          return {
            pods: await podsOf(scenario),
            sets: sets
              .map(({ spec, status: own }) => `${spec.template!.spec!.containers[0]!.image} ${spec.replicas} ${own?.replicas}`)
              .sort(),
            counts: [status?.replicas, status?.updatedReplicas, status?.availableReplicas, status?.unavailableReplicas],
            observed: status?.observedGeneration,
            revision: metadata.annotations?.['deployment.kubernetes.io/revision'],
          }
        },
      },
      {
        pods: ['nginx:2 true false', 'nginx:2 true false'],
        sets: ['nginx:1 0 0', 'nginx:2 2 2'],
        counts: [2, 2, 2, undefined],
        observed: 2,
        revision: '2',
      },
    )
  },
  TIMEOUT,
)

const STATEFUL_SETS = 'statefulsets.apps'
const DAEMON_SETS = 'daemonsets.apps'
const REVISIONS = 'controllerrevisions.apps'
const selector = { matchLabels: { app: 'web' } }

test(
  'the update of a StatefulSet',
  async () => {
    await expectSame(
      {
        before: async (scenario) => {
          const spec = { replicas: 2, serviceName: 'web', selector, template: template('nginx:1') }
          await scenario.create(STATEFUL_SETS, { metadata: { name: 'web' }, spec } as never)
          await scenario.pass(15 * SECOND)
        },
        act: (scenario) => scenario.patch(STATEFUL_SETS, 'web', withImage('nginx:2')),
        lasts: 40 * SECOND,
        outcome: async (scenario) => {
          const { status } = await scenario.get<StatefulSet>(STATEFUL_SETS, 'web')
          return {
            pods: await podsOf(scenario),
            names: namesOf(await scenario.pods()),
            counts: [status?.replicas, status?.readyReplicas, status?.updatedReplicas, status?.currentReplicas],
            isDone: status?.currentRevision === status?.updateRevision,
            revisions: (await scenario.list<KubeObject & { revision: number }>(REVISIONS)).map(({ revision }) => revision).sort(),
          }
        },
      },
      {
        pods: ['nginx:2 true false', 'nginx:2 true false'],
        names: ['web-0', 'web-1'],
        counts: [2, 2, 2, 2],
        isDone: true,
        revisions: [1, 2],
      },
    )
  },
  TIMEOUT,
)

test(
  'the update of a DaemonSet',
  async () => {
    await expectSame(
      {
        nodes: 2,
        before: async (scenario) => {
          await scenario.create(DAEMON_SETS, { metadata: { name: 'web' }, spec: { selector, template: template('nginx:1') } } as never)
          await scenario.pass(10 * SECOND)
        },
        act: (scenario) => scenario.patch(DAEMON_SETS, 'web', withImage('nginx:2')),
        lasts: 40 * SECOND,
        outcome: async (scenario) => {
          const { status } = await scenario.get<DaemonSet>(DAEMON_SETS, 'web')
          return {
            pods: await podsOf(scenario),
            nodes: new Set((await scenario.pods()).map(({ spec }) => spec.nodeName)).size,
            counts: [status?.desiredNumberScheduled, status?.updatedNumberScheduled, status?.numberAvailable, status?.numberUnavailable],
            revisions: (await scenario.list<KubeObject & { revision: number }>(REVISIONS)).map(({ revision }) => revision).sort(),
          }
        },
      },
      { pods: ['nginx:2 true false', 'nginx:2 true false'], nodes: 2, counts: [2, 2, 2, undefined], revisions: [1, 2] },
    )
  },
  TIMEOUT,
)

const nothingLeft = async (scenario: Scenario) =>
  (await Promise.all([CRON_JOBS, JOBS, 'pods'].map((resource) => scenario.list(resource)))).map(({ length }) => length)

test.each(['Foreground', 'Background'] as const)(
  'a CronJob that is deleted in mid-run, in the %s',
  async (policy) => {
    await expectSame(
      {
        before: async (scenario) => {
          await scenario.create(CRON_JOBS, cronJob('tick', '* * * * *', {}, jobSpec({ parallelism: 2 }, { command: 'sleep 600' })))
          await scenario.pass(MINUTE + 5 * SECOND)
        },
        act: (scenario) => scenario.delete(CRON_JOBS, 'tick', policy),
        lasts: 50 * SECOND,
        outcome: nothingLeft,
      },
      [0, 0, 0],
    )
  },
  TIMEOUT,
)

test(
  'a Job whose time to live runs out',
  async () => {
    await expectSame(
      {
        before: async (scenario) => {
          await scenario.create(JOBS, job('work', { completions: 2, parallelism: 2, ttlSecondsAfterFinished: 10 }, { command: 'sleep 2' }))
          await scenario.pass(5 * SECOND)
        },
        lasts: 20 * SECOND,
        outcome: nothingLeft,
      },
      [0, 0, 0],
    )
  },
  TIMEOUT,
)
