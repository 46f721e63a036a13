/** What to do about a pod without a node. Pure but for what it reads of the cache. */
import { claimRefPatch } from '../api/core/v1/claim-facts.ts'
import { CLAIMS, SELECTED_NODE, VOLUMES } from '../api/core/v1/volume-annotations.ts'
import type { Pod } from '../api/types.gen.ts'
import type { Action, Plan } from '../runtime/plan.ts'
import type { Budget } from './budgets.ts'
import { chooseNode } from './choose-node.ts'
import { evict } from './evict.ts'
import { fitErrorText, generalErrorText } from './fit-error.ts'
import { chooseVolumes, type VolumeChoice } from './plugins/volume-binding.ts'
import { failedEvent, isTold, withNomination, withUnscheduled } from './pod-status.ts'
import { findPreemption } from './preemption.ts'
import type { Situation } from './situation.ts'
import type { Told } from './unschedulable-pods.ts'

export type Verdict =
  | { readonly kind: 'bound'; readonly node: string; readonly plan: Plan }
  /** The node is chosen; its claims are being bound to it, some by making volumes. */
  | { readonly kind: 'binding-claims'; readonly node: string; readonly toProvision: readonly string[]; readonly plan: Plan }
  /** Nothing is to be done until something changes that matters to `plugins`, once the pod's status says this. */
  | { readonly kind: 'unschedulable'; readonly told: Told; readonly plugins: ReadonlySet<string>; readonly plan: Plan }

/**
 * @param start which node is asked about first
 * @returns with it how many nodes were asked about
 */
export function placePod(
  situation: Situation,
  start: number,
  now: number,
  budgets: () => readonly Budget[],
): { readonly verdict: Verdict; readonly tried: number } {
  const { cache, pod: info } = situation
  const { pod } = info
  const choice = chooseNode(situation, start)
  const { tried } = choice
  if (choice.node !== undefined) {
    const volumes = chooseVolumes(situation, cache.node(choice.node)!.node!)
    const isBound = volumes.found.length === 0 && volumes.toProvision.length === 0
    return { verdict: isBound ? bind(pod, choice.node) : bindClaims(pod, choice.node, volumes), tried }
  }
  if (choice.error !== undefined) return { verdict: unschedulable(pod, choice.error, now, new Set()), tried }
  const count = cache.nodes().length
  if (choice.general !== undefined) {
    const { plugin, reason } = choice.general
    const keeps = pod.status?.nominatedNodeName
    return { verdict: unschedulable(pod, generalErrorText(count, reason), now, new Set([plugin]), keeps), tried }
  }
  const plugins = new Set(choice.failed.map(({ objection }) => objection.plugin))
  if (choice.failed.length < count) plugins.add('NodeAffinity')
  const preemption = findPreemption(situation, choice.failed, budgets)
  if (preemption.node === undefined) {
    const keeps = preemption.keepsNomination ? pod.status?.nominatedNodeName : undefined
    return { verdict: unschedulable(pod, fitErrorText(count, choice.failed, preemption.text), now, plugins, keeps), tried }
  }
  const message = fitErrorText(count, choice.failed, undefined)
  const { plan } = unschedulable(pod, message, now, plugins, preemption.node)
  const verdict: Verdict = {
    kind: 'unschedulable',
    told: { message, nominatedNode: preemption.node },
    plugins,
    plan: {
      ...plan,
      actions: evict(preemption.victims, cache.nominations.below(info, preemption.node), pod, preemption.node, now),
      waitingOn: `pods of lower priority to leave node ${preemption.node}: ${preemption.victims.map(({ metadata }) => metadata.name).join(', ')}`,
    },
  }
  return { verdict, tried }
}

export function bind(pod: Pod, node: string): Verdict {
  const { name, namespace, uid } = pod.metadata
  const message = `Successfully assigned ${namespace}/${name} to ${node}`
  const target = { resource: 'pods', namespace, name }
  const action: Action = { verb: 'bind', target, node, uid, event: { type: 'Normal', reason: 'Scheduled', action: 'Binding', message } }
  return { kind: 'bound', node, plan: { actions: [action] } }
}

/**
 * Volumes that were found come to refer to their claims, and the claims' provisioner is told the node. The pod gets it when they
 * are bound; meanwhile it says where it will be. Upstream: volumebinding PreBind, NominatedNodeNameForExpectation.
 */
function bindClaims(pod: Pod, node: string, { found, toProvision }: VolumeChoice): Verdict {
  const actions = [
    ...found.map(({ claim, volume }): Action => {
      const target = { resource: VOLUMES, namespace: '', name: volume.metadata.name }
      return { verb: 'patch', target, patch: claimRefPatch(volume, claim) }
    }),
    ...toProvision
      .filter(({ metadata }) => metadata.annotations?.[SELECTED_NODE] !== node)
      .map(({ metadata: { namespace = '', name, uid } }): Action => {
        const patch = { metadata: { uid, annotations: { [SELECTED_NODE]: node } } }
        return { verb: 'patch', target: { resource: CLAIMS, namespace, name }, patch }
      }),
  ]
  const names = [...found.map(({ claim }) => claim), ...toProvision].map(({ metadata }) => metadata.name)
  return {
    kind: 'binding-claims',
    node,
    toProvision: toProvision.map(({ metadata }) => metadata.name),
    plan: { actions, status: withNomination(pod, node), waitingOn: `claims to be bound on node ${node}: ${names.join(', ')}` },
  }
}

function unschedulable(
  pod: Pod,
  message: string,
  now: number,
  plugins: ReadonlySet<string>,
  nominatedNode?: string,
): Extract<Verdict, { kind: 'unschedulable' }> {
  const told = { message, nominatedNode }
  const plan: Plan = {
    ...(isTold(pod, 'Unschedulable', told) ? {} : { status: withUnscheduled(pod, 'Unschedulable', told, now) }),
    events: [failedEvent(message)],
    waitingOn: message,
  }
  return { kind: 'unschedulable', told, plugins, plan }
}

/** Something went wrong on the way: the pod is tried again after a while. */
export function schedulerError(pod: Pod, message: string, now: number): Plan {
  const told = { message, nominatedNode: undefined }
  return { status: withUnscheduled(pod, 'SchedulerError', told, now), events: [failedEvent(message)], waitingOn: message }
}
