/**
 * Brings a Deployment's ReplicaSets to its present template and size, and its status to what they report.
 * Upstream: pkg/controller/deployment/deployment_controller.go syncDeployment, sync.go.
 */
import { findCondition } from '../../api/meta/conditions.ts'
import { fromLabelSelector } from '../../api/meta/selectors.ts'
import type { Deployment, DeploymentStatus, Pod, ReplicaSet } from '../../api/types.gen.ts'
import { deepEqual } from '../../lib/deep-equal.ts'
import type { Action, Plan, ReconcileContext } from '../../runtime/plan.ts'
import { claimObjects } from '../pods/claim.ts'
import { type Conditions, deploymentCondition, PROGRESSING, TIMED_OUT, withDeploymentCondition } from './conditions.ts'
import { ensureNewSet } from './ensure-new-set.ts'
import { desiredReplicas, isRecreate, progressDeadlineMs } from './limits.ts'
import { untilProgressCheck, withProgress } from './progress.ts'
import { areOldPodsRunning, scaleDownForRecreate } from './recreate.ts'
import { cleanup, findNewReplicaSet, newSetAnnotations, nextRevision, REVISION } from './revisions.ts'
import { rollBack, rollbackRevision } from './rollback.ts'
import { rollingUpdate } from './rolling-update.ts'
import { type Rollout, replicaSetActions, scaled } from './rollout.ts'
import { isScalingEvent, scale } from './scale.ts'
import { deploymentStatus, isComplete, withStatus } from './status.ts'
import { waitingOn } from './waiting-on.ts'

export interface ObservedDeployment {
  readonly deployment: Deployment
  /** ReplicaSets it has, and orphans it might adopt. */
  readonly candidates: readonly ReplicaSet[]
  /** Whatever has the name that the ReplicaSet of the present template gets. */
  readonly namesake: ReplicaSet | undefined
  /** Pods by the uid of their ReplicaSet; only Recreate asks for them. */
  readonly podsOf: ReadonlyMap<string, readonly Pod[]>
}

const REPLICA_SETS = 'replicasets.apps'
export function reconcileDeployment(observed: ObservedDeployment, context: ReconcileContext): Plan {
  const { deployment, candidates } = observed
  if (deepEqual(deployment.spec.selector, {})) return refuseEmptySelector(deployment)
  const { claimed, actions: claims } = claimObjects({
    owner: deployment,
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    resource: REPLICA_SETS,
    selector: fromLabelSelector(deployment.spec.selector),
    candidates,
  })
  // What is adopted is decided about once it is seen to be ours.
  if (claims.length > 0) return { actions: claims, waitingOn: 'its ReplicaSets to be adopted or released' }
  const isDeleting = deployment.metadata.deletionTimestamp !== undefined
  const start = beginRollout(deployment, claimed, isDeleting, context.now)
  if (isDeleting) return finish(start, claimed, [], context, false)
  if (deployment.spec.paused) {
    const next = scale(start)
    // Those a rollback is about to look for stay.
    const deletions = rollbackRevision(deployment) === undefined ? cleanup(deployment, next.oldSets) : []
    return finish(next, claimed, deletions, context, false)
  }
  const rollbackTo = rollbackRevision(deployment)
  if (rollbackTo !== undefined) return rollBack(start, rollbackTo)
  if (isScalingEvent(start)) return finish(scale(start), claimed, [], context, false)
  return isRecreate(deployment) ? recreate(start, claimed, observed, context) : roll(start, claimed, observed, context)
}

/** The ReplicaSets told apart, the new one with what it takes from the Deployment, and what that alone says of progress. */
function beginRollout(deployment: Deployment, claimed: readonly ReplicaSet[], isDeleting: boolean, now: number): Rollout {
  const found = findNewReplicaSet(deployment, claimed)
  const oldSets = claimed.filter((replicaSet) => replicaSet !== found)
  // Zero and absent are one.
  const isSameDelay = (found?.spec.minReadySeconds ?? 0) === (deployment.spec.minReadySeconds ?? 0)
  const newSet = found && {
    ...found,
    metadata: { ...found.metadata, annotations: newSetAnnotations(deployment, found, nextRevision(oldSets)) },
    spec: isSameDelay ? found.spec : { ...found.spec, minReadySeconds: deployment.spec.minReadySeconds },
  }
  const before = deployment.status?.conditions ?? []
  let conditions = isDeleting ? before : withPause(deployment, before, now)
  if (found && progressDeadlineMs(deployment) !== undefined && findCondition(conditions, PROGRESSING) === undefined) {
    const message = `Found new replica set "${found.metadata.name}"`
    conditions = withDeploymentCondition(conditions, deploymentCondition(PROGRESSING, 'True', 'FoundNewReplicaSet', message, now))
  }
  return { deployment, newSet, oldSets, conditions, scalings: [] }
}

/** A pause doesn't count against the deadline. Upstream: checkPausedConditions. */
function withPause(deployment: Deployment, conditions: Conditions, now: number): Conditions {
  const reason = findCondition(conditions, PROGRESSING)?.reason
  if (progressDeadlineMs(deployment) === undefined || reason === TIMED_OUT) return conditions
  const isMarked = reason === 'DeploymentPaused'
  if (deployment.spec.paused === true && !isMarked) {
    return withDeploymentCondition(conditions, deploymentCondition(PROGRESSING, 'Unknown', 'DeploymentPaused', 'Deployment is paused', now))
  }
  if (deployment.spec.paused !== true && isMarked) {
    return withDeploymentCondition(
      conditions,
      deploymentCondition(PROGRESSING, 'Unknown', 'DeploymentResumed', 'Deployment is resumed', now),
    )
  }
  return conditions
}

function roll(start: Rollout, claimed: readonly ReplicaSet[], observed: ObservedDeployment, context: ReconcileContext): Plan {
  const ensured = ensureNewSet(start, observed.namesake, context)
  if ('plan' in ensured) return ensured.plan
  const next = rollingUpdate(ensured.rollout, ensured.rollout.newSet!)
  return finishRollout(next, next.scalings.length > 0, claimed, context)
}

function recreate(start: Rollout, claimed: readonly ReplicaSet[], observed: ObservedDeployment, context: ReconcileContext): Plan {
  const emptied = scaleDownForRecreate(start)
  if (emptied !== start) return finish(emptied, claimed, [], context, true)
  if (areOldPodsRunning(start, observed.podsOf)) {
    return { ...finish(start, claimed, [], context, true), waitingOn: 'pods of older ReplicaSets to be gone' }
  }
  const ensured = ensureNewSet(start, observed.namesake, context)
  if ('plan' in ensured) return ensured.plan
  const next = scaled(ensured.rollout, ensured.rollout.newSet!, desiredReplicas(start.deployment))
  return finishRollout(next, false, claimed, context)
}

/** Old ReplicaSets are thrown away only after a rollout, when nothing was scaled just now. */
function finishRollout(rollout: Rollout, wasScaled: boolean, claimed: readonly ReplicaSet[], context: ReconcileContext): Plan {
  const { deployment } = rollout
  const deletions = !wasScaled && isComplete(rollout, deployment.status) ? cleanup(deployment, rollout.oldSets) : []
  return finish(rollout, claimed, deletions, context, true)
}

function finish(
  rollout: Rollout,
  claimed: readonly ReplicaSet[],
  deletions: readonly Action[],
  { now }: ReconcileContext,
  watchesProgress: boolean,
): Plan {
  const { deployment, newSet } = rollout
  const { actions, events } = replicaSetActions(rollout, claimed)
  const counted = deploymentStatus(rollout, now)
  const status = watchesProgress ? withProgress(rollout, counted, now) : counted
  const requeueAfterMs = watchesProgress ? untilProgressCheck(deployment, status, now) : undefined
  const reason = waitingOn(rollout, status)
  const revision = newSet?.metadata.annotations?.[REVISION]
  return {
    actions: [...actions, ...deletions, ...revisionPatch(deployment, status, revision)],
    status: withStatus(deployment, status, revision),
    events,
    ...(requeueAfterMs !== undefined && { requeueAfterMs }),
    ...(reason !== undefined && { waitingOn: reason }),
  }
}

/** The revision goes with the status; but a status that stays isn't written. */
function revisionPatch({ metadata, status: old }: Deployment, status: DeploymentStatus, revision: string | undefined): Action[] {
  if (revision === undefined || metadata.annotations?.[REVISION] === revision || !deepEqual(old, status)) return []
  const { namespace, name, uid } = metadata
  const patch = { metadata: { uid, annotations: { [REVISION]: revision } } }
  return [{ verb: 'patch', target: { resource: 'deployments.apps', namespace, name }, patch, subresource: 'status' }]
}

function refuseEmptySelector(deployment: Deployment): Plan {
  const message = 'This deployment is selecting all pods. A non-empty selector is required.'
  return {
    status: withStatus(deployment, { ...deployment.status, observedGeneration: deployment.metadata.generation }),
    events: [{ type: 'Warning', reason: 'SelectingAll', message }],
    waitingOn: message,
  }
}
