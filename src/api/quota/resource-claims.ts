/** What claims of devices count for. Upstream: pkg/quota/v1/evaluator/core/resource_claims.go. */
import type { ResourceList } from '../core/v1/resource-list.ts'
import { addQuantities, compareQuantities } from '../meta/quantity.ts'
import type { ResourceV1ResourceClaim } from '../types.gen.ts'
import { countName, type Evaluator } from './evaluator.ts'

const RESOURCE = 'resourceclaims.resource.k8s.io'
/** `gpu.deviceclass.resource.k8s.io/devices` */
const CLASS_SUFFIX = '.deviceclass.resource.k8s.io/devices'
/** The worst that "all" can mean. Upstream: AllocationResultsMaxSize. */
const MOST_DEVICES = 32

interface DevicesWanted {
  readonly deviceClassName: string
  readonly allocationMode?: string | undefined
  readonly count?: number | undefined
}

export const resourceClaimEvaluator: Evaluator = {
  handles: ({ subresource }) => subresource === '',
  matching: (names) => names.filter((name) => name === countName(RESOURCE) || name.endsWith(CLASS_SUFFIX)),
  matchesScope: () => false,
  faultOf: () => undefined,
  usage: (object) => {
    const amounts: ResourceList = { [countName(RESOURCE)]: '1' }
    for (const { exactly, firstAvailable } of (object as ResourceV1ResourceClaim).spec.devices?.requests ?? []) {
      const wanted = firstAvailable?.length ? greatest(firstAvailable) : exactly === undefined ? {} : greatest([exactly])
      for (const name in wanted) amounts[name] = addQuantities(amounts[name] ?? '0', wanted[name]!)
    }
    return amounts
  },
  replenishes: () => false,
}

/** Of alternatives, the most that may be given out of each class. */
function greatest(alternatives: readonly DevicesWanted[]): ResourceList {
  const most: ResourceList = {}
  for (const { deviceClassName, allocationMode, count } of alternatives) {
    const devices = allocationMode === 'ExactCount' ? (count ?? 0) : allocationMode === 'All' ? MOST_DEVICES : 0
    const name = deviceClassName + CLASS_SUFFIX
    if (compareQuantities(String(devices), most[name]) >= 0) most[name] = String(devices)
  }
  return most
}
