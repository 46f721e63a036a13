/**
 * The part of the simulated kubelets that keeps their nodes alive: a controller over Nodes. Every Node is taken over. It
 * registers the node (labels, addresses, capacity, conditions), renews its lease and repeats its status. A node that is
 * annotated as failed goes silent, and what follows is up to the node lifecycle controller, as with a real one. Where there are Stages
 * for Nodes they say what the status is, and no more is left to it than what kwok does besides: the lease.
 */
import type { IpFamily } from '../../api/core/v1/address-range.ts'
import type { Lease, Node, Stage } from '../../api/types.gen.ts'
import type { ControllerDefinition, Reader } from '../../runtime/controller.ts'
import type { Plan } from '../../runtime/plan.ts'
import { clusterBehaviourOf, watchingBehaviour } from '../inherited-behaviour.ts'
import { NodeImages } from '../node-images.ts'
import { internalIPs, type SilentState, silentState, whyMachineIsIdle } from '../node-state.ts'
import { StagePlayer, type StageTools } from '../stages/stage-player.ts'
import { isStaged, keysOfStaged, NODE, STAGES, stagesFor } from '../stages/stages-of-kind.ts'
import type { TemplateFunction } from '../stages/template-functions.ts'
import { addressAt, NodeIndexes } from './node-index.ts'
import { LEASE_NAMESPACE, type ObservedNode, reconcileNode, TURNS } from './reconcile.ts'

/** Nodes that are heard of in one turn. */
const NODES_A_TURN = 50
const KUBELET_PORT = 10250

interface Seen {
  readonly isCordoned: boolean
  readonly silent: SilentState | undefined
}

interface Observed extends ObservedNode {
  /** Those for Nodes, where they lead the node's status. */
  readonly stages: readonly Stage[]
}

/**
 * @param kubeletVersion as in `kubectl get nodes`: v1.36.0
 * @param images what was pulled to the nodes
 * @param families nodes have an address of each
 */
export function nodeAgentController(
  kubeletVersion: string,
  tools: StageTools,
  images = new NodeImages(),
  families: readonly IpFamily[] = ['IPv4'],
): ControllerDefinition<Observed> {
  const player = new StagePlayer('nodes', tools)
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
      [STAGES]: keysOfStaged(NODE, namesOfAll),
    },
    watchesDigests: watchingBehaviour(namesOfAll),
    observe(reader, key) {
      const node = reader.get<Node>('nodes', '', key)
      if (node === undefined) {
        indexes.release(key)
        seen.delete(key)
        player.forget(key)
        return undefined
      }
      const index = indexes.indexOf(node, () => reader.list<Node>('nodes'))
      const lease = reader.get<Lease>('leases.coordination.k8s.io', LEASE_NAMESPACE, key)
      const stages = isStaged(node) ? stagesFor(NODE, reader) : []
      const isCordoned = node.spec.unschedulable === true
      const before = seen.get(key)
      const silent = silentState(node)
      seen.set(key, { isCordoned, silent })
      return {
        node,
        lease,
        addresses: families.map((family) => addressAt(index, family)),
        wasCordoned: before?.isCordoned ?? isCordoned,
        wasSilent: before?.silent,
        images: () => images.reportOf(node),
        turn: Math.floor(index / NODES_A_TURN) % TURNS,
        times: clusterBehaviourOf(reader),
        stages,
        isStaged: stages.length > 0,
      }
    },
    reconcile: (observed, { now }) => {
      const { node, stages, addresses } = observed
      const plan = reconcileNode(observed, kubeletVersion, now)
      const changesFirst = plan.actions?.some(({ verb }) => verb === 'patch') === true
      if (stages.length === 0 || changesFirst || whyMachineIsIdle(node) !== undefined) return plan
      return together(plan, player.play(node.metadata.name, node, stages, nodeFunctions(node, addresses), now))
    },
  }
}

const namesOfAll = (reader: Reader) => reader.list<Node>('nodes').map(({ metadata }) => metadata.name)

function together(a: Plan, b: Plan): Plan {
  const requeueAfterMs = Math.min(a.requeueAfterMs ?? Number.POSITIVE_INFINITY, b.requeueAfterMs ?? Number.POSITIVE_INFINITY)
  const waitingOn = b.waitingOn ?? a.waitingOn
  return {
    actions: [...(a.actions ?? []), ...(b.actions ?? [])],
    events: [...(a.events ?? []), ...(b.events ?? [])],
    ...(requeueAfterMs === Number.POSITIVE_INFINITY ? {} : { requeueAfterMs }),
    ...(waitingOn === undefined ? {} : { waitingOn }),
  }
}

/** What templates may ask about a node. */
function nodeFunctions(node: Node, addresses: readonly string[]): Readonly<Record<string, TemplateFunction>> {
  const own = internalIPs(node)
  const ips = own.length > 0 ? own : addresses
  return { NodeIP: () => ips[0], NodeIPs: () => ips, NodeName: () => node.metadata.name, NodePort: () => KUBELET_PORT }
}
