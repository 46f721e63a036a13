import { describe, expect, it, test } from 'vitest'
import type { EndpointSlice, Node, Pod } from '../../src/api/types.gen.ts'
import { servicesOfPod } from '../../src/controllers/endpoint/service-pods.ts'
import { type ObservedSlices, reconcileSlices } from '../../src/controllers/endpointslice/reconcile.ts'
import { createCluster } from '../../src/index.ts'
import { BORN, pod, service } from '../support/endpoint-objects.ts'
import { context } from '../support/replica-objects.ts'

const NODES = new Map([['n1', { metadata: { name: 'n1' } } as Node]])
const TIME = 'endpoints.kubernetes.io/last-change-trigger-time'

function observed(given: Partial<ObservedSlices> = {}): ObservedSlices {
  return { service: service(), slices: [], pods: [pod('a')], nodes: NODES, ...given }
}

/** As the server has it. */
function slice(
  name: string,
  { metadata, ...changes }: { metadata?: object } & Partial<Omit<EndpointSlice, 'metadata'>> = {},
): EndpointSlice {
  return {
    metadata: {
      name,
      namespace: 'ns',
      uid: `uid-${name}`,
      resourceVersion: '7',
      labels: { 'kubernetes.io/service-name': 'web', 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Service', name: 'web', uid: 'uid-web', controller: true, blockOwnerDeletion: true }],
      ...metadata,
    },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: [endpoint('a')],
    ...changes,
  } as unknown as EndpointSlice
}

function endpoint(name: string, ready = true) {
  return {
    addresses: ['10.0.0.1'],
    conditions: { ready, serving: ready, terminating: false },
    nodeName: 'n1',
    targetRef: { kind: 'Pod', namespace: 'ns', name, uid: `uid-${name}` },
  }
}

/** Each action as a line: what is done to which slice, its family, ports and pods. */
function lines(given: ObservedSlices): string[] {
  return (reconcileSlices(given, context()).actions ?? []).map((action) => {
    if (action.verb === 'delete') return `delete ${action.target.name}`
    const { metadata, addressType, ports = [], endpoints = [] } = (action as unknown as { object: EndpointSlice }).object
    const pods = endpoints.map(({ targetRef }) => targetRef?.name)
    return `${action.verb} ${metadata.name} ${addressType} ${ports.map(({ port }) => port)} ${pods}`.trim()
  })
}

const GOING = { deletionTimestamp: '2026-03-01T12:00:00Z' }
const otherOwner = [{ apiVersion: 'v1', kind: 'Service', name: 'web', uid: 'uid-before', controller: true }]

describe('slices', () => {
  test.each<{ name: string; given: Partial<ObservedSlices>; expect: string[] }>([
    { name: 'that are as they should be stay', given: { slices: [slice('s')] }, expect: [] },
    {
      name: 'of a Service that is going are written, but none is made',
      given: {
        service: { ...service(), metadata: { ...service().metadata, ...GOING } },
        slices: [slice('s')],
        pods: [pod('a', { ready: false })],
      },
      expect: ['update s IPv4 8080 a'],
    },
    {
      name: 'of a Service that is going, without any',
      given: { service: { ...service(), metadata: { ...service().metadata, ...GOING } } },
      expect: [],
    },
    {
      name: 'of a Service that is going are still made into others',
      given: {
        service: { ...service(), metadata: { ...service().metadata, ...GOING } },
        slices: [slice('s')],
        pods: [pod('b', { ip: '10.0.0.2', port: 9 })],
      },
      expect: ['update s IPv4 9 b'],
    },
    {
      name: 'of a namesake are deleted, not made into ours',
      given: { slices: [slice('old', { metadata: { ownerReferences: otherOwner } })] },
      expect: ['create web-00001 IPv4 8080 a', 'delete old'],
    },
    {
      name: 'without an owner are not ours either',
      given: { slices: [slice('s'), slice('bare', { metadata: { ownerReferences: undefined } })] },
      expect: ['delete bare'],
    },
    {
      name: 'that are going don’t count',
      given: { slices: [slice('s', { metadata: { ...GOING } })] },
      expect: ['create web-00001 IPv4 8080 a'],
    },
    {
      name: 'keep what somebody did to the labels the controller gives',
      given: {
        slices: [slice('s', { metadata: { labels: { 'kubernetes.io/service-name': 'web', 'service.kubernetes.io/headless': '' } } })],
      },
      expect: [],
    },
    {
      name: 'follow the Service’s labels',
      given: { service: service({}, { tier: 'x' }), slices: [slice('s')] },
      expect: ['update s IPv4 8080 a'],
    },
    {
      name: 'take a pod that has the name and address of another in its place',
      given: { slices: [slice('s')], pods: [{ ...pod('a'), metadata: { ...pod('a').metadata, uid: 'uid-new' } }] },
      expect: ['update s IPv4 8080 a'],
    },
    {
      name: 'of a deprecated address type go',
      given: { slices: [slice('s', { addressType: 'IP' as never })] },
      expect: ['create web-00001 IPv4 8080 a', 'delete s'],
    },
    {
      name: 'of a headless Service that doesn’t say its families are of both',
      given: { service: service({ clusterIP: 'None', ipFamilies: [] }) },
      expect: ['create web-00001 IPv4 8080 a', 'create web-00002 IPv6'],
    },
    {
      name: 'of a headless Service without ports have none',
      given: { service: service({ clusterIP: 'None', ports: [] }) },
      expect: ['create web-00001 IPv4  a'],
    },
    {
      name: 'of two pods with one address have both',
      given: { pods: [pod('a'), pod('b')] },
      expect: ['create web-00001 IPv4 8080 a,b'],
    },
    {
      name: 'have no pod that has ended',
      given: { pods: [pod('a', { phase: 'Succeeded' }), pod('b')] },
      expect: ['create web-00001 IPv4 8080 b'],
    },
    {
      name: 'have pods whose phase isn’t known',
      given: { pods: [pod('a', { phase: 'Unknown' })] },
      expect: ['create web-00001 IPv4 8080 a'],
    },
  ])('$name', ({ given, expect: expected }) => {
    expect(lines(observed(given))).toEqual(expected)
  })

  it('that are made into others keep nothing but their names', () => {
    const spare = slice('s', { metadata: { annotations: { note: 'x', [TIME]: BORN }, generateName: 'web-' } })
    const [action] = reconcileSlices(observed({ slices: [spare], pods: [pod('b', { port: 9 })] }), context()).actions ?? []
    expect((action as unknown as { object: EndpointSlice }).object.metadata).toEqual({
      name: 's',
      generateName: 'web-',
      namespace: 'ns',
      uid: 'uid-s',
      resourceVersion: '7',
      annotations: {},
      labels: spare.metadata.labels,
      ownerReferences: spare.metadata.ownerReferences,
    })
  })

  it('lose the time of the last change with one that has none, and keep what others wrote', () => {
    const stored = slice('s', { metadata: { annotations: { note: 'x', [TIME]: BORN } } })
    const [action] = reconcileSlices(observed({ slices: [stored], service: service({}, { tier: 'x' }) }), context()).actions ?? []
    expect((action as unknown as { object: EndpointSlice }).object.metadata.annotations).toEqual({ note: 'x' })
  })

  it('leave pods on unknown nodes out, say so, and try again', () => {
    const strays = ['a', 'b'].map((name) => pod(name, { spec: { ...pod(name).spec, nodeName: 'gone' } }))
    const { events, isIncomplete } = reconcileSlices(observed({ pods: [...strays, pod('c')] }), context())
    const of = (name: string) => `skipping Pod ${name} for Service ns/web: Node gone Not Found`
    const message = `Error updating Endpoint Slices for Service ns/web: [${of('a')}, ${of('b')}]`
    expect(events).toEqual([{ type: 'Warning', reason: 'FailedToUpdateEndpointSlices', message }])
    expect(isIncomplete).toBe(true)
    expect(reconcileSlices(observed({ pods: strays, service: service({ publishNotReadyAddresses: true }) }), context()).events).toEqual([])
  })
})

test.each<{ name: string; now: Pod; before: Pod; expect: boolean }>([
  { name: 'readiness', now: pod('a', { ready: false }), before: pod('a'), expect: true },
  { name: 'a second address', now: pod('a', { ips: ['10.0.0.1', 'fd00::1'] }), before: pod('a'), expect: true },
  { name: 'its deletion, and all that happens then', now: pod('a', { going: true }), before: pod('a', { going: true }), expect: true },
  {
    name: 'an end after it wasn’t ready',
    now: pod('a', { ready: false, phase: 'Failed' }),
    before: pod('a', { ready: false }),
    expect: false,
  },
  { name: 'another time at which it got ready', now: pod('a', { readyAt: '2026-03-01T11:30:00Z' }), before: pod('a'), expect: false },
])('endpoints are looked at for a pod’s $name: $expect', ({ now, before, expect: expected }) => {
  const reader = { indexed: () => [service()] }
  expect(servicesOfPod(now, before, reader as never)).toEqual(expected ? ['ns/web'] : [])
})

test('slices that somebody deletes are made again a second later; Endpoints at once, and edits of them stay', async () => {
  const cluster = await createCluster({ clock: 'virtual', nodes: 1 })
  const { client } = cluster
  const metadata = { name: 'web', namespace: 'default' }
  await client.create('services', { metadata, spec: { selector: { app: 'web' }, ports: [{ port: 80 }] } } as never)
  await cluster.settle()
  const slices = async () =>
    (await client.list<EndpointSlice>('endpointslices.discovery.k8s.io', 'default')).items.map((each) => each.metadata.name)
  const ours = async () => (await slices()).filter((name) => name.startsWith('web-'))
  const [first] = await ours()
  await cluster.advance(10_000)
  await client.delete({ resource: 'endpointslices.discovery.k8s.io', namespace: 'default', name: first! }, {})
  const endpoints = { resource: 'endpoints', namespace: 'default', name: 'web' }
  await client.delete(endpoints, {})
  await cluster.advance(999)
  expect(await ours()).toEqual([])
  const subsets = [{ addresses: [{ ip: '10.9.9.9' }], ports: [{ port: 80 }] }]
  expect(await client.patch(endpoints, { subsets })).toMatchObject({ subsets })
  await cluster.advance(1)
  expect(await ours()).toHaveLength(1)
  expect(await client.get(endpoints)).toMatchObject({ subsets })
  await cluster.close()
})

test('Endpoints go with their Service, also those that somebody made by hand; those without one stay', async () => {
  const cluster = await createCluster({ clock: 'virtual', nodes: 0 })
  const { client } = cluster
  const made = (name: string) =>
    client.create('endpoints', { metadata: { name, namespace: 'default' }, subsets: [{ addresses: [{ ip: '10.9.9.9' }] }] } as never)
  await client.create('services', { metadata: { name: 'db', namespace: 'default' }, spec: { ports: [{ port: 80 }] } } as never)
  await made('db')
  await made('alone')
  await cluster.settle()
  await client.delete({ resource: 'services', namespace: 'default', name: 'db' }, {})
  await cluster.settle()
  const { items } = await client.list('endpoints', 'default')
  expect(items.map((each) => each.metadata.name)).toEqual(['alone', 'kubernetes'])
  await cluster.close()
})
