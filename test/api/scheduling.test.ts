/** What upstream's end-to-end tests of scheduling ask for, over HTTP: predicates, preemption, PriorityClasses. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Cluster, createCluster } from '../../src/index.ts'
import { Api, type Json } from '../support/api.ts'

const PODS = '/api/v1/namespaces/default/pods'
const CLASSES = '/apis/scheduling.k8s.io/v1/priorityclasses'
const NODES = ['n1', 'n2']

let cluster: Cluster
let api: Api
beforeEach(async () => {
  cluster = await createCluster({ nodes: 0, clock: 'virtual' })
  api = new Api(cluster)
  for (const name of NODES) {
    await cluster.simulation.join({ name, capacity: { cpu: '4', memory: '8Gi', 'ephemeral-storage': '10Gi', pods: '20' } })
  }
  await cluster.advance(2000)
})
afterEach(() => cluster.close())

async function create(name: string, spec: Json = {}, container: Json = {}): Promise<Json> {
  const created = await api.created(PODS, {
    metadata: { name, labels: { app: name } },
    spec: { containers: [{ name: 'main', image: 'registry.k8s.io/pause:3.10', ...container }], ...spec },
  })
  await cluster.advance(1000)
  return created
}
const asks = (requests: Json): Json => ({ resources: { requests, limits: requests } })
const read = async (name: string): Promise<Json> => (await api.get(`${PODS}/${name}`)).body
const nodeOf = async (name: string) => (await read(name)).spec.nodeName
const scheduled = async (name: string) => (await read(name)).status.conditions?.find(({ type }: Json) => type === 'PodScheduled')
const events = async (name: string, reason: string): Promise<string[]> => {
  const query = `fieldSelector=involvedObject.name=${name},reason=${reason}`
  return (await api.get(`/api/v1/namespaces/default/events?${query}`)).body.items.map(({ message }: Json) => message)
}
const waits = async (name: string, why: string) => {
  expect(await nodeOf(name)).toBeUndefined()
  expect(await scheduled(name)).toMatchObject({ status: 'False', reason: 'Unschedulable', message: expect.stringContaining(why) })
  expect((await events(name, 'FailedScheduling')).at(-1)).toContain(why)
}
const label = (name: string, labels: Json) => api.patch(`/api/v1/nodes/${name}`, { metadata: { labels } })
const isReady = async (name: string) =>
  (await read(name)).status.conditions?.some(({ type, status }: Json) => type === 'Ready' && status === 'True')

describe('predicates', () => {
  it('validate resource limits of pods that are allowed to run', async () => {
    for (const [index, node] of NODES.entries()) await create(`filler-${index}`, { nodeName: node }, asks({ cpu: '2500m' }))
    await create('additional', {}, asks({ cpu: '2' }))
    await waits('additional', '0/2 nodes are available: 2 Insufficient cpu. ')
    await api.delete(`${PODS}/filler-1`)
    await cluster.advance(60_000)
    expect(await nodeOf('additional')).toBe('n2')
  })

  it('validate local ephemeral storage', async () => {
    for (const [index, node] of NODES.entries()) await create(`filler-${index}`, { nodeName: node }, asks({ 'ephemeral-storage': '6Gi' }))
    await create('additional', {}, asks({ 'ephemeral-storage': '5Gi' }))
    await waits('additional', '2 Insufficient ephemeral-storage')
  })

  it('validate pod overhead, with an extended resource that a node is given', async () => {
    const resource = { 'example.com/beardsecond': '1000' }
    await api.patch('/api/v1/nodes/n1/status', { status: { capacity: resource, allocatable: resource } })
    const handler = { metadata: { name: 'heavy' }, handler: 'heavy', overhead: { podFixed: { 'example.com/beardsecond': '250' } } }
    await api.created('/apis/node.k8s.io/v1/runtimeclasses', handler)
    await create('filler', {}, asks({ 'example.com/beardsecond': '700' }))
    expect(await nodeOf('filler')).toBe('n1')
    await create(
      'additional',
      { runtimeClassName: 'heavy', overhead: { 'example.com/beardsecond': '250' } },
      asks({ 'example.com/beardsecond': '200' }),
    )
    await waits('additional', '2 Insufficient example.com/beardsecond')
    await api.delete(`${PODS}/filler`)
    await cluster.advance(60_000)
    expect(await nodeOf('additional')).toBe('n1')
  })

  it('respect a nodeSelector that does not match', async () => {
    await create('restricted', { nodeSelector: { label: 'nonempty' } })
    await waits('restricted', "2 node(s) didn't match Pod's node affinity/selector")
  })

  it('respect a nodeSelector that matches', async () => {
    await label('n2', { 'kubernetes.io/e2e-1': '42' })
    await create('with-labels', { nodeSelector: { 'kubernetes.io/e2e-1': '42' } })
    expect(await nodeOf('with-labels')).toBe('n2')
  })

  it('respect required node affinity, also once it comes to match', async () => {
    const expressions = [{ matchExpressions: [{ key: 'foo', operator: 'In', values: ['bar', 'value2'] }] }]
    const required = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: expressions } }
    await create('with-affinity', { affinity: { nodeAffinity: required } })
    expect(await nodeOf('with-affinity')).toBeUndefined()
    await label('n1', { foo: 'bar' })
    await cluster.advance(1000)
    expect(await nodeOf('with-affinity')).toBe('n1')
  })

  it('respect taints: what matches is let in, what does not waits until the taint goes', async () => {
    await label('n2', { 'kubernetes.io/e2e': 'here' })
    const taint = { key: 'kubernetes.io/e2e-taint-key', value: 'testing-taint-value', effect: 'NoSchedule' }
    await api.patch('/api/v1/nodes/n2', { spec: { taints: [taint] } })
    const nodeSelector = { 'kubernetes.io/e2e': 'here' }
    await create('with-tolerations', { nodeSelector, tolerations: [taint] })
    expect(await nodeOf('with-tolerations')).toBe('n2')
    await create('no-tolerations', { nodeSelector })
    await waits('no-tolerations', 'had untolerated taint')
    await api.patch('/api/v1/nodes/n2', { spec: { taints: null } })
    await cluster.advance(1000)
    expect(await nodeOf('no-tolerations')).toBe('n2')
  })

  const port = (hostIP: string, hostPort: number, protocol = 'TCP'): Json => ({
    ports: [{ containerPort: 8080, hostIP, hostPort, protocol }],
  })
  const ON_N1 = { nodeSelector: { 'kubernetes.io/hostname': 'n1' } }

  it('find no conflict between the same host port of different addresses and protocols', async () => {
    await create('pod1', ON_N1, port('127.0.0.1', 54323))
    await create('pod2', ON_N1, port('172.18.0.2', 54323))
    await create('pod3', ON_N1, port('172.18.0.2', 54323, 'UDP'))
    for (const name of ['pod1', 'pod2', 'pod3']) expect(await isReady(name)).toBe(true)
  })

  it('find a conflict between the same host port when one is of all addresses', async () => {
    await create('pod4', ON_N1, port('0.0.0.0', 54322))
    await create('pod5', ON_N1, port('172.18.0.2', 54322))
    await waits('pod5', "1 node(s) didn't have free ports for the requested pod ports")
  })

  it('prefer a node that holds the image, which stays as it was written', async () => {
    const images = [{ names: ['example.com/large:1'], sizeBytes: 2_000_000_000 }]
    await api.patch('/api/v1/nodes/n2/status', { status: { images } })
    await cluster.advance(600_000)
    expect((await api.get('/api/v1/nodes/n2')).body.status.images).toEqual(images)
    await create('large', {}, { image: 'example.com/large:1' })
    expect(await nodeOf('large')).toBe('n2')
  })

  it('spread pods over domains', async () => {
    for (const name of NODES) await label(name, { zone: name })
    const constraint = {
      maxSkew: 1,
      topologyKey: 'zone',
      whenUnsatisfiable: 'DoNotSchedule',
      labelSelector: { matchLabels: { group: 'g' } },
    }
    for (let i = 0; i < 4; i++) {
      await api.created(PODS, {
        metadata: { name: `spread-${i}`, labels: { group: 'g' } },
        spec: { containers: [{ name: 'main', image: 'i' }], topologySpreadConstraints: [constraint] },
      })
      await cluster.advance(1000)
    }
    const placed = await Promise.all([0, 1, 2, 3].map((i) => nodeOf(`spread-${i}`)))
    expect(placed.sort()).toEqual(['n1', 'n1', 'n2', 'n2'])
  })

  it('leave gated pods alone until their gates are gone', async () => {
    await create('gated', { schedulingGates: [{ name: 'example.com/foo' }, { name: 'example.com/bar' }] })
    expect(await scheduled('gated')).toMatchObject({ status: 'False', reason: 'SchedulingGated' })
    await api.patch(`${PODS}/gated`, { spec: { schedulingGates: [{ name: 'example.com/bar' }] } })
    await cluster.advance(1000)
    expect(await nodeOf('gated')).toBeUndefined()
    await api.patch(`${PODS}/gated`, { spec: { schedulingGates: null } })
    await cluster.advance(1000)
    expect(NODES).toContain(await nodeOf('gated'))
  })
})

describe('preemption', () => {
  const RESOURCE = 'scheduling.k8s.io/foo'
  const FOO = (count: number) => asks({ [RESOURCE]: String(count) })
  beforeEach(async () => {
    const resource = { [RESOURCE]: '5' }
    for (const name of NODES) await api.patch(`/api/v1/nodes/${name}/status`, { status: { capacity: resource, allocatable: resource } })
    for (const [name, value] of Object.entries({ low: 1, medium: 100, high: 1000 }))
      await api.created(CLASSES, { metadata: { name }, value })
  })
  const victimsOf = async (names: readonly string[]) => {
    const gone: string[] = []
    for (const name of names) {
      const { status, body } = await api.get(`${PODS}/${name}`)
      if (status === 404 || body.metadata.deletionTimestamp !== undefined) gone.push(name)
    }
    return gone
  }

  it('takes the room of a pod of low priority, not of medium', async () => {
    await create('victim', { priorityClassName: 'low', nodeName: 'n1' }, FOO(4))
    await create('stays', { priorityClassName: 'medium', nodeName: 'n2' }, FOO(4))
    await create('preemptor', { priorityClassName: 'high' }, FOO(3))
    await cluster.advance(60_000)
    expect(await victimsOf(['victim', 'stays'])).toEqual(['victim'])
    expect(await nodeOf('preemptor')).toBe('n1')
    expect(await events('victim', 'Preempted')).toEqual([`Preempted by pod ${(await read('preemptor')).metadata.uid} on node n1`])
  })

  it('makes room for a critical pod', async () => {
    for (const [index, node] of NODES.entries()) await create(`low-${index}`, { priorityClassName: 'low', nodeName: node }, FOO(4))
    const critical = {
      metadata: { name: 'critical' },
      spec: { priorityClassName: 'system-cluster-critical', containers: [{ name: 'main', image: 'i', ...FOO(3) }] },
    }
    await api.created('/api/v1/namespaces/kube-system/pods', critical)
    await cluster.advance(60_000)
    const { spec, status } = (await api.get('/api/v1/namespaces/kube-system/pods/critical')).body
    expect(NODES).toContain(spec.nodeName)
    expect(status.nominatedNodeName).toBeUndefined()
    expect(await victimsOf(['low-0', 'low-1'])).toHaveLength(1)
  })

  it('goes up the ladder of ReplicaSets', async () => {
    for (const name of NODES) await api.patch(`/api/v1/nodes/${name}`, { spec: { unschedulable: name !== 'n1' } })
    const set = (name: string, priorityClassName: string, replicas: number, count: number) =>
      api.created('/apis/apps/v1/namespaces/default/replicasets', {
        metadata: { name },
        spec: {
          replicas,
          selector: { matchLabels: { set: name } },
          template: {
            metadata: { labels: { set: name } },
            spec: { priorityClassName, containers: [{ name: 'main', image: 'i', ...FOO(count) }] },
          },
        },
      })
    const running = async (name: string) =>
      (await api.get(`${PODS}?labelSelector=set=${name}`)).body.items.filter(({ status }: Json) => status.phase === 'Running').length
    await set('rs-low', 'low', 5, 1)
    await cluster.advance(5000)
    expect(await running('rs-low')).toBe(5)
    await set('rs-medium', 'medium', 2, 1)
    await cluster.advance(60_000)
    expect([await running('rs-low'), await running('rs-medium')]).toEqual([3, 2])
    await set('rs-high', 'high', 1, 4)
    await cluster.advance(60_000)
    expect([await running('rs-low'), await running('rs-medium'), await running('rs-high')]).toEqual([0, 1, 1])
  })

  it('marks victims with a condition that says why, and keeps it while they leave', async () => {
    const victim = { priorityClassName: 'low', nodeName: 'n1', terminationGracePeriodSeconds: 30 }
    await api.created(PODS, {
      metadata: { name: 'victim', finalizers: ['example.com/test'] },
      spec: { ...victim, containers: [{ name: 'main', image: 'i', ...FOO(5) }] },
    })
    await create('other', { priorityClassName: 'high', nodeName: 'n2' }, FOO(5))
    await create('preemptor', { priorityClassName: 'medium' }, FOO(1))
    expect((await read('victim')).status.conditions).toContainEqual(
      expect.objectContaining({ type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' }),
    )
    // Its containers have ended: it only waits for its finalizer, and needs no room for that.
    expect(await nodeOf('preemptor')).toBe('n1')
  })

  it('PriorityClasses: every verb; their value and policy stay', async () => {
    expect((await api.get(`${CLASSES}/low`)).body).toMatchObject({ value: 1, preemptionPolicy: 'PreemptLowerPriority' })
    const names = (await api.get(CLASSES)).body.items.map(({ metadata }: Json) => metadata.name)
    expect(names).toEqual(['high', 'low', 'medium', 'system-cluster-critical', 'system-node-critical'])
    for (const patch of [{ value: 2 }, { preemptionPolicy: 'Never' }]) {
      const { status, body } = await api.patch(`${CLASSES}/low`, patch)
      expect([status, body.reason]).toEqual([422, 'Invalid'])
    }
    expect((await api.patch(`${CLASSES}/low`, { description: 'patched' })).body.description).toBe('patched')
    const { body } = await api.get(`${CLASSES}/low`)
    expect((await api.put(`${CLASSES}/low`, { ...body, description: 'put' })).body.description).toBe('put')
    expect((await api.delete(`${CLASSES}/low`)).status).toBe(200)
    expect(
      (await api.post(PODS, { metadata: { name: 'p' }, spec: { priorityClassName: 'low', containers: [{ name: 'm', image: 'i' }] } }))
        .status,
    ).toBe(403)
  })
})
