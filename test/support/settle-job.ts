/** What follows at once from a Job and its pods: plans carried out one after the other, until one changes nothing. */
import { timestamp } from '../../src/api/meta/time.ts'
import type { Job, JobSpec, JobStatus, Pod } from '../../src/api/types.gen.ts'
import { type FailureRecord, recordFailures } from '../../src/controllers/job/backoff.ts'
import { reconcile } from '../../src/controllers/job/reconcile.ts'
import { deepEqual } from '../../src/lib/deep-equal.ts'
import type { Action, PlannedEvent } from '../../src/runtime/plan.ts'
import { makeJob, makePod, NOW } from './job-objects.ts'

export interface Settled {
  readonly job: Job
  /** Those that are left, by name. */
  readonly pods: ReadonlyMap<string, Pod>
  /** Every status that was written, in order. */
  readonly statuses: readonly JobStatus[]
  /** What was done to pods: `create pi-n0`, `delete a`, `untrack b`. */
  readonly done: readonly string[]
  readonly created: readonly Pod[]
  readonly events: readonly PlannedEvent[]
  /** Of the last plan. */
  readonly requeueAfterMs: number | undefined
}

const MOST_PLANS = 30

/**
 * Pods that are deleted stay, as on a node that takes its time; new ones are pending.
 * @param failures what the controller remembers of pods that failed before
 */
export function settle(given: Job, givenPods: readonly Pod[], { now = NOW, failures }: { now?: number; failures?: FailureRecord } = {}) {
  let job = given
  let record = failures
  const pods = new Map(givenPods.map((pod) => [pod.metadata.name, pod]))
  const statuses: JobStatus[] = []
  const done: string[] = []
  const created: Pod[] = []
  const events: PlannedEvent[] = []
  const carryOut = (action: Action) => {
    if (action.verb === 'create') {
      const { metadata } = action.object
      const pod = {
        ...action.object,
        metadata: { ...metadata, uid: `uid-${metadata.name}` },
        status: { phase: 'Pending' },
      } as unknown as Pod
      pods.set(metadata.name!, pod)
      created.push(pod)
      done.push(`create ${metadata.name}`)
    } else if (action.verb === 'patch') {
      const pod = pods.get(action.target.name)!
      const metadata = { ...pod.metadata, ...(action.patch.metadata as object) }
      pods.set(action.target.name, JSON.parse(JSON.stringify({ ...pod, metadata }, (_, value) => value ?? undefined)))
      done.push(`untrack ${action.target.name}`)
    } else if (action.verb === 'delete') {
      const pod = pods.get(action.target.name)!
      const metadata = { ...pod.metadata, deletionTimestamp: timestamp(now), deletionGracePeriodSeconds: 0 }
      pods.set(action.target.name, { ...pod, metadata })
      done.push(`delete ${action.target.name}`)
    }
  }
  let serial = 0
  for (let plans = 0; plans < MOST_PLANS; plans++) {
    const candidates = [...pods.values()]
    record = recordFailures(record, job, candidates)
    const plan = reconcile({ job, candidates, orphans: [], failures: record }, { now, newName: (base) => `${base}n${serial++}` })
    for (const action of plan.actions ?? []) carryOut(action)
    events.push(...(plan.events ?? []))
    const isWritten = plan.status !== undefined && !deepEqual(plan.status, job)
    if (isWritten) {
      job = plan.status as Job
      statuses.push(structuredClone(job.status!))
    }
    if (!isWritten && !plan.actions?.length) {
      return { job, pods, statuses, done, created, events, requeueAfterMs: plan.requeueAfterMs } satisfies Settled
    }
  }
  throw new Error(`still not settled after ${MOST_PLANS} plans: ${done.join(', ')}`)
}

/** What a row expects; what isn't named is 0, or none. */
export interface Outcome {
  readonly creates?: number
  /** Indexes of the pods that were created. */
  readonly createdIndexes?: readonly number[]
  readonly deletes?: number
  readonly untracks?: number
  readonly active?: number
  readonly ready?: number
  readonly terminating?: number
  readonly succeeded?: number
  readonly failed?: number
  readonly completedIndexes?: string
  readonly failedIndexes?: string
  /** `Type Reason`, `Type=False Reason`. */
  readonly conditions?: readonly string[]
}

export function outcomeOf({ job: { status = {} }, done, created }: Settled): Outcome {
  const count = (verb: string) => done.filter((line) => line.startsWith(verb)).length
  const indexes = created.map(({ metadata }) => metadata.annotations?.['batch.kubernetes.io/job-completion-index'])
  const { active, ready, terminating, succeeded, failed, completedIndexes, failedIndexes } = status
  const numbers = {
    creates: count('create'),
    deletes: count('delete'),
    untracks: count('untrack'),
    active,
    ready,
    terminating,
    succeeded,
    failed,
  }
  return {
    ...Object.fromEntries(Object.entries(numbers).filter(([, value]) => value)),
    ...(indexes.some((index) => index !== undefined) && { createdIndexes: indexes.map(Number) }),
    ...(completedIndexes && { completedIndexes }),
    ...(failedIndexes !== undefined && { failedIndexes }),
    ...(status.conditions?.length && {
      conditions: status.conditions.map(({ type, status: verdict, reason }) => `${type}${verdict === 'True' ? '' : '=False'} ${reason}`),
    }),
  }
}

/** A row of a table: a Job and its pods, and what becomes of them. */
export interface SettleRow {
  readonly name: string
  readonly spec: Partial<JobSpec>
  readonly status?: JobStatus
  readonly metadata?: object
  readonly pods?: readonly Pod[]
  /** What the controller remembers. */
  readonly failures?: Partial<FailureRecord>
  readonly becomes: Outcome
  /** Of every condition there is then. */
  readonly message?: string
}

export function settleRow({ spec, status, metadata, pods = [], failures }: SettleRow): Settled {
  const record = failures && { jobUid: 'job-uid', failures: 0, lastFailure: undefined, seen: new Set<string>(), ...failures }
  return settle(makeJob(spec, status, metadata), pods, record && { failures: record })
}

/** Pods by what they do; those that have ended did so long ago. */
export function podsOf(counts: { readonly [kind in 'pending' | 'running' | 'ready' | 'succeeded' | 'failed' | 'terminating']?: number }) {
  const some = (kind: string, count: number | undefined, options: Parameters<typeof makePod>[1]) =>
    Array.from({ length: count ?? 0 }, (_, i) => makePod(`${kind}${i}`, options))
  return [
    ...some('pending', counts.pending, { phase: 'Pending' }),
    ...some('running', counts.running, {}),
    ...some('ready', counts.ready, { ready: true }),
    ...some('succeeded', counts.succeeded, { phase: 'Succeeded', finished: 700, exitCode: 0 }),
    ...some('failed', counts.failed, { phase: 'Failed', finished: 700 }),
    ...some('terminating', counts.terminating, { deleting: true }),
  ]
}

/** Pods of an Indexed Job: `0 Succeeded`, `x Running` (no index that is one), `1 Failed 3` (three failures behind it). */
export function indexedPods(...lines: readonly string[]): Pod[] {
  return lines.map((line, i) => {
    const [index, phase, failures] = line.split(' ')
    const hasEnded = phase === 'Failed' || phase === 'Succeeded'
    return makePod(`p${i}`, {
      ...(index !== '-' && { index: index! }),
      phase: phase === 'Terminating' ? 'Running' : phase!,
      ...(phase === 'Terminating' && { deleting: true }),
      ...(hasEnded && { finished: 7000, exitCode: phase === 'Failed' ? 1 : 0 }),
      ...(failures !== undefined && { failures: Number(failures) }),
    })
  })
}
