import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Cluster, createCluster } from '../../src/index.ts'
import { Api, failure, type Json } from '../support/api.ts'
import { SAMPLES, TEMPLATE } from '../support/samples.ts'

let cluster: Cluster
let api: Api
beforeAll(async () => {
  cluster = await createCluster({ nodes: 0, clock: 'virtual' })
  api = new Api(cluster)
})
afterAll(() => cluster.close())

const PODS = '/api/v1/namespaces/default/pods'
const CLAIMS = '/api/v1/namespaces/default/persistentvolumeclaims'
const SERVICES = '/api/v1/namespaces/default/services'
const CLASSES = '/apis/scheduling.k8s.io/v1/priorityclasses'
const pod = (name: string, spec: Json = {}, metadata: Json = {}) => ({
  metadata: { name, ...metadata },
  spec: { ...TEMPLATE.spec, ...spec },
})
const dryRun = async (path: string, body: Json) => (await api.post(`${path}?dryRun=All`, body)).body

describe('NamespaceLifecycle', () => {
  it('refuses what is to be in a namespace that is not there, before it judges the object', async () => {
    for (const body of [{ metadata: { name: 'x' } }, { metadata: { name: 'NOT A NAME' } }]) {
      expect((await api.post('/api/v1/namespaces/nowhere/configmaps', body)).body).toEqual({
        ...failure(404, 'NotFound', 'namespaces "nowhere" not found'),
        details: { name: 'nowhere', kind: 'namespaces' },
      })
    }
  })

  it.each(['default', 'kube-system', 'kube-public'])('keeps %s', async (name) => {
    expect((await api.delete(`/api/v1/namespaces/${name}`)).body).toEqual({
      ...failure(403, 'Forbidden', `namespaces "${name}" is forbidden: this namespace may not be deleted`),
      details: { name, kind: 'namespaces' },
    })
  })
})

describe('ServiceAccount', () => {
  it('gives a pod an account, and its token as a volume', async () => {
    const { spec } = await dryRun(PODS, pod('p', { initContainers: [{ name: 'i', image: 'i' }] }))
    expect([spec.serviceAccountName, spec.serviceAccount]).toEqual(['default', 'default'])
    const [volume] = spec.volumes
    expect(volume.name).toMatch(/^kube-api-access-[a-z0-9]{5}$/)
    expect(volume.projected.sources.map((source: Json) => Object.keys(source)[0])).toEqual([
      'serviceAccountToken',
      'configMap',
      'downwardAPI',
    ])
    for (const container of [...spec.containers, ...spec.initContainers]) {
      expect(container.volumeMounts).toEqual([
        { name: volume.name, readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' },
      ])
    }
  })

  it('gives no token where pod or account declines it; what the pod says counts', async () => {
    await api.created('/api/v1/namespaces/default/serviceaccounts', {
      metadata: { name: 'quiet' },
      automountServiceAccountToken: false,
      imagePullSecrets: [{ name: 'pull' }],
    })
    const quiet = await dryRun(PODS, pod('p', { serviceAccountName: 'quiet' }))
    expect(quiet.spec).not.toHaveProperty('volumes')
    expect(quiet.spec.imagePullSecrets).toEqual([{ name: 'pull' }])
    expect((await dryRun(PODS, pod('p', { serviceAccountName: 'quiet', automountServiceAccountToken: true }))).spec.volumes).toHaveLength(1)
    expect((await dryRun(PODS, pod('p', { automountServiceAccountToken: false }))).spec).not.toHaveProperty('volumes')
  })

  it.each([
    ['p', undefined],
    ['made-', 'made-'],
  ])('names the account that is missing, for %s', async (name, generateName) => {
    const metadata = generateName ? { generateName } : { name }
    expect((await api.post(PODS, { metadata, spec: { ...TEMPLATE.spec, serviceAccountName: 'none' } })).body.message).toBe(
      `pods "${name}" is forbidden: error looking up service account default/none: serviceaccount "none" not found`,
    )
  })
})

describe('Priority', () => {
  beforeAll(async () => {
    await api.created(CLASSES, { metadata: { name: 'high' }, value: 1000, preemptionPolicy: 'Never' })
  })

  it.each<[string, Json, Json]>([
    ['none', {}, { priority: 0, preemptionPolicy: 'PreemptLowerPriority' }],
    ['a class', { priorityClassName: 'high' }, { priorityClassName: 'high', priority: 1000, preemptionPolicy: 'Never' }],
    ['a class of the system', { priorityClassName: 'system-node-critical' }, { priority: 2000001000 }],
    ['what it would be anyway', { priorityClassName: 'high', priority: 1000 }, { priority: 1000 }],
  ])('of %s', async (_what, spec, expected) => {
    expect((await dryRun(PODS, pod('p', spec))).spec).toMatchObject(expected)
  })

  it.each<[string, Json, string]>([
    ['a class that is not there', { priorityClassName: 'none' }, 'pods "p" is forbidden: no PriorityClass with name none was found'],
    [
      'a number of its own',
      { priority: 5 },
      'pods "p" is forbidden: the integer value of priority (5) must not be provided in pod spec; priority admission controller computed 0 from the given PriorityClass name',
    ],
    [
      'a policy of its own',
      { priorityClassName: 'high', preemptionPolicy: 'PreemptLowerPriority' },
      'pods "p" is forbidden: the string value of PreemptionPolicy (PreemptLowerPriority) must not be provided in pod spec; priority admission controller computed Never from the given PriorityClass name',
    ],
  ])('is refused for %s', async (_what, spec, message) => {
    expect(await dryRun(PODS, pod('p', spec))).toMatchObject({ code: 403, reason: 'Forbidden', message })
  })

  it('of a pod that names no class is that of the default one, the lowest if there are two', async () => {
    await api.created(CLASSES, { metadata: { name: 'default-b' }, value: 20, globalDefault: true })
    expect((await dryRun(PODS, pod('p'))).spec).toMatchObject({ priorityClassName: 'default-b', priority: 20 })
    await api.delete(`${CLASSES}/default-b`)
    expect((await dryRun(PODS, pod('p'))).spec.priority).toBe(0)
  })
})

describe('DefaultTolerationSeconds', () => {
  const tolerations = async (given: Json[]) =>
    (await dryRun(PODS, pod('p', { tolerations: given }))).spec.tolerations.map(
      ({ key, operator, effect, tolerationSeconds }: Json) =>
        `${key ?? '*'} ${operator ?? ''} ${effect ?? '*'} ${tolerationSeconds ?? '-'}`,
    )
  const NOT_READY = 'node.kubernetes.io/not-ready Exists NoExecute 300'
  const UNREACHABLE = 'node.kubernetes.io/unreachable Exists NoExecute 300'

  it('lets a pod stay five minutes, unless it says otherwise', async () => {
    expect(await tolerations([])).toEqual([NOT_READY, UNREACHABLE])
    const own = { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 }
    expect(await tolerations([own])).toEqual(['node.kubernetes.io/unreachable Exists NoExecute 5', NOT_READY])
    expect(await tolerations([{ operator: 'Exists' }])).toEqual(['* Exists * -'])
    expect(await tolerations([{ operator: 'Exists', effect: 'NoSchedule' }])).toEqual(['* Exists NoSchedule -', NOT_READY, UNREACHABLE])
  })
})

describe('DefaultStorageClass', () => {
  const claim = SAMPLES['v1/persistentvolumeclaims']!
  const classOf = async (spec: Json = {}) =>
    (await dryRun(CLAIMS, { ...claim, spec: { ...(claim.spec as Json), ...spec } })).spec.storageClassName

  it('gives a claim that names no class the default one', async () => {
    expect(await classOf()).toBe('standard')
    expect(await classOf({ storageClassName: '' })).toBe('')
    expect(await classOf({ storageClassName: 'other' })).toBe('other')
  })

  it('of several, the newest', async () => {
    await cluster.advance(2000)
    const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' }
    await api.created('/apis/storage.k8s.io/v1/storageclasses', { metadata: { name: 'newer', annotations }, provisioner: 'example.com/x' })
    expect(await classOf()).toBe('newer')
    await api.delete('/apis/storage.k8s.io/v1/storageclasses/newer')
  })
})

describe('StorageObjectInUseProtection, TaintNodesByCondition', () => {
  it('put finalizers on claims and volumes', async () => {
    expect((await dryRun(CLAIMS, SAMPLES['v1/persistentvolumeclaims'])).metadata.finalizers).toEqual(['kubernetes.io/pvc-protection'])
    const volume = await dryRun('/api/v1/persistentvolumes', SAMPLES['v1/persistentvolumes'])
    expect(volume.metadata.finalizers).toEqual(['kubernetes.io/pv-protection'])
  })

  it('keep pods off a new node', async () => {
    const node = await dryRun('/api/v1/nodes', { metadata: { name: 'n' }, spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] } })
    expect(node.spec.taints).toEqual([
      { key: 'a', effect: 'NoSchedule' },
      { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' },
    ])
  })
})

describe('the addresses of Services', () => {
  const service = (name: string, spec: Json = {}) => ({
    metadata: { name },
    spec: { selector: { app: name }, ports: [{ port: 80 }], ...spec },
  })

  it('are given, kept, and taken back', async () => {
    const { spec } = await api.created(SERVICES, service('web'))
    expect(spec).toMatchObject({ type: 'ClusterIP', clusterIPs: [spec.clusterIP], ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' })
    expect(spec.clusterIP).toMatch(/^10\.(9[6-9]|10\d|11[01])\.\d+\.\d+$/)
    const put = await api.put(`${SERVICES}/web`, service('web', { ports: [{ port: 81 }] }))
    expect(put.body.spec.clusterIP).toBe(spec.clusterIP)
    const open = await api.patch(`${SERVICES}/web`, { spec: { type: 'NodePort' } })
    const { nodePort } = open.body.spec.ports[0]
    expect(nodePort).toBeGreaterThanOrEqual(30000)
    expect(nodePort).toBeLessThan(32768)
    const again = await api.patch(`${SERVICES}/web`, { spec: { ports: [{ port: 82 }] } })
    expect(again.body.spec.ports[0].nodePort).toBe(nodePort)
    const closed = await api.patch(`${SERVICES}/web`, { spec: { type: 'ClusterIP' } })
    expect(closed.body.spec.ports[0]).not.toHaveProperty('nodePort')
  })

  it('are refused when another Service has them', async () => {
    const { clusterIP } = (await api.created(SERVICES, service('first', { type: 'NodePort', ports: [{ port: 80, nodePort: 30100 }] }))).spec
    expect((await api.post(SERVICES, service('second', { clusterIP }))).body.message).toBe(
      `Service "second" is invalid: spec.clusterIPs: Invalid value: ["${clusterIP}"]: failed to allocate IP ${clusterIP}: provided IP is already allocated`,
    )
    const taken = await api.post(SERVICES, service('second', { type: 'NodePort', ports: [{ port: 80, nodePort: 30100 }] }))
    expect(taken.body.message).toBe(
      'Service "second" is invalid: spec.ports[0].nodePort: Invalid value: 30100: provided port is already allocated',
    )
    expect((await api.get(`${SERVICES}/second`)).status).toBe(404)
  })

  it('are not for headless and external ones', async () => {
    expect((await api.created(SERVICES, service('headless', { clusterIP: 'None' }))).spec.clusterIPs).toEqual(['None'])
    const external = await api.created(SERVICES, { metadata: { name: 'out' }, spec: { type: 'ExternalName', externalName: 'example.com' } })
    expect(external.spec).not.toHaveProperty('clusterIP')
  })
})
