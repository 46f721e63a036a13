/** Which nodes a pod may be on by what both say: cordons, taints, node affinity, host ports. */
import { describe, expect, it } from 'vitest'
import type { Node } from '../../src/api/types.gen.ts'
import {
  container,
  labels,
  node,
  nodes,
  onNodes,
  type PodMore,
  pod,
  Question,
  wakes,
  withHostPort,
  worldOf,
} from '../support/scheduler-world.ts'

const tolerating = (...tolerations: readonly object[]) => ({ tolerations: tolerations as never[] })
const expressions = (...texts: readonly string[]) => ({
  matchExpressions: texts.map((text) => {
    const [key, operator, values] = text.split(' ')
    return { key: key!, operator: operator!, ...(values !== undefined && { values: values.split(',') }) }
  }),
})
const named = (operator: string, name: string) => ({ matchFields: [{ key: 'metadata.name', operator, values: [name] }] })
const CORDONED = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }
const AFFINITY = "node(s) didn't match Pod's node affinity/selector"

describe('cordoned nodes', () => {
  it.each<[string, Node, PodMore, string]>([
    ['refuse', node('a', { unschedulable: true }), {}, ''],
    ['take what tolerates the taint', node('a', { unschedulable: true }), tolerating(CORDONED), 'a'],
    ['take what tolerates everything', node('a', { unschedulable: true }), tolerating({ operator: 'Exists' }), 'a'],
    ['refuse what tolerates another effect', node('a', { unschedulable: true }), tolerating({ ...CORDONED, effect: 'NoExecute' }), ''],
    ['are those that say so', node('a', { unschedulable: false }), {}, 'a'],
  ])('%s', (_name, on, spec, fits) => {
    const question = new Question(worldOf([on]), pod('p', spec))
    expect(question.fits).toBe(fits)
    expect(question.why).toEqual(fits === '' ? ['node(s) were unschedulable'] : [])
  })

  it.each<[string, boolean | undefined, boolean | undefined, boolean]>([
    ['a new one', undefined, true, false],
    ['a new one that is open', undefined, false, true],
    ['one that is opened', true, false, true],
    ['one that is cordoned', false, true, false],
    ['one that stays open', false, false, false],
    ['one that stays cordoned', true, true, false],
  ])('wake those they refused: %s', (_name, before, now, expected) => {
    const old = before === undefined ? undefined : node('a', { unschedulable: before })
    expect(wakes('NodeUnschedulable', pod('p'), 'nodes', old, node('a', { unschedulable: now! }))).toBe(expected)
  })
})

describe('taints', () => {
  const user1 = { key: 'dedicated', value: 'user1', effect: 'NoSchedule' }
  it.each<[string, readonly string[], PodMore, boolean]>([
    ['nothing tolerated', ['dedicated=user1:NoSchedule'], {}, false],
    ['the same', ['dedicated=user1:NoSchedule'], tolerating(user1), true],
    ['another value', ['dedicated=user2:NoSchedule'], tolerating({ ...user1, operator: 'Equal' }), false],
    ['any value', ['foo=bar:NoSchedule'], tolerating({ key: 'foo', operator: 'Exists', effect: 'NoSchedule' }), true],
    ['any value of another key', ['foo=bar:NoSchedule'], tolerating({ key: 'bar', operator: 'Exists' }), false],
    [
      'one for each of two',
      ['dedicated=user2:NoSchedule', 'foo=bar:NoSchedule'],
      tolerating({ ...user1, value: 'user2' }, { key: 'foo', operator: 'Exists' }),
      true,
    ],
    ['one of two', ['dedicated=user1:NoSchedule', 'foo=bar:NoSchedule'], tolerating(user1), false],
    ['the same with another effect', ['foo=bar:NoSchedule'], tolerating({ key: 'foo', value: 'bar', effect: 'PreferNoSchedule' }), false],
    ['any effect', ['foo=bar:NoSchedule'], tolerating({ key: 'foo', value: 'bar' }), true],
    ['any effect of NoExecute', ['foo=bar:NoExecute'], tolerating({ key: 'foo', value: 'bar' }), true],
    ['what is only preferred', ['dedicated=user1:PreferNoSchedule'], {}, true],
    ['what is only preferred, of another', ['dedicated=user1:PreferNoSchedule'], tolerating({ ...user1, value: 'user2' }), true],
    ['a value of nothing', ['a:NoSchedule'], tolerating({ key: 'a', operator: 'Equal', value: '' }), true],
    ['an operator that is not on', ['a=5:NoSchedule'], tolerating({ key: 'a', operator: 'Gt', value: '3' }), false],
    [
      'an operator that is not on, beside one that is',
      ['a=5:NoSchedule'],
      tolerating({ key: 'a', operator: 'Lt', value: '9' }, { key: 'a', value: '5' }),
      true,
    ],
  ])('%s', (_name, taints, spec, isFit) => {
    const question = new Question(worldOf([node('a', { taints })]), pod('p', spec))
    expect(question.fits).toBe(isFit ? 'a' : '')
    expect(question.why).toEqual(isFit ? [] : ['node(s) had untolerated taint(s)'])
  })

  const prefer = (...values: readonly string[]) => values.map((value) => `${value}:PreferNoSchedule`)
  it.each<[string, readonly (readonly string[])[], PodMore, Record<string, number>]>([
    ['none', [[], []], {}, { n0: 100, n1: 100 }],
    ['tolerated or not', [prefer('foo=bar'), prefer('foo=blah')], tolerating({ key: 'foo', value: 'bar' }), { n0: 100, n1: 0 }],
    [
      'however many are tolerated',
      [[], prefer('cpu=arm64'), prefer('cpu=arm64', 'disk=ssd')],
      tolerating({ key: 'cpu', value: 'arm64' }, { key: 'disk', value: 'ssd' }),
      { n0: 100, n1: 100, n2: 100 },
    ],
    [
      'the more the worse',
      [[], prefer('cpu=arm64'), prefer('cpu=arm64', 'disk=ssd')],
      tolerating({ key: 'foo' }),
      { n0: 100, n1: 50, n2: 0 },
    ],
    [
      'only of that effect',
      [['cpu=arm64:NoSchedule'], prefer('cpu=arm64')],
      tolerating({ key: 'cpu', value: 'arm64', effect: 'NoSchedule' }),
      { n0: 100, n1: 0 },
    ],
    ['a toleration for any effect', [[], prefer('a=b')], tolerating({ key: 'a', operator: 'Exists' }), { n0: 100, n1: 100 }],
    ['nothing tolerated', [[], prefer('cpu=arm64')], {}, { n0: 100, n1: 0 }],
  ])('rating: %s', (_name, taints, spec, expected) => {
    const cluster = taints.map((each, index) => node(`n${index}`, { taints: each }))
    expect(new Question(worldOf(cluster), pod('p', spec)).rates('TaintToleration')).toEqual(expected)
  })

  const tainted = (...taints: readonly string[]) => node('a', { taints })
  it.each<[string, Node | undefined, Node, boolean]>([
    ['a new node that is not tolerated', undefined, tainted('a=b:NoSchedule'), false],
    ['a new node', undefined, tainted('t:NoSchedule'), true],
    ['a taint that goes', tainted('a=b:NoSchedule'), tainted(), true],
    ['a taint that comes', tainted(), tainted('a=b:NoSchedule'), false],
    ['another taint that goes', tainted('a=b:NoSchedule', 'c:NoSchedule'), tainted('a=b:NoSchedule'), false],
    ['a tolerated taint that comes', tainted(), tainted('t:NoSchedule'), false],
  ])('wake those they refused: %s', (_name, old, current, expected) => {
    expect(wakes('TaintToleration', pod('p', tolerating({ key: 't', operator: 'Exists' })), 'nodes', old, current)).toBe(expected)
  })
})

describe('node affinity', () => {
  const selecting = (text: string) => ({ nodeSelector: labels(text) })
  it.each<[string, string, PodMore, boolean]>([
    ['a selector, without labels', 'a', selecting('foo=bar'), false],
    ['a selector, the same labels', 'a foo=bar', selecting('foo=bar'), true],
    ['a selector, more labels', 'a foo=bar baz=blah', selecting('foo=bar'), true],
    ['a selector, fewer labels', 'a foo=bar', selecting('foo=bar baz=blah'), false],
    ['In', 'a foo=bar', onNodes(expressions('foo In bar,value2')), true],
    ['In, of others', 'a foo=bar', onNodes(expressions('foo In value1,value2')), false],
    ['Gt', 'a kernel=0206', onNodes(expressions('kernel Gt 0204')), true],
    ['Gt, of the same', 'a kernel=204', onNodes(expressions('kernel Gt 204')), false],
    ['Lt', 'a kernel=203', onNodes(expressions('kernel Lt 204')), true],
    ['Gt of no number', 'a kernel=x', onNodes(expressions('kernel Gt 204')), false],
    ['NotIn', 'a mem=8', onNodes(expressions('mem NotIn 16,32')), true],
    ['NotIn, of no such label', 'a', onNodes(expressions('mem NotIn 16,32')), true],
    ['Exists', 'a GPU=NVIDIA', onNodes(expressions('GPU Exists')), true],
    ['DoesNotExist', 'a GPU=NVIDIA', onNodes(expressions('GPU DoesNotExist')), false],
    ['no terms', 'a foo=bar', onNodes(), false],
    ['a term of nothing', 'a foo=bar', onNodes({ matchExpressions: [] }), false],
    ['no affinity', 'a foo=bar', {}, true],
    ['an affinity to nothing in particular', 'a foo=bar', { affinity: { nodeAffinity: {} } }, true],
    ['all expressions of a term', 'a GPU=K80', onNodes(expressions('GPU Exists', 'GPU NotIn AMD,INTER')), true],
    ['all but one expression of a term', 'a GPU=K80', onNodes(expressions('GPU Exists', 'GPU In AMD,INTER')), false],
    ['one of the terms', 'a foo=bar', onNodes(expressions('foo In bar'), expressions('diff In wrong')), true],
    ['a selector too', 'a foo=bar', { ...onNodes(expressions('foo Exists')), ...selecting('foo=bar') }, true],
    ['a selector that says otherwise', 'a foo=barrrr', { ...onNodes(expressions('foo Exists')), ...selecting('foo=bar') }, false],
    ['a value that no label can have', 'a foo=bar', onNodes(expressions('foo NotIn invalid value:')), true],
    ['In of nothing', 'a foo=bar', onNodes(expressions('foo In')), false],
    ['its name', 'a', onNodes(named('In', 'a')), true],
    ['another name', 'a', onNodes(named('In', 'b')), false],
    ['not its name', 'a', onNodes(named('NotIn', 'a')), false],
    ['not another name', 'a', onNodes(named('NotIn', 'b')), true],
    ['another name, or a label', 'a foo=bar', onNodes(named('In', 'b'), expressions('foo In bar')), true],
    ['another name, and a label', 'a foo=bar', onNodes({ ...named('In', 'b'), ...expressions('foo In bar') }), false],
    ['its name and a label', 'a foo=bar', onNodes({ ...named('In', 'a'), ...expressions('foo In bar') }), true],
    ['another name, or another label', 'a foo=bar', onNodes(named('In', 'b'), expressions('foo In not-bar')), false],
  ])('%s', (_name, on, spec, isFit) => {
    const question = new Question(worldOf(nodes(on)), pod('p', spec))
    expect(question.fits).toBe(isFit ? 'a' : '')
    expect(question.why).toEqual(isFit ? [] : [AFFINITY])
  })

  it.each<[string, object[], string]>([
    ['of two names either will do', [named('In', 'a'), named('In', 'b')], 'a b'],
    ['of a name and a label either will do', [named('In', 'a'), expressions('disk Exists')], 'a c'],
    ['two names at once are nobody', [{ matchFields: [...named('In', 'a').matchFields, ...named('In', 'b').matchFields] }], ''],
  ])('%s', (_name, terms, expected) => {
    const question = new Question(worldOf(nodes('a', 'b', 'c disk=ssd')), pod('p', onNodes(...terms)))
    expect(question.fits).toBe(expected)
  })

  const preferring = (...terms: readonly (readonly [number, object])[]) => ({
    affinity: {
      nodeAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: terms.map(([weight, preference]) => ({ weight, preference })) as never[],
      },
    },
  })
  const cluster = nodes('a foo=bar', 'b key=value', 'c foo=bar key=value az=az1')
  it.each<[string, PodMore, Record<string, number> | undefined]>([
    ['nothing preferred', {}, undefined],
    ['nobody has it', preferring([2, expressions('x In y')]), { a: 0, b: 0, c: 0 }],
    ['some have it', preferring([2, expressions('key In value')]), { a: 0, b: 100, c: 100 }],
    [
      'all have some of it',
      preferring(
        [2, expressions('foo In bar')],
        [4, expressions('key In value')],
        [5, expressions('foo In bar', 'key In value', 'az In az1')],
      ),
      { a: 18, b: 36, c: 100 },
    ],
    ['a term of nothing', preferring([2, {}]), { a: 0, b: 0, c: 0 }],
    ['by name', preferring([1, named('In', 'b')]), { a: 0, b: 100, c: 0 }],
  ])('rating: %s', (_name, spec, expected) => {
    expect(new Question(worldOf(cluster), pod('p', spec)).rates('NodeAffinity')).toEqual(expected)
  })

  const [plain, match, other] = nodes('a zone=x', 'a foo=bar', 'a foo=bar more=b')
  it.each<[string, Node | undefined, Node, boolean]>([
    ['a new node that does not match', undefined, plain!, false],
    ['a new node', undefined, match!, true],
    ['one that comes to match', plain!, match!, true],
    ['one that matched before', match!, other!, false],
    ['one that ceases to match', match!, plain!, false],
  ])('wakes those it refused: %s', (_name, old, current, expected) => {
    expect(wakes('NodeAffinity', pod('p', onNodes(expressions('foo Exists'))), 'nodes', old, current)).toBe(expected)
  })
})

describe('host ports', () => {
  const rows: [name: string, wanted: readonly string[], taken: readonly string[], isFit: boolean][] = [
    ['none', [], [], true],
    ['none taken', ['8080/UDP'], [], true],
    ['other ports', ['8080/UDP'], ['9090/UDP'], true],
    ['the same of UDP', ['127.0.0.1:8080/UDP'], ['127.0.0.1:8080/UDP'], false],
    ['the same of TCP', ['127.0.0.1:8080'], ['127.0.0.1:8080'], false],
    ['the same of SCTP', ['8080/SCTP'], ['8080/SCTP'], false],
    ['another address', ['127.0.0.1:8080'], ['127.0.0.2:8080'], true],
    ['another protocol', ['127.0.0.1:8080/UDP'], ['127.0.0.1:8080/TCP'], true],
    ['the second', ['8000/UDP', '8080/UDP'], ['8080/UDP'], false],
    ['one of several', ['8001/TCP', '8080/UDP'], ['8001/TCP', '8081/UDP'], false],
    ['any address here', ['0.0.0.0:8001'], ['127.0.0.1:8001'], false],
    ['any address there', ['10.0.10.10:8001', '0.0.0.0:8002'], ['0.0.0.0:8001'], false],
    ['any address on both sides', ['0.0.0.0:8001'], ['8001'], false],
    ['one address of two that are not the same', ['127.0.0.1:8001'], ['127.0.0.2:8001'], true],
    ['any address, another protocol', ['0.0.0.0:8001/UDP'], ['127.0.0.1:8001/TCP'], true],
    ['any address of UDP', ['8080/UDP', '127.0.0.1:8001'], ['0.0.0.0:8080/UDP'], false],
  ]
  it.each(rows)('%s', (_name, wanted, taken, isFit) => {
    const world = worldOf([node('a')], [pod('x', { containers: [withHostPort(...taken)], on: 'a' })])
    const question = new Question(world, pod('p', { containers: [withHostPort(...wanted)] }))
    expect(question.fits).toBe(isFit ? 'a' : '')
    expect(question.why).toEqual(isFit ? [] : ["node(s) didn't have free ports for the requested pod ports?"])
  })

  it.each([
    ['of sidecars count', { restartPolicy: 'Always' }, ''],
    ['of init containers don’t', {}, 'a'],
  ])('%s', (_name, more, fits) => {
    const world = worldOf([node('a')], [pod('x', { containers: [withHostPort('8080')], on: 'a' })])
    const initContainers = [{ ...withHostPort('8080'), ...more }]
    expect(new Question(world, pod('p', { initContainers })).fits).toBe(fits)
  })

  const using = (...ports: readonly string[]) => pod('x', { containers: [withHostPort(...ports)], on: 'a' })
  it.each<[string, object | undefined, object | undefined, boolean]>([
    ['a pod that goes with the port', using('80', '81'), undefined, true],
    ['a pod that goes with another port', using('81'), undefined, false],
    ['a pod that goes without ports', pod('x', { containers: [container()], on: 'a' }), undefined, false],
    ['a pod that comes', undefined, using('80'), false],
  ])('wakes those they refused: %s', (_name, old, current, expected) => {
    expect(wakes('NodePorts', pod('p', { containers: [withHostPort('80')] }), 'pods', old, current)).toBe(expected)
  })

  it.each([
    ['a new node', undefined, true],
    ['a node that changes', node('a'), false],
  ])('wake those they refused: %s', (_name, old, expected) => {
    expect(wakes('NodePorts', pod('p'), 'nodes', old, node('a'))).toBe(expected)
  })
})
