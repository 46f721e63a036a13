import { describe, expect, it } from 'vitest'
import { timestamp } from '../../src/api/meta/time.ts'
import type { Container, Pod } from '../../src/api/types.gen.ts'
import { SimulatedRuntime } from '../../src/nodes/container-behaviour.ts'
import { endingsOf } from '../../src/nodes/pod-termination.ts'

const START = Date.parse('2026-01-01T00:00:00Z')
const runtime = new SimulatedRuntime()

const sidecar = (name: string, more: Partial<Container> = {}): Container => ({ name, restartPolicy: 'Always', ...more })
const preStop = (seconds: number): Partial<Container> => ({ lifecycle: { preStop: { sleep: { seconds } } } })

interface Row {
  readonly name: string
  readonly init?: Container[]
  readonly main: Container[]
  readonly notRunning?: string[]
  readonly delays?: Record<string, string>
  readonly graceSeconds?: number
  /** Seconds after the pod was told to stop, and the exit code. */
  readonly expect: Record<string, [number, number]>
}

const rows: Row[] = [
  { name: 'all at once', main: [{ name: 'a' }, { name: 'b' }], expect: { a: [0, 0], b: [0, 0] } },
  { name: 'a hook first', main: [{ name: 'a', ...preStop(4) }, { name: 'b' }], expect: { a: [4, 0], b: [0, 0] } },
  { name: 'a hook, then the signal', main: [{ name: 'a', ...preStop(4) }], delays: { a: '3' }, expect: { a: [7, 0] } },
  { name: 'a hook beyond the grace period', main: [{ name: 'a', ...preStop(40) }], graceSeconds: 10, expect: { a: [10, 0] } },
  {
    name: 'two seconds are left to heed the signal whatever the hook took',
    main: [{ name: 'a', ...preStop(40) }],
    delays: { a: '1h' },
    graceSeconds: 10,
    expect: { a: [12, 137] },
  },
  { name: 'two seconds at least', main: [{ name: 'a' }], delays: { a: '1h' }, graceSeconds: 1, expect: { a: [2, 137] } },
  { name: 'no hook without grace', main: [{ name: 'a', ...preStop(4) }], graceSeconds: 0, expect: { a: [0, 0] } },
  {
    name: 'sidecars after the others, the last first',
    init: [sidecar('one'), sidecar('two'), sidecar('three')],
    main: [{ name: 'a' }],
    delays: { a: '3', three: '2', two: '1', one: '1' },
    expect: { a: [3, 0], three: [5, 0], two: [6, 0], one: [7, 0] },
  },
  {
    name: 'the slowest of the others is waited for',
    init: [sidecar('one')],
    main: [{ name: 'a' }, { name: 'b' }],
    delays: { a: '3', b: '6' },
    expect: { a: [3, 0], b: [6, 0], one: [6, 0] },
  },
  {
    name: 'hooks of sidecars run while they wait',
    init: [sidecar('one', preStop(5)), sidecar('two', preStop(9))],
    main: [{ name: 'a' }],
    delays: { a: '7' },
    expect: { a: [7, 0], two: [9, 0], one: [9, 0] },
  },
  {
    name: 'when the grace period is over nobody waits, and all are killed two seconds later',
    init: [sidecar('one'), sidecar('two')],
    main: [{ name: 'a' }],
    delays: { a: '1h', one: '1h', two: '1h' },
    graceSeconds: 8,
    expect: { a: [8, 137], two: [10, 137], one: [10, 137] },
  },
  {
    name: 'a sidecar has what the others left of the grace period',
    init: [sidecar('one')],
    main: [{ name: 'a' }],
    delays: { a: '3', one: '1h' },
    graceSeconds: 10,
    expect: { a: [3, 0], one: [10, 137] },
  },
  {
    name: 'those that have ended are not waited for',
    init: [sidecar('one'), sidecar('two')],
    main: [{ name: 'a' }, { name: 'b' }],
    notRunning: ['a', 'two'],
    delays: { a: '20', two: '20', b: '2' },
    expect: { b: [2, 0], one: [2, 0] },
  },
  {
    name: 'an init container that runs waits for nobody',
    init: [sidecar('one'), { name: 'setup', command: ['sleep', '100'] }],
    main: [{ name: 'a' }],
    notRunning: ['a'],
    delays: { setup: '4' },
    expect: { setup: [4, 143], one: [0, 0] },
  },
  { name: 'who ends by itself is not killed', main: [{ name: 'a', command: ['sleep', '65'] }], delays: { a: '20' }, expect: { a: [5, 0] } },
  {
    name: 'sidecars without any other container',
    init: [sidecar('one'), sidecar('two')],
    main: [{ name: 'a' }],
    notRunning: ['a'],
    delays: { two: '2' },
    graceSeconds: 0,
    expect: { two: [2, 0], one: [0, 0] },
  },
]

describe('endingsOf', () => {
  it.each(rows.map((row) => [row.name, row] as const))('%s', (_, row) => {
    const annotations = Object.fromEntries(
      Object.entries(row.delays ?? {}).map(([name, delay]) => [`stop-delay.coracle.dev/${name}`, delay]),
    )
    const status = ({ name }: Container) => ({
      name,
      restartCount: 0,
      state: row.notRunning?.includes(name) ? { terminated: { exitCode: 0 } } : { running: { startedAt: timestamp(START - 60_000) } },
    })
    const pod = {
      metadata: { name: 'p', namespace: 'default', uid: 'u', annotations },
      spec: { initContainers: row.init ?? [], containers: row.main },
      status: { initContainerStatuses: (row.init ?? []).map(status), containerStatuses: row.main.map(status) },
    } as unknown as Pod
    const endings = endingsOf(pod, runtime, pod.status!, { since: START, graceSeconds: row.graceSeconds ?? 30 })
    expect(Object.fromEntries(endings.map(({ container, at, exitCode }) => [container.name, [(at - START) / 1000, exitCode]]))).toEqual(
      row.expect,
    )
  })
})
