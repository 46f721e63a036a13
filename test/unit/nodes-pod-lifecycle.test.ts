import { describe, expect, it } from 'vitest'
import { findCondition } from '../../src/api/meta/conditions.ts'
import { timestamp } from '../../src/api/meta/time.ts'
import type { Container, ContainerStatus, Node, Pod, PodSpec } from '../../src/api/types.gen.ts'
import { SimulatedRuntime } from '../../src/nodes/container-behaviour.ts'
import { PodIPAllocator } from '../../src/nodes/kubelet/pod-ip-allocator.ts'
import { reconcilePod } from '../../src/nodes/kubelet/reconcile.ts'
import { STATE_ANNOTATION } from '../../src/nodes/node-state.ts'
import { advancePod } from '../../src/nodes/pod-lifecycle.ts'

const START = Date.parse('2026-01-01T00:00:00Z')
const runtime = new SimulatedRuntime()

function podOf(spec: Partial<PodSpec>, metadata: Record<string, unknown> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'web',
      namespace: 'default',
      uid: 'u1',
      generation: 1,
      creationTimestamp: timestamp(START),
      resourceVersion: '1',
      ...metadata,
    },
    spec: {
      containers: [{ name: 'main', image: 'nginx' }],
      nodeName: 'n1',
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      ...spec,
    },
    status: { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'True', lastTransitionTime: timestamp(START) }] },
  } as unknown as Pod
}

/** Follows the pod through its own wake-ups until `forMs` have passed. */
function live(pod: Pod, forMs: number, from = START) {
  let current = pod
  let writes = 0
  const events: string[] = []
  for (let now = from; ; ) {
    const step = advancePod({ pod: current, hostIP: '10.0.0.2', podIP: '10.244.0.2', runtime, now })
    if (JSON.stringify(step.status) !== JSON.stringify(current.status)) writes++
    events.push(...step.events.map(({ reason }) => reason))
    current = { ...current, status: step.status }
    if (step.wakeAt === undefined || step.wakeAt > from + forMs) return { pod: current, writes, events, wakeAt: step.wakeAt }
    expect(step.wakeAt).toBeGreaterThan(now)
    now = step.wakeAt
  }
}

const stateOf = (status: ContainerStatus | undefined) => {
  const { waiting, running, terminated } = status?.state ?? {}
  return waiting?.reason ?? (running ? 'Running' : `${terminated?.reason}:${terminated?.exitCode}`)
}

interface Row {
  readonly name: string
  readonly spec: Partial<PodSpec>
  readonly annotations?: Record<string, string>
  readonly afterMs: number
  readonly phase: string
  readonly states: string[]
  readonly ready: string
  readonly restarts?: number
  readonly writes?: number
}

const container = (command: string[] | undefined, more: Partial<Container> = {}): Container => ({
  name: 'main',
  image: 'busybox',
  command,
  ...more,
})

const rows: Row[] = [
  { name: 'a server', spec: {}, afterMs: 0, phase: 'Running', states: ['Running'], ready: 'True', writes: 1 },
  {
    name: 'a task',
    spec: { restartPolicy: 'Never', containers: [container(['sleep', '5'])] },
    afterMs: 4999,
    phase: 'Running',
    states: ['Running'],
    ready: 'True',
  },
  {
    name: 'a finished task',
    spec: { restartPolicy: 'Never', containers: [container(['sleep', '5'])] },
    afterMs: 5000,
    phase: 'Succeeded',
    states: ['Completed:0'],
    ready: 'False',
    writes: 2,
  },
  {
    name: 'a failed task',
    spec: { restartPolicy: 'Never', containers: [container(['false'])] },
    afterMs: 0,
    phase: 'Failed',
    states: ['Error:1'],
    ready: 'False',
  },
  {
    name: 'OnFailure ends with success',
    spec: { restartPolicy: 'OnFailure', containers: [container(undefined)] },
    annotations: { 'coracle.dev/exit-code': '1,1,0' },
    afterMs: 60_000,
    phase: 'Succeeded',
    states: ['Completed:0'],
    ready: 'False',
    restarts: 2,
  },
  {
    name: 'the first restart is at once, the second after 10 s',
    spec: { containers: [container(['false'])] },
    afterMs: 9999,
    phase: 'Running',
    states: ['CrashLoopBackOff'],
    ready: 'False',
    restarts: 1,
  },
  // 0, then after 10, 20, 40, 80, 160, 300, 300 seconds
  {
    name: 'back-off doubles',
    spec: { containers: [container(['false'])] },
    afterMs: 310_000,
    phase: 'Running',
    states: ['CrashLoopBackOff'],
    ready: 'False',
    restarts: 6,
  },
  {
    name: 'and stays at 5 min',
    spec: { containers: [container(['false'])] },
    afterMs: 1_000_000,
    phase: 'Running',
    states: ['CrashLoopBackOff'],
    ready: 'False',
    restarts: 8,
  },
  {
    name: 'init containers run in order',
    spec: { initContainers: [container(['sleep', '2'], { name: 'a' }), container(['sleep', '3'], { name: 'b' })] },
    afterMs: 4999,
    phase: 'Pending',
    states: ['Completed:0', 'Running', 'PodInitializing'],
    ready: 'False',
  },
  {
    name: 'then the others',
    spec: { initContainers: [container(['sleep', '2'], { name: 'a' }), container(['sleep', '3'], { name: 'b' })] },
    afterMs: 5000,
    phase: 'Running',
    states: ['Completed:0', 'Completed:0', 'Running'],
    ready: 'True',
  },
  {
    name: 'a failed init container fails a pod that restarts nothing',
    spec: { restartPolicy: 'Never', initContainers: [container(['false'], { name: 'a' })] },
    afterMs: 0,
    phase: 'Failed',
    states: ['Error:1', 'PodInitializing'],
    ready: 'False',
  },
  {
    name: 'a sidecar runs beside the task and ends with it',
    spec: {
      restartPolicy: 'Never',
      initContainers: [container(undefined, { name: 'proxy', restartPolicy: 'Always' })],
      containers: [container(['sleep', '4'])],
    },
    afterMs: 4000,
    phase: 'Succeeded',
    states: ['Completed:0', 'Completed:0'],
    ready: 'False',
  },
  {
    name: 'readiness waits for its probe',
    spec: { containers: [container(undefined, { readinessProbe: { initialDelaySeconds: 5, periodSeconds: 2, successThreshold: 3 } })] },
    afterMs: 8999,
    phase: 'Running',
    states: ['Running'],
    ready: 'False',
  },
  {
    name: 'and comes with it',
    spec: { containers: [container(undefined, { readinessProbe: { initialDelaySeconds: 5, periodSeconds: 2, successThreshold: 3 } })] },
    afterMs: 9000,
    phase: 'Running',
    states: ['Running'],
    ready: 'True',
    writes: 2,
  },
  {
    name: 'start-delay',
    spec: {},
    annotations: { 'coracle.dev/start-delay': '3' },
    afterMs: 2999,
    phase: 'Pending',
    states: ['ContainerCreating'],
    ready: 'False',
  },
  {
    name: 'start-delay is over',
    spec: {},
    annotations: { 'coracle.dev/start-delay': '3' },
    afterMs: 3000,
    phase: 'Running',
    states: ['Running'],
    ready: 'True',
  },
  {
    name: 'no image',
    spec: {},
    annotations: { 'coracle.dev/fail-image-pull': 'true' },
    afterMs: 99_000,
    phase: 'Pending',
    states: ['ImagePullBackOff'],
    ready: 'False',
    // It is tried after 0, 10, 30 and 70 s, and each time waited for.
    writes: 8,
  },
  {
    name: 'never ready',
    spec: {},
    annotations: { 'coracle.dev/ready': 'false' },
    afterMs: 99_000,
    phase: 'Running',
    states: ['Running'],
    ready: 'False',
  },
  {
    name: 'a readiness gate',
    spec: { readinessGates: [{ conditionType: 'x/y' }] },
    afterMs: 0,
    phase: 'Running',
    states: ['Running'],
    ready: 'False',
  },
  {
    name: 'activeDeadlineSeconds',
    spec: { activeDeadlineSeconds: 7 },
    afterMs: 7000,
    phase: 'Failed',
    states: ['Completed:0'],
    ready: 'False',
  },
]

describe('advancePod', () => {
  it.each(rows.map((row) => [row.name, row] as const))('%s', (_name, row) => {
    const { pod, writes } = live(podOf(row.spec, row.annotations ? { annotations: row.annotations } : {}), row.afterMs)
    const status = pod.status!
    expect(status.phase).toBe(row.phase)
    expect([...(status.initContainerStatuses ?? []), ...status.containerStatuses!].map(stateOf)).toEqual(row.states)
    expect(findCondition(status.conditions, 'Ready')?.status).toBe(row.ready)
    if (row.restarts !== undefined) expect(status.containerStatuses![0]!.restartCount).toBe(row.restarts)
    if (row.writes !== undefined) expect(writes).toBe(row.writes)
  })

  it('writes what a kubelet writes', () => {
    const { pod, events } = live(podOf({}), 0)
    const at = timestamp(START)
    expect(events).toEqual(['Pulled', 'Created', 'Started'])
    const condition = (type: string) => ({ lastTransitionTime: at, observedGeneration: 1, type, status: 'True' })
    expect(pod.status).toEqual({
      phase: 'Running',
      observedGeneration: 1,
      startTime: at,
      hostIP: '10.0.0.2',
      hostIPs: [{ ip: '10.0.0.2' }],
      podIP: '10.244.0.2',
      podIPs: [{ ip: '10.244.0.2' }],
      qosClass: 'BestEffort',
      conditions: ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map(condition),
      containerStatuses: [
        {
          containerID: expect.stringMatching(/^containerd:\/\/[0-9a-f]{64}$/),
          image: 'docker.io/library/nginx:latest',
          imageID: expect.stringMatching(/^docker\.io\/library\/nginx@sha256:[0-9a-f]{64}$/),
          lastState: {},
          name: 'main',
          ready: true,
          resources: {},
          restartCount: 0,
          started: true,
          state: { running: { startedAt: at } },
          user: { linux: { gid: 0, supplementalGroups: [0], uid: 0 } },
        },
      ],
      resources: {},
    })
  })

  it('says what it waits for in a crash loop', () => {
    const { pod } = live(podOf({ containers: [container(['sh', '-c', 'exit 3'])] }), 35_000)
    const status = pod.status!.containerStatuses![0]!
    expect(status.state?.waiting).toEqual({
      reason: 'CrashLoopBackOff',
      message: 'back-off 40s restarting failed container=main pod=web_default(u1)',
    })
    expect(status.lastState?.terminated).toMatchObject({ exitCode: 3, reason: 'Error', finishedAt: timestamp(START + 30_000) })
  })

  it('forgives a crash loop after a run of more than ten minutes', () => {
    const { pod } = live(podOf({ containers: [container(['sh', '-c', 'sleep 700; exit 1'])] }), 3 * 700_000)
    expect(pod.status!.containerStatuses![0]).toMatchObject({
      restartCount: 3,
      state: { running: { startedAt: timestamp(START + 2_100_000) } },
    })
  })

  it('carries on as if it had not been away', () => {
    const spec = { containers: [container(['sleep', '30'])], restartPolicy: 'Never' as const }
    const before = live(podOf(spec), 10_000).pod
    const { pod } = live(before, 0, START + 100_000)
    expect(pod.status!.containerStatuses![0]!.state?.terminated).toMatchObject({ finishedAt: timestamp(START + 30_000), exitCode: 0 })
  })
})

const node = {
  metadata: { name: 'n1', annotations: {} },
  spec: { podCIDR: '10.244.0.0/24' },
  status: { addresses: [{ type: 'InternalIP', address: '10.0.0.2' }] },
} as unknown as Node

describe('reconcilePod', () => {
  const deleted = (pod: Pod, more: Record<string, unknown> = {}): Pod => ({
    ...pod,
    metadata: { ...pod.metadata, deletionTimestamp: timestamp(START + 30_000), deletionGracePeriodSeconds: 30, ...more },
  })
  const run = (pod: Pod, now = START, on: Node = node) => reconcilePod({ pod, node: on, podIP: '10.244.0.2' }, runtime, now)

  it('stops a deleted pod, then lets it go', () => {
    const plan = run(deleted(live(podOf({}), 0).pod))
    expect(plan.events?.map(({ message }) => message)).toEqual(['Stopping container main'])
    expect(plan.actions?.map(({ verb }) => verb)).toEqual(['patch', 'delete'])
    expect(plan.actions?.[0]).toMatchObject({ subresource: 'status', patch: { metadata: { uid: 'u1' }, status: { phase: 'Succeeded' } } })
    expect(plan.actions?.[1]).toMatchObject({ preconditions: { uid: 'u1' }, gracePeriodSeconds: 0 })
  })

  it('waits for a preStop hook', () => {
    const pod = live(podOf({ containers: [container(undefined, { lifecycle: { preStop: { sleep: { seconds: 8 } } } })] }), 0).pod
    expect(run(deleted(pod), START + 1000)).toMatchObject({ requeueAfterMs: 7000 })
    expect(run(deleted(pod), START + 8000).actions).toHaveLength(2)
  })

  it('kills what takes longer than the grace period', () => {
    const pod = live(podOf({}, { annotations: { 'coracle.dev/stop-delay': '10m' } }), 0).pod
    expect(run(deleted(pod))).toMatchObject({ requeueAfterMs: 30_000 })
    expect(run(deleted(pod), START + 30_000).actions?.[0]).toMatchObject({
      patch: { status: { phase: 'Failed', containerStatuses: [{ state: { terminated: { exitCode: 137 } } }] } },
    })
  })

  it('does not delete twice what finalizers keep', () => {
    const pod = live(podOf({ restartPolicy: 'Never', containers: [container(['true'])] }), 0).pod
    const plan = run(deleted(pod, { deletionGracePeriodSeconds: 0, finalizers: ['a/b'] }))
    expect(plan).toEqual({ actions: [], events: [], waitingOn: 'finalizers: a/b' })
  })

  it('does nothing on a failed node', () => {
    const failed = { ...node, metadata: { ...node.metadata, annotations: { [STATE_ANNOTATION]: 'failed' } } }
    expect(run(podOf({}), START, failed)).toEqual({ waitingOn: 'node n1 has failed' })
  })

  it('writes nothing about a pod that is as it was', () => {
    const pod = live(podOf({}), 0).pod
    expect(run(pod).status).toEqual(pod)
  })
})

describe('PodIPAllocator', () => {
  const pod = (uid: string, podIP?: string): Pod => ({ ...podOf({}, { uid, name: uid }), status: podIP ? { podIP } : {} })

  it('gives each pod its own, also before statuses are written', () => {
    const allocator = new PodIPAllocator()
    const stored = [pod('a', '10.244.0.2')]
    const take = (each: Pod) => allocator.addressesOf(`default/${each.metadata.name}`, each, ['10.244.0.0/29'], () => stored)[0]
    expect([pod('b'), pod('c'), pod('b'), pod('a', '10.244.0.2')].map(take)).toEqual([
      '10.244.0.3',
      '10.244.0.4',
      '10.244.0.3',
      '10.244.0.2',
    ])
    expect([pod('d'), pod('e'), pod('f')].map(take)).toEqual(['10.244.0.5', '10.244.0.6', undefined])
    allocator.release('default/c')
    expect(take(pod('f'))).toBe('10.244.0.4')
  })
  it('gives those of both families at one place of their ranges, and those a pod has', () => {
    const allocator = new PodIPAllocator()
    const ranges = ['fd00:10:244::/64', '10.244.0.0/24']
    const take = (each: Pod) => allocator.addressesOf(`default/${each.metadata.name}`, each, ranges, () => [])
    const [first] = [pod('a'), pod('b')].map(take)
    expect(first).toEqual(['fd00:10:244::2', '10.244.0.2'])
    const status = { podIP: 'fd00:10:244::4', podIPs: [{ ip: 'fd00:10:244::4' }, { ip: '10.244.0.4' }] }
    expect(take({ ...pod('c'), status })).toEqual(['fd00:10:244::4', '10.244.0.4'])
    expect(take(pod('d'))).toEqual(['fd00:10:244::5', '10.244.0.5'])
    expect(new PodIPAllocator().addressesOf('default/e', pod('e'), [], () => [])).toEqual([])
  })
})
