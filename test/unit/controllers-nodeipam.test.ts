import { describe, expect, it, test } from 'vitest'
import type { Node } from '../../src/api/types.gen.ts'
import { type Config, readConfig } from '../../src/config.ts'
import { clusterRanges, defaultClusterRanges, type NodeLengths } from '../../src/controllers/nodeipam/cluster-range.ts'
import { NodeRanges } from '../../src/controllers/nodeipam/node-ranges.ts'
import { reconcileRanges } from '../../src/controllers/nodeipam/reconcile.ts'

const node = (name: string, ...podCIDRs: string[]) =>
  ({ metadata: { name, uid: `uid-${name}` }, spec: podCIDRs.length > 0 ? { podCIDR: podCIDRs[0], podCIDRs } : {} }) as unknown as Node

function rangesOf(cidrs: string[], lengths: NodeLengths = {}, serviceCidrs: string[] = []): NodeRanges {
  const ranges = clusterRanges(cidrs, lengths)
  if (typeof ranges === 'string') throw new Error(ranges)
  return new NodeRanges(ranges, serviceCidrs)
}

describe('the ranges of nodes', () => {
  test.each<{ name: string; ranges: NodeRanges; there?: Node[]; expect: (readonly string[] | undefined)[] }>([
    { name: 'the first', ranges: rangesOf(['127.123.234.0/24'], { any: 30 }), expect: [['127.123.234.0/30'], ['127.123.234.4/30']] },
    {
      name: 'none that Services have',
      ranges: rangesOf(['127.123.234.0/24'], { any: 30 }, ['127.123.234.0/26']),
      expect: [['127.123.234.64/30'], ['127.123.234.68/30']],
    },
    {
      name: 'none, where Services have all',
      ranges: rangesOf(['127.123.234.0/28'], { any: 30 }, ['127.123.0.0/16']),
      expect: [undefined],
    },
    {
      name: 'none that other nodes have',
      ranges: rangesOf(['127.123.234.0/24'], { any: 30 }),
      there: [node('x', '127.123.234.0/30'), node('y', '127.123.234.4/30'), node('z', '127.123.234.12/30')],
      expect: [['127.123.234.8/30'], ['127.123.234.16/30']],
    },
    {
      name: 'ranges of elsewhere take nothing',
      ranges: rangesOf(['127.123.234.0/28'], { any: 30 }),
      there: [node('x', '10.0.0.0/24'), node('y', '127.123.234.0/30', 'fd00::/64')],
      expect: [['127.123.234.4/30']],
    },
    {
      name: 'one of each family',
      ranges: rangesOf(['127.123.234.0/8', 'ace:cab:deca::/84'], { ipv4: 24, ipv6: 98 }),
      expect: [
        ['127.0.0.0/24', 'ace:cab:deca::/98'],
        ['127.0.1.0/24', 'ace:cab:deca::4000:0/98'],
      ],
    },
    {
      name: 'in the order of the families',
      ranges: rangesOf(['ace:cab:deca::/56', '10.0.0.0/16']),
      expect: [
        ['ace:cab:deca::/64', '10.0.0.0/24'],
        ['ace:cab:deca:1::/64', '10.0.1.0/24'],
      ],
    },
    { name: 'none when there is but one', ranges: rangesOf(['10.0.0.0/24']), expect: [['10.0.0.0/24'], undefined] },
    {
      name: 'none when one family has none',
      ranges: rangesOf(['10.0.0.0/16', 'fd00::/64']),
      expect: [['10.0.0.0/24', 'fd00::/64'], undefined],
    },
  ])('$name', ({ ranges, there = [], expect: expected }) => {
    expect(expected.map((_, i) => ranges.of(node(`n${i}`), () => there))).toEqual(expected)
  })

  it('are a node’s own until it goes, and then those that come round last', () => {
    const ranges = rangesOf(['10.0.0.0/22'])
    const take = (name: string) => ranges.of(node(name), () => [])?.[0]
    expect([take('a'), take('b'), take('a')]).toEqual(['10.0.0.0/24', '10.0.1.0/24', '10.0.0.0/24'])
    ranges.release('a')
    expect([take('c'), take('d'), take('e'), take('f')]).toEqual(['10.0.2.0/24', '10.0.3.0/24', '10.0.0.0/24', undefined])
    ranges.release('b')
    expect(take('f')).toBe('10.0.1.0/24')
  })

  it('that two nodes were given by hand stay taken while one of them is there', () => {
    const ranges = rangesOf(['10.0.0.0/23'])
    for (const name of ['a', 'b']) ranges.of(node(name, '10.0.0.0/24'), () => [])
    ranges.release('a')
    expect(ranges.of(node('c'), () => [])).toEqual(['10.0.1.0/24'])
    expect(ranges.of(node('d'), () => [])).toBeUndefined()
  })

  it('are enough for very many nodes when nothing is said', () => {
    const ranges = new NodeRanges(defaultClusterRanges(['10.96.0.0/12', 'fd00:10:96::/112']), ['10.96.0.0/12', 'fd00:10:96::/112'])
    const all = Array.from({ length: 5000 }, (_, i) => ranges.of(node(`n${i}`), () => [])!)
    expect([0, 1, 3071, 3072].map((i) => all[i])).toEqual([
      ['10.244.0.0/24', 'fd00:10:244::/64'],
      ['10.244.1.0/24', 'fd00:10:244:1::/64'],
      ['10.255.255.0/24', 'fd00:10:244:bff::/64'],
      ['10.128.0.0/24', 'fd00:10:244:c00::/64'],
    ])
    expect(new Set(all.flat()).size).toBe(10_000)
  })
})

test.each<{ name: string; cidrs: string[]; lengths?: NodeLengths; expect: string }>([
  { name: 'no CIDR', cidrs: ['10.0.0.0'], expect: 'must be a CIDR' },
  { name: 'one family twice', cidrs: ['10.0.0.0/16', '11.0.0.0/16'], expect: 'must be a CIDR' },
  { name: 'three', cidrs: ['10.0.0.0/16', 'fd00::/64', '11.0.0.0/16'], expect: 'must be a CIDR' },
  { name: 'smaller than a node’s', cidrs: ['10.0.0.0/25'], expect: 'less than or equal to --node-cidr-mask-size' },
  { name: 'too many parts', cidrs: ['fd00::/47'], expect: '65,536th' },
  { name: 'one size for two families', cidrs: ['10.0.0.0/16', 'fd00::/64'], lengths: { any: 24 }, expect: 'not allowed with dual-stack' },
  { name: 'a size of each and one of all', cidrs: ['10.0.0.0/16'], lengths: { any: 24, ipv4: 24 }, expect: 'not allowed if' },
  { name: 'IPv4’s in a cluster of IPv6', cidrs: ['fd00::/64'], lengths: { ipv4: 24 }, expect: 'single-stack IPv6' },
  { name: 'IPv6’s in a cluster of IPv4', cidrs: ['10.0.0.0/16'], lengths: { ipv6: 64 }, expect: 'single-stack IPv4' },
])('--cluster-cidr can’t be: $name', ({ cidrs, lengths = {}, expect: expected }) => {
  expect(clusterRanges(cidrs, lengths)).toContain(expected)
})

test('a node gets its ranges once, and is told when there are none', () => {
  expect(reconcileRanges({ node: node('n'), ranges: ['10.0.0.0/24', 'fd00::/64'] }).actions).toEqual([
    {
      verb: 'patch',
      target: { resource: 'nodes', namespace: '', name: 'n' },
      patch: { metadata: { uid: 'uid-n' }, spec: { podCIDR: '10.0.0.0/24', podCIDRs: ['10.0.0.0/24', 'fd00::/64'] } },
    },
  ])
  expect(reconcileRanges({ node: node('n', '10.0.0.0/24'), ranges: ['10.0.0.0/24'] })).toEqual({})
  expect(reconcileRanges({ node: node('n'), ranges: undefined })).toMatchObject({
    events: [{ type: 'Normal', reason: 'CIDRNotAvailable', message: 'Node n status is now: CIDRNotAvailable' }],
    isIncomplete: true,
  })
})

test.each<{ flags: string[]; expect: unknown[] }>([
  { flags: [], expect: [['10.128.0.0/9', 24]] },
  {
    flags: ['--service-cluster-ip-range=fd00:1::/112,10.1.0.0/16'],
    expect: [
      ['fd00:10:244::/48', 64],
      ['10.128.0.0/9', 24],
    ],
  },
  { flags: ['--cluster-cidr=10.1.2.3/16'], expect: [['10.1.0.0/16', 24]] },
  {
    flags: ['--cluster-cidr=10.1.0.0/16,fd00:2::/56', '--node-cidr-mask-size-ipv4=26'],
    expect: [
      ['10.1.0.0/16', 26],
      ['fd00:2::/56', 64],
    ],
  },
  { flags: ['--node-cidr-mask-size=20'], expect: [['10.128.0.0/9', 20]] },
])('$flags', ({ flags, expect: expected }) => {
  const { clusterRanges: ranges } = readConfig(flags, {}) as Config
  expect(ranges.map(({ cidr, nodeLength }) => [cidr, nodeLength])).toEqual(expected)
})

test('node ranges may be left to others', () => {
  const controllers = (...flags: string[]) => (readConfig(flags, {}) as Config).controllers
  expect(controllers().has('node-ipam')).toBe(true)
  expect(controllers('--allocate-node-cidrs=false').has('node-ipam')).toBe(false)
  expect(controllers('--controllers=*,-nodeipam').has('node-ipam')).toBe(false)
  expect(() => controllers('--allocate-node-cidrs=no')).toThrow('--allocate-node-cidrs must be true or false, not "no".')
  expect(() => controllers('--cluster-cidr=x')).toThrow('--cluster-cidr must be a CIDR, or one of IPv4 and one of IPv6.')
})
