import { afterEach, expect, it } from 'vitest'
import type { AutoscalingV2HorizontalPodAutoscaler, ConfigMap, Deployment } from '../../src/api/types.gen.ts'
import { conditionTexts, DEPLOYMENTS, deployment, MINUTE, PODS, podTemplate, Scenario, SECOND } from '../support/workloads.ts'

const AUTOSCALERS = 'horizontalpodautoscalers.autoscaling'

let scenario: Scenario
afterEach(() => scenario.close())

const containers = [{ name: 'main', image: 'web:1', resources: { requests: { cpu: '100m', memory: '64Mi' } } }]
const template = () => podTemplate({ app: 'web' }, { containers })

function autoscaler(name: string, spec: object = {}) {
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }
  return { metadata: { name }, spec: { scaleTargetRef, minReplicas: 1, maxReplicas: 10, ...spec } } as never
}

/** A Deployment whose pods have been up for long enough to be measured. */
async function start(replicas: number): Promise<void> {
  scenario = await Scenario.start()
  await scenario.create(DEPLOYMENTS, deployment('web', { replicas }, template()))
  await scenario.pass(6 * MINUTE)
}

const load = (amounts: Record<string, string>) => {
  const annotations = Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [`load.coracle.dev/${name}`, amount]))
  return scenario.patch(DEPLOYMENTS, 'web', { metadata: { annotations } })
}
const replicas = async () => (await scenario.get<Deployment>(DEPLOYMENTS, 'web')).spec.replicas
const web = () => scenario.get<AutoscalingV2HorizontalPodAutoscaler>(AUTOSCALERS, 'web')

/** Replicas at each look, for so many looks. */
async function looks(count: number): Promise<(number | undefined)[]> {
  const seen: (number | undefined)[] = []
  for (let i = 0; i < count; i++) {
    await scenario.pass(15 * SECOND)
    seen.push(await replicas())
  }
  return seen
}

it('scales a Deployment up with its load, and down when the load has been gone for five minutes', async () => {
  await start(2)
  await load({ cpu: '160m' })
  await scenario.create(AUTOSCALERS, autoscaler('web'))
  expect((await web()).status).toEqual({ currentReplicas: 0, desiredReplicas: 0 })
  // 80 % of what is requested is what it aims at.
  expect(await looks(2)).toEqual([2, 2])
  expect(conditionTexts(await web())).toEqual([
    'AbleToScale=True ReadyForNewScale',
    'ScalingActive=True ValidMetricFound',
    'ScalingLimited=False DesiredWithinRange',
  ])
  await load({ cpu: '600m' })
  // No more than four at first, then double; new pods count for nothing until they are measured.
  expect(await looks(1)).toEqual([4])
  await scenario.pass(5 * MINUTE)
  expect(await replicas()).toBe(8)
  const grown = await web()
  expect(grown.status).toMatchObject({ currentReplicas: 8, desiredReplicas: 8 })
  expect(grown.status!.currentMetrics).toEqual([
    { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 75, averageValue: '75m' } } },
  ])
  expect((await scenario.events('web', 'SuccessfulRescale'))[0]).toMatchObject({
    type: 'Normal',
    message: 'New size: 4; reason: cpu resource utilization (percentage of request) above target',
    source: { component: 'horizontal-pod-autoscaler' },
  })

  await load({ cpu: '80m' })
  expect(new Set(await looks(19))).toEqual(new Set([8]))
  expect(conditionTexts(await web())).toContain('AbleToScale=True ScaleDownStabilized')
  await scenario.pass(MINUTE)
  expect(await replicas()).toBe(1)
  expect((await scenario.events('web', 'SuccessfulRescale')).at(-1)!.message).toBe('New size: 1; reason: All metrics below target')
})

it('keeps to the rules of its behaviour', async () => {
  await start(2)
  await load({ cpu: '2' })
  const behavior = {
    scaleUp: { policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }] },
    scaleDown: { stabilizationWindowSeconds: 0, policies: [{ type: 'Percent', value: 50, periodSeconds: 60 }] },
  }
  await scenario.create(AUTOSCALERS, autoscaler('web', { behavior }))
  expect(await looks(9)).toEqual([3, 3, 3, 3, 4, 4, 4, 4, 5])
  expect(conditionTexts(await web())).toContain('ScalingLimited=True ScaleUpLimit')
  await scenario.pass(10 * MINUTE)
  expect(await replicas()).toBe(10)
  await load({ cpu: '10m' })
  expect(await looks(9)).toEqual([5, 5, 5, 5, 2, 2, 2, 2, 1])
})

it('scales by what is declared of pods, objects and the world outside', async () => {
  await start(2)
  await load({ requests_per_second: '300' })
  const metric = (name: string, selector?: object) => ({ name, ...(selector && { selector }) })
  const average = (averageValue: string) => ({ type: 'AverageValue', averageValue })
  const service = { apiVersion: 'v1', kind: 'Service', name: 'front' }
  const metrics = [
    { type: 'Pods', pods: { metric: metric('requests_per_second'), target: average('100') } },
    { type: 'Object', object: { metric: metric('queued'), describedObject: service, target: { type: 'Value', value: '10' } } },
    { type: 'External', external: { metric: metric('messages', { matchLabels: { queue: 'mail' } }), target: average('10') } },
  ]
  await scenario.create('services', {
    metadata: { name: 'front', annotations: { 'metric.coracle.dev/queued': '10' } },
    spec: { ports: [{ port: 80 }] },
  } as never)
  await scenario.create<ConfigMap>('configmaps', {
    metadata: { name: 'queues', labels: { 'coracle.dev/external-metrics': 'true' } },
    data: { messages: '{queue="mail"} 15\n{queue="print"} 99' },
  } as never)
  await scenario.create(AUTOSCALERS, autoscaler('web', { metrics }))
  expect(await looks(3)).toEqual([3, 3, 3])
  expect((await web()).status!.currentMetrics).toMatchObject([
    { type: 'Pods', pods: { current: { averageValue: '100' } } },
    { type: 'Object', object: { current: { value: '10' } } },
    { type: 'External', external: { current: { averageValue: '5' } } },
  ])
  await scenario.patch('configmaps', 'queues', { data: { messages: '{queue="mail"} 49' } })
  expect(await looks(1)).toEqual([5])
  await scenario.patch('services', 'front', { metadata: { annotations: { 'metric.coracle.dev/queued': '20' } } })
  expect(await looks(1)).toEqual([10])
})

it('tells why it can do nothing', async () => {
  await start(2)
  const pods = [{ type: 'Pods', pods: { metric: { name: 'rps' }, target: { type: 'AverageValue', averageValue: '1' } } }]
  await scenario.create(AUTOSCALERS, autoscaler('web', { metrics: pods }))
  await scenario.pass(15 * SECOND)
  expect(conditionTexts(await web())).toEqual(['AbleToScale=True SucceededGetScale', 'ScalingActive=False FailedGetPodsMetric'])
  expect((await scenario.events('web', 'FailedComputeMetricsReplicas'))[0]!.message).toBe(
    'invalid metrics (1 invalid out of 1), first error is: failed to get pods metric value: unable to get metric rps: no metrics returned from custom metrics API',
  )
  expect((await web()).status).toMatchObject({ currentReplicas: 2, desiredReplicas: 0, currentMetrics: [{ type: '' }] })
  await scenario.delete(DEPLOYMENTS, 'web')
  await scenario.pass(15 * SECOND)
  expect(conditionTexts(await web())).toContain('AbleToScale=False FailedGetScale')
  expect((await scenario.events('web', 'FailedGetScale'))[0]!.message).toBe('deployments.apps "web" not found')
})

it('leaves alone what two of them scale', async () => {
  await start(2)
  await scenario.create(AUTOSCALERS, autoscaler('web'))
  await scenario.create(AUTOSCALERS, autoscaler('other'))
  await scenario.pass(45 * SECOND)
  expect(conditionTexts(await web())).toContain('ScalingActive=False AmbiguousSelector')
  expect((await scenario.events('web', 'AmbiguousSelector'))[0]!.message).toBe(
    'pods by selector app=web are controlled by multiple HPAs: [{other default} {web default}]',
  )
  await scenario.delete(AUTOSCALERS, 'other')
  await scenario.pass(15 * SECOND)
  expect(conditionTexts(await web())).toContain('ScalingActive=True ValidMetricFound')
})

it('does nothing about a target without replicas, and brings one back within its bounds', async () => {
  await start(0)
  await scenario.create(AUTOSCALERS, autoscaler('web', { minReplicas: 3, maxReplicas: 4 }))
  expect(await looks(1)).toEqual([0])
  expect(conditionTexts(await web())).toContain('ScalingActive=False ScalingDisabled')
  await scenario.patch(DEPLOYMENTS, 'web', { spec: { replicas: 1 } })
  expect(await looks(1)).toEqual([3])
  const first = await scenario.request('GET', '/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers/web')
  expect(first.body.status).toMatchObject({ currentReplicas: 1, desiredReplicas: 3 })
  await scenario.patch(DEPLOYMENTS, 'web', { spec: { replicas: 7 } })
  expect(await looks(1)).toEqual([4])
  const reasons = (await scenario.events('web', 'SuccessfulRescale')).map(({ message }) => message)
  expect(reasons).toEqual([
    'New size: 3; reason: Current number of replicas below Spec.MinReplicas',
    'New size: 4; reason: Current number of replicas above Spec.MaxReplicas',
  ])
})

it('writes nothing while nothing changes', async () => {
  await start(2)
  await load({ cpu: '160m' })
  await scenario.create(AUTOSCALERS, autoscaler('web'))
  await scenario.pass(MINUTE)
  const { metadata } = await web()
  await scenario.pass(10 * MINUTE)
  expect((await web()).metadata.resourceVersion).toBe(metadata.resourceVersion)
  expect(await scenario.list(PODS)).toHaveLength(2)
})
