import { describe, expect, it } from 'vitest'
import { findCondition } from '../../src/api/meta/conditions.ts'
import type { ContainerStatus, Pod, PodCondition, PodSpec, PodStatus } from '../../src/api/types.gen.ts'
import { type ConditionsGiven, podConditions } from '../../src/nodes/pod-conditions.ts'

const NOW = Date.parse('2026-01-01T01:00:00Z')
const EARLIER = '2026-01-01T00:00:00Z'

type Own = Partial<ContainerStatus>
const READY: Own = { ready: true, started: true, state: { running: {} } }
const UNREADY: Own = { ready: false, started: true, state: { running: {} } }
const WAITING: Own = { ready: false, started: false, state: { waiting: { reason: 'PodInitializing' } } }
const DONE: Own = { ready: true, started: false, state: { terminated: { exitCode: 0 } } }
const ENDED: Own = { ready: false, started: false, state: { terminated: { exitCode: 1 } } }

interface Row {
  readonly name: string
  readonly main: Record<string, Own>
  readonly init?: Record<string, Own>
  readonly sidecars?: string[]
  readonly spec?: Partial<PodSpec>
  readonly phase?: string
  readonly old?: PodCondition[]
  readonly given?: Partial<ConditionsGiven>
  /** By type: status, and with it reason and message. */
  readonly expect: Record<string, string>
}

const gate = (status: string): PodCondition => ({ type: 'a.io/gate', status })
const GATED = { readinessGates: [{ conditionType: 'a.io/gate' }] }

const rows: Row[] = [
  { name: 'all is well', main: { a: READY, b: READY }, expect: { Initialized: 'True', ContainersReady: 'True', Ready: 'True' } },
  {
    name: 'some are not ready, named in the order of the spec',
    main: { b: UNREADY, c: READY, a: UNREADY },
    expect: {
      ContainersReady: 'False ContainersNotReady: containers with unready status: [b a]',
      Ready: 'False ContainersNotReady: containers with unready status: [b a]',
    },
  },
  {
    name: 'a sidecar counts, and comes first',
    main: { a: UNREADY },
    init: { s: UNREADY },
    sidecars: ['s'],
    expect: { Ready: 'False ContainersNotReady: containers with unready status: [s a]', Initialized: 'True' },
  },
  { name: 'an init container does not', main: { a: READY }, init: { i: ENDED }, expect: { Ready: 'True' } },
  {
    name: 'the pod succeeded',
    main: { a: DONE },
    phase: 'Succeeded',
    expect: { Initialized: 'True PodCompleted', ContainersReady: 'False PodCompleted', Ready: 'False PodCompleted' },
  },
  { name: 'the pod failed', main: { a: ENDED }, phase: 'Failed', expect: { ContainersReady: 'False PodFailed', Ready: 'False PodFailed' } },
  {
    name: 'the pod is about to fail',
    main: { a: READY },
    phase: 'Running',
    given: { phase: 'Failed' },
    expect: { ContainersReady: 'False PodFailed', Ready: 'False PodFailed', PodReadyToStartContainers: 'True' },
  },
  {
    name: 'a pod that succeeded with an init container that did not run',
    main: { a: DONE },
    init: { i: WAITING },
    phase: 'Succeeded',
    expect: { Initialized: 'True PodCompleted' },
  },
  {
    name: 'an init container failed for good',
    main: { a: WAITING },
    init: { one: DONE, two: ENDED },
    phase: 'Failed',
    expect: { Initialized: 'False ContainersNotInitialized: containers with incomplete status: [two]' },
  },
  {
    name: 'init containers are to run',
    main: { a: WAITING },
    init: { one: DONE, two: WAITING, three: WAITING },
    expect: { Initialized: 'False ContainersNotInitialized: containers with incomplete status: [two three]' },
  },
  {
    name: 'a sidecar has not started',
    main: { a: WAITING },
    init: { s: { ready: false, started: false, state: { running: {} } } },
    sidecars: ['s'],
    expect: { Initialized: 'False ContainersNotInitialized: containers with incomplete status: [s]' },
  },
  {
    name: 'a sidecar that has started need not be ready',
    main: { a: WAITING },
    init: { s: UNREADY },
    sidecars: ['s'],
    expect: { Initialized: 'True' },
  },
  {
    name: 'a sidecar is down beside a container that runs',
    main: { a: READY },
    init: { s: WAITING },
    sidecars: ['s'],
    expect: { Initialized: 'True' },
  },
  {
    name: 'it was initialized before',
    main: { a: WAITING },
    init: { i: WAITING },
    old: [{ type: 'Initialized', status: 'True' }],
    expect: { Initialized: 'True' },
  },
  {
    name: 'a gate nobody spoke of',
    main: { a: READY },
    spec: GATED,
    expect: {
      ContainersReady: 'True',
      Ready: 'False ReadinessGatesNotReady: corresponding condition of pod readiness gate "a.io/gate" does not exist.',
    },
  },
  {
    name: 'a gate that is shut',
    main: { a: READY },
    spec: GATED,
    old: [gate('Unknown')],
    expect: { Ready: 'False ReadinessGatesNotReady: the status of pod readiness gate "a.io/gate" is not "True", but Unknown' },
  },
  {
    name: 'two of them',
    main: { a: READY },
    spec: { readinessGates: [{ conditionType: 'a.io/gate' }, { conditionType: 'b.io/gate' }] },
    old: [gate('False')],
    expect: {
      Ready:
        'False ReadinessGatesNotReady: the status of pod readiness gate "a.io/gate" is not "True", but False, ' +
        'corresponding condition of pod readiness gate "b.io/gate" does not exist.',
    },
  },
  { name: 'a gate that is open', main: { a: READY }, spec: GATED, old: [gate('True')], expect: { Ready: 'True' } },
  {
    name: 'a gate says nothing of containers that are not ready',
    main: { a: UNREADY },
    spec: GATED,
    expect: { Ready: 'False ContainersNotReady: containers with unready status: [a]' },
  },
  { name: 'no sandbox', main: { a: WAITING }, given: { hasSandbox: false }, expect: { PodReadyToStartContainers: 'False' } },
]

function conditionsOf({ main, init = {}, sidecars = [], spec, phase = 'Running', old, given }: Row): PodCondition[] {
  const statuses = (own: Record<string, Own>) =>
    Object.entries(own).map(([name, more]) => ({ name, image: '', imageID: '', ready: false, restartCount: 0, ...more }))
  const pod = {
    metadata: { name: 'p', generation: 3 },
    spec: {
      containers: Object.keys(main).map((name) => ({ name })),
      initContainers: Object.keys(init).map((name) => ({ name, ...(sidecars.includes(name) && { restartPolicy: 'Always' }) })),
      ...spec,
    },
  } as unknown as Pod
  const status: PodStatus = {
    phase,
    containerStatuses: statuses(main),
    initContainerStatuses: statuses(init),
    ...(old && { conditions: old }),
  }
  return podConditions(pod, status, { hasSandbox: true, ...given }, NOW)
}

describe('podConditions', () => {
  it.each(rows.map((row) => [row.name, row] as const))('%s', (_, row) => {
    const conditions = conditionsOf(row)
    const texts = Object.keys(row.expect).map((type) => {
      const { status, reason, message } = findCondition(conditions, type)!
      return [type, [status, reason && (message ? `${reason}: ${message}` : reason)].filter(Boolean).join(' ')]
    })
    expect(Object.fromEntries(texts)).toEqual(row.expect)
  })

  it('come after those of others, in one order, as of the generation that was looked at', () => {
    const old = [gate('True'), { type: 'Ready', status: 'True' }, { type: 'DisruptionTarget', status: 'True' }]
    const resize = [{ type: 'PodResizePending', status: 'True' }]
    const conditions = conditionsOf({ name: '', main: { a: READY }, old, given: { resize }, expect: {} })
    expect(conditions.map(({ type }) => type)).toEqual([
      'a.io/gate',
      'DisruptionTarget',
      'PodResizePending',
      'PodReadyToStartContainers',
      'Initialized',
      'Ready',
      'ContainersReady',
      'PodScheduled',
    ])
    expect(conditions.slice(3).every(({ observedGeneration }) => observedGeneration === 3)).toBe(true)
  })

  it('are dated when their status changes, and only then', () => {
    const old = ['Ready', 'ContainersReady', 'Initialized'].map((type) => ({
      type,
      status: type === 'Initialized' ? 'True' : 'False',
      reason: 'Other',
      lastTransitionTime: EARLIER,
    }))
    const at = (conditions: PodCondition[], type: string) => findCondition(conditions, type)?.lastTransitionTime
    const ready = conditionsOf({ name: '', main: { a: READY }, old, expect: {} })
    expect([at(ready, 'Ready'), at(ready, 'Initialized')]).toEqual(['2026-01-01T01:00:00Z', EARLIER])
    const unready = conditionsOf({ name: '', main: { a: UNREADY }, old, expect: {} })
    expect([at(unready, 'Ready'), findCondition(unready, 'Ready')?.reason]).toEqual([EARLIER, 'ContainersNotReady'])
  })
})
