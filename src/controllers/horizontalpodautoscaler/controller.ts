/** HorizontalPodAutoscalers: as many replicas as their metrics ask for. They are looked at every fifteen seconds, whatever changes. */
import type { GroupResource } from '../../api/object.ts'
import type { ControllerDefinition, Key, KeysOf } from '../../runtime/controller.ts'
import type { KeepFunction } from '../../runtime/digest.ts'
import { splitKey } from '../../runtime/owner-keys.ts'
import { type ScaledResource, ScaleKinds } from '../scale/scale-kinds.ts'
import { Claims } from './claims.ts'
import type { Memory } from './memory.ts'
import { observeTarget } from './observe.ts'
import { type Autoscaler, type ObservedAutoscaler, parsedSelector, reconcileAutoscaler, SYNC_PERIOD_MS } from './reconcile.ts'
import { CONFIG_MAPS, externalMetricsDigest, metricsDigest } from './simulated-metrics.ts'

const AUTOSCALERS = 'horizontalpodautoscalers.autoscaling'
/** They come and go by the thousand, and nobody measures them. */
const UNMEASURED = ['events', 'events.events.k8s.io']

export type MeasuredResource = ScaledResource & { readonly verbs: readonly string[] }

/** What is known of an autoscaler between two looks. */
interface Known {
  memory: Memory | undefined
  /** Of the next look. */
  dueAt: number
}

interface Observed extends ObservedAutoscaler {
  readonly key: Key
}

/** @param definitions every resource served: any may be scaled, own pods that bear a load, or be described by a metric */
export function horizontalPodAutoscalerController(definitions: readonly MeasuredResource[]): ControllerDefinition<Observed> {
  const kinds = new ScaleKinds(definitions)
  const known = new Map<Key, Known>()
  const claims = new Claims()
  const { watches, watchesDigests } = watchedResources(definitions, kinds)
  const isWatched = (resource: GroupResource) => resource in watches || resource in watchesDigests || resource === AUTOSCALERS
  return {
    name: 'horizontal-pod-autoscaler',
    component: 'horizontal-pod-autoscaler',
    reconciles: AUTOSCALERS,
    watches,
    watchesDigests,
    observe(reader, key) {
      const { namespace, name } = splitKey(key)
      const autoscaler = reader.get<Autoscaler>(AUTOSCALERS, namespace, name)
      if (autoscaler === undefined) {
        known.delete(key)
        claims.delete(key)
        return undefined
      }
      const target = observeTarget({ reader, kinds, isWatched }, autoscaler)
      return { key, autoscaler, target, rivalsOf: (pods) => claims.rivals(key, pods) }
    },
    reconcile(observed, context) {
      const { key, target } = observed
      const { now, lastFailure } = context
      const state = known.get(key) ?? { memory: undefined, dueAt: now + SYNC_PERIOD_MS }
      known.set(key, state)
      // Upstream: rate_limiters.go. Neither a new autoscaler nor a change of one is looked at before its time.
      if (now < state.dueAt && lastFailure?.action.verb !== 'scale') return { requeueAfterMs: state.dueAt - now }
      state.dueAt = now + SYNC_PERIOD_MS
      const selector = 'error' in target ? '' : parsedSelector(target.selector)
      if (typeof selector !== 'string' && selector.length > 0) claims.set(key, selector)
      const { plan, memory } = reconcileAutoscaler(observed, state.memory, context)
      state.memory = memory
      return plan
    },
  }
}

/** Only read: time alone makes an autoscaler look. */
function watchedResources(definitions: readonly MeasuredResource[], kinds: ScaleKinds) {
  const none: KeysOf = () => []
  const watches: Record<GroupResource, KeysOf> = { pods: none, nodes: none }
  for (const resource of kinds.resources) watches[resource] = none
  const watchesDigests: Record<GroupResource, { keysOf: KeysOf; keep: KeepFunction }> = {}
  for (const { groupResource, verbs, conversion } of definitions) {
    const isReadable = verbs.includes('watch') && verbs.includes('list') && conversion === undefined
    if (!isReadable || groupResource in watches || groupResource === AUTOSCALERS || UNMEASURED.includes(groupResource)) continue
    watchesDigests[groupResource] = { keysOf: none, keep: groupResource === CONFIG_MAPS ? externalMetricsDigest : metricsDigest }
  }
  return { watches, watchesDigests }
}
