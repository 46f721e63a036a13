/** Jobs over the wire, as the conformance suite of sig-apps asks about them: every verb, /status, adoption by labels. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Job, Pod } from '../../src/api/types.gen.ts'
import { type Change, conditionTexts, JOBS, job, MINUTE, namesOf, PODS, Scenario, SECOND } from '../support/workloads.ts'

let scenario: Scenario

beforeEach(async () => {
  scenario = await Scenario.start({ nodes: 1 })
})
afterEach(() => scenario.close())

const COLLECTION = '/apis/batch/v1/namespaces/default/jobs'
const PATH = `${COLLECTION}/work`
const STRATEGIC = 'application/strategic-merge-patch+json'
const MERGE = 'application/merge-patch+json'
const UID_LABEL = 'batch.kubernetes.io/controller-uid'
const body = (spec: Record<string, unknown> = {}, options: Parameters<typeof job>[2] = {}, labels: Record<string, string> = {}) => {
  const made = job('work', spec, options)
  return { apiVersion: 'batch/v1', kind: 'Job', ...made, metadata: { ...made.metadata, labels } }
}

test('the life of a Job: created suspended, patched, resumed by an update, listed everywhere, deleted with its collection', async () => {
  const changes: readonly Change<Job>[] = await scenario.record<Job>(JOBS)
  const created = await scenario.request('POST', COLLECTION, body({ suspend: true, parallelism: 2, completions: 4 }, {}, { e2e: 'work' }))
  expect(created.code).toBe(201)
  const patched = await scenario.request('PATCH', PATH, { metadata: { labels: { work: 'patched' } } }, STRATEGIC)
  expect(patched).toMatchObject({ code: 200, body: { metadata: { labels: { work: 'patched', e2e: 'work' } } } })
  const current = (await scenario.request('GET', PATH)).body as unknown as Job
  const next = {
    ...current,
    spec: { ...current.spec, suspend: false },
    metadata: { ...current.metadata, annotations: { updated: 'true' } },
  }
  expect(await scenario.request('PUT', PATH, next)).toMatchObject({ code: 200, body: { metadata: { annotations: { updated: 'true' } } } })
  const stale = await scenario.request('PUT', PATH, next)
  expect(stale).toMatchObject({ code: 409, body: { reason: 'Conflict' } })
  const everywhere = await scenario.request('GET', '/apis/batch/v1/jobs?labelSelector=e2e%3Dwork')
  expect((everywhere.body as unknown as { items: Job[] }).items.map(({ metadata }) => metadata.name)).toEqual(['work'])
  await scenario.pass(MINUTE)
  expect(conditionTexts(await scenario.get<Job>(JOBS, 'work'))).toContain('Complete=True CompletionsReached')
  await scenario.create(JOBS, job('other', {}, {}))
  const gone = await scenario.request('DELETE', `${COLLECTION}?labelSelector=e2e%3Dwork`, {
    kind: 'DeleteOptions',
    apiVersion: 'v1',
    propagationPolicy: 'Background',
  })
  expect(gone.code).toBe(200)
  await scenario.pass(MINUTE)
  expect(namesOf(await scenario.list(JOBS))).toEqual(['other'])
  expect(await scenario.pods({ 'batch.kubernetes.io/job-name': 'work' })).toEqual([])
  expect(changes.filter(({ object }) => object.metadata.name === 'work').at(-1)).toMatchObject({
    type: 'DELETED',
    object: { metadata: { labels: { e2e: 'work' } } },
  })
})

test('/status: read, patched and updated by itself; spec and status never change together', async () => {
  await scenario.request('POST', COLLECTION, body({ suspend: true, completions: 3 }))
  const time = '2026-01-01T00:00:00Z'
  const condition = { type: 'CustomConditionType', status: 'True', reason: 'E2E', message: 'Set from e2e test', lastTransitionTime: time }
  const status = { conditions: [{ ...condition, lastProbeTime: time }] }
  const patched = await scenario.request(
    'PATCH',
    `${PATH}/status`,
    { metadata: { annotations: { patchedstatus: 'true' } }, status, spec: { suspend: false } },
    MERGE,
  )
  expect(patched).toMatchObject({ code: 200, body: { spec: { suspend: true }, metadata: { annotations: { patchedstatus: 'true' } } } })
  expect((patched.body.status as Job['status'])!.conditions).toMatchObject([condition])
  const current = (await scenario.request('GET', `${PATH}/status`)).body as unknown as Job
  const startTime = '2026-01-01T00:00:05Z'
  const updated = await scenario.request('PUT', `${PATH}/status`, { ...current, status: { ...current.status, startTime } })
  expect(updated).toMatchObject({ code: 200, body: { status: { startTime } } })
  const again = await scenario.request('PATCH', PATH, { status: { succeeded: 7 }, metadata: { labels: { x: 'y' } } }, MERGE)
  expect(again.body.status).not.toHaveProperty('succeeded')
})

test.each([
  { name: 'more ready than active', status: { ready: 3 }, message: 'cannot set more ready pods than active' },
  {
    name: 'finished without its interim condition',
    status: {
      startTime: '2026-01-01T00:00:00Z',
      completionTime: '2026-01-01T00:00:01Z',
      conditions: [{ type: 'Complete', status: 'True', lastTransitionTime: '2026-01-01T00:00:01Z' }],
    },
    message: 'cannot set Complete=True condition without the SuccessCriteriaMet=true condition',
  },
  {
    name: 'indexes where there are none',
    status: { completedIndexes: '0' },
    message: 'cannot set non-empty completedIndexes when non-indexed completion mode',
  },
])('a status that can’t be is refused: $name', async ({ status, message }) => {
  await scenario.request('POST', COLLECTION, body({ managedBy: 'example.com/other', completions: 3 }))
  const { code, body: answer } = await scenario.request('PATCH', `${PATH}/status`, { status }, MERGE)
  expect({ code, reason: answer.reason }).toEqual({ code: 422, reason: 'Invalid' })
  expect(answer.message).toContain(message)
})

test('adopts a pod whose owner was taken away, and releases one whose labels were', async () => {
  await scenario.request('POST', COLLECTION, body({ parallelism: 2, completions: 4 }, { command: 'sleep 600' }))
  const { metadata } = await scenario.get<Job>(JOBS, 'work')
  const [pod, other] = await scenario.pods()
  await scenario.patch(PODS, pod!.metadata.name, { metadata: { ownerReferences: null } })
  const adopted = await scenario.get<Pod>(PODS, pod!.metadata.name)
  expect(adopted.metadata.ownerReferences).toEqual([
    { apiVersion: 'batch/v1', kind: 'Job', name: 'work', uid: metadata.uid, controller: true, blockOwnerDeletion: true },
  ])
  expect(adopted.metadata.finalizers).toEqual(['batch.kubernetes.io/job-tracking'])
  await scenario.patch(PODS, pod!.metadata.name, { metadata: { labels: { [UID_LABEL]: null, 'controller-uid': null } } })
  const released = await scenario.get<Pod>(PODS, pod!.metadata.name)
  expect(released.metadata).not.toHaveProperty('ownerReferences')
  expect(released.metadata, 'nobody would count it').not.toHaveProperty('finalizers')
  expect(await scenario.pods({ [UID_LABEL]: metadata.uid }), 'another is made in its place').toHaveLength(2)
  expect(other!.metadata.uid).not.toBe(released.metadata.uid)
  expect((await scenario.get<Job>(JOBS, 'work')).status, 'what is released is no failure').not.toHaveProperty('failed')
})

test('a deleted Job takes its pods along', async () => {
  await scenario.request('POST', COLLECTION, body({ parallelism: 2, completions: 4 }, { command: 'sleep 600' }))
  const deleted = await scenario.request('DELETE', PATH, { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Foreground' })
  expect(deleted.code).toBe(200)
  await scenario.pass(MINUTE)
  expect(await scenario.request('GET', PATH)).toMatchObject({ code: 404, body: { reason: 'NotFound' } })
  expect(await scenario.pods()).toEqual([])
})

test('one that is made again at once is another Job, whose pods are its own', async () => {
  const uids = new Set<string>()
  for (let round = 0; round < 3; round++) {
    await scenario.request('POST', COLLECTION, body({ parallelism: 1, completions: 1 }, { command: 'sleep 5' }))
    uids.add((await scenario.get<Job>(JOBS, 'work')).metadata.uid)
    await scenario.delete(JOBS, 'work', 'Background')
  }
  await scenario.request('POST', COLLECTION, body({ parallelism: 1, completions: 1 }, { command: 'sleep 5' }))
  const { metadata } = await scenario.get<Job>(JOBS, 'work')
  expect(uids.add(metadata.uid).size).toBe(4)
  await scenario.pass(MINUTE)
  expect((await scenario.get<Job>(JOBS, 'work')).status).toMatchObject({ succeeded: 1 })
  expect((await scenario.pods()).map((pod) => pod.metadata.labels?.[UID_LABEL])).toEqual([metadata.uid])
})

test('made again for another manager it is left alone, and its pods of before are let go', async () => {
  await scenario.request('POST', COLLECTION, body({ parallelism: 1, completions: 1 }, { command: 'sleep 600' }))
  await scenario.delete(JOBS, 'work', 'Background')
  await scenario.request('POST', COLLECTION, body({ parallelism: 1, completions: 1, managedBy: 'example.com/other' }))
  await scenario.pass(MINUTE)
  expect(await scenario.pods()).toEqual([])
  expect((await scenario.get<Job>(JOBS, 'work')).status ?? {}).toEqual({})
})

test('a Job that is suspended lets its pods be placed and sized anew; one that runs does not', async () => {
  const place = {
    nodeSelector: { zone: 'a' },
    tolerations: [{ key: 'x', operator: 'Exists' }],
    schedulingGates: [{ name: 'example.com/gate' }],
  }
  const sized = [{ name: 'main', image: 'busybox', resources: { requests: { cpu: '250m' } } }]
  const change = (spec: object) => scenario.request('PATCH', PATH, { spec: { template: { spec } } }, STRATEGIC)
  await scenario.request('POST', COLLECTION, body({ suspend: true, parallelism: 1, completions: 2 }, { command: 'sleep 20' }))
  expect((await change(place)).code).toBe(200)
  expect((await change({ containers: sized })).code).toBe(200)
  expect(await change({ containers: [{ name: 'main', image: 'other' }] })).toMatchObject({ code: 422 })
  await change({ schedulingGates: null, nodeSelector: null })
  await scenario.patch(JOBS, 'work', { spec: { suspend: false } })
  const [pod] = await scenario.pods()
  expect(pod!.spec).toMatchObject({ containers: [{ resources: { requests: { cpu: '250m' } } }] })
  expect(pod!.spec.tolerations).toContainEqual({ key: 'x', operator: 'Exists' })
  expect(await change({ containers: [{ name: 'main', resources: { requests: { cpu: '100m' } } }] })).toMatchObject({ code: 422 })
  await scenario.patch(JOBS, 'work', { spec: { suspend: true } })
  await scenario.pass(10 * SECOND)
  expect(
    (await change({ containers: [{ name: 'main', resources: { requests: { cpu: '100m' } } }], nodeSelector: { zone: 'b' } })).code,
  ).toBe(200)
})
