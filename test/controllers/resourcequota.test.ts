/** Quotas from their first to their last. Upstream: test/e2e/apimachinery/resource_quota.go. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Cluster, createCluster } from '../../src/index.ts'
import { Api, type Json } from '../support/api.ts'

const NS = '/api/v1/namespaces/default'
const QUOTAS = `${NS}/resourcequotas`
const SECOND = 1000

let cluster: Cluster
let api: Api
beforeEach(async () => {
  cluster = await createCluster({ nodes: 1, clock: 'virtual' })
  api = new Api(cluster)
  await cluster.settle()
})
afterEach(() => cluster.close())

const quota = async (hard: Json, spec: Json = {}, name = 'quota') => {
  await api.created(QUOTAS, { metadata: { name }, spec: { hard, ...spec } })
  await cluster.settle()
}
const statusOf = async (name = 'quota') => (await api.get(`${QUOTAS}/${name}`)).body.status
const used = async (name = 'quota') => (await statusOf(name)).used
const pod = (name: string, requests: Json = {}, spec: Json = {}) => ({
  metadata: { name },
  spec: { containers: [{ name: 'c', image: 'i', resources: { requests } }], ...spec },
})
const messageOf = async (path: string, body: Json) => {
  const { status, body: answer } = await api.post(path, body)
  return `${status} ${answer.message}`
}
const gone = async (path: string) => {
  expect((await api.delete(`${path}?gracePeriodSeconds=0&propagationPolicy=Background`)).status).toBe(200)
  await cluster.settle()
}
const template = (name: string, resources: Json = {}) => ({
  metadata: { labels: { app: name } },
  spec: { containers: [{ name: 'c', image: 'i', resources }] },
})

describe('the life of what is counted', () => {
  it.each<[string, string, Json]>([
    ['configmaps', `${NS}/configmaps`, { metadata: { name: 'x' } }],
    ['secrets', `${NS}/secrets`, { metadata: { name: 'x' } }],
    [
      'replicationcontrollers',
      `${NS}/replicationcontrollers`,
      { metadata: { name: 'x' }, spec: { replicas: 0, selector: { app: 'x' }, template: template('x') } },
    ],
    [
      'count/replicasets.apps',
      '/apis/apps/v1/namespaces/default/replicasets',
      { metadata: { name: 'x' }, spec: { replicas: 0, selector: { matchLabels: { app: 'x' } }, template: template('x') } },
    ],
    [
      'count/ingresses.networking.k8s.io',
      '/apis/networking.k8s.io/v1/namespaces/default/ingresses',
      { metadata: { name: 'x' }, spec: { defaultBackend: { service: { name: 's', port: { number: 1 } } } } },
    ],
    ['count/leases.coordination.k8s.io', '/apis/coordination.k8s.io/v1/namespaces/default/leases', { metadata: { name: 'x' }, spec: {} }],
    ['resourcequotas', QUOTAS, { metadata: { name: 'x' }, spec: {} }],
  ])('%s', async (name, path, body) => {
    await quota({ [name]: '100' })
    const before = Number((await used())[name])
    await api.created(path, body)
    expect(Number((await used())[name]), 'counted at once').toBe(before + 1)
    await gone(`${path}/x`)
    expect(Number((await used())[name]), 'released').toBe(before)
  })

  it('services: nodeports and load balancers too, and again when a service changes its type', async () => {
    const hard = { services: '4', 'services.nodeports': '1', 'services.loadbalancers': '1' }
    await quota(hard)
    const service = (name: string, type: string) => ({ metadata: { name }, spec: { type, ports: [{ port: 80 }] } })
    expect(await statusOf()).toEqual({ hard, used: { services: '1', 'services.nodeports': '0', 'services.loadbalancers': '0' } })
    await api.created(`${NS}/services`, service('cluster', 'ClusterIP'))
    await api.created(`${NS}/services`, service('node', 'NodePort'))
    expect(await used()).toEqual({ services: '3', 'services.nodeports': '1', 'services.loadbalancers': '0' })
    expect(await messageOf(`${NS}/services`, service('balanced', 'LoadBalancer'))).toBe(
      '403 services "balanced" is forbidden: exceeded quota: quota, requested: services.nodeports=1, used: services.nodeports=1, limited: services.nodeports=1',
    )
    await api.patch(`${NS}/services/node`, { spec: { type: 'ClusterIP' } })
    await cluster.settle()
    expect((await used())['services.nodeports']).toBe('0')
    await api.created(`${NS}/services`, service('balanced', 'LoadBalancer'))
    expect(await used()).toEqual({ services: '4', 'services.nodeports': '1', 'services.loadbalancers': '1' })
    for (const name of ['cluster', 'node', 'balanced']) await gone(`${NS}/services/${name}`)
    expect(await used()).toEqual({ services: '1', 'services.nodeports': '0', 'services.loadbalancers': '0' })
  })

  it('pods: what they ask for, devices too, and no changes that would make it more', async () => {
    const hard = { cpu: '1', memory: '500Mi', 'ephemeral-storage': '50Gi', pods: '5', 'requests.example.com/dongle': '3' }
    await quota(hard)
    const requests = { cpu: '500m', memory: '252Mi', 'ephemeral-storage': '30Gi', 'example.com/dongle': '2' }
    const dongles = (name: string, count: string, others: Json) => ({
      metadata: { name },
      spec: {
        nodeName: 'elsewhere',
        containers: [
          {
            name: 'c',
            image: 'i',
            resources: { requests: { ...others, 'example.com/dongle': count }, limits: { 'example.com/dongle': count } },
          },
        ],
      },
    })
    await api.created(`${NS}/pods`, dongles('a', '2', requests))
    const full = { cpu: '500m', memory: '252Mi', 'ephemeral-storage': '30Gi', pods: '1', 'requests.example.com/dongle': '2' }
    expect(await used()).toEqual(full)
    expect(await messageOf(`${NS}/pods`, pod('b', { cpu: '600m', memory: '100Mi' }))).toBe(
      '403 pods "b" is forbidden: exceeded quota: quota, requested: cpu=600m, used: cpu=500m, limited: cpu=1',
    )
    expect(await messageOf(`${NS}/pods`, dongles('b', '2', { cpu: '1m', memory: '1Mi' }))).toBe(
      '403 pods "b" is forbidden: exceeded quota: quota, requested: requests.example.com/dongle=2, used: requests.example.com/dongle=2, limited: requests.example.com/dongle=3',
    )
    expect(await messageOf(`${NS}/pods`, pod('b', { cpu: '1m' }))).toBe(
      '403 pods "b" is forbidden: failed quota: quota: must specify memory for: c',
    )
    await api.patch(`${NS}/pods/a`, { metadata: { labels: { a: 'b' } } })
    expect(await used()).toEqual(full)
    await gone(`${NS}/pods/a`)
    expect(await used()).toEqual({ cpu: '0', memory: '0', 'ephemeral-storage': '0', pods: '0', 'requests.example.com/dongle': '0' })
  })

  it('pods that have ended count no more, but are still stored', async () => {
    await quota({ pods: '1', 'count/pods': '2', cpu: '1' })
    await api.created(`${NS}/pods`, pod('a', { cpu: '1' }, { restartPolicy: 'Never' }))
    await cluster.settle()
    await api.patch(`${NS}/pods/a/status`, { status: { phase: 'Failed' } })
    await cluster.settle()
    expect(await used()).toEqual({ pods: '0', 'count/pods': '1', cpu: '0' })
    await api.created(`${NS}/pods`, pod('b', { cpu: '1' }))
    expect(await used()).toEqual({ pods: '1', 'count/pods': '2', cpu: '1' })
  })

  it('pods that are resized', async () => {
    await quota({ 'requests.cpu': '1', 'limits.cpu': '2' })
    await api.created(`${NS}/pods`, {
      metadata: { name: 'a' },
      spec: { containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '200m' }, limits: { cpu: '500m' } } }] },
    })
    await cluster.settle()
    const resize = (cpu: string) =>
      api.patch(
        `${NS}/pods/a/resize`,
        { spec: { containers: [{ name: 'c', resources: { requests: { cpu } } }] } },
        'application/strategic-merge-patch+json',
      )
    expect((await resize('400m')).status).toBe(200)
    expect(await used()).toEqual({ 'requests.cpu': '400m', 'limits.cpu': '500m' })
    await cluster.advance(10 * SECOND)
    expect((await resize('100m')).status).toBe(200)
    await cluster.advance(10 * SECOND)
    expect(await used()).toEqual({ 'requests.cpu': '100m', 'limits.cpu': '500m' })
  })

  it('volume claims: their number and storage, of a class too', async () => {
    const gold = 'gold.storageclass.storage.k8s.io'
    const hard = {
      persistentvolumeclaims: '10',
      'requests.storage': '10Gi',
      [`${gold}/persistentvolumeclaims`]: '1',
      [`${gold}/requests.storage`]: '2Gi',
    }
    await quota(hard)
    const claim = (name: string, storage: string, storageClassName?: string) => ({
      metadata: { name },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } }, ...(storageClassName && { storageClassName }) },
    })
    await api.created(`${NS}/persistentvolumeclaims`, claim('a', '1Gi'))
    expect(await used()).toEqual({
      persistentvolumeclaims: '1',
      'requests.storage': '1Gi',
      [`${gold}/persistentvolumeclaims`]: '0',
      [`${gold}/requests.storage`]: '0',
    })
    await api.created(`${NS}/persistentvolumeclaims`, claim('b', '1Gi', 'gold'))
    expect(await used()).toEqual({
      persistentvolumeclaims: '2',
      'requests.storage': '2Gi',
      [`${gold}/persistentvolumeclaims`]: '1',
      [`${gold}/requests.storage`]: '1Gi',
    })
    expect(await messageOf(`${NS}/persistentvolumeclaims`, claim('c', '1Gi', 'gold'))).toBe(
      `403 persistentvolumeclaims "c" is forbidden: exceeded quota: quota, requested: ${gold}/persistentvolumeclaims=1, used: ${gold}/persistentvolumeclaims=1, limited: ${gold}/persistentvolumeclaims=1`,
    )
    for (const name of ['a', 'b']) await gone(`${NS}/persistentvolumeclaims/${name}`)
    expect(await used()).toEqual({
      persistentvolumeclaims: '0',
      'requests.storage': '0',
      [`${gold}/persistentvolumeclaims`]: '0',
      [`${gold}/requests.storage`]: '0',
    })
  })
})

describe('scopes', () => {
  it('of pods that must end and those that need not', async () => {
    await quota({ pods: '5' }, { scopes: ['Terminating'] }, 'ending')
    await quota({ pods: '5' }, { scopes: ['NotTerminating'] }, 'lasting')
    const counts = async () => [(await used('ending')).pods, (await used('lasting')).pods]
    await api.created(`${NS}/pods`, pod('long'))
    expect(await counts()).toEqual(['0', '1'])
    await api.created(`${NS}/pods`, pod('short', {}, { activeDeadlineSeconds: 3600 }))
    expect(await counts()).toEqual(['1', '1'])
    await api.patch(`${NS}/pods/long`, { spec: { activeDeadlineSeconds: 3600 } })
    await cluster.settle()
    expect(await counts()).toEqual(['2', '0'])
    await gone(`${NS}/pods/long`)
    await gone(`${NS}/pods/short`)
    expect(await counts()).toEqual(['0', '0'])
  })

  it('of best effort', async () => {
    await quota({ pods: '5' }, { scopes: ['BestEffort'] }, 'free')
    await quota({ pods: '5' }, { scopes: ['NotBestEffort'] }, 'paid')
    await api.created(`${NS}/pods`, pod('a'))
    expect([(await used('free')).pods, (await used('paid')).pods]).toEqual(['1', '0'])
    await api.created(`${NS}/pods`, pod('b', { cpu: '1m' }))
    expect([(await used('free')).pods, (await used('paid')).pods]).toEqual(['1', '1'])
    await gone(`${NS}/pods/a`)
    await gone(`${NS}/pods/b`)
    expect([(await used('free')).pods, (await used('paid')).pods]).toEqual(['0', '0'])
  })

  it('of priority classes', async () => {
    await api.created('/apis/scheduling.k8s.io/v1/priorityclasses', { metadata: { name: 'high' }, value: 5 })
    const scopeSelector = { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }] }
    await quota({ pods: '1' }, { scopeSelector })
    await api.created(`${NS}/pods`, pod('a', {}, { priorityClassName: 'high' }))
    expect(await messageOf(`${NS}/pods`, pod('b', {}, { priorityClassName: 'high' }))).toBe(
      '403 pods "b" is forbidden: exceeded quota: quota, requested: pods=1, used: pods=1, limited: pods=1',
    )
    await api.created(`${NS}/pods`, pod('b'))
    expect(await used()).toEqual({ pods: '1' })
  })
})

describe('a quota', () => {
  it('can be read, changed and deleted', async () => {
    await quota({ cpu: '1', memory: '500Mi' })
    await api.put(`${QUOTAS}/quota`, { metadata: { name: 'quota' }, spec: { hard: { cpu: '2', memory: '1Gi' } } })
    await cluster.settle()
    expect(await statusOf()).toEqual({ hard: { cpu: '2', memory: '1Gi' }, used: { cpu: '0', memory: '0' } })
    expect((await api.delete(`${QUOTAS}/quota`)).status).toBe(200)
    expect((await api.get(`${QUOTAS}/quota`)).status).toBe(404)
  })

  it('can be listed and deleted by labels', async () => {
    await api.created(QUOTAS, { metadata: { name: 'a', labels: { own: 'yes' } }, spec: { hard: { pods: '1' } } })
    await quota({ pods: '5' }, {}, 'b')
    await api.patch(`${QUOTAS}/a`, { spec: { hard: { pods: '2' } } })
    await cluster.settle()
    const { items } = (await api.get('/api/v1/resourcequotas?labelSelector=own=yes')).body
    expect(items.map(({ status }: Json) => status.hard)).toEqual([{ pods: '2' }])
    await api.delete(`${QUOTAS}?labelSelector=own=yes`)
    expect((await api.get(QUOTAS)).body.items.map(({ metadata }: Json) => metadata.name)).toEqual(['b'])
  })

  it('has a status of its own, which the controller puts right', async () => {
    await quota({ cpu: '1', memory: '500Mi' })
    const update = await api.get(`${QUOTAS}/quota`)
    const put = await api.put(`${QUOTAS}/quota/status`, {
      ...update.body,
      status: { ...update.body.status, hard: { cpu: '2', memory: '1Gi' } },
    })
    expect([put.status, put.body.status.hard]).toEqual([200, { cpu: '2', memory: '1Gi' }])
    await cluster.settle()
    expect((await statusOf()).hard).toEqual({ cpu: '1', memory: '500Mi' })
    const patched = await api.patch(`${QUOTAS}/quota/status`, {
      metadata: { annotations: { told: 'yes' } },
      status: { used: { cpu: '1', memory: '0' } },
    })
    expect(patched.body.metadata.annotations).toEqual({ told: 'yes' })
    expect(await messageOf(`${NS}/pods`, pod('a', { cpu: '1m', memory: '1Mi' }))).toMatch('exceeded quota')
    await cluster.advance(5 * 60 * SECOND)
    expect(await used(), 'after a full resync').toEqual({ cpu: '0', memory: '0' })
  })

  it('without a status yet limits nothing', async () => {
    await cluster.close()
    cluster = await createCluster({ nodes: 0, clock: 'virtual', controllers: ['*', '-resourcequota'] })
    api = new Api(cluster)
    await quota({ configmaps: '0' })
    expect(await statusOf()).toEqual({})
    await api.created(`${NS}/configmaps`, { metadata: { name: 'a' } })
    await api.patch(`${QUOTAS}/quota/status`, { status: { hard: { configmaps: '1' } } })
    expect(await messageOf(`${NS}/configmaps`, { metadata: { name: 'b' } })).toBe(
      '403 configmaps "b" is forbidden: status unknown for quota: quota, resources: configmaps',
    )
    await api.patch(`${QUOTAS}/quota/status`, { status: { used: { configmaps: '0' } } })
    await api.created(`${NS}/configmaps`, { metadata: { name: 'b' } })
    expect(await used()).toEqual({ configmaps: '1' })
  })
})

describe('counting is one with creating', () => {
  it('so that of many who want the last unit one gets it', async () => {
    await quota({ secrets: '5' })
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => api.post(`${NS}/secrets`, { metadata: { name: `s${i}` } })))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(5)
    expect(answers.filter(({ status }) => status === 403)).toHaveLength(15)
    expect(await used()).toEqual({ secrets: '5' })
    expect((await api.get(`${NS}/secrets`)).body.items).toHaveLength(5)
  })

  it('so that of many who want one name the others take nothing', async () => {
    await quota({ secrets: '5', 'count/secrets': '100' })
    const answers = await Promise.all(Array.from({ length: 5 }, () => api.post(`${NS}/secrets`, { metadata: { name: 'same' } })))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409])
    expect(await used()).toEqual({ secrets: '1', 'count/secrets': '1' })
  })

  it('so that two quotas are counted in, or neither', async () => {
    await quota({ secrets: '5' }, {}, 'a')
    await quota({ 'count/secrets': '2' }, {}, 'b')
    await Promise.all(Array.from({ length: 5 }, (_, i) => api.post(`${NS}/secrets`, { metadata: { name: `s${i}` } })))
    expect([await used('a'), await used('b')]).toEqual([{ secrets: '2' }, { 'count/secrets': '2' }])
  })

  it('also when the quota itself changes meanwhile', async () => {
    await quota({ secrets: '100' })
    const writes = Array.from({ length: 10 }, (_, i) => api.post(`${NS}/secrets`, { metadata: { name: `s${i}` } }))
    const changes = Array.from({ length: 10 }, (_, i) => api.patch(`${QUOTAS}/quota`, { metadata: { labels: { turn: `${i}` } } }))
    const answers = await Promise.all(writes.flatMap((write, i) => [write, changes[i]!]))
    expect(answers.map(({ status }) => status).filter((status) => status > 201)).toEqual([])
    expect(await used()).toEqual({ secrets: '10' })
    expect((await api.get(`${QUOTAS}/quota`)).body.metadata.labels).toEqual({ turn: expect.any(String) })
  })

  it('and a dry run is refused as well, but takes nothing', async () => {
    await quota({ secrets: '1' })
    expect((await api.post(`${NS}/secrets?dryRun=All`, { metadata: { name: 's' } })).status).toBe(201)
    expect(await used()).toEqual({ secrets: '0' })
    await api.created(`${NS}/secrets`, { metadata: { name: 's' } })
    expect((await api.post(`${NS}/secrets?dryRun=All`, { metadata: { name: 't' } })).status).toBe(403)
  })

  it('also of what an apply creates', async () => {
    await quota({ secrets: '1' })
    const apply = (name: string) =>
      api.patch(
        `${NS}/secrets/${name}?fieldManager=me`,
        { apiVersion: 'v1', kind: 'Secret', metadata: { name } },
        'application/apply-patch+yaml',
      )
    expect((await apply('a')).status).toBe(201)
    expect((await apply('b')).body.message).toBe(
      'secrets "b" is forbidden: exceeded quota: quota, requested: secrets=1, used: secrets=1, limited: secrets=1',
    )
    expect((await apply('a')).status).toBe(200)
    expect(await used()).toEqual({ secrets: '1' })
  })

  it('and usage is right after everything came and went at once', async () => {
    await quota({ pods: '30', cpu: '30' })
    for (let round = 0; round < 3; round++) {
      const names = Array.from({ length: 10 }, (_, i) => `p${round}-${i}`)
      await Promise.all(names.map((name) => api.post(`${NS}/pods`, pod(name, { cpu: '100m' }, { nodeName: 'elsewhere' }))))
      await Promise.all(names.slice(0, 7).map((name) => api.delete(`${NS}/pods/${name}?gracePeriodSeconds=0`)))
    }
    await cluster.settle()
    expect(await used()).toEqual({ pods: '9', cpu: '900m' })
  })
})

describe('workloads behind a quota', () => {
  const RS = '/apis/apps/v1/namespaces/default/replicasets'
  const setOf = (name: string, replicas: number, resources: Json = {}) => ({
    metadata: { name },
    spec: { replicas, selector: { matchLabels: { app: name } }, template: template(name, resources) },
  })
  const failureOf = ({ body }: { body: Json }) => body.status.conditions?.find(({ type }: Json) => type === 'ReplicaFailure')

  it.each<[string, string, (replicas: number) => Json]>([
    ['a ReplicaSet', RS, (replicas) => setOf('web', replicas)],
    [
      'a ReplicationController',
      `${NS}/replicationcontrollers`,
      (replicas) => ({ metadata: { name: 'web' }, spec: { replicas, selector: { app: 'web' }, template: template('web') } }),
    ],
  ])('%s says that it fails, until it is scaled down to what may be', async (_name, path, body) => {
    await quota({ pods: '2' })
    await api.created(path, body(3))
    await cluster.advance(2 * SECOND)
    const failed = await api.get(`${path}/web`)
    expect(failureOf(failed)).toMatchObject({ status: 'True', reason: 'FailedCreate' })
    expect(failureOf(failed).message).toMatch(
      /^pods "web-[a-z0-9]{5}" is forbidden: exceeded quota: quota, requested: pods=1, used: pods=2, limited: pods=2$/,
    )
    expect(failed.body.status.replicas).toBe(2)
    await api.patch(`${path}/web`, { spec: { replicas: 2 } })
    await cluster.advance(2 * SECOND)
    expect(failureOf(await api.get(`${path}/web`))).toBeUndefined()
  })

  it('a Deployment goes on once there is room', async () => {
    await quota({ 'requests.cpu': '1' })
    const path = '/apis/apps/v1/namespaces/default/deployments'
    await api.created(path, setOf('web', 3, { requests: { cpu: '500m' } }))
    await cluster.advance(30 * SECOND)
    const { items } = (await api.get(`${NS}/events`)).body
    const messages = items.filter(({ reason }: Json) => reason === 'FailedCreate').map(({ message }: Json) => message)
    expect(messages[0]).toMatch(
      /^Error creating: pods "web-[a-z0-9]+-[a-z0-9]{5}" is forbidden: exceeded quota: quota, requested: requests\.cpu=500m, used: requests\.cpu=1, limited: requests\.cpu=1$/,
    )
    const { status } = (await api.get(`${path}/web`)).body
    expect(status.availableReplicas).toBe(2)
    expect(status.conditions.find(({ type }: Json) => type === 'ReplicaFailure')).toMatchObject({ status: 'True', reason: 'FailedCreate' })
    await api.patch(`${QUOTAS}/quota`, { spec: { hard: { 'requests.cpu': '2' } } })
    await cluster.advance(60 * SECOND)
    expect((await api.get(`${path}/web`)).body.status.availableReplicas).toBe(3)
    expect(await used()).toEqual({ 'requests.cpu': '1500m' })
  })
})

it('shows kubectl what is used', async () => {
  await quota({ pods: '2', 'limits.cpu': '4' })
  await api.created(`${NS}/limitranges`, {
    metadata: { name: 'limits' },
    spec: { limits: [{ type: 'Container', default: { cpu: '1' }, max: { cpu: '2' } }] },
  })
  await api.created(`${NS}/pods`, pod('a'))
  const table = (await api.get(QUOTAS, { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' })).body
  expect(table.rows[0].cells.slice(0, 3)).toEqual(['quota', 'pods: 1/2', 'limits.cpu: 1/4'])
})
