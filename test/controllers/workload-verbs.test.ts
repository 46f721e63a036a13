/**
 * Every verb of the kinds that keep pods, over the wire, as the conformance suite of sig-apps asks about them: their lives as a
 * watcher sees them, /status, /scale, lists over all namespaces, collections. Upstream: test/e2e/apps.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { KubeObject } from '../../src/api/object.ts'
import type { Pod, Scale } from '../../src/api/types.gen.ts'
import { type Change, MINUTE, namesOf, PODS, podTemplate, Scenario } from '../support/workloads.ts'

interface Condition {
  readonly type: string
  readonly status: string
  readonly reason?: string
}

/** As much of these kinds as they share. */
interface Workload extends KubeObject {
  readonly spec: { replicas?: number; template: ReturnType<typeof podTemplate> }
  readonly status?: { replicas?: number; readyReplicas?: number; numberReady?: number; conditions?: Condition[] }
}

const labels = { app: 'web' }
const bySelector = { selector: { matchLabels: labels } }
const KINDS = [
  { kind: 'Deployment', resource: 'deployments.apps', group: '/apis/apps/v1', spec: { replicas: 2, ...bySelector }, scales: true },
  { kind: 'ReplicaSet', resource: 'replicasets.apps', group: '/apis/apps/v1', spec: { replicas: 2, ...bySelector }, scales: true },
  {
    kind: 'ReplicationController',
    resource: 'replicationcontrollers',
    group: '/api/v1',
    spec: { replicas: 2, selector: labels },
    scales: true,
  },
  {
    kind: 'StatefulSet',
    resource: 'statefulsets.apps',
    group: '/apis/apps/v1',
    spec: { replicas: 2, serviceName: 'web', ...bySelector },
    scales: true,
  },
  { kind: 'DaemonSet', resource: 'daemonsets.apps', group: '/apis/apps/v1', spec: bySelector, scales: false },
]

const MERGE = 'application/merge-patch+json'
const STRATEGIC = 'application/strategic-merge-patch+json'

let scenario: Scenario
beforeEach(async () => {
  scenario = await Scenario.start({ nodes: 2 })
})
afterEach(() => scenario.close())

describe.each(KINDS)('$kind', ({ kind, resource, group, spec, scales }) => {
  const plural = resource.split('.')[0]!
  const collection = (namespace = 'default') => `${group}/namespaces/${namespace}/${plural}`
  const path = `${collection()}/web`
  const body = (name = 'web', extra: Record<string, string> = {}) => ({
    apiVersion: group === '/api/v1' ? 'v1' : 'apps/v1',
    kind,
    metadata: { name, labels: { e2e: 'verbs', ...extra } },
    spec: { ...spec, template: podTemplate(labels, { terminationGracePeriodSeconds: 0 }) },
  })
  const get = async () => (await scenario.request('GET', path)).body as unknown as Workload
  const names = (answer: { body: unknown }) => namesOf((answer.body as { items: KubeObject[] }).items)
  const ready = ({ status }: Workload) => status?.readyReplicas ?? status?.numberReady ?? 0

  test('its life: made, patched, scaled, updated, listed everywhere by label, deleted with its collection', async () => {
    const changes: readonly Change<Workload>[] = await scenario.record<Workload>(resource)
    expect(await scenario.request('POST', collection(), body())).toMatchObject({ code: 201, body: { kind } })
    expect(await scenario.request('POST', collection(), body())).toMatchObject({ code: 409, body: { reason: 'AlreadyExists' } })
    await scenario.pass(MINUTE)
    expect(ready(await get())).toBe(2)
    expect(changes[0]!.type).toBe('ADDED')
    expect(changes.some(({ object }) => ready(object) === 2)).toBe(true)

    const patched = await scenario.request('PATCH', path, { metadata: { labels: { patched: 'yes' } } }, STRATEGIC)
    expect(patched).toMatchObject({ code: 200, body: { metadata: { labels: { patched: 'yes', e2e: 'verbs' } } } })
    const current = await get()
    const updated = { ...current, metadata: { ...current.metadata, annotations: { ...current.metadata.annotations, updated: 'yes' } } }
    expect(await scenario.request('PUT', path, updated)).toMatchObject({
      code: 200,
      body: { metadata: { annotations: { updated: 'yes' } } },
    })
    expect(await scenario.request('PUT', path, updated)).toMatchObject({ code: 409, body: { reason: 'Conflict' } })
    if (scales) {
      await scenario.request('PATCH', path, { spec: { replicas: 3 } }, MERGE)
      await scenario.pass(MINUTE)
      expect(ready(await get())).toBe(3)
    }

    await scenario.request('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'prod' } })
    await scenario.request('POST', collection('prod'), body('web'))
    await scenario.request('POST', collection(), body('other', { e2e: 'other' }))
    expect(names(await scenario.request('GET', `${group}/${plural}?labelSelector=e2e%3Dverbs`))).toEqual(['web', 'web'])
    expect(names(await scenario.request('GET', `${collection()}?labelSelector=patched%3Dyes`))).toEqual(['web'])

    const options = { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background' }
    expect((await scenario.request('DELETE', `${collection()}?labelSelector=e2e%3Dverbs`, options)).code).toBe(200)
    await scenario.pass(MINUTE)
    expect(names(await scenario.request('GET', collection()))).toEqual(['other'])
    expect(names(await scenario.request('GET', collection('prod')))).toEqual(['web'])
    expect((await scenario.pods()).filter(({ metadata }) => metadata.name.startsWith('web'))).toEqual([])
    expect(changes.filter(({ object }) => object.metadata.labels?.patched).at(-1)).toMatchObject({
      type: 'DELETED',
      object: { metadata: { name: 'web', labels: { e2e: 'verbs', patched: 'yes' } } },
    })
  })

  test('/status: read, updated and patched by itself; spec and status never change together', async () => {
    await scenario.request('POST', collection(), body())
    await scenario.pass(MINUTE)
    const condition = { type: 'StatusUpdate', status: 'True', reason: 'E2E', message: 'Set from e2e test' }
    const read = (await scenario.request('GET', `${path}/status`)).body as unknown as Workload
    const conditions = [...(read.status?.conditions ?? []), condition]
    const put = await scenario.request('PUT', `${path}/status`, { ...read, status: { ...read.status, conditions } })
    expect(put.code).toBe(200)
    expect((put.body as unknown as Workload).status!.conditions).toContainEqual(condition)
    const patch = await scenario.request(
      'PATCH',
      `${path}/status`,
      {
        status: { conditions: [{ ...condition, type: 'StatusPatched' }] },
        spec: { template: { metadata: { labels: { app: 'web', x: 'y' } } } },
      },
      MERGE,
    )
    expect(patch.code).toBe(200)
    const patched = patch.body as unknown as Workload
    expect(patched.status!.conditions).toContainEqual({ ...condition, type: 'StatusPatched' })
    expect(patched.spec.template.metadata!.labels).toEqual(labels)
    const main = await scenario.request('PATCH', path, { status: { conditions: [] }, metadata: { labels: { seen: 'yes' } } }, MERGE)
    expect(main.code).toBe(200)
    expect((main.body as unknown as Workload).metadata.labels).toMatchObject({ seen: 'yes' })
  })

  test.runIf(scales)('/scale: read, updated and patched', async () => {
    await scenario.request('POST', collection(), body())
    await scenario.pass(MINUTE)
    const read = await scenario.request('GET', `${path}/scale`)
    const scale = read.body as unknown as Scale
    expect(read).toMatchObject({
      code: 200,
      body: { kind: 'Scale', apiVersion: 'autoscaling/v1', spec: { replicas: 2 }, status: { replicas: 2, selector: 'app=web' } },
    })
    const put = await scenario.request('PUT', `${path}/scale`, { ...scale, spec: { replicas: 1 } })
    expect(put).toMatchObject({ code: 200, body: { spec: { replicas: 1 } } })
    expect((await get()).spec.replicas).toBe(1)
    const stale = await scenario.request('PUT', `${path}/scale`, { ...scale, spec: { replicas: 5 } })
    expect(stale).toMatchObject({ code: 409 })
    const patch = await scenario.request('PATCH', `${path}/scale`, { spec: { replicas: 4 } }, MERGE)
    expect(patch).toMatchObject({ code: 200, body: { spec: { replicas: 4 } } })
    await scenario.pass(MINUTE)
    expect(ready(await get())).toBe(4)
    expect(await scenario.request('PATCH', `${path}/scale`, { spec: { replicas: -1 } }, MERGE)).toMatchObject({ code: 422 })
  })

  test.runIf(kind !== 'Deployment')('takes in a pod that has its labels, and lets one go that loses them', async () => {
    const isNamed = kind === 'StatefulSet'
    const orphan = { metadata: { name: isNamed ? 'web-0' : 'orphan', labels }, spec: podTemplate(labels).spec }
    await scenario.create(PODS, orphan as never)
    await scenario.pass(MINUTE)
    await scenario.request('POST', collection(), {
      ...body(),
      spec: { ...body().spec, updateStrategy: isNamed || kind === 'DaemonSet' ? { type: 'OnDelete' } : undefined },
    })
    await scenario.pass(MINUTE)
    const { metadata } = await get()
    const adopted = await scenario.get<Pod>(PODS, orphan.metadata.name)
    expect(adopted.metadata.ownerReferences).toMatchObject([
      { kind, name: 'web', uid: metadata.uid, controller: true, blockOwnerDeletion: true },
    ])
    await scenario.patch(PODS, orphan.metadata.name, { metadata: { labels: { app: 'debug' } } })
    await scenario.pass(MINUTE)
    const released = await scenario.get<Pod>(PODS, orphan.metadata.name)
    expect(released.metadata).not.toHaveProperty('ownerReferences')
    expect(released.metadata.deletionTimestamp).toBeUndefined()
    // The name is taken as long as it is there; the others make another.
    if (isNamed) await scenario.delete(PODS, orphan.metadata.name)
    await scenario.pass(2 * MINUTE)
    expect(ready(await get())).toBe(2)
  })
})
