/** The figures of simulated pods, and those that a user declares: what the three metrics APIs would answer. */
import type { Selector } from '../../api/meta/selectors.ts'
import type { KubeObject } from '../../api/object.ts'
import { metricAnnotation, metricAnnotations } from '../../api/simulation/annotations.ts'
import { type FindOwner, Loads } from '../../api/simulation/loads.ts'
import { declaredValue, parseMetricSeries, selectSeries } from '../../api/simulation/metric-series.ts'
import { usageOfPod, WINDOW_MS } from '../../api/simulation/usage.ts'
import type { AutoscalingV2CrossVersionObjectReference, ConfigMap, Node, ObjectMeta, Pod } from '../../api/types.gen.ts'
import type { Reader } from '../../runtime/controller.ts'
import { groupOf, type ScaleKinds } from '../scale/scale-kinds.ts'
import { MetricError, type MetricsSource, type PodMetric } from './metrics-source.ts'

export const CONFIG_MAPS = 'configmaps'
/** On a ConfigMap: its data are external metrics. */
const EXTERNAL_METRICS = 'coracle.dev/external-metrics'
const CUSTOM_API = 'unable to fetch metrics from custom metrics API: '

/** What is kept of objects that are only asked for metrics. */
export function metricsDigest(object: KubeObject): { metadata?: { annotations: Record<string, string> } } {
  const annotations = metricAnnotations(object)
  return annotations === undefined ? {} : { metadata: { annotations } }
}

/** Of ConfigMaps: also the metrics in them. */
export function externalMetricsDigest(object: ConfigMap): { metadata?: Partial<ObjectMeta>; data?: Record<string, string> } {
  const digest = metricsDigest(object)
  if (!holdsExternalMetrics(object)) return digest
  return { metadata: { ...digest.metadata, labels: object.metadata.labels }, ...(object.data && { data: object.data }) }
}

function holdsExternalMetrics({ metadata }: ConfigMap): boolean {
  return metadata.labels?.[EXTERNAL_METRICS] === 'true'
}

export interface SimulatedWorld {
  readonly reader: Reader
  readonly kinds: ScaleKinds
  /** Only these can be read. */
  readonly isWatched: (resource: string) => boolean
}

/** @param pods those that the target's selector picks. @param now in milliseconds since the epoch */
export function simulatedMetrics(world: SimulatedWorld, namespace: string, pods: readonly Pod[], now: number): MetricsSource {
  const { reader } = world
  const loads = new Loads(findOwner(world), () => reader.list<Pod>('pods', namespace))
  const measured = (value: bigint): PodMetric => ({ value, at: Math.floor(now / 1000) * 1000, windowMs: WINDOW_MS })
  return {
    resource: (resource, container) => {
      const metrics = new Map<string, PodMetric>()
      let isAnyMeasured = false
      for (const pod of pods) {
        const node = pod.spec.nodeName ? reader.get<Node>('nodes', '', pod.spec.nodeName) : undefined
        const usage = usageOfPod(pod, node, loads)
        if (usage === undefined) continue
        isAnyMeasured = true
        const counted = usage.filter(({ name }) => container === undefined || name === container)
        if (counted.length === 0 || (resource !== 'cpu' && resource !== 'memory')) continue
        metrics.set(pod.metadata.name, measured(counted.reduce((sum, each) => sum + each[resource], 0n)))
      }
      if (!isAnyMeasured) throw new MetricError('no metrics returned from resource metrics API')
      return metrics
    },
    pods: (metric, selector) => {
      const metrics = new Map<string, PodMetric>()
      for (const pod of pods) {
        const value = declaredValue(metricAnnotation(pod, metric), selector) ?? loads.shareOf(pod, metric)
        if (value !== undefined) metrics.set(pod.metadata.name, measured(value))
      }
      if (metrics.size === 0) throw new MetricError('no metrics returned from custom metrics API')
      return metrics
    },
    object: (metric, reference, selector) => objectMetric(world, namespace, metric, reference, selector),
    external: (metric, selector) => {
      const values = reader
        .list<ConfigMap>(CONFIG_MAPS, namespace)
        .filter(holdsExternalMetrics)
        .flatMap(({ data }) => selectSeries(parseMetricSeries(data?.[metric] ?? ''), selector))
        .map(({ value }) => value)
      if (values.length === 0) throw new MetricError('no metrics returned from external metrics API')
      return values
    },
  }
}

function objectMetric(
  { reader, kinds, isWatched }: SimulatedWorld,
  namespace: string,
  metric: string,
  { apiVersion, kind, name }: AutoscalingV2CrossVersionObjectReference,
  selector: Selector | undefined,
): bigint {
  const group = groupOf(apiVersion ?? '')
  const found = kinds.ofGroup(group, kind)
  if (found === undefined || !isWatched(found.resource)) {
    throw new MetricError(`${CUSTOM_API}no matches for kind "${kind}" in group "${group}"`)
  }
  // Nobody gets out of a namespace by a reference: for a Namespace it is always one's own.
  const isOwnNamespace = kind === 'Namespace' && group === ''
  const described = reader.get<KubeObject>(found.resource, found.namespaced ? namespace : '', isOwnNamespace ? namespace : name)
  const value = described && declaredValue(metricAnnotation(described, metric), selector)
  if (value === undefined)
    throw new MetricError(`${CUSTOM_API}the server could not find the metric ${metric} for ${found.resource} ${name}`)
  return value
}

function findOwner({ reader, kinds, isWatched }: SimulatedWorld): FindOwner {
  return (namespace, { apiVersion, kind, name, uid }) => {
    const found = kinds.ofVersion(apiVersion, kind)
    if (found === undefined || !isWatched(found.resource)) return undefined
    const owner = reader.get<KubeObject>(found.resource, found.namespaced ? namespace : '', name)
    return owner?.metadata.uid === uid ? owner : undefined
  }
}
