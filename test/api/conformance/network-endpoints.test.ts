/** Upstream: test/e2e/network/endpoints.go, endpointslice.go, endpointslicemirroring.go and service_latency.go */
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Json } from '../../support/api.ts'
import { Conformance, until } from '../../support/conformance.ts'
import { createRunning, eventually, gone, pausePod, running } from '../../support/conformance-pods.ts'

let e2e: Conformance
beforeAll(async () => {
  e2e = await Conformance.start({ nodes: 2 })
})
afterAll(() => e2e.close())

interface Clients {
  readonly namespace: string
  readonly services: ReturnType<Conformance['client']>
  readonly endpoints: ReturnType<Conformance['client']>
  readonly slices: ReturnType<Conformance['client']>
  readonly pods: ReturnType<Conformance['client']>
}

async function start(base: string): Promise<Clients> {
  const namespace = await e2e.namespace(base)
  const of = (path: string) => e2e.client(path, namespace)
  const [services, endpoints, pods] = [of('v1/services'), of('v1/endpoints'), of('v1/pods')]
  return { namespace, services, endpoints, pods, slices: of('discovery.k8s.io/v1/endpointslices') }
}
const slicesOf = async ({ slices }: Clients, service: string): Promise<Json[]> =>
  (await slices.list({ labelSelector: `kubernetes.io/service-name=${service}` })).items

const EMPTY = {
  metadata: { name: 'example-empty-selector' },
  spec: {
    selector: { 'does-not-match-anything': 'endpoints-and-endpoint-slices-should-still-be-created' },
    ports: [{ name: 'example', port: 80, protocol: 'TCP' }],
  },
}

it('[sig-network] EndpointsController should create and delete Endpoints for a Service with a selector that matches no pods', async () => {
  const clients = await start('endpoints')
  await clients.services.create(EMPTY)
  await e2e.cluster.settle()
  expect((await clients.endpoints.get(EMPTY.metadata.name)).subsets).toBeUndefined()
  await clients.services.delete(EMPTY.metadata.name)
  await gone(e2e, clients.endpoints, EMPTY.metadata.name)
})

it('[sig-network] EndpointSlice should create and delete EndpointSlices for a Service with a selector that matches no pods', async () => {
  const clients = await start('endpointslice')
  await clients.services.create(EMPTY)
  await e2e.cluster.settle()
  const [slice] = await slicesOf(clients, EMPTY.metadata.name)
  expect(slice.metadata.labels['endpointslice.kubernetes.io/managed-by']).toBe('endpointslice-controller.k8s.io')
  expect(slice.endpoints ?? []).toEqual([])
  await clients.services.delete(EMPTY.metadata.name)
  await eventually(e2e, 'the slices go', async () => (await slicesOf(clients, EMPTY.metadata.name)).length === 0, 90)
})

/** Two pods: the first alone has `pod1`, both have `shared12`, and a port of one name is another number. */
async function servePods(clients: Clients): Promise<Json[]> {
  const ports = [
    [{ name: 'example-name', containerPort: 3000 }],
    [
      { name: 'example-name', containerPort: 3001 },
      { name: 'other-port', containerPort: 3002 },
    ],
  ]
  for (const [i, each] of ports.entries()) {
    const labels = { [`pod${i + 1}`]: 'on', shared12: 'on' }
    await clients.pods.create(pausePod(`pod${i + 1}`, { container: { ports: each } }, { labels }))
  }
  const service = (name: string, selector: Json, targetPort: number | string, portName: string) =>
    clients.services.create({
      metadata: { name },
      spec: { selector, publishNotReadyAddresses: true, ports: [{ name: portName, port: 80, targetPort, protocol: 'TCP' }] },
    })
  await service('example-int-port', { pod1: 'on' }, 3000, 'example')
  await service('example-named-port', { shared12: 'on' }, 'example-name', 'http')
  return [await running(e2e, clients.pods, 'pod1'), await running(e2e, clients.pods, 'pod2')]
}

/** Address → port, as the objects have them. */
const reference = (name: string, ip: string, port: number, pod: Json) => [
  name,
  ip,
  port,
  pod.metadata.name,
  pod.metadata.uid,
  pod.spec.nodeName,
]

it('[sig-network] EndpointsController should create Endpoints for Pods matching a Service', async () => {
  const clients = await start('endpoints')
  const [pod1, pod2] = await servePods(clients)
  const referencesOf = async (service: string) =>
    ((await clients.endpoints.get(service)).subsets as Json[]).flatMap(({ addresses, ports }) =>
      addresses.flatMap(({ ip, targetRef, nodeName }: Json) =>
        ports.map(({ name, port }: Json) => [name, ip, port, targetRef.name, targetRef.uid, nodeName]),
      ),
    )
  const named = [reference('http', pod1.status.podIP, 3000, pod1), reference('http', pod2.status.podIP, 3001, pod2)]
  expect(await referencesOf('example-int-port')).toEqual([reference('example', pod1.status.podIP, 3000, pod1)])
  expect(await referencesOf('example-named-port')).toEqual(named)
  await clients.endpoints.delete('example-named-port')
  await e2e.cluster.settle()
  expect(await referencesOf('example-named-port')).toEqual(named)
})

it('[sig-network] EndpointSlice should create Endpoints and EndpointSlices for Pods matching a Service', async () => {
  const clients = await start('endpointslice')
  const [pod1, pod2] = await servePods(clients)
  const referencesOf = async (service: string) => {
    const { metadata } = await clients.services.get(service)
    const slices = await slicesOf(clients, service)
    for (const slice of slices) {
      expect(slice.addressType).toBe('IPv4')
      expect(slice.metadata.ownerReferences).toEqual([
        { apiVersion: 'v1', kind: 'Service', name: service, uid: metadata.uid, controller: true, blockOwnerDeletion: true },
      ])
      for (const { conditions } of slice.endpoints) expect(conditions).toMatchObject({ ready: true, serving: true, terminating: false })
    }
    const all = slices.flatMap(({ endpoints, ports }) =>
      endpoints.map(({ addresses, targetRef, nodeName }: Json) => [
        ports[0].name,
        addresses[0],
        ports[0].port,
        targetRef.name,
        targetRef.uid,
        nodeName,
      ]),
    )
    return all.sort((a, b) => a[2] - b[2])
  }
  const named = [reference('http', pod1.status.podIP, 3000, pod1), reference('http', pod2.status.podIP, 3001, pod2)]
  expect(await referencesOf('example-int-port')).toEqual([reference('example', pod1.status.podIP, 3000, pod1)])
  expect(await referencesOf('example-named-port')).toEqual(named)
  expect(await slicesOf(clients, 'example-named-port')).toHaveLength(2)
  await clients.slices.deleteCollection({ labelSelector: 'kubernetes.io/service-name=example-named-port' })
  // The controller takes a second to miss slices, as upstream’s does.
  await e2e.cluster.advance(1000)
  expect(await referencesOf('example-named-port')).toEqual(named)
})

it('[sig-network] EndpointSliceMirroring should mirror a custom Endpoints resource through create update and delete', async () => {
  const clients = await start('endpointslicemirroring')
  const name = 'example-custom-endpoints'
  await clients.services.create({ metadata: { name }, spec: { ports: [{ name: 'example', port: 80, protocol: 'TCP' }] } })
  const subsets = (ip: string) => [{ ports: [{ name: 'example', port: 80, protocol: 'TCP' }], addresses: [{ ip }] }]
  const mirrored = async () => {
    await e2e.cluster.settle()
    return (await slicesOf(clients, name)).map(({ endpoints, ports, metadata }) => [
      endpoints.map(({ addresses }: Json) => addresses),
      ports.map(({ port }: Json) => port),
      metadata.labels['endpointslice.kubernetes.io/managed-by'],
    ])
  }
  const by = 'endpointslicemirroring-controller.k8s.io'
  await clients.endpoints.create({ metadata: { name }, subsets: subsets('10.1.2.3') })
  expect(await mirrored()).toEqual([[[['10.1.2.3']], [80], by]])
  await clients.endpoints.change(name, (object) => {
    object.subsets = subsets('10.2.3.4')
  })
  expect(await mirrored()).toEqual([[[['10.2.3.4']], [80], by]])
  await clients.endpoints.delete(name)
  expect(await mirrored()).toEqual([])
})

it('[sig-network] Service endpoints latency should not be very high', async () => {
  const clients = await start('svc-latency')
  const labels = { name: 'svc-latency-rc' }
  await createRunning(e2e, clients.pods, pausePod('svc-latency-rc', {}, { labels }))
  const { resourceVersion } = (await clients.endpoints.list()).metadata
  const stream = await clients.endpoints.watch({ resourceVersion })
  const began = e2e.cluster.clock.now()
  const names: string[] = []
  for (let i = 0; i < 200; i++) {
    const { metadata } = await clients.services.create({
      metadata: { generateName: 'latency-svc-' },
      spec: { selector: labels, ports: [{ port: 80 }] },
    })
    names.push(metadata.name)
    await until(stream, 'ADDED', (object) => object.metadata.name === metadata.name && object.subsets?.[0].addresses.length === 1)
  }
  // All of them at the instant at which their Service was made.
  expect(e2e.cluster.clock.now()).toBe(began)
  expect(new Set(names).size).toBe(200)
})
