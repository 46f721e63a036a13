/** Where an autoscaler gets its figures from. Upstream: podautoscaler/metrics/interfaces.go */
import type { Selector } from '../../api/meta/selectors.ts'
import type { AutoscalingV2CrossVersionObjectReference } from '../../api/types.gen.ts'

export interface PodMetric {
  /** Thousandths. */
  readonly value: bigint
  /** When it was measured, in milliseconds since the epoch, and over which time before. */
  readonly at: number
  readonly windowMs: number
}

/** By name of the pod. */
export type PodMetrics = ReadonlyMap<string, PodMetric>

/** What can't be measured is thrown as a MetricError with upstream's text. */
export interface MetricsSource {
  /** Of the pods that the target's selector picks; of one container of each when it is given. */
  resource(resource: string, container: string | undefined): PodMetrics
  /** Of the pods that the target's selector picks. */
  pods(metric: string, selector: Selector | undefined): PodMetrics
  /** In thousandths. */
  object(metric: string, object: AutoscalingV2CrossVersionObjectReference, selector: Selector | undefined): bigint
  /** In thousandths: one value a series. */
  external(metric: string, selector: Selector | undefined): readonly bigint[]
}

/** Why a metric gives no count of replicas. Caught where the metric is told of. */
export class MetricError extends Error {}

/** What `act` returns; what it can't measure is told with more said before it. */
export function explaining<T>(prefix: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    throw error instanceof MetricError ? new MetricError(prefix + error.message) : error
  }
}
