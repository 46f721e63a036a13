import type { ObjectMeta, PodSpec } from '../../api/types.gen.ts'
import { BASELINE_CHECKS } from './baseline.ts'
import { type Check, type CheckVersion, checkedPod, type Violation } from './check.ts'
import type { LevelVersion } from './policy.ts'
import { RESTRICTED_CHECKS } from './restricted.ts'

/** What a pod violates of a policy, baseline first. Upstream: policy/registry.go EvaluatePod. */
export function violationsOf(policy: LevelVersion, metadata: Partial<ObjectMeta> | undefined, spec: PodSpec): readonly Violation[] {
  if (policy.level === 'privileged') return []
  const pod = checkedPod(metadata, spec)
  return checksOf(policy)
    .map(({ check }) => check(pod))
    .filter((violation) => violation !== undefined)
}

function checksOf({ level, version }: LevelVersion): readonly CheckVersion[] {
  const minor = version === 'latest' ? Number.POSITIVE_INFINITY : version
  const current = ({ id, versions }: Check) => {
    const found = versions.findLast(({ since }) => since <= minor)
    return found === undefined ? [] : [{ id, ...found }]
  }
  const baseline = BASELINE_CHECKS.flatMap(current)
  if (level === 'baseline') return baseline
  const restricted = RESTRICTED_CHECKS.flatMap(current)
  return [...baseline.filter(({ id }) => !restricted.some(({ overrides }) => overrides?.includes(id))), ...restricted]
}

/** `host namespaces (hostNetwork=true), privileged (container "a" must not …)` */
export function violationsText(violations: readonly Violation[]): string {
  return violations.map(({ reason, detail }) => (detail === '' ? reason : `${reason} (${detail})`)).join(', ')
}
