/** Asks the plugins about a node. */
import type { NodeInfo } from './node-info.ts'
import { PLUGINS } from './plugins/index.ts'
import type { Refusal } from './plugins/plugin.ts'
import type { Situation } from './situation.ts'

export interface Objection extends Refusal {
  readonly plugin: string
}

/**
 * Why the pod can't run on the node: the first plugin that refuses decides. It must fit beside the pods that the node's room was
 * made for, and without them, for they may not come. Upstream: runtime/framework.go RunFilterPluginsWithNominatedPods.
 */
export function objectionOf(situation: Situation, node: NodeInfo): Objection | undefined {
  const nominated = situation.cache.nominations.before(situation.pod, node.name)
  if (nominated.length > 0) {
    const crowded = node.copy()
    for (const other of nominated) situation.change(crowded, other, 1)
    const objection = firstObjection(situation, crowded)
    for (const other of nominated) situation.change(crowded, other, -1)
    if (objection !== undefined) return objection
  }
  return firstObjection(situation, node)
}

function firstObjection(situation: Situation, node: NodeInfo): Objection | undefined {
  for (const { name, filter } of PLUGINS) {
    const refusal = filter?.(situation, node)
    if (refusal !== undefined) return { ...refusal, plugin: name }
  }
  return undefined
}

/** Why it can run nowhere, whatever the node. */
export function generalObjection(situation: Situation): { readonly plugin: string; readonly reason: string } | undefined {
  for (const { name, preFilter } of PLUGINS) {
    const reason = preFilter?.(situation)
    if (reason !== undefined) return { plugin: name, reason }
    // The volumes' plugins come at one place in the order, and know among themselves who is first.
    if (name === 'VolumeRestrictions' && situation.volumes.blocked !== undefined) return situation.volumes.blocked
  }
  return undefined
}
