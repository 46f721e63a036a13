import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findCondition } from '../../src/api/meta/conditions.ts'
import type { Stage } from '../../src/index.ts'
import { barePod, isReady, Scenario } from '../support/scenario.ts'
import { COMPLETE, CRASH, DELETE, READY, SLOW_CREATE } from '../support/stages.ts'

let cluster: Scenario
beforeEach(async () => {
  cluster = await Scenario.start({ nodes: 1 })
})
afterEach(() => cluster.close())

async function stages(...objects: Stage[]): Promise<void> {
  for (const object of objects) await cluster.client.create('stages.kwok.x-k8s.io', structuredClone(object))
  await cluster.cluster.settle()
}
const phase = async () => (await cluster.pod('app')).status?.phase

describe('Stages for Pods', () => {
  it('lead pods in place of the simulated kubelet', async () => {
    await stages(READY, COMPLETE, DELETE)
    const initContainers = [{ name: 'first', image: 'init', command: ['sleep', '100'] }]
    await cluster.apply(barePod('app', { spec: { initContainers } }))
    const { status } = await cluster.pod('app')
    expect(status).toMatchObject({
      phase: 'Running',
      hostIP: '10.0.0.2',
      podIP: '10.244.0.2',
      podIPs: [{ ip: '10.244.0.2' }],
      containerStatuses: [{ name: 'main', ready: true, state: { running: {} } }],
      initContainerStatuses: [{ name: 'first', state: { terminated: { reason: 'Completed' } } }],
    })
    expect(isReady(await cluster.pod('app'))).toBe(true)
    // What the patch doesn't speak of stays.
    expect(findCondition(status?.conditions, 'PodScheduled')?.status).toBe('True')
    await cluster.delete('pods', 'app')
    expect(await cluster.find('pods', 'app')).toBeUndefined()
  })

  it('complete a Job', async () => {
    await stages(READY, COMPLETE, DELETE)
    const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'x', command: ['sleep', 'infinity'] }] } }
    await cluster.apply({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'job' }, spec: { template } })
    const job = await cluster.get<{ status?: { succeeded?: number } } & Stage>('jobs.batch', 'job')
    expect(job.status).toMatchObject({ succeeded: 1 })
  })

  it('take their time, tell of it and set finalizers', async () => {
    await stages(SLOW_CREATE)
    const annotations = { 'create.stage.kwok.x-k8s.io/delay': '20s', 'create.stage.kwok.x-k8s.io/jitter-delay': '20s' }
    await cluster.apply(
      barePod('app', {
        annotations,
        spec: {
          initContainers: [
            { name: 'one', image: 'x' },
            { name: 'two', image: 'x' },
          ],
        },
      }),
    )
    await cluster.seconds(19)
    expect((await cluster.pod('app')).status?.podIP).toBeUndefined()
    await cluster.seconds(1)
    const { status, metadata } = await cluster.pod('app')
    expect(status?.podIP).toBe('10.244.0.2')
    expect(metadata.finalizers).toEqual(['kwok.x-k8s.io/fake'])
    expect(findCondition(status?.conditions, 'Initialized')?.message).toBe('incomplete: [ one  two ]')
    expect((await cluster.events('app', 'Created')).map(({ message }) => message)).toEqual(['Created container'])
  })

  it('take a time between two by chance', async () => {
    await stages(SLOW_CREATE)
    await cluster.apply(barePod('app'))
    const took = await cluster.until('it has an address', async () => (await cluster.pod('app')).status?.podIP !== undefined)
    expect(took).toBeGreaterThanOrEqual(1)
    expect(took).toBeLessThanOrEqual(5)
  })

  it('are chosen by their weights', async () => {
    await stages(READY, COMPLETE, CRASH)
    const pod = barePod('app', { annotations: { 'crash/exit-code': '3' } })
    await cluster.apply({ ...pod, metadata: { ...pod.metadata, labels: { crash: 'true' } } })
    expect(await phase()).toBe('Running')
    await cluster.seconds(7)
    expect((await cluster.pod('app')).status).toMatchObject({
      phase: 'Failed',
      containerStatuses: [{ state: { terminated: { exitCode: 3, reason: 'containerFailed' } } }],
    })
  })

  it('come and go', async () => {
    await cluster.apply(barePod('app', { container: { command: ['sleep', '10'] }, spec: { restartPolicy: 'Never' } }))
    await stages(READY)
    await cluster.seconds(60)
    expect(await phase()).toBe('Running')
    await cluster.client.delete({ resource: 'stages.kwok.x-k8s.io', namespace: '', name: 'ready' }, {})
    await cluster.cluster.settle()
    expect(await phase()).toBe('Succeeded')
  })

  it('leave nodes alone that ask for it', async () => {
    await cluster.patch('nodes', 'node-1', { metadata: { annotations: { 'coracle.dev/stages': 'ignore' } } })
    await stages(SLOW_CREATE)
    await cluster.apply(barePod('app'))
    expect(isReady(await cluster.pod('app'))).toBe(true)
  })

  it.each([
    ["self.metadata.name == 'app' && !has(self.metadata.deletionTimestamp)", true],
    ["self.spec.containers.exists(c, c.image.startsWith('app'))", true],
    ['self.metadata.generation == 1 && self.spec.terminationGracePeriodSeconds > 29', true],
    ["Quantity('1Gi').isGreaterThan(Quantity('1G'))", true],
    ["self.metadata.labels.missing == 'x'", false],
    ['self.metadata.name', false],
  ])('match by CEL: %s is %s', async (expression, expected) => {
    const selector = { matchExpressions: [{ cel: { expression } }] }
    await stages({ ...READY, metadata: { name: 'cel' }, spec: { ...READY.spec, selector } })
    await cluster.apply(barePod('app'))
    expect(isReady(await cluster.pod('app'))).toBe(expected)
  })

  it.each([
    ['"3s"', 3],
    ['duration("2s")', 2],
    ['"1" + "s"', 1],
  ])('wait for as long as CEL says: %s', async (expression, seconds) => {
    await stages({ ...READY, metadata: { name: 'cel' }, spec: { ...READY.spec, delay: { durationFrom: { cel: { expression } } } } })
    await cluster.apply(barePod('app'))
    await cluster.seconds(seconds - 1)
    expect(isReady(await cluster.pod('app'))).toBe(false)
    await cluster.seconds(1)
    expect(isReady(await cluster.pod('app'))).toBe(true)
  })

  it.each([
    [
      'CEL that is none',
      { selector: { matchExpressions: [{ cel: { expression: 'self.a ==' } }] } },
      expect.stringMatching(/^Stage bad: self\.a ==: ERROR: <input>:1:/),
    ],
    [
      'unknown jq',
      { selector: { matchExpressions: [{ key: '.a | limit(1)', operator: 'Exists' }] } },
      '.a | limit(1): limit is not supported',
    ],
    ['an unknown function', { selector: {}, next: { statusTemplate: 'phase: {{ Nonsense }}' } }, 'function "Nonsense" not defined'],
    ['a broken template', { selector: {}, next: { statusTemplate: 'phase: {{ if . }}' } }, 'unexpected EOF'],
  ])('are told of when they do not work: %s', async (_, spec, message) => {
    await stages({ ...READY, metadata: { name: 'bad' }, spec: { resourceRef: { kind: 'Pod' }, ...spec } })
    await cluster.apply(barePod('app'))
    expect((await cluster.events('app', 'StageFailed')).map((event) => event.message)).toEqual([
      typeof message === 'string' ? `Stage bad: ${message}` : message,
    ])
  })
})
