import { describe, expect, it } from 'vitest'
import type { CronJobSpec, CronJobStatus, Job } from '../../src/api/types.gen.ts'
import { actions, at, events, makeCronJob, makeJob, nameAt, reference, run, statusOf, time } from '../support/cronjob-objects.ts'

describe('starting', () => {
  const MANY = 'Warning TooManyMissedTimes too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew'
  const IMPOSSIBLE = 'time difference between two schedules is less than 1 second'
  it.each<{
    name: string
    spec?: Partial<CronJobSpec>
    status?: CronJobStatus
    metadata?: object
    jobs?: Job[]
    now: number
    starts?: string
    requeue?: number
    events?: string[]
  }>([
    { name: 'never ran, not time', now: at('09:30:00'), requeue: 30 * 60_000 + 100 },
    { name: 'never ran, is time', now: at('10:00:00'), starts: '10:00:00', requeue: 3_600_100 },
    { name: 'never ran, is past time', now: at('10:00:07'), starts: '10:00:00', requeue: 3_593_100 },
    { name: 'just before', now: at('09:59:59.999'), requeue: 101 },
    { name: 'ran, not time', status: { lastScheduleTime: time('10:00:00') }, now: at('10:00:01'), requeue: 3_599_100 },
    { name: 'ran, is time', status: { lastScheduleTime: time('10:00:00') }, now: at('11:00:00'), starts: '11:00:00', requeue: 3_600_100 },
    {
      name: 'ran, missed some: only the latest',
      status: { lastScheduleTime: time('10:00:00') },
      now: at('14:10:00'),
      starts: '14:00:00',
      requeue: 3_000_100,
    },
    { name: 'suspended', spec: { suspend: true }, now: at('10:00:00') },
    { name: 'being deleted', metadata: { deletionTimestamp: time('09:59:00') }, now: at('10:00:00') },
    { name: 'within the deadline', spec: { startingDeadlineSeconds: 60 }, now: at('10:00:59'), starts: '10:00:00', requeue: 3_541_100 },
    { name: 'exactly at the deadline: no longer seen', spec: { startingDeadlineSeconds: 60 }, now: at('10:01:00'), requeue: 3_540_100 },
    { name: 'past the deadline', spec: { startingDeadlineSeconds: 60 }, now: at('10:05:00'), requeue: 3_300_100 },
    {
      name: 'more than 100 missed',
      spec: { schedule: '* * * * *' },
      status: { lastScheduleTime: time('09:00:00') },
      now: at('10:50:30'),
      starts: '10:50:00',
      requeue: 30_100,
      events: [MANY],
    },
    { name: 'exactly 100 missed', spec: { schedule: '* * * * *' }, now: at('10:40:30'), starts: '10:40:00', requeue: 30_100 },
    {
      name: 'many missed, but few within the deadline',
      spec: { schedule: '* * * * *', startingDeadlineSeconds: 200 },
      now: at('20:00:30'),
      starts: '20:00:00',
      requeue: 30_100,
    },
    { name: 'an uneven schedule', spec: { schedule: '30 6-16/4 * * 1-5' }, now: at('15:00:00'), starts: '14:30:00', requeue: 55_800_100 },
    {
      name: 'every 40 minutes from the creation',
      spec: { schedule: '@every 40m' },
      now: at('10:25:00'),
      starts: '10:20:00',
      requeue: 2_100_100,
    },
    {
      name: 'every 40 minutes from the last',
      spec: { schedule: '@every 40m' },
      status: { lastScheduleTime: time('09:50:00') },
      now: at('10:30:00'),
      starts: '10:30:00',
      requeue: 2_400_100,
    },
    {
      name: 'in a time zone',
      spec: { schedule: '0 5 * * *', timeZone: 'America/New_York' },
      now: at('10:00:00'),
      starts: '10:00:00',
      requeue: 86_400_100,
    },
    {
      name: 'in no time zone',
      spec: { timeZone: 'Mars/Olympus' },
      now: at('10:00:00'),
      events: ['Warning UnknownTimeZone invalid timeZone: "Mars/Olympus": unknown time zone Mars/Olympus'],
    },
    {
      name: 'with a zone in the schedule',
      spec: { schedule: 'TZ=America/New_York 0 5 * * *' },
      now: at('10:00:00'),
      starts: '10:00:00',
      requeue: 86_400_100,
      events: [
        'Warning UnsupportedSchedule CRON_TZ or TZ used in schedule "TZ=America/New_York 0 5 * * *" is not officially supported, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details',
      ],
    },
    {
      name: 'unreadable',
      spec: { schedule: 'soon' },
      now: at('10:00:00'),
      events: ['Warning UnparseableSchedule unparseable schedule: "soon" : expected exactly 5 fields, found 1: [soon]'],
    },
    {
      name: 'never',
      spec: { schedule: '59 23 31 2 *' },
      now: at('10:00:00'),
      events: [`Warning InvalidSchedule invalid schedule: 59 23 31 2 * : ${IMPOSSIBLE}`],
    },
    {
      name: 'Forbid, one is running',
      spec: { concurrencyPolicy: 'Forbid' },
      status: { active: [reference('old')], lastScheduleTime: time('09:00:00') },
      jobs: [makeJob('old')],
      now: at('10:00:00'),
      requeue: 3_600_100,
      events: ['Normal JobAlreadyActive Not starting job because prior execution is running and concurrency policy is Forbid'],
    },
    {
      name: 'Forbid, the last one has finished',
      spec: { concurrencyPolicy: 'Forbid' },
      status: { active: [reference('old')] },
      jobs: [makeJob('old', { finished: 'Complete' })],
      now: at('10:00:00'),
      starts: '10:00:00',
      requeue: 3_600_100,
      events: ['Normal SawCompletedJob Saw completed job: old, condition: Complete'],
    },
    {
      name: 'Allow, one is running',
      status: { active: [reference('old')] },
      jobs: [makeJob('old')],
      now: at('10:00:00'),
      starts: '10:00:00',
      requeue: 3_600_100,
    },
    {
      name: 'is there already, by name',
      status: { active: [reference(nameAt('10:00:00'))] },
      jobs: [makeJob(nameAt('10:00:00'))],
      now: at('10:00:00'),
      requeue: 3_600_100,
    },
  ])('$name', ({ spec, status, metadata, jobs = [], now, starts, requeue, events: expected = [] }) => {
    const plan = run(makeCronJob(spec, status, metadata), jobs, now)
    expect(actions(plan)).toEqual(starts === undefined ? [] : [`create ${nameAt(starts)}`])
    expect(plan.requeueAfterMs).toBe(requeue)
    expect(events(plan)).toEqual(expected)
    if (starts !== undefined) expect(statusOf(plan).lastScheduleTime).toBe(time(starts))
    else expect(plan.waitingOn).toBeTruthy()
  })

  it('makes the Job of the template', () => {
    const plan = run(makeCronJob({ schedule: '0 5 * * *', timeZone: 'America/New_York' }), [], at('10:00:00'))
    expect(plan.actions![0]).toEqual({
      verb: 'create',
      resource: 'jobs.batch',
      object: {
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: {
          name: nameAt('10:00:00'),
          namespace: 'ns',
          labels: { app: 'backup' },
          annotations: { note: 'x', 'batch.kubernetes.io/cronjob-scheduled-timestamp': '2026-03-02T05:00:00-05:00' },
          ownerReferences: [
            { apiVersion: 'batch/v1', kind: 'CronJob', name: 'backup', uid: 'cron-uid', controller: true, blockOwnerDeletion: true },
          ],
        },
        spec: { template: { spec: { containers: [] } } },
      },
      event: { type: 'Normal', reason: 'SuccessfulCreate', message: `Created job ${nameAt('10:00:00')}` },
      failureEvent: { type: 'Warning', reason: 'FailedCreate', message: 'Error creating job: ' },
    })
  })

  it('replaces what is running', () => {
    const cronJob = makeCronJob({ concurrencyPolicy: 'Replace' }, { active: [reference('old')] })
    const plan = run(cronJob, [makeJob('old')], at('10:00:00'))
    expect(actions(plan)).toEqual(['delete old', `create ${nameAt('10:00:00')}`])
    expect(plan.actions![0]).toMatchObject({
      preconditions: { uid: 'uid-old' },
      propagationPolicy: 'Background',
      event: { reason: 'SuccessfulDelete', message: 'Deleted job old' },
    })
    expect(statusOf(plan)).toEqual({ lastScheduleTime: time('10:00:00') })
  })

  it('does not make a Job twice whose status was lost', () => {
    const plan = run(makeCronJob(), [makeJob(nameAt('10:00:00'))], at('10:00:00'))
    expect(actions(plan)).toEqual([])
    expect(statusOf(plan)).toEqual({ lastScheduleTime: time('10:00:00'), active: [reference(nameAt('10:00:00'))] })
  })

  describe('is refused', () => {
    const failure = (reason: string) => ({ lastFailure: { action: { verb: 'create' } as never, reason, message: 'no' } })
    it('the status goes on first, then it tries again', () => {
      const status = { active: [reference('old')] }
      const jobs = [makeJob('old', { finished: 'Failed' })]
      const plan = run(makeCronJob({}, status), jobs, at('10:00:00'), failure('Forbidden'))
      expect(actions(plan)).toEqual([])
      expect(statusOf(plan)).toEqual({})
      expect(actions(run(makeCronJob(), jobs, at('10:00:00'), failure('Forbidden')))).toEqual([`create ${nameAt('10:00:00')}`])
    })

    it('someone else has the name: it waits for the next time', () => {
      const plan = run(makeCronJob(), [], at('10:00:00'), failure('AlreadyExists'))
      expect(actions(plan)).toEqual([])
      expect(plan.requeueAfterMs).toBe(3_600_100)
    })
  })
})
