/** What to do about a pod without a node. Pure but for what it reads of the cache. */
import { claimRefPatch } from '../api/core/v1/claim-facts.ts'
import { CLAIMS, SELECTED_NODE, VOLUMES } from '../api/core/v1/volume-annotations.ts'
import type { Pod, PodExtendedResourceClaimStatus, ResourceV1ResourceClaim as ResourceClaim } from '../api/types.gen.ts'
import type { Action, Plan } from '../runtime/plan.ts'
import type { Budget } from './budgets.ts'
import { type Choice, chooseNode } from './choose-node.ts'
import { deallocate, extendedStatus, removeSpecial, reserve } from './devices/reserve.ts'
import { evict } from './evict.ts'
import { claimErrorText, fitErrorText, generalErrorText, NO_CLAIMS } from './fit-error.ts'
import { PluginFault } from './plugins/plugin.ts'
import { chooseVolumes, type VolumeChoice } from './plugins/volume-binding.ts'
import { failedEvent, isTold, withNomination, withUnscheduled } from './pod-status.ts'
import { findPreemption } from './preemption.ts'
import type { Situation } from './situation.ts'
import type { Told } from './unschedulable-pods.ts'

export type Verdict =
  | { readonly kind: 'bound'; readonly node: string; readonly plan: Plan }
  /** The node is chosen; its claims are being bound to it, some by making volumes. */
  | { readonly kind: 'binding-claims'; readonly node: string; readonly toProvision: readonly string[]; readonly plan: Plan }
  /** Something went wrong that has nothing to do with the node. */
  | { readonly kind: 'failed'; readonly message: string }
  /** Nothing is to be done until something changes that matters to `plugins`, once the pod's status says this. */
  | { readonly kind: 'unschedulable'; readonly told: Told; readonly plugins: ReadonlySet<string>; readonly plan: Plan }

/**
 * @param start which node is asked about first
 * @param specialName what a claim for extended resources will be called
 * @returns with it how many nodes were asked about
 */
export function placePod(
  situation: Situation,
  start: number,
  now: number,
  budgets: () => readonly Budget[],
  specialName: string,
): { readonly verdict: Verdict; readonly tried: number } {
  const { cache, pod: info } = situation
  const { pod } = info
  const choice = tryChoosing(situation, start)
  if (typeof choice === 'string') return { verdict: { kind: 'failed', message: choice }, tried: 0 }
  const { tried } = choice
  if (choice.node !== undefined) {
    const node = cache.node(choice.node)!.node!
    const volumes = chooseVolumes(situation, node)
    const { devices } = situation
    const isBound =
      volumes.found.length === 0 && volumes.toProvision.length === 0 && !devices?.claims.length && devices?.specialOn(node) === undefined
    const reserving = devices === undefined ? [] : reserve(pod, devices, node, now, specialName)
    return {
      verdict: isBound
        ? bind(pod, choice.node)
        : bindClaims(withExtended(pod, extendedStatus(devices, node, specialName)), choice.node, volumes, reserving),
      tried,
    }
  }
  if (choice.error !== undefined) return { verdict: unschedulable(pod, choice.error, now, new Set()), tried }
  const count = cache.nodes().length
  if (choice.general !== undefined) {
    const { plugin, reason } = choice.general
    const isOfDevices = plugin === 'DynamicResources'
    const preemption = isOfDevices ? findPreemption(situation, [], budgets) : undefined
    const text =
      preemption?.node === undefined && preemption !== undefined
        ? claimErrorText(count, reason, preemption.text)
        : generalErrorText(count, reason)
    const keeps = preemption?.node === undefined && preemption?.keepsNomination === false ? undefined : pod.status?.nominatedNodeName
    return { verdict: unschedulable(pod, text, now, new Set([plugin]), keeps), tried }
  }
  const plugins = new Set(choice.failed.map(({ objection }) => objection.plugin))
  if (choice.failed.length < count) plugins.add('NodeAffinity')
  const given = situation.devices?.toDeallocate(pod)
  const stale = situation.devices?.stale
  const releases = given !== undefined ? [deallocate(given)] : stale !== undefined ? removeSpecial(stale) : []
  const preemption = findPreemption(situation, choice.failed, budgets)
  if (preemption.node === undefined) {
    const keeps = preemption.keepsNomination ? pod.status?.nominatedNodeName : undefined
    const devices = devicesText(situation, given)
    const verdict = unschedulable(pod, fitErrorText(count, choice.failed, preemption.text, devices), now, plugins, keeps)
    return { verdict: releases.length === 0 ? verdict : { ...verdict, plan: { ...verdict.plan, actions: releases } }, tried }
  }
  const message = fitErrorText(count, choice.failed, undefined, NO_CLAIMS)
  const { plan } = unschedulable(pod, message, now, plugins, preemption.node)
  const verdict: Verdict = {
    kind: 'unschedulable',
    told: { message, nominatedNode: preemption.node },
    plugins,
    plan: {
      ...plan,
      actions: [...releases, ...evict(preemption.victims, cache.nominations.below(info, preemption.node), pod, preemption.node, now)],
      waitingOn: `pods of lower priority to leave node ${preemption.node}: ${preemption.victims.map(({ metadata }) => metadata.name).join(', ')}`,
    },
  }
  return { verdict, tried }
}

function devicesText({ devices }: Situation, given: ResourceClaim | undefined): string {
  if (given !== undefined) return 'deallocation of ResourceClaim completed'
  if (devices?.stale !== undefined) return 'deletion of ResourceClaim completed'
  return devices === undefined || devices.isEmpty ? NO_CLAIMS : 'still not schedulable'
}

function withExtended(pod: Pod, extendedResourceClaimStatus: PodExtendedResourceClaimStatus | undefined): Pod {
  return extendedResourceClaimStatus === undefined ? pod : { ...pod, status: { ...pod.status, extendedResourceClaimStatus } }
}

function tryChoosing(situation: Situation, start: number): Choice | string {
  try {
    return chooseNode(situation, start)
  } catch (error) {
    if (error instanceof PluginFault) return error.message
    throw error
  }
}

export function bind(pod: Pod, node: string): Extract<Verdict, { kind: 'bound' }> {
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
function bindClaims(pod: Pod, node: string, { found, toProvision }: VolumeChoice, reserving: readonly Action[]): Verdict {
  const actions = [
    ...reserving,
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
