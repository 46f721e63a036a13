/** Pods of several containers: sidecars, hooks that hold others up, rules by which all start anew. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findCondition } from '../../src/api/meta/conditions.ts'
import type { ContainerStatus, Pod } from '../../src/index.ts'
import { barePod, isReady, Scenario } from '../support/scenario.ts'

let cluster: Scenario
beforeEach(async () => {
  cluster = await Scenario.start({ nodes: 1 })
})
afterEach(() => cluster.close())

const NEVER = { restartPolicy: 'Never' }
const httpGet = { path: '/', port: 80 }
/** `KEY/CONTAINER` → `KEY.coracle.dev/CONTAINER` */
const annotated = (annotations: Record<string, string>) => ({
  annotations: Object.fromEntries(Object.entries(annotations).map(([key, value]) => [key.replace(/^([a-z-]+)/, '$1.coracle.dev'), value])),
})
const sidecar = (name: string, more: object = {}) => ({ name, image: `${name}:1`, restartPolicy: 'Always', ...more })
const status = async () => (await cluster.pod('app')).status!
const statuses = async () => {
  const { initContainerStatuses = [], containerStatuses = [] } = await status()
  return Object.fromEntries([...initContainerStatuses, ...containerStatuses].map((own) => [own.name, stateOf(own)]))
}
const stateOf = ({ state, ready }: ContainerStatus) =>
  `${state?.waiting?.reason ?? (state?.running ? 'Running' : `${state?.terminated?.reason} ${state?.terminated?.exitCode}`)}${ready ? ' ready' : ''}`
const told = async (...reasons: string[]) =>
  (await cluster.events('app'))
    .filter(({ reason }) => reasons.includes(reason!))
    .map(({ reason, message, involvedObject }) => `${reason} ${involvedObject.fieldPath?.replace(/.*\{(.*)\}/, '$1') ?? ''}: ${message}`)
const condition = async (type: string) => findCondition((await status()).conditions, type)

describe('sidecars', () => {
  it('start one after the other, each when its startup probe succeeds, then the others', async () => {
    const initContainers = [
      sidecar('one', { startupProbe: { httpGet, initialDelaySeconds: 4 } }),
      { name: 'setup', image: 'x', command: ['sleep', '2'] },
      sidecar('two', { readinessProbe: { httpGet, initialDelaySeconds: 20 } }),
    ]
    await cluster.apply(barePod('app', { spec: { initContainers } }))
    expect(await statuses()).toEqual({ one: 'Running', setup: 'PodInitializing', two: 'PodInitializing', main: 'PodInitializing' })
    expect(await condition('Initialized')).toMatchObject({
      status: 'False',
      reason: 'ContainersNotInitialized',
      message: 'containers with incomplete status: [one setup two]',
    })
    await cluster.seconds(4)
    expect(await statuses()).toEqual({ one: 'Running ready', setup: 'Running', two: 'PodInitializing', main: 'PodInitializing' })
    expect((await status()).phase).toBe('Pending')
    await cluster.seconds(2)
    expect(await statuses()).toEqual({ one: 'Running ready', setup: 'Completed 0 ready', two: 'Running', main: 'Running ready' })
    expect(await condition('ContainersReady')).toMatchObject({ status: 'False', message: 'containers with unready status: [two]' })
    await cluster.seconds(20)
    expect(isReady(await cluster.pod('app'))).toBe(true)
  })

  it('are started again while the pod runs, and leave it initialized', async () => {
    await cluster.apply(
      barePod('app', { spec: { ...NEVER, initContainers: [sidecar('one', { command: ['sleep', '10'] }), sidecar('two')] } }),
    )
    await cluster.seconds(10)
    expect((await status()).initContainerStatuses![0]).toMatchObject({ restartCount: 1, state: { running: {} } })
    await cluster.seconds(10)
    expect(await statuses()).toEqual({ one: 'CrashLoopBackOff', two: 'Running ready', main: 'Running ready' })
    expect(await condition('Initialized')).toMatchObject({ status: 'True' })
    expect(await condition('Ready')).toMatchObject({ status: 'False', message: 'containers with unready status: [one]' })
    expect((await status()).phase).toBe('Running')
  })

  it('are started again while others before the pod runs go on', async () => {
    const initContainers = [sidecar('one', { command: ['sleep', '3'] }), { name: 'setup', image: 'x', command: ['sleep', '8'] }]
    await cluster.apply(barePod('app', { spec: { initContainers } }))
    await cluster.seconds(7)
    expect(await statuses()).toEqual({ one: 'CrashLoopBackOff', setup: 'Running', main: 'PodInitializing' })
    await cluster.seconds(1)
    expect(await statuses()).toMatchObject({ setup: 'Completed 0 ready', main: 'Running ready' })
  })

  it('that fail their liveness probe are started again', async () => {
    const livenessProbe = { httpGet, periodSeconds: 5, failureThreshold: 1 }
    await cluster.apply(
      barePod('app', {
        spec: { ...NEVER, initContainers: [sidecar('one', { livenessProbe })] },
        ...annotated({ 'fail-liveness/one': '10s' }),
      }),
    )
    await cluster.seconds(10)
    expect((await status()).initContainerStatuses![0]).toMatchObject({ restartCount: 1, state: { running: {} } })
    expect(await told('Killing')).toEqual(['Killing one: Init container one failed liveness probe'])
  })

  it('stop after the others, the last one first, in what is left of the grace period', async () => {
    const initContainers = [sidecar('one'), sidecar('two', { lifecycle: { preStop: { sleep: { seconds: 2 } } } })]
    const delays = annotated({ 'stop-delay/main': '3', 'stop-delay/two': '4', 'stop-delay/one': '1h' })
    await cluster.apply(barePod('app', { spec: { initContainers, terminationGracePeriodSeconds: 20 }, ...delays }))
    const pod: Pod = await cluster.pod('app')
    await cluster.patch('pods', 'app', { metadata: { finalizers: ['a.io/wait'] } })
    await cluster.delete('pods', 'app')
    expect(await told('Killing')).toEqual([
      'Killing main: Stopping container main',
      'Killing two: Stopping container two',
      'Killing one: Stopping container one',
    ])
    await cluster.seconds(19)
    expect(await statuses()).toEqual({ one: 'Running ready', two: 'Running ready', main: 'Running ready' })
    await cluster.seconds(1)
    expect(await statuses()).toEqual({ one: 'Error 137', two: 'Completed 0', main: 'Completed 0' })
    const { initContainerStatuses = [], containerStatuses = [], phase } = await status()
    const begin = Date.parse(pod.status!.startTime!)
    expect(
      [...containerStatuses, ...initContainerStatuses].map(({ state }) => (Date.parse(state!.terminated!.finishedAt!) - begin) / 1000),
    ).toEqual([3, 20, 7])
    expect(phase).toBe('Succeeded')
  })

  it("of a Job's pod end when its work is done", async () => {
    await cluster.apply({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'work' },
      spec: {
        template: {
          metadata: { annotations: annotated({ 'stop-delay/proxy': '5' }).annotations },
          spec: { ...NEVER, initContainers: [sidecar('proxy')], containers: [{ name: 'main', image: 'x', command: ['sleep', '10'] }] },
        },
      },
    })
    const [job] = await cluster.pods('work')
    const own = async () => (await cluster.pod(job!.metadata.name)).status!
    await cluster.seconds(10)
    expect(await own()).toMatchObject({
      phase: 'Running',
      initContainerStatuses: [{ state: { running: {} } }],
      containerStatuses: [{ state: { terminated: { exitCode: 0 } } }],
    })
    expect((await cluster.events(job!.metadata.name, 'Killing')).map(({ message }) => message)).toEqual(['Stopping container proxy'])
    await cluster.seconds(5)
    expect(await own()).toMatchObject({ phase: 'Succeeded', initContainerStatuses: [{ state: { terminated: { exitCode: 0 } } }] })
    await cluster.seconds(1)
    expect((await cluster.get<{ status?: object } & Pod>('jobs.batch', 'work')).status).toMatchObject({ succeeded: 1 })
  })

  it('keep a pod whose init container failed from failing until they have ended', async () => {
    const initContainers = [sidecar('one'), { name: 'setup', image: 'x', command: ['false'] }]
    await cluster.apply(barePod('app', { spec: { ...NEVER, initContainers }, ...annotated({ 'stop-delay/one': '6' }) }))
    await cluster.seconds(5)
    expect((await status()).phase).toBe('Pending')
    expect(await condition('Ready')).toMatchObject({ status: 'False', reason: 'PodFailed' })
    await cluster.seconds(1)
    expect((await status()).phase).toBe('Failed')
    expect(await statuses()).toEqual({ one: 'Completed 0', setup: 'Error 1', main: 'PodInitializing' })
  })
})

describe('a pod that is active for too long', () => {
  it('fails when its containers have ended, and is seen to do so before', async () => {
    await cluster.apply(barePod('app', { spec: { activeDeadlineSeconds: 10 }, ...annotated({ 'stop-delay/main': '8' }) }))
    await cluster.seconds(10)
    expect(await status()).toMatchObject({ phase: 'Running', containerStatuses: [{ state: { running: {} } }] })
    expect(await condition('ContainersReady')).toMatchObject({ status: 'False', reason: 'PodFailed' })
    await cluster.seconds(8)
    const message = 'Pod was active on the node longer than the specified deadline'
    expect(await status()).toMatchObject({ phase: 'Failed', reason: 'DeadlineExceeded', message })
    expect(await told('DeadlineExceeded', 'Killing')).toEqual([`DeadlineExceeded : ${message}`, 'Killing main: Stopping container main'])
  })
})

describe('a rule that restarts all containers', () => {
  const restartAll = {
    restartPolicy: 'Never',
    restartPolicyRules: [{ action: 'RestartAllContainers', exitCodes: { operator: 'In', values: [42] } }],
  }

  it('starts the pod anew, init containers first', async () => {
    const initContainers = [{ name: 'setup', image: 'x', command: ['sleep', '3'] }, sidecar('proxy')]
    const pod = barePod('app', {
      spec: { ...NEVER, initContainers },
      container: { ...restartAll, command: ['sleep', '10'] },
      ...annotated({ 'exit-code/main': '42,0' }),
    })
    await cluster.apply({ ...pod, spec: { ...pod.spec, containers: [...pod.spec.containers, { name: 'other', image: 'x' }] } })
    expect(await condition('AllContainersRestarting')).toMatchObject({ status: 'False' })
    expect((await condition('AllContainersRestarting'))?.observedGeneration).toBeUndefined()
    await cluster.seconds(13)
    expect(await condition('AllContainersRestarting')).toMatchObject({
      status: 'True',
      reason: 'RestartAllContainersStarted',
      message: 'container exited with restart policy rule',
    })
    expect(await statuses()).toMatchObject({ main: 'Error 42', other: 'Running ready', proxy: 'Running ready' })
    expect((await told('Killing')).sort()).toEqual(['Killing other: killing', 'Killing proxy: killing'])
    await cluster.seconds(1)
    expect(await condition('AllContainersRestarting')).toMatchObject({ status: 'False' })
    expect(await statuses()).toEqual({
      setup: 'Running',
      proxy: 'RestartingAllContainers',
      main: 'RestartingAllContainers',
      other: 'RestartingAllContainers',
    })
    expect(await condition('Initialized')).toMatchObject({ status: 'True' })
    expect((await status()).phase).toBe('Pending')
    await cluster.seconds(3)
    expect((await status()).phase).toBe('Running')
    const { initContainerStatuses = [], containerStatuses = [] } = await status()
    for (const own of [...initContainerStatuses, ...containerStatuses]) {
      expect(own).toMatchObject({ restartCount: 1, lastState: { terminated: { exitCode: 137, reason: 'RestartingAllContainers' } } })
    }
    await cluster.seconds(10)
    expect(await statuses()).toMatchObject({ main: 'Completed 0', other: 'Running ready' })
  })

  it.each<[string, object]>([
    ['an init container', { name: 'first', image: 'x', command: ['sleep', '4'], ...restartAll }],
    ['a sidecar', sidecar('first', { command: ['sleep', '4'], restartPolicyRules: restartAll.restartPolicyRules })],
  ])('may be that of %s', async (_, first) => {
    const pod = barePod('app', { spec: { ...NEVER, initContainers: [first] }, ...annotated({ 'exit-code/first': '42,0' }) })
    await cluster.apply(pod)
    await cluster.seconds(4)
    expect(await condition('AllContainersRestarting')).toMatchObject({ status: 'True' })
    expect((await statuses()).first).toBe('Error 42')
    expect((await status()).phase).not.toBe('Failed')
    await cluster.seconds(5)
    expect(await statuses()).toMatchObject({ main: 'Running ready' })
    expect((await status()).initContainerStatuses![0]!.restartCount).toBeGreaterThan(0)
    expect(await condition('AllContainersRestarting')).toMatchObject({ status: 'False' })
  })

  it('does so once a second at most', async () => {
    await cluster.apply(barePod('app', { spec: NEVER, container: { ...restartAll, command: ['sh', '-c', 'exit 42'] } }))
    await cluster.seconds(10)
    expect((await status()).containerStatuses![0]!.restartCount).toBe(10)
    expect((await status()).phase).toBe('Running')
  })
})

describe('a postStart hook', () => {
  it('keeps the container and those after it from being seen to run', async () => {
    const lifecycle = { postStart: { sleep: { seconds: 5 } } }
    const pod = barePod('app', { container: { lifecycle } })
    await cluster.apply({ ...pod, spec: { ...pod.spec, containers: [...pod.spec.containers, { name: 'next', image: 'x' }] } })
    expect(await statuses()).toEqual({ main: 'ContainerCreating', next: 'ContainerCreating' })
    expect(await told('Created', 'Started')).toEqual(['Created main: Container created', 'Started main: Container started'])
    await cluster.seconds(5)
    expect(await statuses()).toEqual({ main: 'Running ready', next: 'Running ready' })
    const [main, next] = (await status()).containerStatuses!.map(({ state }) => Date.parse(state!.running!.startedAt!))
    expect(next! - main!).toBe(5000)
    expect(await told('Started')).toHaveLength(2)
  })

  it('that fails kills the container, which is then tried again', async () => {
    const lifecycle = { postStart: { exec: { command: ['sh', '-c', 'sleep 2; echo no luck; exit 7'] } } }
    await cluster.apply(barePod('app', { container: { lifecycle, command: ['sleep', '100'] } }))
    await cluster.seconds(2)
    const [own] = (await status()).containerStatuses!
    expect(own).toMatchObject({ ready: false, restartCount: 0, lastState: { terminated: { exitCode: 143, reason: 'Error' } } })
    const { uid } = (await cluster.pod('app')).metadata
    expect(own!.state?.waiting).toEqual({
      reason: 'PostStartHookError',
      message:
        `Exec lifecycle hook ([sh -c sleep 2; echo no luck; exit 7]) for Container "main" in Pod "app_default(${uid})" failed - error: ` +
        `command 'sh -c sleep 2; echo no luck; exit 7' exited with 7: , message: "no luck\\n"`,
    })
    expect(await told('FailedPostStartHook', 'Killing')).toEqual([
      'FailedPostStartHook main: PostStartHook failed',
      'Killing main: FailedPostStartHook',
    ])
    // At once, then after 10 s.
    await cluster.seconds(4)
    expect((await status()).containerStatuses![0]).toMatchObject({ restartCount: 1, state: { waiting: { reason: 'CrashLoopBackOff' } } })
  })

  it('that goes on when the pod is deleted goes with its container', async () => {
    const lifecycle = { postStart: { exec: { command: ['sleep', '60'] } }, preStop: { sleep: { seconds: 2 } } }
    const pod = barePod('app', { container: { lifecycle, command: ['sleep', '100'] } })
    await cluster.apply({ ...pod, metadata: { ...pod.metadata, finalizers: ['a.io/wait'] } })
    await cluster.seconds(10)
    expect(await statuses()).toEqual({ main: 'ContainerCreating' })
    await cluster.delete('pods', 'app')
    expect(await told('Killing')).toEqual(['Killing main: Stopping container main'])
    await cluster.seconds(2)
    expect(await statuses()).toEqual({ main: 'Error 143' })
    const { startedAt, finishedAt } = (await status()).containerStatuses![0]!.state!.terminated!
    expect((Date.parse(finishedAt!) - Date.parse(startedAt!)) / 1000).toBe(12)
  })

  it('of http tells where it asked', async () => {
    const lifecycle = { postStart: { httpGet: { path: '/up', port: 8080 } } }
    await cluster.apply(barePod('app', { container: { lifecycle }, ...annotated({ 'fail-post-start/main': 'true' }) }))
    const { podIP, containerStatuses } = await status()
    expect(containerStatuses![0]!.state?.waiting?.message).toMatch(
      new RegExp(
        `^HTTP lifecycle hook \\(/up\\) for Container "main" in Pod "app_default\\(.*\\)" failed - error: Get "http://${podIP}:8080/up": `,
      ),
    )
  })
})

describe('what containers say of their end', () => {
  it('is cut, so that all of a pod say no more than 12 KiB', async () => {
    const long = 'x'.repeat(5000)
    const containers = ['a', 'b', 'c', 'd'].map((name) => ({ name, image: 'x', command: ['true'] }))
    const pod = barePod('app', { annotations: { 'coracle.dev/termination-message': long } })
    await cluster.apply(
      { ...pod, spec: { ...NEVER, containers } },
      { ...pod, metadata: { ...pod.metadata, name: 'one' }, spec: { ...NEVER, containers: containers.slice(1, 2) } },
    )
    expect((await status()).containerStatuses!.map(({ state }) => state?.terminated?.message?.length)).toEqual([3072, 3072, 3072, 3072])
    expect((await cluster.pod('one')).status!.containerStatuses![0]!.state?.terminated?.message).toHaveLength(4096)
  })
})

describe('a pod that is deleted before it ran', () => {
  it('has lost its containers', async () => {
    const pod = barePod('app', { image: 'x:missing' })
    await cluster.apply({ ...pod, metadata: { ...pod.metadata, finalizers: ['a.io/wait'] } })
    await cluster.delete('pods', 'app')
    expect((await status()).phase).toBe('Failed')
    expect((await status()).containerStatuses![0]!.state).toEqual({
      terminated: {
        exitCode: 137,
        finishedAt: null,
        message: 'The container could not be located when the pod was terminated',
        reason: 'ContainerStatusUnknown',
        startedAt: null,
      },
    })
  })

  it('in a crash loop has ended as it did the last time', async () => {
    const pod = barePod('app', { container: { command: ['sh', '-c', 'exit 3'] } })
    await cluster.apply({ ...pod, metadata: { ...pod.metadata, finalizers: ['a.io/wait'] } })
    await cluster.seconds(2)
    await cluster.delete('pods', 'app')
    expect((await status()).phase).toBe('Failed')
    expect((await status()).containerStatuses![0]).toMatchObject({
      restartCount: 1,
      state: { terminated: { exitCode: 3, reason: 'Error' } },
      lastState: { terminated: { exitCode: 3 } },
    })
  })

  it('while an init container runs, fails with it', async () => {
    const pod = barePod('app', { spec: { initContainers: [{ name: 'setup', image: 'x', command: ['sleep', '100'] }] } })
    await cluster.apply({ ...pod, metadata: { ...pod.metadata, finalizers: ['a.io/wait'] } })
    await cluster.delete('pods', 'app')
    expect((await status()).phase).toBe('Failed')
    expect(await statuses()).toEqual({ setup: 'Error 143', main: 'PodInitializing' })
  })
})
