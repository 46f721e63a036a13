/**
 * How many replicas a metric asks for. Values are thousandths, in whole numbers as upstream has them; what can't be calculated
 * is thrown as a MetricError. Upstream: pkg/controller/podautoscaler/replica_calculator.go
 */
import { labelSelectorText } from '../../api/meta/label-selector-text.ts'
import { fromLabelSelector } from '../../api/meta/selectors.ts'
import type { AutoscalingV2CrossVersionObjectReference, MetricIdentifier, Pod } from '../../api/types.gen.ts'
import { isPodReady } from '../pods/pod-state.ts'
import { groupPods, requestsOf } from './group-pods.ts'
import { explaining, MetricError, type MetricsSource, type PodMetrics } from './metrics-source.ts'

/** How far from its target, as a share of it, a metric may be without being acted on. */
export interface Tolerances {
  readonly scaleDown: number
  readonly scaleUp: number
}

/** What is known of the target when its replicas are calculated. */
export interface Scene {
  readonly namespace: string
  /** Those the target's selector picks. */
  readonly pods: readonly Pod[]
  readonly metrics: MetricsSource
  readonly tolerances: Tolerances
  readonly now: number
}

export interface Proposal {
  readonly replicas: number
  /** What there is now: an average a pod or a whole, as the target is. */
  readonly usage: bigint
}

const MAX_INT32 = 2 ** 31 - 1
const MAX_INT64 = (1n << 63n) - 1n
const NO_PODS = 'no pods returned by selector while calculating replica count'

/** The ratio of what there is to what should be, and what there is on average. */
interface Measure {
  readonly ratio: number
  readonly usage: bigint
  readonly utilization: number
}

type Values = ReadonlyMap<string, bigint>

/** @param target percent of what is requested. Upstream: GetResourceReplicas */
export function replicasForUtilization(
  scene: Scene,
  current: number,
  target: number,
  resource: string,
  container: string | undefined,
): Proposal & { readonly utilization: number } {
  const metrics = resourceMetrics(scene, resource, container)
  const fallback = BigInt(Math.max(100, target))
  let requests: ReadonlyMap<string, bigint> = new Map()
  const { replicas, measured } = replicasForPods(scene, metrics, current, resource, {
    prepare: () => {
      requests = requestsOf(scene.pods, container, resource)
    },
    measure: (values) => utilizationOf(values, requests, target),
    whenMissing: (name) => ((requests.get(name) ?? 0n) * fallback) / 100n,
  })
  return { replicas, usage: measured.usage, utilization: measured.utilization }
}

/** @param target an average. Upstream: GetRawResourceReplicas */
export function replicasForUsage(scene: Scene, current: number, target: bigint, resource: string, container: string | undefined): Proposal {
  return replicasForAverage(scene, resourceMetrics(scene, resource, container), current, target, resource)
}

/** @param target an average. Upstream: GetMetricReplicas */
export function replicasForPodsMetric(scene: Scene, current: number, target: bigint, { name, selector }: MetricIdentifier): Proposal {
  const metrics = explaining(`unable to get metric ${name}: `, () => scene.metrics.pods(name, selectorOf(selector)))
  return replicasForAverage(scene, metrics, current, target, '')
}

/** Upstream: GetObjectMetricReplicas */
export function replicasForObject(
  scene: Scene,
  current: number,
  target: bigint,
  metric: MetricIdentifier,
  object: AutoscalingV2CrossVersionObjectReference,
): Proposal {
  const usage = objectMetric(scene, metric, object)
  return { replicas: replicasForRatio(scene, current, Number(usage) / Number(target)), usage }
}

/** @param statusReplicas among whom the target is to be shared. Upstream: GetObjectPerPodMetricReplicas */
export function replicasForObjectAverage(
  scene: Scene,
  statusReplicas: number,
  target: bigint,
  metric: MetricIdentifier,
  object: AutoscalingV2CrossVersionObjectReference,
): Proposal {
  return replicasForShare(scene, statusReplicas, objectMetric(scene, metric, object), target)
}

/** Upstream: GetExternalMetricReplicas */
export function replicasForExternal(scene: Scene, current: number, target: bigint, metric: MetricIdentifier): Proposal {
  const usage = externalMetric(scene, metric)
  return { replicas: replicasForRatio(scene, current, Number(usage) / Number(target)), usage }
}

/** Upstream: GetExternalPerPodMetricReplicas */
export function replicasForExternalAverage(scene: Scene, statusReplicas: number, target: bigint, metric: MetricIdentifier): Proposal {
  return replicasForShare(scene, statusReplicas, externalMetric(scene, metric), target)
}

function isWithin({ scaleDown, scaleUp }: Tolerances, ratio: number): boolean {
  return 1 - scaleDown <= ratio && ratio <= 1 + scaleUp
}

const selectorOf = (selector: MetricIdentifier['selector']) => fromLabelSelector(selector)

function resourceMetrics({ metrics }: Scene, resource: string, container: string | undefined): PodMetrics {
  return explaining(`unable to get metrics for resource ${resource}: `, () => metrics.resource(resource, container))
}

function objectMetric(scene: Scene, metric: MetricIdentifier, object: AutoscalingV2CrossVersionObjectReference): bigint {
  try {
    return scene.metrics.object(metric.name, object, selectorOf(metric.selector))
  } catch (error) {
    if (!(error instanceof MetricError)) throw error
    const { kind, name } = object
    throw new MetricError(`unable to get metric ${metric.name}: ${kind} on ${scene.namespace} ${name}/${error.message}`)
  }
}

function externalMetric({ metrics, namespace }: Scene, { name, selector }: MetricIdentifier): bigint {
  const prefix = `unable to get external metric ${namespace}/${name}/${labelSelectorText(selector)}: `
  const values = explaining(prefix, () => metrics.external(name, selectorOf(selector)))
  const sum = values.reduce((total, value) => total + value, 0n)
  return sum > MAX_INT64 ? MAX_INT64 : sum
}

/** Upstream: calcPlainMetricReplicas */
function replicasForAverage(scene: Scene, metrics: PodMetrics, current: number, target: bigint, resource: string): Proposal {
  const { replicas, measured } = replicasForPods(scene, metrics, current, resource, {
    prepare: () => {},
    measure: (values) => averageOf(values, target),
    whenMissing: () => target,
  })
  return { replicas, usage: measured.usage }
}

interface Measuring {
  /** Before anything is measured. */
  readonly prepare: () => void
  readonly measure: (values: Values) => Measure
  /** What a pod without a metric is taken to use when there seem to be too many replicas. */
  readonly whenMissing: (name: string) => bigint
}

/**
 * Pods of which nothing is known are taken for whatever makes the change smaller: on the way up they use nothing, on the way
 * down all they should. A change that would turn round by that is none.
 */
function replicasForPods(
  { pods, tolerances, now }: Scene,
  metrics: PodMetrics,
  current: number,
  resource: string,
  { prepare, measure, whenMissing }: Measuring,
): { readonly replicas: number; readonly measured: Measure } {
  if (pods.length === 0) throw new MetricError(NO_PODS)
  const { readyCount, unready, missing, ignored } = groupPods(pods, metrics, resource, now)
  const values = new Map<string, bigint>()
  for (const [name, { value }] of metrics) if (!ignored.has(name) && !unready.has(name)) values.set(name, value)
  if (values.size === 0) throw new MetricError('did not receive metrics for targeted pods (pods might be unready)')
  prepare()
  const measured = measure(values)
  const { ratio } = measured
  const isUpWithUnready = unready.size > 0 && ratio > 1
  if (!isUpWithUnready && missing.size === 0) {
    return { replicas: isWithin(tolerances, ratio) ? current : Math.ceil(ratio * readyCount), measured }
  }
  if (ratio !== 1) for (const name of missing) values.set(name, ratio < 1 ? whenMissing(name) : 0n)
  if (isUpWithUnready) for (const name of unready) values.set(name, 0n)
  const next = measure(values).ratio
  const turnsRound = (ratio < 1 && next > 1) || (ratio > 1 && next < 1)
  if (isWithin(tolerances, next) || turnsRound) return { replicas: current, measured }
  const replicas = Math.ceil(next * values.size)
  const isAgainst = (next < 1 && replicas > current) || (next > 1 && replicas < current)
  return { replicas: isAgainst ? current : replicas, measured }
}

/** Upstream: GetResourceUtilizationRatio */
function utilizationOf(values: Values, requests: ReadonlyMap<string, bigint>, target: number): Measure {
  let [total, requested, count] = [0n, 0n, 0n]
  for (const [name, value] of values) {
    const request = requests.get(name)
    if (request === undefined) continue
    total += value
    requested += request
    count++
  }
  if (requested === 0n) throw new MetricError('no metrics returned matched known pods')
  const utilization = Number((total * 100n) / requested)
  return { ratio: utilization / target, usage: total / count, utilization }
}

/** Upstream: GetMetricUsageRatio */
function averageOf(values: Values, target: bigint): Measure {
  const total = [...values.values()].reduce((sum, value) => sum + value, 0n)
  const usage = total / BigInt(values.size)
  return { ratio: Number(usage) / Number(target), usage, utilization: 0 }
}

/** Of a target without replicas neither tolerance nor pods are asked. Upstream: getUsageRatioReplicaCount */
function replicasForRatio({ pods, tolerances }: Scene, current: number, ratio: number): number {
  if (current === 0) return Math.ceil(ratio)
  if (isWithin(tolerances, ratio)) return current
  if (pods.length === 0) throw new MetricError(`unable to calculate ready pods: ${NO_PODS}`)
  const ready = pods.filter((pod) => pod.status?.phase === 'Running' && isPodReady(pod)).length
  return Math.min(MAX_INT32, Math.ceil(ratio * ready))
}

function replicasForShare({ tolerances }: Scene, statusReplicas: number, usage: bigint, target: bigint): Proposal {
  const ratio = Number(usage) / (Number(target) * statusReplicas)
  const wanted = Math.min(MAX_INT32, Math.ceil(Number(usage) / Number(target)))
  const count = BigInt(statusReplicas)
  const isBoundless = usage === MAX_INT64 || (count === 0n && usage > 0n)
  const share = isBoundless ? MAX_INT64 : count === 0n ? 0n : (usage + count - 1n) / count
  return { replicas: isWithin(tolerances, ratio) ? statusReplicas : wanted, usage: share }
}
