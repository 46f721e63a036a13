/** What is told of a cluster's life, as it is stored and shown. Upstream: client-go tools/record, tools/events. */
import { afterEach, expect, it } from 'vitest'
import type { EventsV1EventList } from '../../src/index.ts'
import { barePod, namesOf, replicaSet, Scenario } from '../support/scenario.ts'

let cluster: Scenario
afterEach(() => cluster.close())

const eventsOf = async (path: string) => (await cluster.cluster.app.inject({ url: path })).json<EventsV1EventList>().items
const tooBig = barePod('huge', { container: { resources: { requests: { cpu: '500' } } } })
const HUGE = '/apis/events.k8s.io/v1/namespaces/default/events?fieldSelector=regarding.name=huge,reason=FailedScheduling'

it('the scheduler reports through events.k8s.io', async () => {
  cluster = await Scenario.start({ nodes: 1 })
  await cluster.apply(barePod('web'))
  const [scheduled] = await cluster.events('web', 'Scheduled')
  const { metadata } = scheduled!
  expect(metadata.name).toMatch(/^web\.[0-9a-f]{16}$/)
  expect(metadata.managedFields).toMatchObject([{ manager: 'kube-scheduler', apiVersion: 'events.k8s.io/v1', operation: 'Update' }])
  const owned = ['action', 'eventTime', 'note', 'reason', 'regarding', 'reportingController', 'reportingInstance', 'type']
  expect(Object.keys(metadata.managedFields![0]!.fieldsV1!)).toEqual(owned.map((field) => `f:${field}`))
  const { uid, resourceVersion } = scheduled!.involvedObject
  expect(uid).toBe((await cluster.pod('web')).metadata.uid)
  expect(scheduled).toEqual({
    apiVersion: 'v1',
    kind: 'Event',
    metadata,
    involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace: 'default', name: 'web', uid, resourceVersion },
    type: 'Normal',
    reason: 'Scheduled',
    action: 'Binding',
    message: expect.stringMatching(/^Successfully assigned default\/web to /),
    eventTime: expect.stringMatching(/^2026-01-01T00:00:\d\d\.000000Z$/),
    reportingComponent: 'default-scheduler',
    reportingInstance: expect.stringMatching(/^default-scheduler-./),
    source: {},
    firstTimestamp: null,
    lastTimestamp: null,
  })
})

it('an event of the scheduler that happens again becomes a series', async () => {
  cluster = await Scenario.start({ nodes: 1 })
  await cluster.apply(tooBig)
  await cluster.seconds(60)
  // The second attempt is about the pod that says why it waits: another state of it.
  await cluster.seconds(20 * 60)
  const [first, again, ...others] = await eventsOf(HUGE)
  expect(others).toEqual([])
  expect(first).not.toHaveProperty('series')
  expect(again).toMatchObject({
    series: { count: 2 },
    type: 'Warning',
    action: 'Scheduling',
    deprecatedSource: {},
    deprecatedLastTimestamp: null,
  })
  await cluster.seconds(20 * 60)
  const refreshed = (await eventsOf(HUGE)).find(({ metadata }) => metadata.name === again!.metadata.name)
  expect(refreshed!.series!.count, 'refreshed at half past').toBeGreaterThan(4)
})

it('a series whose event is gone is told anew', async () => {
  cluster = await Scenario.start({ nodes: 1 })
  await cluster.apply(tooBig)
  await cluster.seconds(20 * 60)
  const [, again] = await eventsOf(HUGE)
  await cluster.delete('events', again!.metadata.name)
  await cluster.seconds(15 * 60)
  const told = (await eventsOf(HUGE)).find(({ metadata }) => metadata.name === again!.metadata.name)
  expect(told!.metadata.uid).not.toBe(again!.metadata.uid)
  expect(told!.series!.count).toBeGreaterThan(2)
})

it('many events that differ in their text are one', async () => {
  cluster = await Scenario.start({ nodes: 2 })
  await cluster.apply(replicaSet('web', 40))
  const events = await cluster.events('web', 'SuccessfulCreate')
  const names = namesOf(await cluster.pods('web'))
  const [combined, ...others] = events.filter(({ message }) => message!.startsWith('(combined from similar events): Created pod: '))
  expect(others).toEqual([])
  expect(names).toContain(combined!.message!.split(': ')[2])
  // Nine, and one for the sixteen that the allowance of 25 leaves.
  expect(events).toHaveLength(10)
  expect(combined).toMatchObject({ count: 16, source: { component: 'replicaset-controller' }, reportingComponent: '' })
})

it('both views are listed and shown alike', async () => {
  cluster = await Scenario.start({ nodes: 1 })
  await cluster.apply(barePod('web'))
  const accept = 'application/json;as=Table;g=meta.k8s.io;v=v1'
  const rowsOf = async (base: string) => {
    const url = `${base}/namespaces/default/events`
    const table = (await cluster.cluster.app.inject({ url, headers: { accept } })).json<{ rows: { cells: unknown[] }[] }>()
    return table.rows.map(({ cells }) => cells)
  }
  const rows = await rowsOf('/api/v1')
  expect(await rowsOf('/apis/events.k8s.io/v1')).toEqual(rows)
  const about = rows.filter((cells) => cells[3] === 'pod/web')
  expect(about.map((cells) => [cells[2], cells[5], cells[8]])).toEqual([
    ['Scheduled', 'default-scheduler, default-scheduler-coracle', 1],
    ['Pulling', expect.stringMatching(/^kubelet, /), 1],
    ['Pulled', expect.stringMatching(/^kubelet, /), 1],
    ['Created', expect.stringMatching(/^kubelet, /), 1],
    ['Started', expect.stringMatching(/^kubelet, /), 1],
  ])
})
