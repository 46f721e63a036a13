/**
 * From what the metrics ask for to what is done: not below the highest of the last minutes, not too much at once, not beyond the
 * bounds. This is for autoscalers without rules of their own; behavior.ts is for the others.
 * Upstream: horizontal.go normalizeDesiredReplicas
 */
import type { Verdict } from './conditions.ts'
import { type Memory, withRecommendation } from './memory.ts'

/** Upstream: --horizontal-pod-autoscaler-downscale-stabilization */
export const DOWNSCALE_STABILIZATION_MS = 5 * 60_000

export interface Bounds {
  readonly current: number
  readonly min: number
  readonly max: number
}

export interface Normalized {
  readonly replicas: number
  /** AbleToScale and ScalingLimited */
  readonly verdicts: readonly Verdict[]
  readonly memory: Memory
}

export const READY: Verdict = {
  type: 'AbleToScale',
  status: 'True',
  reason: 'ReadyForNewScale',
  message: 'recommended size matches current size',
}

export interface Limited {
  readonly replicas: number
  readonly reason: string
  readonly message: string
}

export const WITHIN_RANGE = { reason: 'DesiredWithinRange', message: 'the desired count is within the acceptable range' }
export const TOO_FEW = { reason: 'TooFewReplicas', message: 'the desired replica count is less than the minimum replica count' }
export const TOO_MANY = { reason: 'TooManyReplicas', message: 'the desired replica count is more than the maximum replica count' }
export const TOO_FAST = {
  reason: 'ScaleUpLimit',
  message: 'the desired replica count is increasing faster than the maximum scale rate',
}

export function normalize(memory: Memory, wanted: number, bounds: Bounds, now: number): Normalized {
  const cutoff = now - DOWNSCALE_STABILIZATION_MS
  const recent = memory.recommendations.filter(({ at }) => at >= cutoff).map(({ replicas }) => replicas)
  const stabilized = Math.max(wanted, ...recent)
  const able: Verdict =
    stabilized === wanted
      ? READY
      : {
          ...READY,
          reason: 'ScaleDownStabilized',
          message: 'recent recommendations were higher than current one, applying the highest recent recommendation',
        }
  const limited = limitReplicas(stabilized, bounds)
  return {
    replicas: limited.replicas,
    verdicts: [able, limitedVerdict(limited, stabilized)],
    memory: withRecommendation(memory, wanted, DOWNSCALE_STABILIZATION_MS, now),
  }
}

export function limitedVerdict({ replicas, reason, message }: Limited, wanted: number): Verdict {
  return { type: 'ScalingLimited', status: replicas === wanted ? 'False' : 'True', reason, message }
}

/** At most doubled at once, or brought to four. Upstream: convertDesiredReplicasWithRules, calculateScaleUpLimit */
export function limitReplicas(wanted: number, { current, min, max }: Bounds): Limited {
  const fastest = Math.max(2 * current, 4)
  const most = Math.min(max, fastest)
  if (wanted < min) return { replicas: min, ...TOO_FEW }
  if (wanted > most) return { replicas: most, ...(max > fastest ? TOO_FAST : TOO_MANY) }
  return { replicas: wanted, ...WITHIN_RANGE }
}
