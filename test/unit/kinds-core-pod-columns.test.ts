import { describe, expect, test } from 'vitest'
import { podColumns } from '../../src/api/core/v1/pod-columns.ts'
import { computeQosClass, podLimits, podRequests } from '../../src/api/core/v1/pod-resources.ts'
import { summarizePod } from '../../src/api/core/v1/pod-status-text.ts'
import type { ContainerState, ContainerStatus, Pod, PodSpec, PodStatus } from '../../src/api/types.gen.ts'

const NOW = Date.parse('2026-01-01T01:00:00Z')
const running: ContainerState = { running: {} }

function podOf(spec: object, status: PodStatus, metadata: object = {}): Pod {
  return {
    metadata: { name: 'test', namespace: 'ns', uid: '', resourceVersion: '', creationTimestamp: '2026-01-01T00:00:00Z', ...metadata },
    spec: spec as PodSpec,
    status,
  }
}

function statusOf(name: string, state: ContainerState, more: object = {}): ContainerStatus {
  return { name, image: '', imageID: '', restartCount: 0, ready: false, state, ...more }
}

const up = (name: string, more: object = {}): ContainerStatus => statusOf(name, running, { ready: true, ...more })
const ended = (name: string, exitCode: number, reason?: string, more: object = {}): ContainerStatus =>
  statusOf(name, { terminated: { exitCode, reason } }, more)
const waiting = (name: string, reason: string, more: object = {}): ContainerStatus => statusOf(name, { waiting: { reason } }, more)

const TWO = { containers: [{ name: 'a' }, { name: 'b' }] }
const WITH_INIT = { initContainers: [{ name: 'i1' }, { name: 'i2' }], containers: [{ name: 'a' }] }
const WITH_SIDECAR = { initContainers: [{ name: 'i1' }, { name: 's', restartPolicy: 'Always' }], containers: [{ name: 'a' }] }
const deleted = { deletionTimestamp: '2026-01-01T00:59:00Z' }
const lastEnd = { lastState: { terminated: { exitCode: 1, finishedAt: '2026-01-01T00:50:00Z' } } }

describe('the row of a pod', () => {
  test.each<[string, Pod, string]>([
    ['pending', podOf(TWO, { phase: 'Pending' }), '0/2 Pending 0'],
    [
      'gated',
      podOf(TWO, { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] }),
      '0/2 SchedulingGated 0',
    ],
    [
      'being created',
      podOf(TWO, { phase: 'Pending', containerStatuses: [waiting('a', 'ContainerCreating'), waiting('b', 'ContainerCreating')] }),
      '0/2 ContainerCreating 0',
    ],
    ['running', podOf(TWO, { phase: 'Running', containerStatuses: [up('a'), up('b')] }), '2/2 Running 0'],
    ['half ready', podOf(TWO, { phase: 'Running', containerStatuses: [up('a'), statusOf('b', running)] }), '1/2 Running 0'],
    ['evicted', podOf(TWO, { phase: 'Failed', reason: 'Evicted' }), '0/2 Evicted 0'],
    [
      'crashing',
      podOf(TWO, { phase: 'Running', containerStatuses: [waiting('a', 'CrashLoopBackOff', { restartCount: 3, ...lastEnd }), up('b')] }),
      '1/2 CrashLoopBackOff 3 (10m ago)',
    ],
    [
      'restarts without a time',
      podOf(TWO, { phase: 'Running', containerStatuses: [up('a', { restartCount: 3 }), up('b')] }),
      '2/2 Running 3',
    ],
    [
      'the first container’s reason wins',
      podOf(TWO, { phase: 'Running', containerStatuses: [waiting('a', 'A'), waiting('b', 'B')] }),
      '0/2 A 0',
    ],
    [
      'completed',
      podOf(TWO, { phase: 'Succeeded', containerStatuses: [ended('a', 0, 'Completed'), ended('b', 0, 'Completed')] }),
      '0/2 Completed 0',
    ],
    ['failed', podOf(TWO, { phase: 'Failed', containerStatuses: [ended('a', 1, 'Error'), ended('b', 0, 'Completed')] }), '0/2 Error 0'],
    ['an exit code', podOf(TWO, { phase: 'Failed', containerStatuses: [ended('a', 42), ended('b', 0, 'Completed')] }), '0/2 ExitCode:42 0'],
    [
      'a signal',
      podOf(TWO, { phase: 'Failed', containerStatuses: [statusOf('a', { terminated: { exitCode: 137, signal: 9 } })] }),
      '0/2 Signal:9 0',
    ],
    [
      'one done, one up, ready',
      podOf(TWO, {
        phase: 'Running',
        conditions: [{ type: 'Ready', status: 'True' }],
        containerStatuses: [ended('a', 0, 'Completed'), up('b')],
      }),
      '1/2 Running 0',
    ],
    [
      'one done, one up, not ready',
      podOf(TWO, {
        phase: 'Running',
        conditions: [{ type: 'Ready', status: 'False' }],
        containerStatuses: [ended('a', 0, 'Completed'), up('b')],
      }),
      '1/2 NotReady 0',
    ],
    [
      'one done, one failed, none up',
      podOf(TWO, { phase: 'Running', containerStatuses: [ended('a', 0, 'Completed'), ended('b', 1, 'Error')] }),
      '0/2 Error 0',
    ],
    [
      'one done, one failed, one up, not ready',
      podOf(
        { containers: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] },
        { phase: 'Running', containerStatuses: [ended('a', 0, 'Completed'), ended('b', 1, 'Error'), up('c')] },
      ),
      '1/3 Error 0',
    ],
    ['terminating', podOf(TWO, { phase: 'Running', containerStatuses: [up('a'), up('b')] }, deleted), '2/2 Terminating 0'],
    ['on a lost node', podOf(TWO, { phase: 'Running', reason: 'NodeLost' }, deleted), '0/2 Unknown 0'],
    ['deleted when done', podOf(TWO, { phase: 'Succeeded', containerStatuses: [ended('a', 0, 'Completed')] }, deleted), '0/2 Completed 0'],
    [
      'initializing',
      podOf(WITH_INIT, {
        phase: 'Pending',
        initContainerStatuses: [ended('i1', 0, 'Completed'), statusOf('i2', running, { restartCount: 2, ...lastEnd })],
        containerStatuses: [waiting('a', 'PodInitializing')],
      }),
      '0/1 Init:1/2 2 (10m ago)',
    ],
    [
      'init waiting for its turn',
      podOf(WITH_INIT, { phase: 'Pending', initContainerStatuses: [waiting('i1', 'PodInitializing')] }),
      '0/1 Init:0/2 0',
    ],
    [
      'init crashing',
      podOf(WITH_INIT, { phase: 'Pending', initContainerStatuses: [waiting('i1', 'CrashLoopBackOff')] }),
      '0/1 Init:CrashLoopBackOff 0',
    ],
    ['init failed', podOf(WITH_INIT, { phase: 'Failed', initContainerStatuses: [ended('i1', 1, 'Error')] }), '0/1 Init:Error 0'],
    ['init failed by code', podOf(WITH_INIT, { phase: 'Failed', initContainerStatuses: [ended('i1', 3)] }), '0/1 Init:ExitCode:3 0'],
    [
      'past init: its restarts no longer count',
      podOf(WITH_INIT, {
        phase: 'Pending',
        initContainerStatuses: [ended('i1', 0, 'Completed', { restartCount: 2, ...lastEnd }), ended('i2', 0, 'Completed')],
        containerStatuses: [waiting('a', 'PodInitializing')],
      }),
      '0/1 PodInitializing 0',
    ],
    [
      'a sidecar counts',
      podOf(WITH_SIDECAR, {
        phase: 'Running',
        initContainerStatuses: [ended('i1', 0, 'Completed'), up('s', { started: true, restartCount: 1 })],
        containerStatuses: [up('a')],
      }),
      '2/2 Running 1',
    ],
    [
      'a sidecar that has not started',
      podOf(WITH_SIDECAR, {
        phase: 'Pending',
        initContainerStatuses: [ended('i1', 0, 'Completed'), statusOf('s', running, { started: false })],
        containerStatuses: [waiting('a', 'PodInitializing')],
      }),
      '0/2 Init:1/2 0',
    ],
    [
      'a sidecar that fails after initialization',
      podOf(WITH_SIDECAR, {
        phase: 'Running',
        conditions: [{ type: 'Initialized', status: 'True' }],
        initContainerStatuses: [ended('i1', 0, 'Completed'), waiting('s', 'CrashLoopBackOff', { restartCount: 4 })],
        containerStatuses: [up('a')],
      }),
      '1/2 Init:CrashLoopBackOff 4',
    ],
  ])('%s', (_, object, expected) => {
    const { ready, status, restarts } = summarizePod(object, NOW)
    expect(`${ready} ${status} ${restarts}`).toBe(expected)
  })

  test('all columns', () => {
    const object = podOf(
      { ...TWO, nodeName: 'n1', readinessGates: [{ conditionType: 'x' }, { conditionType: 'y' }] },
      {
        phase: 'Running',
        podIPs: [{ ip: '10.0.0.1' }],
        conditions: [{ type: 'x', status: 'True' }],
        containerStatuses: [up('a'), up('b')],
      },
    )
    expect(podColumns.map(({ name, cell }) => [name, cell(object, NOW)])).toEqual([
      ['Name', 'test'],
      ['Ready', '2/2'],
      ['Status', 'Running'],
      ['Restarts', '0'],
      ['Age', '60m'],
      ['IP', '10.0.0.1'],
      ['Node', 'n1'],
      ['Nominated Node', '<none>'],
      ['Readiness Gates', '1/2'],
    ])
  })
})

describe('what a pod asks for', () => {
  const of = (requests: object, more: object = {}): object => ({ name: 'x', resources: { requests }, ...more })
  const sidecar = { restartPolicy: 'Always' }
  test.each<[string, object, object]>([
    ['the sum of its containers', { containers: [of({ cpu: '100m' }), of({ cpu: '1', memory: '1Gi' })] }, { cpu: '1100m', memory: '1Gi' }],
    [
      'or its greediest init container',
      { initContainers: [of({ cpu: '3' }), of({ cpu: '2' })], containers: [of({ cpu: '1' })] },
      { cpu: '3' },
    ],
    ['sidecars beside the containers', { initContainers: [of({ cpu: '2' }, sidecar)], containers: [of({ cpu: '1' })] }, { cpu: '3' }],
    [
      'init containers beside earlier sidecars',
      { initContainers: [of({ cpu: '2' }, sidecar), of({ cpu: '5' }), of({ cpu: '1' }, sidecar)], containers: [of({ cpu: '1' })] },
      { cpu: '7' },
    ],
    ['with overhead', { containers: [of({ cpu: '1' })], overhead: { cpu: '500m', memory: '1Mi' } }, { cpu: '1500m', memory: '1Mi' }],
    [
      'as the pod itself says',
      { containers: [of({ cpu: '1', 'a.b/c': '1' })], resources: { requests: { cpu: '4' } } },
      { cpu: '4', 'a.b/c': '1' },
    ],
  ])('%s', (_, spec, expected) => {
    expect(podRequests({ spec: spec as PodSpec })).toEqual(expected)
  })

  test('overhead counts only towards limits there are', () => {
    const spec = { containers: [{ name: 'x', resources: { limits: { cpu: '1' } } }], overhead: { cpu: '1', memory: '1Mi' } }
    expect(podLimits({ spec })).toEqual({ cpu: '2' })
  })
})

describe('class of service', () => {
  const of = (resources: object): object => ({ name: 'x', resources })
  const full = { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '1', memory: '1Gi' } }
  test.each<[string, object, string]>([
    ['nothing said', { containers: [of({})] }, 'BestEffort'],
    ['zero said', { containers: [of({ requests: { cpu: '0' } })] }, 'BestEffort'],
    ['other resources only', { containers: [of({ requests: { 'a.b/c': '1' } })] }, 'BestEffort'],
    ['all said and equal', { containers: [of(full)] }, 'Guaranteed'],
    ['one container says less', { containers: [of(full), of({})] }, 'Burstable'],
    ['an init container says less', { containers: [of(full)], initContainers: [of({ requests: { cpu: '1' } })] }, 'Burstable'],
    ['requests below limits', { containers: [of({ ...full, requests: { cpu: '500m', memory: '1Gi' } })] }, 'Burstable'],
    ['the pod says it for all', { containers: [of({})], resources: full }, 'Guaranteed'],
  ])('%s: %s', (_, spec, expected) => {
    expect(computeQosClass(spec as PodSpec)).toBe(expected)
  })
})
