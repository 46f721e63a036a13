import { describe, expect, it, test } from 'vitest'
import type { Endpoint, EndpointSlice, Endpoints, Node, Pod, Service } from '../../src/api/types.gen.ts'
import { findPort } from '../../src/controllers/endpoint/pod-endpoint.ts'
import { reconcileEndpoints } from '../../src/controllers/endpoint/reconcile.ts'
import { subsetsOf } from '../../src/controllers/endpoint/subsets.ts'
import { TriggerTimes } from '../../src/controllers/endpoint/trigger-times.ts'
import { endpointOf } from '../../src/controllers/endpointslice/endpoint.ts'
import { packEndpoints } from '../../src/controllers/endpointslice/pack.ts'
import { type ObservedSlices, reconcileSlices } from '../../src/controllers/endpointslice/reconcile.ts'
import { createCluster } from '../../src/index.ts'
import type { Plan } from '../../src/runtime/plan.ts'
import { BORN, pod, service } from '../support/endpoint-objects.ts'
import { context } from '../support/replica-objects.ts'

describe('the port of a pod', () => {
  const twice = { containers: [{ name: 'a' }, { name: 'b', ports: [{ name: 'dns', containerPort: 53, protocol: 'UDP' }] }] }
  const sidecar = { containers: [], initContainers: [{ name: 's', restartPolicy: 'Always', ports: [{ name: 'dns', containerPort: 54 }] }] }
  test.each([
    { name: 'by number', port: { port: 80, targetPort: 8080 }, spec: twice, expect: 8080 },
    { name: 'the same when none is given', port: { port: 80 }, spec: twice, expect: 80 },
    { name: 'by name', port: { port: 80, targetPort: 'dns', protocol: 'UDP' }, spec: twice, expect: 53 },
    { name: 'by name of another protocol', port: { port: 80, targetPort: 'dns' }, spec: twice, expect: undefined },
    { name: 'of a sidecar', port: { port: 80, targetPort: 'dns' }, spec: sidecar, expect: 54 },
  ])('$name', ({ port, spec, expect: expected }) => {
    expect(findPort({ spec } as never, port)).toBe(expected)
  })
})

describe('subsets', () => {
  const ips = (addresses: readonly { ip: string }[] | undefined) => addresses?.map(({ ip }) => ip)
  const rows: { name: string; service?: Service; pods: Pod[]; expect: unknown[] }[] = [
    {
      name: 'ready and not',
      pods: [pod('b', { ip: '10.0.0.2' }), pod('a'), pod('c', { ip: '10.0.0.3', ready: false })],
      expect: [[['10.0.0.1', '10.0.0.2'], ['10.0.0.3'], [8080]]],
    },
    {
      name: 'pods that go, have ended or have no address are left out',
      pods: [pod('a', { going: true }), pod('b', { phase: 'Succeeded' }), pod('c', { ip: '' })],
      expect: [],
    },
    {
      name: 'all of them when they are to be published',
      service: service({ publishNotReadyAddresses: true }),
      pods: [pod('a', { going: true }), pod('b', { ip: '10.0.0.2', ready: false })],
      expect: [[['10.0.0.1', '10.0.0.2'], undefined, [8080]]],
    },
    {
      name: 'pods whose named port differs',
      pods: [pod('a'), pod('b', { ip: '10.0.0.2', port: 9090 })],
      expect: [
        [['10.0.0.1'], undefined, [8080]],
        [['10.0.0.2'], undefined, [9090]],
      ],
    },
    {
      name: 'ports that not all pods have',
      service: service({
        ports: [
          { name: 'all', port: 80, targetPort: 80, protocol: 'TCP' },
          { name: 'http', port: 81, targetPort: 'http', protocol: 'TCP' },
        ],
      }),
      pods: [pod('a', { ip: '10.0.0.1' }), pod('b', { ip: '10.0.0.2', spec: { containers: [] } })],
      expect: [
        [['10.0.0.1', '10.0.0.2'], undefined, [80]],
        [['10.0.0.1'], undefined, [8080]],
      ],
    },
    { name: 'a pod without the named port', pods: [pod('a', { spec: { containers: [] } })], expect: [] },
    {
      name: 'a headless Service without ports',
      service: service({ clusterIP: 'None', ports: [] }),
      pods: [pod('a')],
      expect: [[['10.0.0.1'], undefined, undefined]],
    },
    {
      name: 'the address of the first family',
      service: service({ ipFamilies: ['IPv6', 'IPv4'] }),
      pods: [pod('a', { ips: ['10.0.0.1', 'fd00::1'] })],
      expect: [[['fd00::1'], undefined, [8080]]],
    },
  ]
  test.each(rows)('$name', ({ service: given = service(), pods, expect: expected }) => {
    const { subsets } = subsetsOf(given, pods)
    expect(
      subsets.map(({ addresses, notReadyAddresses, ports }) => [ips(addresses), ips(notReadyAddresses), ports?.map(({ port }) => port)]),
    ).toEqual(expected)
  })

  it('tell who it is', () => {
    const given = pod('a', { spec: { hostname: 'a-0', subdomain: 'web', containers: pod('a').spec.containers, nodeName: 'n1' } })
    expect(subsetsOf(service(), [given]).subsets[0]).toEqual({
      addresses: [
        { ip: '10.0.0.1', hostname: 'a-0', nodeName: 'n1', targetRef: { kind: 'Pod', namespace: 'ns', name: 'a', uid: 'uid-a' } },
      ],
      ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    })
  })

  it('have a thousand addresses at most, ready ones first', () => {
    const many = Array.from({ length: 1100 }, (_, i) => pod(`p${i}`, { ip: `10.1.${i >> 8}.${i & 255}`, ready: i >= 300 }))
    const { subsets, isTruncated } = subsetsOf(service(), many)
    expect(isTruncated).toBe(true)
    expect([subsets[0]?.addresses?.length, subsets[0]?.notReadyAddresses?.length]).toEqual([800, 200])
  })
})

describe('Endpoints', () => {
  const made = (given: Plan) => {
    const [action] = given.actions ?? []
    return action?.verb === 'create' || action?.verb === 'update' ? (action.object as Endpoints) : undefined
  }
  const current = made(reconcileEndpoints({ service: service(), endpoints: undefined, pods: [pod('a')], triggerTime: BORN }))!

  it('are made with what they are found by', () => {
    expect(current).toMatchObject({
      metadata: {
        name: 'web',
        labels: { 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' },
        annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': BORN },
      },
    })
  })

  test.each<{ name: string; service: Service | undefined; pods: Pod[]; expect: string | undefined }>([
    { name: 'left when nothing changed', service: service(), pods: [pod('a')], expect: undefined },
    { name: 'written when a pod changed', service: service(), pods: [pod('a', { ready: false })], expect: 'update' },
    { name: 'written when labels changed', service: service({}, { tier: 'x' }), pods: [pod('a')], expect: 'update' },
    { name: 'deleted with their Service', service: undefined, pods: [], expect: 'delete' },
  ])('are $name', ({ service: given, pods, expect: expected }) => {
    expect(reconcileEndpoints({ service: given, endpoints: current, pods }).actions?.[0]?.verb).toBe(expected)
  })

  it('of a headless Service are labelled so', () => {
    const headless = made(reconcileEndpoints({ service: service({ clusterIP: 'None' }), endpoints: undefined, pods: [] }))
    expect(headless?.metadata.labels).toHaveProperty(['service.kubernetes.io/headless'], '')
  })

  test.each<{ name: string; given: [status: string, readyAt: string][][]; expect: (string | undefined)[] }>([
    { name: 'the Service’s birth first, then nothing', given: [[], []], expect: [BORN, undefined] },
    {
      name: 'pods that were there at first',
      given: [[['a', '2026-03-01T11:10:00Z']], [['a', '2026-03-01T11:10:00Z']]],
      expect: [BORN, undefined],
    },
    {
      name: 'the earliest of what changed',
      given: [
        [['a', '2026-03-01T11:10:00Z']],
        [
          ['a', '2026-03-01T11:50:00Z'],
          ['b', '2026-03-01T11:40:00Z'],
        ],
      ],
      expect: [BORN, '2026-03-01T11:40:00Z'],
    },
    {
      name: 'a pod that got ready before another that was told of',
      given: [
        [],
        [['a', '2026-03-01T11:20:00Z']],
        [
          ['a', '2026-03-01T11:20:00Z'],
          ['b', '2026-03-01T11:10:00Z'],
        ],
      ],
      expect: [BORN, '2026-03-01T11:20:00Z', '2026-03-01T11:10:00Z'],
    },
    { name: 'nothing of a pod that goes', given: [[['a', '2026-03-01T11:10:00Z']], []], expect: [BORN, undefined] },
  ])('tell the time of the change: $name', ({ given, expect: expected }) => {
    const times = new TriggerTimes()
    const told = given.map((pods) =>
      times.next(
        'ns/web',
        service(),
        pods.map(([name, readyAt]) => pod(name, { readyAt })),
      ),
    )
    expect(told).toEqual(expected)
  })

  it('tell no time when a change has none', () => {
    const [action] = reconcileEndpoints({ service: service({}, { tier: 'x' }), endpoints: current, pods: [pod('a')] }).actions ?? []
    expect((action as unknown as { object: Endpoints }).object.metadata.annotations).toEqual({})
  })
})

const zoned = { metadata: { name: 'n1', labels: { 'topology.kubernetes.io/zone': 'z' } } } as unknown as Node

describe('an endpoint', () => {
  test.each([
    { name: 'ready', given: {}, expect: { ready: true, serving: true, terminating: false } },
    { name: 'not ready', given: { ready: false }, expect: { ready: false, serving: false, terminating: false } },
    { name: 'going, still serving', given: { going: true }, expect: { ready: false, serving: true, terminating: true } },
    {
      name: 'published anyway',
      spec: { publishNotReadyAddresses: true },
      given: { ready: false, going: true },
      expect: { ready: true, serving: false, terminating: true },
    },
  ])('$name', ({ spec, given, expect: conditions }) => {
    expect(endpointOf(service(spec), pod('a', given), undefined, 'IPv4')).toEqual({
      addresses: ['10.0.0.1'],
      conditions,
      nodeName: 'n1',
      targetRef: { kind: 'Pod', namespace: 'ns', name: 'a', uid: 'uid-a' },
    })
  })

  test.each([
    [undefined, undefined],
    ['PreferClose', { forZones: [{ name: 'z' }] }],
    ['PreferSameZone', { forZones: [{ name: 'z' }] }],
    ['PreferSameNode', { forZones: [{ name: 'z' }], forNodes: [{ name: 'n1' }] }],
  ])('has hints for trafficDistribution %s', (trafficDistribution, hints) => {
    const endpoint = endpointOf(service({ trafficDistribution }), pod('a'), zoned, 'IPv4')
    expect(endpoint?.zone).toBe('z')
    expect(endpoint?.hints).toEqual(hints)
  })

  it('is none without an address of the family', () => {
    expect(endpointOf(service(), pod('a'), undefined, 'IPv6')).toBeUndefined()
  })
})

describe('how endpoints are spread over slices', () => {
  const endpoints = (from: number, to: number): Endpoint[] =>
    Array.from({ length: to - from }, (_, i) => ({ addresses: [`10.2.0.${from + i}`], targetRef: { uid: String(from + i) } }) as Endpoint)
  const slice = (name: string, list: Endpoint[]) => ({ metadata: { name }, endpoints: list }) as EndpointSlice
  const rows: { name: string; slices: EndpointSlice[]; desired: Endpoint[]; expect: object }[] = [
    { name: 'a hundred to a slice', slices: [], desired: endpoints(0, 205), expect: { create: [100, 100, 5], update: [], remove: [] } },
    {
      name: 'what is there stays',
      slices: [slice('a', endpoints(0, 100)), slice('b', endpoints(100, 150))],
      desired: endpoints(0, 150),
      expect: { create: [], update: [], remove: [] },
    },
    {
      name: 'a new one goes where there is room',
      slices: [slice('a', endpoints(0, 100)), slice('b', endpoints(100, 150))],
      desired: endpoints(0, 151),
      expect: { create: [], update: [['b', 51]], remove: [] },
    },
    {
      name: 'the fullest with room is filled',
      slices: [slice('a', endpoints(0, 10)), slice('b', endpoints(10, 60))],
      desired: endpoints(0, 61),
      expect: { create: [], update: [['b', 51]], remove: [] },
    },
    {
      name: 'what is left over after a full slice is filled in, too',
      slices: [slice('a', endpoints(0, 10)), slice('b', endpoints(10, 60))],
      desired: endpoints(0, 180),
      expect: { create: [100], update: [['b', 70]], remove: [] },
    },
    {
      name: 'a slice that is written anyway is filled first',
      slices: [slice('a', endpoints(0, 10)), slice('b', endpoints(10, 60))],
      desired: endpoints(1, 62),
      expect: { create: [], update: [['a', 11]], remove: [] },
    },
    {
      name: 'an empty one goes',
      slices: [slice('a', endpoints(0, 10)), slice('b', endpoints(10, 20))],
      desired: endpoints(10, 20),
      expect: { create: [], update: [], remove: ['a'] },
    },
  ]
  test.each(rows)('$name', ({ slices, desired, expect: expected }) => {
    const { create, update, remove } = packEndpoints(slices, desired, () => false)
    expect({
      create: create.map(({ length }) => length),
      update: update.map(({ slice: { metadata }, endpoints: list }) => [metadata.name, list.length]),
      remove: remove.map(({ metadata }) => metadata.name),
    }).toEqual(expected)
  })

  it('writes what changed', () => {
    const [first, second] = endpoints(0, 2)
    const changed = { ...first!, conditions: { ready: false } }
    expect(packEndpoints([slice('a', [first!, second!])], [changed, second!], () => false).update[0]?.endpoints).toEqual([changed, second])
  })
})

describe('slices', () => {
  const nodes = new Map([['n1', zoned]])
  const observed = (given: Partial<ObservedSlices> = {}): ObservedSlices => ({
    service: service(),
    slices: [],
    pods: [pod('a')],
    nodes,
    triggerTime: BORN,
    ...given,
  })
  /** The slices after the plan. */
  function apply(given: ObservedSlices): EndpointSlice[] {
    const slices = new Map(given.slices.map((slice) => [slice.metadata.name, slice]))
    for (const action of reconcileSlices(given, context()).actions ?? []) {
      if (action.verb === 'delete') slices.delete(action.target.name)
      if (action.verb === 'create' || action.verb === 'update') slices.set(action.object.metadata.name!, action.object as EndpointSlice)
    }
    return [...slices.values()]
  }
  const shown = (slices: readonly EndpointSlice[]) =>
    slices.map(({ addressType, endpoints, ports }) => [
      addressType,
      endpoints?.map(({ addresses }) => addresses[0]),
      ports?.map(({ port }) => port),
    ])

  it('say whose they are', () => {
    const [slice] = apply(observed({ service: service({ clusterIP: 'None' }, { tier: 'x' }) }))
    expect(slice?.metadata).toEqual({
      name: 'web-00001',
      generateName: 'web-',
      namespace: 'ns',
      labels: {
        tier: 'x',
        'service.kubernetes.io/headless': '',
        'kubernetes.io/service-name': 'web',
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
      },
      annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': BORN },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Service', name: 'web', uid: 'uid-web', controller: true, blockOwnerDeletion: true }],
    })
  })

  const both = pod('a', { ips: ['10.0.0.1', 'fd00::1'] })
  test.each<{ name: string; given: Partial<ObservedSlices>; expect: unknown[] }>([
    { name: 'one for the pods', given: {}, expect: [['IPv4', ['10.0.0.1'], [8080]]] },
    { name: 'one that is empty', given: { pods: [] }, expect: [['IPv4', [], []]] },
    {
      name: 'one a family',
      given: { service: service({ ipFamilies: ['IPv4', 'IPv6'] }), pods: [both] },
      expect: [
        ['IPv4', ['10.0.0.1'], [8080]],
        ['IPv6', ['fd00::1'], [8080]],
      ],
    },
    {
      name: 'one for each set of ports',
      given: { pods: [pod('a'), pod('b', { ip: '10.0.0.2', port: 9 })] },
      expect: [
        ['IPv4', ['10.0.0.1'], [8080]],
        ['IPv4', ['10.0.0.2'], [9]],
      ],
    },
    { name: 'pods on unknown nodes are left out', given: { nodes: new Map() }, expect: [['IPv4', [], []]] },
    {
      name: 'pods on unknown nodes that are to be published',
      given: { nodes: new Map(), service: service({ publishNotReadyAddresses: true }) },
      expect: [['IPv4', ['10.0.0.1'], [8080]]],
    },
  ])('$name', ({ given, expect: expected }) => {
    const slices = apply(observed(given))
    expect(shown(slices)).toEqual(expected)
    expect(reconcileSlices(observed({ ...given, slices }), context()).actions).toEqual([])
  })

  it('are made into one another, not deleted and created', () => {
    const empty = apply(observed({ pods: [] }))
    const filled = apply(observed({ slices: empty }))
    expect(filled.map(({ metadata }) => metadata.name)).toEqual(['web-00001'])
    expect(shown(filled)).toEqual([['IPv4', ['10.0.0.1'], [8080]]])
    expect(shown(apply(observed({ slices: filled, pods: [] })))).toEqual([['IPv4', [], []]])
  })

  it('of a family that is no longer wanted go', () => {
    const slices = apply(observed({ service: service({ ipFamilies: ['IPv4', 'IPv6'] }), pods: [both] }))
    expect(shown(apply(observed({ slices, pods: [both] })))).toEqual([['IPv4', ['10.0.0.1'], [8080]]])
  })
})

it('follows pods and Services in a cluster', async () => {
  const cluster = await createCluster({ clock: 'virtual', nodes: 2 })
  const { client } = cluster
  const labels = { app: 'web' }
  const containers = [{ name: 'c', image: 'i', ports: [{ name: 'http', containerPort: 8080 }] }]
  const ref = (resource: string, name = 'web') => ({ resource, namespace: 'default', name })
  await client.create('services', {
    metadata: { name: 'web', namespace: 'default' },
    spec: { selector: labels, ports: [{ port: 80, targetPort: 'http' }] },
  } as never)
  await client.create('services', { metadata: { name: 'bare', namespace: 'default' }, spec: { ports: [{ port: 80 }] } } as never)
  await client.create('deployments.apps', {
    metadata: { name: 'web', namespace: 'default' },
    spec: { replicas: 3, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } },
  } as never)
  await cluster.advance(10_000)
  const slices = async () =>
    (await client.list<EndpointSlice>('endpointslices.discovery.k8s.io')).items.filter(({ metadata }) => metadata.name.startsWith('web-'))
  const addresses = async () => (await client.get<Endpoints>(ref('endpoints'))).subsets?.[0]?.addresses
  expect((await slices()).flatMap(({ endpoints }) => endpoints ?? []).map(({ conditions }) => conditions?.ready)).toEqual([
    true,
    true,
    true,
  ])
  expect(await addresses()).toHaveLength(3)
  await expect(client.get(ref('endpoints', 'bare'))).rejects.toMatchObject({ reason: 'NotFound' })
  await client.patch(ref('deployments.apps'), { spec: { replicas: 1 } })
  await cluster.advance(60_000)
  expect((await slices()).flatMap(({ endpoints }) => endpoints ?? [])).toHaveLength(1)
  expect(await addresses()).toHaveLength(1)
  await client.patch(ref('services'), { spec: { selector: { app: 'other' } } })
  await cluster.settle()
  expect(await addresses()).toBeUndefined()
  await client.delete(ref('services'), {})
  await cluster.settle()
  expect(await slices()).toEqual([])
  await expect(client.get(ref('endpoints'))).rejects.toMatchObject({ reason: 'NotFound' })
  await cluster.close()
})
