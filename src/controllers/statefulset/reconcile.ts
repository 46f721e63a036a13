/**
 * The decision of the StatefulSet controller: pods of stable names, made in order, each when its predecessors are available,
 * removed and updated in reverse. Pure. Invariant: at most one pod an ordinal, as its name is the ordinal's.
 * Upstream: stateful_set_control.go updateStatefulSet.
 */
import type { FeatureGates } from '../../api/feature-gates.ts'
import { fromLabelSelector, selects } from '../../api/meta/selectors.ts'
import type { KubeObject } from '../../api/object.ts'
import type { ControllerRevision, PersistentVolumeClaim, Pod, StatefulSet } from '../../api/types.gen.ts'
import { deepEqual } from '../../lib/deep-equal.ts'
import type { Action, Plan, PlannedEvent, ReconcileContext } from '../../runtime/plan.ts'
import { CONTROLLER_REVISIONS } from '../history/controller-revision.ts'
import { claimObjects } from '../pods/claim.ts'
import { untilNextAvailable } from '../pods/pod-state.ts'
import { fixClaimOwners } from './claims.ts'
import { isMemberOf, isOrdinalWanted, isUnavailable, ordinalOf, podRevision, replicasOf, startOrdinal } from './identity.ts'
import { PODS } from './pods.ts'
import { type Situation, type Step, stepForCondemned, stepForReplica } from './replica.ts'
import { chooseRevisions, cleanUpHistory } from './revisions.ts'
import { maxUnavailableOf, stepForUpdate } from './rolling-update.ts'
import { withStatus } from './status.ts'

export interface ObservedStatefulSet {
  readonly set: StatefulSet
  /** The set's, and those of the namespace without a controller. */
  readonly pods: readonly Pod[]
  /** Likewise. */
  readonly revisions: readonly ControllerRevision[]
  /** Any of the namespace, to see whether a name is taken. */
  readonly revisionNamed: (name: string) => ControllerRevision | undefined
  /** Those that are there of the claims the pods could have. */
  readonly claims: readonly PersistentVolumeClaim[]
}

export function reconcileStatefulSet(
  observed: ObservedStatefulSet,
  { now, lastFailure }: Pick<ReconcileContext, 'now' | 'lastFailure'>,
  gates: FeatureGates,
): Plan {
  const { set } = observed
  const selector = fromLabelSelector(set.spec.selector)
  const owner = { owner: set as KubeObject, apiVersion: 'apps/v1', kind: 'StatefulSet', selector }
  // Owned revisions whose labels were changed are left alone rather than released. Upstream: ListControllerRevisions.
  const matching = observed.revisions.filter(({ metadata }) => selects(set.spec.selector, metadata.labels))
  const history = claimObjects({ ...owner, resource: CONTROLLER_REVISIONS, candidates: matching })
  const claim = claimObjects({ ...owner, resource: PODS, candidates: observed.pods, accepts: (pod) => isMemberOf(set, pod) })
  const pods = [...claim.claimed].sort((a, b) => ordinalOf(a) - ordinalOf(b))

  const revisions = chooseRevisions(set, history.claimed, observed.revisionNamed)
  if (set.metadata.deletionTimestamp !== undefined) {
    return { status: withStatus(set, pods, revisions, now), waitingOn: 'garbage collection: the StatefulSet is being deleted' }
  }
  if (lastFailure !== undefined) {
    // A plan that fails leaves no status behind; pods that can't be made must not keep the others from being counted.
    const told = withStatus(set, pods, revisions, now)
    if (!deepEqual(told.status, set.status)) return { status: told, requeueAfterMs: 1, waitingOn: lastFailure.message }
  }
  const situation: Situation = {
    set,
    revisions,
    claims: new Map(observed.claims.map((found) => [found.metadata.name, found])),
    now,
    maxUnavailable: gates.MaxUnavailableStatefulSet ? maxUnavailableOf(set) : undefined,
    isOrdered: set.spec.podManagementPolicy !== 'Parallel',
  }
  const walk = walkPods(situation, pods)
  const status = withStatus(set, pods, revisions, now, walk.updating)
  const waitingOn = walk.waitingOn ?? missingPods(status)
  const lookAgain = untilNextAvailable(pods, set.spec.minReadySeconds, now)
  return {
    actions: [
      ...history.actions,
      ...claim.actions,
      ...revisions.actions,
      ...walk.actions,
      ...cleanUpHistory(set, history.claimed, revisions, pods),
    ],
    status,
    events: walk.events,
    ...(lookAgain !== undefined && { requeueAfterMs: lookAgain }),
    ...(waitingOn !== undefined && { waitingOn }),
  }
}

function missingPods(set: StatefulSet): string | undefined {
  const wanted = replicasOf(set)
  const missing = wanted - (set.status?.availableReplicas ?? 0)
  return missing > 0 ? `${missing} of ${wanted} pods to be Available` : undefined
}

interface Walk {
  actions: Action[]
  events: PlannedEvent[]
  waitingOn?: string
  updating: number
}

/** First the replicas, then those to be removed, then the update: each only when what comes before it lets it. */
function walkPods(situation: Situation, pods: readonly Pod[]): Walk {
  const { set, now, isOrdered } = situation
  const walk: Walk = { actions: [], events: [], updating: 0 }
  const start = startOrdinal(set)
  const replicas = new Array<Pod | undefined>(replicasOf(set)).fill(undefined)
  for (const pod of pods) if (isOrdinalWanted(set, ordinalOf(pod))) replicas[ordinalOf(pod) - start] = pod
  const condemned = pods.filter((pod) => !isOrdinalWanted(set, ordinalOf(pod)) && ordinalOf(pod) >= 0).reverse()

  const isReplicasEnd = takeSteps(walk, isOrdered, replicas, (pod, index) => stepForReplica(situation, start + index, pod))
  if (isReplicasEnd) return walk

  for (const pod of condemned) {
    const { actions, events } = fixClaimOwners(set, pod, situation.claims)
    walk.actions.push(...actions)
    if (actions.length > 0) walk.events.push(...events)
  }
  const unavailable = (pod: Pod) => isUnavailable(pod, set, now)
  const standing = replicas.filter((pod) => pod !== undefined)
  // A replica that is still to be created is unavailable too, but then an ordered walk ended above.
  const firstUnavailable = standing.find(unavailable) ?? condemned.findLast(unavailable)
  if (takeSteps(walk, isOrdered, condemned, (pod) => stepForCondemned(situation, pod, firstUnavailable))) return walk

  const update = stepForUpdate(situation, replicas)
  takeSteps(walk, isOrdered, [update], ({ step }) => step)
  walk.updating = update.deleted.filter((pod) => podRevision(pod) === situation.revisions.current.name).length
  return walk
}

/** Takes what each pod needs into the walk, until one must be waited for. @returns whether the walk ends there */
function takeSteps<T>(walk: Walk, isOrdered: boolean, items: readonly T[], stepFor: (item: T, index: number) => Step): boolean {
  let isOver = false
  for (const [index, item] of items.entries()) {
    const step = stepFor(item, index)
    walk.actions.push(...step.actions)
    walk.events.push(...(step.events ?? []))
    if (step.waitingOn !== undefined) walk.waitingOn ??= step.waitingOn
    if (step.isFault) isOver = true
    if (step.isBlocking && isOrdered) return true
  }
  return isOver
}
