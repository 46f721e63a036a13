/** Each way to update, to manage pods, and to change the size at the same time. Upstream: stateful_set_control_test.go. */
import { describe, expect, it } from 'vitest'
import type { StatefulSetUpdateStrategy } from '../../src/api/types.gen.ts'
import { StatefulWorld, template } from '../support/stateful-world.ts'

const MANAGEMENTS = ['OrderedReady', 'Parallel'] as const
const SIZES = [
  { name: 'as many', from: 3, to: 3 },
  { name: 'more', from: 3, to: 5 },
  { name: 'fewer', from: 5, to: 3 },
]
const WAYS = MANAGEMENTS.flatMap((management) => SIZES.map((size) => ({ management, ...size })))

function started(podManagementPolicy: string, replicas: number, updateStrategy: StatefulSetUpdateStrategy): StatefulWorld {
  const web = new StatefulWorld()
  web.putSet({ replicas, podManagementPolicy, updateStrategy })
  web.settle()
  return web
}

function change(web: StatefulWorld, image: string, replicas: number): void {
  web.changeSpec((spec) => {
    spec.template = template(image)
    spec.replicas = replicas
  })
  web.settle()
}

const imagesOf = (web: StatefulWorld) => Object.values(web.images)
const all = (image: string, count: number) => Array.from({ length: count }, () => image)

// Upstream: TestStatefulSetControlRollingUpdate.
describe('RollingUpdate', () => {
  it.each(WAYS)('$management, $name: all at the new template', ({ management, from, to }) => {
    const web = started(management, from, { type: 'RollingUpdate' })
    change(web, 'v2', to)
    expect(imagesOf(web)).toEqual(all('v2', to))
    expect(web.set.status!.currentRevision).toBe(web.set.status!.updateRevision)
  })

  it.each(MANAGEMENTS)('%s: nothing happens where the template stays', (management) => {
    const web = started(management, 3, { type: 'RollingUpdate' })
    const before = web.pods.map(({ metadata }) => metadata.uid)
    change(web, 'v1', 3)
    expect(web.pods.map(({ metadata }) => metadata.uid)).toEqual(before)
  })
})

// Upstream: TestStatefulSetControlOnDeleteUpdate.
describe('OnDelete', () => {
  it.each(WAYS)('$management, $name: only what is new is at the new template', ({ management, from, to }) => {
    const web = started(management, from, { type: 'OnDelete' })
    change(web, 'v2', to)
    expect(imagesOf(web)).toEqual([...all('v1', Math.min(from, to)), ...all('v2', Math.max(0, to - from))])
    for (const name of web.names) web.remove('pods', name)
    web.settle()
    expect(imagesOf(web)).toEqual(all('v2', to))
  })
})

// Upstream: TestStatefulSetControlRollingUpdateWithPartition.
describe('a partition of 2', () => {
  it.each(WAYS.filter(({ name }) => name !== 'fewer'))('$management, $name', ({ management, from, to }) => {
    const web = started(management, from, { type: 'RollingUpdate', rollingUpdate: { partition: 2 } })
    change(web, 'v2', to)
    expect(imagesOf(web)).toEqual(['v1', 'v1', ...all('v2', to - 2)])
    expect(web.set.status).toMatchObject({ currentReplicas: 2, updatedReplicas: to - 2 })
  })

  // Upstream: e2e/apps/statefulset.go, "for partition1 and delete pod-0".
  it.each(MANAGEMENTS)('%s: what is lost below it comes back as it was', (management) => {
    const web = started(management, 3, { type: 'RollingUpdate', rollingUpdate: { partition: 1 } })
    change(web, 'v2', 3)
    web.remove('pods', 'web-0')
    web.settle()
    expect(imagesOf(web)).toEqual(['v1', 'v2', 'v2'])
  })

  it.each(MANAGEMENTS)('%s: goes on in phases as it is lowered', (management) => {
    const web = started(management, 3, { type: 'RollingUpdate', rollingUpdate: { partition: 3 } })
    change(web, 'v2', 3)
    const phases = [3, 2, 1, 0].map((partition) => {
      web.changeSpec((spec) => (spec.updateStrategy = { type: 'RollingUpdate', rollingUpdate: { partition } }))
      web.settle()
      return imagesOf(web).join(' ')
    })
    expect(phases).toEqual(['v1 v1 v1', 'v1 v1 v2', 'v1 v2 v2', 'v2 v2 v2'])
    expect(web.set.status!.currentRevision).toBe(web.set.status!.updateRevision)
  })

  it.each(MANAGEMENTS)('%s: raised again, what is lost below it is the old', (management) => {
    const web = started(management, 3, { type: 'RollingUpdate', rollingUpdate: { partition: 1 } })
    change(web, 'v2', 3)
    web.changeSpec((spec) => (spec.updateStrategy = { type: 'RollingUpdate', rollingUpdate: { partition: 2 } }))
    web.remove('pods', 'web-1')
    web.settle()
    expect(imagesOf(web)).toEqual(['v1', 'v1', 'v2'])
  })

  it('beyond the last ordinal updates nothing', () => {
    const web = started('OrderedReady', 2, { type: 'RollingUpdate', rollingUpdate: { partition: 7 } })
    change(web, 'v2', 2)
    expect(imagesOf(web)).toEqual(['v1', 'v1'])
  })

  it('counts from ordinals.start', () => {
    const web = new StatefulWorld()
    web.putSet({ ordinals: { start: 5 }, updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } } })
    web.settle()
    web.update()
    web.settle()
    expect(web.images).toEqual({ 'web-5': 'v1', 'web-6': 'v2', 'web-7': 'v2' })
  })
})

// Upstream: TestStatefulSetControlRollback.
describe('a rollback', () => {
  it.each(WAYS)('$management, $name: forth and back', ({ management, from, to }) => {
    const web = started(management, from, { type: 'RollingUpdate' })
    const first = web.set.status!.currentRevision
    change(web, 'v2', to)
    change(web, 'v1', to)
    expect(imagesOf(web)).toEqual(all('v1', to))
    expect(web.set.status).toMatchObject({ currentRevision: first, updateRevision: first })
    expect(web.revisions.map(({ revision }) => revision)).toEqual([2, 3])
  })
})

// Upstream: TestStatefulSetControlLimitsHistory, TestStatefulSetHonorRevisionHistoryLimit.
describe('history after ten updates', () => {
  it.each([
    { name: 'of two', management: 'OrderedReady', limit: 2, expect: 3 },
    { name: 'of two, Parallel', management: 'Parallel', limit: 2, expect: 3 },
    { name: 'of none', management: 'OrderedReady', limit: 0, expect: 1 },
    { name: 'without end', management: 'OrderedReady', limit: -2, expect: 11 },
    { name: 'of five', management: 'OrderedReady', limit: 5, expect: 6 },
  ])('$name', ({ management, limit, expect: expected }) => {
    const web = new StatefulWorld()
    web.putSet({ podManagementPolicy: management, revisionHistoryLimit: limit })
    web.settle()
    for (let i = 0; i < 10; i++) {
      web.update(`foo-${i}`)
      web.settle()
    }
    expect(web.revisions.map(({ revision }) => revision)).toEqual(Array.from({ length: expected }, (_, i) => 12 - expected + i))
  })

  it('keeps what pods were made from', () => {
    const web = new StatefulWorld()
    web.putSet({ revisionHistoryLimit: 0, updateStrategy: { type: 'OnDelete' } })
    web.settle()
    for (const image of ['v2', 'v3', 'v4']) {
      web.update(image)
      web.settle()
      web.remove('pods', 'web-1')
      web.settle()
    }
    expect(web.revisions.map(({ revision }) => revision)).toEqual([1, 4])
  })
})

// Upstream: the tests of MinReadySeconds, TestStatefulSetAvailability, TestStatefulSetAvailabilityCheck.
describe('minReadySeconds of 30', () => {
  function ready(spec: Parameters<StatefulWorld['putSet']>[0], since: readonly number[]): StatefulWorld {
    const web = new StatefulWorld()
    web.putSet({ replicas: since.length, ...spec })
    web.settle()
    web.changeSpec((changed) => (changed.minReadySeconds = 30))
    for (const [ordinal, seconds] of since.entries()) web.setPod(`web-${ordinal}`, 'Running', true, web.now - seconds * 1000)
    return web
  }

  it.each([
    { name: 'past', since: [60, 60], available: 2, goes: 1, again: undefined },
    { name: 'to come', since: [10, 10], available: 0, goes: 0, again: 20_000 },
    { name: 'past for one', since: [60, 10], available: 1, goes: 0, again: 20_000 },
    { name: 'at this instant', since: [30, 30], available: 2, goes: 1, again: undefined },
  ])('$name: an update goes on or waits', ({ since, available, goes, again }) => {
    const web = ready({}, since)
    web.update()
    const plan = web.sync()
    expect(web.set.status!.availableReplicas).toBe(available)
    expect(web.names.length - web.standing.length).toBe(goes)
    expect(plan.requeueAfterMs).toBe(again)
  })

  it('holds scaling down', () => {
    const web = ready({}, [10, 10, 10])
    web.scale(1)
    web.sync()
    expect(web.standing).toHaveLength(3)
    web.now += 20_000
    web.sync()
    expect(web.standing).toEqual(['web-0', 'web-1'])
  })

  it('holds an update above a partition', () => {
    const web = ready({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } }, [10, 10, 10, 10])
    web.update()
    web.sync()
    expect(web.standing).toHaveLength(4)
    web.now += 20_000
    web.settle()
    expect(web.images).toMatchObject({ 'web-0': 'v1', 'web-1': 'v1', 'web-3': 'v2' })
  })

  it('does not hold OnDelete', () => {
    const web = ready({ updateStrategy: { type: 'OnDelete' } }, [10, 10])
    web.update()
    web.sync()
    expect(web.set.status).toMatchObject({ availableReplicas: 0, readyReplicas: 2 })
    expect(web.set.status!.updateRevision).not.toBe(web.set.status!.currentRevision)
  })

  it('looks again when the next pod becomes available', () => {
    const web = ready({ podManagementPolicy: 'Parallel' }, [0, 2, 25])
    web.setPod('web-0', 'Running', false)
    expect(web.sync().requeueAfterMs).toBe(5000)
    expect(web.set.status).toMatchObject({ readyReplicas: 2, availableReplicas: 0 })
  })

  it('of 0 waits for nothing', () => {
    const web = ready({}, [0, 0])
    web.changeSpec((spec) => (spec.minReadySeconds = 0))
    expect(web.sync().requeueAfterMs).toBeUndefined()
    expect(web.set.status).toMatchObject({ availableReplicas: 2 })
  })
})

// Upstream: test/integration/statefulset TestStatefulSetStartOrdinal, e2e "Scaling StatefulSetStartOrdinal".
describe('ordinals', () => {
  it.each([
    { name: 'none', start: undefined, replicas: 3, expect: ['web-0', 'web-1', 'web-2'] },
    { name: 'from 0', start: 0, replicas: 3, expect: ['web-0', 'web-1', 'web-2'] },
    { name: 'from 4', start: 4, replicas: 4, expect: ['web-4', 'web-5', 'web-6', 'web-7'] },
    { name: 'from 5', start: 5, replicas: 4, expect: ['web-5', 'web-6', 'web-7', 'web-8'] },
  ])('$name', ({ start, replicas, expect: expected }) => {
    const web = new StatefulWorld()
    web.putSet({ replicas, ...(start !== undefined && { ordinals: { start } }) })
    web.settle()
    expect(web.names).toEqual(expected)
  })

  it.each(
    MANAGEMENTS.flatMap((management) => [
      { management, from: 0, to: 2 },
      { management, from: 2, to: 1 },
      { management, from: 2, to: 0 },
    ]),
  )('$management: moved from $from to $to', ({ management, from, to }) => {
    const web = new StatefulWorld()
    web.putSet({ replicas: 2, podManagementPolicy: management, ordinals: { start: from } })
    web.settle()
    web.changeSpec((spec) => {
      if (to === 0) delete spec.ordinals
      else spec.ordinals = { start: to }
    })
    web.settle()
    expect(web.names).toEqual([`web-${to}`, `web-${to + 1}`])
  })
})
