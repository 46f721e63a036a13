/** Starts a Job at each time of a CronJob's schedule, and keeps the record of those it started. */
import type { CronJob, Job } from '../../api/types.gen.ts'
import type { ControllerDefinition } from '../../runtime/controller.ts'
import { ownerKeys, splitKey } from '../../runtime/owner-keys.ts'
import { JOBS } from '../job/job-state.ts'
import { type ObservedCronJob, reconcile } from './reconcile.ts'

export const CRON_JOBS = 'cronjobs.batch'

/** A new one for each cluster: it remembers schedules, to see when they change. */
export function cronJobController(): ControllerDefinition<ObservedCronJob> {
  const known = new Map<string, string>()
  return {
    name: 'cronjob',
    reconciles: CRON_JOBS,
    watches: { [JOBS]: ownerKeys('CronJob') },
    observe(reader, key) {
      const { namespace, name } = splitKey(key)
      const cronJob = reader.get<CronJob>(CRON_JOBS, namespace, name)
      if (cronJob === undefined) {
        known.delete(key)
        return undefined
      }
      const before = known.get(key)
      const timetable = timetableOf(cronJob)
      known.set(key, timetable)
      return {
        cronJob,
        jobs: reader.controlledBy<Job>(JOBS, cronJob.metadata.uid),
        isRescheduled: before !== undefined && before !== timetable && sameObject(before, timetable),
      }
    },
    reconcile,
  }
}

/** The uid and what the times follow from, on lines. */
function timetableOf({ metadata, spec }: CronJob): string {
  return `${metadata.uid}\n${spec?.schedule}\n${spec?.timeZone ?? ''}`
}

function sameObject(a: string, b: string): boolean {
  return a.split('\n')[0] === b.split('\n')[0]
}
