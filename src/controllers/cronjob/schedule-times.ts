/** Which times of its schedule a CronJob has missed, and when the next is. Upstream: cronjob/utils.go. */
import { parseTimestamp } from '../../api/meta/time.ts'
import type { CronJob } from '../../api/types.gen.ts'
import { type CronSchedule, nextAfter } from '../../lib/cron-schedule.ts'

/** So that a wake-up never comes before the time it is for. */
const WAKE_DELAY_MS = 100
/** More than an hourly schedule misses over a weekend, less than a wrong clock makes. */
const MANY = 100

export interface ScheduleTimes {
  /** Times up to this one are settled. */
  readonly since: number
  /** The latest time since then that has come. */
  readonly mostRecent?: number
  readonly missed: 'none' | 'few' | 'many'
}

export interface Timetable {
  readonly schedule: CronSchedule
  readonly timeZone: string
}

/**
 * An estimate from the distance of the first two times, as upstream makes it: for an uneven schedule it may find no most
 * recent time although there is one.
 * Upstream: mostRecentScheduleTime.
 * @param honoursDeadline leave out what came before the starting deadline
 * @throws Error when the schedule names no times
 */
export function findScheduleTimes(cronJob: CronJob, timetable: Timetable, now: number, honoursDeadline: boolean): ScheduleTimes {
  const next = (after: number | undefined) => (after === undefined ? undefined : nextAfter(timetable.schedule, after, timetable.timeZone))
  const deadlineSeconds = cronJob.spec?.startingDeadlineSeconds
  let since = parseTimestamp(cronJob.status?.lastScheduleTime ?? cronJob.metadata.creationTimestamp)
  if (honoursDeadline && deadlineSeconds !== undefined) since = Math.max(since, now - deadlineSeconds * 1000)

  const first = next(since)
  if (first !== undefined && now < first) return { since, missed: 'none' }
  const second = next(first)
  if (first === undefined || second === undefined) throw new Error('time difference between two schedules is less than 1 second')
  if (now < second) return { since, mostRecent: first, missed: 'none' }

  const distance = second - first
  const count = Math.floor((now - first) / distance) + 1
  let mostRecent: number | undefined
  for (let time = next(first + (count - 2) * distance); time !== undefined && time <= now; time = next(time)) mostRecent = time
  return { since, missed: count > MANY ? 'many' : 'few', ...(mostRecent !== undefined && { mostRecent }) }
}

/** Milliseconds until the CronJob has to be looked at again; undefined when its schedule has no more times. */
export function untilNextTime(cronJob: CronJob, timetable: Timetable, now: number): number | undefined {
  const next = nextAfter(timetable.schedule, lastSettled(cronJob, timetable, now), timetable.timeZone)
  return next === undefined ? undefined : Math.max(0, next + WAKE_DELAY_MS - now)
}

function lastSettled(cronJob: CronJob, timetable: Timetable, now: number): number {
  try {
    const { since, mostRecent, missed } = findScheduleTimes(cronJob, timetable, now, false)
    return mostRecent ?? (missed === 'none' ? since : now)
  } catch {
    return now
  }
}
