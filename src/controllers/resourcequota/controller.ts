/**
 * ResourceQuotas: measures what a namespace uses, when a quota is new or changes and whenever something may have become free.
 * What is created is counted by admission, in the same commit; so of creates the controller needs to know nothing.
 * Upstream: pkg/controller/resourcequota.
 */
import type { ResourceDefinition } from '../../api/definition.ts'
import type { GroupResource } from '../../api/object.ts'
import { evaluatorOf, MEASURED_RESOURCES } from '../../api/quota/evaluators.ts'
import type { ResourceQuota } from '../../api/types.gen.ts'
import { deepEqual } from '../../lib/deep-equal.ts'
import type { ControllerDefinition, KeysOf } from '../../runtime/controller.ts'
import { keyOf, splitKey } from '../../runtime/owner-keys.ts'
import { type ObservedQuota, QUOTAS, reconcileQuota } from './reconcile.ts'

type QuotableDefinition = Pick<ResourceDefinition, 'groupResource' | 'namespaced' | 'verbs' | 'conversion'>

/** @param definitions every resource served */
export function resourceQuotaController(definitions: readonly QuotableDefinition[]): ControllerDefinition<ObservedQuota> {
  const resources = quotableResources(definitions)
  return {
    name: 'resourcequota',
    watches: {
      [QUOTAS]: changedQuota,
      ...Object.fromEntries(
        MEASURED_RESOURCES.filter((resource) => resources.includes(resource)).map((each) => [each, quotasToMeasure(each)]),
      ),
    },
    watchesDigests: Object.fromEntries(
      resources.filter((resource) => !MEASURED_RESOURCES.includes(resource)).map((each) => [each, { keysOf: quotasToMeasure(each) }]),
    ),
    observe: (reader, key) => {
      const { namespace, name } = splitKey(key)
      const quota = reader.get<ResourceQuota>(QUOTAS, namespace, name)
      if (quota === undefined) return undefined
      const names = Object.keys(quota.spec.hard ?? {})
      const content = resources.flatMap((resource) => {
        const evaluator = evaluatorOf(resource)
        const isLimited = evaluator !== undefined && evaluator.matching(names).length > 0
        return isLimited ? [{ evaluator, objects: reader.list(resource, namespace) }] : []
      })
      return { quota, content }
    },
    reconcile: reconcileQuota,
  }
}

/** Upstream: GetQuotableResources. */
function quotableResources(definitions: readonly QuotableDefinition[]): readonly GroupResource[] {
  return definitions
    .filter(
      ({ groupResource, namespaced, verbs, conversion }) =>
        namespaced &&
        conversion === undefined &&
        evaluatorOf(groupResource) !== undefined &&
        ['create', 'list', 'watch', 'delete'].every((verb) => verbs.includes(verb)),
    )
    .map(({ groupResource }) => groupResource)
}

/** Its status changes with every create in the namespace, and says nothing that isn't known. */
const changedQuota: KeysOf = (current, old) => {
  if (current === undefined) return []
  const { spec, metadata, status } = current as ResourceQuota
  const isSettled = old !== undefined && deepEqual(spec, (old as ResourceQuota).spec) && deepEqual(spec.hard, status?.hard)
  return isSettled ? [] : [keyOf(metadata.namespace, metadata.name)]
}

/** The quotas that an object which went, or counts for less, was counted towards. */
function quotasToMeasure(resource: GroupResource): KeysOf {
  const evaluator = evaluatorOf(resource)!
  return (current, old, reader) => {
    if (old === undefined) return []
    const quotas = reader.list<ResourceQuota>(QUOTAS, old.metadata.namespace)
    if (quotas.length === 0 || (current !== undefined && !evaluator.replenishes(current, old))) return []
    return quotas
      .filter(({ status }) => evaluator.matching(Object.keys(status?.hard ?? {})).length > 0)
      .map(({ metadata }) => keyOf(metadata.namespace, metadata.name))
  }
}
