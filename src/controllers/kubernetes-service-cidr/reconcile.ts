import { findCondition, withCondition } from '../../api/meta/conditions.ts'
import { timestamp } from '../../api/meta/time.ts'
import type { New } from '../../api/object.ts'
import type { ServiceCIDR } from '../../api/types.gen.ts'
import { deepEqual } from '../../lib/deep-equal.ts'
import type { Plan } from '../../runtime/plan.ts'

export const NAME = 'kubernetes'
export const SERVICE_CIDRS = 'servicecidrs.networking.k8s.io'

/** Where admission/service-addresses.ts takes addresses from. */
const CIDRS = ['10.96.0.0/12']

/**
 * Makes it, and says that it is Ready unless somebody said that it isn't. Another range than ours is left to who wrote it.
 * @param now in milliseconds since the epoch
 */
export function reconcileKubernetesServiceCidr(serviceCidr: ServiceCIDR | undefined, now: number): Plan {
  if (serviceCidr === undefined) {
    const object: New<ServiceCIDR> = { metadata: { name: NAME }, spec: { cidrs: CIDRS } }
    return { actions: [{ verb: 'create', resource: SERVICE_CIDRS, object }] }
  }
  if (serviceCidr.metadata.deletionTimestamp !== undefined) return {}
  const { cidrs = [] } = serviceCidr.spec
  if (!deepEqual(cidrs, CIDRS)) {
    const message = `The default ServiceCIDR [${cidrs.join(' ')}] does not match the controller flag configurations [${CIDRS.join(' ')}]`
    return warning(serviceCidr, 'KubernetesDefaultServiceCIDRInconsistent', message)
  }
  const conditions = serviceCidr.status?.conditions
  const ready = findCondition(conditions, 'Ready')
  if (ready?.status === 'True') return {}
  if (ready?.status === 'False') return warning(serviceCidr, ready.reason, `Configuration matches, but ${ready.message}`)
  const condition = {
    type: 'Ready',
    status: 'True',
    reason: '',
    message: 'Kubernetes default Service CIDR is ready',
    lastTransitionTime: timestamp(now),
  }
  const object = { ...serviceCidr, status: { ...serviceCidr.status, conditions: withCondition(conditions, condition) } }
  return { actions: [{ verb: 'update', resource: SERVICE_CIDRS, object, subresource: 'status' }] }
}

function warning(about: ServiceCIDR, reason: string, message: string): Plan {
  return { events: [{ type: 'Warning', reason, message, about }] }
}
