/** Which pods a Job takes as its own, which it lets go, and whose changes wake it. */
import { describe, expect, it } from 'vitest'
import type { Job, Pod } from '../../src/api/types.gen.ts'
import { jobController } from '../../src/controllers/job/controller.ts'
import { TRACKING_FINALIZER } from '../../src/controllers/job/job-state.ts'
import type { Reader } from '../../src/runtime/controller.ts'
import {
  actions,
  activePods,
  ago,
  condition,
  creates,
  LABELS,
  makeJob,
  makePod,
  run,
  statusOf,
  succeededPods,
} from '../support/job-objects.ts'

const NAMED = { ...LABELS, 'batch.kubernetes.io/job-name': 'pi' }
const otherJob = makeJob({ selector: { matchLabels: { other: 'labels' } } }, {}, { name: 'other', uid: 'other-uid' })

describe('claims', () => {
  // Upstream: TestGetPodsForJob. What is done to each pod, by name.
  const claimsOf = (job: Job, pods: Pod[]) =>
    (run(job, pods).actions ?? []).flatMap((action) => {
      if (action.verb !== 'patch') return []
      const { ownerReferences, finalizers } = (
        action.patch as { metadata: { ownerReferences?: unknown[] | null; finalizers?: string[] | null } }
      ).metadata
      return ownerReferences === undefined
        ? []
        : [`${action.target.name} ${ownerReferences === null ? 'released' : 'adopted'} ${finalizers ?? '-'}`]
    })
  it.each<{ name: string; job?: Job; pods: Pod[]; claims: string[] }>([
    {
      name: 'its own stay, others are left alone',
      pods: [
        makePod('a'),
        makePod('b', { owner: 'other-uid' }),
        makePod('c', { owner: null, labels: { x: 'y' } }),
        makePod('d', { tracked: false }),
      ],
      claims: [],
    },
    {
      name: 'a pod without an owner is adopted, and tracked',
      pods: [makePod('a'), makePod('b', { owner: null, tracked: false }), makePod('c', { owner: 'other-uid' })],
      claims: [`b adopted ${TRACKING_FINALIZER}`],
    },
    {
      name: 'one that is tracked already',
      pods: [makePod('b', { owner: null })],
      claims: [`b adopted ${TRACKING_FINALIZER}`],
    },
    { name: 'not one that is being deleted', pods: [makePod('b', { owner: null, deleting: true })], claims: [] },
    {
      name: 'none when the Job is being deleted',
      job: makeJob({}, {}, { deletionTimestamp: ago(1) }),
      pods: [makePod('a'), makePod('b', { owner: null, tracked: false })],
      claims: [],
    },
    { name: 'one whose labels have changed is released', pods: [makePod('a'), makePod('b', { labels: {} })], claims: ['b released -'] },
    {
      name: 'also one that has ended',
      pods: [makePod('b', { labels: {}, phase: 'Succeeded' })],
      claims: ['b released -'],
    },
    {
      name: 'none by a Job that has ended',
      job: makeJob({}, { conditions: [condition('Complete')] }),
      pods: [makePod('b', { owner: null, tracked: false })],
      claims: [],
    },
    {
      name: 'a selector of expressions',
      job: makeJob({
        selector: { matchExpressions: [{ key: 'batch.kubernetes.io/controller-uid', operator: 'In', values: ['job-uid', 'x'] }] },
      }),
      pods: [makePod('b', { owner: null, tracked: false }), makePod('c', { owner: null, tracked: false, labels: { x: 'y' } })],
      claims: [`b adopted ${TRACKING_FINALIZER}`],
    },
  ])('$name', ({ job = makeJob(), pods, claims }) => {
    expect(claimsOf(job, pods)).toEqual(claims)
  })

  it('keep other finalizers', () => {
    const pod = makePod('b', { owner: null })
    const guarded = { ...pod, metadata: { ...pod.metadata, finalizers: ['example.com/x', TRACKING_FINALIZER] } }
    expect(claimsOf(makeJob(), [guarded])).toEqual([`b adopted example.com/x,${TRACKING_FINALIZER}`])
    const lost = { ...guarded, metadata: { ...guarded.metadata, labels: {}, ownerReferences: makePod('b').metadata.ownerReferences! } }
    expect(claimsOf(makeJob(), [lost])).toEqual(['b released example.com/x'])
  })
})

describe('a change of a pod wakes', () => {
  // Upstream: TestAddPod, TestUpdatePod, TestDeletePod and their neighbours.
  const jobs = [makeJob(), otherJob]
  const reader = { list: (_: string, namespace: string) => jobs.filter((job) => job.metadata.namespace === namespace) } as unknown as Reader
  const keysOf = (current: Pod | undefined, old: Pod | undefined) => [...jobController().watches.pods!(current, old, reader)].sort()
  const owned = makePod('p', { tracked: false })
  const ofOther = {
    ...owned,
    metadata: { ...owned.metadata, ownerReferences: [{ ...owned.metadata.ownerReferences![0]!, name: 'other', uid: 'other-uid' }] },
  }
  const orphan = makePod('p', { owner: null, tracked: false })
  const strange = makePod('p', { owner: null, tracked: false, labels: { x: 'y' } })
  it.each<{ name: string; current?: Pod; old?: Pod; wakes: string[] }>([
    { name: 'its Job, when it is new', current: owned, wakes: ['ns/pi'] },
    { name: 'its Job, when it changes', current: owned, old: owned, wakes: ['ns/pi'] },
    { name: 'its Job, when it goes', old: owned, wakes: ['ns/pi'] },
    { name: 'its Job, when it is on its way out', current: makePod('p', { deleting: true, tracked: false }), old: owned, wakes: ['ns/pi'] },
    { name: 'both Jobs, when it changes hands', current: ofOther, old: owned, wakes: ['ns/other', 'ns/pi'] },
    { name: 'the Jobs that pick it, when it is new and nobody’s', current: orphan, wakes: ['ns/pi'] },
    { name: 'nobody, when nobody picks it', current: strange, wakes: [] },
    { name: 'the Jobs that pick it, when its labels change', current: orphan, old: strange, wakes: ['ns/pi'] },
    { name: 'nobody, when nothing but its status changes', current: orphan, old: orphan, wakes: [] },
    { name: 'the Job that let it go, and those that pick it', current: orphan, old: ofOther, wakes: ['ns/other', 'ns/pi'] },
    { name: 'nobody, when it goes and is nobody’s', old: orphan, wakes: [] },
    { name: 'nobody in another namespace', current: { ...orphan, metadata: { ...orphan.metadata, namespace: 'elsewhere' } }, wakes: [] },
    {
      name: 'the Job that tracked it, by its label',
      current: makePod('p', { owner: null, labels: { ...NAMED, x: 'y' } }),
      old: owned,
      wakes: ['ns/pi'],
    },
    { name: 'its own name, when nothing tells whose it was', current: makePod('p', { owner: null, labels: {} }), wakes: ['ns/p'] },
  ])('$name', ({ current, old, wakes }) => {
    expect(keysOf(current, old)).toEqual(wakes)
  })
})

describe('the finalizer of a pod', () => {
  // Upstream: TestSyncOrphanPod, TestWatchOrphanPods.
  const controller = jobController()
  const trackedBy = controller.indexes!.pods!['tracked-by'] as (pod: Pod) => readonly string[]
  const ownedBy = (owner: object | undefined): Pod => {
    const pod = makePod('p', { deleting: true, labels: NAMED, owner: null })
    return owner === undefined ? pod : { ...pod, metadata: { ...pod.metadata, ownerReferences: [owner as never] } }
  }
  const isLetGo = (job: Job | undefined, pod: Pod): boolean => {
    const owners = pod.metadata.ownerReferences ?? []
    const controls = owners.find((owner) => owner.controller === true)
    const reader = {
      get: () => job,
      controlledBy: (_: string, uid: string) => (controls?.uid === uid ? [pod] : []),
      orphans: () => (controls === undefined ? [pod] : []),
      indexed: (_: string, __: string, key: string) => (trackedBy(pod).includes(key) ? [pod] : []),
    } as unknown as Reader
    const observed = controller.observe(reader, 'ns/pi')
    if (observed === undefined) return false
    const { actions = [] } = controller.reconcile(observed, { now: Date.parse(ago(0)), newName: (base) => base })
    return actions.some((action) => action.verb === 'patch' && (action.patch as { metadata: Pod['metadata'] }).metadata.finalizers === null)
  }
  const JOB_OWNER = { apiVersion: 'batch/v1', kind: 'Job', name: 'pi', uid: 'job-uid', controller: true }
  const finished = makeJob({}, { conditions: [condition('Complete')] })
  const runs = makeJob({ podReplacementPolicy: 'Failed' })
  it.each<{ name: string; job?: Job; owner?: object; isRemoved: boolean }>([
    { name: 'its Job runs', job: runs, owner: JOB_OWNER, isRemoved: false },
    { name: 'its Job has ended', job: finished, owner: JOB_OWNER, isRemoved: true },
    { name: 'its Job is gone', owner: JOB_OWNER, isRemoved: true },
    { name: 'its Job is another of the name', job: runs, owner: { ...JOB_OWNER, uid: 'before' }, isRemoved: true },
    { name: 'its Job is managed by somebody else', job: makeJob({ managedBy: 'example.com/x' }), owner: JOB_OWNER, isRemoved: false },
    { name: 'it has no owner', isRemoved: true },
    {
      name: 'it has no owner, and the Job of its name is managed by somebody else',
      job: makeJob({ managedBy: 'example.com/x' }),
      isRemoved: true,
    },
    { name: 'a CronJob controls it', owner: { ...JOB_OWNER, kind: 'CronJob' }, isRemoved: false },
    { name: 'a kind of somebody else controls it', owner: { ...JOB_OWNER, apiVersion: 'example/v1' }, isRemoved: false },
    { name: 'a Job owns it without controlling it', job: runs, owner: { ...JOB_OWNER, controller: false }, isRemoved: true },
    {
      name: 'a kind of somebody else owns it without controlling it',
      owner: { ...JOB_OWNER, apiVersion: 'example/v1', controller: false },
      isRemoved: true,
    },
  ])('$name: $isRemoved', ({ job, owner, isRemoved }) => {
    expect(isLetGo(job, ownedBy(owner))).toBe(isRemoved)
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
