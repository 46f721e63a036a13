/** The Jobs a CronJob creates. Upstream: cronjob/utils.go getJobFromTemplate2. */
import { controllerReference } from '../../api/meta/owner-references.ts'
import type { CronJob, Job } from '../../api/types.gen.ts'
import { formatInZone } from '../../lib/time-zone.ts'
import type { CreateAction, DeleteAction } from '../../runtime/plan.ts'
import { JOB_API_VERSION, JOBS } from '../job/job-state.ts'

const SCHEDULED_TIMESTAMP = 'batch.kubernetes.io/cronjob-scheduled-timestamp'

/** The same time always gives the same name, so a Job is never made twice. */
export function scheduledJobName(cronJob: CronJob, scheduledAt: number): string {
  return `${cronJob.metadata.name}-${Math.floor(scheduledAt / 60_000)}`
}

export function createScheduledJob(cronJob: CronJob, scheduledAt: number): CreateAction {
  const template = cronJob.spec!.jobTemplate
  const name = scheduledJobName(cronJob, scheduledAt)
  const job = {
    apiVersion: JOB_API_VERSION,
    kind: 'Job',
    metadata: {
      name,
      namespace: cronJob.metadata.namespace,
      ...(template.metadata?.labels && { labels: { ...template.metadata.labels } }),
      annotations: {
        ...template.metadata?.annotations,
        [SCHEDULED_TIMESTAMP]: formatInZone(scheduledAt, cronJob.spec!.timeZone ?? 'UTC'),
      },
      ownerReferences: [controllerReference(cronJob, JOB_API_VERSION, 'CronJob')],
    },
    spec: structuredClone(template.spec),
  }
  return {
    verb: 'create',
    resource: JOBS,
    object: job,
    event: { type: 'Normal', reason: 'SuccessfulCreate', message: `Created job ${name}` },
    failureEvent: { type: 'Warning', reason: 'FailedCreate', message: 'Error creating job: ' },
  }
}

export function deleteJob(job: Job): DeleteAction {
  const { namespace, name, uid } = job.metadata
  return {
    verb: 'delete',
    target: { resource: JOBS, namespace, name },
    preconditions: { uid },
    propagationPolicy: 'Background',
    event: { type: 'Normal', reason: 'SuccessfulDelete', message: `Deleted job ${name}` },
    failureEvent: { type: 'Warning', reason: 'FailedDelete', message: 'Deleted job: ' },
  }
}
