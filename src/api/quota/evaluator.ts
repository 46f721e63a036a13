/**
 * How objects are counted towards ResourceQuotas: one evaluator a resource. Everything a namespace holds can be counted as
 * `count/RESOURCE.GROUP`; some resources have older names for that, or are measured by what they ask for.
 * Upstream: apiserver/pkg/quota/v1 Evaluator, generic/evaluator.go.
 */
import type { ResourceList } from '../core/v1/resource-list.ts'
import type { GroupResource, KubeObject } from '../object.ts'
import type { ResourceQuota, ScopedResourceSelectorRequirement } from '../types.gen.ts'

/** A write as far as it matters to what is counted. */
export interface QuotaChange {
  readonly operation: 'create' | 'update'
  /** '' for the resource itself */
  readonly subresource: string
  readonly object: KubeObject
  /** undefined for a create */
  readonly old: KubeObject | undefined
}

export interface Evaluator {
  /** May the write change what the object counts for? */
  handles(change: QuotaChange): boolean
  /** Which of these names of a quota it can tell the usage of. */
  matching(names: readonly string[]): readonly string[]
  matchesScope(scope: ScopedResourceSelectorRequirement, object: KubeObject): boolean
  /** Why an object must not be written where these names are limited; undefined when it may. */
  faultOf(names: readonly string[], object: KubeObject): string | undefined
  /** @param now milliseconds since the epoch */
  usage(object: KubeObject, now: number): ResourceList
  /** Does the object count for less, or elsewhere, after an update that admission didn't see to? */
  replenishes(object: KubeObject, old: KubeObject): boolean
}

/** Names that did for counting before there was `count/…`. */
const ALIASES: Readonly<Record<GroupResource, string>> = {
  configmaps: 'configmaps',
  resourcequotas: 'resourcequotas',
  replicationcontrollers: 'replicationcontrollers',
  secrets: 'secrets',
}

/** Counts objects, whatever they are. */
export function countEvaluator(resource: GroupResource): Evaluator {
  const alias = ALIASES[resource]
  const names = [countName(resource), ...(alias === undefined ? [] : [alias])]
  return {
    handles: ({ operation, subresource }) => operation === 'create' && subresource === '',
    matching: (given) => given.filter((name) => names.includes(name)),
    matchesScope: () => false,
    faultOf: () => undefined,
    usage: () => Object.fromEntries(names.map((name) => [name, '1'])),
    replenishes: () => false,
  }
}

export function countName(resource: GroupResource): string {
  return `count/${resource}`
}

/** A quota's scopes, those of the short form too. */
export function scopesOf({ spec }: ResourceQuota): readonly ScopedResourceSelectorRequirement[] {
  return [...(spec.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' })), ...(spec.scopeSelector?.matchExpressions ?? [])]
}

/**
 * Does the requirement hold of an object for which the scope has these values?
 * Upstream: helper.ScopedResourceSelectorRequirementsAsSelector, which makes a label selector of it.
 */
export function matchesValues({ operator, values = [] }: ScopedResourceSelectorRequirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    default:
      return false
  }
}
