import { afterEach, expect, test } from 'vitest'
import type { CronJob, Job, Pod } from '../../src/api/types.gen.ts'
import {
  CRON_JOBS,
  conditionTexts,
  cronJob,
  HOUR,
  isGoing,
  JOBS,
  jobSpec,
  MINUTE,
  namesOf,
  PODS,
  Scenario,
  SECOND,
  timeText,
} from '../support/workloads.ts'

let scenario: Scenario

afterEach(() => scenario.close())

const statusOf = async (name: string) => (await scenario.get<CronJob>(CRON_JOBS, name)).status ?? {}
const runs = (command: string) => jobSpec({}, { command })
const jobs = async () => [...(await scenario.list<Job>(JOBS))].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
/** Minutes since the epoch: what a scheduled Job's name ends with. */
const minuteOf = (instant: string) => Date.parse(instant) / MINUTE

test('starts a Job at each time of its schedule, named by the minute and owned by the CronJob', async () => {
  scenario = await Scenario.start({ start: '2026-03-02T10:58:30Z' })
  const template = { metadata: { labels: { team: 'db' }, annotations: { note: 'nightly' } }, spec: runs('sleep 5') }
  const made = await scenario.create<CronJob>(CRON_JOBS, cronJob('backup', '*/5 * * * *', { jobTemplate: template }))
  await scenario.pass(MINUTE)
  expect(await jobs()).toEqual([])
  await scenario.passUntil('2026-03-02T11:00:01Z')
  const [first] = await jobs()
  expect(first!.metadata).toMatchObject({
    name: `backup-${minuteOf('2026-03-02T11:00:00Z')}`,
    creationTimestamp: '2026-03-02T11:00:00Z',
    labels: { team: 'db' },
    annotations: { note: 'nightly', 'batch.kubernetes.io/cronjob-scheduled-timestamp': '2026-03-02T11:00:00Z' },
    ownerReferences: [
      { apiVersion: 'batch/v1', kind: 'CronJob', name: 'backup', uid: made.metadata.uid, controller: true, blockOwnerDeletion: true },
    ],
  })
  expect(await statusOf('backup')).toMatchObject({
    active: [{ kind: 'Job', name: first!.metadata.name, namespace: 'default', uid: first!.metadata.uid, apiVersion: 'batch/v1' }],
    lastScheduleTime: '2026-03-02T11:00:00Z',
  })
  await scenario.pass(10 * SECOND)
  expect(await statusOf('backup')).toEqual({
    lastScheduleTime: '2026-03-02T11:00:00Z',
    lastSuccessfulTime: '2026-03-02T11:00:05Z',
  })
  const told = (await scenario.events('backup')).map(({ reason, message, count }) => [reason, message, count])
  expect(told).toEqual([
    ['SuccessfulCreate', `Created job ${first!.metadata.name}`, 1],
    ['SawCompletedJob', `Saw completed job: ${first!.metadata.name}, condition: Complete`, 1],
  ])
})

test('keeps so many finished Jobs as each of the history limits says, with their pods', async () => {
  scenario = await Scenario.start({ start: '2026-03-02T10:58:30Z' })
  await scenario.create(CRON_JOBS, cronJob('good', '* * * * *', {}, runs('sleep 1')))
  await scenario.create(
    CRON_JOBS,
    cronJob('bad', '* * * * *', { failedJobsHistoryLimit: 2 }, jobSpec({ backoffLimit: 0 }, { command: 'exit 1' })),
  )
  await scenario.create(CRON_JOBS, cronJob('none', '* * * * *', { successfulJobsHistoryLimit: 0 }, runs('sleep 1')))
  await scenario.passUntil('2026-03-02T11:10:30Z')
  const last = minuteOf('2026-03-02T11:10:00Z')
  expect(namesOf(await jobs())).toEqual([`bad-${last - 1}`, `bad-${last}`, `good-${last - 2}`, `good-${last - 1}`, `good-${last}`])
  expect(await scenario.pods(), 'those of deleted Jobs are collected').toHaveLength(5)
  await scenario.patch(CRON_JOBS, 'good', { spec: { successfulJobsHistoryLimit: 1 } })
  await scenario.pass(SECOND)
  expect(namesOf(await jobs()).filter((name) => name.startsWith('good'))).toEqual([`good-${last}`])
  // Of the last ones nothing is said: there were more than 25 events about the CronJob in these minutes.
  expect((await scenario.events('good', 'SuccessfulDelete')).map(({ message }) => message)).toContain(`Deleted job good-${last - 10}`)
  expect(await statusOf('bad')).not.toHaveProperty('lastSuccessfulTime')
})

test('concurrencyPolicy Allow lets Jobs overlap', async () => {
  scenario = await Scenario.start()
  await scenario.create(CRON_JOBS, cronJob('long', '* * * * *', { concurrencyPolicy: 'Allow' }, runs('sleep 150')))
  await scenario.pass(3 * MINUTE + SECOND)
  const start = minuteOf('2026-01-01T00:00:00Z')
  expect((await statusOf('long')).active?.map(({ name }) => name)).toEqual([1, 2, 3].map((minute) => `long-${start + minute}`))
  expect((await scenario.pods()).filter(({ status }) => status?.phase === 'Running')).toHaveLength(3)
  await scenario.pass(MINUTE)
  expect((await statusOf('long')).active).toHaveLength(3)
})

test('concurrencyPolicy Forbid passes over times while a Job runs, and starts the last of them when it has ended', async () => {
  scenario = await Scenario.start()
  await scenario.create(CRON_JOBS, cronJob('long', '* * * * *', { concurrencyPolicy: 'Forbid' }, runs('sleep 150')))
  await scenario.pass(3 * MINUTE + SECOND)
  const start = minuteOf('2026-01-01T00:00:00Z')
  expect(namesOf(await jobs())).toEqual([`long-${start + 1}`])
  expect((await scenario.events('long', 'JobAlreadyActive'))[0]).toMatchObject({
    type: 'Normal',
    message: 'Not starting job because prior execution is running and concurrency policy is Forbid',
  })
  // It ends at 3:30; 3:00 is the latest time that was missed.
  await scenario.pass(30 * SECOND)
  expect(namesOf(await jobs())).toEqual([`long-${start + 1}`, `long-${start + 3}`])
  expect((await jobs())[1]!.metadata.creationTimestamp).toBe('2026-01-01T00:03:30Z')
  const all = await jobs()
  expect(all.filter(({ status }) => status?.active === 1)).toHaveLength(1)
})

test('concurrencyPolicy Forbid with a starting deadline gives up on a time that is too long ago', async () => {
  scenario = await Scenario.start()
  const spec = { concurrencyPolicy: 'Forbid', startingDeadlineSeconds: 20 }
  await scenario.create(CRON_JOBS, cronJob('long', '* * * * *', spec, runs('sleep 90')))
  await scenario.pass(6 * MINUTE)
  const start = minuteOf('2026-01-01T00:00:00Z')
  // 1:00 runs until 2:30; 2:00 is over by then, so 3:00 is next, and so on.
  expect(namesOf(await jobs())).toEqual([1, 3, 5].map((minute) => `long-${start + minute}`))
})

test('concurrencyPolicy Replace ends the Job that runs, with its pods, and starts the next', async () => {
  scenario = await Scenario.start()
  await scenario.create(CRON_JOBS, cronJob('long', '* * * * *', { concurrencyPolicy: 'Replace' }, runs('sleep 150')))
  await scenario.pass(3 * MINUTE + SECOND)
  const start = minuteOf('2026-01-01T00:00:00Z')
  expect(namesOf(await jobs())).toEqual([`long-${start + 3}`])
  await scenario.pass(40 * SECOND)
  const pods = (await scenario.pods()).filter((pod) => !isGoing(pod))
  expect(pods.map(({ metadata }) => metadata.labels?.['batch.kubernetes.io/job-name'])).toEqual([`long-${start + 3}`])
  expect((await statusOf('long')).active).toHaveLength(1)
})

test('suspended it starts nothing; resumed it starts the last time that was missed, once', async () => {
  scenario = await Scenario.start()
  await scenario.create(CRON_JOBS, cronJob('report', '*/10 * * * *', { suspend: true }))
  await scenario.pass(HOUR + 5 * MINUTE)
  expect(await jobs()).toEqual([])
  await scenario.patch(CRON_JOBS, 'report', { spec: { suspend: false } })
  const hour = minuteOf('2026-01-01T01:00:00Z')
  expect(namesOf(await jobs())).toEqual([`report-${hour}`])
  await scenario.pass(5 * MINUTE + SECOND)
  expect(namesOf(await jobs())).toEqual([`report-${hour}`, `report-${hour + 10}`])
})

test('a new schedule takes effect at once', async () => {
  scenario = await Scenario.start()
  await scenario.create(CRON_JOBS, cronJob('report', '0 0 * * 0'))
  await scenario.pass(30 * SECOND)
  await scenario.patch(CRON_JOBS, 'report', { spec: { schedule: '*/2 * * * *' } })
  await scenario.pass(4 * MINUTE)
  expect(await jobs()).toHaveLength(2)
})

test('a Job that goes missing, and one it did not make, are told of', async () => {
  scenario = await Scenario.start()
  await scenario.create(CRON_JOBS, cronJob('long', '* * * * *', {}, runs('sleep 500')))
  await scenario.pass(MINUTE + SECOND)
  const [{ metadata }] = (await jobs()) as [Job]
  await scenario.delete(JOBS, metadata.name, 'Background')
  await scenario.pass(SECOND)
  expect(await statusOf('long')).not.toHaveProperty('active')
  expect(await scenario.events('long', 'MissingJob')).toMatchObject([{ message: `Active job went missing: ${metadata.name}` }])
})

test('a Job made by hand from it, as kubectl create job --from does, runs beside the schedule and is collected with it', async () => {
  scenario = await Scenario.start()
  const made = await scenario.create<CronJob>(CRON_JOBS, cronJob('report', '0 3 * * *', {}, runs('sleep 30')))
  await scenario.create<Job>(JOBS, {
    metadata: {
      name: 'by-hand',
      annotations: { 'cronjob.kubernetes.io/instantiate': 'manual' },
      // Not blocking: kubectl writes `controller: true` alone.
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'CronJob', name: 'report', uid: made.metadata.uid, controller: true }],
    },
    spec: made.spec!.jobTemplate.spec!,
  } as never)
  await scenario.pass(10 * SECOND)
  expect(await scenario.events('report', 'UnexpectedJob')).toMatchObject([
    { type: 'Warning', message: 'Saw a job that the controller did not create or forgot: by-hand' },
  ])
  expect(await statusOf('report')).not.toHaveProperty('active')
  await scenario.pass(MINUTE)
  expect(conditionTexts(await scenario.get<Job>(JOBS, 'by-hand'))).toContain('Complete=True CompletionsReached')
  expect(await statusOf('report')).toMatchObject({ lastSuccessfulTime: '2026-01-01T00:00:30Z' })
  expect(await statusOf('report')).not.toHaveProperty('lastScheduleTime')
  await scenario.delete(CRON_JOBS, 'report')
  await scenario.pass(MINUTE)
  expect(await jobs()).toEqual([])
  expect(await scenario.pods()).toEqual([])
})

test.each([
  ['Background', undefined],
  ['Foreground', 'Foreground'],
] as const)('deleted in the %s it takes its Jobs and their pods with it', async (_, policy) => {
  scenario = await Scenario.start()
  await scenario.create(CRON_JOBS, cronJob('long', '* * * * *', {}, runs('sleep 500')))
  await scenario.pass(3 * MINUTE + SECOND)
  expect(await jobs()).toHaveLength(3)
  const pods = await scenario.pods()
  expect(pods).toHaveLength(3)
  const gone: string[] = []
  for (const resource of [CRON_JOBS, JOBS, PODS]) {
    await scenario.record(resource, ({ type, object }) => type === 'DELETED' && gone.push(object.kind ?? ''))
  }
  await scenario.delete(CRON_JOBS, 'long', policy)
  await scenario.pass(5 * MINUTE)
  for (const resource of [CRON_JOBS, JOBS, PODS]) expect(await scenario.list(resource), resource).toEqual([])
  const order = policy === 'Foreground' ? ['Pod', 'Job', 'CronJob'] : ['CronJob', 'Job', 'Pod']
  expect([...new Set(gone)]).toEqual(order)
})

test('deleted as an orphaning owner it leaves its Jobs, which carry on', async () => {
  scenario = await Scenario.start()
  await scenario.create(CRON_JOBS, cronJob('report', '* * * * *', {}, runs('sleep 30')))
  await scenario.pass(MINUTE + SECOND)
  await scenario.delete(CRON_JOBS, 'report', 'Orphan')
  await scenario.pass(5 * MINUTE)
  expect(await scenario.list(CRON_JOBS)).toEqual([])
  const [left, ...more] = await jobs()
  expect(more).toEqual([])
  expect(left!.metadata).not.toHaveProperty('ownerReferences')
  expect(left!.status).toMatchObject({ succeeded: 1 })
  expect((await scenario.list<Pod>(PODS))[0]!.metadata.ownerReferences?.[0]?.uid).toBe(left!.metadata.uid)
  expect(timeText(scenario.now)).toBe('2026-01-01T00:06:01Z')
})
