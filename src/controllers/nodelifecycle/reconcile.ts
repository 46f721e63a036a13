/** What the control plane makes of a node's signs of life. Upstream: node_lifecycle_controller.go. */
import { findCondition } from '../../api/meta/conditions.ts'
import { parseTimestamp, timestamp } from '../../api/meta/time.ts'
import type { KubeObject } from '../../api/object.ts'
import type { Lease, Node, NodeCondition, Pod } from '../../api/types.gen.ts'
import type { Action, Plan, PlannedEvent } from '../../runtime/plan.ts'
import { evictionPace, type Pace } from './eviction-pace.ts'
import { lacksEvictionTaint, nextTaints } from './node-taints.ts'
import { type Disruption, isReady } from './zones.ts'

/** A node that went. */
export interface RemovedNode {
  readonly removed: { readonly name: string; readonly uid: string }
}

export interface ObservedNode {
  readonly node: Node
  readonly lease: Lease | undefined
  readonly podsOnNode: () => readonly Pod[]
  /** Of its zone and of the cluster. */
  readonly disruption: Disruption
  /** When a node of its zone was last tainted so that its pods go, in milliseconds since the epoch. */
  readonly lastEvictionAt?: number | undefined
  /** This process sees the node for the first time. */
  readonly isNew: boolean
}

/** Upstream: --node-monitor-grace-period. */
export const GRACE_MS = 50_000
/** Upstream: --node-startup-grace-period: until a node first reports. */
const STARTUP_GRACE_MS = 60_000
/** Upstream leaves NetworkUnavailable to others. */
const KUBELET_CONDITIONS = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure']

/** @param watchedSince when this process began to watch: silence counts from then at the earliest */
export function reconcileNode(observed: ObservedNode, watchedSince: number, now: number): Plan {
  const { node, lease } = observed
  const { name } = node.metadata
  const events: PlannedEvent[] = []
  if (observed.isNew)
    events.push({ type: 'Normal', reason: 'RegisteredNode', message: `Node ${name} event: Registered Node ${name} in Controller` })

  const silentFrom = silenceStarts(node, lease, watchedSince)
  const conditions = silentFrom < now ? withUnknown(node, now) : undefined
  if (conditions !== undefined) {
    const wasReady = isReady(node)
    if (wasReady) events.push({ type: 'Normal', reason: 'NodeNotReady', message: `Node ${name} status is now: NodeNotReady` })
    const patch = { metadata: { uid: node.metadata.uid, resourceVersion: node.metadata.resourceVersion }, status: { conditions } }
    const target = { resource: 'nodes', namespace: '', name }
    // The change brings us back here, to taint the node and mark its pods.
    return { actions: [{ verb: 'patch', target, subresource: 'status', patch }], events }
  }

  const pace = paceOf(observed, now)
  const taints = nextTaints(node, pace.eviction, now)
  const labels = betaLabels(node)
  const actions: Action[] = []
  if (taints !== undefined || labels !== undefined) {
    const patch = {
      // A list is replaced whole: it must be the one that was read.
      metadata: { uid: node.metadata.uid, resourceVersion: node.metadata.resourceVersion, ...(labels === undefined ? {} : { labels }) },
      ...(taints === undefined ? {} : { spec: { taints } }),
    }
    actions.push({ verb: 'patch', target: { resource: 'nodes', namespace: '', name }, patch })
  }
  // A kubelet that says it isn't ready still speaks for its pods; for one that has fallen silent somebody else must.
  // Upstream: monitorNodeHealth marks them when it is the one who gives up the node.
  const ready = findCondition(node.status?.conditions, 'Ready')
  if (ready?.status === 'Unknown') actions.push(...markPodsNotReady(observed.podsOnNode(), now))
  const wakeAt = [silentFrom >= now ? silentFrom + 1 : undefined, pace.at].filter((at) => at !== undefined)
  return { actions, events, ...(wakeAt.length === 0 ? {} : { requeueAfterMs: Math.max(1, Math.min(...wakeAt) - now) }) }
}

/** Upstream: RecordNodeEvent. */
export function reconcileRemovedNode({ removed: { name, uid } }: RemovedNode): Plan {
  const about = { apiVersion: 'v1', kind: 'Node', metadata: { name, uid } } as KubeObject
  const message = `Node ${name} event: Removing Node ${name} from Controller`
  return { events: [{ type: 'Normal', reason: 'RemovingNode', message, about }] }
}

/** The last instant at which the node isn't taken for dead. */
function silenceStarts(node: Node, lease: Lease | undefined, watchedSince: number): number {
  const ready = findCondition(node.status?.conditions, 'Ready')
  const renewedAt = parseTimestamp(lease?.spec.renewTime)
  const signs = [watchedSince, parseTimestamp(node.metadata.creationTimestamp), parseTimestamp(ready?.lastHeartbeatTime), renewedAt]
  const lastSign = Math.max(...signs.filter((at) => !Number.isNaN(at)))
  return lastSign + (ready === undefined ? STARTUP_GRACE_MS : GRACE_MS)
}

/** undefined when the node is given up already. */
function withUnknown(node: Node, now: number): NodeCondition[] | undefined {
  const conditions = [...(node.status?.conditions ?? [])]
  const at = timestamp(now)
  let hasChanged = false
  for (const type of KUBELET_CONDITIONS) {
    const index = conditions.findIndex((condition) => condition.type === type)
    const old = conditions[index]
    if (old === undefined) {
      conditions.push({
        lastHeartbeatTime: node.metadata.creationTimestamp,
        lastTransitionTime: at,
        message: 'Kubelet never posted node status.',
        reason: 'NodeStatusNeverUpdated',
        status: 'Unknown',
        type,
      })
    } else if (old.status !== 'Unknown') {
      const message = 'Kubelet stopped posting node status.'
      conditions[index] = { ...old, lastTransitionTime: at, message, reason: 'NodeStatusUnknown', status: 'Unknown' }
    } else continue
    hasChanged = true
  }
  return hasChanged ? conditions : undefined
}

/** What becomes of the pods now. When the last ready node goes, evictions that were under way are called off as well. */
export function paceOf({ node, disruption, lastEvictionAt }: ObservedNode, now: number): Pace {
  if (lacksEvictionTaint(node)) return evictionPace(disruption, lastEvictionAt, now)
  return { eviction: isReady(node) || !disruption.isTotal ? 'keep' : 'remove' }
}

/** Upstream: controller_utils.go MarkPodsNotReady. */
function markPodsNotReady(pods: readonly Pod[], now: number): Action[] {
  return pods
    .filter((pod) => findCondition(pod.status?.conditions, 'Ready')?.status === 'True')
    .map((pod): Action => {
      const conditions = pod.status!.conditions!.map((condition) =>
        condition.type === 'Ready' ? { ...condition, lastTransitionTime: timestamp(now), status: 'False' } : condition,
      )
      const { name, namespace, uid, resourceVersion } = pod.metadata
      return {
        verb: 'patch',
        target: { resource: 'pods', namespace, name },
        subresource: 'status',
        patch: { metadata: { uid, resourceVersion }, status: { conditions } },
        event: { type: 'Warning', reason: 'NodeNotReady', message: 'Node is not ready', about: pod },
      }
    })
}

/** The old labels follow the new ones. Upstream: reconcileNodeLabels. */
function betaLabels(node: Node): Record<string, string> | undefined {
  const labels = node.metadata.labels ?? {}
  const wrong = ['os', 'arch'].filter((name) => {
    const stable = labels[`kubernetes.io/${name}`]
    return stable !== undefined && labels[`beta.kubernetes.io/${name}`] !== stable
  })
  return wrong.length === 0
    ? undefined
    : Object.fromEntries(wrong.map((name) => [`beta.kubernetes.io/${name}`, labels[`kubernetes.io/${name}`]!]))
}
