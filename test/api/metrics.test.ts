import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Cluster, createCluster } from '../../src/index.ts'
import { Api, type Json } from '../support/api.ts'

const METRICS = '/apis/metrics.k8s.io/v1beta1'
const PODS = '/api/v1/namespaces/default/pods'

let cluster: Cluster
let api: Api
beforeAll(async () => {
  cluster = await createCluster({ nodes: 1, clock: 'virtual' })
  api = new Api(cluster)
  const resources = (cpu: string, memory: string, limit?: string) => ({
    requests: { cpu, memory },
    ...(limit && { limits: { cpu: limit } }),
  })
  const pod = (name: string, containers: Json[], annotations: Json = {}, spec: Json = {}) =>
    api.created(PODS, { metadata: { name, labels: { app: name }, annotations }, spec: { containers, ...spec } })
  await pod('idle', [
    { name: 'a', image: 'i', resources: resources('100m', '64Mi') },
    { name: 'b', image: 'i' },
  ])
  await pod(
    'busy',
    [
      { name: 'a', image: 'i', resources: resources('100m', '64Mi', '300m') },
      { name: 'b', image: 'i', resources: resources('1', '1Gi') },
    ],
    {
      'coracle.dev/usage-cpu': '400m',
      'usage-cpu.coracle.dev/b': '80%',
      'coracle.dev/usage-memory': '100Mi',
      'usage-memory.coracle.dev/b': 'much',
    },
  )
  await pod('waiting', [{ name: 'a', image: 'i' }], {}, { schedulerName: 'nobody' })
  await pod('over', [{ name: 'a', image: 'i', command: ['true'] }], {}, { restartPolicy: 'Never' })
  const containers = [
    { name: 'web', image: 'i' },
    { name: 'side', image: 'i', resources: resources('50m', '10Mi') },
  ]
  const metadata = { labels: { app: 'web' } }
  await api.created('/apis/apps/v1/namespaces/default/deployments', {
    metadata: { name: 'web', annotations: { 'load.coracle.dev/cpu': '1', 'load.coracle.dev/memory': '1Gi' } },
    spec: { replicas: 4, selector: { matchLabels: metadata.labels }, template: { metadata, spec: { containers } } },
  })
  await cluster.advance(5000)
})
afterAll(() => cluster.close())

const usages = ({ containers }: Json) =>
  Object.fromEntries(containers.map(({ name, usage }: Json) => [name, `${usage.cpu} ${usage.memory}`]))

describe('pods', () => {
  it('are measured while they run', async () => {
    const { status, body } = await api.get(`${METRICS}/namespaces/default/pods/idle`)
    expect(status).toBe(200)
    expect(body).toEqual({
      kind: 'PodMetrics',
      apiVersion: 'metrics.k8s.io/v1beta1',
      metadata: { name: 'idle', namespace: 'default', creationTimestamp: '2026-01-01T00:00:05Z', labels: { app: 'idle' } },
      timestamp: '2026-01-01T00:00:05Z',
      window: '15s',
      containers: [
        { name: 'a', usage: { cpu: '10m', memory: '32Mi' } },
        { name: 'b', usage: { cpu: '1m', memory: '16Mi' } },
      ],
    })
    for (const name of ['waiting', 'over', 'none']) {
      expect((await api.get(`${METRICS}/namespaces/default/pods/${name}`)).body).toMatchObject({
        code: 404,
        reason: 'NotFound',
        message: `pods.metrics.k8s.io "${name}" not found`,
      })
    }
  })

  it('use what their annotations say, and no more cpu than their limits', async () => {
    const { body } = await api.get(`${METRICS}/namespaces/default/pods/busy`)
    expect(usages(body)).toEqual({ a: '300m 100Mi', b: '800m 512Mi' })
  })

  it('share the load of what controls them', async () => {
    const { body } = await api.get(`${METRICS}/namespaces/default/pods?labelSelector=app%3Dweb`)
    expect(body.kind).toBe('PodMetricsList')
    expect(body.items.map(usages)).toEqual(Array(4).fill({ web: '250m 256Mi', side: '5m 5Mi' }))
    await api.patch('/apis/apps/v1/namespaces/default/deployments/web', { spec: { replicas: 2 } })
    await cluster.advance(5000)
    const { items } = (await api.get(`${METRICS}/namespaces/default/pods?labelSelector=app%3Dweb`)).body
    expect(items.map(usages)).toEqual(Array(2).fill({ web: '500m 512Mi', side: '5m 5Mi' }))
  })

  it('are listed by name, in pages, and everywhere', async () => {
    const first = (await api.get(`${METRICS}/pods?limit=1`)).body
    expect(first.items.map(({ metadata }: Json) => metadata.name)).toEqual(['busy'])
    const second = (await api.get(`${METRICS}/pods?limit=1&continue=${first.metadata.continue}`)).body
    expect(second.items.map(({ metadata }: Json) => metadata.name)).toEqual(['idle'])
    expect((await api.get(`${METRICS}/namespaces/other/pods`)).body.items).toEqual([])
    const named = await api.get(`${METRICS}/pods?fieldSelector=metadata.name%3Didle`)
    expect(named.body.items).toHaveLength(1)
  })

  it('can only be read', async () => {
    expect((await api.post(`${METRICS}/namespaces/default/pods`, {})).status).toBe(405)
    expect((await api.delete(`${METRICS}/namespaces/default/pods/idle`)).status).toBe(405)
    expect((await api.get(`${METRICS}/pods?watch=true`)).status).toBe(405)
  })

  it('have a table and a protobuf form', async () => {
    const table = await api.get(`${METRICS}/namespaces/default/pods/idle`, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' })
    expect(table.body.rows[0].cells).toEqual(['idle', '11m', '48Mi', '15s'])
    const binary = await api.get(`${METRICS}/namespaces/default/pods`, { accept: 'application/vnd.kubernetes.protobuf' })
    expect([binary.status, binary.headers['content-type']]).toEqual([200, 'application/vnd.kubernetes.protobuf'])
  })
})

describe('nodes', () => {
  it('use what their pods use, and what they say themselves', async () => {
    const before = (await api.get(`${METRICS}/nodes/node-1`)).body
    expect(before).toMatchObject({ kind: 'NodeMetrics', metadata: { name: 'node-1' }, window: '15s' })
    await api.patch('/api/v1/nodes/node-1', { metadata: { annotations: { 'coracle.dev/usage-cpu': '1' } } })
    const after = (await api.get(`${METRICS}/nodes`)).body.items[0]
    expect([before.usage.cpu, after.usage.cpu]).toEqual(['2121m', '3121m'])
  })

  it('that are silent are not measured, nor is what is on them', async () => {
    await api.post('/simulation/nodes/node-1/fail', {})
    await cluster.advance(60_000)
    expect((await api.get(`${METRICS}/nodes`)).body.items).toEqual([])
    expect((await api.get(`${METRICS}/pods`)).body.items).toEqual([])
  })
})

it('is discovered', async () => {
  const { body } = await api.get(METRICS)
  expect(body).toMatchObject({ kind: 'APIResourceList', groupVersion: 'metrics.k8s.io/v1beta1' })
  expect(body.resources).toEqual([
    { name: 'nodes', singularName: '', namespaced: false, kind: 'NodeMetrics', verbs: ['get', 'list'] },
    { name: 'pods', singularName: '', namespaced: true, kind: 'PodMetrics', verbs: ['get', 'list'] },
  ])
})
