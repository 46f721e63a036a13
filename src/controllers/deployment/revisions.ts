/**
 * Which ReplicaSet is the Deployment's present one, and how the others are numbered, kept and thrown away.
 * Upstream: deployment_util.go FindNewReplicaSet, SetNewReplicaSetAnnotations; sync.go cleanupDeployment.
 */
import { ROLLBACK_TO } from '../../api/apps/v1/deployment.ts'
import { parseTimestamp } from '../../api/meta/time.ts'
import type { Deployment, PodTemplateSpec, ReplicaSet } from '../../api/types.gen.ts'
import { deepEqual } from '../../lib/deep-equal.ts'
import type { DeleteAction } from '../../runtime/plan.ts'
import { revisionHistoryLimit, sizeOf } from './limits.ts'

export const POD_TEMPLATE_HASH = 'pod-template-hash'
export const REVISION = 'deployment.kubernetes.io/revision'
export const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history'
export const DESIRED_REPLICAS = 'deployment.kubernetes.io/desired-replicas'
export const MAX_REPLICAS = 'deployment.kubernetes.io/max-replicas'

/** The Deployment's own business; all its other annotations are handed down. */
export const NOT_HANDED_DOWN = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
  ROLLBACK_TO,
])
/** Upstream: maxRevHistoryLengthInChars. */
const LONGEST_HISTORY = 2000

export function byCreation(a: ReplicaSet, b: ReplicaSet): number {
  return (
    parseTimestamp(a.metadata.creationTimestamp) - parseTimestamp(b.metadata.creationTimestamp) ||
    (a.metadata.name < b.metadata.name ? -1 : 1)
  )
}

/** The oldest with the Deployment's template: a cluster may hold several, of which the others count as old. */
export function findNewReplicaSet(deployment: Deployment, replicaSets: readonly ReplicaSet[]): ReplicaSet | undefined {
  return [...replicaSets].sort(byCreation).find((replicaSet) => equalIgnoringHash(replicaSet.spec.template, deployment.spec.template))
}

/** Are they one template, but for the label that tells apart the pods of ReplicaSets? */
export function equalIgnoringHash(a: PodTemplateSpec | undefined, b: PodTemplateSpec | undefined): boolean {
  return deepEqual(withoutHash(a), withoutHash(b))
}

function withoutHash(template: PodTemplateSpec | undefined): PodTemplateSpec {
  const { [POD_TEMPLATE_HASH]: _, ...labels } = template?.metadata?.labels ?? {}
  const metadata = { ...template?.metadata, labels, annotations: template?.metadata?.annotations ?? {} }
  return { ...template, metadata }
}

/** The number in the annotation; 0 when there is none, undefined when it is no number. */
export function revisionOf(replicaSet: ReplicaSet): number | undefined {
  const text = replicaSet.metadata.annotations?.[REVISION]
  if (text === undefined) return 0
  return /^[+-]?\d+$/.test(text) ? Number(text) : undefined
}

export function nextRevision(oldSets: readonly ReplicaSet[]): number {
  return Math.max(0, ...oldSets.map((replicaSet) => revisionOf(replicaSet) ?? 0)) + 1
}

/** The annotations of the present ReplicaSet: handed down from the Deployment, with its revision and those it had before. */
export function newSetAnnotations(deployment: Deployment, replicaSet: ReplicaSet, revision: number): Record<string, string> {
  const current = replicaSet.metadata.annotations ?? {}
  const oldText = current[REVISION] ?? ''
  const oldRevision = oldText === '' ? 0 : revisionOf(replicaSet)
  if (oldRevision === undefined) return current
  const annotations = { ...current }
  for (const [key, value] of Object.entries(deployment.metadata.annotations ?? {})) if (!NOT_HANDED_DOWN.has(key)) annotations[key] = value
  // It may be ahead when ReplicaSets with later revisions were thrown away; numbers never go back.
  if (oldRevision < revision) {
    annotations[REVISION] = String(revision)
    // It served before and does so again.
    if (oldText !== '') annotations[REVISION_HISTORY] = history(current[REVISION_HISTORY] ?? '', oldText)
  }
  return annotations
}

/** The earliest go when it grows too long. */
function history(past: string, revision: string): string {
  const revisions = past === '' ? [] : past.split(',')
  while (revisions.length > 0 && [...revisions, revision].join(',').length > LONGEST_HISTORY) revisions.shift()
  return [...revisions, revision].join(',')
}

/** Old ReplicaSets beyond the limit, the lowest revisions first; one that still has pods or news is passed over. */
export function cleanup(deployment: Deployment, oldSets: readonly ReplicaSet[]): DeleteAction[] {
  const limit = revisionHistoryLimit(deployment)
  if (limit === undefined) return []
  const alive = oldSets.filter((replicaSet) => replicaSet.metadata.deletionTimestamp === undefined).sort(byRevision)
  return alive
    .slice(0, Math.max(0, alive.length - limit))
    .filter(
      ({ metadata, spec, status }) =>
        (status?.replicas ?? 0) === 0 && spec.replicas === 0 && (metadata.generation ?? 0) <= (status?.observedGeneration ?? 0),
    )
    .map(({ metadata: { namespace, name, uid } }) => ({
      verb: 'delete',
      target: { resource: 'replicasets.apps', namespace, name },
      preconditions: { uid },
    }))
}

function byRevision(a: ReplicaSet, b: ReplicaSet): number {
  const [first, second] = [revisionOf(a), revisionOf(b)]
  return first === undefined || second === undefined || first === second ? byCreation(a, b) : first - second
}

/** The sizes under which a ReplicaSet was last scaled: they tell a scaling of the Deployment from a rollout, and set proportions. */
export function replicasAnnotations(desired: number, surge: number): Record<string, string> {
  return { [DESIRED_REPLICAS]: String(desired), [MAX_REPLICAS]: String(desired + surge) }
}

/** A count in an annotation; undefined when absent, malformed or beyond 32 bits. */
export function annotatedCount(replicaSet: ReplicaSet, key: string): number | undefined {
  const text = replicaSet.metadata.annotations?.[key]
  return text !== undefined && /^\d+$/.test(text) && Number(text) <= 0x7fffffff ? Number(text) : undefined
}

export function isActive(replicaSet: ReplicaSet): boolean {
  return sizeOf(replicaSet) > 0
}
