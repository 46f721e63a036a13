/** CronJobs and Jobs of one day for the tests of the CronJob controller's pure parts, and what its plans say, in a line each. */
import { timestamp } from '../../src/api/meta/time.ts'
import type { CronJob, CronJobSpec, CronJobStatus, Job, ObjectReference } from '../../src/api/types.gen.ts'
import { reconcile } from '../../src/controllers/cronjob/reconcile.ts'
import type { Plan, ReconcileContext } from '../../src/runtime/plan.ts'

export const at = (text: string) => Date.parse(`2026-03-02T${text}Z`)
export const time = (text: string) => timestamp(at(text))
export const nameAt = (text: string) => `backup-${at(text) / 60_000}`

export function makeCronJob(spec: Partial<CronJobSpec> = {}, status: CronJobStatus = {}, metadata: object = {}): CronJob {
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

export interface JobOptions {
  finished?: 'Complete' | 'Failed'
  start?: string
  completed?: string
  deleting?: boolean
}

export function makeJob(name: string, { finished, start, completed, deleting }: JobOptions = {}): Job {
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

export const reference = (name: string): ObjectReference => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  name,
  namespace: 'ns',
  uid: `uid-${name}`,
  resourceVersion: '5',
})

export function run(cronJob: CronJob, jobs: Job[], now: number, context: Partial<ReconcileContext> = {}): Plan {
  return reconcile({ cronJob, jobs }, { now, newName: (base) => base, ...context })
}

export const actions = (plan: Plan) =>
  (plan.actions ?? []).map((action) =>
    action.verb === 'create' ? `create ${action.object.metadata.name}` : `${action.verb} ${'target' in action && action.target.name}`,
  )
export const events = (plan: Plan) => (plan.events ?? []).map(({ type, reason, message }) => `${type} ${reason} ${message}`)
export const statusOf = (plan: Plan): CronJobStatus => JSON.parse(JSON.stringify((plan.status as CronJob).status))
