/** Each concurrency policy in each situation, hourly on the hour. Upstream: TestControllerV2SyncCronJob. */
import { describe, expect, it } from 'vitest'
import { timestamp } from '../../src/api/meta/time.ts'
import type { CronJobSpec, Job } from '../../src/api/types.gen.ts'
import { actions, at, events, makeCronJob, makeJob, nameAt, reference, run, statusOf, time } from '../support/cronjob-objects.ts'

const SHORT = 10
const MEDIUM = 2 * 3600
const LONG = 1_000_000
const WEEK_LATER = at('10:00:00') + 7 * 86_400_000
const MANY = 'TooManyMissedTimes'

interface Situation {
  name: string
  now: number
  spec?: Partial<CronJobSpec>
  created?: string
  /** 'done' or 'active': a Job ran before. */
  before?: 'done' | 'active'
  lastScheduleTime?: string
  /** The Job of before isn't in the status. */
  isUnlisted?: boolean
  /** The Job of before isn't there any more. */
  isMissing?: boolean
  /** The instant it starts a Job for. */
  starts?: number
  deletes?: boolean
  /** Names in the status, `old` for the Job of before. */
  active?: number
  /** In seconds, beyond the tenth that is always added. */
  requeue?: number
  reasons?: string[]
}

const check = ({ name: _, now, spec, created, before, lastScheduleTime = '09:01:00', ...rest }: Situation) => {
  const old = 'old-job'
  const status = before === undefined ? {} : { lastScheduleTime: time(lastScheduleTime), active: rest.isUnlisted ? [] : [reference(old)] }
  const cronJob = makeCronJob(spec, status, { creationTimestamp: time(created ?? (before ? '08:59:00' : '09:59:00')) })
  const job = before === 'done' ? makeJob(old, { finished: 'Complete', completed: '09:01:10' }) : makeJob(old)
  const jobs: Job[] = before === undefined || rest.isMissing ? [] : [job]
  const plan = run(cronJob, jobs, now)
  const name = rest.starts === undefined ? undefined : `backup-${rest.starts / 60_000}`
  expect(actions(plan)).toEqual([...(rest.deletes ? [`delete ${old}`] : []), ...(name === undefined ? [] : [`create ${name}`])])
  expect(plan.requeueAfterMs).toBe(rest.requeue === undefined ? undefined : rest.requeue * 1000 + 100)
  expect(events(plan).map((line) => line.split(' ')[1])).toEqual(rest.reasons ?? [])
  expect(statusOf(plan).active?.length ?? 0).toBe(rest.active ?? 0)
  if (rest.starts !== undefined) expect(statusOf(plan).lastScheduleTime).toBe(timestamp(rest.starts))
  if (before === 'done') expect(statusOf(plan).lastSuccessfulTime).toBe(time('09:01:10'))
}

describe.each(['Allow', 'Forbid', 'Replace'] as const)('%s', (concurrencyPolicy) => {
  const HOUR = at('10:00:00')
  const AFTER = at('10:01:00')
  it.each<Situation>([
    { name: 'never ran, unreadable', spec: { schedule: 'obvious error schedule' }, now: at('09:59:30'), reasons: ['UnparseableSchedule'] },
    { name: 'never ran, no such zone', spec: { timeZone: 'bad timezone' }, now: at('09:59:30'), reasons: ['UnknownTimeZone'] },
    { name: 'never ran, not time', now: at('09:59:00'), requeue: 60 },
    { name: 'never ran, not time in its zone', spec: { timeZone: 'America/New_York' }, now: at('09:59:00'), requeue: 60 },
    { name: 'never ran, is time', now: AFTER, starts: HOUR, requeue: 3540 },
    { name: 'never ran, is time in its zone', spec: { timeZone: 'America/New_York' }, now: AFTER, starts: HOUR, requeue: 3540 },
    {
      name: 'never ran, a zone in the schedule, too',
      spec: { schedule: 'TZ=UTC 0 * * * ?', timeZone: 'America/New_York' },
      now: AFTER,
      starts: HOUR,
      requeue: 3540,
      reasons: ['UnsupportedSchedule'],
    },
    { name: 'never ran, is time, suspended', spec: { suspend: true }, now: AFTER },
    { name: 'never ran, past the deadline', spec: { startingDeadlineSeconds: SHORT }, now: at('10:12:00'), requeue: 2880 },
    { name: 'never ran, within the deadline', spec: { startingDeadlineSeconds: LONG }, now: AFTER, starts: HOUR, requeue: 3540 },
    { name: 'ran, not time', before: 'done', now: at('09:59:00'), requeue: 60, reasons: ['SawCompletedJob'] },
    { name: 'ran, is time', before: 'done', now: AFTER, starts: HOUR, requeue: 3540, reasons: ['SawCompletedJob'] },
    { name: 'ran, is time, not in the status', before: 'done', isUnlisted: true, now: AFTER, starts: HOUR, requeue: 3540 },
    { name: 'ran, is time, suspended', before: 'done', spec: { suspend: true }, now: AFTER, reasons: ['SawCompletedJob'] },
    {
      name: 'ran, past the deadline',
      before: 'done',
      spec: { startingDeadlineSeconds: SHORT },
      now: AFTER,
      requeue: 3540,
      reasons: ['SawCompletedJob'],
    },
    {
      name: 'ran, within the deadline',
      before: 'done',
      spec: { startingDeadlineSeconds: LONG },
      now: AFTER,
      starts: HOUR,
      requeue: 3540,
      reasons: ['SawCompletedJob'],
    },
    { name: 'runs, not time', before: 'active', now: at('09:59:00'), active: 1, requeue: 60 },
    { name: 'runs, is time, suspended', before: 'active', spec: { suspend: true }, now: AFTER, active: 1 },
    { name: 'runs, past the deadline', before: 'active', spec: { startingDeadlineSeconds: SHORT }, now: AFTER, active: 1, requeue: 3540 },
    {
      name: 'ran, a week ago, within the deadline',
      before: 'done',
      spec: { startingDeadlineSeconds: LONG },
      now: WEEK_LATER,
      starts: WEEK_LATER,
      requeue: 3600,
      reasons: ['SawCompletedJob', MANY],
    },
    {
      name: 'ran, a week ago, no deadline',
      before: 'done',
      now: WEEK_LATER,
      starts: WEEK_LATER,
      requeue: 3600,
      reasons: ['SawCompletedJob', MANY],
    },
    {
      name: 'ran, a week ago, few times within the deadline',
      before: 'done',
      spec: { startingDeadlineSeconds: MEDIUM },
      now: WEEK_LATER,
      starts: WEEK_LATER,
      requeue: 3600,
      reasons: ['SawCompletedJob'],
    },
    {
      name: 'ran, a week ago, one time within the deadline',
      before: 'done',
      spec: { startingDeadlineSeconds: SHORT },
      now: WEEK_LATER,
      starts: WEEK_LATER,
      requeue: 3600,
      reasons: ['SawCompletedJob'],
    },
    {
      name: 'ran for this hour, then the clock went back',
      before: 'done',
      isUnlisted: true,
      lastScheduleTime: '10:00:00',
      now: at('09:59:00'),
      requeue: 3660,
    },
    { name: 'ran for this hour', before: 'done', lastScheduleTime: '10:00:00', now: AFTER, requeue: 3540, reasons: ['SawCompletedJob'] },
    {
      name: 'runs for this hour, and is gone',
      before: 'active',
      isMissing: true,
      lastScheduleTime: '10:00:00',
      now: AFTER,
      requeue: 3540,
      reasons: ['MissingJob'],
    },
    {
      name: 'runs, and nobody knows of it',
      before: 'active',
      isUnlisted: true,
      lastScheduleTime: '10:00:00',
      now: AFTER,
      requeue: 3540,
      reasons: ['UnexpectedJob'],
    },
    { name: '@every, not time', spec: { schedule: '@every 1h' }, now: HOUR, requeue: 3540 },
    {
      name: '@every, is time',
      spec: { schedule: '@every 1h' },
      created: '08:59:00',
      now: at('09:59:00'),
      starts: at('09:59:00'),
      requeue: 3600,
    },
    {
      name: '@every, past the deadline',
      spec: { schedule: '@every 1h', startingDeadlineSeconds: SHORT },
      created: '08:59:00',
      now: at('09:59:11'),
      requeue: 3589,
    },
    {
      name: '@every, within the deadline',
      spec: { schedule: '@every 1h', startingDeadlineSeconds: LONG },
      created: '08:59:00',
      now: at('09:59:09'),
      starts: at('09:59:00'),
      requeue: 3591,
    },
    {
      name: '@every, ran, not time',
      before: 'done',
      spec: { schedule: '@every 1h' },
      lastScheduleTime: '09:59:00',
      now: HOUR,
      requeue: 3540,
      reasons: ['SawCompletedJob'],
    },
    {
      name: '@every, ran, is time',
      before: 'done',
      spec: { schedule: '@every 1h' },
      lastScheduleTime: '09:59:00',
      now: at('11:00:00'),
      starts: at('10:59:00'),
      requeue: 3540,
      reasons: ['SawCompletedJob'],
    },
    {
      name: '@every, ran, past the deadline',
      before: 'done',
      spec: { schedule: '@every 1h', startingDeadlineSeconds: SHORT },
      lastScheduleTime: '09:59:00',
      now: at('10:59:11'),
      requeue: 3589,
      reasons: ['SawCompletedJob'],
    },
    {
      name: '@every, runs, not time',
      before: 'active',
      spec: { schedule: '@every 1h' },
      lastScheduleTime: '09:59:00',
      now: HOUR,
      active: 1,
      requeue: 3540,
    },
    {
      name: '@every, runs, past the deadline',
      before: 'active',
      spec: { schedule: '@every 1h', startingDeadlineSeconds: SHORT },
      lastScheduleTime: '09:59:00',
      now: at('10:59:11'),
      active: 1,
      requeue: 3589,
    },
    {
      name: '@every, ran, a week ago, no deadline',
      before: 'done',
      spec: { schedule: '@every 1h' },
      lastScheduleTime: '10:01:00',
      now: WEEK_LATER,
      starts: WEEK_LATER - 3540_000,
      requeue: 60,
      reasons: ['SawCompletedJob', MANY],
    },
    {
      name: '@every, ran, a week ago, past the deadline',
      before: 'done',
      spec: { schedule: '@every 1h', startingDeadlineSeconds: SHORT },
      lastScheduleTime: '10:01:00',
      now: WEEK_LATER + 71_000,
      requeue: 3589,
      reasons: ['SawCompletedJob'],
    },
  ])('$name', ({ spec, ...situation }) => check({ ...situation, spec: { ...spec, concurrencyPolicy } }))
})

describe('one runs when it is time', () => {
  const HOUR = at('10:00:00')
  const AFTER = at('10:01:00')
  it.each<Situation>([
    { name: 'Allow', spec: { concurrencyPolicy: 'Allow' }, now: AFTER, starts: HOUR, active: 1, requeue: 3540 },
    { name: 'Forbid', spec: { concurrencyPolicy: 'Forbid' }, now: AFTER, active: 1, requeue: 3540, reasons: ['JobAlreadyActive'] },
    { name: 'Replace', spec: { concurrencyPolicy: 'Replace' }, now: AFTER, starts: HOUR, deletes: true, requeue: 3540 },
    {
      name: 'Allow, within the deadline',
      spec: { concurrencyPolicy: 'Allow', startingDeadlineSeconds: LONG },
      now: AFTER,
      starts: HOUR,
      active: 1,
      requeue: 3540,
    },
    {
      name: 'Forbid, for this hour: that says nothing',
      spec: { concurrencyPolicy: 'Forbid' },
      lastScheduleTime: '10:00:00',
      now: AFTER,
      active: 1,
      requeue: 3540,
    },
    {
      name: 'Replace, for this hour: it is left alone',
      spec: { concurrencyPolicy: 'Replace' },
      lastScheduleTime: '10:00:00',
      now: AFTER,
      active: 1,
      requeue: 3540,
    },
    {
      name: 'Forbid, but that one is gone',
      spec: { concurrencyPolicy: 'Forbid' },
      isMissing: true,
      now: AFTER,
      starts: HOUR,
      requeue: 3540,
      reasons: ['MissingJob'],
    },
    {
      name: 'Replace, but that one is gone',
      spec: { concurrencyPolicy: 'Replace' },
      isMissing: true,
      now: AFTER,
      starts: HOUR,
      requeue: 3540,
      reasons: ['MissingJob'],
    },
    {
      name: 'Forbid, but nobody knows of that one',
      spec: { concurrencyPolicy: 'Forbid' },
      isUnlisted: true,
      now: AFTER,
      starts: HOUR,
      requeue: 3540,
      reasons: ['UnexpectedJob'],
    },
    {
      name: 'Allow, @every',
      spec: { concurrencyPolicy: 'Allow', schedule: '@every 1h' },
      lastScheduleTime: '08:59:00',
      now: AFTER,
      starts: at('09:59:00'),
      active: 1,
      requeue: 3480,
    },
    {
      name: 'Allow, @every, within the deadline',
      spec: { concurrencyPolicy: 'Allow', schedule: '@every 1h', startingDeadlineSeconds: LONG },
      lastScheduleTime: '09:59:00',
      now: at('10:59:09'),
      starts: at('10:59:00'),
      active: 1,
      requeue: 3591,
    },
  ])('$name', (situation) => check({ before: 'active', ...situation }))

  it('Replace takes all of them, those that are going already not again', () => {
    const names = ['a', 'b', 'c']
    const jobs = [makeJob('a'), makeJob('b', { deleting: true }), makeJob('c')]
    const plan = run(makeCronJob({ concurrencyPolicy: 'Replace' }, { active: names.map(reference) }), jobs, HOUR)
    expect(actions(plan)).toEqual(['delete a', 'delete c', `create ${nameAt('10:00:00')}`])
    expect(statusOf(plan)).toEqual({ lastScheduleTime: time('10:00:00') })
  })

  it('Replace leaves alone what it did not start', () => {
    const plan = run(makeCronJob({ concurrencyPolicy: 'Replace' }), [makeJob('by-hand')], HOUR)
    expect(actions(plan)).toEqual([`create ${nameAt('10:00:00')}`])
  })
})

describe('the last success', () => {
  it.each([0, 10, undefined])('is on record with a history of %s', (successfulJobsHistoryLimit) => {
    const spec = successfulJobsHistoryLimit === undefined ? {} : { successfulJobsHistoryLimit }
    const job = makeJob('old', { finished: 'Complete', completed: '09:20:00' })
    const plan = run(makeCronJob(spec, { active: [reference('old')], lastScheduleTime: time('09:00:00') }), [job], at('09:30:00'))
    expect(statusOf(plan)).toEqual({ lastScheduleTime: time('09:00:00'), lastSuccessfulTime: time('09:20:00') })
    expect(actions(plan)).toEqual(successfulJobsHistoryLimit === 0 ? ['delete old'] : [])
  })
})
