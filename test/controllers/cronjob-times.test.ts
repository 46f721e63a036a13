import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { CronJob, Job } from '../../src/api/types.gen.ts'
import { CRON_JOBS, cronJob, HOUR, JOBS, jobSpec, MINUTE, Scenario, SECOND } from '../support/workloads.ts'

const DAY = 24 * HOUR
/** Neither nodes nor pods: what is asked here is when Jobs are made, over weeks. */
const WITHOUT_PODS = jobSpec({ parallelism: 0 })
const folders: string[] = []
let scenario: Scenario

afterEach(async () => {
  await scenario.close()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

/** When Jobs were started, as UTC without the seconds, while `milliseconds` pass. */
const startsWithin = async (milliseconds: number): Promise<string[]> => {
  const changes = await scenario.record<Job>(JOBS)
  await scenario.pass(milliseconds)
  return changes
    .filter(({ type }) => type === 'ADDED')
    .map(({ object }) => {
      const scheduled = object.metadata.annotations!['batch.kubernetes.io/cronjob-scheduled-timestamp']!
      const minute = Number(object.metadata.name.split('-').at(-1)) * MINUTE
      expect(minute, 'the name tells the same time').toBe(Math.floor(Date.parse(scheduled) / MINUTE) * MINUTE)
      return new Date(minute).toISOString().slice(0, 16)
    })
}

test.each([
  {
    schedule: '*/20 9-10 * * MON-WED,fri',
    // A Thursday.
    start: '2026-01-01T00:00:00Z',
    days: 5,
    starts: ['2026-01-02T09:00', '2026-01-02T09:20', '2026-01-02T09:40', '2026-01-02T10:00', '2026-01-02T10:20', '2026-01-02T10:40'].concat(
      ['2026-01-05T09:00', '2026-01-05T09:20', '2026-01-05T09:40', '2026-01-05T10:00', '2026-01-05T10:20', '2026-01-05T10:40'],
    ),
  },
  { schedule: '30 12 1 jan,mar *', start: '2026-01-01T00:00:00Z', days: 61, starts: ['2026-01-01T12:30', '2026-03-01T12:30'] },
  {
    // Day of month or day of week: the 13th, and each Friday.
    schedule: '0 13 13 * 5',
    start: '2026-01-08T00:00:00Z',
    days: 10,
    starts: ['2026-01-09T13:00', '2026-01-13T13:00', '2026-01-16T13:00'],
  },
  {
    schedule: '5/25 4 * * ?',
    start: '2026-01-01T00:00:00Z',
    days: 1,
    starts: ['2026-01-01T04:05', '2026-01-01T04:30', '2026-01-01T04:55'],
  },
  { schedule: '@daily', start: '2026-01-01T12:00:00Z', days: 2, starts: ['2026-01-02T00:00', '2026-01-03T00:00'] },
  { schedule: '@weekly', start: '2026-01-01T12:00:00Z', days: 11, starts: ['2026-01-04T00:00', '2026-01-11T00:00'] },
  { schedule: '@monthly', start: '2026-01-15T12:00:00Z', days: 31, starts: ['2026-02-01T00:00'] },
  { schedule: '0 0 29 2 *', start: '2028-02-27T00:00:00Z', days: 3, starts: ['2028-02-29T00:00'] },
])('$schedule is kept', async ({ schedule, start, days, starts }) => {
  scenario = await Scenario.start({ start, nodes: 0 })
  await scenario.create(CRON_JOBS, cronJob('tick', schedule, {}, WITHOUT_PODS))
  expect(await startsWithin(days * DAY)).toEqual(starts)
})

test('@every counts from when the CronJob was made, then from each time', async () => {
  scenario = await Scenario.start({ start: '2026-01-01T00:00:30Z' })
  await scenario.create(CRON_JOBS, cronJob('tick', '@every 25m', {}, WITHOUT_PODS))
  expect(await startsWithin(80 * MINUTE)).toEqual(['2026-01-01T00:25', '2026-01-01T00:50', '2026-01-01T01:15'])
})

test.each([
  {
    change: 'the spring change, where 02:30 does not happen',
    zone: 'Europe/Berlin',
    schedule: '30 2 * * *',
    start: '2026-03-27T12:00:00Z',
    starts: ['2026-03-28T01:30', '2026-03-30T00:30'],
  },
  {
    change: 'the autumn change, where 02:30 happens twice',
    zone: 'Europe/Berlin',
    schedule: '30 2 * * *',
    start: '2026-10-23T12:00:00Z',
    starts: ['2026-10-24T00:30', '2026-10-25T00:30', '2026-10-25T01:30', '2026-10-26T01:30'],
  },
  {
    change: 'the spring change of New York',
    zone: 'America/New_York',
    schedule: '0 8 * * *',
    start: '2026-03-06T15:00:00Z',
    starts: ['2026-03-07T13:00', '2026-03-08T12:00', '2026-03-09T12:00'],
  },
  {
    change: 'the autumn change of New York',
    zone: 'America/New_York',
    schedule: '0 8 * * *',
    start: '2026-10-30T15:00:00Z',
    starts: ['2026-10-31T12:00', '2026-11-01T13:00', '2026-11-02T13:00'],
  },
  {
    change: 'no change, at an odd distance from UTC',
    zone: 'Asia/Kathmandu',
    schedule: '0 6 * * *',
    start: '2026-01-01T12:00:00Z',
    starts: ['2026-01-02T00:15', '2026-01-03T00:15', '2026-01-04T00:15'],
  },
])('timeZone $zone across $change', async ({ zone, schedule, start, starts }) => {
  scenario = await Scenario.start({ start, nodes: 0 })
  await scenario.create(CRON_JOBS, cronJob('tick', schedule, { timeZone: zone }, WITHOUT_PODS))
  expect(await startsWithin(3 * DAY)).toEqual(starts)
})

test.each([
  { spec: { schedule: 'TZ=UTC 0 * * * *' }, message: /cannot use TZ or CRON_TZ/ },
  { spec: { schedule: '0 0 0 * * *' }, message: /expected exactly 5 fields, found 6/ },
  { spec: { schedule: '0 * * * *', timeZone: 'Mars/Olympus' }, message: /unknown time zone Mars\/Olympus/ },
])('refuses $spec', async ({ spec, message }) => {
  scenario = await Scenario.start({ nodes: 0 })
  await expect(scenario.create(CRON_JOBS, cronJob('tick', spec.schedule, spec))).rejects.toThrow(message)
})

/** Closes the cluster, and opens it again on the same file when `downFor` has passed. */
const reopenAfter = async (downFor: number, storage: string): Promise<void> => {
  const later = scenario.now + downFor
  await scenario.close()
  scenario = await Scenario.start({ start: new Date(later).toISOString(), storage, nodes: 0 })
}

const startOnFile = async (start: string): Promise<string> => {
  const folder = mkdtempSync(join(tmpdir(), 'coracle-cronjob-'))
  folders.push(folder)
  const storage = `sqlite:${join(folder, 'cluster.db')}`
  scenario = await Scenario.start({ start, storage, nodes: 0 })
  return storage
}

const jobMinutes = async () =>
  (await scenario.list<Job>(JOBS))
    .map(({ metadata }) => new Date(Number(metadata.name.split('-').at(-1)) * MINUTE).toISOString().slice(11, 16))
    .sort()

test('of the times missed while the cluster was down the last is started, once', async () => {
  const storage = await startOnFile('2026-01-01T00:05:00Z')
  await scenario.create(CRON_JOBS, cronJob('hourly', '@hourly', {}, WITHOUT_PODS))
  await scenario.pass(HOUR)
  expect(await jobMinutes()).toEqual(['01:00'])
  await reopenAfter(4 * HOUR + 10 * MINUTE, storage)
  await scenario.pass(SECOND)
  expect(await jobMinutes()).toEqual(['01:00', '05:00'])
  expect((await scenario.get<CronJob>(CRON_JOBS, 'hourly')).status).toMatchObject({ lastScheduleTime: '2026-01-01T05:00:00Z' })
  await scenario.pass(HOUR)
  expect(await jobMinutes()).toEqual(['01:00', '05:00', '06:00'])
})

test('startingDeadlineSeconds bounds how late a missed time may be started', async () => {
  const storage = await startOnFile('2026-01-01T00:05:00Z')
  await scenario.create(CRON_JOBS, cronJob('strict', '@hourly', { startingDeadlineSeconds: 300 }, WITHOUT_PODS))
  await scenario.create(CRON_JOBS, cronJob('lenient', '@hourly', { startingDeadlineSeconds: 1200 }, WITHOUT_PODS))
  await reopenAfter(2 * HOUR + 10 * MINUTE, storage)
  await scenario.pass(SECOND)
  expect((await scenario.list<Job>(JOBS)).map(({ metadata }) => metadata.name)).toEqual([
    `lenient-${Date.parse('2026-01-01T02:00:00Z') / MINUTE}`,
  ])
  await scenario.pass(HOUR)
  expect(await jobMinutes()).toEqual(['02:00', '03:00', '03:00'])
})

test('more than a hundred missed times are told of; the last is started all the same', async () => {
  const storage = await startOnFile('2026-01-01T00:05:00Z')
  await scenario.create(CRON_JOBS, cronJob('often', '* * * * *', { suspend: true }, WITHOUT_PODS))
  await scenario.patch(CRON_JOBS, 'often', { spec: { suspend: false } })
  await reopenAfter(3 * HOUR, storage)
  await scenario.pass(SECOND)
  expect(await jobMinutes()).toEqual(['03:05'])
  expect(await scenario.events('often', 'TooManyMissedTimes')).toMatchObject([
    {
      type: 'Warning',
      message: 'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew',
    },
  ])
})
