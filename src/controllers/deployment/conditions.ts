import { findCondition, withoutCondition } from '../../api/meta/conditions.ts'
import { timestamp } from '../../api/meta/time.ts'
import type { DeploymentCondition } from '../../api/types.gen.ts'

export type Conditions = readonly DeploymentCondition[]

export const PROGRESSING = 'Progressing'
export const TIMED_OUT = 'ProgressDeadlineExceeded'
export const NEW_SET_AVAILABLE = 'NewReplicaSetAvailable'

export function deploymentCondition(type: string, status: string, reason: string, message: string, now: number): DeploymentCondition {
  return { type, status, lastUpdateTime: timestamp(now), lastTransitionTime: timestamp(now), reason, message }
}

/**
 * The condition goes to the end; one that has the status and reason already stays as it is, message and all.
 * Upstream: deployment_util.go SetDeploymentCondition.
 */
export function withDeploymentCondition(conditions: Conditions, next: DeploymentCondition): Conditions {
  const current = findCondition(conditions, next.type)
  if (current?.status === next.status && current.reason === next.reason) return conditions
  return replaceCondition(conditions, next)
}

/** Puts the condition at the end in any case. */
export function replaceCondition(conditions: Conditions, next: DeploymentCondition): Conditions {
  const current = findCondition(conditions, next.type)
  const lastTransitionTime = current?.status === next.status ? current.lastTransitionTime : next.lastTransitionTime
  return [...withoutCondition(conditions, next.type), { ...next, lastTransitionTime }]
}
