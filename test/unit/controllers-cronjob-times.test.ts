/** Which times are missed, when to look again, and the Jobs that are made. Upstream: cronjob/utils_test.go. */
import { describe, expect, it } from 'vitest'
import { timestamp } from '../../src/api/meta/time.ts'
import type { CronJobSpec, Job } from '../../src/api/types.gen.ts'
import { findOutdatedJobs } from '../../src/controllers/cronjob/history.ts'
import { findScheduleTimes, untilNextTime } from '../../src/controllers/cronjob/schedule-times.ts'
import { createScheduledJob } from '../../src/controllers/cronjob/scheduled-job.ts'
import { parseCronSchedule } from '../../src/lib/cron-schedule.ts'
import { makeCronJob, makeJob } from '../support/cronjob-objects.ts'

/** A Thursday. */
const TOP = Date.parse('2016-05-19T10:00:00Z')
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

interface Given {
  schedule: string
  /** All in milliseconds from the top of the hour. */
  created?: number
  last?: number
  now: number
  deadlineSeconds?: number
}

const cronJobOf = ({ schedule, created = 0, last, deadlineSeconds }: Given) => {
  const spec: Partial<CronJobSpec> = { schedule, ...(deadlineSeconds !== undefined && { startingDeadlineSeconds: deadlineSeconds }) }
  const status = last === undefined ? {} : { lastScheduleTime: timestamp(TOP + last) }
  return makeCronJob(spec, status, { creationTimestamp: timestamp(TOP + created) })
}
const timetableOf = (schedule: string) => ({ schedule: parseCronSchedule(schedule), timeZone: 'UTC' })

describe('the times that were missed', () => {
  it.each<Given & { name: string; honoursDeadline?: boolean; since: number; recent?: number; missed: string }>([
    { name: 'none yet', schedule: '0 * * * *', created: 10_000, now: 30_000, since: 10_000, missed: 'none' },
    { name: 'the first', schedule: '0 * * * *', created: 10_000, now: HOUR + MINUTE, since: 10_000, recent: HOUR, missed: 'none' },
    { name: 'several', schedule: '0 * * * *', created: 10_000, now: 301 * MINUTE, since: 10_000, recent: 300 * MINUTE, missed: 'few' },
    {
      name: 'of an uneven schedule',
      schedule: '30 6-16/4 * * 1-5',
      last: 30 * MINUTE,
      now: DAY + 31 * MINUTE,
      since: 30 * MINUTE,
      recent: DAY + 30 * MINUTE,
      missed: 'few',
    },
    {
      name: 'of an uneven schedule that the estimate passes over',
      schedule: '30 10,11,12 * * 1-5',
      last: 30 * MINUTE,
      now: 30 * HOUR + 30 * MINUTE,
      since: 30 * MINUTE,
      missed: 'few',
    },
    {
      name: 'of an uneven schedule, over days',
      schedule: '30 6-16/4 * * 1-5',
      last: 30 * MINUTE,
      now: 96 * HOUR + 31 * MINUTE,
      since: 30 * MINUTE,
      recent: 96 * HOUR + 30 * MINUTE,
      missed: 'few',
    },
    {
      name: 'of an uneven schedule, from the creation',
      schedule: '30 6-16/4 * * 1-5',
      now: DAY + 31 * MINUTE,
      since: 0,
      recent: DAY + 30 * MINUTE,
      missed: 'few',
    },
    {
      name: 'of @every, over a week',
      schedule: '@every 1h',
      created: -59 * MINUTE,
      last: MINUTE,
      deadlineSeconds: 10,
      now: 7 * DAY,
      since: MINUTE,
      recent: 6 * DAY + 23 * HOUR + MINUTE,
      missed: 'many',
    },
    { name: 'none, as it has just started', schedule: '0 * * * *', last: 0, now: 30_000, since: 0, missed: 'none' },
    { name: 'none since the last', schedule: '*/5 * * * *', last: 30 * MINUTE, now: 31 * MINUTE, since: 30 * MINUTE, missed: 'none' },
    {
      name: 'none since the last, which the deadline does not bound',
      schedule: '*/5 * * * *',
      last: 30 * MINUTE,
      deadlineSeconds: 60,
      now: 31 * MINUTE,
      since: 30 * MINUTE,
      missed: 'none',
    },
    {
      name: 'none since the deadline',
      schedule: '*/5 * * * *',
      last: 30 * MINUTE,
      deadlineSeconds: 60,
      honoursDeadline: true,
      now: 32 * MINUTE,
      since: 31 * MINUTE,
      missed: 'none',
    },
    { name: 'a hundred', schedule: '* * * * *', now: 100 * MINUTE + 30_000, since: 0, recent: 100 * MINUTE, missed: 'few' },
    { name: 'a hundred and one', schedule: '* * * * *', now: 101 * MINUTE, since: 0, recent: 101 * MINUTE, missed: 'many' },
    // Upstream: TestNextScheduleTime.
    {
      name: 'none at all, just before',
      schedule: '0 * * * ?',
      created: -10 * MINUTE,
      now: -7 * MINUTE,
      since: -10 * MINUTE,
      missed: 'none',
    },
    {
      name: 'the first, by seconds',
      schedule: '0 * * * ?',
      created: -10 * MINUTE,
      now: 2_000,
      since: -10 * MINUTE,
      recent: 0,
      missed: 'none',
    },
    { name: 'none, since it ran', schedule: '0 * * * ?', created: -10 * MINUTE, last: 0, now: 2 * MINUTE, since: 0, missed: 'none' },
    { name: 'the second', schedule: '0 * * * ?', created: -10 * MINUTE, last: 0, now: 65 * MINUTE, since: 0, recent: HOUR, missed: 'none' },
    { name: 'two', schedule: '0 * * * ?', created: -2 * HOUR, last: -HOUR, now: 65 * MINUTE, since: -HOUR, recent: HOUR, missed: 'few' },
    {
      name: 'many',
      schedule: '0 * * * ?',
      created: -2 * HOUR,
      last: -HOUR,
      now: 10 * DAY + HOUR,
      since: -HOUR,
      recent: 10 * DAY + HOUR,
      missed: 'many',
    },
    {
      name: 'many, but few within the deadline',
      schedule: '0 * * * ?',
      created: -2 * HOUR,
      last: -HOUR,
      deadlineSeconds: 7200,
      honoursDeadline: true,
      now: 10 * DAY + HOUR,
      since: 10 * DAY - HOUR,
      recent: 10 * DAY + HOUR,
      missed: 'few',
    },
  ])('$name', ({ honoursDeadline = false, since, recent, missed, ...given }) => {
    expect(findScheduleTimes(cronJobOf(given), timetableOf(given.schedule), TOP + given.now, honoursDeadline)).toEqual({
      since: TOP + since,
      missed,
      ...(recent !== undefined && { mostRecent: TOP + recent }),
    })
  })

  it('can’t be told of a schedule that has none', () => {
    const given = { schedule: '59 23 31 2 *', created: 10_000, now: HOUR }
    expect(() => findScheduleTimes(cronJobOf(given), timetableOf(given.schedule), TOP + given.now, true)).toThrow(
      'time difference between two schedules is less than 1 second',
    )
  })
})

describe('the time until it looks again', () => {
  it.each<Given & { name: string; until: number }>([
    { name: 'over the day', schedule: '30 6-16/4 * * 1-5', last: 30 * MINUTE, now: DAY + 31 * MINUTE, until: 3 * HOUR + 59 * MINUTE },
    { name: 'over a weekend', schedule: '30 10,11,12 * * 1-5', last: 30 * MINUTE, now: 30 * HOUR + 30 * MINUTE, until: 66 * HOUR },
    { name: 'over weeks', schedule: '0 12 * * 4', last: 2 * HOUR, now: 19 * DAY + 90 * MINUTE, until: 48 * HOUR + 30 * MINUTE },
    { name: 'before it ever ran', schedule: '0 12 * * 5', now: 6 * HOUR, until: 20 * HOUR },
    { name: 'to the next minute', schedule: '* * * * *', last: 0, now: 30_000, until: 30_000 },
    { name: 'of a time that has come', schedule: '0 * * * *', last: -HOUR, now: 0, until: HOUR },
  ])('$name', ({ until, ...given }) => {
    expect(untilNextTime(cronJobOf(given), timetableOf(given.schedule), TOP + given.now)).toBe(until + 100)
  })

  it('is none where no time is left', () => {
    expect(untilNextTime(cronJobOf({ schedule: '0 0 30 2 *', now: 0 }), timetableOf('0 0 30 2 *'), TOP)).toBeUndefined()
  })
})

describe('the Job', () => {
  it.each([
    { name: 'in UTC', timeZone: 'UTC', annotations: { x: 'y' }, scheduled: '2016-05-19T10:00:00Z' },
    { name: 'in no zone', timeZone: undefined, annotations: { x: 'y' }, scheduled: '2016-05-19T10:00:00Z' },
    { name: 'in a zone', timeZone: 'America/New_York', annotations: { x: 'y', z: 'x' }, scheduled: '2016-05-19T06:00:00-04:00' },
    { name: 'in a zone at an odd distance', timeZone: 'Asia/Kathmandu', annotations: {}, scheduled: '2016-05-19T15:45:00+05:45' },
    { name: 'where the time is another in winter', timeZone: 'Europe/Berlin', annotations: {}, scheduled: '2016-05-19T12:00:00+02:00' },
  ])('$name', ({ timeZone, annotations, scheduled }) => {
    const jobTemplate = {
      metadata: { labels: { a: 'b' }, annotations },
      spec: { activeDeadlineSeconds: 1, template: { spec: {} } },
    } as never
    const { metadata } = createScheduledJob(makeCronJob({ jobTemplate, ...(timeZone && { timeZone }) }), TOP).object
    expect(metadata).toMatchObject({ name: `backup-${TOP / MINUTE}`, labels: { a: 'b' } })
    expect(metadata!.annotations).toEqual({ ...annotations, 'batch.kubernetes.io/cronjob-scheduled-timestamp': scheduled })
  })

  it('has the minute in its name, whatever the second', () => {
    expect(createScheduledJob(makeCronJob(), TOP + 59_000).object.metadata.name).toBe(`backup-${TOP / MINUTE}`)
  })
})

describe('the oldest Job', () => {
  // Upstream: TestByJobStartTime.
  const job = (name: string, start?: string) => makeJob(name, { finished: 'Complete', ...(start && { start }) })
  it.each<{ name: string; jobs: Job[]; order: string[] }>([
    { name: 'neither has started: by name', jobs: [job('b'), job('a')], order: ['a', 'b'] },
    { name: 'the first never started', jobs: [job('a'), job('b', '09:00:00')], order: ['b', 'a'] },
    { name: 'the second never started', jobs: [job('a', '09:00:00'), job('b')], order: ['a', 'b'] },
    { name: 'both at one time: by name', jobs: [job('b', '09:00:00'), job('a', '09:00:00')], order: ['a', 'b'] },
    { name: 'one after the other', jobs: [job('a', '09:01:00'), job('b', '09:00:00')], order: ['b', 'a'] },
  ])('$name', ({ jobs, order }) => {
    const outdated = findOutdatedJobs(makeCronJob({ successfulJobsHistoryLimit: 0 }), jobs)
    expect(outdated.map(({ metadata }) => metadata.name)).toEqual(order)
    expect(findOutdatedJobs(makeCronJob({ successfulJobsHistoryLimit: 1 }), jobs).map(({ metadata }) => metadata.name)).toEqual([order[0]])
  })
})
