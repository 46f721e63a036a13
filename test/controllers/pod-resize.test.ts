import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findCondition } from '../../src/api/meta/conditions.ts'
import type { Pod } from '../../src/index.ts'
import { barePod, Scenario } from '../support/scenario.ts'

let cluster: Scenario
beforeEach(async () => {
  cluster = await Scenario.start({ nodePools: [{ name: 'small', count: 1, capacity: { cpu: '4', memory: '8Gi' } }] })
})
afterEach(() => cluster.close())

type Resources = { requests?: Record<string, string>; limits?: Record<string, string> }
const pod = (name: string, cpu: string, spec: object = {}, container: object = {}) =>
  barePod(name, { spec, container: { resources: { requests: { cpu, memory: '1Gi' } }, ...container } })
async function resize(name: string, resources: Resources, level: 'container' | 'pod' = 'container'): Promise<void> {
  const spec = level === 'pod' ? { resources } : { containers: [{ name: 'main', resources }] }
  const answer = await cluster.cluster.app.inject({
    method: 'PATCH',
    url: `/api/v1/namespaces/default/pods/${name}/resize`,
    headers: { 'content-type': 'application/strategic-merge-patch+json' },
    payload: JSON.stringify({ spec }),
  })
  expect([answer.statusCode, answer.statusCode === 200 ? '' : answer.body]).toEqual([200, ''])
  await cluster.cluster.settle()
}
const resizeCpu = (name: string, cpu: string) => resize(name, { requests: { cpu } })
const cpuOf = async (name: string) => (await cluster.pod(name)).status!.containerStatuses![0]!.resources?.requests?.cpu
const conditionOf = async (name: string, type: string) => findCondition((await cluster.pod(name)).status!.conditions, type)
const told = async (name: string) =>
  (await cluster.events(name)).flatMap(({ type, reason, message }) =>
    reason?.startsWith('Resize') ? [`${type} ${reason} ${message}`] : [],
  )

describe('a resize for which there is room', () => {
  it('is granted, shown to be under way, and done', async () => {
    await cluster.apply(pod('app', '1'))
    const shown: (string | undefined)[] = []
    const watch = cluster.client.watch('pods', String(await cluster.revision()), {
      onEvents: (events) => {
        for (const { object } of events) {
          const { status } = object as Pod
          const own = status!.containerStatuses![0]!
          const state = findCondition(status!.conditions, 'PodResizeInProgress')?.status
          shown.push(`${own.allocatedResources!.cpu} ${own.resources!.requests!.cpu} ${status!.allocatedResources!.cpu} ${state ?? '-'}`)
        }
      },
      onEnd: () => {},
    })
    await resizeCpu('app', '2')
    watch.stop()
    expect(shown).toEqual(['1 1 1 -', '2 1 2 True', '2 2 2 -'])
    const own = '"containers":[{"name":"main","resources":{"requests":{"cpu":"2","memory":"1Gi"}}}],"generation":2'
    expect(await told('app')).toEqual([
      `Normal ResizeStarted Pod resize started: {${own}}`,
      `Normal ResizeCompleted Pod resize completed: {${own}}`,
    ])
  })

  it('waits for a container that must start anew to stop', async () => {
    const resizePolicy = [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }]
    const lifecycle = { preStop: { sleep: { seconds: 6 } } }
    await cluster.apply(pod('app', '1', { restartPolicy: 'OnFailure' }, { resizePolicy, lifecycle }))
    await resizeCpu('app', '2')
    expect(await conditionOf('app', 'PodResizeInProgress')).toMatchObject({ status: 'True', observedGeneration: 2 })
    expect((await cluster.events('app', 'Killing')).map(({ message }) => message)).toEqual(['Container main resize requires restart'])
    expect(await cpuOf('app')).toBe('1')
    await cluster.seconds(6)
    expect(await cpuOf('app')).toBe('2')
    expect((await cluster.pod('app')).status!.containerStatuses![0]).toMatchObject({ restartCount: 1, state: { running: {} } })
    expect(await conditionOf('app', 'PodResizeInProgress')).toBeUndefined()
  })

  it('concerns a container that waits to be started again too', async () => {
    await cluster.apply(pod('app', '1', {}, { command: ['false'] }))
    await cluster.seconds(2)
    await resizeCpu('app', '2')
    expect(await cpuOf('app')).toBe('2')
    expect(await conditionOf('app', 'PodResizeInProgress')).toBeUndefined()
  })

  it('may be of the pod as a whole', async () => {
    await cluster.apply(
      barePod('app', { spec: { resources: { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '2', memory: '2Gi' } } } }),
    )
    expect((await cluster.pod('app')).status).toMatchObject({
      allocatedResources: { cpu: '1', memory: '1Gi' },
      resources: { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '2', memory: '2Gi' } },
    })
    await resize('app', { requests: { cpu: '1500m' } }, 'pod')
    expect((await cluster.pod('app')).status).toMatchObject({
      allocatedResources: { cpu: '1500m' },
      resources: { requests: { cpu: '1500m', memory: '1Gi' } },
    })
    expect((await told('app')).map((text) => text.split(' ')[1])).toEqual(['ResizeStarted', 'ResizeCompleted'])
  })
})

describe('a resize for which there is none', () => {
  it('is deferred until a pod goes', async () => {
    await cluster.apply(pod('other', '2'), pod('app', '1'))
    await resizeCpu('app', '3')
    const message = "Node didn't have enough resource: cpu, requested: 3000, used: 2000, capacity: 4000"
    expect(await conditionOf('app', 'PodResizePending')).toMatchObject({
      status: 'True',
      reason: 'Deferred',
      message,
      observedGeneration: 2,
    })
    expect(await cpuOf('app')).toBe('1')
    expect((await cluster.pod('app')).status!.observedGeneration).toBe(2)
    expect(await told('app')).toEqual([
      'Warning ResizeDeferred Pod resize OutOfcpu: {"containers":[{"name":"main","resources":{"requests":{"cpu":"3","memory":"1Gi"}}}],' +
        `"generation":2,"error":"${message}"}`,
    ])
    await cluster.seconds(600)
    expect(await told('app')).toHaveLength(1)
    await cluster.delete('pods', 'other')
    expect(await cpuOf('app')).toBe('3')
    expect(await conditionOf('app', 'PodResizePending')).toBeUndefined()
  })

  it('is forgotten when it is taken back', async () => {
    await cluster.apply(pod('other', '2'), pod('app', '1'))
    await resizeCpu('app', '3')
    await resizeCpu('app', '1')
    expect(await conditionOf('app', 'PodResizePending')).toBeUndefined()
    expect((await told('app')).map((text) => text.split(' ')[1])).toEqual(['ResizeDeferred'])
  })

  it('goes on when another pod shrinks, or ends', async () => {
    await cluster.apply(pod('other', '2'), pod('task', '1', { restartPolicy: 'Never' }, { command: ['sleep', '30'] }), pod('app', '1'))
    await resizeCpu('app', '2')
    expect(await cpuOf('app')).toBe('1')
    await resizeCpu('other', '1')
    expect(await cpuOf('app')).toBe('2')
    await resizeCpu('app', '3')
    expect(await cpuOf('app')).toBe('2')
    await cluster.seconds(30)
    expect(await cpuOf('app')).toBe('3')
  })

  it('goes to the most important first, then to the one that has waited longest', async () => {
    await cluster.apply(
      pod('other', '1'),
      pod('first', '1'),
      pod('second', '1'),
      pod('important', '1', { priorityClassName: 'system-node-critical' }),
    )
    await resizeCpu('first', '2')
    await cluster.seconds(10)
    await resizeCpu('second', '2')
    await cluster.seconds(10)
    await resizeCpu('important', '2')
    expect(await Promise.all(['first', 'second', 'important'].map(cpuOf))).toEqual(['1', '1', '1'])
    await cluster.delete('pods', 'other')
    expect(await Promise.all(['first', 'second', 'important'].map(cpuOf))).toEqual(['1', '1', '2'])
    await resizeCpu('important', '1')
    expect(await Promise.all(['first', 'second', 'important'].map(cpuOf))).toEqual(['2', '1', '1'])
  })

  it('keeps its place from a new pod that would fit', async () => {
    await cluster.apply(pod('app', '1'))
    await cluster.apply(pod('other', '2'))
    await resizeCpu('app', '3')
    await cluster.apply(pod('late', '1'))
    expect((await cluster.pod('late')).spec.nodeName).toBeUndefined()
  })
})
