import type { SuccessPolicy, SuccessPolicyRule } from '../../api/types.gen.ts'
import { countCommonIndexes, countIndexes, type IndexIntervals, parseIndexes } from './index-intervals.ts'

/**
 * Which rule of an Indexed Job's success policy is met, in words; undefined when none is.
 * Upstream: success_policy.go matchSuccessPolicy.
 */
export function matchSuccessPolicy(
  policy: SuccessPolicy | undefined,
  completions: number,
  succeededIndexes: IndexIntervals,
): string | undefined {
  if (policy === undefined || succeededIndexes.length === 0) return undefined
  const met = policy.rules.findIndex((rule) => isRuleMet(rule, completions, succeededIndexes))
  return met < 0 ? undefined : `Matched rules at index ${met}`
}

function isRuleMet(rule: SuccessPolicyRule, completions: number, succeededIndexes: IndexIntervals): boolean {
  const enough = rule.succeededCount ?? Number.POSITIVE_INFINITY
  if (rule.succeededIndexes === undefined) return countIndexes(succeededIndexes) >= enough
  const required = parseIndexes(rule.succeededIndexes, completions)
  if (required.length === 0) return false
  const succeeded = countCommonIndexes(required, succeededIndexes)
  return succeeded === countIndexes(required) || succeeded >= enough
}
