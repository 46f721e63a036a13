/** Nodes that are alike: NAME-1, NAME-2 and so on, from one template. */
import { parseQuantity } from '../api/meta/quantity.ts'
import type { New } from '../api/object.ts'
import type { Node, Taint } from '../api/types.gen.ts'
import { newNode } from './node-objects.ts'

/** On a Node: the pool it is of. */
export const POOL_LABEL = 'coracle.dev/node-pool'
const ZONE_LABEL = 'topology.kubernetes.io/zone'

export interface NodePool {
  readonly name: string
  readonly count: number
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  /** Its nodes are in these in turn. */
  readonly zones?: readonly string[]
  readonly taints?: readonly Taint[]
  /** What differs from the usual, extended resources with it. */
  readonly capacity?: Readonly<Record<string, string>>
}

/** The pool's nodes, to be created. */
export function nodesOfPool({ name, count, labels, annotations, zones = [], taints, capacity }: NodePool): New<Node>[] {
  return Array.from({ length: count }, (_, i) =>
    newNode(`${name}-${i + 1}`, {
      labels: { ...labels, ...(zones.length === 0 ? {} : { [ZONE_LABEL]: zones[i % zones.length]! }), [POOL_LABEL]: name },
      ...(annotations === undefined ? {} : { annotations }),
      ...(taints === undefined ? {} : { taints }),
      ...(capacity === undefined ? {} : { capacity }),
    }),
  )
}

/** Which nodes a pool of such a size lacks, and which ones it has too many, the latest first. @param nodes those it has */
export function resize(pool: NodePool, nodes: readonly Node[]): { readonly joining: New<Node>[]; readonly leaving: Node[] } {
  const there = new Set(nodes.map(({ metadata }) => metadata.name))
  const numberOf = ({ metadata }: Node) => Number(metadata.name.slice(pool.name.length + 1))
  return {
    joining: nodesOfPool(pool).filter(({ metadata }) => !there.has(metadata.name!)),
    // Also one of the pool that is called otherwise.
    leaving: nodes.filter((node) => !(numberOf(node) <= pool.count)).sort((a, b) => numberOf(b) - numberOf(a)),
  }
}

/** What is wrong with it that no Node would tell of; undefined when nothing is. */
export function faultOfPool({ count, capacity = {} }: NodePool, maxNodes: number): string | undefined {
  if (!Number.isInteger(count) || count < 0 || count > maxNodes)
    return `count must be a whole number from 0 to ${maxNodes}, not ${JSON.stringify(count)}`
  for (const [resource, amount] of Object.entries(capacity)) {
    if (parseQuantity(String(amount)) === undefined)
      return `capacity.${resource} must be a quantity such as "4" or "8Gi", not ${JSON.stringify(amount)}`
  }
  return undefined
}

/**
 * `name=gpu,count=2,cpu=16,nvidia.com/gpu=2,zone=a,zone=b,label:tier=ml,annotation:coracle.dev/ready-delay=10s,
 * taint:dedicated=ml:NoSchedule`: what is no other setting is
 * an amount of a resource.
 * @throws Error that says what is wrong with it
 */
export function parseNodePool(text: string): NodePool {
  const labels: Record<string, string> = {}
  const annotations: Record<string, string> = {}
  const capacity: Record<string, string> = {}
  const zones: string[] = []
  const taints: Taint[] = []
  let name = ''
  let count = 1
  for (const item of text.split(',')) {
    const [, key = '', value = ''] = /^([^=]*)=?(.*)$/.exec(item.trim()) ?? []
    if (key === 'name') name = value
    else if (key === 'count') count = /^\d+$/.test(value) ? Number(value) : Number.NaN
    else if (key === 'zone') zones.push(value)
    else if (key.startsWith('label:')) labels[key.slice('label:'.length)] = value
    else if (key.startsWith('annotation:')) annotations[key.slice('annotation:'.length)] = value
    else if (key.startsWith('taint:')) taints.push(parseTaint(item.trim().slice('taint:'.length)))
    else if (isResource(key) && parseQuantity(value) !== undefined) capacity[key] = value
    else throw new Error(`${JSON.stringify(item)} is no setting of a node pool`)
  }
  if (!/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name)) throw new Error(`a node pool needs a name such as gpu, not ${JSON.stringify(name)}`)
  const pool = {
    name,
    count,
    ...(Object.keys(labels).length > 0 && { labels }),
    ...(Object.keys(annotations).length > 0 && { annotations }),
    ...(zones.length > 0 && { zones }),
    ...(taints.length > 0 && { taints }),
    ...(Object.keys(capacity).length > 0 && { capacity }),
  }
  const fault = faultOfPool(pool, Number.MAX_SAFE_INTEGER)
  if (fault !== undefined) throw new Error(fault)
  return pool
}

/** As kubectl has them: `key=value:Effect`, `key:Effect`. */
function parseTaint(text: string): Taint {
  const [, key, value, effect] = /^([^=:]+)(?:=([^:]*))?:(NoSchedule|PreferNoSchedule|NoExecute)$/.exec(text) ?? []
  if (key === undefined || effect === undefined) throw new Error(`taint:${text} must be taint:KEY=VALUE:EFFECT`)
  return { key, ...(value ? { value } : {}), effect }
}

function isResource(key: string): boolean {
  return ['cpu', 'memory', 'pods', 'ephemeral-storage'].includes(key) || key.startsWith('hugepages-') || key.includes('/')
}
