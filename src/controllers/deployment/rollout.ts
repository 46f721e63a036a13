/**
 * A Deployment and its ReplicaSets as they are to be: each step of the decision takes one and gives the next, and what
 * differs from what was observed becomes the plan.
 */
import type { Deployment, DeploymentCondition, ReplicaSet } from '../../api/types.gen.ts'
import { deepEqual } from '../../lib/deep-equal.ts'
import type { Action, PlannedEvent } from '../../runtime/plan.ts'
import { desiredReplicas, maxSurge, sizeOf } from './limits.ts'
import { replicasAnnotations } from './revisions.ts'

export interface Rollout {
  readonly deployment: Deployment
  /** The one with the Deployment's template, if there is one; without a uid when it is yet to be created. */
  readonly newSet: ReplicaSet | undefined
  readonly oldSets: readonly ReplicaSet[]
  /** Of the Deployment, as far as decided. */
  readonly conditions: readonly DeploymentCondition[]
  readonly scalings: readonly Scaling[]
}

interface Scaling {
  readonly name: string
  readonly from: number
  readonly to: number
}

const REPLICA_SETS = 'replicasets.apps'

export function allSets({ newSet, oldSets }: Rollout): ReplicaSet[] {
  return newSet === undefined ? [...oldSets] : [...oldSets, newSet]
}

/** With this ReplicaSet at another size; its annotations then tell under which size of the Deployment. */
export function scaled(rollout: Rollout, replicaSet: ReplicaSet, size: number): Rollout {
  return sizeOf(replicaSet) === size ? rollout : withSize(rollout, replicaSet, size)
}

/** As `scaled`, but the annotations are renewed even when the size stays. */
export function withSize(rollout: Rollout, replicaSet: ReplicaSet, size: number): Rollout {
  const { deployment, newSet, oldSets, scalings } = rollout
  const { metadata, spec } = replicaSet
  const annotations = { ...metadata.annotations, ...replicasAnnotations(desiredReplicas(deployment), maxSurge(deployment)) }
  const resized = { ...replicaSet, metadata: { ...metadata, annotations }, spec: { ...spec, replicas: size } }
  const swap = (other: ReplicaSet) => (other.metadata.name === metadata.name ? resized : other)
  const from = sizeOf(replicaSet)
  return {
    ...rollout,
    newSet: newSet && swap(newSet),
    oldSets: oldSets.map(swap),
    scalings: from === size ? scalings : [...scalings, { name: metadata.name, from, to: size }],
  }
}

/** What makes the observed ReplicaSets those of the rollout. Events that no action can carry come apart. */
export function replicaSetActions(rollout: Rollout, observed: readonly ReplicaSet[]): { actions: Action[]; events: PlannedEvent[] } {
  const before = new Map(observed.map((replicaSet) => [replicaSet.metadata.name, replicaSet]))
  const actions: Action[] = []
  const events: PlannedEvent[] = []
  // The new one first, so that a rollout can't take away before it has given.
  for (const replicaSet of [...(rollout.newSet ? [rollout.newSet] : []), ...rollout.oldSets]) {
    const { name } = replicaSet.metadata
    const [first, ...more] = rollout.scalings.filter((scaling) => scaling.name === name).map(scalingEvent)
    const old = before.get(name)
    if (old === undefined) actions.push({ verb: 'create', resource: REPLICA_SETS, object: replicaSet, ...creationEvents(replicaSet) })
    else if (!deepEqual(old, replicaSet)) actions.push({ ...patchOf(old, replicaSet), ...(first && { event: first }) })
    // One patch may stand for two scalings: of unhealthy pods, then of others.
    events.push(...more)
  }
  return { actions, events }
}

function patchOf(old: ReplicaSet, { metadata, spec }: ReplicaSet): Action {
  const { namespace, name, uid } = metadata
  const annotations = Object.fromEntries(
    Object.entries(metadata.annotations ?? {}).filter(([key, value]) => old.metadata.annotations?.[key] !== value),
  )
  const changes = {
    ...(old.spec.replicas !== spec.replicas && { replicas: spec.replicas }),
    ...((old.spec.minReadySeconds ?? 0) !== (spec.minReadySeconds ?? 0) && { minReadySeconds: spec.minReadySeconds ?? 0 }),
  }
  const patch = {
    metadata: { uid, ...(Object.keys(annotations).length > 0 && { annotations }) },
    ...(Object.keys(changes).length > 0 && { spec: changes }),
  }
  return { verb: 'patch', target: { resource: REPLICA_SETS, namespace, name }, patch }
}

function scalingEvent({ name, from, to }: Scaling): PlannedEvent {
  const direction = from < to ? 'up' : 'down'
  return {
    type: 'Normal',
    reason: 'ScalingReplicaSet',
    message: `Scaled ${direction} replica set ${name} from ${from} to ${to}`,
  }
}

function creationEvents(replicaSet: ReplicaSet): { event?: PlannedEvent; failureEvent: PlannedEvent } {
  const { name } = replicaSet.metadata
  const size = sizeOf(replicaSet)
  return {
    ...(size > 0 && { event: scalingEvent({ name, from: 0, to: size }) }),
    failureEvent: { type: 'Warning', reason: 'ReplicaSetCreateError', message: `Failed to create new replica set "${name}": ` },
  }
}
