/** How failures add up to a delay. Upstream: backoff_utils_test.go. */
import { describe, expect, it } from 'vitest'
import type { Pod } from '../../src/api/types.gen.ts'
import { backoffLeftMs, type FailureRecord, indexBackoffLeftMs, recordFailures } from '../../src/controllers/job/backoff.ts'
import { finishedAt, INDEX_IGNORED_FAILURE_COUNT } from '../../src/controllers/job/job-pods.ts'
import {
  actions,
  activePods,
  ago,
  failedPods,
  INDEXED,
  indexed,
  makeJob,
  makePod,
  NOW,
  type PodOptions,
  run,
  statusOf,
  succeededPods,
} from '../support/job-objects.ts'

const at = (seconds: number) => NOW - seconds * 1000
const failed = (name: string, finished: number, options: PodOptions = {}) => makePod(name, { phase: 'Failed', finished, ...options })
const succeeded = (name: string, finished: number, options: PodOptions = {}) =>
  makePod(name, { phase: 'Succeeded', finished, exitCode: 0, ...options })
const record = (failures: number, lastFailure?: number, seen: readonly string[] = []): FailureRecord => ({
  jobUid: 'job-uid',
  failures,
  lastFailure,
  seen: new Set(seen),
})
const JOB = makeJob({ parallelism: 9, completions: 99 })

describe('the record of failures', () => {
  it.each<{ name: string; before?: FailureRecord; pods: Pod[]; failures: number; last?: number }>([
    { name: 'one failure', pods: [failed('a', 5)], failures: 1, last: at(5) },
    { name: 'two', pods: [failed('a', 5), failed('b', 6)], failures: 2, last: at(5) },
    { name: 'two, then a success', pods: [failed('a', 7), failed('b', 6), succeeded('c', 5)], failures: 0 },
    {
      name: 'two, a success, and two more',
      pods: [failed('a', 1), failed('b', 5), failed('c', 4), failed('d', 2), succeeded('e', 3)],
      failures: 2,
      last: at(1),
    },
    { name: 'one more', before: record(2), pods: [failed('a', 5)], failures: 3, last: at(5) },
    { name: 'a success and a failure at one time', pods: [failed('a', 5), succeeded('b', 5)], failures: 0 },
    { name: 'nothing', pods: [], failures: 0 },
    { name: 'a success', pods: [succeeded('a', 5)], failures: 0 },
    { name: 'a success ends what was', before: record(4, at(9)), pods: [succeeded('a', 5)], failures: 0 },
    { name: 'also one that ended before the failures did', before: record(4, at(9)), pods: [succeeded('a', 20)], failures: 0 },
    { name: 'what has been seen is not seen again', before: record(1, at(5), ['uid-a']), pods: [failed('a', 5)], failures: 1, last: at(5) },
    { name: 'pods that are gone stay in it', before: record(3, at(5)), pods: [], failures: 3, last: at(5) },
    { name: 'pods that run change nothing', before: record(3, at(5)), pods: [makePod('a')], failures: 3, last: at(5) },
    { name: 'a pod that is being deleted has failed', pods: [makePod('a', { deleting: true })], failures: 1, last: at(5) },
    { name: 'that of another Job of the name is worth nothing', before: { ...record(3, at(5)), jobUid: 'x' }, pods: [], failures: 0 },
    {
      name: 'after a restart, those counted before are in it',
      pods: [failed('a', 9, { tracked: false }), failed('b', 5, { tracked: false })],
      failures: 2,
      last: at(5),
    },
    {
      name: 'but those before the last success',
      pods: [failed('a', 9, { tracked: false }), succeeded('b', 7, { tracked: false }), failed('c', 5, { tracked: false })],
      failures: 1,
      last: at(5),
    },
    {
      name: 'once there is a record they are not',
      before: record(1, at(5)),
      pods: [failed('a', 9, { tracked: false })],
      failures: 1,
      last: at(5),
    },
  ])('$name', ({ before, pods, failures, last }) => {
    const { failures: count, lastFailure } = recordFailures(before, JOB, pods)
    expect([count, lastFailure]).toEqual([failures, last])
  })

  it('knows ended pods until the status names them', () => {
    const pods = [failed('a', 5), succeeded('b', 5), makePod('c')]
    expect([...recordFailures(undefined, JOB, pods).seen]).toEqual(['uid-a', 'uid-b'])
    const named = makeJob({ completions: 99 }, { uncountedTerminatedPods: { failed: ['uid-a'], succeeded: ['uid-b'] } })
    expect(recordFailures(record(1, at(5), ['uid-a', 'uid-b']), named, pods)).toEqual(record(1, at(5)))
  })

  it('leaves out pods that are none of its indexes', () => {
    const pods = indexed(
      [9, { phase: 'Failed', finished: 5 }],
      ['x', { phase: 'Failed', finished: 5 }],
      [0, { phase: 'Failed', finished: 6 }],
    )
    expect(recordFailures(undefined, makeJob(INDEXED), pods)).toMatchObject({ failures: 1, lastFailure: at(6) })
  })

  it('with a failure policy waits for pods to end, and counts those it ignores', () => {
    const rules = [{ action: 'Ignore', onExitCodes: { operator: 'In', values: [1] } }]
    const job = makeJob({ completions: 99, podFailurePolicy: { rules } })
    expect(recordFailures(undefined, job, [makePod('a', { deleting: true })]).failures).toBe(0)
    expect(recordFailures(undefined, job, [failed('a', 5)]).failures).toBe(1)
  })
})

describe('the delay', () => {
  it.each<{ name: string; failures: number; secondsAgo: number; left: number }>([
    { name: 'no failure', failures: 0, secondsAgo: 0, left: 0 },
    { name: 'one, now', failures: 1, secondsAgo: 0, left: 10 },
    { name: 'one, a second ago', failures: 1, secondsAgo: 1, left: 9 },
    { name: 'one, just as long ago', failures: 1, secondsAgo: 10, left: 0 },
    { name: 'one, longer ago', failures: 1, secondsAgo: 11, left: 0 },
    { name: 'one, in time to come', failures: 1, secondsAgo: -2, left: 12 },
    { name: 'two', failures: 2, secondsAgo: 0, left: 20 },
    { name: 'three', failures: 3, secondsAgo: 0, left: 40 },
    { name: 'six', failures: 6, secondsAgo: 0, left: 320 },
    { name: 'seven: no more than ten minutes', failures: 7, secondsAgo: 0, left: 600 },
    { name: 'a hundred', failures: 100, secondsAgo: 0, left: 600 },
    { name: 'two thousand', failures: 2000, secondsAgo: 599, left: 1 },
  ])('$name', ({ failures, secondsAgo, left }) => {
    expect(backoffLeftMs(record(failures, failures === 0 ? undefined : at(secondsAgo)), NOW)).toBe(left * 1000)
  })

  it.each<{ name: string; pod: Pod | undefined; left: number }>([
    { name: 'an index that never failed', pod: undefined, left: 0 },
    { name: 'its first failure', pod: failed('a', 0, { failures: 0 }), left: 10 },
    { name: 'two before it', pod: failed('a', 0, { failures: 2 }), left: 40 },
    { name: 'a while ago', pod: failed('a', 15, { failures: 2 }), left: 25 },
    { name: 'counts that are nonsense are 0', pod: failed('a', 0, { failures: -4 }), left: 10 },
    {
      name: 'one before it, and one that was ignored',
      pod: { ...failed('a', 0), metadata: withCounts('1', '1') },
      left: 40,
    },
    { name: 'one that was ignored', pod: { ...failed('a', 0), metadata: withCounts('0', '1') }, left: 20 },
  ])('of $name', ({ pod, left }) => {
    expect(indexBackoffLeftMs(pod, NOW)).toBe(left * 1000)
  })

  function withCounts(counted: string, ignored: string): Pod['metadata'] {
    const { metadata } = makePod('a')
    return {
      ...metadata,
      annotations: { 'batch.kubernetes.io/job-index-failure-count': counted, [INDEX_IGNORED_FAILURE_COUNT]: ignored },
    }
  }
})

describe('when a pod ended', () => {
  const container = (name: string, state: object) => ({ name, image: '', imageID: '', ready: false, restartCount: 0, state })
  const ended = (secondsAgo: number) => ({ terminated: { exitCode: 1, finishedAt: ago(secondsAgo) } })
  const UNTOLD = { terminated: { exitCode: 1 } }
  const notReady = (status: string, secondsAgo: number) => ({ type: 'Ready', status, lastTransitionTime: ago(secondsAgo) })
  const SIDECAR = { name: 's', restartPolicy: 'Always' }
  it.each<{ name: string; status: object; metadata?: object; initContainers?: object[]; secondsAgo: number }>([
    {
      name: 'with its last container',
      status: { containerStatuses: [container('a', ended(7)), container('b', ended(3)), container('c', ended(5))] },
      secondsAgo: 3,
    },
    {
      name: 'one still runs: when its deletion was asked for',
      status: { containerStatuses: [container('a', ended(7)), container('b', { running: {} })] },
      metadata: { deletionTimestamp: ago(4) },
      secondsAgo: 4,
    },
    { name: 'no container says', status: {}, metadata: { deletionTimestamp: ago(4) }, secondsAgo: 4 },
    {
      name: 'the deletion, less its grace',
      status: { containerStatuses: [container('a', { running: {} })] },
      metadata: { deletionTimestamp: ago(-20), deletionGracePeriodSeconds: 30 },
      secondsAgo: 10,
    },
    {
      name: 'a container does not say when: since it is not ready',
      status: { containerStatuses: [container('a', UNTOLD)], conditions: [notReady('False', 8)] },
      secondsAgo: 8,
    },
    {
      name: 'which it is',
      status: { containerStatuses: [container('a', UNTOLD)], conditions: [notReady('True', 8)] },
      metadata: { deletionTimestamp: ago(4) },
      secondsAgo: 4,
    },
    { name: 'nothing says: its creation', status: { containerStatuses: [container('a', UNTOLD)] }, secondsAgo: 1000 },
    {
      name: 'with its sidecar, which is later',
      status: { containerStatuses: [container('a', ended(7))], initContainerStatuses: [container('s', ended(2))] },
      initContainers: [SIDECAR],
      secondsAgo: 2,
    },
    {
      name: 'a sidecar that still runs',
      status: { containerStatuses: [container('a', ended(7))], initContainerStatuses: [container('s', { running: {} })] },
      initContainers: [SIDECAR],
      metadata: { deletionTimestamp: ago(4) },
      secondsAgo: 4,
    },
    {
      name: 'containers that only set up do not matter',
      status: { containerStatuses: [container('a', ended(7))], initContainerStatuses: [container('s', ended(2))] },
      initContainers: [{ name: 's' }],
      secondsAgo: 7,
    },
  ])('$name', ({ status, metadata, initContainers, secondsAgo }) => {
    const pod = makePod('a', { phase: 'Failed' })
    const given = {
      metadata: { ...pod.metadata, ...metadata },
      spec: { containers: [], initContainers },
      status: { phase: 'Failed', ...status },
    }
    expect(finishedAt(given as unknown as Pod)).toBe(at(secondsAgo))
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

it.each([
  { name: 'tells that none is active while it backs off, as upstream does', ready: false, active: undefined },
  // Upstream's own validation refuses to show fewer active pods than ready ones.
  { name: 'but the truth while one is ready', ready: true, active: 1 },
])('$name', ({ ready, active }) => {
  const pods = [...failedPods(1, { finished: 3 }), ...activePods(1, { ready })]
  expect(statusOf(run(makeJob({ parallelism: 2, completions: 5 }, { active: 1 }), pods)).active).toBe(active)
})
