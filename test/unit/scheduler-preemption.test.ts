/** Which pods make way for one of higher priority, and which don't. */
import { describe, expect, it } from 'vitest'
import type { Node, Pod } from '../../src/api/types.gen.ts'
import type { Plan } from '../../src/runtime/plan.ts'
import { near, node, nodes, type PodMore, pod, pods, shuns, spread, type World, withHostPort, worldOf } from '../support/scheduler-world.ts'

const small = (name: string) => node(name, { allocatable: { cpu: '4', memory: '4Gi' } })
interface Low extends PodMore {
  /** Cores. */
  readonly cpu?: string
  /** Seconds past midnight. */
  readonly started?: number
}
const low = (name: string, on: string, priority: number, { cpu = '1', started, ...more }: Low = {}) => {
  const startTime = started === undefined ? {} : { startTime: new Date(Date.parse('2026-01-01T00:00:00Z') + started * 1000).toISOString() }
  return pod(name, { on, priority, asks: { cpu }, status: startTime, ...more })
}
const high = (cpu: string, more: PodMore = {}) => pod('p', { priority: 100, asks: { cpu }, ...more })
const verbs = (plan: Plan | undefined, verb: string) =>
  (plan?.actions ?? []).filter((action) => action.verb === verb).map((action) => ('target' in action ? action.target.name : ''))
const nominee = (plan: Plan | undefined) => (plan?.status as Pod | undefined)?.status?.nominatedNodeName

/** `NODE: VICTIM …` */
function outcome(world: World, asked: Pod): string {
  const plan = world.set('pods', asked).run('default/p')
  return `${nominee(plan)}: ${verbs(plan, 'delete').join(' ')}`
}

describe('victims', () => {
  type Row = [name: string, nodes: readonly Node[], placed: readonly Pod[], asked: Pod, expected: string]
  const rows: Row[] = [
    ['all lower ones that must', [small('a')], [low('x', 'a', 1, { cpu: '2' }), low('y', 'a', 2, { cpu: '2' })], high('4'), 'a: y x'],
    ['not those that fit beside it', [small('a')], [low('x', 'a', 1), low('y', 'a', 2, { cpu: '3' })], high('3'), 'a: y'],
    ['the less important of two', [small('a')], [low('x', 'a', 1, { cpu: '2' }), low('y', 'a', 2, { cpu: '2' })], high('2'), 'a: x'],
    [
      'the one that started later',
      [small('a')],
      [low('x', 'a', 1, { cpu: '2', started: 1 }), low('y', 'a', 1, { cpu: '2', started: 2 })],
      high('2'),
      'a: y',
    ],
    ['none of the same priority', [small('a')], [low('x', 'a', 100, { cpu: '4' })], high('1'), 'undefined: '],
    [
      'none of higher priority',
      [small('a'), small('b')],
      [low('x', 'a', 101, { cpu: '4' }), low('y', 'b', 1, { cpu: '4' })],
      high('1'),
      'b: y',
    ],
    [
      'not where it would not help',
      [small('a'), node('b', { taints: ['k:NoSchedule'] })],
      [low('x', 'a', 1, { cpu: '4' }), low('y', 'b', 0)],
      high('1'),
      'a: x',
    ],
    [
      'not where it would not be enough',
      [small('a')],
      [low('x', 'a', 1, { cpu: '2' }), low('y', 'a', 200, { cpu: '2' })],
      high('3'),
      'undefined: ',
    ],
    [
      'medium ones go, small ones stay',
      [small('a'), small('b')],
      [low('s', 'a', 0, { cpu: '500m' }), low('m', 'a', 50, { cpu: '3' }), low('h', 'b', 200, { cpu: '4' })],
      high('3'),
      'a: m',
    ],
    [
      'one that shuns it',
      nodes('a zone=1'),
      pods('a:none', { priority: 1, ...shuns(near('me=', 'zone')) }),
      high('1', { is: 'me=' }),
      'a: a-0',
    ],
    ['one that it shuns', nodes('a zone=1'), pods('a', { priority: 1 }), high('1', shuns(near('foo=', 'zone'))), 'a: a-0'],
    [
      'not one elsewhere in the domain',
      nodes('a zone=1', 'b zone=1'),
      [...pods('a', { priority: 1 }), ...pods('b', { priority: 200 }).map((each) => ({ ...each }))],
      high('1', shuns(near('foo=', 'zone'))),
      'undefined: ',
    ],
    [
      'those too many in a domain',
      nodes('a zone=1', 'b zone=1', 'x zone=2'),
      [...pods('a b x', { priority: 1 }), ...pods('a:foo', { priority: 1, metadata: { name: 'more', uid: 'more', labels: { foo: '' } } })],
      high('1', {
        is: 'foo=',
        nodeSelector: { 'kubernetes.io/hostname': 'a' },
        topologySpreadConstraints: [spread('zone', 'foo=', { nodeAffinityPolicy: 'Ignore' })],
      }),
      'a: a-0 more',
    ],
    [
      'who has the port',
      [small('a')],
      [pod('x', { on: 'a', containers: [withHostPort('80')] })],
      high('1', { containers: [withHostPort('80')] }),
      'a: x',
    ],
    ['who has the last place', [node('a', { allocatable: { pods: '1' } })], [low('x', 'a', 1)], high('1'), 'a: x'],
    [
      'who has the device',
      [node('a', { allocatable: { 'a.io/x': '1' } })],
      [pod('x', { on: 'a', asks: { 'a.io/x': '1' } })],
      pod('p', { priority: 1, asks: { 'a.io/x': '1' } }),
      'a: x',
    ],
  ]
  it.each(rows)('%s', (_name, cluster, placed, asked, expected) => {
    expect(outcome(worldOf(cluster, placed), asked)).toBe(expected)
  })
})

describe('the node', () => {
  const A_B_C = ['a', 'b', 'c'].map(small)
  it.each<[string, readonly Pod[], string, string]>([
    ['that needs no victims', [low('x', 'a', 1, { cpu: '3' }), low('y', 'b', 1, { cpu: '3' })], '4', 'undefined: '],
    [
      'whose highest victim is lowest',
      [low('x', 'a', 5, { cpu: '4' }), low('y', 'b', 1, { cpu: '4' }), low('z', 'c', 9, { cpu: '4' })],
      '1',
      'b: y',
    ],
    [
      'whose victims weigh least in all',
      [
        low('x1', 'a', 5, { cpu: '2' }),
        low('x2', 'a', 5, { cpu: '2' }),
        low('y1', 'b', 5, { cpu: '2' }),
        low('y2', 'b', 1, { cpu: '2' }),
        low('z', 'c', 9, { cpu: '4' }),
      ],
      '4',
      'b: y1 y2',
    ],
    [
      'with fewest victims',
      [
        low('x1', 'a', -5, { cpu: '2' }),
        low('x2', 'a', -10, { cpu: '2' }),
        low('y', 'b', -5, { cpu: '4' }),
        low('z', 'c', 9, { cpu: '4' }),
      ],
      '4',
      'b: y',
    ],
    [
      'whose most important victims started latest',
      [
        low('x1', 'a', 5, { cpu: '2', started: 20 }),
        low('x2', 'a', 1, { cpu: '2', started: 0 }),
        low('y1', 'b', 5, { cpu: '2', started: 10 }),
        low('y2', 'b', 1, { cpu: '2', started: 30 }),
        low('z', 'c', 200, { cpu: '4' }),
      ],
      '4',
      'a: x1 x2',
    ],
    [
      'where of equal victims the first started latest',
      [
        low('x1', 'a', 5, { cpu: '2', started: 5 }),
        low('x2', 'a', 5, { cpu: '2', started: 50 }),
        low('y1', 'b', 5, { cpu: '2', started: 10 }),
        low('y2', 'b', 5, { cpu: '2', started: 11 }),
        low('z', 'c', 200, { cpu: '4' }),
      ],
      '4',
      'b: y1 y2',
    ],
  ])('%s', (_name, placed, cpu, expected) => {
    const world = worldOf(A_B_C, placed)
    if (expected.startsWith('undefined')) expect(world.set('pods', high(cpu)).schedule('default/p')).toBe('c')
    else expect(outcome(world, high(cpu))).toBe(expected)
  })
})

describe('PodDisruptionBudgets', () => {
  const budget = (allowed: number, text: string, more: object = {}, namespace = 'default') => ({
    metadata: { name: `b-${text}-${namespace}`, namespace },
    spec: { selector: text === '' ? {} : { matchLabels: { app: text } } },
    status: { disruptionsAllowed: allowed, ...more },
  })
  const BUDGETS = 'poddisruptionbudgets.policy'
  const app = (name: string, on: string, priority: number, tag: string, cpu = '2') => low(name, on, priority, { cpu, is: `app=${tag}` })

  it.each<[string, readonly object[], string]>([
    ['none', [], 'a: x'],
    ['one that spares it', [budget(1, 'x')], 'a: x'],
    ['one that does not: rather another, though more important', [budget(0, 'x')], 'b: y'],
    ['those of other namespaces', [budget(0, 'x', {}, 'other')], 'a: x'],
    ['one for everything means nobody', [budget(0, '')], 'a: x'],
    ['both can not be spared', [budget(0, 'x'), budget(0, 'y')], 'a: x'],
    ['one whose victim is on its way already', [budget(0, 'x', { disruptedPods: { x: '2026-01-01T00:00:00Z' } })], 'a: x'],
    ['one whose victim is another', [budget(0, 'x', { disruptedPods: { other: '2026-01-01T00:00:00Z' } })], 'b: y'],
  ])('the node: %s', (_name, budgets, expected) => {
    const world = worldOf(['a', 'b'].map(small), [app('x', 'a', 1, 'x', '4'), app('y', 'b', 5, 'y', '4')]).set(BUDGETS, ...budgets)
    expect(outcome(world, high('4'))).toBe(expected)
  })

  it.each<[string, readonly object[], string]>([
    ['of two the less important goes', [], 'a: x'],
    ['unless a budget keeps it', [budget(0, 'x')], 'a: y'],
    ['a budget for one of them keeps the more important', [budget(1, 'x'), budget(1, 'y')], 'a: x'],
  ])('the pods of a node: %s', (_name, budgets, expected) => {
    const world = worldOf([small('a')], [app('x', 'a', 1, 'x'), app('y', 'a', 5, 'y')]).set(BUDGETS, ...budgets)
    expect(outcome(world, high('2'))).toBe(expected)
  })

  it('spare as many as they allow', () => {
    const placed = ['1', '2'].flatMap((index) => [app(`x${index}`, 'a', 1, 'x'), app(`y${index}`, 'b', 1, index === '1' ? 'x' : 'y')])
    const world = worldOf(['a', 'b'].map(small), placed).set(BUDGETS, budget(1, 'x'))
    // On a two of one budget would go, on b one.
    expect(nominee(world.set('pods', high('4')).run('default/p'))).toBe('b')
  })

  it('are broken rather than a pod of highest priority left out', () => {
    const world = worldOf([small('a')], [app('x', 'a', 1, 'x', '4')]).set(BUDGETS, budget(0, 'x'))
    expect(outcome(world, high('4'))).toBe('a: x')
  })
})

describe('who may preempt', () => {
  const leaving = (more: object = {}) =>
    low('x', 'a', 1, {
      cpu: '4',
      metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' },
      status: { conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' }], ...more },
    })
  const nominated = (more: PodMore = {}) => high('4', { status: { nominatedNodeName: 'a' }, ...more })

  it('not one that is told not to', () => {
    expect(outcome(worldOf([small('a')], [low('x', 'a', 1, { cpu: '4' })]), high('4', { preemptionPolicy: 'Never' }))).toBe('undefined: ')
  })

  it('not one for which room is being made: it stays where it is to go', () => {
    const world = worldOf([small('a'), small('b')], [leaving(), low('y', 'b', 1, { cpu: '4' })])
    const plan = world.set('pods', nominated()).run('default/p')!
    expect(plan.events![0]!.message).toContain('preemption: not eligible due to a terminating pod on the nominated node.')
    expect(verbs(plan, 'delete')).toEqual([])
    expect(nominee(plan)).toBe('a')
  })

  it('one that waits for a pod which leaves for another reason', () => {
    const world = worldOf([small('a'), small('b')], [leaving({ conditions: [] }), low('y', 'b', 0, { cpu: '4' })])
    expect(outcome(world, nominated())).toBe('b: y')
  })

  it('one whose node has become impossible', () => {
    const world = worldOf([node('a', { unschedulable: true }), small('b')], [leaving(), low('y', 'b', 1, { cpu: '4' })])
    expect(outcome(world, nominated())).toBe('b: y')
  })

  it('one whose node is gone', () => {
    expect(outcome(worldOf([small('b')], [low('y', 'b', 1, { cpu: '4' })]), nominated())).toBe('b: y')
  })
})

describe('nominated pods', () => {
  it('have their room kept from those of lower priority', () => {
    const world = worldOf([small('a')]).set('pods', pod('big', { priority: 9, asks: { cpu: '4' }, status: { nominatedNodeName: 'a' } }))
    expect(world.set('pods', pod('p', { asks: { cpu: '1' } })).schedule('default/p')).toContain('1 Insufficient cpu')
    expect(world.set('pods', high('1')).schedule('default/p')).toBe('a')
  })

  it('are looked at as if they were there, for affinity too', () => {
    const world = worldOf(nodes('a zone=1')).set(
      'pods',
      pod('q', { priority: 9, ...shuns(near('me=', 'zone')), status: { nominatedNodeName: 'a' } }),
    )
    expect(world.set('pods', pod('p', { is: 'me=' })).schedule('default/p')).toContain("didn't satisfy existing pods anti-affinity rules")
  })

  it('are no company that can be relied on', () => {
    const world = worldOf(nodes('a zone=1')).set('pods', pod('q', { priority: 9, is: 'foo=', status: { nominatedNodeName: 'a' } }))
    const wanting = { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [near('foo=', 'zone')] } } }
    expect(world.set('pods', pod('p', wanting)).schedule('default/p')).toContain("didn't match pod affinity rules")
  })

  it('stand back for one of higher priority', () => {
    const world = worldOf([small('a')], [low('x', 'a', 1, { cpu: '4' })])
    world.set('pods', pod('q', { priority: 9, asks: { cpu: '4' }, status: { nominatedNodeName: 'a' } }))
    const plan = world.set('pods', high('4')).run('default/p')!
    expect(plan.actions![0]).toMatchObject({
      verb: 'patch',
      target: { name: 'q' },
      subresource: 'status',
      patch: { status: { nominatedNodeName: null } },
    })
    expect(verbs(plan, 'delete')).toEqual(['x'])
  })

  it('lose their nomination when nothing can be done for them', () => {
    const world = worldOf([small('a')], [low('x', 'a', 200, { cpu: '4' })])
    const plan = world.set('pods', high('4', { status: { nominatedNodeName: 'a' } })).run('default/p')!
    expect(nominee(plan)).toBeUndefined()
    expect((plan.status as Pod).status).not.toHaveProperty('nominatedNodeName')
  })
})

describe('what is done', () => {
  it('victims are marked as they are now, then deleted with their own grace', () => {
    const world = worldOf([small('a')], [low('x', 'a', 1, { cpu: '4', metadata: { resourceVersion: '1' } })])
    world.set('pods', low('x', 'a', 1, { cpu: '4', metadata: { resourceVersion: '2', generation: 3 }, status: { phase: 'Running' } }))
    const { actions, status, events } = world.set('pods', high('4')).run('default/p')!
    expect(actions).toMatchObject([
      {
        verb: 'patch',
        subresource: 'status',
        patch: {
          metadata: { uid: 'uid-x', resourceVersion: '2' },
          status: {
            conditions: [
              {
                type: 'DisruptionTarget',
                status: 'True',
                reason: 'PreemptionByScheduler',
                message: 'default-scheduler: preempting to accommodate a higher priority pod',
                observedGeneration: 3,
              },
            ],
          },
        },
      },
      {
        verb: 'delete',
        preconditions: { uid: 'uid-x' },
        event: { type: 'Normal', reason: 'Preempted', message: 'Preempted by pod uid-p on node a' },
      },
    ])
    expect(actions![1]).not.toHaveProperty('gracePeriodSeconds')
    expect(status).toMatchObject({ status: { nominatedNodeName: 'a' } })
    expect(events?.[0]?.message).toBe('0/1 nodes are available: 1 Insufficient cpu.')
  })

  it('victims that are leaving are left alone', () => {
    const world = worldOf(
      [small('a')],
      [low('x', 'a', 1, { cpu: '2', metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }), low('y', 'a', 1, { cpu: '2' })],
    )
    const plan = world.set('pods', high('4')).run('default/p')
    expect(verbs(plan, 'delete')).toEqual(['y'])
  })

  it('a thought of victims changes nothing', () => {
    const world = worldOf(
      [small('a'), small('b')],
      [low('x', 'a', 1, { cpu: '4', ...shuns(near('me=')) }), low('y', 'b', 200, { cpu: '4' })],
    )
    const before = world.set('pods', high('5', { is: 'me=' })).schedule('default/p')
    expect(before).toContain('2 Insufficient cpu')
    world.now += 300_000
    expect(world.schedule('default/p')).toBe(before)
  })
})
