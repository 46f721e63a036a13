import { describe, expect, it } from 'vitest'
import { timestamp } from '../../src/api/meta/time.ts'
import type { Job, JobSpec, JobStatus, Pod, PodStatus } from '../../src/api/types.gen.ts'
import { jobController } from '../../src/controllers/job/controller.ts'
import { COMPLETION_INDEX, INDEX_FAILURE_COUNT, INDEX_IGNORED_FAILURE_COUNT } from '../../src/controllers/job/job-pods.ts'
import { TRACKING_FINALIZER } from '../../src/controllers/job/job-state.ts'
import { reconcile } from '../../src/controllers/job/reconcile.ts'
import type { Reader } from '../../src/runtime/controller.ts'
import type { Plan, ReconcileContext } from '../../src/runtime/plan.ts'

const NOW = Date.parse('2026-03-01T12:00:00Z')
const LABELS = { 'batch.kubernetes.io/controller-uid': 'job-uid' }
const ago = (seconds: number) => timestamp(NOW - seconds * 1000)

function makeJob(spec: Partial<JobSpec> = {}, status: JobStatus = {}, metadata: object = {}): Job {
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

interface PodOptions {
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

function makePod(name: string, options: PodOptions = {}): Pod {
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

function run(job: Job | undefined, pods: Pod[] = [], context: Partial<ReconcileContext> = {}, orphans: Pod[] = []): Plan {
  let serial = 0
  const newName = (base: string) => `${base}n${serial++}`
  return reconcile({ job, candidates: pods, orphans }, { now: NOW, newName, ...context })
}

/** A plan's actions on a line each: `create pi-n0`, `delete a`, `untrack b`. */
function actions(plan: Plan): string[] {
  return (plan.actions ?? []).map((action) => {
    if (action.verb === 'create') return `create ${action.object.metadata.name}`
    if (action.verb === 'delete') return `delete ${action.target.name}`
    return action.verb === 'patch' ? `untrack ${action.target.name}` : action.verb
  })
}

function statusOf(plan: Plan): JobStatus {
  return JSON.parse(JSON.stringify((plan.status as Job).status))
}

/** Conditions as `Type=Status/Reason`. */
function conditions(plan: Plan): string[] {
  return (statusOf(plan).conditions ?? []).map(({ type, status, reason }) => `${type}=${status}/${reason}`)
}

const events = (plan: Plan) => (plan.events ?? []).map(({ type, reason, message }) => `${type} ${reason} ${message}`)
const condition = (type: string, reason = '', message = '') => ({ type, status: 'True', reason, message, lastTransitionTime: ago(9) })
const succeededPods = (count: number, options: PodOptions = {}) =>
  Array.from({ length: count }, (_, i) => makePod(`s${i}`, { phase: 'Succeeded', ...options }))
const failedPods = (count: number, options: PodOptions = {}) =>
  Array.from({ length: count }, (_, i) => makePod(`f${i}`, { phase: 'Failed', finished: 700, ...options }))
const activePods = (count: number, options: PodOptions = {}) => Array.from({ length: count }, (_, i) => makePod(`a${i}`, options))
const creates = (count: number) => Array.from({ length: count }, (_, i) => `create pi-n${i}`)

describe('how many pods run', () => {
  it.each<{ name: string; spec: Partial<JobSpec>; status?: JobStatus; pods?: Pod[]; does: string[]; active?: number }>([
    { name: 'start: parallelism', spec: { parallelism: 2, completions: 5 }, does: creates(2), active: 2 },
    { name: 'start: no more than completions', spec: { parallelism: 5, completions: 2 }, does: creates(2), active: 2 },
    { name: 'start without completions', spec: { parallelism: 2, completions: undefined as never }, does: creates(2), active: 2 },
    { name: 'enough', spec: { parallelism: 2, completions: 5 }, pods: activePods(2), does: [], active: 2 },
    {
      name: 'pending pods count',
      spec: { parallelism: 2, completions: 5 },
      pods: activePods(2, { phase: 'Pending' }),
      does: [],
      active: 2,
    },
    { name: 'too few', spec: { parallelism: 2, completions: 5 }, pods: activePods(1), does: creates(1), active: 2 },
    {
      name: 'never more than is left to complete',
      spec: { parallelism: 3, completions: 5 },
      status: { succeeded: 4 },
      does: creates(1),
      active: 1,
    },
    {
      name: 'too many: least far in their life first',
      spec: { parallelism: 2, completions: 5 },
      pods: [makePod('on-node', { node: 'n' }), makePod('pending', { phase: 'Pending' }), makePod('ready', { node: 'n', ready: true })],
      does: ['untrack pending', 'delete pending'],
      active: 2,
    },
    { name: 'parallelism zero', spec: { parallelism: 0, completions: 5 }, pods: activePods(1), does: ['untrack a0', 'delete a0'] },
    {
      name: 'without completions, a success stops new pods',
      spec: { parallelism: 3, completions: undefined as never },
      status: { succeeded: 1 },
      pods: activePods(1),
      does: [],
      active: 1,
    },
    {
      name: 'a terminating pod is replaced at once',
      spec: { parallelism: 1 },
      // its deletion was 5 s ago: the back-off of 10 s counts it as a failure
      pods: [makePod('t', { deleting: true, tracked: false })],
      does: creates(1),
      active: 1,
    },
    {
      name: 'or only when it has ended',
      spec: { parallelism: 1, podReplacementPolicy: 'Failed' },
      pods: [makePod('t', { deleting: true })],
      does: [],
    },
    { name: 'no more than 500 at once', spec: { parallelism: 1000, completions: 1000 }, does: creates(500), active: 500 },
  ])('$name', ({ spec, status, pods, does, active }) => {
    const plan = run(makeJob(spec, status), pods)
    expect(actions(plan)).toEqual(does)
    expect(statusOf(plan).active).toBe(active)
    if (does.length === 0) expect(plan.waitingOn).toBeTruthy()
  })

  it('says what pods it makes and how that goes', () => {
    const plan = run(makeJob())
    expect(plan.actions).toMatchObject([
      {
        verb: 'create',
        resource: 'pods',
        object: {
          metadata: {
            name: 'pi-n0',
            generateName: 'pi-',
            namespace: 'ns',
            labels: LABELS,
            finalizers: [TRACKING_FINALIZER],
            ownerReferences: [
              { apiVersion: 'batch/v1', kind: 'Job', name: 'pi', uid: 'job-uid', controller: true, blockOwnerDeletion: true },
            ],
          },
        },
        event: { type: 'Normal', reason: 'SuccessfulCreate', message: 'Created pod: pi-n0' },
        failureEvent: { type: 'Warning', reason: 'FailedCreate', message: 'Error creating: ' },
      },
    ])
    expect(statusOf(plan)).toEqual({ active: 1, ready: 0, terminating: 0, startTime: ago(60), uncountedTerminatedPods: {} })
  })

  it('counts ready and terminating pods', () => {
    const pods = [...activePods(2, { ready: true }), makePod('x'), makePod('t', { deleting: true, tracked: false, ready: true })]
    const plan = run(makeJob({ parallelism: 3, completions: 9 }), pods)
    expect(statusOf(plan)).toMatchObject({ active: 3, ready: 2, terminating: 1 })
  })

  it('sets the start time once', () => {
    expect(statusOf(run(makeJob({}, { startTime: undefined })))).toMatchObject({ startTime: ago(0) })
    expect(statusOf(run(makeJob()))).toMatchObject({ startTime: ago(60) })
  })
})

describe('pods that ended', () => {
  it('are named in the status before anything else', () => {
    const plan = run(makeJob({ parallelism: 2, completions: 5 }), [...succeededPods(1), ...failedPods(1)])
    expect(actions(plan)).toEqual(creates(2))
    expect(statusOf(plan)).toMatchObject({ uncountedTerminatedPods: { succeeded: ['uid-s0'], failed: ['uid-f0'] } })
    expect(statusOf(plan)).not.toHaveProperty('succeeded')
  })

  it('then lose their finalizer and are counted', () => {
    const status = { uncountedTerminatedPods: { succeeded: ['uid-s0'], failed: ['uid-f0'] }, active: 2 }
    const plan = run(makeJob({ parallelism: 2, completions: 5 }, status), [...succeededPods(1), ...failedPods(1), ...activePods(2)])
    expect(actions(plan)).toEqual(['untrack s0', 'untrack f0'])
    expect(plan.actions![0]).toMatchObject({ patch: { metadata: { uid: 'uid-s0', resourceVersion: '7', finalizers: null } } })
    expect(statusOf(plan)).toMatchObject({ succeeded: 1, failed: 1, uncountedTerminatedPods: {} })
  })

  it.each<{ name: string; pods: Pod[] }>([
    { name: 'without their finalizer', pods: [...succeededPods(1, { tracked: false }), ...activePods(2)] },
    { name: 'when they are gone', pods: activePods(2) },
  ])('are counted $name', ({ pods }) => {
    const status = { succeeded: 1, failed: 2, uncountedTerminatedPods: { succeeded: ['uid-s0'], failed: ['uid-x', 'uid-y'] } }
    const plan = run(makeJob({ parallelism: 2, completions: 5 }, status), pods)
    expect(actions(plan)).toEqual([])
    expect(statusOf(plan)).toMatchObject({ succeeded: 2, failed: 4, uncountedTerminatedPods: {} })
  })

  it('are counted 500 at a time', () => {
    const plan = run(makeJob({ parallelism: 1, completions: 2000 }, { active: 1 }), [...succeededPods(600), ...activePods(1)])
    expect(statusOf(plan).uncountedTerminatedPods?.succeeded).toHaveLength(500)
  })

  it('make room for those still uncounted as they go', () => {
    const uncounted = Array.from({ length: 500 }, (_, i) => `uid-s${i}`)
    const job = makeJob({ parallelism: 1, completions: 2000 }, { active: 1, uncountedTerminatedPods: { succeeded: uncounted } })
    const plan = run(job, [...succeededPods(600), ...activePods(1)])
    expect(actions(plan)).toHaveLength(500)
    expect(statusOf(plan)).toMatchObject({ succeeded: 500, uncountedTerminatedPods: {} })
  })

  it('are let go without being counted when the Job is being deleted', () => {
    const job = makeJob({}, {}, { deletionTimestamp: ago(1) })
    const plan = run(job, [makePod('a')])
    expect(actions(plan)).toEqual(['untrack a'])
    expect(statusOf(plan)).toMatchObject({ active: 1, uncountedTerminatedPods: {} })
  })

  it('that are terminating count as failed at once', () => {
    expect(statusOf(run(makeJob(), [makePod('t', { deleting: true })])).uncountedTerminatedPods).toEqual({ failed: ['uid-t'] })
  })

  it('that are terminating count when they have ended, if only those are replaced', () => {
    const job = makeJob({ podReplacementPolicy: 'Failed' })
    expect(statusOf(run(job, [makePod('t', { deleting: true })])).uncountedTerminatedPods).toEqual({})
    const ended = makePod('t', { deleting: true, phase: 'Failed' })
    expect(statusOf(run(job, [ended])).uncountedTerminatedPods).toEqual({ failed: ['uid-t'] })
  })
})

describe('the back-off', () => {
  it.each<{ name: string; pods: Pod[]; wait: number | undefined }>([
    { name: 'first failure', pods: failedPods(1, { finished: 3 }), wait: 7_000 },
    { name: 'first failure, over', pods: failedPods(1, { finished: 10 }), wait: undefined },
    { name: 'second', pods: failedPods(2, { finished: 3 }), wait: 17_000 },
    { name: 'third', pods: failedPods(3, { finished: 0 }), wait: 40_000 },
    { name: 'seventh is the longest', pods: failedPods(8, { finished: 0, tracked: false }), wait: 600_000 },
    {
      name: 'from the latest failure',
      pods: [makePod('x', { phase: 'Failed', finished: 500 }), makePod('y', { phase: 'Failed', finished: 5 })],
      wait: 15_000,
    },
    {
      name: 'starts over after a success',
      pods: [...failedPods(3, { finished: 20 }), ...succeededPods(1, { finished: 10, exitCode: 0 })],
      wait: undefined,
    },
    {
      name: 'counts failures after the last success',
      pods: [...failedPods(2, { finished: 3 }), ...succeededPods(1, { finished: 10, exitCode: 0 })],
      wait: 17_000,
    },
    { name: 'counts pods counted before', pods: failedPods(1, { finished: 3, tracked: false }), wait: 7_000 },
    { name: 'counts what was deleted from outside', pods: [makePod('t', { deleting: true })], wait: 5_000 },
    { name: 'not what the Job itself removed', pods: [makePod('t', { deleting: true, tracked: false, phase: 'Failed' })], wait: undefined },
    {
      name: 'from the Ready condition where no container says',
      pods: [makePod('x', { phase: 'Failed', status: { conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: ago(4) }] } })],
      wait: 6_000,
    },
    {
      name: 'from the end of a sidecar, which is later',
      pods: failedPods(1, { finished: 9 }).map((pod) => {
        const state = { terminated: { exitCode: 0, finishedAt: ago(2) } }
        const sidecar = { name: 's', image: '', imageID: '', ready: false, restartCount: 0, state }
        const once = { ...sidecar, name: 'once', state: { terminated: { exitCode: 0, finishedAt: ago(1) } } }
        const initContainers = [{ name: 's', restartPolicy: 'Always' }, { name: 'once' }]
        return {
          ...pod,
          spec: { ...pod.spec, initContainers },
          status: { ...pod.status, initContainerStatuses: [sidecar, once] },
        }
      }),
      wait: 8_000,
    },
  ])('$name', ({ pods, wait }) => {
    const plan = run(makeJob({ parallelism: 1, completions: 5, backoffLimit: 20 }), pods)
    expect(plan.requeueAfterMs).toBe(wait)
    expect(actions(plan).filter((line) => line.startsWith('create'))).toHaveLength(wait === undefined ? 1 : 0)
    if (wait !== undefined) expect(plan.waitingOn).toMatch(/back-off/)
  })
})

it('tells how many are active while it backs off', () => {
  // Upstream tells 0 there (manageJob), which its validation refuses while the active pod is ready: no more ready than active.
  const pods = [...failedPods(1, { finished: 3 }), ...activePods(1)]
  expect(statusOf(run(makeJob({ parallelism: 2, completions: 5 }, { active: 1 }), pods)).active).toBe(1)
})

describe('failing', () => {
  const BACKOFF = ['FailureTarget=True/BackoffLimitExceeded']
  it.each<{ name: string; spec: Partial<JobSpec>; status?: JobStatus; pods?: Pod[]; conditions: string[] }>([
    { name: 'limit not exceeded', spec: { backoffLimit: 2 }, status: { failed: 1 }, pods: failedPods(1), conditions: [] },
    { name: 'limit exceeded', spec: { backoffLimit: 1 }, status: { failed: 1 }, pods: failedPods(1), conditions: BACKOFF },
    {
      name: 'uncounted pods count',
      spec: { backoffLimit: 1 },
      status: { uncountedTerminatedPods: { failed: ['uid-f0', 'uid-f1'] } },
      pods: failedPods(2),
      conditions: BACKOFF,
    },
    {
      name: 'but not twice',
      spec: { backoffLimit: 1 },
      status: { uncountedTerminatedPods: { failed: ['uid-f0'] } },
      pods: failedPods(1),
      conditions: [],
    },
    { name: 'no failure allowed', spec: { backoffLimit: 0 }, pods: failedPods(1), conditions: BACKOFF },
    { name: 'deadline passed', spec: { activeDeadlineSeconds: 60 }, conditions: ['FailureTarget=True/DeadlineExceeded'] },
    {
      name: 'no time at all',
      spec: { activeDeadlineSeconds: 0 },
      status: { startTime: undefined as never },
      conditions: ['FailureTarget=True/DeadlineExceeded'],
    },
    { name: 'deadline not passed', spec: { activeDeadlineSeconds: 61 }, conditions: [] },
    {
      name: 'deadline of a suspended Job',
      spec: { activeDeadlineSeconds: 10, suspend: true },
      status: { conditions: [condition('Suspended', 'JobSuspended', 'Job suspended')] },
      conditions: ['Suspended=True/JobSuspended'],
    },
    {
      name: 'the back-off limit goes before the deadline',
      spec: { backoffLimit: 0, activeDeadlineSeconds: 1 },
      pods: failedPods(1),
      conditions: BACKOFF,
    },
    ...[
      { name: 'restarts in place, limit reached', limit: 3, restarts: [1, 2], restartPolicy: 'OnFailure', fails: true },
      { name: 'restarts in place, below', limit: 4, restarts: [1, 2], restartPolicy: 'OnFailure', fails: false },
      { name: 'restarts in place, none allowed', limit: 0, restarts: [1, 0], restartPolicy: 'OnFailure', fails: true },
      { name: 'restarts in place, none yet', limit: 0, restarts: [0, 0], restartPolicy: 'OnFailure', fails: false },
      { name: 'restarts where pods never restart', limit: 1, restarts: [5, 5], restartPolicy: 'Never', fails: false },
    ].map(({ name, limit, restarts, restartPolicy, fails }) => ({
      name,
      spec: { backoffLimit: limit, parallelism: 2, completions: 2, template: { spec: { containers: [], restartPolicy } } as never },
      pods: restarts.map((restartCount, i) =>
        makePod(`r${i}`, {
          status: { [i === 0 ? 'containerStatuses' : 'initContainerStatuses']: [{ name: 'c', restartCount }] } as never,
        }),
      ),
      conditions: fails ? BACKOFF : [],
    })),
  ])('$name', ({ spec, status, pods, conditions: expected }) => {
    expect(conditions(run(makeJob(spec, status), pods))).toEqual(expected)
  })

  it('takes three steps: stop and record, count, conclude', () => {
    const job = makeJob({ parallelism: 2, completions: 4, backoffLimit: 0 }, { active: 2, ready: 1 })
    const pods = [...failedPods(1), makePod('a0', { ready: true }), makePod('a1')]
    const first = run(job, pods)
    expect(actions(first)).toEqual(['delete a0', 'delete a1'])
    expect(statusOf(first)).toMatchObject({ ready: 0, terminating: 2, uncountedTerminatedPods: { failed: ['uid-f0', 'uid-a0', 'uid-a1'] } })
    expect(statusOf(first)).not.toHaveProperty('active')
    expect(events(first)).toEqual([])

    const going = [pods[0]!, makePod('a0', { deleting: true }), makePod('a1', { deleting: true })]
    const second = run(first.status as Job, going)
    expect(actions(second)).toEqual(['untrack f0', 'untrack a0', 'untrack a1'])
    expect(statusOf(second)).toMatchObject({ failed: 3, uncountedTerminatedPods: {}, terminating: 2 })
    expect(conditions(second)).toEqual(BACKOFF)

    const third = run(
      second.status as Job,
      going.map((pod) => ({ ...pod, metadata: { ...pod.metadata, finalizers: undefined } })),
    )
    expect(conditions(third)).toEqual(BACKOFF)
    expect(third.waitingOn).toBe('2 terminating pod(s) to end')

    const last = run(third.status as Job, failedPods(1, { tracked: false }))
    expect(conditions(last)).toEqual([...BACKOFF, 'Failed=True/BackoffLimitExceeded'])
    expect(statusOf(last)).not.toHaveProperty('completionTime')
    expect(events(last)).toEqual(['Warning BackoffLimitExceeded Job has reached the specified backoff limit'])
  })

  it('looks again when the deadline comes', () => {
    expect(run(makeJob({ activeDeadlineSeconds: 90 }), activePods(1)).requeueAfterMs).toBe(30_000)
    expect(run(makeJob({ activeDeadlineSeconds: 90 }, { startTime: undefined })).requeueAfterMs).toBe(90_000)
    expect(
      events(run(makeJob({ activeDeadlineSeconds: 60 }, { conditions: [condition('FailureTarget', 'DeadlineExceeded', 'm')] }))),
    ).toEqual(['Warning DeadlineExceeded m'])
  })
})

describe('succeeding', () => {
  const MET = 'SuccessCriteriaMet=True/CompletionsReached'
  it('takes two steps', () => {
    const first = run(makeJob({ completions: 2 }, { succeeded: 1 }), succeededPods(1))
    expect(actions(first)).toEqual([])
    expect(conditions(first)).toEqual([MET])
    const second = run(first.status as Job, succeededPods(1))
    expect(actions(second)).toEqual(['untrack s0'])
    expect(conditions(second)).toEqual([MET, 'Complete=True/CompletionsReached'])
    expect(statusOf(second)).toMatchObject({ succeeded: 2, completionTime: ago(0), uncountedTerminatedPods: {} })
    expect(statusOf(second).conditions![1]).toMatchObject({
      message: 'Reached expected number of succeeded pods',
      lastProbeTime: ago(0),
      lastTransitionTime: ago(0),
    })
    expect(events(second)).toEqual(['Normal Completed Job completed'])
    const third = run(second.status as Job, succeededPods(1, { tracked: false }))
    expect(third).toEqual({ actions: [] })
  })

  it.each<{ name: string; spec: Partial<JobSpec>; status?: JobStatus; pods: Pod[]; isMet: boolean }>([
    { name: 'zero completions', spec: { completions: 0 }, pods: [], isMet: true },
    { name: 'without completions, one success', spec: { completions: undefined as never }, pods: succeededPods(1), isMet: true },
    {
      name: 'a pod that succeeds after it was counted as failed',
      spec: {},
      status: { uncountedTerminatedPods: { failed: ['uid-s0'] } },
      pods: succeededPods(1),
      isMet: false,
    },
    {
      name: 'without completions, but a pod is running',
      spec: { completions: undefined as never, parallelism: 2 },
      pods: [...succeededPods(1), ...activePods(1)],
      isMet: false,
    },
    { name: 'not enough', spec: { completions: 3 }, pods: succeededPods(2), isMet: false },
    {
      name: 'enough, and the rest is taken away',
      spec: { completions: 2, parallelism: 2 },
      pods: [...succeededPods(2), ...activePods(1)],
      isMet: true,
    },
  ])('$name: $isMet', ({ spec, status, pods, isMet }) => {
    expect(conditions(run(makeJob(spec, status), pods))).toEqual(isMet ? [MET] : [])
  })

  it('waits for terminating pods', () => {
    const job = makeJob({}, { succeeded: 1, conditions: [condition('SuccessCriteriaMet', 'CompletionsReached', 'm')] })
    const plan = run(job, [makePod('t', { deleting: true, tracked: false })])
    expect(conditions(plan)).toEqual([MET])
    expect(plan.waitingOn).toBe('1 terminating pod(s) to end')
  })

  it('warns of too many', () => {
    const job = makeJob({}, { succeeded: 2, conditions: [condition('SuccessCriteriaMet', 'CompletionsReached', 'm')] })
    expect(events(run(job))).toEqual([
      'Warning TooManySucceededPods Too many succeeded pods running after completion count reached',
      'Normal Completed Job completed',
    ])
  })
})

describe('suspending', () => {
  it('takes the active pods away without counting them', () => {
    const plan = run(makeJob({ suspend: true, parallelism: 2, completions: 4 }, { active: 2 }), activePods(2, { ready: true }))
    expect(actions(plan)).toEqual(['untrack a0', 'untrack a1', 'delete a0', 'delete a1'])
    expect(statusOf(plan)).toMatchObject({ ready: 0, terminating: 2, uncountedTerminatedPods: {} })
    expect(conditions(plan)).toEqual(['Suspended=True/JobSuspended'])
    expect(events(plan)).toEqual(['Normal Suspended Job suspended'])
  })

  it('does not start a Job that is created suspended', () => {
    const plan = run(makeJob({ suspend: true }, { startTime: undefined }))
    expect(actions(plan)).toEqual([])
    expect(statusOf(plan)).not.toHaveProperty('startTime')
    expect(plan.waitingOn).toBe('the Job is suspended')
  })

  it('says so once', () => {
    const plan = run(makeJob({ suspend: true }, { conditions: [condition('Suspended', 'JobSuspended', 'Job suspended')] }))
    expect(events(plan)).toEqual([])
    expect((plan.status as Job).status!.conditions![0]!.lastTransitionTime).toBe(ago(9))
  })

  it('starts anew when resumed', () => {
    const suspended = condition('Suspended', 'JobSuspended', 'Job suspended')
    const plan = run(makeJob({ activeDeadlineSeconds: 30 }, { startTime: ago(20), conditions: [suspended] }))
    expect(actions(plan)).toEqual(creates(1))
    expect(statusOf(plan).startTime).toBe(ago(0))
    expect(conditions(plan)).toEqual(['Suspended=False/JobResumed'])
    expect(events(plan)).toEqual(['Normal Resumed Job resumed'])
    expect(plan.requeueAfterMs).toBe(30_000)
  })

  it('does not resume what never was suspended', () => {
    expect(conditions(run(makeJob()))).toEqual([])
  })

  it('completes even so', () => {
    expect(conditions(run(makeJob({ suspend: true }), succeededPods(1)))).toEqual(['SuccessCriteriaMet=True/CompletionsReached'])
  })
})

describe('indexed Jobs', () => {
  const INDEXED = { completionMode: 'Indexed', parallelism: 3, completions: 5 }
  const indexed = (...list: [index: number | string, options?: PodOptions][]) =>
    list.map(([index, options], i) => makePod(`p${i}`, { index, ...options }))

  it.each<{ name: string; spec?: Partial<JobSpec>; status?: JobStatus; pods: Pod[]; does: string[] }>([
    { name: 'the first indexes', pods: [], does: ['create pi-0-n1', 'create pi-1-n3', 'create pi-2-n5'] },
    { name: 'those not running', pods: indexed([1]), does: ['create pi-0-n1', 'create pi-2-n3'] },
    { name: 'those not completed', status: { completedIndexes: '0,2' }, pods: indexed([1]), does: ['create pi-3-n1', 'create pi-4-n3'] },
    { name: 'those that failed again', pods: indexed([0, { phase: 'Failed', finished: 99 }], [1], [2]), does: ['create pi-0-n1'] },
    {
      name: 'duplicates, the later in life stays',
      pods: [makePod('old', { index: 0, node: 'n' }), makePod('new', { index: 0, phase: 'Pending' })],
      does: ['untrack new', 'delete new'],
    },
    { name: 'pods without an index', pods: [makePod('none')], does: ['untrack none', 'delete none'] },
    { name: 'pods whose index is nonsense', pods: [makePod('odd', { index: '-1' })], does: ['untrack odd', 'delete odd'] },
    { name: 'pods beyond the completions', pods: indexed([7]), does: ['untrack p0', 'delete p0'] },
    {
      name: 'terminating indexes only when they have ended, if so asked',
      spec: { podReplacementPolicy: 'Failed' },
      pods: indexed([0, { deleting: true }]),
      does: ['create pi-1-n1', 'create pi-2-n3'],
    },
    {
      name: 'grows with completions',
      spec: { completions: 7 },
      status: { completedIndexes: '0-4', succeeded: 5 },
      pods: [],
      does: ['create pi-5-n1', 'create pi-6-n3'],
    },
  ])('$name', ({ spec, status, pods, does }) => {
    expect(actions(run(makeJob({ ...INDEXED, ...spec }, status), pods))).toEqual(does)
  })

  it('make pods that know their index', () => {
    const template = {
      metadata: { labels: LABELS },
      spec: {
        containers: [{ name: 'a' }, { name: 'b', env: [{ name: 'JOB_COMPLETION_INDEX', value: 'mine' }] }],
        initContainers: [{ name: 'i' }],
      },
    }
    const plan = run(makeJob({ ...INDEXED, parallelism: 1, template: template as never }))
    const variable = {
      name: 'JOB_COMPLETION_INDEX',
      valueFrom: { fieldRef: { fieldPath: "metadata.labels['batch.kubernetes.io/job-completion-index']" } },
    }
    expect(plan.actions![0]).toMatchObject({
      object: {
        metadata: { generateName: 'pi-0-', labels: { ...LABELS, [COMPLETION_INDEX]: '0' }, annotations: { [COMPLETION_INDEX]: '0' } },
        spec: {
          hostname: 'pi-0',
          containers: [{ env: [variable] }, { env: [{ name: 'JOB_COMPLETION_INDEX', value: 'mine' }] }],
          initContainers: [{ env: [variable] }],
        },
      },
    })
    expect(template.spec.containers[0]).not.toHaveProperty('env')
  })

  it('cut a long name, not the index', () => {
    const plan = run(makeJob({ ...INDEXED, parallelism: 1 }, { completedIndexes: '0-3' }, { name: 'x'.repeat(63) }))
    expect(plan.actions![0]).toMatchObject({ object: { metadata: { generateName: `${'x'.repeat(55)}-4-` } } })
  })

  it('record completed indexes as ranges, whatever number of pods', () => {
    const pods = indexed(
      [4, { phase: 'Succeeded' }],
      [0, { phase: 'Succeeded' }],
      [0, { phase: 'Succeeded' }],
      [1],
      [2],
      [9, { phase: 'Succeeded' }],
    )
    const plan = run(makeJob(INDEXED, { completedIndexes: '3' }), pods)
    expect(statusOf(plan)).toMatchObject({ completedIndexes: '0,3,4', succeeded: 3, uncountedTerminatedPods: {} })
    // the invalid index needs no record
    expect(actions(plan)).toEqual(['untrack p5'])
    const next = run(plan.status as Job, pods.slice(0, 5))
    expect(actions(next).sort()).toEqual(['untrack p0', 'untrack p1', 'untrack p2'])
  })

  it('drop what is beyond fewer completions', () => {
    expect(statusOf(run(makeJob({ ...INDEXED, completions: 3 }, { completedIndexes: '0-4' }))).completedIndexes).toBe('0-2')
  })

  describe('with a success policy', () => {
    it.each<{ name: string; rules: object[]; completed: string; message?: string }>([
      { name: 'count', rules: [{ succeededCount: 2 }], completed: '1,4', message: 'Matched rules at index 0' },
      { name: 'count not met', rules: [{ succeededCount: 3 }], completed: '1,4' },
      { name: 'indexes', rules: [{ succeededIndexes: '0-1' }], completed: '0-1,3', message: 'Matched rules at index 0' },
      { name: 'indexes not met', rules: [{ succeededIndexes: '0-2' }], completed: '0-1,3' },
      {
        name: 'count of indexes',
        rules: [{ succeededIndexes: '0-2' }, { succeededIndexes: '0-3', succeededCount: 2 }],
        completed: '0,3',
        message: 'Matched rules at index 1',
      },
      { name: 'indexes beyond the completions', rules: [{ succeededIndexes: '7-9' }], completed: '0-1' },
      { name: 'nothing succeeded', rules: [{ succeededCount: 0 }], completed: '' },
    ])('$name', ({ rules, completed, message }) => {
      const plan = run(makeJob({ ...INDEXED, successPolicy: { rules } }, { completedIndexes: completed }))
      expect(statusOf(plan).conditions?.[0]?.message).toBe(message)
    })

    it('records the success before it stops the rest, which then does not count', () => {
      const job = makeJob({ ...INDEXED, successPolicy: { rules: [{ succeededIndexes: '0' }] } }, { active: 2 })
      const pods = indexed([0, { phase: 'Succeeded' }], [1], [2])
      const first = run(job, pods)
      expect(actions(first)).toEqual([])
      expect(conditions(first)).toEqual(['SuccessCriteriaMet=True/SuccessPolicy'])
      const second = run(first.status as Job, pods)
      expect(actions(second)).toEqual(['untrack p0', 'untrack p1', 'untrack p2', 'delete p1', 'delete p2'])
      expect(statusOf(second)).toMatchObject({ terminating: 2, succeeded: 1 })
      expect(statusOf(second)).not.toHaveProperty('failed')
      const last = run(second.status as Job, [])
      expect(conditions(last)).toEqual(['SuccessCriteriaMet=True/SuccessPolicy', 'Complete=True/SuccessPolicy'])
    })
  })

  describe('with limits per index', () => {
    const PER_INDEX = { ...INDEXED, parallelism: 2, completions: 2, backoffLimit: 0x7fffffff, backoffLimitPerIndex: 1 }

    it('hand the count of failures to the next pod, and keep the failed one until then', () => {
      const failed = makePod('f', { index: 0, phase: 'Failed', finished: 60, failures: 0 })
      const plan = run(makeJob(PER_INDEX), [failed, makePod('a', { index: 1 })])
      expect(actions(plan)).toEqual(['create pi-0-n1'])
      expect(plan.actions![0]).toMatchObject({ object: { metadata: { annotations: { [INDEX_FAILURE_COUNT]: '1' } } } })
      expect(statusOf(plan)).toMatchObject({ failedIndexes: '', uncountedTerminatedPods: {} })
      const replaced = [failed, makePod('n', { index: 0, failures: 1 }), makePod('a', { index: 1 })]
      expect(statusOf(run(plan.status as Job, replaced)).uncountedTerminatedPods).toEqual({ failed: ['uid-f'] })
    })

    it('start counting at zero', () => {
      expect(run(makeJob(PER_INDEX)).actions![0]).toMatchObject({ object: { metadata: { annotations: { [INDEX_FAILURE_COUNT]: '0' } } } })
    })

    it('count ignored failures apart, for the back-off', () => {
      const podFailurePolicy = { rules: [{ action: 'Ignore', onExitCodes: { operator: 'In', values: [3] } }] }
      const failed = makePod('f', { index: 0, phase: 'Failed', finished: 60, exitCode: 3, failures: 1 })
      const plan = run(makeJob({ ...PER_INDEX, podFailurePolicy }), [failed, makePod('a', { index: 1 })])
      expect(plan.actions![0]).toMatchObject({
        object: { metadata: { annotations: { [INDEX_FAILURE_COUNT]: '1', [INDEX_IGNORED_FAILURE_COUNT]: '1' } } },
      })
    })

    it('back off each by itself', () => {
      const failed = makePod('f', { index: 0, phase: 'Failed', finished: 4, failures: 0 })
      const plan = run(makeJob(PER_INDEX), [failed])
      expect(actions(plan)).toEqual(['create pi-1-n1'])
      expect(plan.requeueAfterMs).toBe(6_000)
      const alone = run(makeJob(PER_INDEX), [failed, makePod('a', { index: 1 })])
      expect(actions(alone)).toEqual([])
      expect(alone.requeueAfterMs).toBe(6_000)
    })

    it.each<{ name: string; spec?: Partial<JobSpec>; pods: Pod[]; failedIndexes: string; conditions: string[] }>([
      {
        name: 'an index that failed too often',
        pods: indexed([0, { phase: 'Failed', finished: 60, failures: 1 }], [1]),
        failedIndexes: '0',
        conditions: [],
      },
      {
        name: 'all done, one failed',
        pods: indexed([0, { phase: 'Failed', finished: 60, failures: 1 }], [1, { phase: 'Succeeded' }]),
        failedIndexes: '0',
        conditions: ['FailureTarget=True/FailedIndexes'],
      },
      {
        name: 'more failed than allowed',
        spec: { maxFailedIndexes: 0 },
        pods: indexed([0, { phase: 'Failed', finished: 60, failures: 1 }], [1]),
        failedIndexes: '0',
        conditions: ['FailureTarget=True/MaxFailedIndexesExceeded'],
      },
      {
        name: 'the policy fails the index at once',
        spec: { podFailurePolicy: { rules: [{ action: 'FailIndex', onExitCodes: { operator: 'In', values: [9] } }] } },
        pods: indexed([0, { phase: 'Failed', finished: 60, exitCode: 9, failures: 0 }], [1]),
        failedIndexes: '0',
        conditions: [],
      },
    ])('$name', ({ spec, pods, failedIndexes, conditions: expected }) => {
      const plan = run(makeJob({ ...PER_INDEX, ...spec }), pods)
      expect(statusOf(plan).failedIndexes).toBe(failedIndexes)
      expect(conditions(plan)).toEqual(expected)
      expect(actions(plan).filter((line) => line.startsWith('create'))).toEqual([])
    })
  })
})

describe('the pod failure policy', () => {
  const exitCodes = (action: string, operator: string, values: number[], containerName?: string) => ({
    action,
    onExitCodes: { operator, values, ...(containerName && { containerName }) },
  })
  const disrupted = (action: string) => ({ action, onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] })
  const disruption = { status: { conditions: [{ type: 'DisruptionTarget', status: 'True' }] } }
  const FAILS = 'Container c for pod ns/f0 failed with exit code 5 matching FailJob rule at index 0'

  it.each<{ name: string; rules: object[]; pod: PodOptions; fails?: string; counts?: boolean }>([
    { name: 'FailJob, In', rules: [exitCodes('FailJob', 'In', [5, 6])], pod: { exitCode: 5 }, fails: FAILS },
    { name: 'FailJob, NotIn', rules: [exitCodes('FailJob', 'NotIn', [6])], pod: { exitCode: 5 }, fails: FAILS },
    { name: 'FailJob, NotIn but listed', rules: [exitCodes('FailJob', 'NotIn', [5])], pod: { exitCode: 5 } },
    { name: 'FailJob, this container', rules: [exitCodes('FailJob', 'In', [5], 'c')], pod: { exitCode: 5 }, fails: FAILS },
    { name: 'FailJob, other container', rules: [exitCodes('FailJob', 'In', [5], 'd')], pod: { exitCode: 5 } },
    { name: 'exit code 0 never matches', rules: [exitCodes('FailJob', 'NotIn', [5])], pod: { exitCode: 0 } },
    { name: 'Ignore', rules: [exitCodes('Ignore', 'In', [5])], pod: { exitCode: 5 }, counts: false },
    { name: 'Count', rules: [exitCodes('Count', 'In', [5]), exitCodes('FailJob', 'In', [5])], pod: { exitCode: 5 } },
    {
      name: 'the first rule that matches',
      rules: [exitCodes('Ignore', 'In', [5]), exitCodes('FailJob', 'In', [5])],
      pod: { exitCode: 5 },
      counts: false,
    },
    {
      name: 'FailJob by condition',
      rules: [exitCodes('Ignore', 'In', [77]), disrupted('FailJob')],
      pod: disruption as never,
      fails: 'Pod ns/f0 has condition DisruptionTarget matching FailJob rule at index 1',
    },
    { name: 'Ignore by condition', rules: [disrupted('Ignore')], pod: disruption as never, counts: false },
    { name: 'condition not there', rules: [disrupted('Ignore')], pod: {} },
  ])('$name', ({ rules, pod, fails, counts = true }) => {
    const job = makeJob({ podFailurePolicy: { rules } as never })
    const plan = run(job, [makePod('f0', { phase: 'Failed', finished: 60, ...pod })])
    expect(statusOf(plan).conditions?.map(({ type, reason, message }) => ({ type, reason, message }))).toEqual(
      fails === undefined ? undefined : [{ type: 'FailureTarget', reason: 'PodFailurePolicy', message: fails }],
    )
    expect(statusOf(plan).uncountedTerminatedPods).toEqual(counts ? { failed: ['uid-f0'] } : {})
    // what is ignored needs no record
    expect(actions(plan).includes('untrack f0')).toBe(!counts)
  })

  it('looks at pods only when they have ended', () => {
    const job = makeJob({ podFailurePolicy: { rules: [exitCodes('FailJob', 'In', [5])] } as never })
    const plan = run(job, [makePod('t', { deleting: true, exitCode: 5 })])
    expect(conditions(plan)).toEqual([])
    expect(actions(plan)).toEqual([])
  })

  it('keeps the failed pod until the status says why', () => {
    const job = makeJob(
      { podFailurePolicy: { rules: [exitCodes('FailJob', 'In', [5])] } as never },
      { uncountedTerminatedPods: { failed: ['uid-f0'] } },
    )
    expect(actions(run(job, [makePod('f0', { phase: 'Failed', exitCode: 5 })]))).toEqual([])
  })
})

describe('whose pods', () => {
  it('adopts orphans with the finalizer', () => {
    const plan = run(makeJob(), [makePod('o', { owner: null, tracked: false })])
    expect(plan.actions).toMatchObject([
      { verb: 'patch', patch: { metadata: { uid: 'uid-o', ownerReferences: [{ uid: 'job-uid' }], finalizers: [TRACKING_FINALIZER] } } },
    ])
    expect(plan.status).toBeUndefined()
  })

  it('releases what no longer matches, finalizer and all', () => {
    const plan = run(makeJob(), [makePod('o', { labels: {} })])
    expect(plan.actions).toMatchObject([{ verb: 'patch', patch: { metadata: { ownerReferences: null, finalizers: null } } }])
  })

  it('leaves others alone', () => {
    expect(actions(run(makeJob(), [makePod('o', { owner: 'another' })]))).toEqual(creates(1))
  })

  it('lets the pods of a Job go that is gone, or finished', () => {
    expect(actions(run(undefined, [], {}, [makePod('o')]))).toEqual(['untrack o'])
    const finished = makeJob({}, { conditions: [condition('Failed')] })
    expect(actions(run(finished, [makePod('late'), makePod('done', { tracked: false })]))).toEqual(['untrack late'])
  })

  it('leaves a Job alone that another controller manages', () => {
    const plan = run(makeJob({ managedBy: 'example.com/x' }), [makePod('p', { phase: 'Succeeded' })])
    expect(plan).toEqual({ actions: [], waitingOn: 'the controller example.com/x, which spec.managedBy names' })
    expect(actions(run(makeJob({ managedBy: 'kubernetes.io/job-controller' })))).toEqual(creates(1))
  })
})

describe('finds', () => {
  const reader = (job: Job | undefined, pods: Pod[]): Reader => {
    const keysOf = jobController.indexes!.pods!['tracked-by'] as (pod: Pod) => readonly string[]
    return {
      get: () => job as never,
      list: () => (job === undefined ? [] : [job]) as never,
      controlledBy: (_: string, uid: string) => pods.filter((pod) => pod.metadata.ownerReferences?.[0]?.uid === uid) as never,
      orphans: () => pods.filter((pod) => pod.metadata.ownerReferences === undefined) as never,
      indexed: (_: string, __: string, key: string) => pods.filter((pod) => keysOf(pod).includes(key)) as never,
    }
  }
  const observe = (job: Job | undefined, pods: Pod[], key = 'ns/pi') => {
    const observed = jobController.observe(reader(job, pods), key)
    const names = (list: readonly Pod[]) => list.map((pod) => pod.metadata.name)
    return observed && { candidates: names(observed.candidates), orphans: names(observed.orphans) }
  }
  const named = { ...LABELS, 'batch.kubernetes.io/job-name': 'pi' }

  it.each<{ name: string; job: Job | undefined; pod: Pod; key?: string; finds: object | undefined }>([
    { name: 'its pods', job: makeJob(), pod: makePod('p'), finds: { candidates: ['p'], orphans: [] } },
    { name: 'pods of a Job that is gone', job: undefined, pod: makePod('p'), finds: { candidates: [], orphans: ['p'] } },
    { name: 'untracked pods of a Job that is gone', job: undefined, pod: makePod('p', { tracked: false }), finds: undefined },
    {
      name: 'pods of an earlier Job of that name',
      job: makeJob(),
      pod: makePod('p', { owner: 'before' }),
      finds: { candidates: [], orphans: ['p'] },
    },
    {
      name: 'pods orphaned with their Job',
      job: undefined,
      pod: makePod('p', { owner: null, labels: named }),
      finds: { candidates: [], orphans: ['p'] },
    },
    {
      name: 'pods to adopt',
      job: makeJob(),
      pod: makePod('p', { owner: null, labels: named }),
      finds: { candidates: ['p'], orphans: [] },
    },
    {
      name: 'pods that a finished Job will not adopt',
      job: makeJob({}, { conditions: [condition('Complete')] }),
      pod: makePod('p', { owner: null, labels: named }),
      finds: { candidates: [], orphans: ['p'] },
    },
    {
      name: 'pods without any trace',
      job: undefined,
      pod: makePod('p', { owner: null }),
      key: 'ns/p',
      finds: { candidates: [], orphans: ['p'] },
    },
  ])('$name', ({ job, pod, key, finds }) => {
    expect(observe(job, [pod], key)).toEqual(finds)
    const keys = jobController.watches.pods!(pod, undefined, reader(job, [pod]))
    if (finds !== undefined) expect(keys).toContain(key ?? 'ns/pi')
  })
})

describe('when pods are refused', () => {
  const action = { verb: 'create', resource: 'pods', object: { metadata: {} } } as never
  const lastFailure = { action, reason: 'Forbidden', message: 'exceeded quota' }

  it('the rest goes on first', () => {
    const plan = run(makeJob({ parallelism: 2, completions: 4 }), [...activePods(1), ...succeededPods(1)], { lastFailure })
    expect(actions(plan)).toEqual([])
    expect(statusOf(plan)).toMatchObject({ active: 1, uncountedTerminatedPods: { succeeded: ['uid-s0'] } })
    expect(plan.waitingOn).toBe("pods that can't be created: exceeded quota")
  })

  it('and then it tries again', () => {
    const plan = run(makeJob({ parallelism: 2, completions: 4 }, { active: 1 }), activePods(1), { lastFailure })
    expect(actions(plan)).toEqual(creates(1))
  })
})
