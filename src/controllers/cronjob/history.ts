import { parseTimestamp } from '../../api/meta/time.ts'
import type { CronJob, Job } from '../../api/types.gen.ts'
import { finishedAs } from '../job/job-state.ts'

/** The finished Jobs beyond the history limits, those that started first. Upstream: cronjob_controllerv2.go cleanupFinishedJobs. */
export function findOutdatedJobs(cronJob: CronJob, jobs: readonly Job[]): Job[] {
  return [
    ...oldest(
      jobs.filter((job) => finishedAs(job) === 'Complete'),
      cronJob.spec?.successfulJobsHistoryLimit,
    ),
    ...oldest(
      jobs.filter((job) => finishedAs(job) === 'Failed'),
      cronJob.spec?.failedJobsHistoryLimit,
    ),
  ].filter((job) => job.metadata.deletionTimestamp === undefined)
}

function oldest(jobs: readonly Job[], limit: number | undefined): Job[] {
  if (limit === undefined || jobs.length <= limit) return []
  return [...jobs].sort(compareStart).slice(0, jobs.length - limit)
}

/** Jobs that never started last. */
function compareStart(a: Job, b: Job): number {
  const [startA, startB] = [a, b].map((job) => parseTimestamp(job.status?.startTime ?? '9999-12-31T23:59:59Z')) as [number, number]
  return startA - startB || (a.metadata.name < b.metadata.name ? -1 : 1)
}
