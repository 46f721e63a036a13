/** What a CronJob's status says about its Jobs, brought up to date. Upstream: cronjob_controllerv2.go syncCronJob, first half. */
import { parseTimestamp } from '../../api/meta/time.ts'
import type { CronJob, Job, ObjectReference } from '../../api/types.gen.ts'
import type { PlannedEvent } from '../../runtime/plan.ts'
import { finishedAs, isJobFinished, JOB_API_VERSION } from '../job/job-state.ts'
import { scheduledJobName } from './scheduled-job.ts'

export interface JobsInStatus {
  readonly active: readonly ObjectReference[]
  readonly lastSuccessfulTime: string | undefined
  readonly events: readonly PlannedEvent[]
}

export function updateActiveJobs(cronJob: CronJob, jobs: readonly Job[]): JobsInStatus {
  const listed = new Set(cronJob.status?.active?.map(({ uid }) => uid))
  const byUid = new Map(jobs.map((job) => [job.metadata.uid, job]))
  const lastStarted = nameOfLastStarted(cronJob)
  const events: PlannedEvent[] = []
  const active: ObjectReference[] = []

  for (const job of jobs) {
    const name = job.metadata.name
    const isListed = listed.has(job.metadata.uid)
    if (isListed && isJobFinished(job)) {
      const message = `Saw completed job: ${name}, condition: ${finishedAs(job)}`
      events.push({ type: 'Normal', reason: 'SawCompletedJob', message })
    } else if (!isListed && !isJobFinished(job) && name !== lastStarted) {
      const message = `Saw a job that the controller did not create or forgot: ${name}`
      events.push({ type: 'Warning', reason: 'UnexpectedJob', message })
    }
  }
  for (const reference of cronJob.status?.active ?? []) {
    const job = byUid.get(reference.uid ?? '')
    if (job === undefined) events.push({ type: 'Normal', reason: 'MissingJob', message: `Active job went missing: ${reference.name}` })
    else if (!isJobFinished(job)) active.push(reference)
  }
  // The one started last isn't listed yet: its uid wasn't known when the status was written.
  const started = jobs.find((job) => job.metadata.name === lastStarted && !listed.has(job.metadata.uid) && !isJobFinished(job))
  if (started !== undefined) active.push(referenceTo(started))
  return { active, lastSuccessfulTime: latestSuccess(cronJob, jobs), events }
}

export function referenceTo({ metadata: { name, namespace, uid, resourceVersion } }: Job): ObjectReference {
  return { apiVersion: JOB_API_VERSION, kind: 'Job', name, namespace, uid, resourceVersion }
}

function nameOfLastStarted(cronJob: CronJob): string | undefined {
  const time = parseTimestamp(cronJob.status?.lastScheduleTime)
  return Number.isNaN(time) ? undefined : scheduledJobName(cronJob, time)
}

function latestSuccess(cronJob: CronJob, jobs: readonly Job[]): string | undefined {
  let latest = cronJob.status?.lastSuccessfulTime
  for (const job of jobs) {
    const completed = finishedAs(job) === 'Complete' ? job.status?.completionTime : undefined
    if (completed !== undefined && !(parseTimestamp(completed) <= parseTimestamp(latest))) latest = completed
  }
  return latest
}
