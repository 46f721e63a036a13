/** Jobs and pods for the tests of the Job controller's pure parts, and what its plans say, in a line each. */
import { timestamp } from '../../src/api/meta/time.ts'
import type { Job, JobSpec, JobStatus, Pod, PodStatus } from '../../src/api/types.gen.ts'
import { COMPLETION_INDEX, INDEX_FAILURE_COUNT } from '../../src/controllers/job/job-pods.ts'
import { TRACKING_FINALIZER } from '../../src/controllers/job/job-state.ts'
import { reconcile } from '../../src/controllers/job/reconcile.ts'
import type { Plan, ReconcileContext } from '../../src/runtime/plan.ts'

export const NOW = Date.parse('2026-03-01T12:00:00Z')
export const LABELS = { 'batch.kubernetes.io/controller-uid': 'job-uid' }
export const ago = (seconds: number) => timestamp(NOW - seconds * 1000)

export function makeJob(spec: Partial<JobSpec> = {}, status: JobStatus = {}, metadata: object = {}): Job {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'pi', namespace: 'ns', uid: 'job-uid', resourceVersion: '1', creationTimestamp: ago(3600), ...metadata } as never,
    spec: {
      parallelism: 1,
      completions: 1,
      backoffLimit: 6,
      completionMode: 'NonIndexed',
      suspend: false,
      podReplacementPolicy: spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed',
      selector: { matchLabels: LABELS },
      template: { metadata: { labels: LABELS }, spec: { containers: [{ name: 'c', image: 'i' }], restartPolicy: 'Never' } } as never,
      ...spec,
    },
    status: { startTime: ago(60), ready: 0, terminating: 0, uncountedTerminatedPods: {}, ...status },
  }
}

export interface PodOptions {
  phase?: string
  index?: number | string
  tracked?: boolean
  deleting?: boolean
  ready?: boolean
  finished?: number
  exitCode?: number
  failures?: number
  status?: Partial<PodStatus>
  owner?: string | null
  labels?: Record<string, string>
  node?: string
}

export function makePod(name: string, options: PodOptions = {}): Pod {
  const { phase = 'Running', index, tracked = true, deleting, ready, finished, exitCode, failures, owner = 'job-uid' } = options
  const annotations: Record<string, string> = {}
  if (index !== undefined) annotations[COMPLETION_INDEX] = String(index)
  if (failures !== undefined) annotations[INDEX_FAILURE_COUNT] = String(failures)
  const terminated = { exitCode: exitCode ?? 1, ...(finished !== undefined && { finishedAt: ago(finished) }) }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'ns',
      uid: `uid-${name}`,
      resourceVersion: '7',
      creationTimestamp: ago(1000),
      labels: options.labels ?? LABELS,
      annotations,
      ...(tracked && { finalizers: [TRACKING_FINALIZER] }),
      ...(deleting && { deletionTimestamp: ago(5), deletionGracePeriodSeconds: 0 }),
      ...(owner && { ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: 'pi', uid: owner, controller: true }] }),
    },
    spec: { containers: [{ name: 'c' }], ...(options.node && { nodeName: options.node }) },
    status: {
      phase,
      ...(ready && { conditions: [{ type: 'Ready', status: 'True' }] }),
      ...((finished !== undefined || exitCode !== undefined) && {
        containerStatuses: [{ name: 'c', image: '', imageID: '', ready: false, restartCount: 0, state: { terminated } }],
      }),
      ...options.status,
    },
  } as Pod
}

export function run(job: Job | undefined, pods: Pod[] = [], context: Partial<ReconcileContext> = {}, orphans: Pod[] = []): Plan {
  let serial = 0
  const newName = (base: string) => `${base}n${serial++}`
  return reconcile({ job, candidates: pods, orphans }, { now: NOW, newName, ...context })
}

/** A plan's actions on a line each: `create pi-n0`, `delete a`, `untrack b`. */
export function actions(plan: Plan): string[] {
  return (plan.actions ?? []).map((action) => {
    if (action.verb === 'create') return `create ${action.object.metadata.name}`
    if (action.verb === 'delete') return `delete ${action.target.name}`
    return action.verb === 'patch' ? `untrack ${action.target.name}` : action.verb
  })
}

export function statusOf(plan: Plan): JobStatus {
  return JSON.parse(JSON.stringify((plan.status as Job).status))
}

/** Conditions as `Type=Status/Reason`. */
export function conditions(plan: Plan): string[] {
  return (statusOf(plan).conditions ?? []).map(({ type, status, reason }) => `${type}=${status}/${reason}`)
}

export const events = (plan: Plan) => (plan.events ?? []).map(({ type, reason, message }) => `${type} ${reason} ${message}`)
export const condition = (type: string, reason = '', message = '') => ({
  type,
  status: 'True',
  reason,
  message,
  lastTransitionTime: ago(9),
})
export const succeededPods = (count: number, options: PodOptions = {}) =>
  Array.from({ length: count }, (_, i) => makePod(`s${i}`, { phase: 'Succeeded', ...options }))
export const failedPods = (count: number, options: PodOptions = {}) =>
  Array.from({ length: count }, (_, i) => makePod(`f${i}`, { phase: 'Failed', finished: 700, ...options }))
export const activePods = (count: number, options: PodOptions = {}) => Array.from({ length: count }, (_, i) => makePod(`a${i}`, options))
export const creates = (count: number) => Array.from({ length: count }, (_, i) => `create pi-n${i}`)

export const INDEXED: Partial<JobSpec> = { completionMode: 'Indexed', parallelism: 3, completions: 5 }
/** Pods p0, p1, … with these indexes. */
export const indexed = (...list: readonly (readonly [index: number | string, options?: PodOptions])[]) =>
  list.map(([index, options], i) => makePod(`p${i}`, { index, ...options }))
