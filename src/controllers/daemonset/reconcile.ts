/**
 * The decision of the DaemonSet controller: one pod on each node it belongs on. Pure. Invariant: no second pod is made for a
 * node while one stands there, but for a surge. Upstream: daemon_controller.go syncDaemonSet, manage.
 */
import { fromLabelSelector } from '../../api/meta/selectors.ts'
import type { KubeObject } from '../../api/object.ts'
import type { ControllerRevision, DaemonSet, Node, Pod } from '../../api/types.gen.ts'
import { deepEqual } from '../../lib/deep-equal.ts'
import type { Plan, ReconcileContext } from '../../runtime/plan.ts'
import { CONTROLLER_REVISIONS } from '../history/controller-revision.ts'
import { claimObjects } from '../pods/claim.ts'
import { isPodTerminal, untilNextAvailable } from '../pods/pod-state.ts'
import { createDaemonPod, deleteDaemonPod, PODS, podsByNode } from './daemon-pod.ts'
import type { EarlierFailures } from './failed-pods.ts'
import { manageNodes } from './manage-nodes.ts'
import { nodeFitOf } from './node-fit.ts'
import { chooseHistory, cleanUpHistory } from './revisions.ts'
import { rollingUpdate } from './rolling-update.ts'
import { withStatus } from './status.ts'
import { allowsSurge } from './update-strategy.ts'

/** As many creates, and as many deletes, in one go: more would crowd out others. Upstream: BurstReplicas. */
const BURST = 250

export interface ObservedDaemonSet {
  readonly set: DaemonSet
  /** All of the cluster. */
  readonly nodes: readonly Node[]
  /** The set's, and those of the namespace without a controller. */
  readonly pods: readonly Pod[]
  /** Likewise. */
  readonly revisions: readonly ControllerRevision[]
  /** Any of the namespace, to see whether a name is taken. */
  readonly revisionNamed: (name: string) => ControllerRevision | undefined
  readonly earlierFailures: EarlierFailures
}

export function reconcileDaemonSet(observed: ObservedDaemonSet, context: Pick<ReconcileContext, 'now' | 'newName' | 'lastFailure'>): Plan {
  const { set } = observed
  const { now } = context
  if (isSelectingAll(set)) {
    const message = 'This daemon set is selecting all pods. A non-empty selector is required.'
    return { events: [{ type: 'Warning', reason: 'SelectingAll', message }], waitingOn: 'a selector that is not empty' }
  }
  // Its revisions may be gone before its pods, so not even the status can be told. Upstream: syncDaemonSet.
  if (set.metadata.deletionTimestamp !== undefined) return { waitingOn: 'garbage collection: the DaemonSet is being deleted' }

  const owner = { owner: set as KubeObject, apiVersion: 'apps/v1', kind: 'DaemonSet', selector: fromLabelSelector(set.spec.selector) }
  const claim = claimObjects({ ...owner, resource: PODS, candidates: observed.pods })
  const claimedRevisions = claimObjects({ ...owner, resource: CONTROLLER_REVISIONS, candidates: observed.revisions })
  const history = chooseHistory(set, claimedRevisions.claimed, claim.claimed, observed.revisionNamed)
  if (history.isCollision) {
    // Another count gives another name, when the change of the status brings the set here again.
    const status = { ...set.status!, collisionCount: (set.status?.collisionCount ?? 0) + 1 }
    return { status: { ...set, status } as DaemonSet, waitingOn: 'a name for its revision that is not taken' }
  }

  const fitOf = nodeFitOf(set)
  const nodes = [...observed.nodes].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
  const fits = new Map(nodes.map((node) => [node.metadata.name, fitOf(node)]))
  // A pod that has ended and is being deleted is history already.
  const live = claim.claimed.filter((pod) => !(isPodTerminal(pod) && pod.metadata.deletionTimestamp !== undefined))
  const byNode = podsByNode(live)
  const situation = { set, hash: history.hash, allowsSurge: allowsSurge(set), earlierFailures: observed.earlierFailures, now }
  const work = manageNodes(situation, nodes, fits, byNode)
  const isIdle = work.creates.length === 0 && work.deletes.length === 0
  if (isIdle && set.spec.updateStrategy?.type === 'RollingUpdate') {
    const update = rollingUpdate({ set, hash: history.hash, fits, podsByNode: byNode, now })
    work.creates.push(...update.creates)
    work.deletes.push(...update.deletes)
  }

  const status = withStatus(set, history.hash, fits, byNode, now)
  if (context.lastFailure !== undefined && !deepEqual(status.status, set.status)) {
    // A plan that fails leaves no status behind; pods that can't be made must not keep the others from being counted.
    return { status, requeueAfterMs: 1, waitingOn: context.lastFailure.message }
  }
  const lookAgain = [work.backOffMs, untilNextAvailable(live, set.spec.minReadySeconds, now)].filter((delay) => delay !== undefined)
  const waitingOn = reasonToWait(status, work.backOffMs)
  return {
    actions: [
      ...claimedRevisions.actions,
      ...claim.actions,
      ...history.actions,
      ...work.creates.slice(0, BURST).map((node) => createDaemonPod(set, node, history.hash, context)),
      ...work.deletes.slice(0, BURST).map(deleteDaemonPod),
      ...cleanUpHistory(set, history.old, claim.claimed),
    ],
    status,
    events: work.events,
    ...(lookAgain.length > 0 && { requeueAfterMs: Math.min(...lookAgain) }),
    ...(waitingOn !== undefined && { waitingOn }),
  }
}

function reasonToWait({ status }: DaemonSet, backOffMs: number | undefined): string | undefined {
  if (backOffMs !== undefined) return `the back-off of a failed pod, ${Math.ceil(backOffMs / 1000)} s more`
  const { desiredNumberScheduled: desired, updatedNumberScheduled: updated = 0, numberAvailable: available = 0 } = status!
  if (available < desired) return `pods to be available on ${desired - available} of ${desired} nodes`
  return updated < desired ? `pods to be updated on ${desired - updated} of ${desired} nodes` : undefined
}

function isSelectingAll({ spec }: DaemonSet): boolean {
  const { matchLabels = {}, matchExpressions = [] } = spec.selector
  return Object.keys(matchLabels).length === 0 && matchExpressions.length === 0
}
