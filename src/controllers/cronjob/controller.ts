/** Starts a Job at each time of a CronJob's schedule, and keeps the record of those it started. */
import type { CronJob, Job } from '../../api/types.gen.ts'
import type { ControllerDefinition } from '../../runtime/controller.ts'
import { ownerKeys, splitKey } from '../../runtime/owner-keys.ts'
import { JOBS } from '../job/job-state.ts'
import { type ObservedCronJob, reconcile } from './reconcile.ts'

export const CRON_JOBS = 'cronjobs.batch'

export const cronJobController: ControllerDefinition<ObservedCronJob> = {
  name: 'cronjob',
  reconciles: CRON_JOBS,
  watches: { [JOBS]: ownerKeys('CronJob') },
  observe(reader, key) {
    const { namespace, name } = splitKey(key)
    const cronJob = reader.get<CronJob>(CRON_JOBS, namespace, name)
    return cronJob && { cronJob, jobs: reader.controlledBy<Job>(JOBS, cronJob.metadata.uid) }
  },
  reconcile,
}
