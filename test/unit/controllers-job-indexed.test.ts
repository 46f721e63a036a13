/** Jobs whose pods have an index each. */
import { describe, expect, it } from 'vitest'
import type { Job, JobSpec, JobStatus, Pod } from '../../src/api/types.gen.ts'
import { COMPLETION_INDEX } from '../../src/controllers/job/job-pods.ts'
import { actions, INDEXED, indexed, LABELS, makeJob, makePod, run, statusOf } from '../support/job-objects.ts'
import { indexedPods, outcomeOf, podsOf, type SettleRow, settle, settleRow } from '../support/settle-job.ts'

describe('indexed Jobs', () => {
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
})

const expectOutcome = (row: SettleRow) => expect(outcomeOf(settleRow(row))).toEqual(row.becomes)

const COMPLETE = ['SuccessCriteriaMet CompletionsReached', 'Complete CompletionsReached']
const EXCEEDED = 'FailureTarget BackoffLimitExceeded'

const AT_INDEX = { completionMode: 'Indexed' } as const

describe('a completion for each index', () => {
  it.each<SettleRow>([
    {
      name: 'start',
      spec: { ...AT_INDEX, parallelism: 2, completions: 5 },
      becomes: { creates: 2, createdIndexes: [0, 1], active: 2 },
    },
    {
      name: 'a terminating pod without an index holds a place, if only ended ones are replaced',
      spec: { ...AT_INDEX, parallelism: 2, completions: 5, podReplacementPolicy: 'Failed' },
      pods: podsOf({ terminating: 1 }),
      becomes: { creates: 1, createdIndexes: [0], active: 1, terminating: 1 },
    },
    {
      name: 'and else none',
      spec: { ...AT_INDEX, parallelism: 2, completions: 5, podReplacementPolicy: 'TerminatingOrFailed' },
      pods: podsOf({ terminating: 1 }),
      becomes: { creates: 2, createdIndexes: [0, 1], untracks: 1, active: 2, terminating: 1 },
    },
    {
      name: 'the end',
      spec: { ...AT_INDEX, parallelism: 2, completions: 3 },
      pods: indexedPods('0 Succeeded', '1 Failed', '1 Succeeded', '2 Succeeded'),
      becomes: { untracks: 4, succeeded: 3, failed: 1, completedIndexes: '0-2', conditions: COMPLETE },
    },
    {
      name: 'too many failures',
      spec: { ...AT_INDEX, parallelism: 2, completions: 3, backoffLimit: 0 },
      pods: indexedPods('0 Succeeded', '1 Failed', '2 Running'),
      becomes: { deletes: 1, untracks: 3, succeeded: 1, failed: 2, completedIndexes: '0', terminating: 1, conditions: [EXCEEDED] },
    },
    {
      name: 'an index that succeeded twice counts once',
      spec: { ...AT_INDEX, parallelism: 2, completions: 3 },
      pods: indexedPods('0 Succeeded', '1 Succeeded', '1 Succeeded'),
      becomes: { creates: 1, createdIndexes: [2], untracks: 3, active: 1, succeeded: 2, completedIndexes: '0,1' },
    },
    {
      name: 'some run, some are done: gaps are filled',
      spec: { ...AT_INDEX, parallelism: 8, completions: 20 },
      pods: indexedPods('0 Running', '2 Succeeded', '3 Pending', '4 Succeeded', '5 Succeeded', '7 Succeeded', '8 Succeeded', '9 Succeeded'),
      becomes: {
        creates: 6,
        createdIndexes: [1, 6, 10, 11, 12, 13],
        untracks: 6,
        active: 8,
        succeeded: 6,
        completedIndexes: '2,4,5,7-9',
      },
    },
    {
      name: 'indexes that failed run again',
      spec: { ...AT_INDEX, parallelism: 3, completions: 4 },
      pods: indexedPods('0 Failed', '1 Pending', '2 Failed'),
      becomes: { creates: 2, createdIndexes: [0, 2], untracks: 2, active: 3, failed: 2 },
    },
    {
      name: 'pods without an index that is one are taken away, and count for nothing',
      spec: { ...AT_INDEX, parallelism: 2, completions: 5 },
      pods: [
        ...indexedPods(
          'invalid Running',
          'invalid Succeeded',
          'invalid Failed',
          'invalid Pending',
          '0 Succeeded',
          '1 Running',
          '2 Running',
        ),
        ...podsOf({ running: 1, succeeded: 1, failed: 1 }),
      ],
      becomes: { deletes: 3, untracks: 8, active: 2, succeeded: 1, completedIndexes: '0', terminating: 3 },
    },
    {
      name: 'of several of an index one stays; then what is missing is made',
      spec: { ...AT_INDEX, parallelism: 5, completions: 5 },
      pods: [
        ...indexedPods('invalid Running', '0 Succeeded', '1 Running', '2 Running', '2 Pending'),
        ...podsOf({ succeeded: 1, failed: 1 }),
      ],
      becomes: {
        creates: 2,
        createdIndexes: [3, 4],
        deletes: 2,
        untracks: 5,
        active: 4,
        succeeded: 1,
        completedIndexes: '0',
        terminating: 2,
      },
    },
    {
      name: 'pods beyond the completions are taken away, and count for nothing',
      spec: { ...AT_INDEX, parallelism: 2, completions: 5 },
      pods: indexedPods('0 Succeeded', '5 Running', '6 Succeeded', '7 Pending', '8 Failed'),
      becomes: {
        creates: 2,
        createdIndexes: [1, 2],
        deletes: 2,
        untracks: 5,
        active: 2,
        succeeded: 1,
        completedIndexes: '0',
        terminating: 2,
      },
    },
  ])('$name', expectOutcome)

  it('deletes what is too many before it makes what is missing', () => {
    const { done } = settle(makeJob({ ...AT_INDEX, parallelism: 3, completions: 3 }), indexedPods('0 Running', '0 Pending'))
    expect(done).toEqual(['untrack p1', 'delete p1', 'create pi-1-n1', 'create pi-2-n3'])
  })
})
