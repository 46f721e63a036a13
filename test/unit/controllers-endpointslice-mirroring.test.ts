import { expect, test } from 'vitest'
import type { EndpointSlice, Endpoints, Service } from '../../src/api/types.gen.ts'
import { reconcileMirror } from '../../src/controllers/endpointslice-mirroring/reconcile.ts'
import { createCluster } from '../../src/index.ts'
import { context } from '../support/replica-objects.ts'

type Subset = NonNullable<Endpoints['subsets']>[number]

const address = (ip: string, hostname?: string) => ({ ip, ...(hostname && { hostname }) })
const port = (number: number, name?: string) => ({ port: number, protocol: 'TCP', ...(name && { name }) })
const many = (count: number) => Array.from({ length: count }, (_, i) => address(`10.0.${Math.floor(i / 250)}.${(i % 250) + 1}`))

function endpoints(subsets: Subset[] | undefined, metadata: Partial<Endpoints['metadata']> = {}): Endpoints {
  return { metadata: { name: 'db', namespace: 'ns', uid: 'uid-db', ...metadata }, ...(subsets && { subsets }) } as Endpoints
}

const service = (spec: Partial<Service['spec']> = {}) => ({ metadata: { name: 'db', namespace: 'ns', uid: 'uid-s' }, spec }) as Service

const ONE: Subset[] = [{ addresses: [address('10.0.0.1', 'pod-1')], ports: [port(80, 'http')] }]

function slice(changes: Partial<EndpointSlice> = {}, metadata: Partial<EndpointSlice['metadata']> = {}): EndpointSlice {
  return {
    metadata: {
      name: 'db-1',
      namespace: 'ns',
      uid: 'uid-db-1',
      labels: {
        'kubernetes.io/service-name': 'db',
        'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io',
      },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Endpoints', name: 'db', uid: 'uid-db', controller: true, blockOwnerDeletion: true }],
      ...metadata,
    },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
    endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: true }, hostname: 'pod-1' }],
    ...changes,
  } as EndpointSlice
}

/** Each action as a line: what is done to which slice, its ports, and its addresses, those that aren't ready in brackets. */
function lines({ actions = [], events = [] }: ReturnType<typeof reconcileMirror>): string[] {
  const written = actions.map((action) => {
    if (action.verb === 'delete') return `delete ${action.target.name}`
    const { addressType, ports, endpoints: list, metadata } = (action as unknown as { object: EndpointSlice }).object
    const addresses = (list ?? []).map(({ addresses: [ip], conditions }) => (conditions?.ready ? ip : `(${ip})`))
    const shown = addresses.length > 3 ? [`${addresses.length} addresses`] : addresses
    return `${action.verb} ${metadata.name} ${addressType} ${(ports ?? []).map((each) => each.port)} ${shown.join(' ')}`
  })
  return [...written, ...events.map(({ type, reason, message }) => `${type} ${reason} ${message}`)]
}

test.each<{ name: string; given: Parameters<typeof reconcileMirror>[0]; expect: string[] }>([
  { name: 'no subsets', given: { endpoints: endpoints(undefined), service: service(), slices: [] }, expect: [] },
  { name: 'no addresses', given: { endpoints: endpoints([{ ports: [port(80)] }]), service: service(), slices: [] }, expect: [] },
  {
    name: 'one address',
    given: { endpoints: endpoints(ONE), service: service(), slices: [] },
    expect: ['create db-00001 IPv4 80 10.0.0.1'],
  },
  {
    name: 'two subsets that share nothing',
    given: {
      endpoints: endpoints([
        { addresses: [address('10.0.0.1')], ports: [port(80)] },
        { addresses: [address('10.0.0.2')], ports: [port(81)] },
      ]),
      service: service(),
      slices: [],
    },
    expect: ['create db-00001 IPv4 80 10.0.0.1', 'create db-00002 IPv4 81 10.0.0.2'],
  },
  {
    name: 'two subsets with one address: one slice with both ports',
    given: {
      endpoints: endpoints([
        { addresses: [address('10.0.0.1')], ports: [port(80)] },
        { addresses: [address('10.0.0.1')], ports: [port(81)] },
      ]),
      service: service(),
      slices: [],
    },
    expect: ['create db-00001 IPv4 80,81 10.0.0.1'],
  },
  {
    name: 'two subsets with one port: one slice with both addresses',
    given: {
      endpoints: endpoints([
        { addresses: [address('10.0.0.1')], ports: [port(80)] },
        { addresses: [address('10.0.0.2')], ports: [port(80)] },
      ]),
      service: service(),
      slices: [],
    },
    expect: ['create db-00001 IPv4 80 10.0.0.1 10.0.0.2'],
  },
  {
    name: 'ready and not ready',
    given: {
      endpoints: endpoints([
        { addresses: [address('10.0.0.9')], notReadyAddresses: [address('10.0.0.1')], ports: [port(80), port(443, 's')] },
      ]),
      service: service(),
      slices: [],
    },
    expect: ['create db-00001 IPv4 80,443 10.0.0.9 (10.0.0.1)'],
  },
  {
    name: 'both families: a slice each',
    given: {
      endpoints: endpoints([{ addresses: [address('10.0.0.1'), address('fd00::1')], ports: [port(80)] }]),
      service: service(),
      slices: [],
    },
    expect: ['create db-00001 IPv4 80 10.0.0.1', 'create db-00002 IPv6 80 fd00::1'],
  },
  { name: 'mirrored already', given: { endpoints: endpoints(ONE), service: service(), slices: [slice()] }, expect: [] },
  {
    name: 'mirrored of Endpoints that were deleted and made again',
    given: { endpoints: endpoints(ONE, { uid: 'uid-other' }), service: service(), slices: [slice()] },
    expect: ['update db-1 IPv4 80 10.0.0.1'],
  },
  {
    name: 'an annotation of the Endpoints is missing',
    given: { endpoints: endpoints(ONE, { annotations: { note: 'x' } }), service: service(), slices: [slice()] },
    expect: ['update db-1 IPv4 80 10.0.0.1'],
  },
  {
    name: 'annotations that aren’t mirrored',
    given: {
      endpoints: endpoints(ONE, {
        annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': 'x', 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
      }),
      service: service(),
      slices: [slice()],
    },
    expect: [],
  },
  {
    name: 'a label of the Endpoints is missing',
    given: { endpoints: endpoints(ONE, { labels: { app: 'db' } }), service: service(), slices: [slice()] },
    expect: ['update db-1 IPv4 80 10.0.0.1'],
  },
  {
    name: 'an address has gone, another has come',
    given: {
      endpoints: endpoints([{ addresses: [address('10.0.0.2')], ports: [port(80, 'http')] }]),
      service: service(),
      slices: [slice()],
    },
    expect: ['update db-1 IPv4 80 10.0.0.2'],
  },
  {
    name: 'an address is no longer ready',
    given: {
      endpoints: endpoints([{ notReadyAddresses: [address('10.0.0.1', 'pod-1')], ports: [port(80, 'http')] }]),
      service: service(),
      slices: [slice()],
    },
    expect: ['update db-1 IPv4 80 (10.0.0.1)'],
  },
  {
    name: 'another port: the slice is used again',
    given: { endpoints: endpoints([{ addresses: [address('10.0.0.1')], ports: [port(81)] }]), service: service(), slices: [slice()] },
    expect: ['update db-1 IPv4 81 10.0.0.1'],
  },
  {
    name: 'another family: the slice can’t be',
    given: {
      endpoints: endpoints([{ addresses: [address('fd00::1')], ports: [port(80, 'http')] }]),
      service: service(),
      slices: [slice()],
    },
    expect: ['create db-00001 IPv6 80 fd00::1', 'delete db-1'],
  },
  {
    name: 'a second slice for the same ports goes',
    given: { endpoints: endpoints(ONE), service: service(), slices: [slice(), slice({}, { name: 'db-2', uid: 'uid-db-2' })] },
    expect: ['delete db-2'],
  },
  { name: 'all addresses have gone', given: { endpoints: endpoints([]), service: service(), slices: [slice()] }, expect: ['delete db-1'] },
  {
    name: 'Endpoints that are going get no new slice',
    given: { endpoints: endpoints(ONE, { deletionTimestamp: '2026-03-01T12:00:00Z' }), service: service(), slices: [] },
    expect: [],
  },
  { name: 'no Endpoints', given: { endpoints: undefined, service: service(), slices: [slice()] }, expect: ['delete db-1'] },
  { name: 'no Service', given: { endpoints: endpoints(ONE), service: undefined, slices: [slice()] }, expect: ['delete db-1'] },
  {
    name: 'a Service that selects pods by itself',
    given: { endpoints: endpoints(ONE), service: service({ selector: { app: 'db' } }), slices: [slice()] },
    expect: ['delete db-1'],
  },
  {
    name: 'a selector that selects nothing is one',
    given: { endpoints: endpoints(ONE), service: service({ selector: {} }), slices: [] },
    expect: [],
  },
  {
    name: 'Endpoints that ask not to be mirrored',
    given: {
      endpoints: endpoints(ONE, { labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } }),
      service: service(),
      slices: [slice()],
    },
    expect: ['delete db-1'],
  },
  {
    name: 'Endpoints that are the lock of a leader election',
    given: {
      endpoints: endpoints(ONE, { annotations: { 'control-plane.alpha.kubernetes.io/leader': '{}' } }),
      service: service(),
      slices: [],
    },
    expect: [],
  },
  {
    name: 'addresses that are none',
    given: {
      endpoints: endpoints([{ addresses: [address('10.0.0.1'), address('here')], ports: [port(80)] }]),
      service: service(),
      slices: [],
    },
    expect: [
      'create db-00001 IPv4 80 10.0.0.1',
      'Warning InvalidIPAddress Skipped 1 invalid IP addresses when mirroring to EndpointSlices',
    ],
  },
  {
    name: 'too many addresses',
    given: { endpoints: endpoints([{ addresses: many(1005), ports: [port(80)] }]), service: service(), slices: [] },
    expect: [
      'create db-00001 IPv4 80 1000 addresses',
      'Warning TooManyAddressesToMirror A max of 1000 addresses can be mirrored to EndpointSlices per Endpoints subset. 5 addresses were skipped',
    ],
  },
])('$name', ({ given, expect: expected }) => {
  expect(lines(reconcileMirror(given, context()))).toEqual(expected)
})

test('the mirror follows custom Endpoints from their birth to their end', async () => {
  const cluster = await createCluster({ clock: 'virtual', nodes: 0 })
  const { client } = cluster
  const slices = async () => {
    await cluster.advance(2000)
    const { items } = await client.list<EndpointSlice>('endpointslices.discovery.k8s.io', 'default')
    return items.filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === 'db')
  }
  const metadata = { name: 'db', namespace: 'default' }
  await client.create('services', { metadata, spec: { ports: [{ port: 80 }] } } as never)
  await client.create('endpoints', { metadata, subsets: ONE } as never)
  const [first, ...none] = await slices()
  expect(none).toEqual([])
  expect(first).toMatchObject({ addressType: 'IPv4', endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: true } }] })
  await client.patch({ resource: 'endpoints', ...metadata }, { subsets: [{ addresses: [address('10.0.0.7')], ports: [port(80, 'http')] }] })
  expect(await slices()).toMatchObject([{ metadata: { name: first!.metadata.name }, endpoints: [{ addresses: ['10.0.0.7'] }] }])
  await client.delete({ resource: 'endpointslices.discovery.k8s.io', namespace: 'default', name: first!.metadata.name }, {})
  expect(await slices()).toMatchObject([{ endpoints: [{ addresses: ['10.0.0.7'] }] }])
  await client.delete({ resource: 'endpoints', ...metadata }, {})
  expect(await slices()).toEqual([])
  await cluster.close()
})
