/** Deployments and their ReplicaSets for table tests, and what the controller plans for them. */
import { timestamp } from '../../src/api/meta/time.ts'
import type { Deployment, ReplicaSet } from '../../src/api/types.gen.ts'
import { type ObservedDeployment, reconcileDeployment } from '../../src/controllers/deployment/reconcile.ts'
import type { Rollout } from '../../src/controllers/deployment/rollout.ts'
import type { Plan, ReconcileContext } from '../../src/runtime/plan.ts'
import { context, controlledBy, NOW, replicaSet } from './replica-objects.ts'

export const REVISION = 'deployment.kubernetes.io/revision'
export const HISTORY = 'deployment.kubernetes.io/revision-history'
export const DESIRED = 'deployment.kubernetes.io/desired-replicas'
export const MAX = 'deployment.kubernetes.io/max-replicas'
export const going = { deletionTimestamp: timestamp(NOW) }

export const rolling = (maxSurge: number | string, maxUnavailable: number | string) => ({
  strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } },
})

/** Created so many hours ago, as `foo-v1` before `foo-v2`. */
export function sized(name: string, replicas: number, hoursAgo: number, sizeBefore?: number, surge = 0): ReplicaSet {
  const annotations = sizeBefore === undefined ? {} : { [DESIRED]: String(sizeBefore), [MAX]: String(sizeBefore + surge) }
  return replicaSet(name, replicas, { metadata: { creationTimestamp: timestamp(NOW - hoursAgo * 3600_000), annotations } })
}

export function rollout(given: Deployment, newSet: ReplicaSet | undefined, oldSets: readonly ReplicaSet[]): Rollout {
  return { deployment: given, newSet, oldSets, conditions: [], scalings: [] }
}

export const sizes = ({ newSet, oldSets }: Rollout) => ({ new: newSet?.spec.replicas, old: oldSets.map(({ spec }) => spec.replicas) })

interface Given extends Partial<Omit<ObservedDeployment, 'deployment'>> {
  readonly deployment: Deployment
  readonly context?: Partial<ReconcileContext>
}

export function plan({ context: overrides, ...observed }: Given): Plan {
  return reconcileDeployment({ candidates: [], namesake: undefined, podsOf: new Map(), ...observed }, context(overrides))
}

export const next = (given: Plan) => JSON.parse(JSON.stringify(given.status)) as Deployment
export const conditionsOf = (given: Plan) =>
  Object.fromEntries((next(given).status?.conditions ?? []).map((c) => [c.type, [c.status, c.reason, c.message]]))
export const events = (given: Plan) =>
  [...(given.actions ?? []).map(({ event }) => event), ...(given.events ?? [])].flatMap((event) => (event ? [event.message] : []))
export const own = (set: ReplicaSet, annotations: Record<string, string> = {}): ReplicaSet => ({
  ...set,
  metadata: { ...set.metadata, annotations, ownerReferences: [controlledBy('Deployment', 'web')] },
})
/** As the controller leaves it: annotated for a Deployment of `size` with one pod of surge. */
export const settled = (name: string, size: number, revision: string, options: Parameters<typeof replicaSet>[2] = {}) =>
  own(replicaSet(name, size, options), { [REVISION]: revision, [DESIRED]: '3', [MAX]: '4' })
