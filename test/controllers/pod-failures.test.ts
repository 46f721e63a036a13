import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ContainerStatus } from '../../src/index.ts'
import { barePod, isReady, Scenario } from '../support/scenario.ts'

let cluster: Scenario
beforeEach(async () => {
  cluster = await Scenario.start({ nodes: 1 })
})
afterEach(() => cluster.close())

const NEVER = { restartPolicy: 'Never' }
const annotated = (annotations: Record<string, string>) => ({
  annotations: Object.fromEntries(Object.entries(annotations).map(([key, value]) => [`coracle.dev/${key}`, value])),
})
const httpGet = { path: '/', port: 80 }
const container = async (): Promise<ContainerStatus> => (await cluster.pod('app')).status!.containerStatuses![0]!
const told = async (...reasons: string[]) =>
  (await cluster.events('app'))
    .filter(({ reason }) => reasons.includes(reason!))
    .map(({ reason, message, count }) => [reason, message, count])

describe('a probe that fails', () => {
  it('of liveness restarts the container', async () => {
    const livenessProbe = { httpGet, periodSeconds: 5, initialDelaySeconds: 5 }
    await cluster.apply(barePod('app', { container: { livenessProbe }, ...annotated({ 'fail-liveness': '20s' }) }))
    await cluster.seconds(29)
    expect(await container()).toMatchObject({ restartCount: 0, ready: true })
    await cluster.seconds(1)
    expect(await container()).toMatchObject({ restartCount: 1, ready: true, lastState: { terminated: { exitCode: 0 } } })
    expect(await told('Unhealthy', 'Killing')).toEqual([
      ['Unhealthy', 'Liveness probe failed: HTTP probe failed with statuscode: 500', 3],
      ['Killing', 'Container main failed liveness probe, will be restarted', 1],
    ])
    await cluster.seconds(30)
    expect(await container()).toMatchObject({ restartCount: 1, state: { waiting: { reason: 'CrashLoopBackOff' } } })
    await cluster.seconds(10)
    expect(await container()).toMatchObject({ restartCount: 2, state: { running: {} } })
  })

  it('of liveness ends a pod that is never restarted, and gives it time', async () => {
    const livenessProbe = { httpGet, periodSeconds: 5, failureThreshold: 1, terminationGracePeriodSeconds: 7 }
    await cluster.apply(
      barePod('app', { spec: NEVER, container: { livenessProbe }, ...annotated({ 'fail-liveness': 'true', 'stop-delay': '1h' }) }),
    )
    await cluster.seconds(6)
    expect((await container()).state?.running).toBeDefined()
    await cluster.seconds(1)
    expect((await container()).state?.terminated).toMatchObject({ exitCode: 137, reason: 'Error' })
    expect((await cluster.pod('app')).status?.phase).toBe('Failed')
    expect(await told('Killing')).toEqual([['Killing', 'Container main failed liveness probe', 1]])
  })

  it('of startup restarts the container before others are asked', async () => {
    const startupProbe = { httpGet, periodSeconds: 2, failureThreshold: 5 }
    await cluster.apply(
      barePod('app', {
        container: { startupProbe, livenessProbe: { httpGet } },
        ...annotated({ 'fail-startup': 'true', 'fail-liveness': 'true' }),
      }),
    )
    expect(await container()).toMatchObject({ started: false, ready: false })
    await cluster.seconds(8)
    expect(await container()).toMatchObject({ restartCount: 1 })
    expect((await told('Unhealthy', 'Killing')).slice(0, 2)).toMatchObject([
      ['Unhealthy', 'Startup probe failed: HTTP probe failed with statuscode: 500', 6],
      ['Killing', 'Container main failed startup probe, will be restarted', 1],
    ])
  })

  it('of a port names the address that it asked', async () => {
    const readinessProbe = { tcpSocket: { port: 'web' } }
    const ports = [{ name: 'web', containerPort: 8080 }]
    await cluster.apply(barePod('app', { container: { readinessProbe, ports }, ...annotated({ 'fail-readiness': 'true' }) }))
    const { podIP } = (await cluster.pod('app')).status!
    expect(await told('Unhealthy')).toEqual([
      ['Unhealthy', `Readiness probe failed: dial tcp ${podIP}:8080: connect: connection refused`, 1],
    ])
  })

  it('of readiness takes the pod out, and back in', async () => {
    const readinessProbe = { httpGet, periodSeconds: 5 }
    await cluster.apply(barePod('app', { container: { readinessProbe }, ...annotated({ 'fail-readiness': '12s-40s' }) }))
    const ready: boolean[] = []
    for (let at = 0; at <= 45; at += 5) {
      ready.push(isReady(await cluster.pod('app')))
      await cluster.seconds(5)
    }
    expect(ready).toEqual([true, true, true, true, true, false, false, false, true, true])
    expect(await told('Unhealthy', 'Killing')).toEqual([['Unhealthy', 'Readiness probe failed: HTTP probe failed with statuscode: 500', 5]])
  })

  it('is a command whose file the container removes', async () => {
    const livenessProbe = { exec: { command: ['cat', '/tmp/healthy'] }, initialDelaySeconds: 5, periodSeconds: 5 }
    const args = ['/bin/sh', '-c', 'touch /tmp/healthy; sleep 30; rm -f /tmp/healthy; sleep 600']
    await cluster.apply(barePod('app', { container: { args, livenessProbe } }))
    await cluster.seconds(39)
    expect(await container()).toMatchObject({ restartCount: 0 })
    await cluster.seconds(1)
    expect(await container()).toMatchObject({ restartCount: 1, lastState: { terminated: { exitCode: 143 } } })
    expect((await told('Unhealthy'))[0]).toEqual([
      'Unhealthy',
      "Liveness probe failed: cat: can't open '/tmp/healthy': No such file or directory\n",
      3,
    ])
  })
})

describe('an image that is not there', () => {
  const waiting = async () => (await container()).state?.waiting

  it.each<[string, object, object]>([
    ['by annotation', { image: 'nginx' }, { 'fail-image-pull': 'true' }],
    ['by its tag', { image: 'nginx:does-not-exist' }, {}],
    ['by its registry', { image: 'invalid.registry.example/nginx:1' }, {}],
  ])('is tried again after growing pauses, %s', async (_, own, annotations) => {
    await cluster.apply(barePod('app', { container: own, ...annotated(annotations as never) }))
    const seen: (string | undefined)[] = []
    for (let at = 0; at <= 31; at++) {
      seen.push((await waiting())?.reason)
      await cluster.seconds(1)
    }
    const failed = seen.flatMap((reason, at) => (reason === 'ErrImagePull' ? [at] : []))
    expect(failed).toEqual([0, 10, 30])
    expect(new Set(seen)).toEqual(new Set(['ErrImagePull', 'ImagePullBackOff']))
    expect((await waiting())?.message).toMatch(
      /^Back-off pulling image ".*": ErrImagePull: failed to pull and unpack image ".*": not found$/,
    )
    const counts = (await told('Pulling', 'Failed', 'BackOff')).map(([reason, message, count]) => [
      `${reason} ${message}`.slice(0, 21),
      count,
    ])
    expect(counts).toEqual([
      ['Pulling Pulling image', 3],
      ['Failed Failed to pull', 3],
      ['Failed Error: ErrImag', 3],
      ['BackOff Back-off pull', 3],
      ['Failed Error: ImagePu', 3],
    ])
  })

  it('is tried at once when it is another', async () => {
    await cluster.apply(barePod('app', { container: { image: 'x:missing' } }))
    await cluster.seconds(100)
    await cluster.cluster.app.inject({
      method: 'PATCH',
      url: '/api/v1/namespaces/default/pods/app',
      headers: { 'content-type': 'application/strategic-merge-patch+json' },
      payload: JSON.stringify({ spec: { containers: [{ name: 'main', image: 'y:missing' }] } }),
    })
    await cluster.cluster.settle()
    expect(await container()).toMatchObject({ image: 'y:missing', state: { waiting: { message: expect.stringContaining('y:missing') } } })
    expect((await told('Pulling')).at(-1)).toEqual(['Pulling', 'Pulling image "y:missing"', 1])
  })

  it.each([
    [
      'that must not be pulled',
      'nginx:missing',
      'ErrImageNeverPull',
      'Container image "nginx:missing" is not present with pull policy of Never',
      'ErrImageNeverPull',
    ],
    [
      'whose name is none',
      'Not/An:Image:x',
      'InvalidImageName',
      'Failed to apply default image tag "Not/An:Image:x": couldn\'t parse image name "Not/An:Image:x": invalid reference format',
      'InspectFailed',
    ],
  ])('%s', async (_, image, reason, message, event) => {
    await cluster.apply(barePod('app', { container: { image, imagePullPolicy: 'Never' } }))
    expect(await waiting()).toEqual({ reason, message })
    await cluster.seconds(100)
    expect(await told(event, 'Failed')).toEqual([
      [event, message, 1],
      ['Failed', `Error: ${reason}`, 1],
    ])
  })
})

describe('a container that fails', () => {
  it('for lack of memory', async () => {
    await cluster.apply(barePod('app', { spec: NEVER, ...annotated({ 'oom-after': '20s' }) }))
    await cluster.seconds(20)
    expect((await container()).state?.terminated).toMatchObject({ exitCode: 137, reason: 'OOMKilled' })
    expect((await cluster.pod('app')).status?.phase).toBe('Failed')
  })

  it.each<[string, object, string | undefined]>([
    ['what it leaves', { command: ['sh', '-c', 'echo -n DONE > /dev/termination-log'] }, 'DONE'],
    ['what it leaves elsewhere', { command: ['sh', '-c', 'echo -n DONE > /dev/mine'], terminationMessagePath: '/dev/mine' }, 'DONE'],
    [
      'the end of its log',
      { command: ['sh', '-c', 'echo no; echo -n luck; exit 1'], terminationMessagePolicy: 'FallbackToLogsOnError' },
      'no\nluck',
    ],
    ['nothing when all is well', { command: ['sh', '-c', 'echo yes'], terminationMessagePolicy: 'FallbackToLogsOnError' }, undefined],
    ['nothing by default', { command: ['sh', '-c', 'echo no; exit 1'] }, undefined],
  ])('says %s', async (_, own, message) => {
    await cluster.apply(barePod('app', { spec: NEVER, container: own }))
    await cluster.seconds(1)
    expect((await container()).state?.terminated?.message).toBe(message)
  })

  it.each([
    ['by itself', { exec: { command: ['sh', '-c', 'exit 1'] } }, {}],
    ['when told so', { httpGet }, { 'fail-post-start': 'true' }],
  ])('in its postStart hook, %s', async (_, postStart, annotations) => {
    await cluster.apply(barePod('app', { spec: NEVER, container: { lifecycle: { postStart } }, ...annotated(annotations as never) }))
    await cluster.seconds(1)
    expect((await container()).state?.terminated).toBeDefined()
    expect(await told('FailedPostStartHook', 'Killing')).toEqual([
      ['FailedPostStartHook', 'PostStartHook failed', 1],
      ['Killing', 'FailedPostStartHook', 1],
    ])
  })

  it('in its preStop hook', async () => {
    const lifecycle = { preStop: { exec: { command: ['sh', '-c', 'sleep 2; exit 1'] } } }
    await cluster.apply(barePod('app', { container: { lifecycle } }))
    await cluster.delete('pods', 'app')
    expect(await told('Killing', 'FailedPreStopHook')).toEqual([['Killing', 'Stopping container main', 1]])
    await cluster.seconds(2)
    expect(await told('Killing', 'FailedPreStopHook')).toEqual([
      ['Killing', 'Stopping container main', 1],
      ['FailedPreStopHook', 'PreStopHook failed', 1],
    ])
  })
})
