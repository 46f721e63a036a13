import { compareQuantities } from '../meta/quantity.ts'
import type { KubeObject } from '../object.ts'
import type { ResourceQuota } from '../types.gen.ts'
import { type Amounts, addAmounts, amountsText, excessAmounts, nonZeroAmounts, pickAmounts } from './amounts.ts'
import { type Evaluator, type QuotaChange, scopesOf } from './evaluator.ts'

/** A quota and what is used of it once the write is done. */
export interface Charge {
  readonly quota: ResourceQuota
  readonly used: Amounts
}

/** Why the write must not be done: the text after "is forbidden: ". */
export interface Refusal {
  readonly refusal: string
}

/**
 * What a write costs the quotas of its namespace: those whose usage changes.
 * @param now milliseconds since the epoch
 */
export function chargeQuotas(
  quotas: readonly ResourceQuota[],
  change: QuotaChange,
  evaluator: Evaluator,
  now: number,
): readonly Charge[] | Refusal {
  if (!evaluator.handles(change)) return []
  const { object, old, subresource } = change
  const concerned: ResourceQuota[] = []
  for (const quota of quotas) {
    if (!isCounted(quota, object, evaluator)) continue
    const limited = evaluator.matching(Object.keys(quota.status?.hard ?? {}))
    const fault = evaluator.faultOf(limited, object)
    if (fault !== undefined) return { refusal: `failed quota: ${quota.metadata.name}: ${fault}` }
    if (limited.some((name) => quota.status?.used?.[name] === undefined)) {
      return { refusal: `status unknown for quota: ${quota.metadata.name}, resources: ${[...limited].sort().join(',')}` }
    }
    concerned.push(quota)
  }
  if (concerned.length === 0) return []

  const usage = evaluator.usage(object, now)
  const negative = Object.keys(usage).filter((name) => compareQuantities(usage[name], '0') < 0)
  if (negative.length > 0) return { refusal: `quota usage is negative for resource(s): ${negative.sort().join(',')}` }
  // What didn't count before, as it was in another scope, counts in full.
  const growth = old === undefined ? usage : excessAmounts(usage, evaluator.usage(old, now))
  const charges: Charge[] = []
  for (const quota of concerned) {
    const countedBefore = old !== undefined && isCounted(quota, old, evaluator)
    const wanted = pickAmounts(nonZeroAmounts(countedBefore ? growth : usage), Object.keys(quota.status?.hard ?? {}))
    if (Object.keys(wanted).length === 0) continue
    const used = addAmounts(quota.status?.used ?? {}, wanted)
    const refusal = subresource === 'status' ? undefined : excessText(quota, wanted, used)
    if (refusal !== undefined) return { refusal }
    charges.push({ quota, used })
  }
  return charges
}

/** Does the quota limit something of the object, and is the object in all of its scopes? */
export function isCounted(quota: ResourceQuota, object: KubeObject, evaluator: Evaluator): boolean {
  return (
    evaluator.matching(Object.keys(quota.status?.hard ?? {})).length > 0 &&
    scopesOf(quota).every((scope) => evaluator.matchesScope(scope, object))
  )
}

function excessText({ metadata, status }: ResourceQuota, wanted: Amounts, used: Amounts): string | undefined {
  const hard = status?.hard ?? {}
  const exceeded = Object.keys(wanted).filter((name) => compareQuantities(used[name], hard[name]) > 0)
  if (exceeded.length === 0) return undefined
  const text = (amounts: Amounts) => amountsText(pickAmounts(amounts, exceeded))
  return `exceeded quota: ${metadata.name}, requested: ${text(wanted)}, used: ${text(status?.used ?? {})}, limited: ${text(hard)}`
}
