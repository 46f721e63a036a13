/**
 * Back to an earlier template, asked for by the annotation that stands for extensions/v1beta1's spec.rollbackTo. What
 * `kubectl rollout undo` does today is a plain change of the template and doesn't come here.
 * Upstream: pkg/controller/deployment/rollback.go.
 */
import { ROLLBACK_TO } from '../../api/apps/v1/deployment.ts'
import type { Deployment, ReplicaSet } from '../../api/types.gen.ts'
import type { Plan, PlannedEvent } from '../../runtime/plan.ts'
import { equalIgnoringHash, NOT_HANDED_DOWN, POD_TEMPLATE_HASH, revisionOf } from './revisions.ts'
import { allSets, type Rollout } from './rollout.ts'

/** The revision asked for, 0 being the one before the present; undefined when none is. */
export function rollbackRevision({ metadata }: Deployment): number | undefined {
  const text = metadata.annotations?.[ROLLBACK_TO] ?? ''
  return /^[+-]?\d+$/.test(text) ? Number(text) : undefined
}

/** The Deployment with the template and annotations of that revision; in any case without the wish, so that it is tried once. */
export function rollBack(rollout: Rollout, revision: number): Plan {
  const { deployment } = rollout
  const sets = allSets(rollout)
  const wanted = revision === 0 ? lastRevision(sets) : revision
  if (wanted === 0) return update(without(deployment), notFound('Unable to find last revision.'))
  const set = sets.find((replicaSet) => revisionOf(replicaSet) === wanted)
  if (set === undefined) return update(without(deployment), notFound('Unable to find the revision to rollback to.'))
  const { name } = deployment.metadata
  if (equalIgnoringHash(set.spec.template, deployment.spec.template)) {
    const message = `The rollback revision contains the same template as current deployment "${name}"`
    return update(without(deployment), { type: 'Warning', reason: 'DeploymentRollbackTemplateUnchanged', message })
  }
  const message = `Rolled back deployment "${name}" to revision ${wanted}`
  return update(withTemplateOf(deployment, set), { type: 'Normal', reason: 'DeploymentRollback', message })
}

/** The second highest of the revisions; 0 when there aren't two. */
function lastRevision(sets: readonly ReplicaSet[]): number {
  const revisions = sets.map((set) => revisionOf(set) ?? 0).sort((a, b) => b - a)
  return Math.max(0, revisions[1] ?? 0)
}

function without(deployment: Deployment): Deployment {
  const { [ROLLBACK_TO]: _, ...annotations } = deployment.metadata.annotations ?? {}
  return { ...deployment, metadata: { ...deployment.metadata, annotations } }
}

/** The annotations come from there too: else those of now would be handed down to the ReplicaSet that becomes the present one. */
function withTemplateOf(deployment: Deployment, { metadata, spec }: ReplicaSet): Deployment {
  const pick = (annotations: Record<string, string> | undefined, isOwn: boolean) =>
    Object.fromEntries(Object.entries(annotations ?? {}).filter(([key]) => NOT_HANDED_DOWN.has(key) === isOwn))
  const { [POD_TEMPLATE_HASH]: _, ...labels } = spec.template?.metadata?.labels ?? {}
  const template = { ...spec.template, metadata: { ...spec.template?.metadata, labels } }
  const next = without(deployment)
  return {
    ...next,
    metadata: { ...next.metadata, annotations: { ...pick(next.metadata.annotations, true), ...pick(metadata.annotations, false) } },
    spec: { ...next.spec, template } as Deployment['spec'],
  }
}

function update(object: Deployment, event: PlannedEvent): Plan {
  return { actions: [{ verb: 'update', resource: 'deployments.apps', object, event }], waitingOn: 'its rollback' }
}

function notFound(message: string): PlannedEvent {
  return { type: 'Warning', reason: 'DeploymentRollbackRevisionNotFound', message }
}
