/** Devices that must be made ready before their pod gets its node. Upstream: dynamicresources.go isClaimReadyForBinding. */
import { findCondition } from '../../api/meta/conditions.ts'
import { parseTimestamp } from '../../api/meta/time.ts'
import type { ResourceV1ResourceClaim as ResourceClaim } from '../../api/types.gen.ts'

/** Upstream: DynamicResourcesArgs bindingTimeout. */
export const BINDING_TIMEOUT_MS = 600_000

export type Readiness = { readonly kind: 'ready' } | { readonly kind: 'waiting' } | { readonly kind: 'failed'; readonly why: string }

export function readinessOf({ metadata, status }: ResourceClaim): Readiness {
  if (status?.allocation === undefined) return { kind: 'waiting' }
  for (const result of status.allocation.devices?.results ?? []) {
    const { bindingConditions = [], bindingFailureConditions = [] } = result
    if (bindingConditions.length === 0) continue
    const device = status.devices?.find(
      (each) => each.driver === result.driver && each.pool === result.pool && each.device === result.device,
    )
    if (device === undefined) return { kind: 'waiting' }
    const failure = bindingFailureConditions.map((type) => findCondition(device.conditions, type)).find((each) => each?.status === 'True')
    if (failure !== undefined) {
      const why = `claim=${metadata.name}, reason=${failure.reason}, message=${JSON.stringify(failure.message)}`
      return { kind: 'failed', why: `device binding failed: ${why}` }
    }
    if (bindingConditions.some((type) => findCondition(device.conditions, type)?.status !== 'True')) return { kind: 'waiting' }
  }
  return { kind: 'ready' }
}

export function hasBindingConditions({ status }: ResourceClaim): boolean {
  return status?.allocation?.devices?.results?.some(({ bindingConditions }) => bindingConditions?.length) ?? false
}

/** Has it waited in vain? */
export function isTimedOut(claim: ResourceClaim, now: number): boolean {
  const since = claim.status?.allocation?.allocationTimestamp
  return hasBindingConditions(claim) && since !== undefined && parseTimestamp(since) + BINDING_TIMEOUT_MS < now
}
