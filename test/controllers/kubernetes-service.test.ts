import { afterEach, expect, test } from 'vitest'
import type { EndpointSlice, Endpoints, Service } from '../../src/api/types.gen.ts'
import { type Cluster, createCluster } from '../../src/index.ts'

let cluster: Cluster

afterEach(() => cluster.close())

const ref = (resource: string) => ({ resource, namespace: 'default', name: 'kubernetes' })
const RESOURCES = ['services', 'endpoints', 'endpointslices.discovery.k8s.io']

test('the API server is a Service with an endpoint, which come back when they are deleted or changed', async () => {
  cluster = await createCluster({ clock: 'virtual' })
  const { client } = cluster
  const check = async () => {
    expect(await client.get<Service>(ref('services'))).toMatchObject({
      metadata: { labels: { component: 'apiserver', provider: 'kubernetes' } },
      spec: {
        clusterIP: '10.96.0.1',
        clusterIPs: ['10.96.0.1'],
        type: 'ClusterIP',
        ports: [{ name: 'https', port: 443, targetPort: 6443 }],
      },
    })
    expect(await client.get<Endpoints>(ref('endpoints'))).toMatchObject({
      metadata: { labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
      subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ name: 'https', port: 6443, protocol: 'TCP' }] }],
    })
    expect(await client.get<EndpointSlice>(ref('endpointslices.discovery.k8s.io'))).toMatchObject({
      metadata: { labels: { 'kubernetes.io/service-name': 'kubernetes' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: true } }],
      ports: [{ name: 'https', port: 6443, protocol: 'TCP' }],
    })
  }
  await check()
  for (const resource of RESOURCES) await client.delete(ref(resource), {})
  await cluster.settle()
  await check()
  await client.patch(ref('endpoints'), { subsets: [{ addresses: [{ ip: '10.9.9.9' }] }] })
  await client.patch(ref('endpointslices.discovery.k8s.io'), { ports: [], metadata: { labels: { mine: 'stays' } } })
  await cluster.settle()
  await check()
  expect(await client.get<EndpointSlice>(ref('endpointslices.discovery.k8s.io'))).toMatchObject({ metadata: { labels: { mine: 'stays' } } })
})

test('the endpoint is where the server listens', async () => {
  cluster = await createCluster({ clock: 'virtual' })
  const port = Number(new URL(await cluster.listen()).port)
  await cluster.settle()
  expect(await cluster.client.get<Endpoints>(ref('endpoints'))).toMatchObject({ subsets: [{ ports: [{ port }] }] })
})
