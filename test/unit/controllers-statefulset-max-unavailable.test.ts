/** rollingUpdate.maxUnavailable, behind its feature gate. */
import { describe, expect, it } from 'vitest'
import type { IntOrString, StatefulSet, StatefulSetSpec } from '../../src/api/types.gen.ts'
import { maxUnavailableOf } from '../../src/controllers/statefulset/rolling-update.ts'
import { StatefulWorld } from '../support/stateful-world.ts'

const ON = { MaxUnavailableStatefulSet: true }

const strategy = (maxUnavailable: IntOrString | undefined, partition = 0) => ({
  type: 'RollingUpdate',
  rollingUpdate: { partition, ...(maxUnavailable !== undefined && { maxUnavailable }) },
})

function started(spec: Partial<StatefulSetSpec>, gates: { MaxUnavailableStatefulSet: boolean } | undefined = ON): StatefulWorld {
  const web = new StatefulWorld(gates)
  web.putSet({ replicas: 6, ...spec })
  web.settle()
  return web
}

// Upstream: stateful_set_utils_test.go TestGetStatefulSetMaxUnavailable; stateful_set_control_test.go TestStatefulSetMetrics.
describe('how many may be away', () => {
  it.each<{ given: IntOrString | undefined; of: number; expect: number }>([
    { given: undefined, of: 10, expect: 1 },
    { given: 3, of: 10, expect: 3 },
    { given: 3, of: 0, expect: 3 },
    { given: 0, of: 0, expect: 1 },
    { given: '10%', of: 25, expect: 2 },
    { given: '100%', of: 5, expect: 5 },
    { given: '50%', of: 5, expect: 2 },
    { given: '10%', of: 5, expect: 1 },
    { given: '1%', of: 0, expect: 1 },
    { given: '0%', of: 0, expect: 1 },
    { given: '20%', of: 10, expect: 2 },
    { given: '25%', of: 8, expect: 2 },
    { given: '80%', of: 5, expect: 4 },
  ])('$given of $of', ({ given, of, expect: expected }) => {
    expect(maxUnavailableOf({ spec: { replicas: of, updateStrategy: strategy(given) } } as unknown as StatefulSet)).toBe(expected)
  })

  it('one under OnDelete', () => {
    expect(maxUnavailableOf({ spec: { replicas: 3, updateStrategy: { type: 'OnDelete' } } } as StatefulSet)).toBe(1)
  })
})

// Upstream: TestStatefulSetControlRollingUpdateWithMaxUnavailableInOrderedModeVerifyInvariant; there `gone` terminate.
describe.each(['OrderedReady', 'Parallel'])('of six, two may be away above partition 3, %s', (podManagementPolicy) => {
  it.each<{ away: number[]; goes: string[] }>([
    { away: [], goes: ['web-5', 'web-4'] },
    { away: [5], goes: ['web-4'] },
    { away: [3], goes: ['web-5'] },
    { away: [4], goes: ['web-5'] },
    { away: [5, 4], goes: [] },
    { away: [5, 3], goes: [] },
    { away: [4, 3], goes: [] },
    { away: [5, 4, 3], goes: [] },
    { away: [2], goes: ['web-5'] },
    { away: [1], goes: ['web-5'] },
  ])('with $away terminating $goes go', ({ away, goes }) => {
    const web = started({ podManagementPolicy, updateStrategy: strategy(2, 3) })
    for (const ordinal of away) web.terminate(`web-${ordinal}`)
    web.update()
    const deletes = web.sync().actions!.flatMap((action) => (action.verb === 'delete' ? [action.target.name] : []))
    // An ordered set waits for those that terminate before it looks at its update at all.
    expect(deletes).toEqual(podManagementPolicy === 'OrderedReady' && away.length > 0 ? [] : goes)
  })
})

// Upstream: TestStatefulSetControlRollingUpdateWithMaxUnavailable.
describe('an update of six by two above partition 3', () => {
  it('ordered: one after the other is made anew', () => {
    const web = started({ updateStrategy: strategy(2, 3) })
    web.update()
    web.sync()
    expect(web.set.status).toMatchObject({ currentReplicas: 4, replicas: 6 })
    web.finishDeletes()
    expect(web.names).toEqual(['web-0', 'web-1', 'web-2', 'web-3'])
    web.sync()
    expect(web.names).toEqual(['web-0', 'web-1', 'web-2', 'web-3', 'web-4'])
    web.sync()
    expect(web.names).toHaveLength(5)
    web.run('web-4')
    web.sync()
    expect(web.names).toHaveLength(6)
    web.run('web-5')
    web.sync()
    expect(web.standing).toEqual(['web-0', 'web-1', 'web-2', 'web-4', 'web-5'])
    web.settle()
    expect(web.images).toEqual({ 'web-0': 'v1', 'web-1': 'v1', 'web-2': 'v1', 'web-3': 'v2', 'web-4': 'v2', 'web-5': 'v2' })
    expect(web.sync().actions).toEqual([])
  })

  it('parallel: the next goes when one of two is ready', () => {
    const web = started({ podManagementPolicy: 'Parallel', updateStrategy: strategy(2, 3) })
    web.update()
    web.sync()
    web.finishDeletes()
    web.sync()
    expect(web.names).toHaveLength(6)
    expect(web.sync()).toMatchObject({ actions: [], waitingOn: '2 pods to be Available, as 2 may be away' })
    web.run('web-4')
    web.sync()
    expect(web.standing).toEqual(['web-0', 'web-1', 'web-2', 'web-4', 'web-5'])
    web.settle()
    expect(web.images).toEqual({ 'web-0': 'v1', 'web-1': 'v1', 'web-2': 'v1', 'web-3': 'v2', 'web-4': 'v2', 'web-5': 'v2' })
  })
})

// Upstream: TestStatefulSetMetrics: how many may be away, how many are.
describe('an update while pods are not ready', () => {
  it.each<{
    name: string
    replicas: number
    max: IntOrString | undefined
    policy: string
    broken: number
    goes: number
    onDelete?: boolean
  }>([
    { name: 'parallel, too many', replicas: 10, max: '20%', policy: 'Parallel', broken: 3, goes: 0 },
    { name: 'parallel, all available', replicas: 4, max: 1, policy: 'Parallel', broken: 0, goes: 1 },
    { name: 'parallel, at the limit', replicas: 5, max: '80%', policy: 'Parallel', broken: 4, goes: 0 },
    { name: 'parallel, within the limit', replicas: 8, max: '25%', policy: 'Parallel', broken: 1, goes: 1 },
    { name: 'parallel, the only one', replicas: 1, max: 1, policy: 'Parallel', broken: 1, goes: 0 },
    { name: 'parallel, without a number', replicas: 6, max: undefined, policy: 'Parallel', broken: 0, goes: 1 },
    { name: 'parallel, under OnDelete', replicas: 4, max: undefined, policy: 'Parallel', broken: 1, goes: 0, onDelete: true },
    { name: 'ordered, within the limit', replicas: 5, max: 2, policy: 'OrderedReady', broken: 1, goes: 0 },
    { name: 'ordered, all available', replicas: 5, max: 2, policy: 'OrderedReady', broken: 0, goes: 2 },
    { name: 'ordered, without a number', replicas: 5, max: undefined, policy: 'OrderedReady', broken: 0, goes: 1 },
    { name: 'ordered, more than there are', replicas: 3, max: 9, policy: 'OrderedReady', broken: 0, goes: 3 },
    { name: 'ordered, under OnDelete', replicas: 3, max: undefined, policy: 'OrderedReady', broken: 0, goes: 0, onDelete: true },
  ])('$name', ({ replicas, max, policy, broken, goes, onDelete }) => {
    const updateStrategy = onDelete ? { type: 'OnDelete' } : strategy(max)
    const web = started({ replicas, podManagementPolicy: policy, updateStrategy })
    for (let ordinal = 0; ordinal < broken; ordinal++) web.setPod(`web-${ordinal}`, 'Running', false)
    web.update()
    web.sync()
    expect(web.names.length - web.standing.length).toBe(goes)
  })
})

describe('with the gate off', () => {
  it('a number that was stored before counts as one', () => {
    const web = started({ updateStrategy: strategy(3) }, { MaxUnavailableStatefulSet: false })
    web.update()
    web.sync()
    expect(web.standing).toHaveLength(5)
  })
})

it('waits for minReadySeconds before the next two go', () => {
  const web = started({ replicas: 4, minReadySeconds: 10, podManagementPolicy: 'Parallel', updateStrategy: strategy(2) })
  web.now += 10_000
  web.update()
  web.sync()
  expect(web.standing).toEqual(['web-0', 'web-1'])
  web.finishDeletes()
  web.sync()
  web.run('web-2', 'web-3')
  expect(web.sync()).toMatchObject({ actions: [], requeueAfterMs: 10_000 })
  web.now += 10_000
  web.sync()
  expect(web.standing).toEqual(['web-2', 'web-3'])
})
