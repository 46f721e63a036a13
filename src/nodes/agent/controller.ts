/**
 * The part of the simulated kubelets that keeps their nodes alive: a controller over Nodes. Every Node is taken over. It
 * registers the node (labels, addresses, capacity, conditions), renews its lease and repeats its status. A node that is
 * annotated as failed goes silent, and what follows is up to the node lifecycle controller, as with a real one.
 */
import type { Lease, Node } from '../../api/types.gen.ts'
import type { ControllerDefinition } from '../../runtime/controller.ts'
import { clusterBehaviourOf, watchingBehaviour } from '../inherited-behaviour.ts'
import { type SilentState, silentState } from '../node-state.ts'
import { addressAt, NodeIndexes, podCIDRAt } from './node-index.ts'
import { LEASE_NAMESPACE, type ObservedNode, reconcileNode, TURNS } from './reconcile.ts'

/** Nodes that are heard of in one turn. */
const NODES_A_TURN = 50

interface Seen {
  readonly isCordoned: boolean
  readonly silent: SilentState | undefined
}

/** @param kubeletVersion as in `kubectl get nodes`: v1.36.0 */
export function nodeAgentController(kubeletVersion: string): ControllerDefinition<ObservedNode> {
  const indexes = new NodeIndexes()
  /** How nodes were when they were last looked at. */
  const seen = new Map<string, Seen>()
  return {
    name: 'node-agent',
    partOf: 'kubelet',
    component: 'kubelet',
    reconciles: 'nodes',
    watches: {
      'leases.coordination.k8s.io': (current, old) =>
        // Renewals are our own doing; a lease that somebody deleted is made again.
        current === undefined && old?.metadata.namespace === LEASE_NAMESPACE ? [old.metadata.name] : [],
    },
    watchesDigests: watchingBehaviour((reader) => reader.list<Node>('nodes').map(({ metadata }) => metadata.name)),
    observe(reader, key) {
      const node = reader.get<Node>('nodes', '', key)
      if (node === undefined) {
        indexes.release(key)
        seen.delete(key)
        return undefined
      }
      const index = indexes.indexOf(node, () => reader.list<Node>('nodes'))
      const lease = reader.get<Lease>('leases.coordination.k8s.io', LEASE_NAMESPACE, key)
      const isCordoned = node.spec.unschedulable === true
      const before = seen.get(key)
      const silent = silentState(node)
      seen.set(key, { isCordoned, silent })
      return {
        node,
        lease,
        address: addressAt(index),
        podCIDR: podCIDRAt(index),
        wasCordoned: before?.isCordoned ?? isCordoned,
        wasSilent: before?.silent,
        turn: Math.floor(index / NODES_A_TURN) % TURNS,
        times: clusterBehaviourOf(reader),
      }
    },
    reconcile: (observed, { now }) => reconcileNode(observed, kubeletVersion, now),
  }
}
