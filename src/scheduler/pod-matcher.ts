/** Which pods an affinity term or a spread constraint is about. */
import { fromLabelSelector, matchesSelector, type Selector } from '../api/meta/selectors.ts'
import type { Pod, PodAffinityTerm, TopologySpreadConstraint } from '../api/types.gen.ts'

/** The labels of a namespace; undefined when there is no such namespace. */
export type NamespaceLabels = (namespace: string) => Readonly<Record<string, string>> | undefined

export interface PodMatcher {
  /** Equal for terms that mean the same. */
  readonly id: string
  matches(pod: Pod): boolean
}

/** @param owner the pod whose term it is */
export function affinityMatcher(term: PodAffinityTerm, owner: Pod, labelsOf: NamespaceLabels): PodMatcher {
  const selector = fromLabelSelector(term.labelSelector)
  const extra: Selector = [
    ...(term.matchLabelKeys ?? []).flatMap((key) => requirement(owner, key, 'in')),
    ...(term.mismatchLabelKeys ?? []).flatMap((key) => requirement(owner, key, 'notin')),
  ]
  const namespaces = term.namespaces ?? []
  const namespaceSelector = fromLabelSelector(term.namespaceSelector)
  const isOwnNamespaceOnly = namespaces.length === 0 && namespaceSelector === undefined
  const inScope = (namespace: string): boolean => {
    if (isOwnNamespaceOnly) return namespace === owner.metadata.namespace
    if (namespaces.includes(namespace)) return true
    if (namespaceSelector === undefined) return false
    return namespaceSelector.length === 0 || matchesSelector(namespaceSelector, labelsOf(namespace) ?? {})
  }
  return {
    id: JSON.stringify([isOwnNamespaceOnly ? owner.metadata.namespace : [namespaces, term.namespaceSelector], term.labelSelector, extra]),
    matches: ({ metadata }) =>
      selector !== undefined &&
      inScope(metadata.namespace) &&
      matchesSelector(selector, metadata.labels) &&
      matchesSelector(extra, metadata.labels),
  }
}

export function spreadMatcher(constraint: TopologySpreadConstraint, owner: Pod): PodMatcher {
  const selector = fromLabelSelector(constraint.labelSelector)
  const extra: Selector = (constraint.matchLabelKeys ?? []).flatMap((key) => requirement(owner, key, 'in'))
  const { namespace } = owner.metadata
  return {
    id: JSON.stringify(['spread', namespace, constraint.labelSelector, extra]),
    matches: ({ metadata }) =>
      selector !== undefined &&
      metadata.namespace === namespace &&
      metadata.deletionTimestamp === undefined &&
      matchesSelector(selector, metadata.labels) &&
      matchesSelector(extra, metadata.labels),
  }
}

/** Keys that the pod has no label for are left out. */
function requirement(owner: Pod, key: string, operator: 'in' | 'notin'): Selector {
  const value = owner.metadata.labels?.[key]
  return value === undefined ? [] : [{ key, operator, values: [value] }]
}
