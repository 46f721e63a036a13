import type { GroupResource } from '../object.ts'
import { countEvaluator, type Evaluator } from './evaluator.ts'
import { podEvaluator } from './pods.ts'
import { resourceClaimEvaluator } from './resource-claims.ts'
import { serviceEvaluator } from './services.ts'
import { volumeClaimEvaluator } from './volume-claims.ts'

/** The resources that are measured by more than their number: a line each. */
const MEASURED: Readonly<Record<GroupResource, Evaluator>> = {
  pods: podEvaluator,
  services: serviceEvaluator,
  persistentvolumeclaims: volumeClaimEvaluator,
  'resourceclaims.resource.k8s.io': resourceClaimEvaluator,
}

/** Whose objects must be seen whole to be counted. */
export const MEASURED_RESOURCES: readonly GroupResource[] = Object.keys(MEASURED)

/** Events come and go by themselves. Upstream: install/registry.go DefaultIgnoredResources. */
const UNCOUNTED: ReadonlySet<GroupResource> = new Set(['events', 'events.events.k8s.io'])

/** How objects of a resource are counted; undefined when they aren't. */
export function evaluatorOf(resource: GroupResource): Evaluator | undefined {
  return UNCOUNTED.has(resource) ? undefined : (MEASURED[resource] ?? countEvaluator(resource))
}
