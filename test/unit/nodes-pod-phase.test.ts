import { describe, expect, it } from 'vitest'
import type { Container, ContainerStatus, Pod, PodSpec } from '../../src/api/types.gen.ts'
import { podPhase } from '../../src/nodes/pod-phase.ts'

type State = 'absent' | 'waiting' | 'starting' | 'running' | `ended ${number}` | `backing off ${number}` | `reset`

function statusOf(name: string, state: State): ContainerStatus[] {
  if (state === 'absent') return []
  const base = { name, image: '', imageID: '', ready: false, restartCount: 0, started: state === 'running' }
  const code = Number(state.split(' ').at(-1))
  const ended = { terminated: { exitCode: code } }
  if (state === 'waiting') return [{ ...base, state: { waiting: {} }, lastState: {} }]
  if (state === 'reset') {
    const terminated = { exitCode: 137, reason: 'RestartingAllContainers' }
    return [{ ...base, state: { waiting: {} }, lastState: { terminated } }]
  }
  if (state === 'running' || state === 'starting') return [{ ...base, state: { running: {} }, lastState: {} }]
  return [state.startsWith('ended') ? { ...base, state: ended, lastState: {} } : { ...base, state: { waiting: {} }, lastState: ended }]
}

interface Row {
  readonly policy: 'Always' | 'OnFailure' | 'Never'
  readonly main: readonly State[]
  readonly init?: readonly State[]
  readonly sidecars?: readonly State[]
  readonly isOver?: boolean
  readonly own?: Partial<Container>
  readonly phase: string
}

const rows: Row[] = [
  { policy: 'Always', main: ['absent', 'absent'], phase: 'Pending' },
  { policy: 'Always', main: ['running', 'running'], phase: 'Running' },
  { policy: 'Always', main: ['ended 0', 'ended 0'], phase: 'Running' },
  { policy: 'Always', main: ['ended 0', 'ended 0'], isOver: true, phase: 'Succeeded' },
  { policy: 'Always', main: ['ended 0', 'ended 1'], isOver: true, phase: 'Failed' },
  { policy: 'Always', main: ['running', 'ended 1'], phase: 'Running' },
  { policy: 'Always', main: ['running', 'absent'], phase: 'Pending' },
  { policy: 'Always', main: ['running', 'backing off 1'], phase: 'Running' },
  { policy: 'Always', main: ['running', 'waiting'], phase: 'Pending' },
  { policy: 'Always', main: ['backing off 0', 'backing off 1'], phase: 'Running' },
  { policy: 'Never', main: ['running', 'ended 0'], phase: 'Running' },
  { policy: 'Never', main: ['ended 0', 'ended 0'], phase: 'Succeeded' },
  { policy: 'Never', main: ['ended 1', 'ended 1'], phase: 'Failed' },
  { policy: 'Never', main: ['ended 0', 'ended 1'], phase: 'Failed' },
  { policy: 'Never', main: ['running', 'waiting'], phase: 'Pending' },
  { policy: 'OnFailure', main: ['ended 0', 'ended 0'], phase: 'Succeeded' },
  { policy: 'OnFailure', main: ['ended 1', 'ended 1'], phase: 'Running' },
  { policy: 'OnFailure', main: ['ended 0', 'ended 1'], phase: 'Running' },
  { policy: 'OnFailure', main: ['backing off 1', 'ended 0'], phase: 'Running' },
  // Init containers.
  { policy: 'Always', init: ['running'], main: ['waiting'], phase: 'Pending' },
  { policy: 'Always', init: ['ended 1'], main: ['waiting'], phase: 'Pending' },
  { policy: 'Never', init: ['ended 1'], main: ['waiting'], phase: 'Failed' },
  { policy: 'Never', init: ['ended 0', 'running'], main: ['waiting'], phase: 'Pending' },
  { policy: 'OnFailure', init: ['backing off 1'], main: ['waiting'], phase: 'Pending' },
  { policy: 'Always', init: ['ended 0', 'ended 0'], main: ['running'], phase: 'Running' },
  { policy: 'Always', init: ['waiting'], main: ['running'], phase: 'Pending' },
  // Sidecars.
  { policy: 'Always', sidecars: ['starting'], main: ['waiting'], phase: 'Pending' },
  { policy: 'Always', sidecars: ['running'], main: ['waiting'], phase: 'Pending' },
  { policy: 'Always', sidecars: ['running'], main: ['running'], phase: 'Running' },
  { policy: 'Always', sidecars: ['starting'], main: ['running'], phase: 'Running' },
  { policy: 'Always', sidecars: ['backing off 1'], main: ['running'], phase: 'Running' },
  { policy: 'Always', sidecars: ['ended 1'], main: ['running'], phase: 'Running' },
  { policy: 'Never', sidecars: ['running'], main: ['ended 0'], phase: 'Running' },
  { policy: 'Never', sidecars: ['running'], main: ['ended 1'], phase: 'Running' },
  { policy: 'Never', sidecars: ['ended 137'], main: ['ended 0'], phase: 'Succeeded' },
  { policy: 'Never', sidecars: ['ended 0'], main: ['ended 1'], phase: 'Failed' },
  { policy: 'OnFailure', sidecars: ['ended 0'], main: ['ended 1'], phase: 'Running' },
  { policy: 'Always', sidecars: ['ended 137'], main: ['ended 0'], isOver: true, phase: 'Succeeded' },
  { policy: 'Never', init: ['ended 1'], sidecars: ['running'], main: ['waiting'], phase: 'Failed' },
  { policy: 'Always', sidecars: ['absent'], main: ['running'], phase: 'Pending' },
  // Policies and rules of containers.
  { policy: 'Never', main: ['ended 1'], own: { restartPolicy: 'Always' }, phase: 'Running' },
  { policy: 'Always', main: ['ended 1'], own: { restartPolicy: 'Never' }, phase: 'Failed' },
  { policy: 'Always', main: ['ended 0'], own: { restartPolicy: 'OnFailure' }, phase: 'Succeeded' },
  {
    policy: 'Never',
    main: ['ended 42'],
    own: { restartPolicy: 'Never', restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }] },
    phase: 'Running',
  },
  {
    policy: 'Never',
    main: ['ended 42'],
    own: {
      restartPolicy: 'Never',
      restartPolicyRules: [{ action: 'RestartAllContainers', exitCodes: { operator: 'NotIn', values: [0] } }],
    },
    phase: 'Running',
  },
  { policy: 'Never', main: ['reset'], phase: 'Running' },
  { policy: 'Never', init: ['reset'], main: ['reset'], phase: 'Running' },
]

describe('podPhase', () => {
  it.each(rows.map((row) => [`${row.policy}, ${row.init ?? ''} [${row.sidecars ?? ''}] ${row.main}`, row] as const))('%s', (_, row) => {
    const named = (kind: string, states: readonly State[] = []) => states.map((state, at) => ({ name: `${kind}${at}`, state }))
    const [init, sidecars, main] = [named('init', row.init), named('sidecar', row.sidecars), named('main', row.main)]
    const spec: PodSpec = {
      restartPolicy: row.policy,
      initContainers: [...init.map(({ name }) => ({ name })), ...sidecars.map(({ name }) => ({ name, restartPolicy: 'Always' }))],
      containers: main.map(({ name }) => ({ name, ...row.own })),
    }
    const statuses = {
      initContainerStatuses: [...init, ...sidecars].flatMap(({ name, state }) => statusOf(name, state)),
      containerStatuses: main.flatMap(({ name, state }) => statusOf(name, state)),
    }
    expect(podPhase({ spec } as Pod, statuses, { isOver: row.isOver ?? false })).toBe(row.phase)
  })
})
