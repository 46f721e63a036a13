/** Which pods go first. Upstream: controller_utils_test.go TestSortingActivePods…, replica_set_test.go TestGetPodsToDelete. */
import { describe, expect, it } from 'vitest'
import { timestamp } from '../../src/api/meta/time.ts'
import type { Pod } from '../../src/api/types.gen.ts'
import { untilNextAvailable } from '../../src/controllers/pods/pod-state.ts'
import { compareActivePods, rankForDeletion } from '../../src/controllers/pods/rank-for-deletion.ts'
import { asReplicaOwner } from '../../src/controllers/replicaset/controller.ts'
import { reconcileReplicas } from '../../src/controllers/replicaset/reconcile.ts'
import { context, controlledBy, NOW, pod, replicaSet } from '../support/replica-objects.ts'

const HOUR = 3600
const MONTH = 30 * 24 * HOUR

interface Traits {
  readonly node?: string
  readonly phase?: string
  /** Seconds; null when ready without saying since when. */
  readonly readyFor?: number | null
  readonly age?: number
  readonly restarts?: number
  readonly sidecarRestarts?: number
  readonly cost?: string
}

function made(name: string, { node, phase = 'Running', readyFor, age, restarts, sidecarRestarts, cost }: Traits): Pod {
  const metadata = {
    creationTimestamp: age === undefined ? '' : timestamp(NOW - age * 1000),
    ...(cost !== undefined && { annotations: { 'controller.kubernetes.io/pod-deletion-cost': cost } }),
  }
  const result = pod(name, { metadata, phase, ...(node && { node }), ...(readyFor != null && { readyFor }), ...(restarts && { restarts }) })
  if (readyFor === null) result.status!.conditions = [{ type: 'Ready', status: 'True' }]
  if (sidecarRestarts) {
    result.spec.initContainers = [{ name: 'sidecar', restartPolicy: 'Always' }]
    result.status!.initContainerStatuses = [{ name: 'sidecar', image: '', imageID: '', ready: true, restartCount: sidecarRestarts }]
  }
  return result
}

const KINDS = {
  unscheduled: { phase: 'Pending' },
  pending: { node: 'node', phase: 'Pending' },
  unknown: { node: 'node', phase: 'Unknown' },
  'not ready': { node: 'node' },
  'ready, since when nobody knows': { node: 'node', readyFor: null },
  'ready now': { node: 'node', readyFor: 0, age: 0 },
  'ready for a month': { node: 'node', readyFor: MONTH, age: MONTH },
  'ready now, many restarts': { node: 'node', readyFor: 0, age: 0, restarts: 9001 },
  'ready now, many restarts of all': { node: 'node', readyFor: 0, age: 0, restarts: 9001, sidecarRestarts: 9001 },
  'ready now, a month old': { node: 'node', readyFor: 0, age: MONTH },
  'of low cost': { node: 'node', readyFor: 0, age: MONTH, cost: '10' },
  'of high cost': { node: 'node', readyFor: 0, age: MONTH, cost: '100' },
  'ready for 2 hours': { node: 'node', readyFor: 2 * HOUR, age: MONTH },
  'ready for 5 hours': { node: 'node', readyFor: 5 * HOUR, age: MONTH },
  'ready for 8 hours': { node: 'node', readyFor: 8 * HOUR, age: MONTH },
  'unscheduled, 5 hours old': { phase: 'Pending', age: 5 * HOUR },
  'unscheduled, 8 hours old': { phase: 'Pending', age: 8 * HOUR },
} satisfies Record<string, Traits>

type Kind = keyof typeof KINDS

/** The first goes, though its name comes later. `crowd` is how many pods share the node of the first and of the second. */
const order = (first: Kind, second: Kind, crowd: [number, number], names: [string, string]) => {
  const place = (kind: Kind, node: string): Traits => ('node' in KINDS[kind] ? { ...KINDS[kind], node } : KINDS[kind])
  const pods = [made(names[0], place(first, 'n1')), made(names[1], place(second, 'n2'))]
  const related = [
    ...Array.from({ length: crowd[0] }, (_, i) => pod(`r${i}`, { node: 'n1' })),
    ...Array.from({ length: crowd[1] }, (_, i) => pod(`s${i}`, { node: 'n2' })),
  ]
  return rankForDeletion(pods, related, NOW).map(({ metadata }) => metadata.name)
}

// Upstream: TestSortingActivePodsWithRanks, of unequal ones.
describe('goes before', () => {
  it.each<[Kind, Kind, [number, number]?]>([
    ['unscheduled', 'pending', [1, 2]],
    ['unscheduled', 'pending', [2, 1]],
    ['pending', 'unknown', [1, 2]],
    ['unknown', 'not ready', [1, 2]],
    ['not ready', 'ready, since when nobody knows'],
    ['ready, since when nobody knows', 'ready now'],
    ['ready now', 'ready, since when nobody knows', [2, 1]],
    ['ready now', 'ready for a month'],
    ['ready now', 'ready for a month', [2, 1]],
    ['ready now, many restarts', 'ready now'],
    ['ready now, many restarts of all', 'ready now, many restarts'],
    ['ready now', 'ready now, many restarts', [2, 1]],
    ['ready now', 'ready now, a month old'],
    ['ready now, a month old', 'ready now', [2, 1]],
    ['of low cost', 'of high cost', [2, 1]],
    ['of low cost', 'of high cost', [1, 2]],
    ['ready for 2 hours', 'ready for 5 hours'],
  ])('%s: %s', (first, second, crowd = [1, 1]) => {
    expect(order(first, second, crowd, ['z', 'a'])).toEqual(['z', 'a'])
    expect(order(second, first, [crowd[1], crowd[0]], ['a', 'z'])).toEqual(['z', 'a'])
  })
})

// Upstream: TestSortingActivePodsWithRanks, of equal ones: there is no order but that of their uids.
describe('no order between', () => {
  it.each<[Kind, Kind]>([
    ['unscheduled', 'unscheduled'],
    ['pending', 'pending'],
    ['unknown', 'unknown'],
    ['not ready', 'not ready'],
    ['ready now', 'ready now'],
    ['ready for a month', 'ready for a month'],
    ['ready now, many restarts', 'ready now, many restarts'],
    ['ready now, a month old', 'ready now, a month old'],
    ['unscheduled, 5 hours old', 'unscheduled, 8 hours old'],
    ['ready for 5 hours', 'ready for 8 hours'],
  ])('%s, %s', (first, second) => {
    const one = order(first, second, [1, 1], ['a', 'b'])
    const other = order(first, second, [1, 1], ['b', 'a'])
    // With equal times those stay as they were given; else the uid decides, whichever of the two it is.
    expect(one).toEqual(['a', 'b'])
    expect(first === second ? [...other].sort() : other).toEqual(['a', 'b'])
  })
})

// Upstream: TestSortingActivePods.
it('pods alone have one order', () => {
  const ordered = [
    made('p0', KINDS.unscheduled),
    made('p1', KINDS.pending),
    made('p2', KINDS.unknown),
    made('p3', KINDS['not ready']),
    made('p4', KINDS['ready, since when nobody knows']),
    made('p5', KINDS['ready now, many restarts of all']),
    made('p6', KINDS['ready now, many restarts']),
    made('p7', KINDS['ready now']),
    made('p8', KINDS['ready now, a month old']),
    made('p9', KINDS['ready for a month']),
  ]
  const shuffled = [7, 2, 9, 0, 5, 3, 8, 1, 6, 4].map((i) => ordered[i]!)
  expect(shuffled.sort(compareActivePods).map(({ metadata }) => metadata.name)).toEqual(ordered.map(({ metadata }) => metadata.name))
})

// Upstream: TestGetPodsToDelete.
describe('a ReplicaSet that has too many', () => {
  const kinds = {
    unscheduled: { phase: 'Pending' },
    pending: { node: 'n', phase: 'Pending' },
    'not ready': { node: 'n' },
    'ready on n1': { node: 'n1', readyFor: null },
    'ready on n2': { node: 'n2', readyFor: null },
  } satisfies Record<string, Traits>
  type Name = keyof typeof kinds
  const all: Name[] = ['ready on n1', 'ready on n2', 'not ready', 'pending', 'unscheduled']
  it.each<{ name: string; given: Name[]; related?: string[]; keep: number; goes: Name[] }>([
    { name: 'none at all', given: [], keep: 0, goes: [] },
    { name: 'all go: no order is needed', given: ['not ready', 'ready on n1'], keep: 0, goes: ['not ready', 'ready on n1'] },
    { name: 'one of two', given: ['ready on n1', 'not ready'], keep: 1, goes: ['not ready'] },
    { name: 'all of various', given: all, keep: 0, goes: all },
    { name: 'all of various without relations', given: all, related: [], keep: 0, goes: all },
    { name: 'scheduled or not', given: ['pending', 'unscheduled'], keep: 1, goes: ['unscheduled'] },
    { name: 'ready or not', given: ['ready on n1', 'not ready'], keep: 1, goes: ['not ready'] },
    { name: 'beside others or not', given: ['ready on n1', 'ready on n2'], related: ['n1', 'n2', 'n2'], keep: 1, goes: ['ready on n2'] },
    { name: 'pending or running', given: ['pending', 'not ready'], keep: 1, goes: ['pending'] },
    { name: 'three of various', given: all, keep: 2, goes: ['unscheduled', 'pending', 'not ready'] },
  ])('$name', ({ given, related, keep, goes }) => {
    const owned = { ownerReferences: [controlledBy('ReplicaSet', 'web')] }
    const pods = given.map((name) => {
      const one = made(name.replaceAll(' ', '-'), kinds[name])
      return { ...one, metadata: { ...one.metadata, ...owned } }
    })
    const others = related?.map((node, i) => pod(`r${i}`, { node })) ?? pods
    const { actions } = reconcileReplicas({ owner: asReplicaOwner(replicaSet('web', keep)), candidates: pods, related: others }, context())
    expect(actions!.map((action) => action.verb === 'delete' && action.target.name)).toEqual(goes.map((name) => name.replaceAll(' ', '-')))
  })
})

// Upstream: TestNextPodAvailabilityCheck, TestFindMinNextPodAvailabilitySimpleCheck.
describe('until the next pod is available', () => {
  const of = (...readyFor: (number | undefined)[]) =>
    readyFor.map((seconds, i) => pod(`p${i}`, seconds === undefined ? {} : { readyFor: seconds }))
  it.each<{ name: string; pods: Pod[]; min: number; expect: number | undefined }>([
    { name: 'no pods', pods: [], min: 10, expect: undefined },
    { name: 'not ready', pods: of(undefined), min: 0, expect: undefined },
    { name: 'not ready, with a delay', pods: of(undefined, undefined), min: 10, expect: undefined },
    { name: 'no delay', pods: of(0, 0), min: 0, expect: undefined },
    { name: 'since when nobody knows', pods: [made('p', { readyFor: null })], min: 1, expect: undefined },
    { name: 'just ready', pods: of(0), min: 1, expect: 1000 },
    { name: 'ready for 20 s of 30', pods: of(20), min: 30, expect: 10_000 },
    { name: 'available', pods: of(51), min: 50, expect: undefined },
    { name: 'the next of several', pods: of(undefined, 2, 0, 4, undefined), min: 10, expect: 6000 },
    { name: 'those that are available do not count', pods: of(undefined, 15, 11, 10, undefined), min: 10, expect: undefined },
  ])('$name', ({ pods, min, expect: expected }) => {
    expect(untilNextAvailable(pods, min, NOW)).toBe(expected)
  })
})

// Upstream: replica_set_utils_test.go TestCalculateStatusConditions.
describe('the failure of a ReplicaSet', () => {
  const told = {
    type: 'ReplicaFailure',
    status: 'True',
    reason: 'FailedCreate',
    message: 'before',
    lastTransitionTime: timestamp(NOW - 1000),
  }
  const fault = (verb: 'create' | 'delete') => ({
    lastFailure: {
      action:
        verb === 'create'
          ? ({ verb, resource: 'pods', object: { metadata: { name: 'x' } } } as const)
          : ({ verb, target: { resource: 'pods', namespace: 'default', name: 'x' }, preconditions: { uid: 'u' } } as const),
      reason: 'Forbidden',
      message: 'fake manageReplicas error',
    },
  })
  it.each<{ name: string; pods: number; known: boolean; fails?: 'create' | 'delete'; expect: string | undefined }>([
    { name: 'too few', pods: 1, known: false, fails: 'create', expect: 'FailedCreate fake manageReplicas error' },
    { name: 'too many', pods: 3, known: false, fails: 'delete', expect: 'FailedDelete unable to delete pods: fake manageReplicas error' },
    { name: 'is over', pods: 2, known: true, expect: undefined },
    { name: 'goes on', pods: 1, known: true, fails: 'create', expect: 'FailedCreate before' },
    { name: 'never was', pods: 2, known: false, expect: undefined },
  ])('$name', ({ pods, known, fails, expect: expected }) => {
    const set = replicaSet('web', 2, known ? { status: { replicas: 2, conditions: [told] } } : {})
    const candidates = Array.from({ length: pods }, (_, i) =>
      pod(`p${i}`, { metadata: { ownerReferences: [controlledBy('ReplicaSet', 'web')] } }),
    )
    const { status } = reconcileReplicas({ owner: asReplicaOwner(set), candidates, related: [] }, context(fails ? fault(fails) : {}))
    const [condition] = (status as ReturnType<typeof replicaSet>).status?.conditions ?? []
    expect(condition && `${condition.reason} ${condition.message}`).toBe(expected)
  })
})
