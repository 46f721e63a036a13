import { type AddressRange, addressRange, containsRange, hasAddress } from '../../api/core/v1/address-range.ts'
import { findCondition, withCondition } from '../../api/meta/conditions.ts'
import { parseTimestamp, timestamp } from '../../api/meta/time.ts'
import type { ServiceCIDR } from '../../api/types.gen.ts'
import type { Action, Plan, ReconcileContext } from '../../runtime/plan.ts'

export const SERVICE_CIDR_FINALIZER = 'networking.k8s.io/service-cidr-finalizer'
/** Upstream: deletionGracePeriod: until who gives out addresses has heard that it goes. */
const GRACE_MS = 10_000
const IN_USE = 'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR'

export interface ObservedServiceCidr {
  readonly cidr: ServiceCIDR
  readonly others: readonly ServiceCIDR[]
  /** Of one that goes: the cluster IPs of all Services. */
  readonly addresses: readonly string[]
}

export function rangesOf({ spec }: ServiceCIDR): AddressRange[] {
  return (spec.cidrs ?? []).map(addressRange).filter((range) => range !== undefined)
}

export function reconcileServiceCidr(observed: ObservedServiceCidr, { now }: ReconcileContext): Plan {
  const { cidr } = observed
  const { deletionTimestamp, finalizers = [] } = cidr.metadata
  const hasFinalizer = finalizers.includes(SERVICE_CIDR_FINALIZER)
  if (deletionTimestamp === undefined) {
    const actions = hasFinalizer ? [] : [setFinalizers(cidr, [...finalizers, SERVICE_CIDR_FINALIZER])]
    return { actions, ...(hasFinalizer ? withReadiness(cidr, 'True', '', 'Kubernetes Service CIDR is ready', now) : {}) }
  }
  if (!canGo(observed)) return { ...withReadiness(cidr, 'False', 'Terminating', IN_USE, now), waitingOn: IN_USE }
  const left = parseTimestamp(deletionTimestamp) + GRACE_MS - now
  if (left > 0) return { requeueAfterMs: left, waitingOn: 'who gives out its addresses to hear that it goes' }
  return hasFinalizer
    ? {
        actions: [
          setFinalizers(
            cidr,
            finalizers.filter((each) => each !== SERVICE_CIDR_FINALIZER),
          ),
        ],
      }
    : {}
}

/** Are its addresses of others too, or nobody's? Upstream: canDeleteCIDR */
function canGo({ cidr, others, addresses }: ObservedServiceCidr): boolean {
  const own = rangesOf(cidr)
  const theirs = others.flatMap(rangesOf)
  if (own.every((range) => theirs.some((other) => containsRange(other, range)))) return true
  const has = (ranges: readonly AddressRange[], ip: string) => ranges.some((range) => hasAddress(range, ip))
  return !addresses.some((ip) => has(own, ip) && !has(theirs, ip))
}

function setFinalizers({ metadata }: ServiceCIDR, finalizers: readonly string[]): Action {
  const { name, uid, resourceVersion } = metadata
  const target = { resource: 'servicecidrs.networking.k8s.io', namespace: '', name }
  return { verb: 'patch', target, patch: { metadata: { uid, resourceVersion, finalizers } } }
}

function withReadiness(cidr: ServiceCIDR, status: 'True' | 'False', reason: string, message: string, now: number): Plan {
  const current = findCondition(cidr.status?.conditions, 'Ready')
  if (current?.status === status && current.reason === reason && current.message === message) return {}
  const condition = { type: 'Ready', status, reason, message, lastTransitionTime: timestamp(now) }
  return { status: { ...cidr, status: { ...cidr.status, conditions: withCondition(cidr.status?.conditions, condition) } } as ServiceCIDR }
}
