/** What is to be done about one CronJob. Upstream: cronjob_controllerv2.go syncCronJob. */
import { parseTimestamp, timestamp } from '../../api/meta/time.ts'
import type { CronJob, Job, ObjectReference } from '../../api/types.gen.ts'
import { type CronSchedule, parseCronSchedule } from '../../lib/cron-schedule.ts'
import { deepEqual } from '../../lib/deep-equal.ts'
import { dropUndefined } from '../../lib/drop-undefined.ts'
import { isKnownTimeZone } from '../../lib/time-zone.ts'
import type { Action, Plan, PlannedEvent, ReconcileContext } from '../../runtime/plan.ts'
import { referenceTo, updateActiveJobs } from './active-jobs.ts'
import { findOutdatedJobs } from './history.ts'
import { findScheduleTimes, type Timetable, untilNextTime } from './schedule-times.ts'
import { createScheduledJob, deleteJob, scheduledJobName } from './scheduled-job.ts'

export interface ObservedCronJob {
  readonly cronJob: CronJob
  /** The Jobs it controls. */
  readonly jobs: readonly Job[]
  /** Its schedule or time zone is another than when it was last looked at. */
  readonly isRescheduled?: boolean
}

export function reconcile(observed: ObservedCronJob, context: ReconcileContext): Plan {
  const rescheduled = observed.isRescheduled ? planNewSchedule(observed.cronJob, context.now) : undefined
  if (rescheduled !== undefined) return rescheduled
  const plan = planCronJob(observed, context)
  const failure = context.lastFailure
  if (failure?.action.verb !== 'create') return plan
  const isTaken = failure.reason === 'AlreadyExists'
  // What can't be created must not keep the status and the history from being looked after.
  const quiet: Plan = {
    ...planCronJob(observed, context, true),
    waitingOn: isTaken ? 'the next time: a Job of that name exists already' : `a Job that can't be created: ${failure.message}`,
  }
  if (isTaken) return quiet
  return quiet.actions!.length > 0 || !deepEqual(quiet.status, observed.cronJob) ? { ...quiet, requeueAfterMs: 0 } : plan
}

/**
 * A new schedule is for times to come: what it would have started before it was written isn't made up for.
 * Upstream: cronjob_controllerv2.go updateCronJob.
 */
function planNewSchedule(cronJob: CronJob, now: number): Plan | undefined {
  const { schedule: text, timeZone } = cronJob.spec!
  let schedule: CronSchedule
  try {
    schedule = parseCronSchedule(text)
  } catch {
    const message = `unparseable schedule for cronjob: ${text}`
    return { events: [warning('UnParseableCronJobSchedule', message)], waitingOn: message }
  }
  // A zone that nobody knows is told of when the time comes.
  const known = timeZone !== undefined && isKnownTimeZone(timeZone) ? timeZone : 'UTC'
  const requeueAfterMs = untilNextTime(cronJob, { schedule, timeZone: known }, now)
  return requeueAfterMs === undefined ? undefined : { requeueAfterMs, waitingOn: 'the next time of its new schedule' }
}

function planCronJob({ cronJob, jobs }: ObservedCronJob, { now }: ReconcileContext, isQuiet = false): Plan {
  const seen = updateActiveJobs(cronJob, jobs)
  const current: CronJob = {
    ...cronJob,
    status: dropUndefined({ ...cronJob.status, active: orAbsent(seen.active), lastSuccessfulTime: seen.lastSuccessfulTime }),
  }
  const start = decideStart(current, jobs, now, isQuiet)
  const outdated = findOutdatedJobs(cronJob, jobs)
  return {
    actions: [...outdated.map(deleteJob), ...(start.actions ?? [])],
    status: start.next ?? current,
    events: [...seen.events, ...(start.events ?? [])],
    ...(start.requeueAfterMs !== undefined && { requeueAfterMs: start.requeueAfterMs }),
    ...(start.waitingOn !== undefined && { waitingOn: start.waitingOn }),
  }
}

interface Start {
  readonly actions?: readonly Action[]
  /** With the status that follows from the actions. */
  readonly next?: CronJob
  readonly events?: readonly PlannedEvent[]
  readonly requeueAfterMs?: number | undefined
  readonly waitingOn?: string
}

/** Is there a time to start a Job for, and may it start? @param isQuiet look, but start nothing */
function decideStart(cronJob: CronJob, jobs: readonly Job[], now: number, isQuiet: boolean): Start {
  if (cronJob.metadata.deletionTimestamp !== undefined) return { waitingOn: 'the CronJob to be deleted' }
  const { schedule: text, timeZone, suspend } = cronJob.spec!
  if (timeZone !== undefined && !isKnownTimeZone(timeZone)) {
    return refuse('UnknownTimeZone', `invalid timeZone: ${JSON.stringify(timeZone)}: unknown time zone ${timeZone}`)
  }
  if (suspend === true) return { waitingOn: 'the CronJob is suspended' }
  const events: PlannedEvent[] = []
  if (text.includes('TZ')) {
    const message = `CRON_TZ or TZ used in schedule ${JSON.stringify(text)} is not officially supported, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details`
    events.push(warning('UnsupportedSchedule', message))
  }
  let timetable: Timetable
  try {
    timetable = { schedule: parseCronSchedule(text), timeZone: timeZone ?? 'UTC' }
  } catch (error) {
    return refuse('UnparseableSchedule', `unparseable schedule: ${JSON.stringify(text)} : ${(error as Error).message}`, events)
  }
  let scheduledAt: number | undefined
  try {
    const { mostRecent, missed } = findScheduleTimes(cronJob, timetable, now, true)
    scheduledAt = mostRecent
    if (mostRecent !== undefined && missed === 'many') {
      const message = 'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew'
      events.push(warning('TooManyMissedTimes', message))
    }
  } catch (error) {
    return refuse('InvalidSchedule', `invalid schedule: ${text} : ${(error as Error).message}`, events)
  }

  const wait = (waitingOn: string, event?: PlannedEvent): Start => ({
    events: event === undefined ? events : [...events, event],
    requeueAfterMs: untilNextTime(cronJob, timetable, now),
    waitingOn,
  })
  if (scheduledAt === undefined) return wait('the next time of its schedule')
  const deadlineSeconds = cronJob.spec!.startingDeadlineSeconds
  // A second line of defence, as upstream's: times before the deadline aren't found in the first place.
  if (deadlineSeconds !== undefined && scheduledAt + deadlineSeconds * 1000 < now) {
    const message = `Missed scheduled time to start a job: ${rfc1123(scheduledAt)}`
    return wait('the next time of its schedule: the last was missed', warning('MissSchedule', message))
  }
  const active = cronJob.status?.active ?? []
  const name = scheduledJobName(cronJob, scheduledAt)
  if (active.some((reference) => reference.name === name) || parseTimestamp(cronJob.status?.lastScheduleTime) === scheduledAt) {
    return wait('the next time of its schedule')
  }
  if (cronJob.spec!.concurrencyPolicy === 'Forbid' && active.length > 0) {
    const message = 'Not starting job because prior execution is running and concurrency policy is Forbid'
    return wait('the Job that is running, as concurrencyPolicy is Forbid', { type: 'Normal', reason: 'JobAlreadyActive', message })
  }
  if (isQuiet) return wait('the next time of its schedule')
  return startJob(cronJob, jobs, scheduledAt, timetable, now, events)
}

function startJob(
  cronJob: CronJob,
  jobs: readonly Job[],
  scheduledAt: number,
  timetable: Timetable,
  now: number,
  events: readonly PlannedEvent[],
): Start {
  const isReplacing = cronJob.spec!.concurrencyPolicy === 'Replace'
  const running = cronJob.status?.active ?? []
  const replaced = isReplacing ? jobs.filter((job) => running.some(({ uid }) => uid === job.metadata.uid)) : []
  // Made before, but the status that says so was lost.
  const existing = jobs.find((job) => job.metadata.name === scheduledJobName(cronJob, scheduledAt))
  const active: ObjectReference[] = [...(isReplacing ? [] : running), ...(existing === undefined ? [] : [referenceTo(existing)])]
  const next: CronJob = {
    ...cronJob,
    status: dropUndefined({ ...cronJob.status, active: orAbsent(active), lastScheduleTime: timestamp(scheduledAt) }),
  }
  return {
    actions: [
      ...replaced.filter((job) => job.metadata.deletionTimestamp === undefined).map(deleteJob),
      ...(existing === undefined ? [createScheduledJob(cronJob, scheduledAt)] : []),
    ],
    next,
    events,
    requeueAfterMs: untilNextTime(next, timetable, now),
  }
}

function refuse(reason: string, message: string, before: readonly PlannedEvent[] = []): Start {
  return { events: [...before, warning(reason, message)], waitingOn: message }
}

function warning(reason: string, message: string): PlannedEvent {
  return { type: 'Warning', reason, message }
}

/** As Go's time.RFC1123Z writes it. */
function rfc1123(instantMs: number): string {
  return new Date(instantMs).toUTCString().replace('GMT', '+0000')
}

function orAbsent(list: readonly ObjectReference[]): ObjectReference[] | undefined {
  return list.length === 0 ? undefined : [...list]
}
