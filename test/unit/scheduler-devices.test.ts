import { describe, expect, test } from 'vitest'
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
  selecting,
  slice,
  taken,
} from '../support/device-objects.ts'

const attribute = (name: string) => `device.attributes["${DRIVER}"].${name}`
const big = selecting(`${attribute('size')} >= 2`)
const match = (name: string, ...requests: readonly string[]) => ({ constraints: [{ matchAttribute: `${DRIVER}/${name}`, requests }] })
const distinct = (name: string, ...requests: readonly string[]) => ({ constraints: [{ distinctAttribute: `${DRIVER}/${name}`, requests }] })
const three = [slice('s', devices('a size=1', 'b size=2', 'c size=2'))]

type Row = [what: string, given: Setting, expected: string]

describe('which devices are taken', () => {
  test.each<Row>([
    ['no claim', { claims: [] }, ''],
    ['the first', { slices: three, claims: [claimOf('c', [request('gpu')])] }, 'gpu=a'],
    ['none of another node', { slices: [slice('s', devices('a'), { node: 'w2' })], claims: [claimOf('c', [request('gpu')])] }, 'none'],
    ['none where there is none', { claims: [claimOf('c', [request('gpu')])] }, 'none'],
    ['as many as asked for', { slices: three, claims: [claimOf('c', [request('gpu', { count: 2 })])] }, 'gpu=a gpu=b'],
    ['none when there are too few', { slices: three, claims: [claimOf('c', [request('gpu', { count: 4 })])] }, 'none'],
    ['one that the request selects', { slices: three, claims: [claimOf('c', [request('gpu', big)])] }, 'gpu=b'],
    [
      'one that the class selects',
      { slices: three, classes: [deviceClass('gpu', big)], claims: [claimOf('c', [request('gpu')])] },
      'gpu=b',
    ],
    [
      'one that both select',
      {
        slices: three,
        classes: [deviceClass('gpu', big)],
        claims: [claimOf('c', [request('gpu', selecting(`${attribute('size')} < 2`))])],
      },
      'none',
    ],
    ['for two requests', { slices: three, claims: [claimOf('c', [request('one', big), request('two')])] }, 'one=b two=a'],
    [
      'other ones for a request that could do with any',
      { slices: [slice('s', devices('big size=2', 'small size=1'))], claims: [claimOf('c', [request('any'), request('big', big)])] },
      'any=small big=big',
    ],
    [
      'other ones for a claim that could do with any',
      {
        slices: [slice('s', devices('big size=2', 'small size=1'))],
        claims: [claimOf('c', [request('any')]), claimOf('d', [request('big', big)])],
      },
      'any=small | big=big',
    ],
    [
      'of a pool in several slices, by their names',
      {
        slices: [slice('t', devices('b'), { count: 2 }), slice('s', devices('a'), { count: 2 })],
        claims: [claimOf('c', [request('gpu', { count: 2 })])],
      },
      'gpu=a gpu=b',
    ],
    [
      'of several pools, by driver and name',
      {
        slices: [
          slice('1', devices('z'), { pool: 'q' }),
          slice('2', devices('y'), { pool: 'p' }),
          slice('3', devices('x'), { driver: 'a.example.com' }),
        ],
        claims: [claimOf('c', [request('gpu', { count: 3 })])],
      },
      'gpu=x gpu=y gpu=z',
    ],
    [
      'of what all nodes can reach',
      { slices: [slice('s', devices('net'), { allNodes: true })], claims: [claimOf('c', [request('gpu')])] },
      'gpu=net',
    ],
    [
      'none that another claim has',
      { slices: three, held: [holding('h', `${DRIVER}/pool/a`)], claims: [claimOf('c', [request('gpu')])] },
      'gpu=b',
    ],
    [
      'nothing when all are in use',
      { slices: [slice('s', devices('a'))], held: [holding('h', `${DRIVER}/pool/a`)], claims: [claimOf('c', [request('gpu')])] },
      'none',
    ],
    [
      'every set of them is tried',
      {
        slices: [slice('s', devices('a size=1', 'b size=2', 'c size=1', 'd size=2'))],
        claims: [claimOf('c', [request('gpu', { count: 2 }), request('more', { count: 2, ...selecting(`${attribute('size')} == 1`) })])],
      },
      'gpu=b gpu=d more=a more=c',
    ],
    [
      'a class that there is not',
      { slices: three, claims: [claimOf('c', [request('gpu', { deviceClassName: 'tpu' })])] },
      'fault: claim default/c, request gpu: could not retrieve device class tpu: deviceclass.resource.k8s.io "tpu" not found',
    ],
    [
      'an expression that fails for a device',
      { slices: three, claims: [claimOf('c', [request('gpu', selecting(`${attribute('nothing')}`))])] },
      'fault: claim default/c: selector #0: CEL runtime error: no such key: nothing',
    ],
    [
      'an expression of the class that fails',
      {
        slices: three,
        classes: [deviceClass('gpu', selecting('true', `${attribute('nothing')}`))],
        claims: [claimOf('c', [request('gpu')])],
      },
      'fault: class gpu: selector #1: CEL runtime error: no such key: nothing',
    ],
    [
      'more than a claim can have',
      { slices: three, claims: [claimOf('c', [request('gpu', { count: 33 })])] },
      'fault: claim default/c: number of requested devices 33 exceeds the claim limit of 32',
    ],
    [
      'as many as a claim can have',
      {
        slices: [
          slice(
            's',
            Array.from({ length: 40 }, (_, i) => device(`d${String(i).padStart(2, '0')}`)),
          ),
        ],
        claims: [claimOf('c', [request('gpu', { count: 32 })])],
      },
      Array.from({ length: 32 }, (_, i) => `gpu=d${String(i).padStart(2, '0')}`).join(' '),
    ],
  ])('%s', (_, given, expected) => expect(taken(given)).toBe(expected))
})

describe('all devices', () => {
  test.each<Row>([
    ['that there are', { slices: three, claims: [claimOf('c', [allOf('gpu')])] }, 'gpu=a gpu=b gpu=c'],
    ['that are selected', { slices: three, claims: [claimOf('c', [allOf('gpu', big)])] }, 'gpu=b gpu=c'],
    ['at least one', { slices: [slice('s', [])], claims: [claimOf('c', [allOf('gpu')])] }, 'none'],
    ['of no slice', { claims: [claimOf('c', [allOf('gpu')])] }, 'none'],
    ['but one is in use', { slices: three, held: [holding('h', `${DRIVER}/pool/b`)], claims: [claimOf('c', [allOf('gpu')])] }, 'none'],
    ['and another', { slices: three, claims: [claimOf('c', [allOf('gpu', big), request('one')])] }, 'gpu=b gpu=c one=a'],
    ['another, and all', { slices: three, claims: [claimOf('c', [request('one'), allOf('gpu', big)])] }, 'one=a gpu=b gpu=c'],
    ['and another that there is not', { slices: three, claims: [claimOf('c', [allOf('gpu'), request('one')])] }, 'none'],
    [
      'of a pool that is being updated',
      { slices: [slice('s', devices('a'), { count: 2 })], claims: [claimOf('c', [allOf('gpu')])] },
      `fault: claim default/c, request gpu: asks for all devices, but resource pool ${DRIVER}/pool is currently being updated`,
    ],
    [
      'of a pool that contradicts itself',
      { slices: [slice('s', devices('a', 'a'))], claims: [claimOf('c', [allOf('gpu')])] },
      `fault: claim default/c, request gpu: asks for all devices, but resource pool ${DRIVER}/pool is currently invalid`,
    ],
    [
      'that are not of one kind',
      { slices: three, claims: [claimOf('c', [allOf('gpu')], match('size'))] },
      `fault: claim default/c, request gpu: cannot add device ${DRIVER}/pool/b because a claim constraint would not be satisfied`,
    ],
  ])('%s', (_, given, expected) => expect(taken(given)).toBe(expected))
})

describe('administration', () => {
  const admin = { adminAccess: true }
  const inUse = [holding('h', `${DRIVER}/pool/a`)]
  test.each<Row>([
    ['has what is in use', { slices: three, held: inUse, claims: [claimOf('c', [request('gpu', admin)])] }, 'gpu=a'],
    ['has all that are in use', { slices: three, held: inUse, claims: [claimOf('c', [allOf('gpu', admin)])] }, 'gpu=a gpu=b gpu=c'],
    [
      'has each only once in a claim',
      { slices: [slice('s', devices('a'))], claims: [claimOf('c', [request('one', admin), request('two', admin)])] },
      'none',
    ],
    [
      'has them together with another claim',
      { slices: [slice('s', devices('a'))], claims: [claimOf('c', [request('one', admin)]), claimOf('d', [request('two', admin)])] },
      'one=a | two=a',
    ],
    [
      'takes nothing away',
      {
        slices: [slice('s', devices('a'))],
        held: [holding('h', { device: 'a', adminAccess: true })],
        claims: [claimOf('c', [request('gpu')])],
      },
      'gpu=a',
    ],
  ])('%s', (_, given, expected) => expect(taken(given)).toBe(expected))

  test('is said in the result', () => {
    const [result] = allocated({ slices: three, claims: [claimOf('c', [request('gpu', admin)])] })!
    expect(result?.devices?.results).toEqual([{ request: 'gpu', driver: DRIVER, pool: 'pool', device: 'a', adminAccess: true }])
  })
})

describe('constraints', () => {
  const colors = [slice('s', devices('a color=red n=1', 'b color=blue n=2', 'c color=blue n=3', 'd n=4'))]
  test.each<Row>([
    ['one value for all', { slices: colors, claims: [claimOf('c', [request('gpu', { count: 2 })], match('color'))] }, 'gpu=b gpu=c'],
    ['one value over requests', { slices: colors, claims: [claimOf('c', [request('x'), request('y')], match('color'))] }, 'x=b y=c'],
    ['one value that too few have', { slices: colors, claims: [claimOf('c', [request('gpu', { count: 2 })], match('n'))] }, 'none'],
    ['one value that none has', { slices: colors, claims: [claimOf('c', [request('gpu')], match('nothing'))] }, 'none'],
    [
      'one value for some requests',
      { slices: colors, claims: [claimOf('c', [request('x'), request('y'), request('z')], match('color', 'y', 'z'))] },
      'x=a y=b z=c',
    ],
    [
      'one value of another domain',
      {
        slices: [slice('s', [device('a', { attributes: { 'x.example.com/rack': { string: '1' } } }), ...devices('b rack=1')])],
        claims: [claimOf('c', [request('gpu', { count: 2 })], { constraints: [{ matchAttribute: 'x.example.com/rack' }] })],
      },
      'none',
    ],
    [
      'versions and truths',
      {
        slices: [
          slice('s', [
            device('a', { attributes: { v: { version: '1.0.0' }, t: { bool: true } } }),
            device('b', { attributes: { v: { version: '1.0.1' }, t: { bool: true } } }),
            device('c', { attributes: { v: { version: '1.0.1' }, t: { bool: true } } }),
          ]),
        ],
        claims: [claimOf('c', [request('gpu', { count: 2 })], { constraints: [...match('v').constraints, ...match('t').constraints] })],
      },
      'gpu=b gpu=c',
    ],
    [
      'another value for each request',
      { slices: colors, claims: [claimOf('c', [request('x'), request('y')], distinct('color'))] },
      'x=a y=b',
    ],
    [
      'another value than there is',
      {
        slices: [slice('s', devices('a color=red', 'b color=red'))],
        claims: [claimOf('c', [request('x'), request('y')], distinct('color'))],
      },
      'none',
    ],
    [
      'another value of what is not set',
      { slices: colors, claims: [claimOf('c', [request('x'), request('y')], distinct('nothing'))] },
      'none',
    ],
    [
      'for one alternative by its name',
      { slices: colors, claims: [claimOf('c', [firstOf('x', { count: 2, name: 'two' }, { name: 'one' })], match('n', 'x/two'))] },
      'x/one=a',
    ],
    [
      'for all alternatives by the name of the request',
      { slices: colors, claims: [claimOf('c', [firstOf('x', { count: 3 }, { count: 2 })], match('color', 'x'))] },
      'x/1=b x/1=c',
    ],
  ])('%s', (_, given, expected) => expect(taken(given)).toBe(expected))
})

describe('the first that can be had', () => {
  const many = [
    slice(
      's',
      Array.from({ length: 33 }, (_, i) => device(`d${i}`)),
    ),
  ]
  test.each<Row>([
    ['is the first', { slices: three, claims: [claimOf('c', [firstOf('x', big, {})])] }, 'x/0=b'],
    ['is another', { slices: three, claims: [claimOf('c', [firstOf('x', { count: 4 }, { count: 2 })])] }, 'x/1=a x/1=b'],
    ['is none', { slices: three, claims: [claimOf('c', [firstOf('x', { count: 4 }, { count: 5 })])] }, 'none'],
    [
      'is all of them',
      { slices: three, claims: [claimOf('c', [firstOf('x', { count: 9 }, { allocationMode: 'All' })])] },
      'x/1=a x/1=b x/1=c',
    ],
    [
      'is none of none',
      { slices: [slice('s', [])], claims: [claimOf('c', [firstOf('x', { allocationMode: 'All' }, { count: 1 })])] },
      'none',
    ],
    [
      'leaves enough for the next request',
      { slices: three, claims: [claimOf('c', [firstOf('x', { count: 3 }, { count: 2 }), request('y')])] },
      'x/1=a x/1=b y=c',
    ],
    [
      'leaves enough for the next claim',
      { slices: three, claims: [claimOf('c', [firstOf('x', { count: 3 }, { count: 1 })]), claimOf('d', [request('y', { count: 2 })])] },
      'x/1=a | y=b y=c',
    ],
    [
      'isn’t one of more than a claim can have',
      { slices: many, claims: [claimOf('c', [firstOf('x', { count: 33 }, { count: 1 })])] },
      'x/1=d0',
    ],
    [
      'isn’t one of more than a claim has left',
      { slices: many, claims: [claimOf('c', [firstOf('x', { count: 32 }, { count: 1 }), request('y')])] },
      'x/1=d0 y=d1',
    ],
    [
      'of a class that there is not',
      { slices: three, claims: [claimOf('c', [firstOf('x', {}, { deviceClassName: 'tpu' })])] },
      'fault: claim default/c, request 1: could not retrieve device class tpu: deviceclass.resource.k8s.io "tpu" not found',
    ],
  ])('%s', (_, given, expected) => expect(taken(given)).toBe(expected))
})
