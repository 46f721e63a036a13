/** What a Job's pod failure policy says about a failed pod. Upstream: pod_failure_policy.go matchPodFailurePolicy. */
import type {
  ContainerStatus,
  Pod,
  PodFailurePolicy,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyRule,
} from '../../api/types.gen.ts'

export interface PolicyVerdict {
  /** Of the first rule that matches; undefined when none does. */
  readonly action?: string
  /** Does the failure count towards the back-off limits? */
  readonly counts: boolean
  /** Why the whole Job fails, when it does. */
  readonly jobFailure?: string
}

export function judgeFailedPod(policy: PodFailurePolicy | undefined, pod: Pod): PolicyVerdict {
  for (const [index, rule] of (policy?.rules ?? []).entries()) {
    const cause = matchRule(rule, pod)
    if (cause === undefined) continue
    switch (rule.action) {
      case 'Ignore':
        return { action: rule.action, counts: false }
      case 'Count':
      case 'FailIndex':
        return { action: rule.action, counts: true }
      case 'FailJob':
        return { action: rule.action, counts: true, jobFailure: `${cause} matching ${rule.action} rule at index ${index}` }
    }
  }
  return { counts: true }
}

/** What about the pod made it match, in words; undefined when it doesn't. */
function matchRule({ onExitCodes, onPodConditions }: PodFailurePolicyRule, pod: Pod): string | undefined {
  const podName = `${pod.metadata.namespace}/${pod.metadata.name}`
  if (onExitCodes !== undefined) {
    const container = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])].find((status) =>
      matchesExitCodes(onExitCodes, status),
    )
    return container && `Container ${container.name} for pod ${podName} failed with exit code ${container.state!.terminated!.exitCode}`
  }
  const condition = pod.status?.conditions?.find(({ type, status }) =>
    onPodConditions?.some((pattern) => pattern.type === type && (pattern.status ?? 'True') === status),
  )
  return condition && `Pod ${podName} has condition ${condition.type}`
}

/** Exit code 0 is no failure, whatever the rule lists. */
function matchesExitCodes(requirement: PodFailurePolicyOnExitCodesRequirement, status: ContainerStatus): boolean {
  const exitCode = status.state?.terminated?.exitCode
  if (exitCode === undefined || exitCode === 0) return false
  if (requirement.containerName !== undefined && requirement.containerName !== status.name) return false
  const isListed = requirement.values.includes(exitCode)
  return requirement.operator === 'In' ? isListed : requirement.operator === 'NotIn' && !isListed
}
