import { describe, expect, it } from 'vitest'
import type { Job, JobSpec, JobStatus, Pod } from '../../src/api/types.gen.ts'
import { COMPLETION_INDEX } from '../../src/controllers/job/job-pods.ts'
import { actions, INDEXED, indexed, LABELS, makeJob, makePod, run, statusOf } from '../support/job-objects.ts'

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
