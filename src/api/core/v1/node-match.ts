/** May a pod be on a node, by what both say: node selector, required node affinity, taints and tolerations. Pure. */
import { fromLabels, type Labels, matchesSelector, OBJECT_OPERATORS } from '../../meta/selectors.ts'
import type { Node, NodeSelectorRequirement, NodeSelectorTerm, PodSpec, Taint, Toleration } from '../../types.gen.ts'

/** What is asked of a pod: one that exists, or one that a template would make. */
export interface PodLike {
  readonly spec?: PodSpec | undefined
}

/** Does the node have every label of the pod's spec.nodeSelector? */
export function matchesNodeSelector(pod: PodLike, node: Node): boolean {
  const wanted = pod.spec?.nodeSelector
  return wanted === undefined || matchesSelector(fromLabels(wanted), node.metadata.labels)
}

/** Does the node satisfy the pod's required node affinity? Preferences are not looked at. */
export function matchesNodeAffinity(pod: PodLike, node: Node): boolean {
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  return required === undefined || matchesNodeSelectorTerms(required.nodeSelectorTerms, node)
}

/** Does one of the terms match? No terms match no node. */
export function matchesNodeSelectorTerms(terms: readonly NodeSelectorTerm[] | undefined, node: Node): boolean {
  return terms?.some((term) => matchesNodeSelectorTerm(term, node)) ?? false
}

/** All requirements of the term must hold; a term without any matches no node. Upstream: component-helpers nodeaffinity. */
export function matchesNodeSelectorTerm(term: NodeSelectorTerm, node: Node): boolean {
  const expressions = term.matchExpressions ?? []
  const fields = term.matchFields ?? []
  if (expressions.length === 0 && fields.length === 0) return false
  return (
    expressions.every((requirement) => matchesRequirement(requirement, node.metadata.labels)) &&
    fields.every((requirement) => matchesField(requirement, node))
  )
}

/** A requirement that can't be read (In without values, Gt of no integer) holds for no node. */
function matchesRequirement({ key, operator, values = [] }: NodeSelectorRequirement, labels: Labels | undefined): boolean {
  const known = OBJECT_OPERATORS[operator]
  if (known === undefined) return false
  if ((known === 'in' || known === 'notin') && values.length === 0) return false
  if ((known === 'gt' || known === 'lt') && (values.length !== 1 || !/^[+-]?\d+$/.test(values[0]!))) return false
  return matchesSelector([{ key, operator: known, values }], labels)
}

/** The only field of a node that can be asked for is its name. */
function matchesField({ key, operator, values = [] }: NodeSelectorRequirement, node: Node): boolean {
  if (values.length !== 1) return false
  const isEqual = values[0] === (key === 'metadata.name' ? node.metadata.name : '')
  return operator === 'In' ? isEqual : operator === 'NotIn' && !isEqual
}

/** Upstream: core/v1 toleration.go ToleratesTaint. */
export function toleratesTaint(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false
  if (toleration.key && toleration.key !== taint.key) return false
  switch (toleration.operator || 'Equal') {
    case 'Equal':
      return (toleration.value ?? '') === (taint.value ?? '')
    case 'Exists':
      return true
    default:
      return false
  }
}

/** The first of the taints that `filter` picks which none of the tolerations covers. */
export function findUntoleratedTaint(
  taints: readonly Taint[] | undefined,
  tolerations: readonly Toleration[] | undefined,
  filter: (taint: Taint) => boolean = () => true,
): Taint | undefined {
  return taints?.find((taint) => filter(taint) && !tolerations?.some((toleration) => toleratesTaint(toleration, taint)))
}
