/** Pods that must, may not, would and would not be near others, in both directions. */
import { describe, expect, it } from 'vitest'
import type { Pod } from '../../src/api/types.gen.ts'
import {
  dislikes,
  likes,
  near,
  nodes,
  type PodMore,
  pod,
  pods,
  Question,
  shuns,
  wakes,
  wants,
  worldOf,
} from '../support/scheduler-world.ts'

const WANTED = "node(s) didn't match pod affinity rules"
const SHUNNED = "node(s) didn't match pod anti-affinity rules"
const CLOSED = "node(s) didn't satisfy existing pods anti-affinity rules"

/** About pods by expressions: `service In a,b`. */
const of = (topologyKey: string, ...texts: readonly string[]) => ({
  topologyKey,
  labelSelector: {
    matchExpressions: texts.map((text) => {
      const [key, operator, values] = text.split(' ')
      return { key, operator, ...(values !== undefined && { values: values.split(',') }) }
    }),
  },
})
const inTeam = (team: string) => ({ namespaceSelector: { matchLabels: { team } } })
const both = (...parts: readonly PodMore[]): PodMore => ({
  affinity: Object.assign({}, ...parts.map(({ affinity }) => affinity)),
})
const worldWith = (cluster: readonly string[], placed: readonly Pod[]) =>
  worldOf([], placed)
    .set('namespaces', ...['default', 'a', 'b'].map((name) => ({ metadata: { name, labels: { team: name === 'b' ? 'two' : 'one' } } })))
    .set('nodes', ...nodes(...cluster))

describe('required', () => {
  const R = 'region'
  const ONE = ['m region=r1']
  const securityPod = (more: PodMore = {}) => pod('x', { is: 'service=securityscan', on: 'm', ...more })
  type Row = [name: string, nodes: readonly string[], placed: Pod[], spec: PodMore, fits: string, why?: string]
  const rows: Row[] = [
    ['nothing asked', ONE, [], {}, 'm'],
    ['In', ONE, [securityPod()], wants(of(R, 'service In securityscan,value2')), 'm'],
    ['NotIn', ONE, [securityPod()], wants(of(R, 'service NotIn securityscan3,value3')), 'm'],
    ['in another namespace', ONE, [securityPod({ ns: 'a' })], wants(of(R, 'service In securityscan')), '', WANTED],
    ['in a namespace that is named', ONE, [securityPod({ ns: 'a' })], wants({ ...of(R, 'service Exists'), namespaces: ['a'] }), 'm'],
    ['other labels', ONE, [securityPod()], wants(of(R, 'service In antivirusscan')), '', WANTED],
    [
      'several terms, all by one pod',
      ONE,
      [securityPod()],
      wants(of(R, 'service Exists', 'wrongkey DoesNotExist'), of(R, 'service In securityscan', 'service NotIn WrongValue')),
      'm',
    ],
    [
      'all expressions of a term',
      ONE,
      [securityPod()],
      wants(of(R, 'service Exists', 'wrongkey DoesNotExist'), of(R, 'service In securityscan2', 'service NotIn WrongValue')),
      '',
      WANTED,
    ],
    [
      'several terms, by two pods',
      ONE,
      [...pods('m:a'), ...pods('m:b', { ns: 'default' })],
      wants(of(R, 'a Exists'), of(R, 'b Exists')),
      '',
      WANTED,
    ],
    [
      'near some and apart from others',
      ONE,
      [securityPod()],
      both(wants(of(R, 'service In securityscan')), shuns(of('node', 'service In antivirusscan'))),
      'm',
    ],
    [
      'near and apart at once',
      ONE,
      [securityPod()],
      both(wants(of(R, 'service In securityscan')), shuns(of(R, 'service In securityscan'))),
      '',
      SHUNNED,
    ],
    [
      'its own label, that another has',
      ONE,
      [securityPod()],
      { is: 'service=securityscan', ...wants(of(R, 'service NotIn securityscan')) },
      '',
      WANTED,
    ],
    ['first of its kind', ['m region=r1', 'n'], [], { is: 'foo=', ...wants(near('foo=', R)) }, 'm', WANTED],
    [
      'first of its kind, by two terms',
      ['m zone=1', 'n hostname=n'],
      [],
      { is: 'foo=', ...wants(near('foo=', 'zone'), near('foo=', 'hostname')) },
      '',
      WANTED,
    ],
    [
      'not first: another is in another domain',
      ['m region=r1', 'n region=r2'],
      pods('m'),
      { is: 'foo=', ...wants(near('foo=', R)) },
      'm',
      WANTED,
    ],
    ['alone in its namespace, with its kind in another', ONE, pods('m', { ns: 'a' }), { is: 'foo=', ...wants(near('foo=', R)) }, 'm'],
    ['nobody, and not of that kind', ONE, [], wants(near('foo=', R)), '', WANTED],
    ['all of the domain', ['a region=China', 'b region=China az=az1', 'c region=India'], pods('a'), wants(near('foo=', R)), 'a b', WANTED],
    [
      'each key must be there',
      ['a region=r1 zone=z1', 'b region=r1'],
      pods('a'),
      wants(near('foo=', R), near('foo=', 'zone')),
      'a',
      WANTED,
    ],
    [
      'terms by one pod, on different keys',
      ['a region=r1 zone=z1', 'b region=r1 zone=z2'],
      [...pods('a:foo'), ...pods('b:bar').map((each) => ({ ...each }))],
      wants(near('foo=', R), near('bar=', 'zone')),
      '',
      WANTED,
    ],
    ['namespaces by label', ONE, pods('m', { ns: 'a' }), wants({ ...near('foo=', R), ...inTeam('one') }), 'm'],
    ['namespaces by another label', ONE, pods('m', { ns: 'a' }), wants({ ...near('foo=', R), ...inTeam('two') }), '', WANTED],
    ['all namespaces', ONE, pods('m', { ns: 'b' }), wants({ ...near('foo=', R), namespaceSelector: {} }), 'm'],
    ['namespaces by name or label', ONE, pods('m', { ns: 'b' }), wants({ ...near('foo=', R), namespaces: ['b'], ...inTeam('one') }), 'm'],
    ['no selector is nobody', ONE, pods('m'), wants({ topologyKey: R }), '', WANTED],

    ['apart', ONE, pods('m'), shuns(near('foo=', R)), '', SHUNNED],
    [
      'apart by one of the terms',
      ['a region=r1 zone=z1', 'b region=r1 zone=z2'],
      pods('a:foo,bar'),
      shuns(near('foo=', R), near('bar=', 'zone')),
      '',
      SHUNNED,
    ],
    ['apart on a key that the node has not', ['a region=r1', 'b'], pods('a'), shuns(near('foo=', 'zone')), 'a b'],
    ['apart, by the key there is', ['a region=r1 zone=z1', 'b region=r1'], pods('a'), shuns(near('foo=', 'zone')), 'b', SHUNNED],
    [
      'apart from all of the domain',
      ['a region=China', 'b region=China', 'c region=India'],
      pods('a'),
      shuns(near('foo=', R)),
      'c',
      SHUNNED,
    ],
    ['apart from another namespace', ONE, pods('m', { ns: 'a' }), shuns({ ...near('foo=', R), ...inTeam('one') }), '', SHUNNED],
    ['apart from all namespaces', ONE, pods('m', { ns: 'a' }), shuns({ ...near('foo=', R), namespaceSelector: {} }), '', SHUNNED],
    ['apart from namespaces it is not in', ONE, pods('m', { ns: 'a' }), shuns({ ...near('foo=', R), ...inTeam('two') }), 'm'],
    ['apart from its own namespace', ONE, pods('m', { ns: 'a' }), shuns(near('foo=', R)), 'm'],
    [
      'near in one domain and apart in another',
      ['a region=r1 zone=z1', 'b region=r1 zone=z2'],
      pods('a'),
      both(wants(near('foo=', R)), shuns(near('foo=', 'zone'))),
      'b',
      SHUNNED,
    ],

    ['shunned by who is there', ONE, pods('m:none', shuns(near('foo=', R))), { is: 'foo=' }, '', CLOSED],
    ['not meant by who is there', ONE, pods('m:none', shuns(near('foo=', R))), { is: 'bar=' }, 'm'],
    ['shunned in another namespace only', ONE, pods('m:none', { ns: 'a', ...shuns(near('foo=', R)) }), { is: 'foo=' }, 'm'],
    [
      'shunned across namespaces',
      ONE,
      pods('m:none', { ns: 'a', ...shuns({ ...near('foo=', R), ...inTeam('one') }) }),
      { is: 'foo=' },
      '',
      CLOSED,
    ],
    ['shunned on a key there is not', ['a region=r1', 'b region=r1'], pods('a:none', shuns(near('foo=', 'zone'))), { is: 'foo=' }, 'a b'],
    [
      'shunned by one of their terms',
      ['a region=r1 zone=z1', 'b region=r1 zone=z2'],
      pods('a:none', shuns(near('foo=', 'zone'), near('bar=', R))),
      { is: 'foo=' },
      'b',
      CLOSED,
    ],
    [
      'shunned by both of their terms',
      ['a region=r1 zone=z1', 'b region=r1 zone=z2'],
      pods('a:none', shuns(near('foo=', 'zone'), near('bar=', R))),
      { is: 'foo= bar=' },
      '',
      CLOSED,
    ],
    [
      'shunned by terms of which one has no such key',
      ['a region=r1', 'b region=r1'],
      pods('a:none', shuns(near('foo=', 'zone'), near('bar=', R))),
      { is: 'foo=' },
      'a b',
    ],
    [
      'shunned by all',
      ['a zone=1', 'b zone=2', 'c zone=3'],
      pods('a:none b:none', shuns(near('foo=', 'zone'))),
      { is: 'foo=' },
      'c',
      CLOSED,
    ],
    ['shunned and near', ONE, [securityPod(shuns(near('mine=', R)))], { is: 'mine=', ...wants(of(R, 'service Exists')) }, '', CLOSED],
    ['who is there shuns others', ONE, [securityPod(shuns(near('other=', R)))], { is: 'mine=', ...wants(of(R, 'service Exists')) }, 'm'],
    [
      'a pod that is over shuns nobody',
      ONE,
      pods('m:none', { ...shuns(near('foo=', R)), status: { phase: 'Succeeded' } }),
      { is: 'foo=' },
      'm',
    ],
    ['a pod that is over is no company', ONE, pods('m', { status: { phase: 'Failed' } }), wants(near('foo=', R)), '', WANTED],
  ]
  it.each(rows)('%s', (_name, cluster, placed, spec, fits, why) => {
    const question = new Question(worldWith(cluster, placed), pod('p', spec))
    expect(question.fits).toBe(fits)
    if (why !== undefined) expect(question.why).toEqual([why === WANTED ? why : `${why}?`])
  })

  it('sees namespaces get the labels that are asked for', () => {
    const world = worldWith(ONE, pods('m', { ns: 'b' }))
    const asked = pod('p', wants({ ...near('foo=', R), ...inTeam('one') }))
    expect(new Question(world, asked).fits).toBe('')
    world.set('namespaces', { metadata: { name: 'b', labels: { team: 'one' } } })
    expect(new Question(world, asked).fits).toBe('m')
  })
})

describe('preferred', () => {
  const R = 'region'
  const THREE = ['a region=China', 'b region=India', 'c az=az1']
  type Row = [name: string, nodes: readonly string[], placed: Pod[], spec: PodMore, expected: Record<string, number> | undefined]
  const rows: Row[] = [
    ['nothing', THREE, [], {}, undefined],
    ['nothing, near others', THREE, pods('a b'), { is: 'foo=' }, undefined],
    ['near', THREE, pods('a b:bar c'), likes([5, near('foo=', R)]), { a: 100, b: 0, c: 0 }],
    [
      'the whole domain',
      ['a region=China', 'b region=China az=az1', 'c region=India'],
      pods('a'),
      likes([5, near('foo=', R)]),
      { a: 100, b: 100, c: 0 },
    ],
    [
      'the more the better',
      ['a region=China', 'b region=India', 'c region=China'],
      pods('a a b b c'),
      likes([5, near('foo=', R)]),
      { a: 100, b: 0, c: 100 },
    ],
    ['with weights', THREE, pods('a b:bar'), likes([4, near('foo=', R)], [8, near('bar=', R)]), { a: 50, b: 100, c: 0 }],
    [
      'by other operators',
      THREE,
      pods('a b:bar'),
      likes([2, of(R, 'foo DoesNotExist')], [1, of(R, 'foo Exists')]),
      { a: 50, b: 100, c: 0 },
    ],
    [
      'in other namespaces',
      THREE,
      [...pods('a', { ns: 'a' }), ...pods('b', { ns: 'b' })],
      likes([1, { ...near('foo=', R), ...inTeam('one') }]),
      { a: 100, b: 0, c: 0 },
    ],
    [
      'in namespaces named too',
      THREE,
      [...pods('a', { ns: 'a' }), ...pods('b', { ns: 'b' })],
      likes([1, { ...near('foo=', R), ...inTeam('one'), namespaces: ['b'] }]),
      { a: 100, b: 100, c: 0 },
    ],
    [
      'liked by who is there',
      THREE,
      [...pods('a', likes([8, near('me=', R)])), ...pods('b', likes([2, near('me=', R)]))],
      { is: 'me=' },
      { a: 100, b: 25, c: 0 },
    ],
    [
      'liked by who is there, from another namespace',
      THREE,
      pods('a', { ns: 'a', ...likes([8, { ...near('me=', R), ...inTeam('one') }]) }),
      { is: 'me=' },
      { a: 100, b: 0, c: 0 },
    ],
    ['not meant by who is there', THREE, pods('a', likes([8, near('you=', R)])), { is: 'me=' }, undefined],
    [
      'needed by who is there',
      THREE,
      [...pods('a a', wants(near('me=', R))), ...pods('b', wants(near('me=', R)))],
      { is: 'me=' },
      { a: 100, b: 50, c: 0 },
    ],
    ['apart', ['a az=az1', 'b az=az2'], pods('a b:bar'), dislikes([5, near('foo=', 'az')]), { a: 0, b: 100 }],
    ['apart, by a key that one has not', ['a az=az1', 'b region=China'], pods('a b'), dislikes([5, near('foo=', 'az')]), { a: 0, b: 100 }],
    ['apart, from the more', ['a region=China', 'b region=India'], pods('a a b'), dislikes([5, near('foo=', R)]), { a: 0, b: 100 }],
    [
      'disliked by who is there',
      ['a az=az1', 'b az=az2'],
      [...pods('a', dislikes([5, near('me=', 'az')])), ...pods('b', dislikes([5, near('you=', 'az')]))],
      { is: 'me=' },
      { a: 0, b: 100 },
    ],
    [
      'disliked from another namespace',
      ['a az=az1', 'b az=az2'],
      pods('a', { ns: 'a', ...dislikes([5, { ...near('me=', 'az'), ...inTeam('one') }]) }),
      { is: 'me=' },
      { a: 0, b: 100 },
    ],
    [
      'near these and apart from those',
      THREE,
      pods('a b:bar'),
      both(likes([8, near('foo=', R)]), dislikes([5, near('bar=', R)])),
      { a: 100, b: 0, c: 38 },
    ],
    [
      'near and apart by the same labels',
      ['a region=China', 'b region=India'],
      pods('a a b'),
      both(likes([8, near('foo=', R)]), dislikes([5, near('foo=', R)])),
      { a: 100, b: 0 },
    ],
    [
      'liking and liked',
      ['a region=China', 'b region=India'],
      [...pods('a', likes([3, near('me=', R)])), ...pods('b')],
      { is: 'me=', ...likes([3, near('foo=', R)]) },
      { a: 100, b: 0 },
    ],
    [
      'liked and disliked',
      ['a region=China', 'b region=India'],
      [...pods('a', likes([3, near('me=', R)])), ...pods('b', dislikes([3, near('me=', R)]))],
      { is: 'me=' },
      { a: 100, b: 0 },
    ],
    ['the same everywhere', ['a region=China', 'b region=China'], pods('a'), likes([5, near('foo=', R)]), { a: 0, b: 0 }],
    ['nodes without the key', ['a', 'b'], pods('a'), likes([5, near('foo=', R)]), undefined],
  ]
  it.each(rows)('%s', (_name, cluster, placed, spec, expected) => {
    expect(new Question(worldWith(cluster, placed), pod('p', spec)).rates('InterPodAffinity')).toEqual(expected)
  })
})

describe('what wakes those it refused', () => {
  const wanting = pod('p', wants(near('foo=', 'zone')))
  const wantingTwo = pod('p', wants(near('foo=', 'zone'), near('bar=', 'zone')))
  const shunning = pod('p', { is: 'me=', ...shuns(near('foo=', 'zone')) })
  const tagged = (is: string, more: PodMore = {}) => pod('x', { on: 'a', is, ...more })
  it.each<[string, Pod, object | undefined, object | undefined, boolean]>([
    ['company comes', wanting, undefined, tagged('foo='), true],
    ['another comes', wanting, undefined, tagged('bar='), false],
    ['it becomes company', wanting, tagged('bar='), tagged('foo='), true],
    ['it was company before', wanting, tagged('foo='), tagged('foo= x='), false],
    ['it ceases to be company', wanting, tagged('foo='), tagged('bar='), false],
    ['it ceases to be company by one term', wantingTwo, tagged('foo= bar='), tagged('foo='), false],
    ['it becomes company by both', wantingTwo, tagged('foo='), tagged('foo= bar='), true],
    ['company goes', wanting, tagged('foo='), undefined, false],
    ['an enemy goes', shunning, tagged('foo='), undefined, true],
    ['another goes', shunning, tagged('bar='), undefined, false],
    ['an enemy turns', shunning, tagged('foo='), tagged('bar='), true],
    ['another turns enemy', shunning, tagged('bar='), tagged('foo='), false],
    ['one that shunned it goes', shunning, tagged('bar=', shuns(near('me=', 'zone'))), undefined, true],
    ['one that shunned others goes', shunning, tagged('bar=', shuns(near('you=', 'zone'))), undefined, false],
    ['an enemy comes', shunning, undefined, tagged('foo='), false],
  ])('%s', (_name, asked, old, current, expected) => {
    expect(wakes('InterPodAffinity', asked, 'pods', old, current)).toBe(expected)
  })

  const [plain, zoned, moved, other] = nodes('a', 'a zone=1', 'a zone=2', 'a zone=1 x=y')
  it.each<[string, Pod, object | undefined, object | undefined, boolean]>([
    ['a node with the key', wanting, undefined, zoned, true],
    ['a node without the key', wanting, undefined, plain, false],
    ['another label', wanting, zoned, other, false],
    ['it moves', wanting, zoned, moved, true],
    ['it gets the key', wanting, plain, zoned, true],
    ['it loses the key', wanting, zoned, plain, false],
    ['a node with the key of enemies', shunning, undefined, zoned, true],
    ['a node without the key of enemies', shunning, undefined, plain, true],
    ['another label, of enemies', shunning, zoned, other, false],
    ['it moves from enemies', shunning, zoned, moved, true],
    ['it gets the key of enemies', shunning, plain, zoned, false],
    ['it loses the key of enemies', shunning, zoned, plain, true],
    ['it goes', shunning, zoned, undefined, false],
  ])('%s', (_name, asked, old, current, expected) => {
    expect(wakes('InterPodAffinity', asked, 'nodes', old, current)).toBe(expected)
  })
})
