import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Json, STRATEGIC_PATCH } from '../../support/api.ts'
import { Conformance, expectNewer, expectRefused, expectValidRevision, namesOf, until } from '../../support/conformance.ts'

let e2e: Conformance
beforeAll(async () => {
  e2e = await Conformance.start()
})
afterAll(() => e2e.close())

it('[sig-network] API Server should provide secure master service', async () => {
  const { spec } = await e2e.client('v1/services', 'default').get('kubernetes')
  expect(spec.ports).toMatchObject([{ name: 'https', port: 443 }])
})

it('[sig-network] API Server should have Endpoints and EndpointSlices pointing to API Server', async () => {
  await e2e.client('v1/services', 'default').get('kubernetes')
  const { subsets } = await e2e.client('v1/endpoints', 'default').get('kubernetes')
  expect(subsets.length).toBeGreaterThan(0)
  const ofSubsets = {
    addresses: subsets.flatMap(({ addresses = [], notReadyAddresses = [] }: Json) =>
      [...addresses, ...notReadyAddresses].map(({ ip }) => ip),
    ),
    ports: subsets.flatMap(({ ports }: Json) => ports.map(({ port }: Json) => port)),
  }
  const slices = await e2e
    .client('discovery.k8s.io/v1/endpointslices', 'default')
    .list({ labelSelector: 'kubernetes.io/service-name=kubernetes' })
  expect(slices.items.length).toBeGreaterThan(0)
  const ofSlices = {
    addresses: slices.items.flatMap(({ endpoints }: Json) => endpoints.flatMap(({ addresses }: Json) => addresses)),
    ports: slices.items.flatMap(({ ports }: Json) => ports.map(({ port }: Json) => port)),
  }
  expect(ofSlices).toEqual(ofSubsets)
})

it('[sig-network] Services should find a service from listing all namespaces', async () => {
  const { items } = await e2e.client('v1/services').list()
  expect(items.map(({ metadata }: Json) => `${metadata.namespace}/${metadata.name}`)).toContain('default/kubernetes')
})

it('[sig-network] Services should complete a service status lifecycle', async () => {
  const namespace = await e2e.namespace('services')
  const client = e2e.client('v1/services', namespace)
  const labels = { 'test-service-static': 'true' }
  const labelSelector = 'test-service-static=true'
  const { metadata } = await e2e.client('v1/services').list({ labelSelector })
  const stream = await client.watch({ labelSelector, resourceVersion: metadata.resourceVersion })

  const ports = [{ name: 'http', protocol: 'TCP', port: 80, targetPort: 80 }]
  const created = await client.create({ metadata: { name: 'test-service-status', labels }, spec: { type: 'LoadBalancer', ports } })
  const { name } = created.metadata
  await until(stream, 'ADDED', (service) => service.metadata.name === name)
  const dynamic = await e2e.dynamicClient('v1/services', namespace).get(name, 'status')
  expect(dynamic.status).toEqual({ loadBalancer: {} })

  const loadBalancer = { ingress: [{ ip: '203.0.113.1' }] }
  const patch = { metadata: { annotations: { patchedstatus: 'true' } }, status: { loadBalancer } }
  const patched = await client.patch(name, patch, { subresource: 'status' })
  expect(patched.status.loadBalancer).toMatchObject(loadBalancer)
  await until(stream, 'MODIFIED', (service) => service.metadata.annotations?.patchedstatus === 'true')

  const condition = { type: 'StatusUpdate', status: 'True', reason: 'E2E', message: 'Set from e2e test' }
  await client.change(
    name,
    ({ status }) => {
      status.conditions = [...(status.conditions ?? []), condition]
    },
    'status',
  )
  const updated = await until(stream, 'MODIFIED', ({ status }) => status.conditions?.[0].message === condition.message)
  expect(updated.status.conditions).toMatchObject([condition])
  expect(updated.metadata.annotations).toMatchObject({ patchedstatus: 'true' })

  await client.patch(name, { metadata: { labels: { 'test-service': 'patched' } } }, { type: STRATEGIC_PATCH })
  await until(stream, 'MODIFIED', (service) => service.metadata.labels['test-service'] === 'patched')
  await client.delete(name)
  const last = await until(stream, 'DELETED')
  expect(last.metadata.uid).toBe(created.metadata.uid)
})

it('[sig-network] Services should delete a collection of services', async () => {
  const namespace = await e2e.namespace('services')
  const client = e2e.client('v1/services', namespace)
  const services: readonly [string, string, object][] = [
    ['e2e-svc-a', 'NodePort', { 'e2e-test': 'svc' }],
    ['e2e-svc-b', 'ClusterIP', { 'e2e-test': 'svc' }],
    ['e2e-svc-c', 'LoadBalancer', {}],
  ]
  for (const [name, type, labels] of services) {
    const ports = [{ name: 'http', protocol: 'TCP', port: 80, targetPort: 80 }]
    await client.create({ metadata: { name, labels }, spec: { type, ports } })
  }
  expect(namesOf(await client.list())).toHaveLength(3)
  await client.deleteCollection({ labelSelector: 'e2e-test=svc' })
  expect(namesOf(await client.list())).toEqual(['e2e-svc-c'])
})

it('[sig-network] Endpoints should test the lifecycle of an Endpoint', async () => {
  const namespace = await e2e.namespace('endpoints')
  const client = e2e.client('v1/endpoints', namespace)
  const everywhere = e2e.client('v1/endpoints')
  const labelSelector = 'test-endpoint-static=true'
  const name = 'testservice'
  const before = await everywhere.list({ labelSelector })
  const stream = await client.watch({ labelSelector, resourceVersion: before.metadata.resourceVersion })

  const created = await client.create({
    metadata: { name, labels: { 'test-endpoint-static': 'true' } },
    subsets: [{ addresses: [{ ip: '10.0.0.24' }], ports: [{ name: 'http', port: 80, protocol: 'TCP' }] }],
  })
  expectValidRevision(created)
  await until(stream, 'ADDED')
  const [found] = (await everywhere.list({ labelSelector })).items
  expect([found.metadata.namespace, found.metadata.name]).toEqual([namespace, name])

  found.metadata.labels['test-service'] = 'updated'
  await client.update(found)
  await until(stream, 'MODIFIED')
  expect((await client.get(name)).metadata.labels).toMatchObject({ 'test-service': 'updated' })

  const patch = {
    metadata: { labels: { 'test-service': 'patched' } },
    subsets: [{ addresses: [{ ip: '10.0.0.25' }], ports: [{ name: 'http-test', port: 8080 }] }],
  }
  expectNewer(await client.patch(name, patch, { type: STRATEGIC_PATCH }), created)
  await until(stream, 'MODIFIED')
  const patched = await client.get(name)
  expect(patched.metadata.labels).toMatchObject({ 'test-service': 'patched' })
  expect(patched.subsets).toEqual([{ addresses: [{ ip: '10.0.0.25' }], ports: [{ name: 'http-test', port: 8080, protocol: 'TCP' }] }])

  await client.deleteCollection({ labelSelector })
  await until(stream, 'DELETED')
  await expectRefused(client.get(name), 'NotFound')
})
