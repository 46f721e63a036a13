import { describe, expect, test } from 'vitest'
import type { Endpoint, EndpointSlice, Node, Pod, Service } from '../../src/api/types.gen.ts'
import { hostnameFor, isReachable } from '../../src/controllers/endpoint/pod-endpoint.ts'
import { reconcileSlices } from '../../src/controllers/endpointslice/reconcile.ts'
import { sliceLabels } from '../../src/controllers/endpointslice/slice-metadata.ts'
import {
  givingAndReceiving,
  hintsByZone,
  isOverloaded,
  wantsTopologyHints,
  withTopologyHints,
} from '../../src/controllers/endpointslice/topology-hints.ts'
import { ZoneCapacity } from '../../src/controllers/endpointslice/zone-capacity.ts'
import { context } from '../support/replica-objects.ts'

/** `a` is a ready endpoint in zone a, `a>b` one that is for zone b, `a!` one that isn't ready, `a?` one of which that isn't known, `-` one without a zone. */
const endpoint = (text: string, i: number): Endpoint => {
  const [, zone = '', mark = '', hint = ''] = /^([a-z-])([!?]?)(?:>([a-z]))?$/.exec(text)!
  const conditions = mark === '?' ? {} : { ready: mark !== '!' }
  return { addresses: [`10.0.0.${i}`], conditions, ...(zone !== '-' && { zone }), ...(hint && { hints: { forZones: [{ name: hint }] } }) }
}
const text = ({ zone = '-', conditions, hints }: Endpoint) =>
  `${zone}${conditions?.ready === undefined ? '?' : conditions.ready ? '' : '!'}${hints?.forZones?.length ? `>${hints.forZones[0]!.name}` : ''}`
const map = (counts: Record<string, number>) => new Map(Object.entries(counts))

describe('hints', () => {
  const draft = (line: string) => ({
    isWritten: !line.startsWith('='),
    endpoints: line.replace('=', '').split(' ').filter(Boolean).map(endpoint),
  })
  const shown = ({ isWritten, endpoints }: ReturnType<typeof draft>) => `${isWritten ? '' : '='}${endpoints.map(text).join(' ')}`
  const insufficient = 'Insufficient Node information: allocatable CPU or zone not specified on one or more nodes'
  const all = { a: 0.35, b: 0.35, c: 0.3 }
  test.each<[string, Record<string, number> | undefined, string[], string[], string?]>([
    ['of nothing', undefined, [], [], insufficient],
    ['of zones that say nothing', undefined, ['a'], ['a'], insufficient],
    [
      'of fewer endpoints than zones',
      { a: 0.3, b: 0.4, c: 0.3 },
      ['a b'],
      ['a b'],
      'Insufficient number of endpoints (2 endpoints, 3 zones)',
    ],
    ['of as many as zones', { a: 0.45, b: 0.55 }, ['a b'], ['a>a b>b']],
    ['of those that are ready', { a: 0.45, b: 0.55 }, ['a b b! b?'], ['a>a b>b b! b?']],
    ['of several slices', all, ['a b', 'c c a', 'a a', 'b c a'], ['a>b b>b', 'c>c c>c a>a', 'a>a a>a', 'b>b c>c a>a']],
    ['of those without a zone', { a: 0.5, b: 0.5 }, ['a - b a'], ['a - b a'], 'One or more endpoints do not have a zone specified'],
    [
      'of very unequal zones',
      { a: 0.9, b: 0.05, c: 0.05 },
      ['a b c'],
      ['a b c'],
      'Unable to allocate minimum required endpoints to each zone without exceeding overload threshold (3 endpoints, 3 zones)',
    ],
    ['that are there stay', { a: 0.5, b: 0.5 }, ['=a>a b>b'], ['=a>a b>b']],
    ['that are missing come', { a: 0.5, b: 0.5 }, ['=a b>b'], ['a>a b>b']],
    ['for zones there are not go', { a: 0.5, b: 0.5 }, ['=a>z b>b'], ['a>a b>b']],
    ['that can not be go from slices that stay', undefined, ['=a>a b>b', '=a'], ['a b', '=a'], insufficient],
    ['of a zone with too many are for others', { a: 0.5, b: 0.5 }, ['a a a a'], ['a>b a>b a>a a>a']],
  ])('%s', (_name, ratios, given, expected, fault) => {
    const { drafts, fault: told } = withTopologyHints(given.map(draft), ratios && map(ratios))
    expect(drafts.map(shown)).toEqual(expected)
    expect(told).toBe(fault)
  })

  test.each<[string, Record<string, number>, Record<string, number>, Record<string, number>, Record<string, number>]>([
    ['of nothing', {}, {}, {}, {}],
    ['that needn’t move', { a: 1.2, b: 1.1, c: 1 }, { a: 1, b: 1, c: 1 }, {}, {}],
    ['that would rather stay', { a: 5.1, b: 5.1, c: 5.8 }, { a: 16 }, { a: 10 }, { b: 5, c: 5 }],
    ['for who needs it most', { a: 5, b: 5.6, c: 5.4 }, { a: 16 }, { a: 11 }, { b: 6, c: 5 }],
    ['from who has most', { a: 5, b: 5.6, c: 5.4 }, { b: 8, c: 8 }, { b: 2, c: 3 }, { a: 5 }],
    ['of more than there are', { a: 5, b: 5, c: 5 }, { a: 6, b: 6, c: 6 }, {}, {}],
    ['of less than none wanted', { a: -5, b: -5, c: -5 }, { a: 6, b: 6, c: 6 }, {}, {}],
    ['of less than none there', { a: 5, b: 5, c: 5 }, { a: -4, b: -3, c: -2 }, {}, {}],
    ['of less than none in one', { a: 5, b: 5, c: 5 }, { a: -40, b: 20, c: 20 }, { b: 15, c: 15 }, { a: 30 }],
  ])('move: %s', (_name, desired, allocated, giving, receiving) => {
    const allocations = new Map(Object.entries(desired).map(([zone, each]) => [zone, { desired: each }]))
    expect(givingAndReceiving(allocations, map(allocated))).toEqual({ giving: map(giving), receiving: map(receiving) })
  })

  test.each<[string, string, Record<string, number>, Record<string, number>, Record<string, number> | undefined]>([
    ['none', '', {}, {}, {}],
    ['one', 'a>a', { a: 3 }, { a: 1 }, { a: 1 }],
    ['of those that are ready', 'a>a a!>a a?>a', { a: 3 }, { a: 1 }, { a: 1 }],
    ['several', 'a>a a>b b>b', { a: 3, b: 3, c: 3 }, { a: 1, b: 1, c: 1 }, { a: 1, b: 2 }],
    ['of a zone there isn’t', 'a>z', { a: 3 }, { a: 1 }, undefined],
    ['not of all', 'a', { a: 3 }, {}, undefined],
    ['too many', 'a>a a>a', { a: 2 }, { a: 1 }, undefined],
  ])('still do: %s', (_name, line, maximums, allocated, expected) => {
    const allocations = new Map(Object.entries(maximums).map(([zone, maximum]) => [zone, { maximum }]))
    expect(hintsByZone(line.split(' ').filter(Boolean).map(endpoint), map(allocated), allocations)).toEqual(expected && map(expected))
  })

  test.each<[Record<string, number>, Record<string, number> | undefined, boolean]>([
    [{}, { a: 0.5, b: 0.5 }, false],
    [{ a: 1 }, undefined, true],
    [{ a: 1, b: 1 }, { a: 0.5, b: 0.5 }, false],
    [{ a: 4, b: 1 }, { a: 0.5, b: 0.5 }, true],
    [{ a: 4 }, { a: 0.5, b: 0.5 }, true],
  ])('of %j are too few somewhere for %j: %s', (hints, ratios, expected) =>
    expect(isOverloaded(map(hints), ratios && map(ratios))).toBe(expected),
  )

  test.each<[Record<string, string> | undefined, boolean]>([
    [undefined, false],
    [{ 'service.kubernetes.io/topology-mode': 'Auto' }, true],
    [{ 'service.kubernetes.io/topology-mode': 'auto' }, true],
    [{ 'service.kubernetes.io/topology-mode': 'Disabled' }, false],
    [{ 'service.kubernetes.io/topology-aware-hints': 'Auto' }, true],
    [{ 'service.kubernetes.io/topology-aware-hints': 'auto' }, true],
    [{ 'service.kubernetes.io/topology-aware-hints': 'Enabled' }, false],
    [{ 'service.kubernetes.io/topology-aware-hints': 'Disabled', 'service.kubernetes.io/topology-mode': 'Auto' }, false],
  ])('are wanted with %j: %s', (annotations, expected) => expect(wantsTopologyHints({ metadata: { annotations } } as never)).toBe(expected))
})

describe('the parts of zones', () => {
  const node = (zone: string | undefined, cpu: string, { ready = 'True', labels = {} }: { ready?: string; labels?: object } = {}): Node =>
    ({
      metadata: { labels: { ...(zone !== undefined && { 'topology.kubernetes.io/zone': zone }), ...labels } },
      status: { allocatable: { cpu }, conditions: [{ type: 'Ready', status: ready }] },
    }) as never
  const control = { labels: { 'node-role.kubernetes.io/control-plane': '' } }
  test.each<[string, Node[], Record<string, number> | undefined]>([
    ['no nodes', [], undefined],
    ['one node', [node('a', '1')], undefined],
    ['one zone', [node('a', '1'), node('a', '1')], undefined],
    ['two zones', [node('a', '1'), node('b', '1')], { a: 0.5, b: 0.5 }],
    ['two zones, one of nodes that are not ready', [node('a', '1', { ready: 'False' }), node('b', '1')], undefined],
    ['two zones, one of the control plane', [node('a', '1'), node('b', '1', control)], undefined],
    ['a node that is not ready', [node('a', '1'), node('b', '1'), node('b', '1', { ready: 'False' })], { a: 0.5, b: 0.5 }],
    ['a node of the control plane', [node('a', '1'), node('b', '1'), node('b', '1', control)], { a: 0.5, b: 0.5 }],
    ['a node without a zone', [node('a', '1'), node('b', '1'), node(undefined, '1')], undefined],
    ['a node without CPUs', [node('a', '1'), node('b', '1'), node('b', '0')], undefined],
    ['three zones', [node('a', '500m'), node('b', '500m'), node('c', '500m'), node('a', '2500m')], { a: 0.75, b: 0.125, c: 0.125 }],
  ])('of %s', (_name, nodes, expected) => {
    const capacity = new ZoneCapacity()
    for (const [i, each] of nodes.entries()) capacity.set(`n-${i}`, each)
    expect(capacity.ratios()).toEqual(expected && map(expected))
  })

  test('change as nodes do, not as they beat', () => {
    const capacity = new ZoneCapacity()
    expect([capacity.set('x', node('a', '1')), capacity.set('y', node('b', '3')), capacity.set('x', node('a', '1'))]).toEqual([
      true,
      true,
      false,
    ])
    expect(capacity.ratios()).toEqual(map({ a: 0.25, b: 0.75 }))
    expect([capacity.set('y', node('b', '1')), capacity.ratios()]).toEqual([true, map({ a: 0.5, b: 0.5 })])
    expect([capacity.set('y', undefined), capacity.ratios()]).toEqual([true, undefined])
  })
})

describe('the slices of a Service', () => {
  const service = (annotations: object = {}, spec: object = {}): Service =>
    ({
      metadata: { name: 's', namespace: 'ns', uid: 'u', annotations },
      spec: { ipFamilies: ['IPv4'], clusterIP: '10.0.0.1', selector: { a: 'b' }, ports: [{ port: 80 }], ...spec },
    }) as never
  const node = (name: string, zone: string): [string, Node] => [
    name,
    { metadata: { name, labels: { 'topology.kubernetes.io/zone': zone } } } as never,
  ]
  const nodes = new Map([node('n-a', 'a'), node('n-b', 'b')])
  const pod = (i: number, zone: string): Pod =>
    ({
      metadata: { name: `p-${i}`, namespace: 'ns', uid: `p-${i}` },
      spec: { nodeName: `n-${zone}`, containers: [] },
      status: { phase: 'Running', podIP: `10.1.0.${i}`, podIPs: [{ ip: `10.1.0.${i}` }], conditions: [{ type: 'Ready', status: 'True' }] },
    }) as never
  const pods = [pod(1, 'a'), pod(2, 'a'), pod(3, 'b')]
  const AUTO = { 'service.kubernetes.io/topology-mode': 'Auto' }
  const ratios = map({ a: 2 / 3, b: 1 / 3 })
  const written = (given: Service, slices: EndpointSlice[], zoneRatios: ReadonlyMap<string, number> | undefined = ratios) => {
    const { actions = [], events = [] } = reconcileSlices({ service: given, slices, pods, nodes, zoneRatios }, context())
    const made = actions.map((action) => ({ ...(action as never as { object: EndpointSlice }).object, addressType: 'IPv4' }))
    const hints = made.flatMap(({ endpoints }) => (endpoints ?? []).map((each) => `${text(each)}${each.hints?.forNodes ? '@' : ''}`))
    return { made, hints, told: events.map(({ reason, message }) => `${reason} ${message}`) }
  }

  test('have hints by topology, told of once, left alone then, and taken back', () => {
    const first = written(service(AUTO), [])
    expect([first.hints, first.told]).toEqual([
      ['a>a', 'a>a', 'b>b'],
      ['TopologyAwareHintsEnabled Topology Aware Hints has been enabled, addressType: IPv4'],
    ])
    expect(written(service(AUTO), first.made)).toEqual({ made: [], hints: [], told: [] })
    const blind = written(service(AUTO), first.made, map({ a: 0.2, b: 0.4, c: 0.2, d: 0.2 }))
    expect([blind.hints, blind.told]).toEqual([
      ['a', 'a', 'b'],
      ['TopologyAwareHintsDisabled Insufficient number of endpoints (3 endpoints, 4 zones), addressType: IPv4'],
    ])
    const off = written(service(), first.made)
    expect([off.hints, off.told]).toEqual([
      ['a', 'a', 'b'],
      ['TopologyAwareHintsDisabled Topology Aware Hints has been disabled, addressType: IPv4'],
    ])
  })

  test.each<[string, object, object, string[]]>([
    ['none', {}, {}, ['a', 'a', 'b']],
    ['a distribution there is not', {}, { trafficDistribution: 'Other' }, ['a', 'a', 'b']],
    ['close', {}, { trafficDistribution: 'PreferClose' }, ['a>a', 'a>a', 'b>b']],
    ['in the same zone', {}, { trafficDistribution: 'PreferSameZone' }, ['a>a', 'a>a', 'b>b']],
    ['on the same node', {}, { trafficDistribution: 'PreferSameNode' }, ['a>a@', 'a>a@', 'b>b@']],
    ['by topology, whatever the distribution', AUTO, { trafficDistribution: 'PreferSameNode' }, ['a>a', 'a>a', 'b>b']],
  ])('have hints: %s', (_name, annotations, spec, expected) => expect(written(service(annotations, spec), []).hints).toEqual(expected))

  test.each<[string, object, Record<string, string> | undefined, Record<string, string>]>([
    ['of its own', {}, undefined, {}],
    ['of the Service', {}, { a: 'b' }, { a: 'b' }],
    ['of a headless Service', { clusterIP: 'None' }, { a: 'b' }, { a: 'b', 'service.kubernetes.io/headless': '' }],
    [
      'reserved for it',
      {},
      { 'kubernetes.io/service-name': 'x', 'endpointslice.kubernetes.io/managed-by': 'x', 'service.kubernetes.io/headless': 'x', a: 'b' },
      { a: 'b' },
    ],
  ])('have labels: %s', (_name, spec, labels, expected) => {
    const given = service({}, spec)
    const own = { 'kubernetes.io/service-name': 's', 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' }
    expect(sliceLabels({ ...given, metadata: { ...given.metadata, ...(labels && { labels }) } })).toEqual({ ...expected, ...own })
  })
})

describe('a pod', () => {
  const pod = (
    phase: string,
    {
      ip = '1.2.3.4',
      ready,
      going,
      restartPolicy = 'Always',
    }: { ip?: string; ready?: boolean; going?: boolean; restartPolicy?: string } = {},
  ): Pod =>
    ({
      metadata: going ? { deletionTimestamp: 'x' } : {},
      spec: { restartPolicy, containers: [] },
      status: {
        phase,
        ...(ip && { podIP: ip }),
        conditions: ready === undefined ? [] : [{ type: 'Ready', status: ready ? 'True' : 'False' }],
      },
    }) as never
  test.each<[string, Pod, boolean, boolean]>([
    ['that failed', pod('Failed', { restartPolicy: 'Never' }), false, false],
    ['that succeeded', pod('Succeeded', { restartPolicy: 'Never' }), false, false],
    ['that succeeded, and is tried again on failure', pod('Succeeded', { restartPolicy: 'OnFailure' }), false, false],
    ['without an address', pod('Running', { ip: '' }), false, false],
    ['that isn’t ready', pod('Running', { ready: false }), true, true],
    ['that is ready', pod('Running', { ready: true }), true, true],
    ['that is pending, with an address', pod('Pending'), true, true],
    ['whose state isn’t known', pod('Unknown', { restartPolicy: 'OnFailure' }), true, true],
    ['that goes', pod('Running', { going: true, ready: true }), false, true],
    ['that goes and isn’t ready', pod('Running', { going: true, ready: false }), false, true],
    ['that goes and has failed', pod('Failed', { going: true }), false, false],
  ])('%s is behind a Service; if those that go are', (_name, given, expected, terminating) => {
    expect([isReachable(given, false), isReachable(given, true)]).toEqual([expected, terminating])
  })

  test.each<[object, string | undefined]>([
    [{}, undefined],
    [{ hostname: 'h' }, undefined],
    [{ subdomain: 's' }, undefined],
    [{ hostname: 'h', subdomain: 'other' }, undefined],
    [{ hostname: 'h', subdomain: 's' }, 'h'],
  ])('of %j is known by the name %s', (spec, expected) =>
    expect(hostnameFor({ spec } as never, { metadata: { name: 's' } } as never)).toBe(expected),
  )
})
