import { afterAll, beforeAll, expect, it } from 'vitest'
import { STRATEGIC_PATCH } from '../../support/api.ts'
import { Conformance, expectEvent, expectNewer, expectRefused, expectValidRevision, namesOf } from '../../support/conformance.ts'
import { uniqueName } from '../../support/resource-client.ts'

let e2e: Conformance
beforeAll(async () => {
  e2e = await Conformance.start()
})
afterAll(() => e2e.close())

const amounts = (cpu: string, memory: string, storage: string) => ({ cpu, memory, 'ephemeral-storage': storage })
const LIMITS = {
  type: 'Container',
  min: amounts('50m', '100Mi', '100Gi'),
  max: amounts('500m', '500Mi', '500Gi'),
  default: amounts('500m', '500Mi', '500Gi'),
  defaultRequest: amounts('100m', '200Mi', '200Gi'),
}

it('[sig-scheduling] LimitRange should create a LimitRange with defaults and ensure pod has those defaults applied.', async () => {
  const namespace = await e2e.namespace('limitrange')
  const client = e2e.client('v1/limitranges', namespace)
  const pods = e2e.client('v1/pods', namespace)
  const pod = (name: string, requests = {}, limits = {}) => ({
    metadata: { name },
    spec: { containers: [{ name: 'pause', image: 'pause', resources: { requests, limits } }] },
  })
  const time = uniqueName('time')
  const labelSelector = `time=${time}`
  const before = await client.list({ labelSelector })
  expect(before.items).toEqual([])
  const stream = await client.watch({ labelSelector, resourceVersion: before.metadata.resourceVersion })
  const created = await client.create({ metadata: { name: 'limit-range', labels: { time } }, spec: { limits: [LIMITS] } })
  await expectEvent(stream, 'ADDED', created)
  expect((await client.get('limit-range')).spec.limits).toEqual([LIMITS])

  const plain = await pods.create(pod('pod-no-resources'))
  expect(plain.spec.containers[0].resources).toEqual({ requests: LIMITS.defaultRequest, limits: LIMITS.default })
  const partial = await pods.create(pod('pod-partial-resources', { memory: '150Mi', 'ephemeral-storage': '150Gi' }, { cpu: '300m' }))
  expect(partial.spec.containers[0].resources).toEqual({
    requests: amounts('300m', '150Mi', '150Gi'),
    limits: amounts('300m', '500Mi', '500Gi'),
  })
  const small = amounts('10m', '50Mi', '50Gi')
  const big = amounts('600m', '600Mi', '600Gi')
  await expectRefused(pods.create(pod('pod-small', small)), 'Forbidden')
  await expectRefused(pods.create(pod('pod-big', big)), 'Invalid')
  await expectRefused(pods.create(pod('pod-big', {}, big)), 'Forbidden')

  const min = amounts('9m', '49Mi', '49Gi')
  await client.update({ ...created, spec: { limits: [{ ...LIMITS, min }] } })
  expect((await client.get('limit-range')).spec.limits[0].min).toEqual(min)
  await pods.create(pod('pod-small', small))
  await expectRefused(pods.create(pod('pod-big', {}, big)), 'Forbidden')
  await client.delete('limit-range', { gracePeriodSeconds: 30 })
  expect(namesOf(await client.list())).toEqual([])
  await pods.create(pod('pod-big', big))
})

it('[sig-scheduling] LimitRange should list, patch and delete a LimitRange by collection', async () => {
  const [one, other] = [await e2e.namespace('limitrange'), await e2e.namespace('limitrange')]
  const client = e2e.client('v1/limitranges', one)
  const everywhere = e2e.client('v1/limitranges')
  const name = uniqueName('e2e-limitrange')
  const object = { metadata: { name, labels: { 'e2e-test': name, [name]: 'created' } }, spec: { limits: [LIMITS] } }
  const created = await client.create(object)
  expectValidRevision(created)
  await e2e.client('v1/limitranges', other).create(object)
  expect((await everywhere.list({ labelSelector: `e2e-test=${name}` })).items).toHaveLength(2)

  const min = amounts('40m', '80Mi', '100Gi')
  const patch = { metadata: { labels: { [name]: 'patched' } }, spec: { limits: [{ ...LIMITS, min }] } }
  const patched = await client.patch(name, patch, { type: STRATEGIC_PATCH })
  expect(patched.metadata.labels).toMatchObject({ [name]: 'patched' })
  expect(patched.spec.limits).toEqual([{ ...LIMITS, min }])
  expectNewer(patched, created)

  await client.deleteCollection({ labelSelector: `${name}=patched` })
  expect(namesOf(await everywhere.list({ labelSelector: `${name}=patched` }))).toEqual([])
  expect((await everywhere.list({ labelSelector: `e2e-test=${name}` })).items).toHaveLength(1)
})

it('[sig-scheduling] SchedulerPreemption [Serial] PriorityClass endpoints verify PriorityClass endpoints can be operated with different HTTP methods', async () => {
  const client = e2e.client('scheduling.k8s.io/v1/priorityclasses')
  const [p1, p2] = [
    await client.create({ metadata: { name: 'p1' }, value: 1 }),
    await client.create({ metadata: { name: 'p2' }, value: 2 }),
  ]
  await expectRefused(client.patch('p1', { value: 10 }, { type: STRATEGIC_PATCH }), 'Invalid')
  await expectRefused(client.update({ ...p2, value: 20 }), 'Invalid')

  const description = 'updated description'
  await client.patch('p1', { description }, { type: STRATEGIC_PATCH })
  await client.update({ ...p2, description })
  expect(namesOf(await client.list())).toEqual(expect.arrayContaining(['p1', 'p2']))
  for (const before of [p1, p2]) {
    const live = await client.get(before.metadata.name)
    expect([live.value, live.description]).toEqual([before.value, description])
    expectValidRevision(live)
    expectNewer(live, before)
  }
})
