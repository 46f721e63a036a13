/**
 * How well a node suits a pod that would rather be apart from its like: by its own soft spread constraints or, where it has
 * none, by those that every pod of a controller has. Upstream: podtopologyspread/scoring.go.
 */
import type { SchedulingContext } from './filters.ts'
import type { NodeInfo } from './node-info.ts'
import { domainOf, ZONE } from './topology-state.ts'

const BEST = 100
const HOSTNAME = 'kubernetes.io/hostname'

interface Constraint {
  readonly topologyKey: string
  readonly maxSkew: number
  /** How many of the pod's like are in the node's domain. */
  readonly count: (node: NodeInfo, domain: string) => number
}

/** From 0 to 100 for each of the nodes, in their order; undefined when the pod doesn't care. */
export function spreadScores(context: SchedulingContext, nodes: readonly NodeInfo[]): number[] | undefined {
  const own = ownConstraints(context)
  const constraints = own ?? defaultConstraints(context)
  if (constraints.length === 0) return undefined
  // A node outside of a domain that the pod itself speaks of is the worst; a cluster without zones is fine.
  const isIgnored = (node: NodeInfo) =>
    own !== undefined && constraints.some(({ topologyKey }) => domainOf(node.node!, topologyKey) === undefined)
  const counted = nodes.filter((node) => !isIgnored(node))
  const weights = constraints.map(({ topologyKey }) => Math.log(sizeOf(topologyKey, counted) + 2))
  const crowding = nodes.map((node) => (isIgnored(node) ? undefined : crowdingOf(node, constraints, weights)))
  const known = crowding.filter((value) => value !== undefined)
  const most = Math.max(0, ...known)
  const least = Math.min(...known)
  return crowding.map((value) => {
    if (value === undefined) return 0
    return most === 0 ? BEST : Math.trunc((BEST * (most + least - value)) / most)
  })
}

/** undefined when the pod has no constraints at all, not even hard ones: then the defaults count. */
function ownConstraints({ pod, topology }: SchedulingContext): Constraint[] | undefined {
  if ((pod.pod.spec.topologySpreadConstraints ?? []).length === 0) return undefined
  return topology.preferredSpread.map(({ constraint: { topologyKey, maxSkew }, byDomain }) => ({
    topologyKey,
    maxSkew,
    count: (_node, domain) => byDomain.get(domain) ?? 0,
  }))
}

/** Upstream: systemDefaultConstraints, for the controllers of DefaultSelector. */
function defaultConstraints({ pod, topology }: SchedulingContext): Constraint[] {
  const uid = pod.controllerUid
  if (uid === undefined || !pod.isReplica) return []
  return [
    { topologyKey: HOSTNAME, maxSkew: 3, count: (node) => node.ofController.get(uid) ?? 0 },
    { topologyKey: ZONE, maxSkew: 5, count: (_node, domain) => topology.controllerByZone().get(domain) ?? 0 },
  ]
}

/** How many domains there are to choose from. */
function sizeOf(topologyKey: string, nodes: readonly NodeInfo[]): number {
  return topologyKey === HOSTNAME ? nodes.length : new Set(nodes.map(({ node }) => domainOf(node!, topologyKey))).size
}

function crowdingOf(node: NodeInfo, constraints: readonly Constraint[], weights: readonly number[]): number {
  let sum = 0
  for (let index = 0; index < constraints.length; index++) {
    const { topologyKey, maxSkew, count } = constraints[index]!
    const domain = domainOf(node.node!, topologyKey)
    // A greater skew that is allowed waters the differences down.
    if (domain !== undefined) sum += count(node, domain) * weights[index]! + maxSkew - 1
  }
  return Math.round(sum)
}
