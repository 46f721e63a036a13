/** Finds a pod's node among those of the cache. Pure: the same cache and pod give the same node. */

import { generalObjection, objectionOf } from './filtering.ts'
import { type FailedNode, NO_NODES } from './fit-error.ts'
import type { NodeInfo } from './node-info.ts'
import { PLUGINS } from './plugins/index.ts'
import { namedNodes } from './plugins/node-affinity.ts'
import type { Situation } from './situation.ts'

export type Choice =
  /** @property tried how many nodes were asked about: the next pod's search begins behind them */
  | { readonly node: string; readonly tried: number }
  | {
      readonly node: undefined
      readonly tried: number
      /** Nodes that were asked about. */
      readonly failed: readonly FailedNode[]
      readonly error?: typeof NO_NODES
      /** Why no node was asked about. */
      readonly general?: { readonly plugin: string; readonly reason: string }
    }

/** In larger clusters only a share of the nodes that fit is scored. Upstream: schedule_one.go numFeasibleNodesToFind. */
const SCORE_ALL_UP_TO = 100
const LEAST_SHARE_PERCENT = 5

/** @param start which of the nodes is asked about first */
export function chooseNode(situation: Situation, start: number): Choice {
  const { cache, pod } = situation
  const all = cache.nodes()
  if (all.length === 0) return { node: undefined, tried: 0, failed: [], error: NO_NODES }
  const general = generalObjection(situation)
  if (general !== undefined) return { node: undefined, tried: 0, failed: [], general }
  const nominated = cache.node(pod.pod.status?.nominatedNodeName ?? '')
  if (nominated !== undefined && objectionOf(situation, nominated) === undefined) return { node: nominated.name, tried: 0 }

  const names = namedNodes(pod.pod)
  const nodes = names === undefined ? all : [...names].sort().flatMap((name) => cache.node(name) ?? [])
  const wanted = nodesToFind(nodes.length)
  const fitting: NodeInfo[] = []
  const failed: FailedNode[] = []
  for (let tried = 0; tried < nodes.length && fitting.length < wanted; tried++) {
    const node = nodes[(start + tried) % nodes.length]!
    const objection = objectionOf(situation, node)
    if (objection === undefined) fitting.push(node)
    else failed.push({ node: node.name, objection })
  }
  const tried = fitting.length + failed.length
  if (fitting.length === 0) return { node: undefined, tried, failed }
  if (fitting.length === 1) return { node: fitting[0]!.name, tried }
  return { node: best(fitting, totalScores(situation, fitting), hash(pod.pod.metadata.uid ?? pod.key)), tried }
}

export function nodesToFind(count: number): number {
  if (count <= SCORE_ALL_UP_TO) return count
  const percent = Math.max(LEAST_SHARE_PERCENT, 50 - Math.floor(count / 125))
  return Math.max(SCORE_ALL_UP_TO, Math.floor((count * percent) / 100))
}

/** The weighted sum of the plugins' ratings for each of the nodes, in their order. */
export function totalScores(situation: Situation, nodes: readonly NodeInfo[]): number[] {
  const totals = new Array<number>(nodes.length).fill(0)
  for (const { score } of PLUGINS) {
    const rates = score?.rate(situation, nodes)
    if (rates !== undefined) for (const [index, rate] of rates.entries()) totals[index]! += score!.weight * rate
  }
  return totals
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
