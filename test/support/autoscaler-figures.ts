/** Pods and figures for autoscalers to decide about. */
import { timestamp } from '../../src/api/meta/time.ts'
import type { Pod } from '../../src/api/types.gen.ts'
import { MetricError, type MetricsSource, type PodMetric } from '../../src/controllers/horizontalpodautoscaler/metrics-source.ts'

export const NOW = Date.parse('2026-03-01T12:00:00Z')
const MINUTE = 60_000
export const MAX_INT64 = 2n ** 63n - 1n

/** Pods and what is measured of them, in short. */
export interface Figures {
  readonly current: number
  /** Down and up; a tenth when not given. */
  readonly tolerances?: readonly [number, number]
  /** Thousandths; requests are of each of a pod's two containers, the target is a percentage. */
  readonly cpu?: {
    readonly requests: readonly number[]
    readonly levels: readonly (readonly number[])[]
    readonly target: number
    readonly container?: string
  }
  readonly pods?: Declared
  readonly object?: Declared
  readonly objectAverage?: Declared
  readonly external?: Declared
  readonly externalAverage?: Declared
  /** A letter a pod: T ready, F not. */
  readonly ready?: string
  /** h: just now, c: long ago. */
  readonly start?: string
  /** Running, Failed, Pending. */
  readonly phase?: string
  /** x: being deleted. */
  readonly going?: string
  /** Of the pods that metrics are there for. */
  readonly names?: readonly string[]
}

export interface Declared {
  readonly levels: readonly bigint[]
  readonly target: bigint
}

const PHASES: Readonly<Record<string, string>> = { R: 'Running', F: 'Failed', P: 'Pending' }

export function podsOf({ current, cpu, ready = '', start = '', phase = '', going = '' }: Figures): Pod[] {
  return Array.from({ length: Math.max(current, phase.length) }, (_, i) => {
    const startTime = timestamp(start[i] === 'h' ? NOW : NOW - 10 * MINUTE)
    const request = cpu?.requests[i]
    const resources = request === undefined ? {} : { resources: { requests: { cpu: `${request}m` } } }
    const containers = ['container1', 'container2'].map((name) => ({ name, image: 'i', ...resources }))
    return {
      metadata: { name: `pod-${i}`, namespace: 'default', ...(going[i] === 'x' && { deletionTimestamp: timestamp(NOW) }) },
      spec: { containers },
      status: {
        phase: PHASES[phase[i] ?? 'R'],
        startTime,
        conditions: [{ type: 'Ready', status: ready[i] === 'F' ? 'False' : 'True', lastTransitionTime: startTime }],
      },
    } as unknown as Pod
  })
}

const metricOf = (value: bigint): PodMetric => ({ value, at: NOW, windowMs: MINUTE })

/** Answers as the three metrics APIs would. */
export function sourceOf({ cpu, pods, object, objectAverage, external, externalAverage, names }: Figures): MetricsSource {
  const found = <T>(values: readonly T[] | undefined, what: string): readonly T[] => {
    if (values === undefined || values.length === 0) throw new MetricError(`no metrics returned from ${what} metrics API`)
    return values
  }
  return {
    resource: (_resource, container) => {
      const metrics = new Map<string, PodMetric>()
      found(cpu?.levels, 'resource').forEach((levels, i) => {
        const counted = container === undefined ? levels : levels.slice(container === 'container1' ? 0 : 1).slice(0, 1)
        if (counted.length > 0) metrics.set(names?.[i] ?? `pod-${i}`, metricOf(BigInt(counted.reduce((sum, level) => sum + level, 0))))
      })
      return metrics
    },
    pods: () => new Map(found(pods?.levels, 'custom').map((level, i) => [`pod-${i}`, metricOf(level)])),
    object: () => found((object ?? objectAverage)?.levels, 'custom')[0]!,
    external: () => found((external ?? externalAverage)?.levels, 'external'),
  }
}
