import { fromLabelSelector, matchesSelector } from '../api/meta/selectors.ts'
import type { Pod, PodDisruptionBudget } from '../api/types.gen.ts'
import type { PodInfo } from './pod-info.ts'

export type Budget = PodDisruptionBudget

/**
 * Those that a budget can't spare, and the others, each in their order: the more important a pod, the sooner it has its share of
 * what a budget allows. Upstream: default_preemption.go filterPodsWithPDBViolation.
 */
export function splitByBudgets(pods: readonly PodInfo[], budgets: readonly Budget[]): [unspared: PodInfo[], spared: PodInfo[]] {
  const allowed = budgets.map(({ status }) => status?.disruptionsAllowed ?? 0)
  const unspared: PodInfo[] = []
  const spared: PodInfo[] = []
  for (const pod of pods) {
    let isSpared = true
    for (const [index, budget] of budgets.entries()) if (covers(budget, pod.pod) && --allowed[index]! < 0) isSpared = false
    if (isSpared) spared.push(pod)
    else unspared.push(pod)
  }
  return [unspared, spared]
}

/** A selector of everything picks nothing here, and a pod that is on its way out has been counted. */
function covers({ metadata, spec, status }: Budget, pod: Pod): boolean {
  if (metadata.namespace !== pod.metadata.namespace || Object.keys(pod.metadata.labels ?? {}).length === 0) return false
  const selector = fromLabelSelector(spec?.selector)
  if (selector === undefined || selector.length === 0 || !matchesSelector(selector, pod.metadata.labels)) return false
  return status?.disruptedPods?.[pod.metadata.name] === undefined
}
