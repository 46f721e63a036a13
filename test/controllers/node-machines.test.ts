import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { barePod, daemonSet, isReady, namesOf, replicaSet, Scenario } from '../support/scenario.ts'

let cluster: Scenario
beforeEach(async () => {
  cluster = await Scenario.start({ nodes: 3 })
})
afterEach(() => cluster.close())

const onNode1 = { spec: { nodeName: 'node-1' } }
const container = async (pod: string) => (await cluster.pod(pod)).status!.containerStatuses![0]!
const bootID = async () => (await cluster.node('node-1')).status!.nodeInfo!.bootID
const reasons = async (name: string) => (await cluster.events(name)).map(({ reason }) => reason)
const starts = async () => (await cluster.events('node-1', 'Starting')).reduce((sum, { count = 1 }) => sum + count, 0)
const script = (name: string, command: string[], restartPolicy = 'Always') =>
  barePod(name, { spec: { ...onNode1.spec, restartPolicy }, container: { command } })

describe('a node that reboots', () => {
  it('is off for ten seconds, and starts its containers anew under another boot ID', async () => {
    await cluster.apply(barePod('bare', onNode1))
    await cluster.seconds(30)
    const [before, { startedAt }] = [await bootID(), (await container('bare')).state!.running!]
    await cluster.cluster.simulation.reboot('node-1')
    await cluster.seconds(9)
    expect(await bootID()).toBe(before)
    expect((await container('bare')).restartCount).toBe(0)
    await cluster.seconds(2)
    const after = await bootID()
    expect(after).not.toBe(before)
    expect(await container('bare')).toMatchObject({
      ready: true,
      restartCount: 1,
      state: { running: { startedAt: '2026-01-01T00:00:41Z' } },
      lastState: { terminated: { exitCode: 255, reason: 'Unknown', startedAt, finishedAt: '2026-01-01T00:00:41Z' } },
    })
    const [event] = await cluster.events('node-1', 'Rebooted')
    expect(event).toMatchObject({
      type: 'Warning',
      message: `Node node-1 has been rebooted, boot id: ${after}`,
      source: { component: 'kubelet' },
    })
    expect(await starts()).toBe(2)
    expect(await cluster.events('bare', 'SandboxChanged')).toHaveLength(1)
    // It was away for less than the grace period.
    expect(isReady(await cluster.node('node-1'))).toBe(true)
    await cluster.seconds(600)
    expect((await container('bare')).restartCount).toBe(1)
    expect(await bootID()).toBe(after)
  })

  it('begins from the beginning with each pod: init containers run again', async () => {
    const initContainers = [
      { name: 'setup', image: 'x', command: ['sleep', '5'] },
      { name: 'proxy', image: 'x', restartPolicy: 'Always' },
      { name: 'last', image: 'x', command: ['sleep', '3'] },
    ]
    await cluster.apply(barePod('app', { spec: { ...onNode1.spec, initContainers } }))
    await cluster.apply(barePod('once', { spec: { ...onNode1.spec, initContainers, restartPolicy: 'Never' } }))
    await cluster.seconds(30)
    await cluster.cluster.simulation.reboot('node-1')
    await cluster.seconds(12)
    const shown = async () => {
      const { phase, initContainerStatuses = [], containerStatuses = [] } = (await cluster.pod('app')).status!
      const all = [...initContainerStatuses, ...containerStatuses]
      return [phase, ...all.map(({ state, restartCount }) => `${Object.keys(state ?? {})} ${restartCount}`)]
    }
    expect(await shown()).toEqual(['Pending', 'running 1', 'terminated 0', 'terminated 0', 'terminated 0'])
    await cluster.seconds(9)
    expect(await shown()).toEqual(['Running', 'terminated 1', 'running 1', 'terminated 1', 'running 1'])
    await cluster.seconds(100)
    expect(await shown()).toEqual(['Running', 'terminated 1', 'running 1', 'terminated 1', 'running 1'])
    expect((await cluster.pod('once')).status?.phase).toBe('Failed')
  })

  it('by annotation alone', async () => {
    const before = await bootID()
    await cluster.patch('nodes', 'node-1', { metadata: { annotations: { 'coracle.dev/state': 'rebooting' } } })
    await cluster.seconds(12)
    expect(await bootID()).not.toBe(before)
    expect((await cluster.node('node-1')).metadata.annotations?.['coracle.dev/state']).toBeUndefined()
  })

  it('leaves what has ended, and what may not start again has failed', async () => {
    await cluster.apply(
      script('done', ['true'], 'Never'),
      script('task', ['sleep', '100'], 'Never'),
      script('again', ['sleep', '100'], 'OnFailure'),
    )
    await cluster.seconds(5)
    await cluster.cluster.simulation.reboot('node-1')
    await cluster.seconds(15)
    expect((await cluster.pod('done')).status?.phase).toBe('Succeeded')
    expect((await cluster.pod('task')).status).toMatchObject({
      phase: 'Failed',
      containerStatuses: [{ restartCount: 0, state: { terminated: { exitCode: 255 } } }],
    })
    expect((await cluster.pod('again')).status).toMatchObject({ phase: 'Running', containerStatuses: [{ restartCount: 1 }] })
    await cluster.seconds(100)
    expect((await cluster.pod('again')).status?.phase).toBe('Succeeded')
  })

  it('starts a container anew that had started in the same second', async () => {
    await cluster.apply(barePod('bare', onNode1))
    await cluster.cluster.simulation.crash('node-1')
    await cluster.cluster.simulation.recover('node-1')
    await cluster.seconds(2)
    expect((await container('bare')).restartCount).toBe(1)
  })
})

describe('a node that crashes', () => {
  it('is off until it recovers; then its containers start anew', async () => {
    await cluster.apply(barePod('bare', onNode1), replicaSet('web', 3))
    const before = await bootID()
    await cluster.cluster.simulation.crash('node-1')
    await cluster.seconds(400)
    expect(isReady(await cluster.node('node-1'))).toBe(false)
    expect((await cluster.pod('bare')).metadata.deletionTimestamp).toBeDefined()
    await cluster.cluster.simulation.recover('node-1')
    await cluster.seconds(2)
    expect(await bootID()).not.toBe(before)
    expect(await cluster.find('pods', 'bare')).toBeUndefined()
    expect(await cluster.pods()).toHaveLength(3)
    expect((await cluster.node('node-1')).spec.taints).toBeUndefined()
  })

  it('by annotation alone; what ran before never waits', async () => {
    await cluster.apply(barePod('bare', onNode1))
    await cluster.patch('nodes', 'node-1', { metadata: { annotations: { 'coracle.dev/state': 'crashed' } } })
    await cluster.seconds(20)
    expect((await container('bare')).restartCount).toBe(0)
    await cluster.patch('nodes', 'node-1', { metadata: { annotations: { 'coracle.dev/state': null } } })
    await cluster.seconds(2)
    expect((await container('bare')).restartCount).toBe(1)
    await cluster.cluster.simulation.crash('node-1')
    await cluster.cluster.simulation.recover('node-1')
    await cluster.seconds(2)
    expect((await container('bare')).restartCount).toBe(2)
  })
})

describe('a node that is cut off', () => {
  it('has its containers run on: what happened meanwhile is told when it is back', async () => {
    await cluster.apply(
      script('loop', ['sh', '-c', 'sleep 20; exit 1']),
      script('task', ['sleep', '60'], 'Never'),
      barePod('bare', onNode1),
    )
    await cluster.seconds(10)
    await cluster.cluster.simulation.disconnect('node-1')
    await cluster.seconds(150)
    expect((await container('loop')).restartCount).toBe(0)
    expect(isReady(await cluster.node('node-1'))).toBe(false)
    await cluster.cluster.simulation.recover('node-1')
    await cluster.seconds(1)
    // Runs: 0–20, 20–40, 50–70, 90–110, 150–.
    expect((await container('loop')).restartCount).toBe(4)
    expect(await container('bare')).toMatchObject({ restartCount: 0, ready: true })
    expect((await cluster.pod('task')).status).toMatchObject({
      phase: 'Succeeded',
      containerStatuses: [{ state: { terminated: { finishedAt: '2026-01-01T00:01:00Z' } } }],
    })
    // Its kubelet never stopped.
    expect(await starts()).toBe(1)
    expect(isReady(await cluster.node('node-1'))).toBe(true)
  })

  it('learns then that pods were deleted', async () => {
    await cluster.apply(script('task', ['sleep', '10'], 'Never'), barePod('bare', onNode1))
    await cluster.cluster.simulation.disconnect('node-1')
    await cluster.seconds(20)
    await cluster.delete('pods', 'bare')
    await cluster.delete('pods', 'task')
    await cluster.seconds(60)
    expect(namesOf(await cluster.pods())).toEqual(['bare', 'task'])
    await cluster.cluster.simulation.recover('node-1')
    await cluster.seconds(1)
    expect(await cluster.pods()).toEqual([])
    expect(await cluster.events('bare', 'Killing')).toHaveLength(1)
    expect(await cluster.events('task', 'Killing')).toEqual([])
  })
})

describe('a node whose kubelet failed', () => {
  it('says that it has started, even if nobody noticed', async () => {
    await cluster.cluster.simulation.fail('node-1')
    await cluster.seconds(15)
    await cluster.cluster.simulation.recover('node-1')
    await cluster.seconds(1)
    expect(await reasons('node-1')).not.toContain('Rebooted')
    expect(await starts()).toBe(2)
    expect(await cluster.events('node-1', 'NodeReady')).toHaveLength(1)
  })
})

describe('a node that is drained', () => {
  it('is cordoned and emptied, but for DaemonSets', async () => {
    await cluster.apply(daemonSet('logs'), replicaSet('web', 6), barePod('bare', onNode1))
    await cluster.cluster.simulation.drain('node-1')
    await cluster.seconds(1)
    const left = (await cluster.pods()).filter(({ spec }) => spec.nodeName === 'node-1')
    expect(left.map(({ metadata }) => metadata.ownerReferences?.[0]?.kind)).toEqual(['DaemonSet'])
    expect((await cluster.pods('web')).filter(isReady)).toHaveLength(6)
    expect((await cluster.node('node-1')).spec.unschedulable).toBe(true)
    await cluster.cluster.simulation.uncordon('node-1')
    const { spec, metadata } = await cluster.node('node-1')
    expect(spec.unschedulable).toBeUndefined()
    expect(metadata.annotations?.['coracle.dev/drain']).toBeUndefined()
  })

  it('waits for budgets, and tries again every five seconds', async () => {
    await cluster.apply(replicaSet('web', 2, { spec: { nodeSelector: { 'kubernetes.io/hostname': 'node-1' } } }))
    await cluster.client.create('poddisruptionbudgets.policy', {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'web', namespace: 'default' },
      spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } },
    } as never)
    await cluster.seconds(1)
    await cluster.cluster.simulation.drain('node-1')
    await cluster.seconds(30)
    const standing = async () => (await cluster.pods('web')).filter(({ spec }) => spec.nodeName === 'node-1')
    // The other can't be had anywhere else.
    expect(await standing()).toHaveLength(1)
    await cluster.client.delete({ resource: 'poddisruptionbudgets.policy', namespace: 'default', name: 'web' }, {})
    await cluster.seconds(6)
    expect(await standing()).toHaveLength(0)
  })

  it('by annotation; uncordoning calls it off', async () => {
    await cluster.apply(barePod('bare', onNode1))
    await cluster.patch('nodes', 'node-1', { metadata: { annotations: { 'coracle.dev/drain': '' } } })
    await cluster.seconds(1)
    expect((await cluster.node('node-1')).spec.unschedulable).toBe(true)
    expect(await cluster.pods()).toEqual([])
    await cluster.patch('nodes', 'node-1', { spec: { unschedulable: null } })
    await cluster.seconds(1)
    expect((await cluster.node('node-1')).metadata.annotations?.['coracle.dev/drain']).toBeUndefined()
    expect((await cluster.node('node-1')).spec.unschedulable).toBeUndefined()
  })
})

it('says what a kubelet of today says of its node', async () => {
  const { status } = await cluster.node('node-1')
  expect(status).toMatchObject({
    features: { supplementalGroupsPolicy: true },
    runtimeHandlers: [
      { features: { recursiveReadOnlyMounts: true, userNamespaces: true } },
      { name: 'runc', features: { recursiveReadOnlyMounts: true, userNamespaces: true } },
    ],
    declaredFeatures: [
      'ExtendWebSocketsToKubelet',
      'InPlacePodLevelResourcesVerticalScaling',
      'InPlacePodVerticalScalingInitContainers',
      'RestartAllContainersOnContainerExits',
    ],
  })
})
