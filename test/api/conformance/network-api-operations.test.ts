import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ApiOperations, checkApiOperations } from '../../support/api-operations.ts'
import { Conformance, expectEvent, expectNewer, expectRefused, namesOf } from '../../support/conformance.ts'

let e2e: Conformance
beforeAll(async () => {
  e2e = await Conformance.start()
})
afterAll(() => e2e.close())

const ROWS: readonly ApiOperations[] = [
  {
    title: '[sig-network] EndpointSlice should support creating EndpointSlice API operations',
    path: 'discovery.k8s.io/v1/endpointslices',
    isNamespaced: true,
    object: {
      addressType: 'IPv4',
      endpoints: [{ addresses: ['1.2.3.4', '5.6.7.8'] }, { addresses: ['2.2.3.4', '6.6.7.8'] }],
    },
  },
  {
    title: '[sig-network] Ingress API should support creating Ingress API operations',
    path: 'networking.k8s.io/v1/ingresses',
    isNamespaced: true,
    object: {
      spec: {
        ingressClassName: 'nginx',
        defaultBackend: { service: { name: 'default-backend', port: { number: 80 } } },
        rules: [
          {
            host: 'foo.bar.com',
            http: {
              paths: [{ path: '/', pathType: 'ImplementationSpecific', backend: { service: { name: 'test', port: { number: 8080 } } } }],
            },
          },
        ],
      },
    },
    status: {
      takesMetadata: true,
      patch: { loadBalancer: { ingress: [{ ip: '169.1.1.1' }] } },
      update: (status) => {
        status.loadBalancer = { ingress: [{ ip: '169.1.1.1' }, { ip: '169.1.1.2' }] }
      },
    },
  },
  {
    title: '[sig-network] IngressClass API should support creating IngressClass API operations',
    path: 'networking.k8s.io/v1/ingressclasses',
    object: { spec: { controller: 'example.com/controller' } },
    names: ['ingressclass1', 'ingressclass2', 'ingressclass3'],
  },
]

it.each(ROWS.map((row) => [row.title, row] as const))('%s', (_title, row) => checkApiOperations(e2e, row))

it('[sig-network] ServiceCIDR and IPAddress API should support ServiceCIDR API operations', async () => {
  const client = e2e.client('networking.k8s.io/v1/servicecidrs')
  const dynamic = e2e.dynamicClient('networking.k8s.io/v1/servicecidrs')
  const found = await client.get('kubernetes')
  const status = await dynamic.get('kubernetes', 'status')
  expect([status.apiVersion, status.kind, status.metadata.uid]).toEqual(['networking.k8s.io/v1', 'ServiceCIDR', found.metadata.uid])
  expect(status.status.conditions).toMatchObject([{ type: 'Ready', status: 'True' }])
  const list = await client.list()
  expect(namesOf(list)).toContain('kubernetes')
  const stream = await client.watch({ resourceVersion: list.metadata.resourceVersion })
  await client.patch('kubernetes', { metadata: { annotations: { watched: 'true' } } })
  expect((await expectEvent(stream, 'MODIFIED')).metadata.annotations).toMatchObject({ watched: 'true' })
})

it('[sig-network] ServiceCIDR and IPAddress API should support IPAddress API operations', async () => {
  const client = e2e.client('networking.k8s.io/v1/ipaddresses')
  const spec = { parentRef: { group: 'mygroup', resource: 'myresources', namespace: 'foo', name: 'bar' } }
  const [broadcast, linkLocal] = ['255.255.255.255', 'fe80::42:1dff:fe84:f9e2'] as const
  const created = await client.create({ metadata: { name: broadcast, labels: { type: 'broadcast' } }, spec })
  await client.create({ metadata: { name: linkLocal, labels: { type: 'link-local' } }, spec })

  const patched = await client.patch(broadcast, { metadata: { annotations: { patched: 'true' } } })
  expect(patched.metadata.annotations).toEqual({ patched: 'true' })
  expectNewer(patched, created)
  const updated = await client.change(broadcast, ({ metadata }) => {
    metadata.annotations.updated = 'true'
  })
  expect(updated.metadata.annotations).toEqual({ patched: 'true', updated: 'true' })
  expect(await client.get(broadcast)).toEqual(updated)

  const list = await client.list({ labelSelector: 'type=broadcast' })
  expect(namesOf(list)).toEqual([broadcast])
  const stream = await client.watch({ labelSelector: 'type=broadcast', resourceVersion: list.metadata.resourceVersion })
  await client.delete(broadcast)
  await expectEvent(stream, 'DELETED')
  await expectRefused(client.get(broadcast), 'NotFound')
  await client.deleteCollection({ labelSelector: 'type=link-local' })
  expect(namesOf(await client.list({ labelSelector: 'type=link-local' }))).toEqual([])
})
