/** How long a node takes for what, as its annotations `coracle.dev/KEY` say, or else the cluster. */
import { annotation } from '../api/simulation/annotations.ts'
import type { Node } from '../api/types.gen.ts'
import { durationMs } from './behaviour-annotations.ts'

const isDuration = (text: string) => durationMs(text) !== undefined

/** The keys there are, and which values of them can be read. */
export const NODE_TIMES = {
  /** How long its machine takes to boot. */
  'boot-delay': isDuration,
  /** After how long it renews its lease. */
  heartbeat: (text: string) => (durationMs(text) ?? 0) >= SHORTEST_HEARTBEAT_MS,
  /** How long it takes from joining, or a boot, to being ready. */
  'ready-delay': isDuration,
} as const

export type NodeTime = keyof typeof NODE_TIMES

/** Lest a node does nothing else. */
const SHORTEST_HEARTBEAT_MS = 100

/** In milliseconds; undefined when nobody says. */
export function nodeTimeMs(node: Node, key: NodeTime, cluster: Readonly<Record<string, string>> | undefined): number | undefined {
  for (const text of [annotation(node, key), cluster?.[key]]) if (text !== undefined && NODE_TIMES[key](text)) return durationMs(text)
  return undefined
}
