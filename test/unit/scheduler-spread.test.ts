/** Topology spread: what is forbidden, what is preferred, and what is a reason to try again. */
import { describe, expect, it } from 'vitest'
import type { Node, Pod } from '../../src/api/types.gen.ts'
import { labels, node, nodes, onNodes, type PodMore, pod, pods, Question, spread, wakes, worldOf } from '../support/scheduler-world.ts'

const HOST = 'kubernetes.io/hostname'
const MISFIT = "node(s) didn't match pod topology spread constraints"
const FOUR = ['a zone=1', 'b zone=1', 'x zone=2', 'y zone=2']
const HAS_FOO = { matchExpressions: [{ key: 'foo', operator: 'Exists' }] }
/** Over one key, of pods labelled `foo`. */
const over = (key: string, more: object = {}, tag = 'foo') => spread(key, `${tag}=`, more)
const soft = (key: string, more: object = {}, tag = 'foo') => over(key, { whenUnsatisfiable: 'ScheduleAnyway', ...more }, tag)
const asks = (...constraints: readonly object[]): PodMore => ({ is: 'foo=', topologySpreadConstraints: constraints as never[] })
const tainted = (name: string, extra = '') => node(name, { labels: labels(extra), taints: ['t=v:NoSchedule'] })

type FilterRow = [name: string, nodes: readonly (string | Node)[], placed: Pod[], spec: PodMore, fits: string]
const clusterOf = (parts: readonly (string | Node)[]) => parts.flatMap((part) => (typeof part === 'string' ? nodes(part) : [part]))

describe('hard constraints', () => {
  const rows: FilterRow[] = [
    ['nobody there', FOUR, [], asks(over('zone')), 'a b x y'],
    ['nobody there, not of its own kind', FOUR, [], { ...asks(over('zone')), is: 'other=' }, 'a b x y'],
    ['other namespaces do not count', FOUR, [...pods('a a', { ns: 'other' }), ...pods('b x y')], asks(over('zone')), 'a b'],
    ['no selector counts nobody', FOUR, pods('a a b'), asks(spread('zone', '')), 'a b x y'],
    ['an empty selector counts nobody', FOUR, pods('a a b'), asks(spread('zone', '', { labelSelector: {} })), 'a b x y'],
    ['3/3', FOUR, pods('a a b y y y'), asks(over('zone')), 'a b x y'],
    ['a node without the key', ['a zone=1', 'b', 'x zone=2', 'y zone=2'], pods('a b x y'), asks(over('zone')), 'a'],
    ['no node has the key', FOUR, pods('a b'), asks(over('rack')), ''],
    ['2/1/0/3', FOUR, pods('a a b y y y'), asks(over(HOST)), 'x'],
    ['2/1/0/3, two may be between them', FOUR, pods('a a b y y y'), asks(over(HOST, { maxSkew: 2 })), 'b x'],
    ['2/1/0/3, not of its own kind', FOUR, pods('a a b y y y'), { ...asks(over(HOST)), is: 'bar=' }, 'b x'],
    [
      'nodes it can not be on do not count',
      FOUR,
      pods('a a b y y y'),
      { ...asks(over(HOST)), ...onNodes({ matchExpressions: [{ key: HOST, operator: 'In', values: ['a', 'y'] }] }) },
      'a',
    ],
    [
      'nor those of the other zone',
      FOUR,
      pods('b b y'),
      { ...asks(over(HOST)), ...onNodes({ matchExpressions: [{ key: HOST, operator: 'In', values: ['a', 'y'] }] }) },
      'a',
    ],
    [
      'pods that are leaving do not count',
      ['a', 'b'],
      [...pods('a', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z', labels: { foo: '' } } }), ...pods('b')],
      asks(over(HOST)),
      'a',
    ],
    ['fewer domains than there must be', ['a', 'b', 'c'], pods('a a b b c'), asks(over(HOST, { maxSkew: 2, minDomains: 4 })), 'c'],
    ['as many as there must be', ['a', 'b', 'c'], pods('a a b b c'), asks(over(HOST, { maxSkew: 2, minDomains: 2 })), 'a b c'],
    ['fewer zones than there must be', FOUR, pods('a a x'), asks(over('zone', { maxSkew: 2, minDomains: 3 })), 'x y'],
    ['as many zones as there must be', FOUR, pods('a a x'), asks(over('zone', { maxSkew: 2, minDomains: 2 })), 'a b x y'],
    ['nodeSelector honoured', ['a foo=', 'b foo=', 'c'], pods('a a b b b'), { ...asks(over(HOST)), nodeSelector: { foo: '' } }, 'a'],
    [
      'nodeSelector ignored',
      ['a foo=', 'b foo=', 'c'],
      pods('a b b c c c'),
      { ...asks(over(HOST, { nodeAffinityPolicy: 'Ignore' })), nodeSelector: { foo: '' } },
      'a',
    ],
    ['affinity honoured', ['a foo=', 'b foo=', 'c'], pods('a a b b b'), { ...asks(over(HOST)), ...onNodes(HAS_FOO) }, 'a'],
    [
      'affinity ignored',
      ['a foo=', 'b foo=', 'c'],
      pods('a a b'),
      { ...asks(over(HOST, { nodeAffinityPolicy: 'Ignore' })), ...onNodes(HAS_FOO) },
      '',
    ],
    ['taints honoured', ['a', 'b', tainted('c')], pods('a a b b b'), asks(over(HOST, { nodeTaintsPolicy: 'Honor' })), 'a'],
    ['taints ignored', ['a', 'b', tainted('c')], pods('a a b b b'), asks(over(HOST)), ''],
    [
      'taints honoured but tolerated',
      ['a', 'b', tainted('c')],
      pods('a a b b b'),
      { ...asks(over(HOST, { nodeTaintsPolicy: 'Honor' })), tolerations: [{ operator: 'Exists' }] },
      'c',
    ],
    [
      'taints that are only preferred',
      ['a', node('b', { taints: ['t:PreferNoSchedule'] })],
      pods('a'),
      asks(over(HOST, { nodeTaintsPolicy: 'Honor' })),
      'b',
    ],
    ['the same revision', ['a', 'b'], pods('a:foo,v1 b:foo,v2'), { ...asks(over(HOST, { matchLabelKeys: ['v1'] })), is: 'foo= v1=' }, 'b'],
    [
      'a key it has no label for',
      ['a', 'b'],
      pods('a:foo,v1 b:foo,v2 b'),
      { ...asks(over(HOST, { matchLabelKeys: ['v9'] })), is: 'foo=' },
      'a',
    ],
    [
      'a key without a selector',
      ['a', 'b'],
      pods('a:foo,v1'),
      { ...asks(spread(HOST, '', { matchLabelKeys: ['v1'] })), is: 'foo= v1=' },
      'a b',
    ],

    ['two, 3/3 and 2/1/0/3', FOUR, pods('a a b y y y'), asks(over('zone'), over(HOST)), 'x'],
    ['two, 3/4 and 2/1/0/4', FOUR, pods('a a b y y y y'), asks(over('zone'), over(HOST)), ''],
    ['of different pods, 1/0 and 1/0/0/1', FOUR, pods('a y:bar'), { ...asks(over('zone'), over(HOST, {}, 'bar')), is: 'foo= bar=' }, 'x'],
    [
      'of different pods, 1/0 and 0/0/1/1',
      FOUR,
      pods('a x:bar y:bar'),
      { ...asks(over('zone'), over(HOST, {}, 'bar')), is: 'foo= bar=' },
      '',
    ],
    [
      'of different pods, 2/3 and 1/0/0/1',
      FOUR,
      pods('a a:foo,bar y y:foo,bar y'),
      { ...asks(over('zone'), over(HOST, {}, 'bar')), is: 'foo= bar=' },
      'b',
    ],
    ['one of them not of its own kind', FOUR, pods('a x:bar y:bar'), { ...asks(over('zone'), over(HOST, {}, 'bar')), is: 'bar=' }, 'a b'],
    [
      'a node without one of the keys',
      ['a zone=1 host=a', 'b zone=1 host=b', 'x zone=2', 'y zone=2 host=y'],
      pods('a y'),
      asks(over('zone'), over('host')),
      'b',
    ],
    [
      'affinity honoured for zones, ignored for hosts',
      ['a zone=1 foo=', 'b zone=1 foo=', 'x zone=2 foo=', 'y zone=2'],
      pods('a b y'),
      { ...asks(over('zone'), over(HOST, { nodeAffinityPolicy: 'Ignore' })), nodeSelector: { foo: '' } },
      'x',
    ],
    [
      'taints honoured for zones alone',
      ['a zone=1', 'b zone=1', 'x zone=2', tainted('y', 'zone=2')],
      pods('a b y'),
      asks(over('zone', { nodeTaintsPolicy: 'Honor' }), over(HOST)),
      'x',
    ],
    [
      'both honoured for zones, none for hosts',
      ['a zone=1 foo=', 'b zone=1', 'x zone=2 foo=', tainted('y', 'zone=2 foo=')],
      pods('a b y'),
      {
        ...asks(over('zone', { nodeTaintsPolicy: 'Honor' }), over(HOST, { nodeAffinityPolicy: 'Ignore' })),
        nodeSelector: { foo: '' },
      },
      'x',
    ],
    [
      'two over zones, 3/3 and 2/1',
      FOUR,
      pods('a:foo,bar a:foo,bar b y:foo,bar y y'),
      { ...asks(over('zone', {}, 'bar'), over('zone')), is: 'foo= bar=' },
      'x y',
    ],
    [
      'two over zones, 3/4 and 2/1',
      FOUR,
      pods('a:foo,bar a:foo,bar b y:foo,bar y y y'),
      { ...asks(over('zone', {}, 'bar'), over('zone')), is: 'foo= bar=' },
      '',
    ],
    ['soft ones forbid nothing', FOUR, pods('a a a a'), asks(soft('zone'), soft(HOST)), 'a b x y'],
    ['soft ones beside a hard one', FOUR, pods('a'), asks(soft('zone'), over(HOST)), 'b x y'],
    [
      'pod affinity too',
      FOUR,
      pods('a b'),
      {
        ...asks(over(HOST)),
        affinity: {
          podAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'zone', labelSelector: { matchLabels: { foo: '' } } }],
          },
        },
      },
      '',
    ],
  ]
  it.each(rows)('%s', (_name, cluster, placed, spec, fits) => {
    expect(new Question(worldOf(clusterOf(cluster), placed), pod('p', spec)).fits).toBe(fits)
  })

  it('say why: others may make way, a missing label stays missing', () => {
    const question = new Question(worldOf(nodes('a zone=1', 'b zone=2', 'c'), pods('a')), pod('p', asks(over('zone'))))
    expect(question.why.sort()).toEqual([`${MISFIT} (missing required label)`, `${MISFIT}?`])
  })
})

describe('rating', () => {
  const only = (...constraints: readonly object[]) => asks(...constraints)
  type Row = [
    name: string,
    nodes: readonly string[],
    placed: string,
    spec: PodMore,
    candidates: string | undefined,
    expected: Record<string, number> | undefined,
  ]
  const zones = FOUR.map((text) => text)
  const hosts = ['a', 'b', 'c', 'd']
  const rows: Row[] = [
    ['nobody there', ['a', 'b'], '', only(soft(HOST)), undefined, { a: 100, b: 100 }],
    ['one candidate', ['a', 'b'], 'a a b', only(soft(HOST)), 'a', { a: 100 }],
    ['the same on all', ['a', 'b'], 'a b', only(soft(HOST)), undefined, { a: 100, b: 100 }],
    ['2/1/0/3', hosts, 'a a b d d d', only(soft(HOST)), undefined, { a: 20, b: 60, c: 100, d: 0 }],
    [
      'no selector',
      hosts,
      'a a b d d d',
      only(spread(HOST, '', { whenUnsatisfiable: 'ScheduleAnyway' })),
      undefined,
      { a: 100, b: 100, c: 100, d: 100 },
    ],
    [
      '2/1/0/3, two may be between them',
      hosts,
      'a a b d d d',
      only(soft(HOST, { maxSkew: 2 })),
      undefined,
      { a: 33, b: 66, c: 100, d: 16 },
    ],
    [
      '4/3/2/1, three may be between them',
      hosts,
      'a a a a b b b c c d',
      only(soft(HOST, { maxSkew: 3 })),
      undefined,
      { a: 44, b: 66, c: 77, d: 100 },
    ],
    ['4/2/1, one is no candidate', ['a', 'b', 'x', 'y'], 'a a a a b b x y y y', only(soft(HOST)), 'a b x', { a: 33, b: 83, x: 100 }],
    [
      '4/?/1, one has not the key',
      ['a host=a', 'b', 'x host=x', 'y host=y'],
      'a a a a b b x y y y',
      only(soft('host')),
      'a b x',
      { a: 16, b: 0, x: 100 },
    ],
    ['zones, one node is no candidate', zones, 'a a a a b b x y y y', only(soft('zone')), 'a b x', { a: 75, b: 75, x: 100 }],
    ['zones and hosts, two are no candidates', zones, 'a a b x x y y y y', only(soft('zone'), soft(HOST)), 'a x', { a: 100, x: 63 }],
    ['two over zones', zones, 'a:foo,bar a b:foo,bar y y:foo,bar y', only(soft('zone'), soft('zone', {}, 'bar')), 'a x', { a: 85, x: 100 }],
    [
      'of different pods',
      zones,
      'a b:foo,bar y y:bar',
      only(soft('zone'), soft(HOST, {}, 'bar')),
      undefined,
      { a: 60, b: 20, x: 100, y: 60 },
    ],
    [
      'of different pods, some have none',
      zones,
      'b:bar x y:foo,bar',
      only(soft('zone'), soft(HOST, {}, 'bar')),
      undefined,
      { a: 100, b: 60, x: 40, y: 0 },
    ],
    [
      'of different pods, one is no candidate',
      zones,
      'a b:foo,bar y y:bar',
      only(soft('zone'), soft(HOST, {}, 'bar')),
      'a b x',
      { a: 50, b: 25, x: 100 },
    ],
    [
      'minDomains says nothing',
      ['a', 'b', 'c'],
      'a a b b c',
      only(soft('kubernetes.io/hostname', { maxSkew: 2, minDomains: 10 })),
      undefined,
      { a: 75, b: 75, c: 100 },
    ],
    ['hard ones rate nothing', ['a', 'b'], 'a', only(over(HOST)), undefined, undefined],
    ['none', ['a', 'b'], 'a', { is: 'foo=' }, undefined, undefined],
    [
      'the same revision',
      ['a', 'b'],
      'a:foo,v1 b:foo,v2 b:foo,v2',
      { ...only(soft(HOST, { matchLabelKeys: ['v1'] })), is: 'foo= v1=' },
      undefined,
      { a: 0, b: 100 },
    ],
  ]
  it.each(rows)('%s', (_name, cluster, placed, spec, candidates, expected) => {
    expect(new Question(worldOf(nodes(...cluster), pods(placed)), pod('p', spec)).rates('PodTopologySpread', candidates)).toEqual(expected)
  })

  it.each<[string, PodMore, readonly (string | Node)[], string, Record<string, number>]>([
    [
      'selector honoured',
      { nodeSelector: { foo: '' } },
      ['a host=a foo=', 'b host=b foo=', 'c host=c'],
      'a a b c',
      { a: 0, b: 33, c: 100 },
    ],
    [
      'selector ignored',
      { nodeSelector: { foo: '' } },
      ['a host=a foo=', 'b host=b foo=', 'c host=c'],
      'a a b c',
      { a: 66, b: 100, c: 100 },
    ],
    ['affinity honoured', onNodes(HAS_FOO), ['a host=a foo=', 'b host=b foo=', 'c host=c'], 'a a b c', { a: 0, b: 33, c: 100 }],
    ['taints honoured', {}, ['a host=a', 'b host=b', tainted('c', 'host=c')], 'a a b c', { a: 0, b: 33, c: 100 }],
    ['taints ignored', {}, ['a host=a', 'b host=b', tainted('c', 'host=c')], 'a a b c', { a: 66, b: 100, c: 100 }],
  ])('%s', (name, spec, cluster, placed, expected) => {
    const constraint = soft('host', {
      ...(name === 'selector ignored' && { nodeAffinityPolicy: 'Ignore' }),
      ...(name === 'taints honoured' && { nodeTaintsPolicy: 'Honor' }),
    })
    const question = new Question(worldOf(clusterOf(cluster), pods(placed)), pod('p', { ...asks(constraint), ...spec }))
    expect(question.rates('PodTopologySpread')).toEqual(expected)
  })

  describe('by default', () => {
    const service = { metadata: { name: 's', namespace: 'default' }, spec: { selector: { foo: '' } } }
    const owned = (kind: string, apiVersion = 'apps/v1') => ({
      metadata: { labels: { foo: '' }, ownerReferences: [{ apiVersion, kind, name: 'o', uid: 'o', controller: true }] },
    })
    const owner = (selector: object) => ({ metadata: { name: 'o', namespace: 'default' }, spec: { selector } })
    const matching = { matchLabels: { foo: '' } }
    it.each<[string, string, object, PodMore, Record<string, number> | undefined]>([
      ['the pods of a service', 'services', service, { is: 'foo=' }, { a: 44, b: 66, c: 77, d: 100 }],
      ['of a service that is not its own', 'services', { ...service, spec: { selector: { bar: '' } } }, { is: 'foo=' }, undefined],
      ['of a service without a selector', 'services', { ...service, spec: {} }, { is: 'foo=' }, undefined],
      ['of a ReplicaSet', 'replicasets.apps', owner(matching), owned('ReplicaSet'), { a: 44, b: 66, c: 77, d: 100 }],
      ['of a StatefulSet', 'statefulsets.apps', owner(matching), owned('StatefulSet'), { a: 44, b: 66, c: 77, d: 100 }],
      [
        'of a ReplicationController',
        'replicationcontrollers',
        owner({ foo: '' }),
        owned('ReplicationController', 'v1'),
        { a: 44, b: 66, c: 77, d: 100 },
      ],
      ['of a Job', 'jobs.batch', owner(matching), owned('Job', 'batch/v1'), undefined],
      ['of a controller that is gone', 'jobs.batch', owner(matching), owned('ReplicaSet'), undefined],
      ['not where it has its own', 'services', service, { ...asks(over(HOST, { maxSkew: 9 })) }, undefined],
    ])('%s', (_name, resource, object, spec, expected) => {
      const world = worldOf(nodes('a', 'b', 'c', 'd'), pods('a a a a b b b c c d')).set(resource, object)
      expect(new Question(world, pod('p', spec)).rates('PodTopologySpread')).toEqual(expected)
    })

    it('zones too, where there are zones', () => {
      const zone = (index: number) => `topology.kubernetes.io/zone=${index}`
      const world = worldOf(nodes(`a ${zone(1)}`, `b ${zone(1)}`, `x ${zone(2)}`), pods('a a')).set('services', service)
      expect(new Question(world, pod('p', { is: 'foo=' })).rates('PodTopologySpread')).toEqual({ a: 50, b: 75, x: 100 })
    })
  })
})

describe('what wakes those it refused', () => {
  const asked = pod('p', asks(over('zone'), over('node', {}, 'bar')))
  const tagged = (is: string, more: PodMore = {}) => pod('x', { on: 'a', is, ...more })
  it.each<[string, object | undefined, object | undefined, boolean]>([
    ['a pod that counts comes', undefined, tagged('foo='), true],
    ['another comes', undefined, tagged('baz='), false],
    ['one comes in another namespace', undefined, tagged('foo=', { ns: 'other' }), false],
    ['a pod that counts goes', tagged('bar='), undefined, true],
    ['another goes', tagged('baz='), undefined, false],
    ['a label that does not matter', tagged('foo='), tagged('foo= x='), false],
    ['it comes to count', tagged('x='), tagged('foo='), true],
    ['it ceases to count', tagged('foo='), tagged('x='), true],
    ['it counts for the other', tagged('foo='), tagged('bar='), true],
    ['it counts for both', tagged('foo='), tagged('foo= bar='), true],
    ['it counts for none', tagged('a='), tagged('b='), false],
  ])('%s', (_name, old, current, expected) => {
    expect(wakes('PodTopologySpread', asked, 'pods', old, current)).toBe(expected)
  })

  const [plain, half, full, moved] = nodes('a', 'a zone=1', 'a zone=1 node=a', 'a zone=2 node=a')
  const spotted = node('a', { labels: { zone: '1', node: 'a' }, taints: ['t:NoSchedule'] })
  const halfSpotted = node('a', { labels: { zone: '1' }, taints: ['t:NoSchedule'] })
  it.each<[string, object | undefined, object | undefined, boolean]>([
    ['a node without the keys', undefined, plain, false],
    ['a node with one of them', undefined, half, false],
    ['a node with both', undefined, full, true],
    ['a node without the keys goes', plain, undefined, false],
    ['a node with one of them goes', half, undefined, false],
    ['a node with both goes', full, undefined, true],
    ['it gets the other', half, full, true],
    ['it loses one', full, half, true],
    ['it moves', full, moved, true],
    ['it stays', full, full, false],
    ['other labels', half, plain, false],
    ['its taints change', full, spotted, true],
    ['the taints change of one that does not count', half, halfSpotted, false],
  ])('%s', (_name, old, current, expected) => {
    expect(wakes('PodTopologySpread', asked, 'nodes', old, current)).toBe(expected)
  })
})
