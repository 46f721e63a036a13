/** What fits into a node, which node has the most left, and where cpu and memory are used alike. */
import { describe, expect, it } from 'vitest'
import type { Node, Pod } from '../../src/api/types.gen.ts'
import { container, node, type PodMore, pod, Question, wakes, worldOf } from '../support/scheduler-world.ts'

type Amounts = Record<string, string>
/** `cpu memory`, with `-` for none. */
const asking = (text: string, more: Amounts = {}): Amounts => {
  const [cpu, memory] = text.split(' ')
  return { ...(cpu && cpu !== '-' && { cpu }), ...(memory && memory !== '-' && { memory }), ...more }
}
const runs = (...requests: readonly (string | Amounts)[]) =>
  requests.map((each) => container(typeof each === 'string' ? asking(each) : each))
const starts = (...requests: readonly (string | Amounts)[]) => ({ initContainers: runs(...requests) })
const sidecars = (...requests: readonly string[]) => ({
  initContainers: runs(...requests).map((each) => ({ ...each, restartPolicy: 'Always' })),
})

describe('room', () => {
  const ROOM = { cpu: '10m', memory: '20', pods: '32', 'ephemeral-storage': '20', 'example.com/aaa': '5', 'hugepages-2Mi': '5' }
  const rows: [name: string, used: PodMore, spec: PodMore, why: string[]][] = [
    ['nothing asked for', { asks: asking('10m 20') }, {}, []],
    ['too much of both', { asks: asking('10m 20') }, { asks: asking('1m 1') }, ['Insufficient cpu?', 'Insufficient memory?']],
    ['too much of one of them', { asks: asking('8m 19') }, { asks: asking('1m 2') }, ['Insufficient memory?']],
    ['an init container asks for too much', { asks: asking('8m 19') }, { asks: asking('1m 1'), ...starts('3m 1') }, ['Insufficient cpu?']],
    [
      'the greediest of several init containers',
      { asks: asking('8m 19') },
      { asks: asking('1m 1'), ...starts('2m 1', '3m 1') },
      ['Insufficient cpu?'],
    ],
    ['memory of an init container', { asks: asking('9m 19') }, { asks: asking('1m 1'), ...starts('1m 3') }, ['Insufficient memory?']],
    ['memory of the greediest', { asks: asking('9m 19') }, { asks: asking('1m 1'), ...starts('1m 1', '1m 2') }, ['Insufficient memory?']],
    ['an init container no greedier than the others', { asks: asking('9m 19') }, { asks: asking('1m 1'), ...starts('1m 1') }, []],
    ['several init containers no greedier', { asks: asking('9m 19') }, { asks: asking('1m 1'), ...starts('1m 1', '1m 1') }, []],
    ['sidecars add up', { asks: asking('5m 5') }, { asks: asking('3m 3'), ...sidecars('2m 2') }, []],
    ['sidecars add up to too much', { asks: asking('5m 5') }, { asks: asking('4m 3'), ...sidecars('2m 2') }, ['Insufficient cpu?']],
    [
      'a sidecar runs beside the init containers after it',
      { asks: asking('5m 5') },
      { asks: asking('1m 1'), initContainers: [...sidecars('2m 1').initContainers, ...runs('4m 1')] },
      ['Insufficient cpu?'],
    ],
    [
      'not beside those before it',
      { asks: asking('5m 5') },
      { asks: asking('1m 1'), initContainers: [...runs('4m 1'), ...sidecars('2m 1').initContainers] },
      [],
    ],
    ['both fit', { asks: asking('5m 5') }, { asks: asking('1m 1') }, []],
    ['only memory fits', { asks: asking('9m 5') }, { asks: asking('2m 1') }, ['Insufficient cpu?']],
    ['only cpu fits', { asks: asking('5m 19') }, { asks: asking('1m 2') }, ['Insufficient memory?']],
    ['just as much as is left', { asks: asking('5m 19') }, { asks: asking('4m 1') }, []],
    ['just as much, by an init container', { asks: asking('5m 19') }, { asks: asking('4m 1'), ...starts('5m 1') }, []],
    ['more than the node ever has', {}, { asks: asking('11m 1') }, ['Insufficient cpu']],
    [
      'one more than it ever has, another full',
      { asks: asking('- 20') },
      { asks: asking('11m 1') },
      ['Insufficient cpu', 'Insufficient memory'],
    ],
    ['a resource of a device', {}, { asks: { 'example.com/aaa': '1' } }, []],
    ['of a device, by an init container', {}, { ...starts({ 'example.com/aaa': '1' }) }, []],
    ['of a device, more than there are', {}, { asks: { 'example.com/aaa': '10' } }, ['Insufficient example.com/aaa']],
    ['more than there are, by an init container', {}, { ...starts({ 'example.com/aaa': '10' }) }, ['Insufficient example.com/aaa']],
    [
      'of a device, more than is left',
      { asks: { 'example.com/aaa': '5' } },
      { asks: { 'example.com/aaa': '1' } },
      ['Insufficient example.com/aaa?'],
    ],
    [
      'of several containers',
      { asks: { 'example.com/aaa': '2' } },
      { containers: runs({ 'example.com/aaa': '3' }, { 'example.com/aaa': '3' }) },
      ['Insufficient example.com/aaa'],
    ],
    [
      'of several init containers',
      { asks: { 'example.com/aaa': '2' } },
      { ...starts({ 'example.com/aaa': '3' }, { 'example.com/aaa': '3' }) },
      [],
    ],
    [
      'of the greediest init container',
      { asks: { 'example.com/aaa': '3' } },
      { ...starts({ 'example.com/aaa': '3' }, { 'example.com/aaa': '1' }) },
      ['Insufficient example.com/aaa?'],
    ],
    ['of no device that is there', {}, { asks: { 'example.com/bbb': '1' } }, ['Insufficient example.com/bbb']],
    ['of no device, by an init container', {}, { ...starts({ 'example.com/bbb': '1' }) }, ['Insufficient example.com/bbb']],
    ['of Kubernetes', {}, { asks: { 'kubernetes.io/something': '10' } }, ['Insufficient kubernetes.io/something']],
    ['huge pages', {}, { asks: { 'hugepages-2Mi': '10' } }, ['Insufficient hugepages-2Mi']],
    [
      'huge pages of several',
      { asks: { 'hugepages-2Mi': '2' } },
      { containers: runs({ 'hugepages-2Mi': '2' }, { 'hugepages-2Mi': '2' }) },
      ['Insufficient hugepages-2Mi?'],
    ],
    ['none of a device', {}, { asks: { 'example.com/bbb': '0' } }, []],
    ['overhead too', { asks: asking('5m 5') }, { asks: asking('1m 1'), overhead: asking('3m 13') }, []],
    ['too much overhead', { asks: asking('5m 5') }, { asks: asking('1m 1'), overhead: asking('1m 15') }, ['Insufficient memory?']],
    ['pod level above the containers', { asks: asking('5m 5') }, { asks: asking('1m 1'), resources: { requests: asking('3m 2') } }, []],
    [
      'too much cpu at pod level',
      { asks: asking('5m 5') },
      { asks: asking('1m 1'), resources: { requests: asking('7m 2') } },
      ['Insufficient cpu?'],
    ],
    [
      'too much memory at pod level',
      { asks: asking('5m 5') },
      { asks: asking('1m 1'), resources: { requests: asking('3m 16') } },
      ['Insufficient memory?'],
    ],
    ['huge pages at pod level', {}, { resources: { requests: { 'hugepages-2Mi': '5' } } }, []],
    [
      'too many huge pages at pod level',
      { asks: { 'hugepages-2Mi': '2' } },
      { resources: { requests: { 'hugepages-2Mi': '5' } } },
      ['Insufficient hugepages-2Mi?'],
    ],
    [
      'pod level covers the init containers',
      { asks: asking('5m 5') },
      { asks: asking('1m 1'), ...starts('9m 9'), resources: { requests: asking('3m 2') } },
      [],
    ],
    ['storage', { asks: { 'ephemeral-storage': '10' } }, { asks: { 'ephemeral-storage': '10' } }, []],
    [
      'too much storage',
      { asks: { 'ephemeral-storage': '10' } },
      { asks: { 'ephemeral-storage': '11' } },
      ['Insufficient ephemeral-storage?'],
    ],
    ['more storage than there is', {}, { asks: { 'ephemeral-storage': '25' } }, ['Insufficient ephemeral-storage']],
    ['no storage', { asks: { 'ephemeral-storage': '20' } }, { asks: asking('1m 1') }, []],
    ['pods that are over need nothing', { asks: asking('10m 20'), status: { phase: 'Failed' } }, { asks: asking('1m 1') }, []],
    [
      'pods that are leaving still need it',
      { asks: asking('10m 20'), metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } },
      { asks: asking('1m -') },
      ['Insufficient cpu?'],
    ],
    [
      'a pod that is to shrink needs what it still has',
      { asks: asking('2m 2'), status: { containerStatuses: [{ name: 'main', resources: { requests: asking('10m 2') } }] } },
      { asks: asking('1m 1') },
      ['Insufficient cpu?'],
    ],
    [
      'a pod that is to grow needs what it will have',
      { asks: asking('10m 2'), status: { containerStatuses: [{ name: 'main', resources: { requests: asking('2m 2') } }] } },
      { asks: asking('1m 1') },
      ['Insufficient cpu?'],
    ],
    [
      'unless it can never grow',
      {
        asks: asking('10m 2'),
        status: {
          conditions: [{ type: 'PodResizePending', status: 'True', reason: 'Infeasible' }],
          containerStatuses: [{ name: 'main', resources: { requests: asking('2m 2') } }],
        },
      },
      { asks: asking('1m 1') },
      [],
    ],
  ]
  const asAWhole = (spec: string, inForce: string, more: object = {}): PodMore => ({
    asks: asking('1m 1'),
    resources: { requests: asking(spec) },
    status: { resources: { requests: asking(inForce) }, allocatedResources: asking(inForce), ...more },
  })
  rows.push(
    ['a pod that is to shrink as a whole', asAWhole('2m 2', '10m 2'), { asks: asking('1m 1') }, ['Insufficient cpu?']],
    ['a pod that is to grow as a whole', asAWhole('10m 2', '2m 2'), { asks: asking('1m 1') }, ['Insufficient cpu?']],
    [
      'a pod that can never grow as a whole',
      asAWhole('10m 2', '2m 2', { conditions: [{ type: 'PodResizePending', status: 'True', reason: 'Infeasible' }] }),
      { asks: asking('1m 1') },
      [],
    ],
    [
      'a pod of which only the cpu is asked for as a whole',
      { asks: asking('1m 5'), resources: { requests: asking('2m -') }, status: { resources: { requests: asking('2m 20') } } },
      { asks: asking('1m 15') },
      [],
    ],
  )
  it.each(rows)('%s', (_name, used, spec, why) => {
    const world = worldOf([node('a', { allocatable: ROOM })], [pod('x', { on: 'a', ...used })])
    expect(new Question(world, pod('p', spec)).why).toEqual(why)
  })

  it('grows when it is told that a pod which asked for more will never have it', () => {
    const grown = (more: object) =>
      pod('x', {
        on: 'a',
        asks: asking('10m 2'),
        status: { containerStatuses: [{ name: 'main', resources: { requests: asking('2m 2') } }], ...more },
      })
    const world = worldOf([node('a', { allocatable: ROOM })], [grown({})])
    expect(new Question(world, pod('p', { asks: asking('1m 1') })).why).toEqual(['Insufficient cpu?'])
    world.set('pods', grown({ conditions: [{ type: 'PodResizePending', status: 'True', reason: 'Infeasible' }] }))
    expect(new Question(world, pod('p', { asks: asking('1m 1') })).why).toEqual([])
  })

  it.each<[string, PodMore, PodMore, string[]]>([
    ['with nothing else short', {}, {}, ['Too many pods?']],
    [
      'with more short',
      { asks: asking('10m 20') },
      { asks: asking('1m 1') },
      ['Too many pods?', 'Insufficient cpu?', 'Insufficient memory?'],
    ],
    ['with just enough', { asks: asking('5m 19') }, { asks: asking('5m 1') }, ['Too many pods?']],
    [
      'with more short for an init container',
      { asks: asking('5m 19') },
      { asks: asking('5m 1'), ...starts('5m 2') },
      ['Too many pods?', 'Insufficient memory?'],
    ],
  ])('too many pods, %s', (_name, used, spec, why) => {
    const world = worldOf([node('a', { allocatable: { ...ROOM, pods: '1' } })], [pod('x', { on: 'a', ...used })])
    expect(new Question(world, pod('p', spec)).why).toEqual(why)
  })
})

/** `cpu memory` of each node, and of each of its pods. */
type Cluster = readonly (readonly [allocatable: string, ...pods: string[]])[]
function clusterOf(cluster: Cluster) {
  const nodes: Node[] = []
  const placed: Pod[] = []
  for (const [index, [allocatable, ...pods]] of cluster.entries()) {
    nodes.push(node(`n${index}`, { allocatable: asking(allocatable) }))
    for (const each of pods) placed.push(pod(`x${placed.length}`, { on: `n${index}`, asks: asking(each) }))
  }
  return worldOf(nodes, placed)
}
const byNode = (scores: readonly number[]) => Object.fromEntries(scores.map((score, index) => [`n${index}`, score]))

describe('least allocated', () => {
  // Where nothing is asked for a container counts as 100m and 200 MiB.
  it.each<[string, Cluster, PodMore, number[]]>([
    ['large nodes, one asking for nothing', [['4 10000Mi'], ['4 10000Mi']], {}, [97, 97]],
    ['nodes of different size', [['4 10000'], ['6 10000']], { containers: runs('1 2000', '2 3000') }, [37, 50]],
    ['pods that ask for nothing', [['4 10000Mi', '-', '-'], ['4 10000Mi']], {}, [93, 97]],
    [
      'pods that ask',
      [
        ['10 20000', '3 0'],
        ['10 20000', '3 5000', '3 0'],
      ],
      { asks: asking('0 0') },
      [85, 57],
    ],
    [
      'pods that ask, a pod that does',
      [
        ['10 20000', '3 0', '3 0'],
        ['10 20000', '3 5000', '3 0'],
      ],
      { containers: runs('1 2000', '2 3000') },
      [42, 30],
    ],
    [
      'nodes of different size with pods',
      [
        ['10 20000', '6 0'],
        ['10 50000', '6 5000'],
      ],
      { containers: runs('1 2000', '2 3000') },
      [42, 45],
    ],
    ['more than there is', [['4 10000'], ['4 10000']], { asks: asking('6 0') }, [50, 50]],
    ['nodes without anything', [['0 0'], ['0 0']], { asks: asking('1 1') }, [0, 0]],
    ['a node without one of them counts the other', [['4 0'], ['4 10000']], { asks: asking('1 5000') }, [75, 62]],
    ['sidecars', [['4 10000'], ['6 10000']], { asks: asking('2 3000'), ...sidecars('1 2000') }, [37, 50]],
    ['an init container', [['4 10000'], ['4 20000']], { asks: asking('1 1000'), ...starts('2 5000') }, [50, 62]],
    ['pod level', [['4 10000']], { asks: asking('1 1000'), resources: { requests: asking('2 5000') } }, [50]],
    ['overhead', [['4 10000']], { asks: asking('1 2000'), overhead: asking('1 3000') }, [50]],
    ['a device does not count', [['4 10000']], { asks: asking('2 5000', { 'example.com/a': '1' }) }, [50]],
  ])('%s', (_name, cluster, spec, expected) => {
    expect(new Question(clusterOf(cluster), pod('p', spec)).rates('NodeResourcesFit')).toEqual(byNode(expected))
  })
})

describe('balance', () => {
  it.each<[string, Cluster, PodMore, number[] | undefined]>([
    ['nothing asked for', [['4 10000'], ['4 10000']], {}, undefined],
    ['nothing there yet', [['4 10000'], ['6 10000']], { containers: runs('1 2000', '2 3000') }, [68, 75]],
    [
      'pods that leave it as it is',
      [
        ['10 20000', '3 0', '3 0'],
        ['10 20000', '3 5000', '3 0'],
      ],
      { containers: runs('1 2000', '2 3000') },
      [73, 74],
    ],
    [
      'nodes of different size',
      [
        ['10 20000', '3 0', '3 0'],
        ['10 50000', '3 5000', '3 0'],
      ],
      { containers: runs('1 2000', '2 3000') },
      [73, 70],
    ],
    [
      'the best and the worst',
      [
        ['6 6000', '3 0'],
        ['4 4000', '0 3000'],
      ],
      { asks: asking('0 3000') },
      [87, 69],
    ],
    ['more than there is', [['6 10000', '3 0', '3 5000']], { containers: runs('1 2000', '2 3000') }, [87]],
    ['memory alone', [['10 20000', '5 0']], { asks: asking('- 10000') }, [87]],
  ])('%s', (_name, cluster, spec, expected) => {
    expect(new Question(clusterOf(cluster), pod('p', spec)).rates('NodeResourcesBalancedAllocation')).toEqual(expected && byNode(expected))
  })
})

describe('what wakes those that found no room', () => {
  const waiting = pod('p', { asks: asking('1 1') })
  const placed = (text: string) => pod('x', { on: 'a', asks: asking(text) })
  it.each<[string, Pod, object | undefined, object | undefined, boolean]>([
    ['a pod that goes', waiting, placed('1 1'), undefined, true],
    ['a pod that comes', waiting, undefined, placed('1 1'), false],
    ['a pod that grows', waiting, placed('1 1'), placed('2 1'), false],
    ['a pod that shrinks', waiting, placed('2 1'), placed('1 1'), true],
    ['a pod that shrinks in something else', pod('p', { asks: asking('1 -') }), placed('1 2'), placed('1 1'), false],
    ['a pod of which only labels change', waiting, placed('1 1'), { ...placed('1 1'), metadata: pod('x', { is: 'a=b' }).metadata }, false],
    [
      'a device that is freed',
      pod('p', { asks: { 'a.io/x': '1' } }),
      pod('x', { asks: { 'a.io/x': '2' } }),
      pod('x', { asks: { 'a.io/x': '1' } }),
      true,
    ],
  ])('%s', (_name, asked, old, current, expected) => {
    expect(wakes('NodeResourcesFit', asked, 'pods', old, current)).toBe(expected)
  })

  const sized = (cpu: string, memory = '10', more: Amounts = {}) => node('a', { allocatable: { cpu, memory, pods: '10', ...more } })
  it.each<[string, object | undefined, object, boolean]>([
    ['a new node that is too small', undefined, sized('500m'), false],
    ['a new node', undefined, sized('2'), true],
    ['more of what is asked for', sized('1'), sized('2'), true],
    ['more, but not enough', sized('100m'), sized('500m'), false],
    ['as much as before', sized('2'), sized('2'), false],
    ['more of something else', sized('2', '10'), sized('2', '10', { 'a.io/x': '1' }), false],
    ['less', sized('3'), sized('2'), false],
    ['room for more pods', sized('2'), sized('2', '10', { pods: '20' }), true],
  ])('%s', (_name, old, current, expected) => {
    expect(wakes('NodeResourcesFit', waiting, 'nodes', old, current)).toBe(expected)
  })

  it('a node that goes is no help', () => {
    expect(wakes('NodeResourcesFit', waiting, 'nodes', sized('2'), undefined)).toBe(false)
  })
})
