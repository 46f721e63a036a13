import { expect, it } from 'vitest'
import type { Node } from '../../src/api/types.gen.ts'
import { ConfigError, readConfig } from '../../src/config.ts'
import { nodesOfPool, parseNodePool, resize } from '../../src/nodes/node-pool.ts'

it.each([
  { name: 'a name alone', given: 'name=gpu', expected: { name: 'gpu', count: 1 } },
  {
    name: 'all there is',
    given:
      'name=gpu,count=2,cpu=16, memory=64Gi,label:tier=ml,zone=a,zone=b,taint:dedicated=ml:NoSchedule,taint:spot:NoExecute,nvidia.com/gpu=2',
    expected: {
      name: 'gpu',
      count: 2,
      labels: { tier: 'ml' },
      zones: ['a', 'b'],
      taints: [
        { key: 'dedicated', value: 'ml', effect: 'NoSchedule' },
        { key: 'spot', effect: 'NoExecute' },
      ],
      capacity: { cpu: '16', memory: '64Gi', 'nvidia.com/gpu': '2' },
    },
  },
  { name: 'labels with a domain', given: 'name=a,label:x.io/y=z', expected: { name: 'a', count: 1, labels: { 'x.io/y': 'z' } } },
  { name: 'no name', given: 'count=2', expected: 'a node pool needs a name such as gpu, not ""' },
  {
    name: 'a count that is none',
    given: 'name=a,count=many',
    expected: 'count must be a whole number from 0 to 9007199254740991, not null',
  },
  { name: 'an amount that is none', given: 'name=a,cpu=lots', expected: '"cpu=lots" is no setting of a node pool' },
  { name: 'something else', given: 'name=a,colour=red', expected: '"colour=red" is no setting of a node pool' },
  { name: 'a taint without an effect', given: 'name=a,taint:x=y', expected: 'taint:x=y must be taint:KEY=VALUE:EFFECT' },
])('parseNodePool: $name', ({ given, expected }) => {
  if (typeof expected === 'string') expect(() => parseNodePool(given)).toThrow(expected)
  else expect(parseNodePool(given)).toEqual(expected)
})

it('spreads a pool over its zones', () => {
  const nodes = nodesOfPool({ name: 'w', count: 3, zones: ['a', 'b'], labels: { tier: 'x' } })
  expect(nodes.map(({ metadata }) => [metadata.name, metadata.labels])).toEqual(
    ['a', 'b', 'a'].map((zone, i) => [`w-${i + 1}`, { tier: 'x', 'topology.kubernetes.io/zone': zone, 'coracle.dev/node-pool': 'w' }]),
  )
})

it.each([
  { name: 'grows', there: ['w-1'], count: 3, joining: ['w-2', 'w-3'], leaving: [] },
  { name: 'fills gaps', there: ['w-2'], count: 2, joining: ['w-1'], leaving: [] },
  { name: 'shrinks from its end', there: ['w-1', 'w-2', 'w-10'], count: 1, joining: [], leaving: ['w-10', 'w-2'] },
  { name: 'goes', there: ['w-1'], count: 0, joining: [], leaving: ['w-1'] },
])('a pool $name', ({ there, count, joining, leaving }) => {
  const nodes = there.map((name) => ({ metadata: { name } }) as Node)
  const change = resize({ name: 'w', count }, nodes)
  expect(change.joining.map(({ metadata }) => metadata.name)).toEqual(joining)
  expect(change.leaving.map(({ metadata }) => metadata.name)).toEqual(leaving)
})

it('flags', () => {
  const read = (args: string[], environment = {}) => {
    const config = readConfig(args, environment)
    return typeof config === 'string'
      ? undefined
      : { nodes: config.nodes, pools: config.nodePools, churn: config.churn, folder: config.staticPods }
  }
  expect(read([])).toEqual({ nodes: 3, pools: [], churn: [], folder: undefined })
  expect(read(['--node-pool', 'name=a', '--node-pool=name=b,count=2'])).toMatchObject({ nodes: 0, pools: [{ name: 'a' }, { name: 'b' }] })
  expect(read(['--node-pool', 'name=a', '--nodes', '1'])).toMatchObject({ nodes: 1 })
  expect(read([], { CORACLE_NODE_POOL: 'name=a; name=b' })).toMatchObject({ pools: [{ name: 'a' }, { name: 'b' }] })
  expect(read(['--churn', '@hourly reboot node-1'])).toMatchObject({ churn: ['@hourly reboot node-1'] })
  expect(read(['--static-pods', 'x'])).toMatchObject({ folder: 'x' })
  expect(() => read(['--node-pool', 'count=1'])).toThrow(
    new ConfigError('--node-pool count=1: a node pool needs a name such as gpu, not "".'),
  )
  expect(() => read(['--churn', '@hourly explode node-1'])).toThrow(
    /^--churn @hourly explode node-1: "explode" is none of the actions cordon, /,
  )
})
