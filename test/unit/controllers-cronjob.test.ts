import { describe, expect, it } from 'vitest'
import { timestamp } from '../../src/api/meta/time.ts'
import type { CronJob, CronJobSpec, CronJobStatus, Job, ObjectReference } from '../../src/api/types.gen.ts'
import { cronJobController } from '../../src/controllers/cronjob/controller.ts'
import { reconcile } from '../../src/controllers/cronjob/reconcile.ts'
import { reconcile as reconcileTtl } from '../../src/controllers/ttlafterfinished/reconcile.ts'
import type { Reader } from '../../src/runtime/controller.ts'
import type { Plan, ReconcileContext } from '../../src/runtime/plan.ts'

const at = (text: string) => Date.parse(`2026-03-02T${text}Z`)
const time = (text: string) => timestamp(at(text))
const nameAt = (text: string) => `backup-${at(text) / 60_000}`

function makeCronJob(spec: Partial<CronJobSpec> = {}, status: CronJobStatus = {}, metadata: object = {}): CronJob {
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: {
      name: 'backup',
      namespace: 'ns',
      uid: 'cron-uid',
      resourceVersion: '1',
      creationTimestamp: time('09:00:00'),
      ...metadata,
    } as never,
    spec: {
      schedule: '0 * * * *',
      concurrencyPolicy: 'Allow',
      suspend: false,
      jobTemplate: {
        metadata: { labels: { app: 'backup' }, annotations: { note: 'x' } },
        spec: { template: { spec: { containers: [] } } },
      } as never,
      ...spec,
    },
    status,
  }
}

interface JobOptions {
  finished?: 'Complete' | 'Failed'
  start?: string
  completed?: string
  deleting?: boolean
}

function makeJob(name: string, { finished, start, completed, deleting }: JobOptions = {}): Job {
  return {
    metadata: {
      name,
      namespace: 'ns',
      uid: `uid-${name}`,
      resourceVersion: '5',
      creationTimestamp: time('09:00:00'),
      ...(deleting && { deletionTimestamp: time('09:30:00') }),
    } as never,
    spec: {} as never,
    status: {
      ...(start && { startTime: time(start) }),
      ...(completed && { completionTime: time(completed) }),
      ...(finished && { conditions: [{ type: finished, status: 'True' }] }),
    },
  }
}

const reference = (name: string): ObjectReference => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  name,
  namespace: 'ns',
  uid: `uid-${name}`,
  resourceVersion: '5',
})

function run(cronJob: CronJob, jobs: Job[], now: number, context: Partial<ReconcileContext> = {}): Plan {
  return reconcile({ cronJob, jobs }, { now, newName: (base) => base, ...context })
}

const actions = (plan: Plan) =>
  (plan.actions ?? []).map((action) =>
    action.verb === 'create' ? `create ${action.object.metadata.name}` : `${action.verb} ${'target' in action && action.target.name}`,
  )
const events = (plan: Plan) => (plan.events ?? []).map(({ type, reason, message }) => `${type} ${reason} ${message}`)
const statusOf = (plan: Plan): CronJobStatus => JSON.parse(JSON.stringify((plan.status as CronJob).status))

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

describe('the status', () => {
  const NOW = at('10:30:00')
  const RAN = { lastScheduleTime: time('10:00:00') }
  const started = nameAt('10:00:00')
  it.each<{ name: string; status: CronJobStatus; jobs: Job[]; becomes: CronJobStatus; events?: string[] }>([
    { name: 'lists the Job just started', status: RAN, jobs: [makeJob(started)], becomes: { ...RAN, active: [reference(started)] } },
    {
      name: 'keeps what runs',
      status: { ...RAN, active: [reference('a')] },
      jobs: [makeJob('a')],
      becomes: { ...RAN, active: [reference('a')] },
    },
    {
      name: 'drops what has finished',
      status: { ...RAN, active: [reference('a'), reference('b')] },
      jobs: [makeJob('a', { finished: 'Failed' }), makeJob('b')],
      becomes: { ...RAN, active: [reference('b')] },
      events: ['Normal SawCompletedJob Saw completed job: a, condition: Failed'],
    },
    {
      name: 'drops what is gone',
      status: { ...RAN, active: [reference('a')] },
      jobs: [],
      becomes: RAN,
      events: ['Normal MissingJob Active job went missing: a'],
    },
    {
      name: 'wonders at Jobs it did not start',
      status: RAN,
      jobs: [makeJob('by-hand')],
      becomes: RAN,
      events: ['Warning UnexpectedJob Saw a job that the controller did not create or forgot: by-hand'],
    },
    {
      name: 'has the last success, listed or not',
      status: { ...RAN, lastSuccessfulTime: time('09:10:00') },
      jobs: [
        makeJob('a', { finished: 'Complete', completed: '09:20:00' }),
        makeJob('b', { finished: 'Complete', completed: '09:05:00' }),
        makeJob('c', { finished: 'Failed', completed: '09:50:00' }),
      ],
      becomes: { ...RAN, lastSuccessfulTime: time('09:20:00') },
    },
  ])('$name', ({ status, jobs, becomes, events: expected = [] }) => {
    const plan = run(makeCronJob({}, status), jobs, NOW)
    expect(statusOf(plan)).toEqual(becomes)
    expect(events(plan)).toEqual(expected)
    expect(actions(plan)).toEqual([])
  })
})

describe('the history', () => {
  const jobs = [
    makeJob('s3', { finished: 'Complete', start: '08:30:00' }),
    makeJob('s1', { finished: 'Complete', start: '08:10:00' }),
    makeJob('s2', { finished: 'Complete', start: '08:20:00' }),
    makeJob('f2', { finished: 'Failed' }),
    makeJob('f1', { finished: 'Failed', start: '08:15:00' }),
    makeJob('running', { start: '07:00:00' }),
  ]
  it.each<{ name: string; spec: Partial<CronJobSpec>; deletes: string[] }>([
    { name: 'no limits', spec: {}, deletes: [] },
    { name: 'within the limits', spec: { successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 2 }, deletes: [] },
    { name: 'oldest first', spec: { successfulJobsHistoryLimit: 1, failedJobsHistoryLimit: 1 }, deletes: ['s1', 's2', 'f1'] },
    { name: 'one limit', spec: { failedJobsHistoryLimit: 0 }, deletes: ['f1', 'f2'] },
    { name: 'none kept', spec: { successfulJobsHistoryLimit: 0 }, deletes: ['s1', 's2', 's3'] },
    { name: 'while suspended', spec: { successfulJobsHistoryLimit: 2, suspend: true }, deletes: ['s1'] },
  ])('$name', ({ spec, deletes }) => {
    const plan = run(makeCronJob(spec, { active: [reference('running')] }), jobs, at('09:30:00'))
    expect(actions(plan)).toEqual(deletes.map((name) => `delete ${name}`))
  })

  it('does not delete twice', () => {
    const plan = run(makeCronJob({ failedJobsHistoryLimit: 0 }), [makeJob('f', { finished: 'Failed', deleting: true })], at('09:30:00'))
    expect(actions(plan)).toEqual([])
  })
})

it('lives through a day: one Job an hour, then nothing to do until the next', () => {
  let cronJob = makeCronJob({ successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1 })
  let jobs: Job[] = []
  const created: string[] = []
  let now = at('09:00:00')
  for (let i = 0; i < 1000 && now < at('09:00:00') + 86_400_000; i++) {
    const plan = run(cronJob, jobs, now)
    for (const action of plan.actions!) {
      if (action.verb === 'create') {
        created.push(action.object.metadata.name!)
        jobs = [...jobs, makeJob(action.object.metadata.name!)]
      } else if (action.verb === 'delete') jobs = jobs.filter((job) => job.metadata.name !== action.target.name)
    }
    const isSettled = plan.actions!.length === 0 && JSON.stringify(plan.status) === JSON.stringify(cronJob)
    cronJob = plan.status as CronJob
    if (!isSettled) continue
    const running = jobs.find((job) => job.status?.conditions === undefined)
    if (running !== undefined) {
      const status = {
        conditions: [{ type: 'Complete', status: 'True' }],
        startTime: timestamp(now),
        completionTime: timestamp(now + 5000),
      }
      jobs = jobs.map((job) => (job === running ? { ...job, status } : job))
    } else now += plan.requeueAfterMs!
  }
  expect(created).toHaveLength(23)
  expect(new Set(created).size).toBe(23)
  expect(jobs).toHaveLength(3)
  expect(cronJob.status?.active).toBeUndefined()
})

describe('a finished Job with a time to live', () => {
  const job = (ttl: number | undefined, type?: string, metadata: object = {}): Job => ({
    metadata: { name: 'j', namespace: 'ns', uid: 'u', resourceVersion: '9', ...metadata } as never,
    spec: { template: {} as never, ...(ttl !== undefined && { ttlSecondsAfterFinished: ttl }) },
    status: type === undefined ? {} : { conditions: [{ type, status: 'True', lastTransitionTime: time('10:00:00') }] },
  })
  it.each<{ name: string; job: Job; deletes: boolean; requeue?: number }>([
    { name: 'not finished', job: job(0), deletes: false },
    { name: 'only nearly finished', job: job(0, 'SuccessCriteriaMet'), deletes: false },
    { name: 'without one', job: job(undefined, 'Complete'), deletes: false },
    { name: 'still to run', job: job(40, 'Complete'), deletes: false, requeue: 10_000 },
    { name: 'over', job: job(30, 'Complete'), deletes: true },
    { name: 'zero', job: job(0, 'Failed'), deletes: true },
    { name: 'being deleted', job: job(0, 'Failed', { deletionTimestamp: time('10:00:00') }), deletes: false },
  ])('$name', ({ job: given, deletes, requeue }) => {
    const plan = reconcileTtl(given, { now: at('10:00:30'), newName: (base) => base })
    expect(plan.requeueAfterMs).toBe(requeue)
    expect(plan.actions ?? []).toEqual(
      deletes
        ? [
            {
              verb: 'delete',
              target: { resource: 'jobs.batch', namespace: 'ns', name: 'j' },
              preconditions: { uid: 'u', resourceVersion: '9' },
              propagationPolicy: 'Foreground',
            },
          ]
        : [],
    )
  })
})

describe('a new schedule', () => {
  // Upstream: cronjob_controllerv2_test.go TestControllerV2UpdateCronJob.
  const look = (controller: ReturnType<typeof cronJobController>, cronJob: CronJob | undefined, now: number) => {
    const reader = { get: () => cronJob, controlledBy: () => [] } as unknown as Reader
    const observed = controller.observe(reader, 'ns/backup')
    return observed && controller.reconcile(observed, { now, newName: (base) => base })
  }
  it.each<{ name: string; change: Partial<CronJobSpec>; metadata?: object; starts: string | undefined; requeue: number }>([
    { name: 'starts nothing for times that are past', change: { schedule: '*/10 * * * *' }, starts: undefined, requeue: 5 * 60_000 + 100 },
    { name: 'nor does a new time zone', change: { timeZone: 'Asia/Kolkata' }, starts: undefined, requeue: 55 * 60_000 + 100 },
    { name: 'but other changes do', change: { successfulJobsHistoryLimit: 1 }, starts: undefined, requeue: 25 * 60_000 + 100 },
    {
      name: 'and so does another of the name',
      change: { schedule: '*/10 * * * *' },
      metadata: { uid: 'x' },
      starts: '09:30:00',
      requeue: 5 * 60_000 + 100,
    },
  ])('$name', ({ change, metadata, starts, requeue }) => {
    const controller = cronJobController()
    look(controller, makeCronJob(), at('09:30:00'))
    const plan = look(controller, makeCronJob(change, {}, metadata), at('09:35:00'))!
    expect(actions(plan)).toEqual(starts === undefined ? [] : [`create ${nameAt(starts)}`])
    expect(plan.requeueAfterMs).toBe(requeue)
  })

  it('is followed from the next look on', () => {
    const controller = cronJobController()
    const changed = makeCronJob({ schedule: '*/10 * * * *' })
    look(controller, makeCronJob(), at('09:30:00'))
    look(controller, changed, at('09:35:00'))
    expect(actions(look(controller, changed, at('09:40:00'))!)).toEqual([`create ${nameAt('09:40:00')}`])
  })
})
