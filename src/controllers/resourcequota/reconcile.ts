import type { ResourceList } from '../../api/core/v1/resource-list.ts'
import type { GroupResource, KubeObject } from '../../api/object.ts'
import { sameAmounts, Tally } from '../../api/quota/amounts.ts'
import { type Evaluator, scopesOf } from '../../api/quota/evaluator.ts'
import type { ResourceQuota } from '../../api/types.gen.ts'
import type { Plan, ReconcileContext } from '../../runtime/plan.ts'

export const QUOTAS: GroupResource = 'resourcequotas'

/** Upstream: --resource-quota-sync-period. */
const RESYNC_MS = 5 * 60_000

export interface ObservedQuota {
  readonly quota: ResourceQuota
  /** What its namespace holds of the resources that the quota limits. */
  readonly content: readonly { readonly evaluator: Evaluator; readonly objects: readonly KubeObject[] }[]
}

/** Makes spec.hard the limits that count, beside what is used of each. Upstream: syncResourceQuota. */
export function reconcileQuota(observed: ObservedQuota, { now }: ReconcileContext): Plan {
  const { quota } = observed
  const hard = quota.spec.hard ?? {}
  const used = usageOf(observed, now)
  const { status } = quota
  const isKnown =
    status?.hard !== undefined && status.used !== undefined && sameAmounts(hard, status.hard) && sameAmounts(used, status.used)
  if (isKnown || (Object.keys(hard).length === 0 && !status?.hard && !status?.used)) return { requeueAfterMs: RESYNC_MS }
  return {
    // With the resourceVersion it was measured at: what was created since then is counted there already.
    actions: [{ verb: 'update', resource: QUOTAS, object: { ...quota, status: { hard, used } } as ResourceQuota, subresource: 'status' }],
    requeueAfterMs: RESYNC_MS,
  }
}

/** Of names that nobody can measure, what the status says stays. Upstream: CalculateUsage. */
function usageOf({ quota, content }: ObservedQuota, now: number): ResourceList {
  const names = Object.keys(quota.spec.hard ?? {})
  const measured = new Set(content.flatMap(({ evaluator }) => evaluator.matching(names)))
  const tally = new Tally()
  const scopes = scopesOf(quota)
  for (const { evaluator, objects } of content) {
    for (const object of objects) {
      if (scopes.every((scope) => evaluator.matchesScope(scope, object))) tally.add(evaluator.usage(object, now))
    }
  }
  const used: ResourceList = {}
  for (const name of names) {
    const known = measured.has(name) ? tally.amountOf(name) : quota.status?.used?.[name]
    if (known !== undefined) used[name] = known
  }
  return used
}
