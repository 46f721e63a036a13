/** Limits, runtime classes and pod security, as clients meet them. Upstream: test/e2e/scheduling/limit_range.go, common/node/runtimeclass.go, auth/pod_security.go. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Cluster, createCluster } from '../../src/index.ts'
import { Api, type Json } from '../support/api.ts'

let cluster: Cluster
let api: Api
beforeAll(async () => {
  cluster = await createCluster({ nodes: 1, clock: 'virtual' })
  api = new Api(cluster)
  await cluster.settle()
})
afterAll(() => cluster.close())

const namespace = async (name: string, labels: Json = {}) => {
  await api.created('/api/v1/namespaces', { metadata: { name, labels } })
  await cluster.settle()
  return `/api/v1/namespaces/${name}`
}
const pod = (name: string, requests: Json = {}, limits: Json = {}, spec: Json = {}) => ({
  metadata: { name },
  spec: { containers: [{ name: 'c', image: 'i', resources: { requests, limits } }], ...spec },
})
const messageOf = async (path: string, body: Json) => {
  const { status, body: answer } = await api.post(path, body)
  return `${status} ${answer.message}`
}
const amounts = (cpu: string, memory: string, storage: string) => ({ cpu, memory, 'ephemeral-storage': storage })

describe('LimitRange', () => {
  const limits = (changes: Json = {}) => ({
    limits: [
      {
        type: 'Container',
        min: amounts('50m', '100Mi', '100Gi'),
        max: amounts('500m', '500Mi', '500Gi'),
        default: amounts('500m', '500Mi', '500Gi'),
        defaultRequest: amounts('100m', '200Mi', '200Gi'),
        ...changes,
      },
    ],
  })

  it('gives pods their defaults, holds them to its bounds, and counts as it is at the time', async () => {
    const path = await namespace('limited')
    const range = await api.created(`${path}/limitranges`, { metadata: { name: 'range' }, spec: limits() })
    const plain = await api.created(`${path}/pods`, pod('plain'))
    expect(plain.spec.containers[0].resources).toEqual({
      requests: amounts('100m', '200Mi', '200Gi'),
      limits: amounts('500m', '500Mi', '500Gi'),
    })
    expect(plain.metadata.annotations['kubernetes.io/limit-ranger']).toBe(
      'LimitRanger plugin set: cpu, ephemeral-storage, memory request for container c; cpu, ephemeral-storage, memory limit for container c',
    )
    const partial = await api.created(`${path}/pods`, pod('partial', { memory: '150Mi', 'ephemeral-storage': '150Gi' }, { cpu: '300m' }))
    expect(partial.spec.containers[0].resources).toEqual({
      requests: amounts('300m', '150Mi', '150Gi'),
      limits: amounts('300m', '500Mi', '500Gi'),
    })
    expect(await messageOf(`${path}/pods`, pod('small', { cpu: '10m' }))).toBe(
      '403 pods "small" is forbidden: minimum cpu usage per Container is 50m, but request is 10m',
    )
    expect(await messageOf(`${path}/pods`, pod('big', {}, { cpu: '600m' }))).toBe(
      '403 pods "big" is forbidden: maximum cpu usage per Container is 500m, but limit is 600m',
    )
    await api.put(`${path}/limitranges/range`, { ...range, spec: limits({ min: amounts('9m', '49Mi', '49Gi') }) })
    await api.created(`${path}/pods`, pod('small', { cpu: '10m' }))
    expect(await messageOf(`${path}/pods`, pod('big', {}, { cpu: '600m' }))).toMatch('403')
    await api.delete(`${path}/limitranges/range`)
    await api.created(`${path}/pods`, pod('big', { cpu: '600m' }, { cpu: '600m' }))
  })

  it('can be listed, patched and deleted by labels', async () => {
    const [a, b] = [await namespace('range-a'), await namespace('range-b')]
    for (const path of [a, b])
      await api.created(`${path}/limitranges`, { metadata: { name: 'range', labels: { own: 'yes' } }, spec: limits() })
    expect((await api.get('/api/v1/limitranges?labelSelector=own=yes')).body.items).toHaveLength(2)
    const patched = await api.patch(`${a}/limitranges/range`, {
      metadata: { labels: { range: 'patched' } },
      spec: limits({ min: amounts('9m', '49Mi', '49Gi') }),
    })
    expect(patched.body.spec.limits[0].min).toEqual(amounts('9m', '49Mi', '49Gi'))
    await api.delete(`${a}/limitranges?labelSelector=range=patched`)
    const { items } = (await api.get('/api/v1/limitranges?labelSelector=own=yes')).body
    expect(items.map(({ metadata }: Json) => metadata.namespace)).toEqual(['range-b'])
  })

  it('is counted by quotas with what it filled in', async () => {
    const path = await namespace('both')
    await api.created(`${path}/resourcequotas`, {
      metadata: { name: 'quota' },
      spec: { hard: { 'limits.cpu': '1', 'requests.memory': '1Gi' } },
    })
    await cluster.settle()
    expect(await messageOf(`${path}/pods`, pod('p'))).toBe(
      '403 pods "p" is forbidden: failed quota: quota: must specify limits.cpu for: c; requests.memory for: c',
    )
    await api.created(`${path}/limitranges`, { metadata: { name: 'range' }, spec: limits() })
    await api.created(`${path}/pods`, pod('p'))
    expect((await api.get(`${path}/resourcequotas/quota`)).body.status.used).toEqual({ 'limits.cpu': '500m', 'requests.memory': '200Mi' })
  })
})

describe('RuntimeClass', () => {
  const CLASSES = '/apis/node.k8s.io/v1/runtimeclasses'
  const PODS = '/api/v1/namespaces/default/pods'
  const ofClass = (name: string, runtimeClassName: string) => pod(name, {}, {}, { runtimeClassName })

  it('that is not there, or no more, takes no pods', async () => {
    const refused = (name: string, of: string) => `403 pods "${name}" is forbidden: pod rejected: RuntimeClass "${of}" not found`
    expect(await messageOf(PODS, ofClass('a', 'none'))).toBe(refused('a', 'none'))
    await api.created(CLASSES, { metadata: { name: 'short' }, handler: 'h' })
    await api.created(PODS, ofClass('a', 'short'))
    await api.delete(`${CLASSES}/short`)
    expect(await messageOf(PODS, ofClass('b', 'short'))).toBe(refused('b', 'short'))
  })

  it('gives its pods their overhead and their place', async () => {
    const toleration = { key: 'gpu', operator: 'Exists', effect: 'NoSchedule' }
    await api.created(CLASSES, {
      metadata: { name: 'heavy' },
      handler: 'h',
      overhead: { podFixed: { cpu: '10m', memory: '1Mi' } },
      scheduling: { nodeSelector: { 'kubernetes.io/os': 'linux' }, tolerations: [toleration] },
    })
    const { spec } = await api.created(PODS, ofClass('heavy', 'heavy'))
    expect([spec.overhead, spec.nodeSelector]).toEqual([{ cpu: '10m', memory: '1Mi' }, { 'kubernetes.io/os': 'linux' }])
    expect(spec.tolerations).toContainEqual(toleration)
    await cluster.settle()
    expect((await api.get(`${PODS}/heavy`)).body.status.phase).toBe('Running')
  })
})

describe('PodSecurity', () => {
  const bad = pod('p', {}, {}, { hostNetwork: true })
  const BASELINE = 'PodSecurity "baseline:latest": host namespaces (hostNetwork=true)'

  it('refuses pods, and warns of those that will be', async () => {
    const path = await namespace('secure', { 'pod-security.kubernetes.io/enforce': 'baseline' })
    expect(await messageOf(`${path}/pods`, bad)).toBe(`403 pods "p" is forbidden: violates ${BASELINE}`)
    const template = { metadata: { labels: { app: 'web' } }, spec: bad.spec }
    const answer = await api.post('/apis/apps/v1/namespaces/secure/deployments', {
      metadata: { name: 'web' },
      spec: { selector: { matchLabels: { app: 'web' } }, template },
    })
    expect(answer.status).toBe(201)
    expect(answer.headers.warning).toBe(`299 - "would violate ${BASELINE.replaceAll('"', '\\"')}"`)
    await cluster.settle()
    const events = (await api.get(`${path}/events`)).body.items.filter(({ reason }: Json) => reason === 'FailedCreate')
    expect(events[0].message).toMatch(
      /^Error creating: pods "web-[a-z0-9]+-[a-z0-9]{5}" is forbidden: violates PodSecurity "baseline:latest"/,
    )
  })

  it('tells who breaks a policy that comes later', async () => {
    const path = await namespace('later')
    await api.created(`${path}/pods`, bad)
    const { status, headers } = await api.patch(path, { metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'baseline' } } })
    expect(status).toBe(200)
    expect(headers.warning).toContain(
      'existing pods in namespace \\"later\\" violate the new PodSecurity enforce level \\"baseline:latest\\"',
    )
    expect(headers.warning).toContain('p: host namespaces')
    const wrong = await api.patch(path, { metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'strict' } } })
    expect([wrong.status, wrong.body.reason]).toEqual([422, 'Invalid'])
  })
})

describe('VolumeAttributesClass', () => {
  it('stays while a claim has to do with it', async () => {
    const path = '/apis/storage.k8s.io/v1/volumeattributesclasses'
    const { metadata } = await api.created(path, { metadata: { name: 'gold' }, driverName: 'd', parameters: { iops: '1' } })
    expect(metadata.finalizers).toEqual(['kubernetes.io/vac-protection'])
    await api.created('/api/v1/namespaces/default/persistentvolumeclaims', {
      metadata: { name: 'v' },
      spec: {
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'none',
        volumeAttributesClassName: 'gold',
        resources: { requests: { storage: '1Gi' } },
      },
    })
    await cluster.settle()
    await api.delete(`${path}/gold`)
    await cluster.settle()
    expect((await api.get(`${path}/gold`)).body.metadata.deletionTimestamp).toBeDefined()
    await api.delete('/api/v1/namespaces/default/persistentvolumeclaims/v')
    await cluster.settle()
    expect((await api.get(`${path}/gold`)).status).toBe(404)
  })
})
