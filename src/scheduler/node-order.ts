import type { Node } from '../api/types.gen.ts'
import type { NodeInfo } from './node-info.ts'

const ZONE = 'topology.kubernetes.io/zone'
const REGION = 'topology.kubernetes.io/region'

export function zoneOf({ metadata: { labels } }: Node): string {
  return `${labels?.[REGION] ?? ''}\n${labels?.[ZONE] ?? ''}`
}

/**
 * One node of each zone in turn, so that the part of a large cluster which is tried first has some of every zone.
 * Upstream: backend/cache/node_tree.go.
 */
export function inZoneTurns(nodes: readonly NodeInfo[]): NodeInfo[] {
  const zones = new Map<string, NodeInfo[]>()
  for (const info of [...nodes].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const zone = zoneOf(info.node!)
    const members = zones.get(zone)
    if (members === undefined) zones.set(zone, [info])
    else members.push(info)
  }
  const lists = [...zones.values()]
  if (lists.length <= 1) return lists[0] ?? []
  const turns: NodeInfo[] = []
  for (let turn = 0; turns.length < nodes.length; turn++) for (const list of lists) if (turn < list.length) turns.push(list[turn]!)
  return turns
}
