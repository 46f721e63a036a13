/**
 * The first version of the kind, stored as the second: it has a field for CPU only, and keeps all else in annotations.
 * Upstream: pkg/apis/autoscaling/v1/conversion.go.
 */
import { defineResource } from '../../definition.ts'
import type { KubeObject } from '../../object.ts'
import type {
  AutoscalingV1HorizontalPodAutoscaler,
  AutoscalingV2HorizontalPodAutoscaler,
  HorizontalPodAutoscalerBehavior,
  HorizontalPodAutoscalerCondition,
  MetricSpec,
} from '../../types.gen.ts'
import { horizontalPodAutoscaler as v2 } from '../v2/horizontal-pod-autoscaler.ts'
import { type FlatMetric, flattenMetric, flattenStatus, unflattenMetric, unflattenStatus } from './flat-metrics.ts'

type V1 = AutoscalingV1HorizontalPodAutoscaler
type V2 = AutoscalingV2HorizontalPodAutoscaler

const METRICS = 'autoscaling.alpha.kubernetes.io/metrics'
const CURRENT_METRICS = 'autoscaling.alpha.kubernetes.io/current-metrics'
const CONDITIONS = 'autoscaling.alpha.kubernetes.io/conditions'
const BEHAVIOR = 'autoscaling.alpha.kubernetes.io/behavior'
const DEFAULT_UTILIZATION = 80

export const horizontalPodAutoscalerV1 = defineResource<V1>('autoscaling/v1/horizontalpodautoscalers', {
  setDefaults: (object) => {
    object.spec ??= {} as V1['spec']
    object.spec.minReplicas ??= 1
    const hasMetrics = object.metadata.annotations?.[METRICS] !== undefined
    if (object.spec.targetCPUUtilizationPercentage === undefined && !hasMetrics) {
      object.spec.targetCPUUtilizationPercentage = DEFAULT_UTILIZATION
    }
  },
  prepareForCreate: (object) => {
    object.status = { currentReplicas: 0, desiredReplicas: 0 }
  },
  // Faults are reported where the fields are in the other version.
  validatesUpdateAlone: true,
  validate: (object) => v2.validate?.(toV2(object)) ?? [],
  validateUpdate: (next, old) => v2.validateUpdate?.(toV2(next), toV2(old)) ?? [],
  validateStatusUpdate: (next, old) => v2.validateStatusUpdate?.(toV2(next), toV2(old)) ?? [],
  columns: (v2.columns ?? []).map((column) => ({ ...column, cell: (object: V1, now: number) => column.cell(toV2(object), now) })),
  conversion: {
    storedAs: 'horizontalpodautoscalers.autoscaling',
    toStored: (object) => toV2(object as V1),
    fromStored: (object) => fromV2(object as V2),
  },
})

function isCpuUtilization({ type, resource }: MetricSpec): boolean {
  return type === 'Resource' && resource?.name === 'cpu' && resource.target.averageUtilization !== undefined
}

function toV2(object: V1): V2 {
  const { targetCPUUtilizationPercentage: target, ...spec } = object.spec
  const annotations = object.metadata.annotations ?? {}
  const cpu: MetricSpec[] =
    target === undefined
      ? []
      : [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: target } } }]
  const others = parse<FlatMetric[]>(annotations[METRICS])?.map(unflattenMetric) ?? []
  const behavior = parse<HorizontalPodAutoscalerBehavior>(annotations[BEHAVIOR])
  const next: V2 = {
    ...object,
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: withoutRoundTrip(object.metadata),
    spec: { ...spec, metrics: [...others, ...cpu], ...(behavior === undefined ? {} : { behavior: lowered(behavior) }) },
  } as V2
  if (object.status !== undefined) next.status = statusToV2(object.status, annotations)
  return next
}

function statusToV2(status: NonNullable<V1['status']>, annotations: Readonly<Record<string, string>>): NonNullable<V2['status']> {
  const { currentCPUUtilizationPercentage: cpu, ...rest } = status
  const metrics =
    parse<FlatMetric[]>(annotations[CURRENT_METRICS])?.map(unflattenStatus) ??
    (cpu === undefined ? undefined : [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: cpu } } }])
  const conditions = parse<HorizontalPodAutoscalerCondition[]>(annotations[CONDITIONS])
  return {
    ...rest,
    ...(metrics === undefined ? {} : { currentMetrics: metrics }),
    ...(conditions === undefined ? {} : { conditions }),
  }
}

function fromV2(object: V2): V1 {
  const { metrics = [], behavior, ...spec } = object.spec
  const cpu = metrics.find(isCpuUtilization)?.resource?.target.averageUtilization
  const others = metrics.filter((metric) => !isCpuUtilization(metric))
  const { currentMetrics = [], conditions = [], ...status } = object.status ?? { currentReplicas: 0, desiredReplicas: 0 }
  const currentCpu = currentMetrics.find(({ resource }) => resource?.name === 'cpu')?.resource?.current.averageUtilization
  const metadata = withoutRoundTrip(object.metadata)
  const annotations: Record<string, string> = { ...metadata.annotations }
  if (others.length > 0) annotations[METRICS] = JSON.stringify(others.map(flattenMetric))
  if (currentMetrics.length > 0) annotations[CURRENT_METRICS] = JSON.stringify(currentMetrics.map(flattenStatus))
  if (conditions.length > 0) annotations[CONDITIONS] = JSON.stringify(conditions)
  if (behavior !== undefined) annotations[BEHAVIOR] = JSON.stringify(raised(behavior))
  return {
    ...object,
    apiVersion: 'autoscaling/v1',
    kind: 'HorizontalPodAutoscaler',
    metadata: Object.keys(annotations).length === 0 ? metadata : { ...metadata, annotations },
    spec: { ...spec, ...(cpu === undefined ? {} : { targetCPUUtilizationPercentage: cpu }) },
    status: { currentReplicas: 0, ...status, ...(currentCpu === undefined ? {} : { currentCPUUtilizationPercentage: currentCpu }) },
  } as V1
}

function withoutRoundTrip(metadata: KubeObject['metadata']): KubeObject['metadata'] {
  if (metadata.annotations === undefined) return metadata
  const { [METRICS]: _m, [CURRENT_METRICS]: _c, [CONDITIONS]: _o, [BEHAVIOR]: _b, ...annotations } = metadata.annotations
  const { annotations: _, ...rest } = metadata
  return Object.keys(annotations).length === 0 ? rest : { ...rest, annotations }
}

function parse<T>(text: string | undefined): T | undefined {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as T
  } catch {
    return undefined
  }
}

/** Upstream writes its internal struct into the annotation: the same fields, with capitals. Both are read. */
function raised(value: unknown): unknown {
  return mapKeys(value, (key) => key.charAt(0).toUpperCase() + key.slice(1))
}

function lowered(value: HorizontalPodAutoscalerBehavior): HorizontalPodAutoscalerBehavior {
  return mapKeys(value, (key) => key.charAt(0).toLowerCase() + key.slice(1)) as HorizontalPodAutoscalerBehavior
}

function mapKeys(value: unknown, rename: (key: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => mapKeys(item, rename))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, item]) => item !== null && item !== undefined)
  return Object.fromEntries(entries.map(([key, item]) => [rename(key), mapKeys(item, rename)]))
}
