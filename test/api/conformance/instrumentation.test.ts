import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Json, STRATEGIC_PATCH } from '../../support/api.ts'
import { Conformance, expectNewer, expectRefused, expectValidRevision, namesOf } from '../../support/conformance.ts'

let e2e: Conformance
beforeAll(async () => {
  e2e = await Conformance.start()
})
afterAll(() => e2e.close())

const CONSTANT = 'testevent-constant=true'
const SET = 'testevent-set=true'
const series = (count: number, lastObservedTime: string) => ({ count, lastObservedTime })
/** But for what the control plane sets anew with each write. */
const settled = ({ metadata: { resourceVersion: _, managedFields: __, ...metadata }, ...rest }: Json) => ({ metadata, ...rest })

describe('Events of core/v1', () => {
  const event = (name: string, namespace: string, labels: object) => ({
    metadata: { name, labels },
    message: `This is ${name}`,
    reason: 'Test',
    type: 'Normal',
    count: 1,
    involvedObject: { namespace },
  })

  it('[sig-instrumentation] Events should manage the lifecycle of an event', async () => {
    const namespace = await e2e.namespace('events')
    const client = e2e.client('v1/events', namespace)
    const everywhere = async () => namesOf(await e2e.client('v1/events').list({ labelSelector: CONSTANT }))
    await client.create(event('event-test', namespace, { 'testevent-constant': 'true' }))
    expect(await everywhere()).toEqual(['event-test'])

    await client.patch('event-test', { message: 'This is a test event - patched' }, { type: STRATEGIC_PATCH })
    const patched = await client.get('event-test')
    expect(patched.message).toBe('This is a test event - patched')

    const wanted = { ...settled(patched), series: series(100, '2017-09-19T13:49:16.000000Z') }
    await client.update(wanted)
    expect(settled(await client.get('event-test'))).toEqual(wanted)

    await client.delete('event-test')
    expect(await everywhere()).toEqual([])
  })

  it('[sig-instrumentation] Events should delete a collection of events', async () => {
    const namespace = await e2e.namespace('events')
    const client = e2e.client('v1/events', namespace)
    const names = ['test-event-1', 'test-event-2', 'test-event-3']
    for (const name of names) await client.create(event(name, namespace, { 'testevent-set': 'true' }))
    expect(namesOf(await client.list({ labelSelector: SET }))).toEqual(names)
    await client.deleteCollection({ labelSelector: SET })
    expect(namesOf(await client.list({ labelSelector: SET }))).toEqual([])
  })
})

describe('Events of events.k8s.io/v1', () => {
  const event = (name: string, namespace: string, label: string) => ({
    metadata: { name, labels: { [label]: 'true' } },
    regarding: { namespace },
    eventTime: '2017-09-19T13:49:16.000000Z',
    note: `This is ${name}`,
    action: 'Do',
    reason: 'Test',
    type: 'Normal',
    reportingController: 'test-controller',
    reportingInstance: 'test-node',
  })

  it('[sig-instrumentation] Events API should ensure that an event can be fetched, patched, deleted, and listed', async () => {
    const namespace = await e2e.namespace('events')
    const client = e2e.client('events.k8s.io/v1/events', namespace)
    const everywhere = async () => namesOf(await e2e.client('events.k8s.io/v1/events').list({ labelSelector: CONSTANT }))
    const here = async () => namesOf(await client.list({ labelSelector: CONSTANT }))
    const created = await client.create(event('event-test', namespace, 'testevent-constant'))
    expectValidRevision(created)
    expect([await everywhere(), await here()]).toEqual([['event-test'], ['event-test']])
    const core = e2e.client('v1/events', namespace)
    expect(namesOf(await core.list({ fieldSelector: 'source=test-controller' }))).toEqual(['event-test'])
    expect(namesOf(await client.list({ fieldSelector: 'reportingController=test-controller' }))).toEqual(['event-test'])

    const before = await client.get('event-test')
    const twice = series(2, '2017-09-19T13:49:11.000000Z')
    await client.patch('event-test', { series: twice }, { type: STRATEGIC_PATCH })
    const patched = await client.get('event-test')
    expectNewer(patched, created)
    expect(settled(patched)).toEqual({ ...settled(before), series: twice })

    const wanted = { ...settled(patched), series: series(100, '2017-09-19T13:49:16.000000Z') }
    await client.update(wanted)
    expect(settled(await client.get('event-test'))).toEqual(wanted)

    await client.delete('event-test')
    expect([await everywhere(), await here()]).toEqual([[], []])
    await expectRefused(core.get('event-test'), 'NotFound')
  })

  it('[sig-instrumentation] Events API should delete a collection of events', async () => {
    const namespace = await e2e.namespace('events')
    const client = e2e.client('events.k8s.io/v1/events', namespace)
    const names = ['test-event-1', 'test-event-2', 'test-event-3']
    for (const name of names) await client.create(event(name, namespace, 'testevent-set'))
    expect(namesOf(await client.list({ labelSelector: SET }))).toEqual(names)
    await client.deleteCollection({ labelSelector: SET })
    expect(namesOf(await client.list({ labelSelector: SET }))).toEqual([])
  })
})
