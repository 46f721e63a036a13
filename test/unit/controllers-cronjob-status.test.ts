import { describe, expect, it } from 'vitest'
import { timestamp } from '../../src/api/meta/time.ts'
import type { CronJob, CronJobSpec, CronJobStatus, Job } from '../../src/api/types.gen.ts'
import { cronJobController } from '../../src/controllers/cronjob/controller.ts'
import type { Reader } from '../../src/runtime/controller.ts'
import { actions, at, events, makeCronJob, makeJob, nameAt, reference, run, statusOf, time } from '../support/cronjob-objects.ts'
import { PlanWorld } from '../support/plan-world.ts'

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
    { name: 'nor one that nobody knows', change: { timeZone: 'Mars/Olympus' }, starts: undefined, requeue: 25 * 60_000 + 100 },
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

  it.each([
    { name: 'that can’t be read', schedule: 'soon', events: ['Warning UnParseableCronJobSchedule unparseable schedule for cronjob: soon'] },
    {
      name: 'that names no time',
      schedule: '59 23 31 2 *',
      events: ['Warning InvalidSchedule invalid schedule: 59 23 31 2 * : time difference between two schedules is less than 1 second'],
    },
  ])('$name is told of', ({ schedule, events: told }) => {
    const controller = cronJobController()
    look(controller, makeCronJob(), at('09:30:00'))
    const plan = look(controller, makeCronJob({ schedule }), at('10:35:00'))!
    expect(events(plan)).toEqual(told)
    expect(actions(plan)).toEqual([])
  })

  it('is followed from the next look on', () => {
    const controller = cronJobController()
    const changed = makeCronJob({ schedule: '*/10 * * * *' })
    look(controller, makeCronJob(), at('09:30:00'))
    look(controller, changed, at('09:35:00'))
    expect(actions(look(controller, changed, at('09:40:00'))!)).toEqual([`create ${nameAt('09:40:00')}`])
  })
})

describe('whose Jobs', () => {
  // Upstream: TestControllerV2GetJobsToBeReconciled.
  const owner = (uid = 'cron-uid', controller = true) => [{ apiVersion: 'batch/v1', kind: 'CronJob', name: 'backup', uid, controller }]
  it.each<{ name: string; jobs: object[]; finds: string[] }>([
    { name: 'none without an owner', jobs: [{ name: 'a' }, { name: 'b' }], finds: [] },
    { name: 'those it controls', jobs: [{ name: 'a', ownerReferences: owner() }, { name: 'b' }], finds: ['a'] },
    { name: 'not those of an earlier one of its name', jobs: [{ name: 'a', ownerReferences: owner('before') }], finds: [] },
    { name: 'not those it merely owns', jobs: [{ name: 'a', ownerReferences: owner('cron-uid', false) }], finds: [] },
    {
      name: 'not those of one of its name elsewhere',
      jobs: [
        { name: 'a', ownerReferences: owner() },
        { name: 'b', namespace: 'elsewhere', ownerReferences: owner('other') },
      ],
      finds: ['a'],
    },
  ])('$name', ({ jobs, finds }) => {
    const world = new PlanWorld()
    world.put('cronjobs.batch', makeCronJob())
    for (const metadata of jobs) world.put('jobs.batch', { metadata: { namespace: 'ns', ...metadata } })
    const observed = cronJobController().observe(world.reader, 'ns/backup')!
    expect(observed.jobs.map(({ metadata }) => metadata.name)).toEqual(finds)
  })

  it.each([
    { name: 'wakes its CronJob', ownerReferences: owner(), wakes: ['ns/backup'] },
    { name: 'without one wakes nobody', ownerReferences: undefined, wakes: [] },
    { name: 'of another kind wakes nobody', ownerReferences: owner().map((reference) => ({ ...reference, kind: 'Other' })), wakes: [] },
  ])('a Job $name', ({ ownerReferences, wakes }) => {
    const changed = { metadata: { name: 'a', namespace: 'ns', ...(ownerReferences && { ownerReferences }) } } as never
    expect(cronJobController().watches['jobs.batch']!(changed, undefined, {} as Reader)).toEqual(wakes)
    expect(cronJobController().watches['jobs.batch']!(undefined, changed, {} as Reader)).toEqual(wakes)
  })
})
