/** The rules of spec.behavior: how fast, and how soon, a target is scaled up and down. Upstream: normalizeDesiredReplicasWithBehaviors */
import type { HorizontalPodAutoscalerBehavior, HPAScalingPolicy, HPAScalingRules } from '../../api/types.gen.ts'
import type { Verdict } from './conditions.ts'
import { changesWithin, type Memory, type Scaling, withRecommendation } from './memory.ts'
import {
  type Bounds,
  DOWNSCALE_STABILIZATION_MS,
  type Limited,
  limitedVerdict,
  type Normalized,
  READY,
  TOO_FAST,
  TOO_FEW,
  TOO_MANY,
  WITHIN_RANGE,
} from './normalize.ts'

const TOO_FAST_DOWN = {
  reason: 'ScaleDownLimit',
  message: 'the desired replica count is decreasing faster than the maximum scale rate',
}

export function normalizeByBehavior(
  memory: Memory,
  behavior: HorizontalPodAutoscalerBehavior,
  wanted: number,
  bounds: Bounds,
  now: number,
): Normalized {
  const windows = stabilizationWindows(behavior)
  const stabilized = stabilize(memory, windows, wanted, bounds.current, now)
  const able: Verdict = stabilized === wanted ? READY : { ...READY, ...whyStabilized(wanted, bounds.current) }
  const limited = limitByBehavior(memory.scalings, behavior, stabilized, bounds, now)
  return {
    replicas: limited.replicas,
    verdicts: [able, limitedVerdict(limited, stabilized)],
    memory: withRecommendation(memory, wanted, Math.max(windows.upMs, windows.downMs), now),
  }
}

/** Seconds. Upstream: getLongestPolicyPeriod */
export function longestPeriod(rules: HPAScalingRules | undefined): number {
  return Math.max(0, ...(rules?.policies ?? []).map(({ periodSeconds }) => periodSeconds))
}

interface Windows {
  readonly upMs: number
  readonly downMs: number
}

/** For a scale-down there is the controller's own default. Upstream: maybeInitScaleDownStabilizationWindow */
function stabilizationWindows({ scaleUp, scaleDown }: HorizontalPodAutoscalerBehavior): Windows {
  return {
    upMs: (scaleUp?.stabilizationWindowSeconds ?? 0) * 1000,
    downMs: (scaleDown?.stabilizationWindowSeconds ?? DOWNSCALE_STABILIZATION_MS / 1000) * 1000,
  }
}

/** Upstream: stabilizeRecommendationWithBehaviors */
function stabilize({ recommendations }: Memory, { upMs, downMs }: Windows, wanted: number, current: number, now: number): number {
  const since = (ms: number) => recommendations.filter(({ at }) => at > now - ms).map(({ replicas }) => replicas)
  const lowest = Math.min(wanted, ...since(upMs))
  const highest = Math.max(wanted, ...since(downMs))
  return Math.min(Math.max(current, lowest), highest)
}

function whyStabilized(wanted: number, current: number): { reason: string; message: string } {
  return wanted >= current
    ? {
        reason: 'ScaleUpStabilized',
        message: 'recent recommendations were lower than current one, applying the lowest recent recommendation',
      }
    : {
        reason: 'ScaleDownStabilized',
        message: 'recent recommendations were higher than current one, applying the highest recent recommendation',
      }
}

/** Upstream: convertDesiredReplicasWithBehaviorRate */
export function limitByBehavior(
  scalings: readonly Scaling[],
  { scaleUp, scaleDown }: HorizontalPodAutoscalerBehavior,
  wanted: number,
  { current, min, max }: Bounds,
  now: number,
): Limited {
  if (wanted > current) {
    const fastest = Math.max(current, scaleUpLimit(scalings, scaleUp, current, now))
    const most = Math.min(max, fastest)
    if (wanted > most) return { replicas: most, ...(max > fastest ? TOO_FAST : TOO_MANY) }
  } else if (wanted < current) {
    const fastest = Math.min(current, scaleDownLimit(scalings, scaleDown, current, now))
    const least = Math.max(min, fastest)
    if (wanted < least) return { replicas: least, ...(min < fastest ? TOO_FAST_DOWN : TOO_FEW) }
  }
  return { replicas: wanted, ...WITHIN_RANGE }
}

/** Upstream: calculateScaleUpLimitWithScalingRules */
export function scaleUpLimit(scalings: readonly Scaling[], rules: HPAScalingRules | undefined, current: number, now: number): number {
  return policyLimit(scalings, rules, current, now, 1, ({ type, value }, atStart) =>
    // Rounded up, or small targets would never grow.
    type === 'Pods' ? atStart + value : Math.ceil(atStart * (1 + value / 100)),
  )
}

/** Upstream: calculateScaleDownLimitWithBehaviors */
export function scaleDownLimit(scalings: readonly Scaling[], rules: HPAScalingRules | undefined, current: number, now: number): number {
  return policyLimit(scalings, rules, current, now, -1, ({ type, value }, atStart) =>
    type === 'Pods' ? atStart - value : Math.trunc(atStart * (1 - value / 100)),
  )
}

/** @param direction 1 up, -1 down: of the policies the one that allows most (or, by Min, least) is taken */
function policyLimit(
  scalings: readonly Scaling[],
  rules: HPAScalingRules | undefined,
  current: number,
  now: number,
  direction: 1 | -1,
  limitOf: (policy: HPAScalingPolicy, atStart: number) => number,
): number {
  const { selectPolicy, policies = [] } = rules ?? {}
  if (selectPolicy === 'Disabled') return current
  const limits = policies.map((policy) => {
    const { added, removed } = changesWithin(scalings, policy.periodSeconds, now)
    return limitOf(policy, current - added + removed)
  })
  const takesHighest = (direction === 1) !== (selectPolicy === 'Min')
  return takesHighest ? Math.max(...limits) : Math.min(...limits)
}
