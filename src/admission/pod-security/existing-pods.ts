import { controllerOf } from '../../api/meta/owner-references.ts'
import type { Pod } from '../../api/types.gen.ts'
import { violationsOf } from './evaluate.ts'
import { type LevelVersion, levelVersionText } from './policy.ts'

/** Upstream: defaultNamespaceMaxPodsToCheck. */
const MAX_PODS = 3000

/**
 * Warnings of the pods that a namespace has and that a stricter policy wouldn't let in; pods with the same faults share one.
 * Upstream: admission.go EvaluatePodsInNamespace.
 */
export function warningsOfExistingPods(namespace: string, pods: readonly Pod[], policy: LevelVersion): string[] {
  const checked = oneOfEachFirst(pods).slice(0, MAX_PODS)
  const namesByFault = new Map<string, string[]>()
  for (const { metadata, spec } of checked) {
    const violations = violationsOf(policy, metadata, spec)
    if (violations.length === 0) continue
    const fault = violations.map(({ reason }) => reason).join(', ')
    namesByFault.set(fault, [...(namesByFault.get(fault) ?? []), metadata.name])
  }
  const warnings: string[] = []
  if (checked.length < pods.length) {
    warnings.push(`new PodSecurity enforce level only checked against the first ${checked.length} of ${pods.length} existing pods`)
  }
  if (namesByFault.size === 0) return warnings
  warnings.push(
    `existing pods in namespace ${JSON.stringify(namespace)} violate the new PodSecurity enforce level ${JSON.stringify(levelVersionText(policy))}`,
  )
  const faults = [...namesByFault].map(([fault, names]) => `${namesText(names)}: ${fault}`)
  return [...warnings, ...faults.sort()]
}

/** Replicas of one controller are most likely alike. Upstream: prioritizePods. */
function oneOfEachFirst(pods: readonly Pod[]): readonly Pod[] {
  const seen = new Set<string>()
  const first: Pod[] = []
  const others: Pod[] = []
  for (const pod of pods) {
    const owner = controllerOf(pod)?.uid
    if (owner !== undefined && seen.has(owner)) others.push(pod)
    else first.push(pod)
    if (owner !== undefined) seen.add(owner)
  }
  return [...first, ...others]
}

function namesText(names: readonly string[]): string {
  const first = [...names].sort()[0]!
  const others = names.length - 1
  return others === 0 ? first : `${first} (and ${others} other ${others === 1 ? 'pod' : 'pods'})`
}
