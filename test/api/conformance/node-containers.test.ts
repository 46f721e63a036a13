/** Upstream: test/e2e/common/node/init_container.go and container_probe.go */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { findCondition } from '../../../src/api/meta/conditions.ts'
import type { Json } from '../../support/api.ts'
import { Conformance } from '../../support/conformance.ts'
import { createRunning, eventually, isReady, pausePod } from '../../support/conformance-pods.ts'
import { uniqueName } from '../../support/resource-client.ts'

let e2e: Conformance
beforeAll(async () => {
  e2e = await Conformance.start({ nodes: 2 })
})
afterAll(() => e2e.close())

const podsOf = async (base: string) => e2e.client('v1/pods', await e2e.namespace(base))
const init = (name: string, command: string) => ({ name, image: 'busybox', command: [command] })
const inits = (first: string, second: string) => [init('init1', first), init('init2', second)]
const initialized = ({ status }: Json) => findCondition(status.conditions, 'Initialized')
const statesOf = ({ status }: Json): Json[] => status.initContainerStatuses

it.each([
  ['[sig-node] InitContainer [NodeConformance] should invoke init containers on a RestartNever pod', 'Never', ['/bin/true'], 'Succeeded'],
  ['[sig-node] InitContainer [NodeConformance] should invoke init containers on a RestartAlways pod', 'Always', undefined, 'Running'],
] as const)('%s', async (_, restartPolicy, command, phase) => {
  const pods = await podsOf('init-container')
  const name = uniqueName('pod-init')
  const container = command === undefined ? {} : { image: 'busybox', command }
  await pods.create(pausePod(name, { restartPolicy, initContainers: inits('/bin/true', '/bin/true'), container }))
  await eventually(e2e, `it has ${phase}`, async () => (await pods.get(name)).status.phase === phase)
  const pod = await pods.get(name)
  expect(initialized(pod)!.status).toBe('True')
  expect(statesOf(pod).map(({ ready, state }) => [ready, state.terminated.exitCode])).toEqual([
    [true, 0],
    [true, 0],
  ])
})

it('[sig-node] InitContainer [NodeConformance] should not start app containers if init containers fail on a RestartAlways pod', async () => {
  const pods = await podsOf('init-container')
  const name = uniqueName('pod-init')
  await pods.create(pausePod(name, { restartPolicy: 'Always', initContainers: inits('/bin/false', '/bin/true') }))
  await eventually(e2e, 'the first is tried a third time', async () => (statesOf(await pods.get(name))?.[0].restartCount ?? 0) >= 3)
  const pod = await pods.get(name)
  const [first, second] = statesOf(pod)
  expect(first!.lastState.terminated.exitCode).not.toBe(0)
  expect([second!.state.waiting.reason, pod.status.containerStatuses[0].state.waiting.reason]).toEqual([
    'PodInitializing',
    'PodInitializing',
  ])
  expect([pod.status.phase, initialized(pod)]).toMatchObject([
    'Pending',
    { status: 'False', reason: 'ContainersNotInitialized', message: 'containers with incomplete status: [init1 init2]' },
  ])
})

it('[sig-node] InitContainer [NodeConformance] should not start app containers and fail the pod if init containers fail on a RestartNever pod', async () => {
  const pods = await podsOf('init-container')
  const name = uniqueName('pod-init')
  const container = { image: 'busybox', command: ['/bin/true'] }
  await pods.create(pausePod(name, { restartPolicy: 'Never', initContainers: inits('/bin/true', '/bin/false'), container }))
  await eventually(e2e, 'it has failed', async () => (await pods.get(name)).status.phase === 'Failed')
  const pod = await pods.get(name)
  expect(statesOf(pod).map(({ state }) => state.terminated.exitCode === 0)).toEqual([true, false])
  expect(pod.status.containerStatuses[0].state.waiting.reason).toBe('PodInitializing')
  expect(initialized(pod)).toMatchObject({
    status: 'False',
    reason: 'ContainersNotInitialized',
    message: 'containers with incomplete status: [init2]',
  })
})

const PROBES: readonly (readonly [string, Json])[] = [
  [
    '[sig-node] Probing container should *not* be restarted with a exec "cat /tmp/health" liveness probe [NodeConformance]',
    { exec: { command: ['cat', '/tmp/health'] } },
  ],
  [
    '[sig-node] Probing container should *not* be restarted with a tcp:8080 liveness probe [NodeConformance]',
    { tcpSocket: { port: 8080 } },
  ],
  [
    '[sig-node] Probing container should *not* be restarted with a /healthz http liveness probe [NodeConformance]',
    { httpGet: { path: '/healthz', port: 8080 } },
  ],
  ['[sig-node] Probing container should *not* be restarted with a GRPC liveness probe [NodeConformance]', { grpc: { port: 5000 } }],
]

it.each(PROBES)('%s', async (_, handler) => {
  const pods = await podsOf('container-probe')
  const name = uniqueName('liveness')
  await createRunning(
    e2e,
    pods,
    pausePod(name, { container: { livenessProbe: { ...handler, initialDelaySeconds: 15, timeoutSeconds: 5, failureThreshold: 1 } } }),
  )
  // As long as upstream looks on.
  await e2e.seconds(240)
  expect((await pods.get(name)).status.containerStatuses[0]).toMatchObject({ restartCount: 0, state: { running: {} } })
})

it('[sig-node] Probing container with readiness probe should not be ready before initial delay and never restart [NodeConformance]', async () => {
  const pods = await podsOf('container-probe')
  const name = uniqueName('test-webserver')
  const readinessProbe = { httpGet: { path: '/', port: 81 }, initialDelaySeconds: 30 }
  await pods.create(pausePod(name, { container: { readinessProbe } }))
  await eventually(e2e, 'it is ready', async () => isReady(await pods.get(name)))
  const { status } = await pods.get(name)
  const started = Date.parse(status.containerStatuses[0].state.running.startedAt)
  expect(Date.parse(findCondition(status.conditions as Json[], 'Ready')!.lastTransitionTime) - started).toBeGreaterThanOrEqual(30_000)
  expect(status.containerStatuses[0].restartCount).toBe(0)
})
