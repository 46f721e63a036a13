/** Which pods an affinity term or a spread constraint is about. */
import { fromLabelSelector, matchesSelector, type Selector } from '../api/meta/selectors.ts'
import type { Pod, PodAffinityTerm, TopologySpreadConstraint } from '../api/types.gen.ts'

/** The labels of a namespace; undefined when there is no such namespace. */
export type NamespaceLabels = (namespace: string) => Readonly<Record<string, string>> | undefined

export interface PodMatcher {
  /** Equal for terms that mean the same. */
  readonly id: string
  /** One of `bucketsOf` every pod that it matches. */
  readonly bucket: string
  /** Does what it matches change with the labels of namespaces? */
  readonly asksNamespaces: boolean
  matches(pod: Pod): boolean
}

/**
 * The places where a matcher that may match the pod can be: by its namespace or any, and by one of its labels or none. So few
 * matchers have to be asked about a pod, and few pods looked at for a matcher.
 */
export function bucketsOf({ metadata }: Pod): string[] {
  const buckets = [bucketOf(metadata.namespace, undefined), bucketOf('', undefined)]
  for (const key in metadata.labels) {
    const label = `${key}=${metadata.labels[key]}`
    buckets.push(bucketOf(metadata.namespace, label), bucketOf('', label))
  }
  return buckets
}

function bucketOf(namespace: string, label: string | undefined): string {
  return label === undefined ? namespace : `${namespace}\n${label}`
}

/** @param namespace '' when it may be any; the label asked for last is taken: as a rule the one that says most */
function bucketFor(namespace: string, selector: Selector | undefined): string {
  const equals = selector?.findLast(({ operator, values }) => (operator === '=' || operator === 'in') && values.length === 1)
  return bucketOf(namespace, equals === undefined ? undefined : `${equals.key}=${equals.values[0]}`)
}

/** @param owner the pod whose term it is */
export function affinityMatcher(term: PodAffinityTerm, owner: Pod, labelsOf: NamespaceLabels): PodMatcher {
  const selector = fromLabelSelector(term.labelSelector)
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
    id: JSON.stringify([isOwnNamespaceOnly ? owner.metadata.namespace : [namespaces, term.namespaceSelector], term.labelSelector]),
    bucket: bucketFor(isOwnNamespaceOnly ? owner.metadata.namespace : '', selector),
    asksNamespaces: namespaceSelector !== undefined && namespaceSelector.length > 0,
    matches: ({ metadata }) => selector !== undefined && inScope(metadata.namespace) && matchesSelector(selector, metadata.labels),
  }
}

/** The pods that all of the matchers match. */
export function allOf(matchers: readonly PodMatcher[]): PodMatcher {
  if (matchers.length === 1) return matchers[0]!
  return {
    id: `all\n${matchers.map(({ id }) => id).join('\n')}`,
    bucket: matchers[0]!.bucket,
    asksNamespaces: matchers.some(({ asksNamespaces }) => asksNamespaces),
    matches: (pod) => matchers.every((matcher) => matcher.matches(pod)),
  }
}

/** Of the pod's own namespace; the labels of matchLabelKeys are as the pod has them. Upstream: podtopologyspread/common.go. */
export function spreadSelector(constraint: TopologySpreadConstraint, { metadata }: Pod): Selector | undefined {
  const selector = fromLabelSelector(constraint.labelSelector)
  const extra = (constraint.matchLabelKeys ?? []).flatMap((key): Selector => {
    const value = metadata.labels?.[key]
    return value === undefined ? [] : [{ key, operator: 'in', values: [value] }]
  })
  return selector && [...selector, ...extra]
}

/** Those that count for a spread: not those that are going. A selector of everything counts none. Upstream: countPodsMatchSelector. */
export function spreadMatcher(selector: Selector | undefined, namespace: string): PodMatcher {
  const isNever = selector === undefined || selector.length === 0
  return {
    id: JSON.stringify(['spread', namespace, isNever ? undefined : selector]),
    bucket: bucketFor(namespace, selector),
    asksNamespaces: false,
    matches: ({ metadata }) =>
      !isNever &&
      metadata.namespace === namespace &&
      metadata.deletionTimestamp === undefined &&
      matchesSelector(selector, metadata.labels),
  }
}
