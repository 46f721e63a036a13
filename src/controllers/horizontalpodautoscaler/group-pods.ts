import { isSidecar, podRequests } from '../../api/core/v1/pod-resources.ts'
import { isPodLevelResource } from '../../api/core/v1/resource-names.ts'
import { findCondition } from '../../api/meta/conditions.ts'
import { quantityMillis } from '../../api/meta/quantity.ts'
import { parseTimestamp } from '../../api/meta/time.ts'
import type { Pod } from '../../api/types.gen.ts'
import { MetricError, type PodMetric, type PodMetrics } from './metrics-source.ts'

/** Upstream: --horizontal-pod-autoscaler-cpu-initialization-period: the figures of a pod that just started are not to be trusted. */
const CPU_INITIALIZATION_MS = 5 * 60_000
/** Upstream: --horizontal-pod-autoscaler-initial-readiness-delay: a pod that was never ready later than this never was. */
const INITIAL_READINESS_MS = 30_000

export interface PodGroups {
  readonly readyCount: number
  /** Names, by what is known of them. The ready ones have metrics. */
  readonly unready: ReadonlySet<string>
  readonly missing: ReadonlySet<string>
  /** Going, or failed. */
  readonly ignored: ReadonlySet<string>
}

/** Which pods count for what. @param resource '' for metrics that are no resource. Upstream: replica_calculator.go groupPods */
export function groupPods(pods: readonly Pod[], metrics: PodMetrics, resource: string, now: number): PodGroups {
  let readyCount = 0
  const unready = new Set<string>()
  const missing = new Set<string>()
  const ignored = new Set<string>()
  for (const pod of pods) {
    const { name, deletionTimestamp } = pod.metadata
    const metric = metrics.get(name)
    if (deletionTimestamp !== undefined || pod.status?.phase === 'Failed') ignored.add(name)
    else if (pod.status?.phase === 'Pending') unready.add(name)
    else if (metric === undefined) missing.add(name)
    else if (resource === 'cpu' && isUnreadyForCpu(pod, metric, now)) unready.add(name)
    else readyCount++
  }
  return { readyCount, unready, missing, ignored }
}

function isUnreadyForCpu({ status }: Pod, metric: PodMetric, now: number): boolean {
  const ready = findCondition(status?.conditions, 'Ready')
  if (ready === undefined || status?.startTime === undefined) return true
  const startedAt = parseTimestamp(status.startTime)
  const changedAt = parseTimestamp(ready.lastTransitionTime ?? undefined)
  const isFalse = ready.status === 'False'
  // A sample is taken only when it was measured after the pod last changed.
  if (startedAt + CPU_INITIALIZATION_MS > now) return isFalse || metric.at < changedAt + metric.windowMs
  return isFalse && startedAt + INITIAL_READINESS_MS > changedAt
}

/** In thousandths, by name of the pod. @throws MetricError when a pod requests none. Upstream: calculateRequests */
export function requestsOf(pods: readonly Pod[], container: string | undefined, resource: string): Map<string, bigint> {
  return new Map(pods.map((pod) => [pod.metadata.name, requestOf(pod, container, resource)]))
}

function requestOf(pod: Pod, container: string | undefined, resource: string): bigint {
  const { spec, metadata } = pod
  if (container === undefined && hasPodLevelRequests(pod)) {
    const request = podRequests(pod)[resource]
    if (request === undefined) throw new MetricError(`missing pod-level request for ${resource} in Pod ${metadata.name}`)
    return quantityMillis(request)
  }
  const sidecars = (spec.initContainers ?? []).filter(isSidecar)
  const containers = [...spec.containers, ...sidecars].filter(({ name }) => container === undefined || name === container)
  if (containers.length === 0 && container !== undefined) {
    throw new MetricError(`container ${container} not found in Pod ${metadata.name}`)
  }
  let total = 0n
  for (const { name, resources } of containers) {
    const request = resources?.requests?.[resource]
    if (request === undefined) throw new MetricError(`missing request for ${resource} in container ${name} of Pod ${metadata.name}`)
    total += quantityMillis(request)
  }
  return total
}

function hasPodLevelRequests({ spec }: Pod): boolean {
  return Object.keys(spec.resources?.requests ?? {}).some(isPodLevelResource)
}
