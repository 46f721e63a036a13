import { describe, expect, it } from 'vitest'
import type { JobSpec, JobStatus, Pod } from '../../src/api/types.gen.ts'
import { viewJob } from '../../src/controllers/job/job-view.ts'
import {
  actions,
  activePods,
  ago,
  condition,
  creates,
  failedPods,
  makeJob,
  makePod,
  NOW,
  type PodOptions,
  run,
  statusOf,
  succeededPods,
} from '../support/job-objects.ts'
import { settle } from '../support/settle-job.ts'

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

/** A status in a line: what is counted, and `+` succeeded or `-` failed pods that are named but not counted yet. */
const brief = ({ succeeded, failed, completedIndexes, failedIndexes, uncountedTerminatedPods, conditions }: JobStatus): string =>
  [
    `${succeeded ?? 0}/${failed ?? 0}`,
    ...(completedIndexes ? [`done ${completedIndexes}`] : []),
    ...(failedIndexes !== undefined ? [`lost ${failedIndexes || 'none'}`] : []),
    ...(uncountedTerminatedPods?.succeeded ?? []).map((uid) => `+${uid.slice(4)}`),
    ...(uncountedTerminatedPods?.failed ?? []).map((uid) => `-${uid.slice(4)}`),
    ...(conditions ?? []).map(({ type }) => type),
  ].join(' ')

describe('the statuses that are written', () => {
  const SPEC = { parallelism: 2, completions: 20, backoffLimit: 20 }
  const ended = (name: string, phase: string, options: PodOptions = {}) => makePod(name, { phase, finished: 7000, ...options })
  const GONE = { tracked: false }
  const DELETING = { deleting: true }
  const RUNNING = [makePod('x'), makePod('y')]
  const MET = condition('SuccessCriteriaMet', 'CompletionsReached', 'm')
  const TARGET = condition('FailureTarget', 'BackoffLimitExceeded', 'm')
  const AT_INDEX = { ...SPEC, completionMode: 'Indexed' as const }
  const PER_INDEX = { ...AT_INDEX, backoffLimitPerIndex: 1 }
  const both = [makePod('x', { index: 8 }), makePod('y', { index: 9 })]

  it.each<{ name: string; spec?: Partial<JobSpec>; status?: JobStatus; metadata?: object; pods: Pod[]; writes: string[] }>([
    { name: 'nothing new', status: { active: 2 }, pods: RUNNING, writes: [] },
    { name: 'pods that are active', pods: RUNNING, writes: ['0/0'] },
    {
      name: 'pods that ended, or are going',
      pods: [
        ...RUNNING,
        ended('a', 'Succeeded'),
        ended('b', 'Failed'),
        ended('c', 'Succeeded', DELETING),
        ended('d', 'Failed', DELETING),
        makePod('e', { phase: 'Pending', deleting: true }),
      ],
      writes: ['0/0 +a +c -b -d -e', '2/3'],
    },
    {
      name: 'pods that ended before and since',
      status: {
        active: 2,
        succeeded: 2,
        failed: 3,
        uncountedTerminatedPods: { succeeded: ['uid-a', 'uid-e'], failed: ['uid-b', 'uid-f'] },
      },
      pods: [
        ...RUNNING,
        ended('e', 'Succeeded', GONE),
        ended('f', 'Failed', GONE),
        ended('a', 'Succeeded'),
        ended('b', 'Failed'),
        ended('c', 'Succeeded'),
        ended('d', 'Failed'),
      ],
      // Those whose names are on record go with the first write, so that the second has nothing left to wait for.
      writes: ['4/5 +c -d', '5/6'],
    },
    {
      name: 'pods that are gone since',
      status: { active: 2, uncountedTerminatedPods: { succeeded: ['uid-a'], failed: ['uid-b'] } },
      pods: RUNNING,
      writes: ['1/1'],
    },
    {
      name: 'pods without their finalizer, that nobody names, were counted before',
      status: { active: 2, succeeded: 1, failed: 1 },
      pods: [...RUNNING, ended('a', 'Succeeded', GONE), ended('b', 'Failed', GONE)],
      writes: [],
    },
    {
      name: 'some let go, some not yet: a patch failed',
      status: { active: 2, uncountedTerminatedPods: { succeeded: ['uid-a'], failed: ['uid-b'] } },
      pods: [...RUNNING, ended('a', 'Succeeded', GONE), ended('b', 'Failed'), ended('c', 'Succeeded'), ended('d', 'Failed')],
      writes: ['1/1 +c -d', '2/2'],
    },
    {
      name: 'success by now: those that still run do not fail with it',
      status: { active: 2, conditions: [MET] },
      pods: [...RUNNING, ended('a', 'Succeeded'), ended('b', 'Failed')],
      writes: ['0/0 +a -b SuccessCriteriaMet', '1/1 SuccessCriteriaMet'],
    },
    {
      name: 'success, and none is left',
      status: { conditions: [MET] },
      pods: [ended('a', 'Succeeded'), ended('b', 'Failed')],
      writes: ['0/0 +a -b SuccessCriteriaMet', '1/1 SuccessCriteriaMet Complete'],
    },
    {
      name: 'failure: those that still run have failed',
      status: { active: 2, conditions: [TARGET] },
      pods: [makePod('c'), ended('a', 'Succeeded'), ended('b', 'Failed')],
      writes: ['0/0 +a -c -b FailureTarget', '1/2 FailureTarget'],
    },
    {
      name: 'a Job that is being deleted: those that run are let go, and count for nothing',
      metadata: { deletionTimestamp: ago(1) },
      status: { active: 1 },
      pods: [makePod('x'), ended('a', 'Succeeded'), ended('b', 'Failed')],
      writes: ['0/0 +a -b', '1/1'],
    },
    {
      name: 'a pod counted as failed that then succeeds, in a Job that fails',
      status: { uncountedTerminatedPods: { failed: ['uid-a', 'uid-b'] }, conditions: [TARGET] },
      pods: [ended('a', 'Failed'), ended('b', 'Succeeded')],
      writes: ['0/2 FailureTarget Failed'],
    },
    {
      name: 'the last pod of a Job that fails',
      status: { uncountedTerminatedPods: { failed: ['uid-a'] }, conditions: [TARGET] },
      pods: [ended('a', 'Failed')],
      writes: ['0/1 FailureTarget Failed'],
    },
    {
      name: 'a pod that is counted but not gone holds up the failure',
      status: { uncountedTerminatedPods: { failed: ['uid-a'] }, conditions: [TARGET] },
      pods: [makePod('a', { deleting: true, tracked: false })],
      writes: ['0/1 FailureTarget'],
    },
    {
      name: 'and the success',
      status: { uncountedTerminatedPods: { failed: ['uid-a'], succeeded: ['uid-b'] }, conditions: [MET] },
      pods: [makePod('a', { deleting: true, tracked: false })],
      writes: ['1/1 SuccessCriteriaMet'],
    },
    {
      name: 'indexes that succeeded need no names',
      spec: AT_INDEX,
      status: { active: 2 },
      pods: [
        ...both,
        ended('a', 'Succeeded', { index: 1 }),
        ended('b', 'Succeeded', { index: 3 }),
        ended('c', 'Succeeded', { index: 3 }),
        ended('d', 'Succeeded'),
      ],
      writes: ['2/0 done 1,3'],
    },
    {
      name: 'indexes that failed do, unless they are none of the Job’s',
      spec: AT_INDEX,
      status: { active: 2 },
      pods: [
        ...both,
        ended('a', 'Failed', { index: 1 }),
        ended('b', 'Failed', { index: 3 }),
        ended('c', 'Failed', { index: 3 }),
        ended('d', 'Failed'),
      ],
      writes: ['0/0 -a -b -c', '0/3'],
    },
    {
      name: 'indexes beyond fewer completions are forgotten',
      spec: { ...AT_INDEX, completions: 2 },
      status: { active: 2, succeeded: 1, completedIndexes: '3' },
      pods: [makePod('x', { index: 0 }), makePod('y', { index: 1 })],
      writes: ['0/0'],
    },
    {
      name: 'also when one within them succeeds',
      spec: { ...AT_INDEX, completions: 2, parallelism: 1 },
      status: { active: 1, succeeded: 1, completedIndexes: '3' },
      pods: [makePod('x', { index: 0 }), ended('y', 'Succeeded', { index: 1 })],
      writes: ['1/0 done 1'],
    },
    {
      name: 'indexes that ended before and since',
      spec: { ...AT_INDEX, completions: 7, parallelism: 1 },
      status: { active: 1, failed: 2, succeeded: 5, completedIndexes: '0-2,4,6,7' },
      pods: [
        makePod('x', { index: 5 }),
        ended('e', 'Succeeded', { index: 0, ...GONE }),
        ended('f', 'Failed', { index: 1, ...GONE }),
        ended('c', 'Succeeded', { index: 1 }),
        ended('d', 'Succeeded', { index: 3 }),
        ended('a', 'Failed', { index: 2 }),
        ended('b', 'Failed', { index: 5 }),
      ],
      writes: ['6/2 done 0-4,6 -a -b', '6/4 done 0-4,6'],
    },
    {
      name: 'a failed index is not counted before a new pod carries on its number of failures',
      spec: { ...PER_INDEX, parallelism: 1 },
      status: { active: 1, completedIndexes: '1-19', succeeded: 19 },
      pods: [ended('a', 'Failed', { index: 0, failures: 0 })],
      writes: ['19/0 done 1-19 lost none', '19/0 done 1-19 lost none -a', '19/1 done 1-19 lost none'],
    },
    {
      name: 'and is, when there is one',
      spec: { ...PER_INDEX, parallelism: 1 },
      status: { active: 1 },
      pods: [ended('a', 'Failed', { index: 1, failures: 0 }), makePod('b', { index: 1, failures: 1 })],
      writes: ['0/0 lost none -a', '0/1 lost none'],
    },
    {
      name: 'or when the index is given up',
      spec: { ...PER_INDEX, parallelism: 1 },
      status: { active: 1 },
      pods: [makePod('x', { index: 0, failures: 0 }), ended('a', 'Failed', { index: 1, failures: 1 })],
      writes: ['0/0 lost 1 -a', '0/1 lost 1'],
    },
    {
      name: 'failed indexes, where nothing limits them, are wiped',
      spec: AT_INDEX,
      status: { active: 2, failedIndexes: '4' },
      pods: both,
      writes: ['0/0'],
    },
  ])('$name', ({ spec = SPEC, status, metadata, pods, writes }) => {
    const { statuses, pods: left } = settle(makeJob(spec, status, metadata), pods)
    expect(statuses.map(brief)).toEqual(writes)
    const over = [...left.values()].filter((pod) => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed')
    expect(over.filter((pod) => pod.metadata.finalizers !== undefined)).toEqual([])
  })

  it('keep within five hundred names, and count all the same', () => {
    const pods = [...RUNNING, ...Array.from({ length: 500 }, (_, i) => ended(`s${i}`, 'Succeeded')), ended('b', 'Failed')]
    const status = { active: 2, uncountedTerminatedPods: { failed: ['uid-a', 'uid-b'] } }
    const { statuses } = settle(makeJob({ ...SPEC, completions: 2000 }, status), pods)
    const named = statuses.map(({ uncountedTerminatedPods: { succeeded = [], failed = [] } = {} }) => succeeded.length + failed.length)
    expect(Math.max(...named)).toBeLessThanOrEqual(500)
    expect(brief(statuses.at(-1)!)).toBe('500/2')
  })

  it('list any number of indexes at once, as ranges are short', () => {
    const pods = Array.from({ length: 501 }, (_, i) => ended(`s${i}`, 'Succeeded', { index: i }))
    const { statuses } = settle(makeJob({ ...AT_INDEX, parallelism: 0, completions: 900 }), pods)
    expect(statuses.map(brief)).toEqual(['501/0 done 0-500'])
  })
})

describe('how many have succeeded and failed', () => {
  // Upstream: TestGetNewFinshedPods.
  const ended = (name: string, phase: string, options: PodOptions = {}) => makePod(name, { phase, finished: 7000, ...options })
  it.each<{ name: string; status: JobStatus; pods: Pod[]; succeeded: number; failed: number }>([
    {
      name: 'some are counted',
      status: { succeeded: 2, failed: 1 },
      pods: [
        ended('a', 'Succeeded', { tracked: false }),
        ended('b', 'Succeeded'),
        ended('c', 'Succeeded'),
        ended('d', 'Failed', { tracked: false }),
        ended('e', 'Failed'),
        makePod('f', { tracked: false }),
      ],
      succeeded: 4,
      failed: 2,
    },
    {
      name: 'some are named',
      status: { succeeded: 1, failed: 1, uncountedTerminatedPods: { succeeded: ['uid-a', 'uid-c'], failed: ['uid-e', 'uid-f'] } },
      pods: [
        ended('a', 'Succeeded', { tracked: false }),
        ended('b', 'Succeeded', { tracked: false }),
        ended('c', 'Succeeded'),
        ended('d', 'Succeeded'),
        ended('e', 'Failed', { tracked: false }),
        ended('f', 'Failed'),
        ended('g', 'Failed'),
      ],
      succeeded: 4,
      failed: 4,
    },
    {
      name: 'some are being deleted',
      status: { succeeded: 1, failed: 1 },
      pods: [
        ended('a', 'Succeeded', { deleting: true }),
        ended('b', 'Failed', { deleting: true }),
        makePod('c', { deleting: true }),
        makePod('d', { deleting: true, phase: 'Pending' }),
        makePod('e', { deleting: true, tracked: false }),
        makePod('f', { deleting: true, phase: 'Pending', tracked: false }),
      ],
      succeeded: 2,
      failed: 4,
    },
  ])('$name', ({ status, pods, succeeded, failed }) => {
    expect(viewJob(makeJob({ completions: 50 }, status), pods, NOW)).toMatchObject({ succeeded, failed })
  })
})
