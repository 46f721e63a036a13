import { describe, expect, it, test } from 'vitest'
import { timestamp } from '../../src/api/meta/time.ts'
import type { MetricSpec } from '../../src/api/types.gen.ts'
import { Claims } from '../../src/controllers/horizontalpodautoscaler/claims.ts'
import type { Memory } from '../../src/controllers/horizontalpodautoscaler/memory.ts'
import {
  type Autoscaler,
  reconcileAutoscaler,
  type ScaleTarget,
  SYNC_PERIOD_MS,
} from '../../src/controllers/horizontalpodautoscaler/reconcile.ts'
import type { ReconcileContext, ScaleAction } from '../../src/runtime/plan.ts'
import { type Figures, NOW, podsOf, sourceOf } from '../support/autoscaler-figures.ts'
import { conditionTexts } from '../support/workloads.ts'

const MINUTE = 60_000

const utilization = (averageUtilization: number): MetricSpec => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } },
})
const usage = (averageValue: string): MetricSpec => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'AverageValue', averageValue } },
})
const container = (name: string, averageUtilization: number): MetricSpec => ({
  type: 'ContainerResource',
  containerResource: { name: 'cpu', container: name, target: { type: 'Utilization', averageUtilization } },
})
const pods = (averageValue: string): MetricSpec => ({
  type: 'Pods',
  pods: { metric: { name: 'qps' }, target: { type: 'AverageValue', averageValue } },
})
const described = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'some-deployment' }
const object = (value: string): MetricSpec => ({
  type: 'Object',
  object: { metric: { name: 'qps' }, describedObject: described, target: { type: 'Value', value } },
})
const objectAverage = (averageValue: string): MetricSpec => ({
  type: 'Object',
  object: { metric: { name: 'qps' }, describedObject: described, target: { type: 'AverageValue', averageValue } },
})
const selector = { matchLabels: { queue: 'mail' } }
const external = (value: string): MetricSpec => ({
  type: 'External',
  external: { metric: { name: 'qps', selector }, target: { type: 'Value', value } },
})
const externalAverage = (averageValue: string): MetricSpec => ({
  type: 'External',
  external: { metric: { name: 'qps', selector }, target: { type: 'AverageValue', averageValue } },
})
const unknown = { type: 'CheddarCheese' } as MetricSpec

interface Given extends Figures {
  readonly metrics: readonly MetricSpec[]
  readonly min?: number
  readonly max?: number
  /** As many as `current` when not given. */
  readonly statusReplicas?: number
  readonly spec?: Partial<Autoscaler['spec']>
  readonly status?: Autoscaler['status']
  readonly memory?: Memory
  readonly selector?: string
  readonly error?: string
  readonly rivals?: readonly string[]
  readonly lastFailure?: ReconcileContext['lastFailure']
}

function look(given: Given) {
  const { metrics, min = 2, max = 6, spec, status, memory, rivals = [], lastFailure } = given
  const autoscaler = {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'hpa', namespace: 'default' },
    spec: { scaleTargetRef: described, minReplicas: min, maxReplicas: max, metrics: [...metrics], ...spec },
    ...(status && { status }),
  } as Autoscaler
  const target: ScaleTarget = {
    ref: { resource: 'deployments.apps', namespace: 'default', name: 'web' },
    uid: 'uid-web',
    specReplicas: given.current,
    statusReplicas: given.statusReplicas ?? given.current,
    selector: given.selector ?? 'app=web',
    podsOf: () => podsOf(given),
    metricsOf: () => sourceOf(given),
  }
  const observed = { autoscaler, target: given.error === undefined ? target : { error: given.error }, rivalsOf: () => rivals }
  const { plan, memory: after } = reconcileAutoscaler(observed, memory, { now: NOW, lastFailure })
  const [action] = (plan.actions ?? []) as ScaleAction[]
  return { plan, action, memory: after, status: (plan.status as Autoscaler).status! }
}

const cores = (requests: readonly number[], levels: readonly number[]) => ({
  requests,
  target: 0,
  levels: levels.map((level) => [level, level]),
})
const three = [1000, 1000, 1000]
const five = [1000, 1000, 1000, 1000, 1000]
/** What was recommended before now can't hold a scale-down up. */
const LONG_AGO: Memory = { recommendations: [{ replicas: 99, at: NOW - 10 * MINUTE }], scalings: [] }
const levels = (target: bigint, ...values: bigint[]) => ({ target, levels: values })

describe('how many replicas', () => {
  interface Row {
    readonly name: string
    readonly given: Given
    /** What it is scaled to; undefined when it isn't. */
    readonly expect: number | undefined
    /** ScalingLimited, AbleToScale or ScalingActive have this reason. */
    readonly reason?: string
    readonly why?: string
  }
  const failing = { metrics: [utilization(30), pods('15')], cpu: cores(three, [300, 500, 700]) }
  // Upstream's situations: horizontal_test.go.
  const rows: Row[] = [
    {
      name: 'up',
      given: { metrics: [utilization(30)], current: 3, cpu: cores(three, [300, 500, 700]) },
      expect: 5,
      why: 'cpu resource utilization (percentage of request) above target',
    },
    {
      name: 'up by one container',
      given: { metrics: [container('container1', 30)], current: 3, cpu: cores(three, [300, 500, 700]) },
      expect: 5,
      why: 'cpu container resource utilization (percentage of request) above target',
    },
    {
      name: 'up less, as one isn’t ready',
      given: { metrics: [utilization(30)], current: 3, ready: 'FTT', cpu: cores(three, [300, 500, 700]) },
      expect: 4,
    },
    {
      name: 'up less, as one just started',
      given: { metrics: [utilization(30)], current: 3, start: 'hcc', cpu: cores(three, [300, 500, 700]) },
      expect: 4,
    },
    {
      name: 'not up, as most aren’t ready',
      given: { metrics: [utilization(30)], current: 3, ready: 'TFF', cpu: cores(three, [400, 500, 700]) },
      expect: undefined,
    },
    {
      name: 'not up, as most just started',
      given: { metrics: [utilization(30)], current: 3, start: 'chh', cpu: cores(three, [400, 500, 700]) },
      expect: undefined,
    },
    {
      name: 'up whatever failed',
      given: { metrics: [utilization(30)], current: 2, phase: 'RRFF', cpu: cores([...three, 1000], [500, 700]) },
      expect: 4,
    },
    {
      name: 'up whatever goes',
      given: { metrics: [utilization(30)], current: 2, phase: 'RRRR', going: '--xx', cpu: cores([...three, 1000], [500, 700]) },
      expect: 4,
    },
    {
      name: 'up by what pods say',
      given: { metrics: [pods('15')], current: 3, pods: levels(0n, 20000n, 10000n, 30000n) },
      expect: 4,
      why: 'pods metric qps above target',
    },
    {
      name: 'up by what pods say, whether ready or not',
      given: { metrics: [pods('15')], current: 3, ready: 'TTF', start: 'cch', pods: levels(0n, 50000n, 10000n, 30000n) },
      expect: 6,
    },
    {
      name: 'up by what pods say, to the bound',
      given: { metrics: [pods('15')], current: 3, ready: 'FTF', start: 'hch', pods: levels(0n, 50000n, 15000n, 30000n) },
      expect: 6,
      reason: 'TooManyReplicas',
    },
    {
      name: 'up by an object',
      given: { metrics: [object('15')], current: 3, object: levels(0n, 20000n) },
      expect: 4,
      why: 'Deployment metric qps above target',
    },
    {
      name: 'up by a share of an object',
      given: { metrics: [objectAverage('10')], current: 3, objectAverage: levels(0n, 40000n) },
      expect: 4,
      why: 'external metric qps(nil) above target',
    },
    {
      name: 'up by what is outside',
      given: { metrics: [external('6.666')], current: 3, external: levels(0n, 8600n) },
      expect: 4,
      why: 'external metric qps(&LabelSelector{MatchLabels:map[string]string{queue: mail,},MatchExpressions:[]LabelSelectorRequirement{},}) above target',
    },
    {
      name: 'up by a share of what is outside',
      given: { metrics: [externalAverage('2222m')], current: 3, externalAverage: levels(0n, 8600n) },
      expect: 4,
    },
    {
      name: 'up by usage',
      given: { metrics: [usage('600m')], current: 3, cpu: cores(three, [300, 500, 700]) },
      expect: 5,
      why: 'cpu resource above target',
    },
    {
      name: 'down',
      given: { metrics: [utilization(50)], current: 5, memory: LONG_AGO, cpu: cores(five, [100, 300, 500, 250, 250]) },
      expect: 3,
      why: 'All metrics below target',
    },
    {
      name: 'down by one container',
      given: { metrics: [container('container2', 50)], current: 5, memory: LONG_AGO, cpu: cores(five, [100, 300, 500, 250, 250]) },
      expect: 3,
    },
    {
      name: 'down by rules',
      given: {
        metrics: [utilization(50)],
        current: 5,
        memory: LONG_AGO,
        spec: {
          behavior: {
            scaleDown: { selectPolicy: 'Max', policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] },
            scaleUp: { selectPolicy: 'Max', policies: [] },
          },
        },
        cpu: cores(five, [100, 300, 500, 250, 250]),
      },
      expect: 3,
    },
    {
      name: 'down by what pods say',
      given: { metrics: [pods('20')], current: 5, memory: LONG_AGO, pods: levels(0n, 12000n, 12000n, 12000n, 12000n, 12000n) },
      expect: 3,
    },
    { name: 'down by an object', given: { metrics: [object('20')], current: 5, memory: LONG_AGO, object: levels(0n, 12000n) }, expect: 3 },
    {
      name: 'down by a share of an object',
      given: { metrics: [objectAverage('20')], current: 5, memory: LONG_AGO, objectAverage: levels(0n, 60000n) },
      expect: 3,
    },
    {
      name: 'down by what is outside',
      given: { metrics: [external('14.4')], current: 5, memory: LONG_AGO, external: levels(0n, 8600n) },
      expect: 3,
    },
    {
      name: 'down by a share of what is outside',
      given: { metrics: [externalAverage('3')], current: 5, memory: LONG_AGO, externalAverage: levels(0n, 8600n) },
      expect: 3,
    },
    {
      name: 'not down at first: what there is counts as recommended',
      given: { metrics: [utilization(50)], current: 5, cpu: cores(five, [100, 300, 500, 250, 250]) },
      expect: undefined,
      reason: 'ScaleDownStabilized',
    },
    {
      name: 'down, counting those that aren’t ready',
      given: { metrics: [utilization(50)], current: 5, memory: LONG_AGO, ready: 'TTTFF', cpu: cores(five, [100, 300, 500, 250, 250]) },
      expect: 2,
    },
    {
      name: 'down, without those that just started',
      given: { metrics: [utilization(50)], current: 5, memory: LONG_AGO, start: 'ccchh', cpu: cores(five, [100, 300, 500, 250, 250]) },
      expect: 2,
    },
    {
      name: 'down whatever failed',
      given: {
        metrics: [utilization(50)],
        current: 5,
        memory: LONG_AGO,
        phase: 'RRRRRFF',
        cpu: cores([...five, 1000, 1000], [100, 300, 500, 250, 250]),
      },
      expect: 3,
    },
    {
      name: 'down whatever goes',
      given: {
        metrics: [utilization(50)],
        current: 5,
        memory: LONG_AGO,
        phase: 'RRRRRRR',
        going: '-----xx',
        cpu: cores([...five, 1000, 1000], [100, 300, 500, 250, 250]),
      },
      expect: 3,
    },
    {
      name: 'within the tolerance',
      given: { metrics: [utilization(100)], current: 3, min: 1, max: 5, cpu: cores([900, 1000, 1100], [1010, 1030, 1020]) },
      expect: undefined,
      reason: 'ReadyForNewScale',
    },
    {
      name: 'within the tolerance of pods',
      given: { metrics: [pods('20')], current: 3, min: 1, max: 5, pods: levels(0n, 20000n, 20001n, 21000n) },
      expect: undefined,
    },
    {
      name: 'within the tolerance of an object',
      given: { metrics: [object('20')], current: 3, min: 1, max: 5, object: levels(0n, 20050n) },
      expect: undefined,
    },
    {
      name: 'within the tolerance of a share of an object',
      given: { metrics: [objectAverage('2.2')], current: 4, min: 2, max: 6, objectAverage: levels(0n, 9000n) },
      expect: undefined,
    },
    {
      name: 'within the tolerance of what is outside',
      given: { metrics: [external('8.666')], current: 4, external: levels(0n, 8600n) },
      expect: undefined,
    },
    {
      name: 'within the tolerance of a share of what is outside',
      given: { metrics: [externalAverage('2200m')], current: 4, externalAverage: levels(0n, 8600n) },
      expect: undefined,
    },
    {
      name: 'beyond a tolerance of its own',
      given: {
        metrics: [utilization(100)],
        current: 3,
        max: 5,
        spec: {
          behavior: {
            scaleUp: { tolerance: '0.02', selectPolicy: 'Max', policies: [{ type: 'Pods', value: 4, periodSeconds: 15 }] },
            scaleDown: {},
          },
        },
        cpu: cores([900, 1000, 1100], [1040, 1040, 1040]),
      },
      expect: 4,
    },
    {
      name: 'within a wide tolerance of its own',
      given: {
        metrics: [utilization(100)],
        current: 3,
        max: 9,
        spec: { behavior: { scaleUp: { tolerance: '1', selectPolicy: 'Max', policies: [] }, scaleDown: {} } },
        cpu: cores(three, [1900, 1900, 1900]),
      },
      expect: undefined,
    },
    {
      name: 'within a wide tolerance down',
      given: {
        metrics: [utilization(100)],
        current: 3,
        memory: LONG_AGO,
        spec: {
          behavior: {
            scaleUp: {},
            scaleDown: { tolerance: '0.5', selectPolicy: 'Max', policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] },
          },
        },
        cpu: cores(three, [600, 600, 600]),
      },
      expect: undefined,
    },
    {
      name: 'to the lower bound',
      given: { metrics: [utilization(90)], current: 3, max: 5, memory: LONG_AGO, cpu: cores([900, 1000, 1100], [10, 95, 10]) },
      expect: 2,
      reason: 'TooFewReplicas',
    },
    {
      name: 'to the lower bound, when nothing is used',
      given: { metrics: [utilization(90)], current: 3, max: 5, memory: LONG_AGO, cpu: cores([900, 1000, 1100], [0, 0, 0]) },
      expect: 2,
      reason: 'TooFewReplicas',
    },
    {
      name: 'to the upper bound',
      given: { metrics: [utilization(90)], current: 3, max: 5, cpu: cores([900, 1000, 1100], [8000, 9500, 1000]) },
      expect: 5,
      reason: 'TooManyReplicas',
    },
    {
      name: 'to twice as many at once',
      given: { metrics: [utilization(10)], current: 3, max: 100, cpu: cores(three, [1000, 1000, 1000]) },
      expect: 6,
      reason: 'ScaleUpLimit',
    },
    {
      name: 'to the upper bound before twice as many',
      given: { metrics: [utilization(10)], current: 7, max: 12, cpu: cores([...five, 1000, 1000], [900, 900, 900, 900, 900, 900, 900]) },
      expect: 12,
      reason: 'TooManyReplicas',
    },
    {
      name: 'none: somebody wants none',
      given: { metrics: [utilization(90)], current: 0, cpu: cores([], []) },
      expect: undefined,
      reason: 'ScalingDisabled',
    },
    {
      name: 'none, though an object wants some',
      given: { metrics: [object('10')], current: 0, object: levels(0n, 50000n) },
      expect: undefined,
      reason: 'ScalingDisabled',
    },
    {
      name: 'too few, whatever the metrics say',
      given: { metrics: [utilization(90)], current: 2, min: 3, cpu: cores([], []) },
      expect: 3,
      why: 'Current number of replicas below Spec.MinReplicas',
    },
    {
      name: 'too many, whatever the metrics say',
      given: { metrics: [utilization(90)], current: 10, min: 3, max: 5, cpu: cores([], []) },
      expect: 5,
      why: 'Current number of replicas above Spec.MaxReplicas',
    },
    {
      name: 'metrics of pods that nobody knows',
      given: {
        metrics: [utilization(100)],
        current: 4,
        memory: LONG_AGO,
        cpu: cores([1000, 1000, 1000, 1000], [4000, 9500, 3000, 7000, 3200, 2000]),
      },
      expect: 6,
      reason: 'TooManyReplicas',
    },
    {
      name: 'a pod without a metric',
      given: { metrics: [utilization(100)], current: 4, memory: LONG_AGO, cpu: cores([1000, 1000, 1000, 1000], [400, 95]) },
      expect: 3,
    },
    {
      name: 'no metrics',
      given: { metrics: [utilization(100)], current: 4, cpu: cores([1000, 1000, 1000, 1000], []) },
      expect: undefined,
      reason: 'FailedGetResourceMetric',
    },
    {
      name: 'no requests',
      given: { metrics: [utilization(100)], current: 1, min: 1, cpu: cores([], [200]) },
      expect: undefined,
      reason: 'FailedGetResourceMetric',
    },
    {
      name: 'more pods than the spec says',
      given: {
        metrics: [utilization(50)],
        current: 8,
        statusReplicas: 10,
        min: 4,
        max: 8,
        cpu: cores(Array(8).fill(1000), Array(8).fill(500)),
      },
      expect: undefined,
    },
    {
      name: 'the most of two metrics',
      given: {
        metrics: [utilization(30), pods('15')],
        current: 3,
        cpu: cores(three, [300, 500, 700]),
        pods: levels(0n, 20000n, 10000n, 30000n),
      },
      expect: 5,
    },
    { name: 'up, though one metric fails', given: { ...failing, current: 3 }, expect: 5, reason: 'ValidMetricFound' },
    {
      name: 'up, though one metric is of an unknown type',
      given: { metrics: [unknown, utilization(30)], current: 3, cpu: cores(three, [300, 500, 700]) },
      expect: 5,
    },
    {
      name: 'not down, when one metric fails',
      given: { metrics: [utilization(50), pods('15')], current: 5, memory: LONG_AGO, cpu: cores(five, [100, 300, 500, 250, 250]) },
      expect: undefined,
      reason: 'FailedGetPodsMetric',
    },
    {
      name: 'not down, when one metric is of an unknown type',
      given: { metrics: [utilization(50), unknown], current: 5, memory: LONG_AGO, cpu: cores(five, [100, 300, 500, 250, 250]) },
      expect: undefined,
      reason: 'InvalidMetricSourceType',
    },
    {
      name: 'nothing, when all metrics fail',
      given: { metrics: [utilization(50), pods('15')], current: 5 },
      expect: undefined,
      reason: 'FailedGetResourceMetric',
    },
    {
      name: 'down to the highest of late',
      given: {
        metrics: [utilization(100)],
        current: 5,
        min: 1,
        memory: { recommendations: [{ replicas: 4, at: NOW - MINUTE }], scalings: [] },
        cpu: cores(five, [200, 200, 200, 200, 200]),
      },
      expect: 4,
    },
    {
      name: 'up at once, though it was scaled just now',
      given: {
        metrics: [utilization(30)],
        current: 3,
        status: { desiredReplicas: 3, lastScaleTime: timestamp(NOW) },
        cpu: cores(three, [300, 500, 700]),
      },
      expect: 5,
    },
  ]
  test.each(rows)('$name', ({ given, expect: expected, reason, why }) => {
    const { action, status, plan } = look(given)
    expect(action?.replicas).toBe(expected)
    if (why !== undefined) expect(action!.event!.message).toBe(`New size: ${expected}; reason: ${why}`)
    if (reason !== undefined) expect(conditionTexts({ status }).join()).toContain(reason)
    expect(plan.requeueAfterMs).toBe(SYNC_PERIOD_MS)
    expect(status.lastScaleTime).toBe(expected === undefined ? given.status?.lastScaleTime : timestamp(NOW))
  })
})

describe('what is told of', () => {
  it('a scaling', () => {
    const { action, status, plan } = look({ metrics: [utilization(30)], current: 3, cpu: cores(three, [300, 500, 700]) })
    expect(action).toMatchObject({
      verb: 'scale',
      target: { resource: 'deployments.apps', namespace: 'default', name: 'web' },
      uid: 'uid-web',
      event: { type: 'Normal', reason: 'SuccessfulRescale' },
      failureEvent: { type: 'Warning', reason: 'FailedRescale', message: expect.stringMatching(/^New size: 5; reason: .*; error: $/) },
    })
    expect(plan.events).toEqual([])
    expect(status).toEqual({
      currentReplicas: 3,
      desiredReplicas: 5,
      lastScaleTime: timestamp(NOW),
      currentMetrics: [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 50, averageValue: '1' } } }],
      conditions: [
        condition('AbleToScale', 'True', 'SucceededRescale', 'the HPA controller was able to update the target scale to 5'),
        condition(
          'ScalingActive',
          'True',
          'ValidMetricFound',
          'the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage of request)',
        ),
        condition('ScalingLimited', 'False', 'DesiredWithinRange', 'the desired count is within the acceptable range'),
      ],
    })
  })

  it('a bound that is crossed, without metrics', () => {
    const { status } = look({ metrics: [utilization(30)], current: 9 })
    expect(status).toMatchObject({ currentReplicas: 9, desiredReplicas: 6 })
    expect(status.currentMetrics).toBeUndefined()
  })

  const absent = 'no metrics returned from'
  const failures: [string, MetricSpec, string, string, string][] = [
    [
      'Resource',
      utilization(30),
      'FailedGetResourceMetric',
      `failed to get cpu utilization: unable to get metrics for resource cpu: ${absent} resource metrics API`,
      'failed to get cpu resource metric value: ',
    ],
    [
      'Resource by usage',
      usage('1'),
      'FailedGetResourceMetric',
      `failed to get cpu usage: unable to get metrics for resource cpu: ${absent} resource metrics API`,
      'failed to get cpu resource metric value: ',
    ],
    [
      'ContainerResource',
      container('c', 30),
      'FailedGetContainerResourceMetric',
      `failed to get cpu utilization: unable to get metrics for resource cpu: ${absent} resource metrics API`,
      'failed to get c container metric value: ',
    ],
    [
      'Pods',
      pods('1'),
      'FailedGetPodsMetric',
      `unable to get metric qps: ${absent} custom metrics API`,
      'failed to get pods metric value: ',
    ],
    [
      'Object',
      object('1'),
      'FailedGetObjectMetric',
      `unable to get metric qps: Deployment on default some-deployment/${absent} custom metrics API`,
      'failed to get object metric value: ',
    ],
    [
      'Object by average',
      objectAverage('1'),
      'FailedGetObjectMetric',
      `unable to get metric qps: Deployment on default some-deployment/${absent} custom metrics API`,
      'failed to get object metric value: failed to get qps object metric: ',
    ],
    [
      'External',
      external('1'),
      'FailedGetExternalMetric',
      `unable to get external metric default/qps/&LabelSelector{MatchLabels:map[string]string{queue: mail,},MatchExpressions:[]LabelSelectorRequirement{},}: ${absent} external metrics API`,
      'failed to get qps external metric value: failed to get external metric qps: ',
    ],
    [
      'External by average',
      externalAverage('1'),
      'FailedGetExternalMetric',
      `unable to get external metric default/qps/&LabelSelector{MatchLabels:map[string]string{queue: mail,},MatchExpressions:[]LabelSelectorRequirement{},}: ${absent} external metrics API`,
      'failed to get qps external metric value: failed to get qps external metric: ',
    ],
    ['no type anybody knows', unknown, 'InvalidMetricSourceType', 'unknown metric source type "CheddarCheese"', ''],
    [
      'a Resource without a target',
      { type: 'Resource', resource: { name: 'cpu', target: { type: 'Value' } } },
      'FailedGetResourceMetric',
      'invalid resource metric source: neither an average utilization target nor an average value (usage) target was set',
      'failed to get cpu resource metric value: ',
    ],
    [
      'an Object without a target',
      { type: 'Object', object: { metric: { name: 'qps' }, describedObject: described, target: { type: 'Value' } } },
      'FailedGetObjectMetric',
      'invalid object metric source: neither a value target nor an average value target was set',
      'failed to get object metric value: ',
    ],
    [
      'External without a target',
      { type: 'External', external: { metric: { name: 'qps' }, target: { type: 'Value' } } },
      'FailedGetExternalMetric',
      'invalid external metric source: neither a value target nor an average value target was set',
      'failed to get qps external metric value: ',
    ],
  ]
  test.each(failures)('a metric that fails: %s', (_name, metric, reason, message, prefix) => {
    const { plan, status, action } = look({ metrics: [metric], current: 3 })
    expect(action).toBeUndefined()
    expect(plan.events).toEqual([
      { type: 'Warning', reason, message },
      {
        type: 'Warning',
        reason: 'FailedComputeMetricsReplicas',
        message: `invalid metrics (1 invalid out of 1), first error is: ${prefix}${message}`,
      },
    ])
    expect(status.conditions![1]).toEqual(
      condition('ScalingActive', 'False', reason, `the HPA was unable to compute the replica count: ${message}`),
    )
    expect(status).toMatchObject({ currentReplicas: 3, desiredReplicas: 0, currentMetrics: [{ type: '' }] })
  })

  it('one metric that fails of two that scale', () => {
    const { plan, status } = look({ metrics: [pods('1'), utilization(30)], current: 3, cpu: cores(three, [300, 500, 700]) })
    expect(plan.events).toMatchObject([{ reason: 'FailedGetPodsMetric' }])
    expect(status.currentMetrics).toMatchObject([{ type: '' }, { type: 'Resource' }])
  })

  it.each([
    ['selector is required', '', 'SelectorRequired', 'InvalidSelector', "the HPA target's scale is missing a selector"],
    [
      expect.stringMatching(/^couldn't convert selector into a corresponding internal selector object: /),
      'cheddar cheese',
      'InvalidSelector',
      'InvalidSelector',
      undefined,
    ],
  ])('a target whose selector is no good: %s', (error, text, event, reason, message) => {
    const { plan, status, action } = look({ metrics: [utilization(30)], current: 3, selector: text, cpu: cores(three, [300, 500, 700]) })
    expect(action).toBeUndefined()
    expect(plan.events).toEqual([
      { type: 'Warning', reason: event, message: error },
      { type: 'Warning', reason: 'FailedComputeMetricsReplicas', message: error },
    ])
    expect(status.conditions![1]).toMatchObject({ status: 'False', reason, message: message ?? error })
  })

  it('pods that others scale too', () => {
    const { plan, action } = look({ metrics: [utilization(30)], current: 3, rivals: ['zeta', 'alpha'], cpu: cores(three, [300, 500, 700]) })
    expect(action).toBeUndefined()
    expect(plan.events![0]).toEqual({
      type: 'Warning',
      reason: 'AmbiguousSelector',
      message: 'pods by selector app=web are controlled by multiple HPAs: [{alpha default} {hpa default} {zeta default}]',
    })
  })

  it('a target that isn’t there', () => {
    const old = { currentReplicas: 3, desiredReplicas: 4, conditions: [condition('ScalingActive', 'True', 'ValidMetricFound', 'x')] }
    const { plan, status, memory } = look({ metrics: [], current: 0, error: 'deployments.apps "web" not found', status: old })
    expect(plan.events).toEqual([{ type: 'Warning', reason: 'FailedGetScale', message: 'deployments.apps "web" not found' }])
    const message = 'the HPA controller was unable to get the target\'s current scale: deployments.apps "web" not found'
    expect(status).toEqual({ ...old, conditions: [...old.conditions, condition('AbleToScale', 'False', 'FailedGetScale', message)] })
    expect(memory).toBeUndefined()
  })

  it('a scaling that failed, which then never was', () => {
    const behavior = { scaleUp: { selectPolicy: 'Max', policies: [{ type: 'Pods', value: 4, periodSeconds: 60 }] }, scaleDown: {} }
    const given: Given = { metrics: [utilization(30)], current: 3, spec: { behavior }, cpu: cores(three, [300, 500, 700]) }
    const { action, memory } = look(given)
    expect(memory!.scalings).toEqual([{ change: 2, at: NOW }])
    const lastFailure = { action: action!, reason: 'Forbidden', message: 'no' }
    const after = look({ ...given, memory: memory!, lastFailure })
    expect(after.action).toBeUndefined()
    expect(after.memory!.scalings).toEqual([])
    expect(after.status).toMatchObject({ currentReplicas: 3, desiredReplicas: 0 })
    expect(after.status.lastScaleTime).toBeUndefined()
    expect(after.status.conditions![0]).toEqual(
      condition('AbleToScale', 'False', 'FailedUpdateScale', 'the HPA controller was unable to update the target scale: no'),
    )
    expect(after.plan.events).toBeUndefined()
  })

  it('nothing new: the status stays as it is', () => {
    const given: Given = { metrics: [utilization(100)], current: 3, min: 1, max: 5, cpu: cores([900, 1000, 1100], [1010, 1030, 1020]) }
    const first = look(given).status
    const conditions = first.conditions!.map((each) => ({ ...each, lastTransitionTime: timestamp(NOW - MINUTE) }))
    expect(look({ ...given, status: { ...first, conditions } }).status).toEqual({ ...first, conditions })
  })

  function condition(type: string, status: string, reason: string, message: string) {
    return { type, status, reason, message, lastTransitionTime: timestamp(NOW) }
  }
})

describe('who scales which pods', () => {
  const only = (key: string, value: string) => [{ key, operator: '=' as const, values: [value] }]
  const both = [...only('app', 'web'), ...only('tier', 'front')]
  const pod = (labels: Record<string, string>) => [{ metadata: { name: 'p', namespace: 'ns', labels }, spec: { containers: [] } } as never]
  const rows: [
    string,
    [string, readonly { key: string; operator: '=' | 'notin'; values: string[] }[]][],
    Record<string, string>,
    string[],
  ][] = [
    ['none', [], { app: 'web' }, []],
    ['oneself', [['ns/me', only('app', 'web')]], { app: 'web' }, []],
    [
      'another of the same',
      [
        ['ns/me', only('app', 'web')],
        ['ns/b', only('app', 'web')],
      ],
      { app: 'web' },
      ['b'],
    ],
    ['others of other pods', [['ns/b', only('app', 'db')]], { app: 'web' }, []],
    ['one that wants more labels', [['ns/b', both]], { app: 'web' }, []],
    ['one that wants more labels, which are there', [['ns/b', both]], { app: 'web', tier: 'front' }, ['b']],
    ['one by other labels', [['ns/b', only('tier', 'front')]], { app: 'web', tier: 'front' }, ['b']],
    ['one that excludes', [['ns/b', [{ key: 'app', operator: 'notin', values: ['db'] }]]], { app: 'web' }, ['b']],
    ['one of another namespace', [['other/b', only('app', 'web')]], { app: 'web' }, []],
    [
      'several',
      [
        ['ns/c', only('app', 'web')],
        ['ns/b', both],
      ],
      { app: 'web', tier: 'front' },
      ['b', 'c'],
    ],
  ]
  test.each(rows)('%s', (_name, claimed, labels, expected) => {
    const claims = new Claims()
    for (const [key, wanted] of claimed) claims.set(key, wanted)
    expect(claims.rivals('ns/me', pod(labels))).toEqual(expected)
    for (const [key] of claimed) claims.delete(key)
    expect(claims.rivals('ns/me', pod(labels))).toEqual([])
  })
})
