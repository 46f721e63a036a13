/** PodDisruptionBudgets: keeps count of how many pods may be evicted. The eviction subresource spends what is counted here. */
import { fromLabelSelector, matchesSelector, selects } from '../../api/meta/selectors.ts'
import type { KubeObject } from '../../api/object.ts'
import type { Pod, PodDisruptionBudget } from '../../api/types.gen.ts'
import type { ControllerDefinition, Key, KeysOf, Reader } from '../../runtime/controller.ts'
import { keyOf, splitKey } from '../../runtime/owner-keys.ts'
import { type ScaledResource, ScaleKinds } from '../scale/scale-kinds.ts'
import { ownerScale } from './owner-scale.ts'
import { type ObservedBudget, reconcileBudget } from './reconcile.ts'
import { disruptionTargetSince, reconcileDisruptedPod } from './stale-condition.ts'

const BUDGETS = 'poddisruptionbudgets.policy'
const PODS = 'pods'
/** Upstream reports by a name of its own. */
const COMPONENT = 'controllermanager'

/** @param definitions every resource served: whatever has /scale may be the controller of pods */
export function disruptionController(definitions: readonly ScaledResource[]): ControllerDefinition<ObservedBudget> {
  const kinds = new ScaleKinds(definitions)
  // Only read: a change of scale shows in the pods.
  const scales = Object.fromEntries(kinds.resources.map((resource): [string, KeysOf] => [resource, () => []]))
  return {
    name: 'disruption',
    component: COMPONENT,
    reconciles: BUDGETS,
    watches: { ...scales, [PODS]: budgetsOfPod },
    observe(reader, key) {
      const { namespace, name } = splitKey(key)
      const budget = reader.get<PodDisruptionBudget>(BUDGETS, namespace, name)
      if (budget === undefined) return undefined
      const selector = fromLabelSelector(budget.spec?.selector)
      const pods =
        selector === undefined ? [] : reader.list<Pod>(PODS, namespace).filter(({ metadata }) => matchesSelector(selector, metadata.labels))
      return { budget, pods, scaleOf: (owner) => ownerScale(reader, kinds, namespace, owner) }
    },
    reconcile: (observed, { now }) => reconcileBudget(observed, now),
  }
}

interface ObservedPod {
  readonly pod: Pod
  readonly budgets: readonly PodDisruptionBudget[]
}

/** Looks at pods only that claim to be disrupted, or have more budgets than can be asked. */
export const disruptedPodController: ControllerDefinition<ObservedPod> = {
  name: 'disruption-target',
  partOf: 'disruption',
  component: COMPONENT,
  watches: {
    [BUDGETS]: () => [],
    [PODS]: (current, _old, reader) => {
      if (current === undefined) return []
      const isOurs = disruptionTargetSince(current as Pod) !== undefined || budgetsOf(reader, current).length > 1
      return isOurs ? [keyOf(current.metadata.namespace, current.metadata.name)] : []
    },
  },
  observe(reader, key) {
    const { namespace, name } = splitKey(key)
    const pod = reader.get<Pod>(PODS, namespace, name)
    return pod && { pod, budgets: budgetsOf(reader, pod) }
  },
  reconcile({ pod, budgets }, { now }) {
    const plan = reconcileDisruptedPod(pod, now)
    if (budgets.length < 2) return plan
    const { namespace, name } = pod.metadata
    const [{ metadata: chosen }] = budgets as [PodDisruptionBudget]
    const message = `Pod ${JSON.stringify(namespace)}/${JSON.stringify(name)} matches multiple PodDisruptionBudgets.  Chose ${JSON.stringify(chosen.name)} arbitrarily.`
    return { ...plan, events: [{ type: 'Warning', reason: 'MultiplePodDisruptionBudgets', message, about: pod }] }
  },
}

function budgetsOf(reader: Reader, { metadata }: KubeObject): readonly PodDisruptionBudget[] {
  return reader.list<PodDisruptionBudget>(BUDGETS, metadata.namespace).filter(({ spec }) => selects(spec?.selector, metadata.labels))
}

/** Also the budgets a pod has left by its labels, which upstream finds out later. */
function budgetsOfPod(current: KubeObject | undefined, old: KubeObject | undefined, reader: Reader): readonly Key[] {
  const pods = [current, old].filter((pod) => pod !== undefined)
  return pods.flatMap((pod) => budgetsOf(reader, pod).map(({ metadata }) => keyOf(metadata.namespace, metadata.name)))
}
