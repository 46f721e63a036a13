import { describe, expect, it } from 'vitest'
import type { Node, Pod, PodCondition, ResourceRequirements } from '../../src/api/types.gen.ts'
import { compareResizes, makesRoom, whyResizeWaits } from '../../src/nodes/kubelet/pending-resizes.ts'
import { asAllocated, isResized } from '../../src/nodes/pod-allocation.ts'
import { resizeCompletion, resizeOf } from '../../src/nodes/pod-resize.ts'

const NOW = Date.parse('2026-01-01T01:00:00Z')
const EARLIER = '2026-01-01T00:00:00Z'

const amounts = (cpu: string, memory = '1Gi'): ResourceRequirements => ({ requests: { cpu, memory } })

interface Given {
  readonly name?: string
  readonly wants: ResourceRequirements
  readonly has: ResourceRequirements
  readonly generation?: number
  readonly conditions?: PodCondition[]
  readonly more?: object
}

const podOf = ({ name = 'p', wants, has, generation = 2, conditions = [], more = {} }: Given): Pod =>
  ({
    metadata: { name, uid: name, namespace: 'd', generation },
    spec: { containers: [{ name: 'c', resources: wants }], nodeName: 'n', ...more },
    status: {
      phase: 'Running',
      startTime: EARLIER,
      conditions,
      containerStatuses: [{ name: 'c', state: { running: { startedAt: EARLIER } }, resources: has, allocatedResources: has.requests }],
    },
  }) as unknown as Pod

const pending = (generation: number, since = EARLIER): PodCondition => ({
  type: 'PodResizePending',
  status: 'True',
  reason: 'Deferred',
  message: 'no room',
  lastTransitionTime: since,
  observedGeneration: generation,
})
const inProgress = (generation: number): PodCondition => ({
  type: 'PodResizeInProgress',
  status: 'True',
  lastTransitionTime: EARLIER,
  observedGeneration: generation,
})
const NO_ROOM = () => ({ reason: 'OutOfcpu', message: 'no room' })
const ROOM = () => undefined

describe('resizeOf', () => {
  const cases: [string, Given, typeof NO_ROOM | typeof ROOM, string[], string[], string][] = [
    ['nothing is asked for', { wants: amounts('1'), has: amounts('1') }, NO_ROOM, [], [], '1'],
    ['the same in other words', { wants: amounts('1000m', '1024Mi'), has: amounts('1') }, NO_ROOM, [], [], '1000m'],
    ['there is room', { wants: amounts('2'), has: amounts('1') }, ROOM, ['PodResizeInProgress 2 01'], ['ResizeStarted'], '1'],
    ['there is none', { wants: amounts('2'), has: amounts('1') }, NO_ROOM, ['PodResizePending 2 01'], ['ResizeDeferred'], '1'],
    [
      'there is still none',
      { wants: amounts('2'), has: amounts('1'), conditions: [pending(2)] },
      NO_ROOM,
      ['PodResizePending 2 00'],
      [],
      '1',
    ],
    [
      'something else is asked for, and there is still none',
      { wants: amounts('3'), has: amounts('1'), generation: 3, conditions: [pending(2)] },
      NO_ROOM,
      ['PodResizePending 3 00'],
      ['ResizeDeferred'],
      '1',
    ],
    [
      'now there is',
      { wants: amounts('2'), has: amounts('1'), conditions: [pending(2)] },
      ROOM,
      ['PodResizeInProgress 2 01'],
      ['ResizeStarted'],
      '1',
    ],
    ['it is taken back', { wants: amounts('1'), has: amounts('1'), conditions: [pending(2)] }, NO_ROOM, [], [], '1'],
    [
      'it was granted',
      { wants: amounts('2'), has: amounts('1'), conditions: [inProgress(2)] },
      NO_ROOM,
      ['PodResizeInProgress 2 00'],
      [],
      '2',
    ],
    [
      'more is asked for while another is under way',
      { wants: amounts('9'), has: amounts('1'), generation: 3, conditions: [inProgress(2)] },
      NO_ROOM,
      ['PodResizePending 3 01', 'PodResizeInProgress 2 00'],
      ['ResizeDeferred'],
      '1',
    ],
  ]
  it.each(cases)('%s', (_, given, whyDeferred, conditions, events, cpu) => {
    const resize = resizeOf(podOf(given), whyDeferred, NOW)
    expect(resize.conditions.map((each) => `${each.type} ${each.observedGeneration} ${each.lastTransitionTime?.slice(11, 13)}`)).toEqual(
      conditions,
    )
    expect(resize.events.map(({ reason }) => reason)).toEqual(events)
    expect(resize.pod.spec.containers[0]!.resources?.requests?.cpu).toBe(cpu)
  })

  it('tells of all containers, with the resources in order', () => {
    const pod = podOf({ wants: { requests: { memory: '1Gi', cpu: '2' }, limits: { memory: '2Gi', cpu: '2' } }, has: amounts('1') })
    const both = { ...pod, spec: { ...pod.spec, initContainers: [{ name: 'setup' }] } } as Pod
    const [event] = resizeOf(both, NO_ROOM, NOW).events
    expect(event).toMatchObject({
      type: 'Warning',
      message:
        'Pod resize OutOfcpu: {"initContainers":[{"name":"setup","resources":{}}],"containers":[{"name":"c","resources":' +
        '{"limits":{"cpu":"2","memory":"2Gi"},"requests":{"cpu":"2","memory":"1Gi"}}}],"generation":2,"error":"no room"}',
    })
  })

  it('is over when the containers have it', () => {
    const pod = podOf({ wants: amounts('2'), has: amounts('1'), generation: 5, conditions: [inProgress(4)] })
    expect(resizeCompletion(pod, pod.status!)).toBeUndefined()
    const now = podOf({ wants: amounts('2'), has: amounts('2') }).status!
    expect(resizeCompletion(pod, now)).toMatchObject({
      type: 'Normal',
      reason: 'ResizeCompleted',
      message: expect.stringContaining('"generation":4}'),
    })
  })
})

describe('asAllocated', () => {
  it('is what a pod has while it waits, and what it asks for once that is granted', () => {
    const cpu = (given: Given) => asAllocated(podOf(given)).spec.containers[0]!.resources?.requests?.cpu
    expect(cpu({ wants: amounts('2'), has: amounts('1') })).toBe('1')
    expect(cpu({ wants: amounts('2'), has: amounts('1'), conditions: [inProgress(2)] })).toBe('2')
    expect(cpu({ wants: amounts('2'), has: amounts('1'), generation: 3, conditions: [inProgress(2)] })).toBe('1')
  })

  it('leaves other resources as they are', () => {
    const wants = { requests: { cpu: '2', memory: '1Gi', 'ephemeral-storage': '1Gi' } }
    expect(asAllocated(podOf({ wants, has: { requests: { ...wants.requests, cpu: '1' } } })).spec.containers[0]!.resources).toEqual({
      requests: { cpu: '1', memory: '1Gi', 'ephemeral-storage': '1Gi' },
    })
  })

  it('may have no limit where one is asked for', () => {
    const pod = podOf({ wants: { ...amounts('1'), limits: { cpu: '2' } }, has: amounts('1') })
    expect(isResized(pod)).toBe(true)
    expect(asAllocated(pod).spec.containers[0]!.resources?.limits?.cpu).toBeUndefined()
  })
})

describe('which resize goes first', () => {
  const more = { wants: amounts('2'), has: amounts('1') }
  const guaranteed = (cpu: string) => ({ ...amounts(cpu), limits: { cpu, memory: '1Gi' } })
  it.each<[string, Given, Given]>([
    ['one for less', { wants: amounts('1'), has: amounts('2') }, { ...more, more: { priority: 1000 } }],
    ['the higher priority', { ...more, more: { priority: 10 } }, { ...more, conditions: [pending(2)] }],
    ['the guaranteed one', { wants: guaranteed('2'), has: guaranteed('1') }, { ...more, conditions: [pending(2)] }],
    [
      'the one that has waited longer',
      { ...more, conditions: [pending(2, EARLIER)] },
      { ...more, conditions: [pending(2, '2026-01-01T00:30:00Z')] },
    ],
    ['the one that was told to wait', { ...more, conditions: [pending(2)] }, more],
  ])('%s', (_, first, second) => {
    const [a, b] = [podOf({ ...first, name: 'z' }), podOf({ ...second, name: 'a' })]
    expect([compareResizes(a, b) < 0, compareResizes(b, a) > 0]).toEqual([true, true])
  })

  const node = { metadata: { name: 'n' }, spec: {}, status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110' } } } as unknown as Node
  it('leaves room for those before it, if there is any for them', () => {
    const waits = (name: string, cpu: string, since: string) =>
      podOf({ name, wants: amounts(cpu), has: amounts('1'), conditions: [pending(2, since)] })
    const first = waits('first', '3', EARLIER)
    const second = waits('second', '2', '2026-01-01T00:30:00Z')
    expect(whyResizeWaits(first, node, [first, second])).toBeUndefined()
    expect(whyResizeWaits(second, node, [first, second])?.reason).toBe('OutOfcpu')
    const tooLarge = waits('first', '5', EARLIER)
    expect(whyResizeWaits(tooLarge, node, [tooLarge, second])?.message).toBe(
      "Node didn't have enough resource: cpu, requested: 5000, used: 1000, capacity: 4000",
    )
    expect(whyResizeWaits(second, node, [tooLarge, second])).toBeUndefined()
  })

  it('is asked again when there is more room', () => {
    const [large, small] = [
      podOf({ wants: amounts('2'), has: amounts('2') }),
      podOf({ wants: amounts('1'), has: amounts('2'), conditions: [inProgress(2)] }),
    ]
    const ended = { ...large, status: { ...large.status, phase: 'Succeeded' } } as Pod
    expect([undefined, large, small, ended].map((current) => makesRoom(current, large))).toEqual([true, false, true, true])
    expect(makesRoom(large, small)).toBe(false)
  })
})
