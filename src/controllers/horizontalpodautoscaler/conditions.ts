import { findCondition } from '../../api/meta/conditions.ts'
import { timestamp } from '../../api/meta/time.ts'
import type { HorizontalPodAutoscalerCondition } from '../../api/types.gen.ts'

export type ConditionType = 'AbleToScale' | 'ScalingActive' | 'ScalingLimited' | 'ScaledToZero'
export type Conditions = readonly HorizontalPodAutoscalerCondition[]

/** What is said of one condition. */
export interface Verdict {
  readonly type: ConditionType
  readonly status: 'True' | 'False'
  readonly reason: string
  readonly message: string
}

/** Only a change of status counts as a transition. Upstream: setConditionInList */
export function withVerdict(conditions: Conditions, { type, status, reason, message }: Verdict, now: number): Conditions {
  const old = findCondition(conditions, type)
  const lastTransitionTime = old?.status === status ? old.lastTransitionTime : timestamp(now)
  const next = { type, status, ...(lastTransitionTime === undefined ? {} : { lastTransitionTime }), reason, message }
  return old === undefined ? [...conditions, next] : conditions.map((condition) => (condition === old ? next : condition))
}
