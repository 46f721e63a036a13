import { describe, expect, it } from 'vitest'
import type { Job, Pod } from '../../src/api/types.gen.ts'
import { jobController } from '../../src/controllers/job/controller.ts'
import { TRACKING_FINALIZER } from '../../src/controllers/job/job-state.ts'
import type { Reader } from '../../src/runtime/controller.ts'
import { actions, activePods, condition, creates, LABELS, makeJob, makePod, run, statusOf, succeededPods } from '../support/job-objects.ts'

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
  const controller = jobController()
  const reader = (job: Job | undefined, pods: Pod[]): Reader => {
    const keysOf = controller.indexes!.pods!['tracked-by'] as (pod: Pod) => readonly string[]
    return {
      get: () => job as never,
      list: () => (job === undefined ? [] : [job]) as never,
      controlledBy: (_: string, uid: string) => pods.filter((pod) => pod.metadata.ownerReferences?.[0]?.uid === uid) as never,
      orphans: () => pods.filter((pod) => pod.metadata.ownerReferences === undefined) as never,
      indexed: (_: string, __: string, key: string) => pods.filter((pod) => keysOf(pod).includes(key)) as never,
    }
  }
  const observe = (job: Job | undefined, pods: Pod[], key = 'ns/pi') => {
    const observed = controller.observe(reader(job, pods), key)
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
    const keys = controller.watches.pods!(pod, undefined, reader(job, [pod]))
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
