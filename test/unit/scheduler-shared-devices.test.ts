/** Upstream: structured/internal/allocatortesting, of pools, nodes, taints, and devices that are parts of others or shared. */
import { describe, expect, test } from 'vitest'
import type { ResourceSlice } from '../../src/api/types.gen.ts'
import {
  allOf,
  allocated,
  claimOf,
  DRIVER,
  device,
  deviceClass,
  devices,
  firstOf,
  holding,
  request,
  type Setting,
  slice,
  taken,
  W1,
} from '../support/device-objects.ts'

type Row = [what: string, given: Setting, expected: string]
const one = [claimOf('c', [request('gpu')])]
const two = [claimOf('c', [request('gpu', { count: 2 })])]
const inZone = (value: string) => ({ nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: [value] }] }] })

describe('pools', () => {
  test.each<Row>([
    [
      'of an older generation',
      { slices: [slice('s', devices('old')), slice('t', devices('new'), { generation: 2 })], claims: one },
      'gpu=new',
    ],
    [
      'whose newer generation is on another node',
      { slices: [slice('s', devices('a'), { count: 2 }), slice('t', devices('b'), { node: 'w2', generation: 2, count: 2 })], claims: one },
      'none',
    ],
    ['that are incomplete', { slices: [slice('s', devices('a'), { count: 2 })], claims: one }, 'none'],
    [
      'whose other slices are on other nodes',
      { slices: [slice('s', devices('a'), { count: 2 }), slice('t', devices('b'), { node: 'w2', count: 2 })], claims: one },
      'gpu=a',
    ],
    ['that have a name twice', { slices: [slice('s', devices('a', 'a'))], claims: one }, 'node: invalid resource pools were encountered'],
    [
      'that have a name twice, and another',
      { slices: [slice('s', devices('a', 'a')), slice('t', devices('b'), { pool: 'q' })], claims: one },
      'gpu=b',
    ],
    ['for nodes that are selected', { slices: [slice('s', devices('a'), { nodeSelector: inZone('a') })], claims: one }, 'gpu=a'],
    ['for nodes that are selected otherwise', { slices: [slice('s', devices('a'), { nodeSelector: inZone('b') })], claims: one }, 'none'],
    [
      'whose devices each say where they are',
      {
        slices: [
          slice(
            's',
            [
              device('x', { nodeName: 'w2' }),
              device('y', { nodeSelector: inZone('b') }),
              device('z', { nodeSelector: inZone('a') }),
              device('all', { allNodes: true }),
            ],
            {
              perDeviceNodeSelection: true,
            },
          ),
        ],
        claims: two,
      },
      'gpu=z gpu=all',
    ],
    [
      'whose devices have to be made ready come last',
      {
        slices: [slice('s', [device('a', { bindingConditions: ['Ready'] })], { pool: 'a' }), slice('t', devices('b'), { pool: 'b' })],
        claims: two,
      },
      'gpu=b gpu=a',
    ],
  ])('%s', (_, given, expected) => expect(taken(given)).toBe(expected))
})

describe('what is allocated', () => {
  const selectorOf = (slices: readonly ResourceSlice[], claims = one) => allocated({ slices, claims })?.[0]?.nodeSelector
  const onW1 = { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['w1'] }] }] }
  test.each([
    ['a device of the node', [slice('s', devices('a'))], onW1],
    ['a device that all nodes reach', [slice('s', devices('a'), { allNodes: true })], undefined],
    ['one that some reach', [slice('s', devices('a'), { nodeSelector: inZone('a') })], inZone('a')],
    ['one that binds to the node', [slice('s', [device('a', { bindsToNode: true })], { allNodes: true })], onW1],
    ['one that says itself where it is', [slice('s', [device('a', { nodeName: 'w1' })], { perDeviceNodeSelection: true })], onW1],
  ])('%s', (_, slices, expected) => expect(selectorOf(slices)).toEqual(expected))

  test('is all that both need', () => {
    const slices = [slice('s', devices('a'), { nodeSelector: inZone('a') }), slice('t', devices('b'), { allNodes: true, pool: 'q' })]
    expect(selectorOf(slices, two)).toEqual(inZone('a'))
  })

  test('comes with the configuration of classes and claims', () => {
    const opaque = (text: string) => ({ opaque: { driver: DRIVER, parameters: { text } } })
    const claim = claimOf('c', [request('a'), request('b'), firstOf('x', { deviceClassName: 'other' }, {})], {
      config: [
        opaque('for all'),
        { requests: ['b'], ...opaque('for b') },
        { requests: ['x/0'], ...opaque('for the first') },
        { requests: ['x/1'], ...opaque('no') },
      ],
    })
    const classes = [deviceClass('gpu', { config: [opaque('class')] }), deviceClass('other', { config: [opaque('other')] })]
    expect(allocated({ slices: [slice('s', devices('1', '2', '3'))], classes, claims: [claim] })?.[0]?.devices?.config).toEqual([
      { source: 'FromClass', requests: ['a', 'b'], ...opaque('class') },
      { source: 'FromClass', requests: ['x/0'], ...opaque('other') },
      { source: 'FromClaim', ...opaque('for all') },
      { source: 'FromClaim', requests: ['b'], ...opaque('for b') },
      { source: 'FromClaim', requests: ['x/0'], ...opaque('for the first') },
    ])
  })

  test('says what is tolerated and what to wait for', () => {
    const tolerations = [{ operator: 'Exists' }]
    const conditions = { bindingConditions: ['Ready'], bindingFailureConditions: ['Broken'] }
    const claims = [claimOf('c', [request('gpu', { tolerations })])]
    expect(allocated({ slices: [slice('s', [device('a', conditions)])], claims })?.[0]?.devices?.results).toEqual([
      { request: 'gpu', driver: DRIVER, pool: 'pool', device: 'a', tolerations, ...conditions },
    ])
  })
})

describe('taints', () => {
  const taint = (effect: string, key = 'sick', value?: string) => ({ key, effect, ...(value && { value }) })
  const tainted = (...taints: readonly object[]) => [slice('s', [device('a', { taints })])]
  const tolerating = (...tolerations: readonly object[]) => [claimOf('c', [request('gpu', { tolerations })])]
  test.each<Row>([
    ['that nobody tolerates', { slices: tainted(taint('NoSchedule')), claims: one }, 'none'],
    ['that drive out', { slices: tainted(taint('NoExecute')), claims: one }, 'none'],
    ['of no effect', { slices: tainted(taint('None'), taint('Unknown')), claims: one }, 'gpu=a'],
    ['that are tolerated', { slices: tainted(taint('NoSchedule')), claims: tolerating({ key: 'sick', operator: 'Exists' }) }, 'gpu=a'],
    [
      'by value',
      { slices: tainted(taint('NoSchedule', 'sick', 'very')), claims: tolerating({ key: 'sick', operator: 'Equal', value: 'very' }) },
      'gpu=a',
    ],
    [
      'by another value',
      { slices: tainted(taint('NoSchedule', 'sick', 'very')), claims: tolerating({ key: 'sick', operator: 'Equal', value: 'less' }) },
      'none',
    ],
    [
      'of another effect',
      { slices: tainted(taint('NoSchedule')), claims: tolerating({ operator: 'Exists', effect: 'NoExecute' }) },
      'none',
    ],
    [
      'one of two',
      { slices: tainted(taint('NoSchedule'), taint('NoSchedule', 'old')), claims: tolerating({ key: 'sick', operator: 'Exists' }) },
      'none',
    ],
    [
      'both of two',
      { slices: tainted(taint('NoSchedule'), taint('NoExecute', 'old')), claims: tolerating({ operator: 'Exists' }) },
      'gpu=a',
    ],
    [
      'that one alternative tolerates',
      { slices: tainted(taint('NoSchedule')), claims: [claimOf('c', [firstOf('x', {}, { tolerations: [{ operator: 'Exists' }] })])] },
      'x/1=a',
    ],
    [
      'even for administration',
      { slices: tainted(taint('NoSchedule')), claims: [claimOf('c', [request('gpu', { adminAccess: true })])] },
      'none',
    ],
    ['on one of all', { slices: tainted(taint('NoSchedule')), claims: [claimOf('c', [allOf('gpu')])] }, 'none'],
  ])('%s', (_, given, expected) => expect(taken(given)).toBe(expected))
})

describe('parts of one device', () => {
  const part = (name: string, memory: string, set = 'card') =>
    device(name, { consumesCounters: [{ counterSet: set, counters: { memory: { value: memory } } }] })
  const card = (memory: string) =>
    slice('counters', [], { sharedCounters: [{ name: 'card', counters: { memory: { value: memory } } }], count: 2 })
  const parts = (...list: readonly ReturnType<typeof part>[]) => slice('parts', list, { count: 2 })
  test.each<Row>([
    ['as much as there is', { slices: [card('8Gi'), parts(part('a', '4Gi'), part('b', '4Gi'))], claims: two }, 'gpu=a gpu=b'],
    ['more than there is', { slices: [card('8Gi'), parts(part('a', '6Gi'), part('b', '4Gi'))], claims: two }, 'none'],
    [
      'others that fit together',
      { slices: [card('8Gi'), parts(part('a', '6Gi'), part('b', '4Gi'), part('c', '4Gi'))], claims: two },
      'gpu=b gpu=c',
    ],
    [
      'what is left',
      {
        slices: [card('8Gi'), parts(part('a', '6Gi'), part('b', '4Gi'), part('c', '2Gi'))],
        held: [holding('h', `${DRIVER}/pool/a`)],
        claims: one,
      },
      'gpu=c',
    ],
    [
      'what is left by those of other nodes',
      {
        slices: [
          slice('counters', [], { sharedCounters: [{ name: 'card', counters: { memory: { value: '8Gi' } } }], count: 3 }),
          slice('far', [part('far', '6Gi')], { node: 'w2', count: 3 }),
          slice('near', [part('a', '4Gi')], { count: 3 }),
        ],
        held: [holding('h', `${DRIVER}/pool/far`)],
        claims: one,
      },
      'none',
    ],
    [
      'a smaller one instead',
      {
        slices: [card('4Gi'), parts(part('a', '2Gi'), part('b', '2Gi'), part('c', '2Gi'))],
        claims: [claimOf('c', [firstOf('x', { count: 3 }, { count: 2 })])],
      },
      'x/1=a x/1=b',
    ],
    [
      'of a set that there is not',
      { slices: [card('8Gi'), parts(part('a', '4Gi', 'other'))], claims: one },
      'node: invalid resource pools were encountered',
    ],
    [
      'of a counter that there is not',
      {
        slices: [card('8Gi'), parts(device('a', { consumesCounters: [{ counterSet: 'card', counters: { cores: { value: '1' } } }] }))],
        claims: one,
      },
      'node: invalid resource pools were encountered',
    ],
  ])('%s', (_, given, expected) => expect(taken(given)).toBe(expected))
})

describe('shares of a device', () => {
  const shared = (name: string, value: string, requestPolicy?: object) =>
    device(name, { allowMultipleAllocations: true, capacity: { memory: { value, ...(requestPolicy && { requestPolicy }) } } })
  const asking = (memory?: string) => [claimOf('c', [request('gpu', memory === undefined ? {} : { capacity: { requests: { memory } } })])]
  const half = holding('h', { device: 'a', shareID: 'x', consumedCapacity: { memory: '4Gi' } })
  const consumed = (slices: readonly ResourceSlice[], claims = asking()) =>
    allocated({ slices, claims })?.[0]?.devices?.results?.[0]?.consumedCapacity
  const range = { default: '1Gi', validRange: { min: '1Gi', max: '4Gi', step: '1Gi' } }
  const values = { default: '1Gi', validValues: ['1Gi', '2Gi', '4Gi'] }
  test.each([
    ['all when nothing is said', undefined, undefined, '8Gi'],
    ['what is asked for', '3Gi', undefined, '3Gi'],
    ['the default', undefined, range, '1Gi'],
    ['at least the least', '1Mi', range, '1Gi'],
    ['up to the next step', '1500Mi', range, '2Gi'],
    ['no more than the most', '5Gi', range, undefined],
    ['the next valid value', '3Gi', values, '4Gi'],
    ['no more than the greatest valid value', '5Gi', values, undefined],
    ['no more than there is', '9Gi', undefined, undefined],
  ])('%s', (_, memory, policy, expected) => {
    expect(consumed([slice('s', [shared('a', '8Gi', policy)])], asking(memory))).toEqual(expected && { memory: expected })
  })

  test.each<Row>([
    ['what another claim left', { slices: [slice('s', [shared('a', '8Gi')])], held: [half], claims: asking('4Gi') }, 'gpu=a'],
    [
      'the next one when too little is left',
      { slices: [slice('s', [shared('a', '8Gi'), shared('b', '8Gi')])], held: [half], claims: asking('5Gi') },
      'gpu=b',
    ],
    ['none when too little is left', { slices: [slice('s', [shared('a', '8Gi')])], held: [half], claims: asking('5Gi') }, 'none'],
    [
      'twice in a claim',
      {
        slices: [slice('s', [shared('a', '8Gi')])],
        claims: [
          claimOf(
            'c',
            ['x', 'y'].map((name) => request(name, { capacity: { requests: { memory: '4Gi' } } })),
          ),
        ],
      },
      'x=a y=a',
    ],
    [
      'not three times what is two',
      {
        slices: [slice('s', [shared('a', '8Gi')])],
        claims: [
          claimOf(
            'c',
            ['x', 'y', 'z'].map((name) => request(name, { capacity: { requests: { memory: '4Gi' } } })),
          ),
        ],
      },
      'none',
    ],
    ['of what has no such capacity', { slices: [slice('s', devices('a'))], claims: asking('1Gi') }, 'none'],
    [
      'of one that a claim has for itself',
      { slices: [slice('s', [shared('a', '8Gi')])], held: [holding('h', `${DRIVER}/pool/a`)], claims: asking('1Gi') },
      'none',
    ],
    [
      'of one that is not shared',
      { slices: [slice('s', [device('a', { capacity: { memory: { value: '8Gi' } } })])], claims: asking('1Gi') },
      'gpu=a',
    ],
  ])('%s', (_, given, expected) => expect(taken(given)).toBe(expected))

  test('have each an ID', () => {
    const [result] = allocated({
      slices: [slice('s', [shared('a', '8Gi')])],
      claims: [
        claimOf(
          'c',
          ['x', 'y'].map((name) => request(name, { capacity: { requests: { memory: '1Gi' } } })),
        ),
      ],
      node: W1,
    })!
    const ids = result!.devices!.results!.map(({ shareID }) => shareID)
    expect(new Set(ids).size).toBe(2)
    expect(ids[0]).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  })
})
