import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findCondition } from '../../src/api/meta/conditions.ts'
import type { ContainerStatus, Pod } from '../../src/index.ts'
import { barePod, isReady, namesOf, Scenario } from '../support/scenario.ts'

let cluster: Scenario
beforeEach(async () => {
  cluster = await Scenario.start({ nodes: 1 })
})
afterEach(() => cluster.close())

const NEVER = { restartPolicy: 'Never' }
const run = (...command: string[]) => ({ container: { command } })
const annotated = (annotations: Record<string, string>) => ({
  annotations: Object.fromEntries(Object.entries(annotations).map(([key, value]) => [`coracle.dev/${key}`, value])),
})
const container = async (pod = 'app'): Promise<ContainerStatus> => (await cluster.pod(pod)).status!.containerStatuses![0]!
const waiting = async () => (await container()).state?.waiting?.reason
const phase = async (pod = 'app') => (await cluster.pod(pod)).status?.phase
const seconds = (from: string | undefined, to: string | undefined) => (Date.parse(to ?? '') - Date.parse(from ?? '')) / 1000

describe('a pod that starts', () => {
  it('is ContainerCreating, then Running and Ready', async () => {
    await cluster.apply(barePod('app', annotated({ 'start-delay': '3s' })))
    expect(await phase()).toBe('Pending')
    expect(await waiting()).toBe('ContainerCreating')
    expect(isReady(await cluster.pod('app'))).toBe(false)
    await cluster.seconds(3)
    expect(await phase()).toBe('Running')
    const { status, spec } = await cluster.pod('app')
    expect(isReady(await cluster.pod('app'))).toBe(true)
    expect(spec.nodeName).toBe('node-1')
    expect(status).toMatchObject({ hostIP: '10.0.0.2', podIP: '10.244.0.2', podIPs: [{ ip: '10.244.0.2' }], qosClass: 'BestEffort' })
    expect((await cluster.events('app')).map(({ reason }) => reason)).toEqual(['Scheduled', 'Pulling', 'Pulled', 'Created', 'Started'])
  })

  it('runs its init containers one after the other', async () => {
    const init = (name: string, ...command: string[]) => ({ name, image: 'init', command })
    await cluster.apply(barePod('app', { spec: { initContainers: [init('one', 'sleep', '5'), init('two', 'sleep', '5')] } }))
    expect(await waiting()).toBe('PodInitializing')
    await cluster.seconds(6)
    const { initContainerStatuses } = (await cluster.pod('app')).status!
    expect(initContainerStatuses!.map(({ state }) => Object.keys(state ?? {})[0])).toEqual(['terminated', 'running'])
    expect(findCondition((await cluster.pod('app')).status?.conditions, 'Initialized')?.status).toBe('False')
    await cluster.seconds(4)
    expect(isReady(await cluster.pod('app'))).toBe(true)
    expect(findCondition((await cluster.pod('app')).status?.conditions, 'Initialized')?.status).toBe('True')
  })

  it('does not start when an init container fails', async () => {
    const initContainers = [{ name: 'one', image: 'init', command: ['false'] }]
    await cluster.apply(barePod('app', { spec: { initContainers } }), barePod('once', { spec: { ...NEVER, initContainers } }))
    await cluster.seconds(300)
    expect(await phase()).toBe('Pending')
    expect(await waiting()).toBe('PodInitializing')
    expect((await cluster.pod('app')).status!.initContainerStatuses![0]).toMatchObject({
      restartCount: 5,
      state: { waiting: { reason: 'CrashLoopBackOff' } },
    })
    expect(await phase('once')).toBe('Failed')
  })

  it('keeps a sidecar beside its containers', async () => {
    const initContainers = [{ name: 'proxy', image: 'proxy', restartPolicy: 'Always' }]
    await cluster.apply(barePod('app', { spec: { ...NEVER, initContainers }, ...run('sleep', '10') }))
    expect(isReady(await cluster.pod('app'))).toBe(true)
    await cluster.seconds(11)
    expect(await phase()).toBe('Succeeded')
  })

  it('is ready when its probes say so', async () => {
    const httpGet = { path: '/', port: 80 }
    const startupProbe = { httpGet, initialDelaySeconds: 10 }
    const readinessProbe = { httpGet, initialDelaySeconds: 5, periodSeconds: 4, successThreshold: 3 }
    await cluster.apply(barePod('app', { container: { startupProbe, readinessProbe } }))
    expect(await container()).toMatchObject({ started: false, ready: false, state: { running: {} } })
    await cluster.seconds(10)
    expect(await container()).toMatchObject({ started: true, ready: false })
    expect(await cluster.until('it is ready', async () => (await container()).ready)).toBe(8)
  })

  it('is never ready when told so', async () => {
    await cluster.apply(barePod('app', annotated({ ready: 'false' })))
    await cluster.seconds(3600)
    expect(await phase()).toBe('Running')
    expect(findCondition((await cluster.pod('app')).status?.conditions, 'Ready')).toMatchObject({
      status: 'False',
      reason: 'ContainersNotReady',
      message: 'containers with unready status: [main]',
    })
  })

  it('waits for an image that is not there', async () => {
    await cluster.apply(barePod('app', annotated({ 'fail-image-pull': 'true' })))
    await cluster.seconds(600)
    expect(await waiting()).toMatch(/^(ErrImagePull|ImagePullBackOff)$/)
    await cluster.patch('pods', 'app', { metadata: { annotations: { 'coracle.dev/fail-image-pull': null } } })
    await cluster.until('it runs', async () => isReady(await cluster.pod('app')), 300)
  })
})

describe('a container that ends', () => {
  it.each<[string, string[], number, string]>([
    ['sleep 5', ['sleep', '5'], 5, 'Succeeded'],
    ['true', ['true'], 0, 'Succeeded'],
    ['false', ['false'], 0, 'Failed'],
    ['exit 3', ['sh', '-c', 'exit 3'], 0, 'Failed'],
    ['a loop', ['sh', '-c', 'for i in 1 2 3; do echo $i; sleep 2; done'], 6, 'Succeeded'],
    ['&&', ['sh', '-c', 'sleep 1 && false && sleep 100'], 1, 'Failed'],
    [';', ['sh', '-c', 'sleep 1; false; sleep 2; exit 0'], 3, 'Succeeded'],
  ])('%s', async (_, command, takes, ends) => {
    await cluster.apply(barePod('app', { spec: NEVER, container: { command } }))
    await cluster.seconds(takes)
    expect(await phase()).toBe(ends)
    const { terminated } = (await container()).state!
    expect(seconds(terminated?.startedAt, terminated?.finishedAt)).toBe(takes)
    expect(terminated).toMatchObject(ends === 'Succeeded' ? { exitCode: 0, reason: 'Completed' } : { reason: 'Error' })
  })

  it('a loop without end runs on', async () => {
    await cluster.apply(barePod('app', { spec: NEVER, ...run('sh', '-c', 'while true; do date; sleep 10; done') }))
    await cluster.seconds(3600)
    expect(isReady(await cluster.pod('app'))).toBe(true)
  })

  it('keeps its exit code', async () => {
    await cluster.apply(barePod('app', { spec: NEVER, ...run('sh', '-c', 'exit 42') }))
    await cluster.seconds(1)
    expect((await container()).state?.terminated?.exitCode).toBe(42)
  })

  it('does as the annotations say before all else', async () => {
    await cluster.apply(
      barePod('app', {
        spec: NEVER,
        ...run('sleep', '100'),
        ...annotated({ 'run-for': '7s', 'exit-code': '9', 'termination-message': 'no luck' }),
      }),
    )
    await cluster.seconds(7)
    const { terminated } = (await container()).state!
    expect(seconds(terminated?.startedAt, terminated?.finishedAt)).toBe(7)
    expect(terminated).toMatchObject({ exitCode: 9, message: 'no luck' })
  })

  it('is started again with restartPolicy Always, after growing pauses', async () => {
    await cluster.apply(barePod('app', run('sh', '-c', 'sleep 1; exit 1')))
    const starts: number[] = []
    const begin = Date.parse((await cluster.pod('app')).status!.startTime!)
    for (let count = 0; count < 8; count++) {
      await cluster.until(
        `start ${count}`,
        async () => (await container()).restartCount === count && (await container()).state?.running !== undefined,
      )
      starts.push((Date.parse((await container()).state!.running!.startedAt!) - begin) / 1000)
    }
    // At once, then 10, 20, 40, 80, 160 and 300 s after the end of the last run.
    expect(starts.map((at, i) => at - (i === 0 ? 0 : starts[i - 1]! + 1))).toEqual([0, 0, 10, 20, 40, 80, 160, 300])
    await cluster.seconds(2)
    expect(await waiting()).toBe('CrashLoopBackOff')
    expect((await container()).state?.waiting?.message).toMatch(/^back-off 5m0s restarting failed container=main pod=app_default\(/)
    expect((await container()).lastState?.terminated?.exitCode).toBe(1)
    expect(await phase()).toBe('Running')
    const [event] = await cluster.events('app', 'BackOff')
    // Once for each wait, and with each sync in those that are long.
    expect(event?.count).toBe(1 + 1 + 1 + 2 + 3 + 4 + 1)
    expect(event?.message).toMatch(/^Back-off restarting failed container main in pod app_default\(/)
  })

  it('waits no longer when it gets another image', async () => {
    await cluster.apply(barePod('app', { container: { command: ['sh', '-c', 'sleep 1; exit 1'] } }))
    await cluster.seconds(100)
    expect(await waiting()).toBe('CrashLoopBackOff')
    const { restartCount } = await container()
    await cluster.cluster.app.inject({
      method: 'PATCH',
      url: '/api/v1/namespaces/default/pods/app',
      headers: { 'content-type': 'application/strategic-merge-patch+json' },
      payload: JSON.stringify({ spec: { containers: [{ name: 'main', image: 'app:2' }] } }),
    })
    await cluster.cluster.settle()
    expect(await container()).toMatchObject({ restartCount: restartCount + 1, image: 'docker.io/library/app:2', state: { running: {} } })
    await cluster.seconds(2)
    expect((await container()).state?.waiting?.message).toMatch(/^back-off 10s /)
    await cluster.seconds(11)
    expect((await container()).state?.waiting?.message).toMatch(/^back-off 20s /)
  })

  it('is started again with OnFailure only when it failed', async () => {
    await cluster.apply(barePod('good', { spec: { restartPolicy: 'OnFailure' }, ...run('sleep', '1') }))
    await cluster.apply(
      barePod('bad', { spec: { restartPolicy: 'OnFailure' }, ...run('sleep', '1'), ...annotated({ 'exit-code': '1,1,0' }) }),
    )
    await cluster.seconds(60)
    expect([await phase('good'), (await container('good')).restartCount]).toEqual(['Succeeded', 0])
    expect([await phase('bad'), (await container('bad')).restartCount]).toEqual(['Succeeded', 2])
  })

  it('fails the pod when one of several does', async () => {
    const pod = barePod('app', { spec: NEVER, ...run('sleep', '5') })
    await cluster.apply({
      ...pod,
      spec: { ...pod.spec, containers: [...pod.spec.containers, { name: 'second', image: 'x', command: ['false'] }] },
    })
    await cluster.seconds(2)
    expect(await phase()).toBe('Running')
    expect(isReady(await cluster.pod('app'))).toBe(false)
    await cluster.seconds(4)
    expect(await phase()).toBe('Failed')
  })

  it('is ended when the pod is active for too long', async () => {
    await cluster.apply(barePod('app', { spec: { activeDeadlineSeconds: 30 } }))
    await cluster.seconds(29)
    expect(await phase()).toBe('Running')
    await cluster.seconds(1)
    expect((await cluster.pod('app')).status).toMatchObject({ phase: 'Failed', reason: 'DeadlineExceeded' })
    expect((await container()).state?.terminated).toBeDefined()
  })
})

describe('a pod that is deleted', () => {
  const start = (options: object = {}) => cluster.apply(barePod('app', { ...annotated({ 'stop-delay': '1h' }), ...options }))
  const gone = () => cluster.until('it is gone', async () => (await cluster.find('pods', 'app')) === undefined)

  it('goes at once when its containers stop at once', async () => {
    await cluster.apply(barePod('app'))
    await cluster.delete('pods', 'app')
    expect(await gone()).toBe(0)
  })

  it('is killed after 30 seconds', async () => {
    await start()
    await cluster.delete('pods', 'app')
    const { metadata, status }: Pod = await cluster.pod('app')
    expect(metadata.deletionGracePeriodSeconds).toBe(30)
    expect(status?.phase).toBe('Running')
    expect(await cluster.events('app', 'Killing')).toMatchObject([{ message: 'Stopping container main', count: 1 }])
    expect(await gone()).toBe(30)
    expect(await cluster.events('app', 'Killing')).toMatchObject([{ count: 1 }])
  })

  it('is killed after its own grace period, or the one that the deletion asks for', async () => {
    await start({ spec: { terminationGracePeriodSeconds: 5 } })
    await cluster.delete('pods', 'app')
    expect(await gone()).toBe(5)
    await start()
    await cluster.delete('pods', 'app', { gracePeriodSeconds: 100 })
    await cluster.seconds(5)
    // May be shortened, not prolonged.
    await cluster.delete('pods', 'app', { gracePeriodSeconds: 200 })
    await cluster.delete('pods', 'app', { gracePeriodSeconds: 10 })
    expect(await gone()).toBe(5)
  })

  it('waits for its preStop hook', async () => {
    await cluster.apply(barePod('app', { container: { lifecycle: { preStop: { exec: { command: ['sleep', '12'] } } } } }))
    await cluster.delete('pods', 'app')
    expect(await gone()).toBe(12)
  })

  it('goes without asking when forced', async () => {
    await start()
    await cluster.cluster.simulation.fail('node-1')
    await cluster.delete('pods', 'app', { gracePeriodSeconds: 0 })
    expect(await gone()).toBe(0)
  })

  it('stays, ended, as long as it has finalizers', async () => {
    const pod = barePod('app')
    await cluster.apply({ ...pod, metadata: { ...pod.metadata, finalizers: ['a.io/wait'] } })
    await cluster.delete('pods', 'app')
    await cluster.seconds(600)
    expect(await phase()).toBe('Succeeded')
    await cluster.patch('pods', 'app', { metadata: { finalizers: null } })
    expect(await gone()).toBe(0)
  })

  it('goes at once when it never got a node', async () => {
    await cluster.apply(barePod('app', { spec: { nodeSelector: { no: 'where' } } }))
    await cluster.delete('pods', 'app')
    expect(await gone()).toBe(0)
  })

  it('leaves its address to others', async () => {
    await cluster.apply(barePod('app'), barePod('other'))
    await cluster.delete('pods', 'app')
    await cluster.apply(barePod('third'))
    const pods = await cluster.pods()
    expect(namesOf(pods)).toEqual(['other', 'third'])
    expect(new Set(pods.map(({ status }) => status?.podIP)).size).toBe(2)
  })
})
