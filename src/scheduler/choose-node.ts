/** Finds a pod's node among those of the cache. Pure: the same cache and pod give the same node. */

import { objectionOf, type SchedulingContext } from './filters.ts'
import { type FailedNode, NO_NODES } from './fit-error.ts'
import type { NodeInfo } from './node-info.ts'
import { totalScores } from './scores.ts'

export type Choice =
  | { readonly node: string }
  | { readonly node: undefined; readonly failed: readonly FailedNode[]; readonly error?: typeof NO_NODES }

/** In larger clusters only a share of the nodes that fit is scored. Upstream: schedule_one.go numFeasibleNodesToFind. */
const SCORE_ALL_UP_TO = 100
const LEAST_SHARE_PERCENT = 5

export function chooseNode(context: SchedulingContext, nodes: readonly NodeInfo[]): Choice {
  if (nodes.length === 0) return { node: undefined, failed: [], error: NO_NODES }
  const seed = hash(context.pod.pod.metadata.uid ?? context.pod.key)
  const wanted = nodesToFind(nodes.length)
  const fitting: NodeInfo[] = []
  const failed: FailedNode[] = []
  // From another start for each pod, so that all nodes get their turn.
  for (let tried = 0, at = seed % nodes.length; tried < nodes.length && fitting.length < wanted; tried++, at = (at + 1) % nodes.length) {
    const node = nodes[at]!
    const objection = objectionOf(context, node)
    if (objection === undefined) fitting.push(node)
    else failed.push({ node: node.name, objection })
  }
  if (fitting.length === 0) return { node: undefined, failed }
  const nominated = fitting.find(({ name }) => name === context.pod.pod.status?.nominatedNodeName)
  if (nominated !== undefined) return { node: nominated.name }
  return { node: best(fitting, totalScores(context, fitting), seed) }
}

function nodesToFind(count: number): number {
  if (count <= SCORE_ALL_UP_TO) return count
  const percent = Math.max(LEAST_SHARE_PERCENT, 50 - Math.floor(count / 125))
  return Math.max(SCORE_ALL_UP_TO, Math.floor((count * percent) / 100))
}

/** Ties are broken by chance, but the same for the same pod. */
function best(nodes: readonly NodeInfo[], scores: readonly number[], seed: number): string {
  const greatest = Math.max(...scores)
  const tied = nodes.filter((_, index) => scores[index] === greatest)
  return tied[seed % tied.length]!.name
}

/** FNV-1a */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193) >>> 0
  return value
}
