/** CronJobs over the wire, as the conformance suite of sig-apps asks about them. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { CronJob, Job } from '../../src/api/types.gen.ts'
import { CRON_JOBS, cronJob, JOBS, jobSpec, MINUTE, namesOf, Scenario, SECOND } from '../support/workloads.ts'

let scenario: Scenario

beforeEach(async () => {
  scenario = await Scenario.start({ nodes: 1 })
})
afterEach(() => scenario.close())

const COLLECTION = '/apis/batch/v1/namespaces/default/cronjobs'
const MERGE = 'application/merge-patch+json'
const body = (name: string, spec: Record<string, unknown> = {}) => {
  const made = cronJob(name, '* */1 * * ?', spec)
  return { apiVersion: 'batch/v1', kind: 'CronJob', ...made, metadata: { name, labels: { 'special-label': 'x' } } }
}
const namesAt = async (path: string) => {
  const list = (await scenario.request('GET', path)).body as unknown as { items: CronJob[] }
  return list.items.map(({ metadata }) => metadata.name)
}

test('discovery names it with its subresource', async () => {
  const list = (await scenario.request('GET', '/apis/batch/v1')).body as unknown as { resources: { name: string; verbs: string[] }[] }
  const named = list.resources.filter(({ name }) => name.startsWith('cronjobs'))
  expect(named.map(({ name, verbs }) => `${name} ${[...verbs].sort()}`)).toEqual([
    'cronjobs create,delete,deletecollection,get,list,patch,update,watch',
    'cronjobs/status get,patch,update',
  ])
})

test('every verb', async () => {
  const created = await scenario.request('POST', COLLECTION, body('one', { suspend: true }))
  expect(created.code).toBe(201)
  for (const name of ['two', 'three']) await scenario.request('POST', COLLECTION, body(name, { suspend: true }))
  expect(await scenario.request('GET', `${COLLECTION}/one`)).toMatchObject({ code: 200, body: { metadata: { name: 'one' } } })
  for (const path of [COLLECTION, '/apis/batch/v1/cronjobs']) {
    expect((await namesAt(`${path}?labelSelector=special-label%3Dx`)).sort()).toEqual(['one', 'three', 'two'])
  }
  const patched = await scenario.request('PATCH', `${COLLECTION}/one`, { metadata: { annotations: { patched: 'true' } } }, MERGE)
  expect(patched.body.metadata).toMatchObject({ annotations: { patched: 'true' } })
  const current = (await scenario.request('GET', `${COLLECTION}/one`)).body as unknown as CronJob
  const next = { ...current, metadata: { ...current.metadata, annotations: { patched: 'true', updated: 'true' } } }
  expect((await scenario.request('PUT', `${COLLECTION}/one`, next)).body.metadata).toMatchObject({ annotations: { updated: 'true' } })
  expect((await scenario.request('DELETE', `${COLLECTION}/one`)).code).toBe(200)
  expect((await scenario.request('GET', `${COLLECTION}/one`)).code).toBe(404)
  expect((await namesAt(COLLECTION)).sort()).toEqual(['three', 'two'])
  expect((await scenario.request('DELETE', `${COLLECTION}?labelSelector=special-label%3Dx`)).code).toBe(200)
  expect(await namesAt(COLLECTION)).toEqual([])
})

test('/status', async () => {
  await scenario.request('POST', COLLECTION, body('one', { suspend: true }))
  const path = `${COLLECTION}/one/status`
  const lastScheduleTime = '2025-12-31T23:59:59Z'
  const patch = { metadata: { annotations: { patchedstatus: 'true' } }, status: { lastScheduleTime }, spec: { suspend: false } }
  const patched = await scenario.request('PATCH', path, patch, MERGE)
  expect(patched.body).toMatchObject({
    metadata: { annotations: { patchedstatus: 'true' } },
    status: { lastScheduleTime },
    spec: { suspend: true },
  })
  const current = (await scenario.request('GET', path)).body as unknown as CronJob
  const later = '2026-01-01T00:00:00Z'
  const updated = await scenario.request('PUT', path, { ...current, status: { ...current.status, lastScheduleTime: later } })
  expect(updated.body.status).toEqual({ lastScheduleTime: later })
  const again = await scenario.request('PATCH', `${COLLECTION}/one`, { status: { lastScheduleTime } }, MERGE)
  expect(again.body.status, 'not by the object itself').toEqual({ lastScheduleTime: later })
})

test('Jobs stay active while their pods sleep', async () => {
  await scenario.create(CRON_JOBS, cronJob('concurrent', '*/1 * * * ?', {}, jobSpec({}, { command: 'sleep 300' })))
  await scenario.pass(2 * MINUTE + SECOND)
  const { status } = await scenario.get<CronJob>(CRON_JOBS, 'concurrent')
  expect(status?.active).toHaveLength(2)
  const jobs = await scenario.list<Job>(JOBS)
  expect(jobs.filter((found) => found.status?.active === 1)).toHaveLength(2)
})

test('a Job of its that is deleted leaves the status, and another is started at the next time', async () => {
  await scenario.create(CRON_JOBS, cronJob('forbid', '*/1 * * * ?', { concurrencyPolicy: 'Forbid' }, jobSpec({}, { command: 'sleep 300' })))
  await scenario.pass(MINUTE + SECOND)
  const [name] = namesOf(await scenario.list(JOBS))
  await scenario.delete(JOBS, name!, 'Background')
  expect((await scenario.get<CronJob>(CRON_JOBS, 'forbid')).status).not.toHaveProperty('active')
  await scenario.pass(MINUTE)
  const { status } = await scenario.get<CronJob>(CRON_JOBS, 'forbid')
  expect(status?.active?.map((reference) => reference.name)).not.toContain(name)
  expect(status?.active).toHaveLength(1)
})

test('a schedule that is edited while suspended starts, once resumed, the last time of the new one', async () => {
  await scenario.create(CRON_JOBS, cronJob('report', '0 0 1 1 *', { suspend: true }))
  await scenario.pass(10 * MINUTE)
  await scenario.patch(CRON_JOBS, 'report', { spec: { schedule: '*/4 * * * *' } })
  await scenario.pass(3 * MINUTE)
  expect(await scenario.list(JOBS)).toEqual([])
  await scenario.patch(CRON_JOBS, 'report', { spec: { suspend: false } })
  const start = Date.parse('2026-01-01T00:00:00Z') / MINUTE
  expect(namesOf(await scenario.list(JOBS))).toEqual([`report-${start + 12}`])
  await scenario.pass(4 * MINUTE)
  expect(namesOf(await scenario.list(JOBS))).toEqual([`report-${start + 12}`, `report-${start + 16}`])
})

test('no warning is told in the life of a plain CronJob', async () => {
  await scenario.create(CRON_JOBS, cronJob('quiet', '*/1 * * * ?', {}, jobSpec({}, { command: 'sleep 5' })))
  await scenario.pass(5 * MINUTE)
  const told = await scenario.events('quiet')
  expect(told.filter(({ type }) => type === 'Warning')).toEqual([])
  expect(new Set(told.map(({ reason }) => reason))).toEqual(new Set(['SuccessfulCreate', 'SawCompletedJob', 'SuccessfulDelete']))
})
