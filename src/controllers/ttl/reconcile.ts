/**
 * How many seconds kubelets may go by the Secrets and ConfigMaps they know: the more, the larger the cluster. Upstream:
 * pkg/controller/ttl/ttl_controller.go.
 */
import type { Node } from '../../api/types.gen.ts'
import type { Plan } from '../../runtime/plan.ts'

/** Upstream: v1.ObjectTTLAnnotationKey. */
export const TTL_ANNOTATION = 'node.alpha.kubernetes.io/ttl'

/** They overlap, so that a cluster at a boundary doesn't change with each node. Upstream: ttlBoundaries. */
const BOUNDARIES = [
  { sizeMin: 0, sizeMax: 100, seconds: 0 },
  { sizeMin: 90, sizeMax: 500, seconds: 15 },
  { sizeMin: 450, sizeMax: 1000, seconds: 30 },
  { sizeMin: 900, sizeMax: 2000, seconds: 60 },
  { sizeMin: 1800, sizeMax: Number.POSITIVE_INFINITY, seconds: 300 },
] as const

/** Counts the nodes, one at a time. */
export class ClusterSize {
  #nodes = 0
  #step = 0

  get ttlSeconds(): number {
    return BOUNDARIES[this.#step]!.seconds
  }

  grow(): void {
    if (++this.#nodes > BOUNDARIES[this.#step]!.sizeMax) this.#step++
  }

  shrink(): void {
    if (--this.#nodes < BOUNDARIES[this.#step]!.sizeMin) this.#step--
  }
}

export function reconcileTtl({ metadata }: Node, ttlSeconds: number): Plan {
  const said = metadata.annotations?.[TTL_ANNOTATION]
  if (said !== undefined && /^[-+]?\d+$/.test(said) && Number(said) === ttlSeconds) return {}
  const patch = { metadata: { uid: metadata.uid, annotations: { [TTL_ANNOTATION]: String(ttlSeconds) } } }
  return { actions: [{ verb: 'patch', target: { resource: 'nodes', namespace: '', name: metadata.name }, patch }] }
}
