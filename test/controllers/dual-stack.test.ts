import { afterEach, describe, expect, it } from 'vitest'
import type { EndpointSlice, Endpoints, Event, Node, Pod, Service } from '../../src/api/types.gen.ts'
import { type Cluster, type ClusterOptions, createCluster } from '../../src/index.ts'

let cluster: Cluster

async function started(options: ClusterOptions): Promise<void> {
  cluster = await createCluster({ clock: 'virtual', nodes: 1, ...options })
  const labels = { app: 'web' }
  const pod = (name: string, spec: object = {}) =>
    cluster.client.create('pods', {
      metadata: { name, namespace: 'default', labels },
      spec: { containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 80 }] }], ...spec },
    } as never)
  await pod('web')
  await pod('host', { hostNetwork: true })
  await cluster.client.create('services', {
    metadata: { name: 'web', namespace: 'default' },
    spec: { selector: labels, ports: [{ port: 80 }], ipFamilyPolicy: 'PreferDualStack' },
  } as never)
  await cluster.advance(5000)
}

const get = <T>(resource: string, name: string) => cluster.client.get(reference(resource, name)) as Promise<T>
const reference = (resource: string, name: string) => ({ resource, namespace: resource === 'nodes' ? '' : 'default', name })

async function slices(): Promise<Record<string, string[]>> {
  const { items } = await cluster.client.list<EndpointSlice>('endpointslices.discovery.k8s.io', 'default')
  const ours = items.filter(({ metadata }) => metadata.name.startsWith('web-'))
  return Object.fromEntries(
    ours.map(({ addressType, endpoints = [] }) => [addressType, endpoints.flatMap(({ addresses }) => addresses).sort()]),
  )
}

afterEach(() => cluster.close())

describe('a dual-stack cluster', () => {
  it('has addresses of both families: of nodes, of pods, in slices', async () => {
    await started({ serviceRanges: ['10.96.0.0/12', 'fd00:10:96::/112'] })
    const node = await get<Node>('nodes', 'node-1')
    expect(node.spec.podCIDRs).toEqual(['10.244.0.0/24', 'fd00:10:244::/64'])
    expect(node.status?.addresses).toEqual([
      { address: '10.0.0.2', type: 'InternalIP' },
      { address: 'fd00:10::2', type: 'InternalIP' },
      { address: 'node-1', type: 'Hostname' },
    ])
    expect((await get<Pod>('pods', 'web')).status).toMatchObject({
      hostIP: '10.0.0.2',
      hostIPs: [{ ip: '10.0.0.2' }, { ip: 'fd00:10::2' }],
      podIP: '10.244.0.2',
      podIPs: [{ ip: '10.244.0.2' }, { ip: 'fd00:10:244::2' }],
    })
    const host = (await get<Pod>('pods', 'host')).status
    expect(host?.podIPs).toEqual(host?.hostIPs)
    expect(await slices()).toEqual({ IPv4: ['10.0.0.2', '10.244.0.2'], IPv6: ['fd00:10:244::2', 'fd00:10::2'] })
    expect((await get<Endpoints>('endpoints', 'web')).subsets?.[0]?.addresses?.map(({ ip }) => ip)).toEqual(['10.0.0.2', '10.244.0.2'])
  })

  it('has a slice less when a Service takes a family back', async () => {
    await started({ serviceRanges: ['10.96.0.0/12', 'fd00:10:96::/112'] })
    const spec = {
      ipFamilyPolicy: 'SingleStack',
      ipFamilies: ['IPv4'],
      clusterIPs: (await get<Service>('services', 'web')).spec.clusterIPs!.slice(0, 1),
    }
    await cluster.client.patch(reference('services', 'web'), { spec })
    await cluster.settle()
    expect(Object.keys(await slices())).toEqual(['IPv4'])
  })

  it('may put IPv6 first', async () => {
    await started({ serviceRanges: ['fd00:10:96::/112', '10.96.0.0/12'] })
    expect((await get<Pod>('pods', 'web')).status).toMatchObject({ hostIP: 'fd00:10::2', podIP: 'fd00:10:244::2' })
    expect((await get<Endpoints>('endpoints', 'web')).subsets?.[0]?.addresses?.map(({ ip }) => ip)).toEqual([
      'fd00:10:244::2',
      'fd00:10::2',
    ])
  })
})

it('a cluster of IPv6 alone has no address of IPv4', async () => {
  await started({ serviceRanges: ['fd00:10:96::/112'] })
  expect((await get<Node>('nodes', 'node-1')).status?.addresses?.map(({ address }) => address)).toEqual(['fd00:10::2', 'node-1'])
  expect((await get<Pod>('pods', 'web')).status?.podIPs).toEqual([{ ip: 'fd00:10:244::2' }])
  expect(await slices()).toEqual({ IPv6: ['fd00:10:244::2', 'fd00:10::2'] })
})

it('nodes without a range are told of, and get one when another goes', async () => {
  await started({ clusterCIDRs: ['10.50.0.0/24'], nodes: 2 })
  const ranges = async () => (await cluster.client.list<Node>('nodes')).items.map(({ spec }) => spec.podCIDR)
  const before = await ranges()
  expect(before.filter(Boolean)).toEqual(['10.50.0.0/24'])
  const events = (await cluster.client.list<Event>('events', 'default')).items.filter(({ reason }) => reason === 'CIDRNotAvailable')
  expect(events[0]).toMatchObject({ type: 'Normal', source: { component: 'cidrAllocator' }, involvedObject: { kind: 'Node' } })
  await cluster.simulation.leave(before[0] === undefined ? 'node-2' : 'node-1')
  await cluster.advance(20_000)
  expect(await ranges()).toEqual(['10.50.0.0/24'])
})

it('nodes get no range from a cluster that allocates none', async () => {
  await started({ controllers: ['*', '-node-ipam'] })
  expect((await get<Node>('nodes', 'node-1')).spec.podCIDR).toBeUndefined()
  expect((await get<Pod>('pods', 'web')).status?.podIP).toBeUndefined()
  await cluster.client.patch(reference('nodes', 'node-1'), { spec: { podCIDR: '10.77.0.0/24', podCIDRs: ['10.77.0.0/24'] } })
  await cluster.advance(5000)
  expect((await get<Pod>('pods', 'web')).status?.podIP).toBe('10.77.0.2')
})
