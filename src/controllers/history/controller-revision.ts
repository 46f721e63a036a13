/**
 * ControllerRevisions: the templates an owner has had, numbered. A revision holds what would bring its template back, as a
 * strategic merge patch, which is also how `kubectl rollout` reads it. Upstream: pkg/controller/history.
 */
import { controllerReference } from '../../api/meta/owner-references.ts'
import { parseTimestamp } from '../../api/meta/time.ts'
import type { KubeObject, New } from '../../api/object.ts'
import type { ControllerRevision, ObjectMeta, PodTemplateSpec } from '../../api/types.gen.ts'
import { deepEqual } from '../../lib/deep-equal.ts'
import type { CreateAction, DeleteAction, PatchAction } from '../../runtime/plan.ts'

export const CONTROLLER_REVISIONS = 'controllerrevisions.apps'

/** On pods and DaemonSet revisions: which revision of the template a pod was made from. */
export const REVISION_LABEL = 'controller-revision-hash'

interface RevisionData {
  spec?: { template?: PodTemplateSpec & { $patch?: string } }
}

/** The patch that restores `template`: keys in order, as Go writes maps, so that equal templates are equal texts. */
export function revisionData(template: PodTemplateSpec): Record<string, unknown> {
  return sortKeys({ spec: { template: { ...template, $patch: 'replace' } } }) as Record<string, unknown>
}

/** The template a revision brings back. */
export function revisionTemplate(revision: ControllerRevision | New<ControllerRevision>): PodTemplateSpec {
  const { $patch: _, ...template } = (revision.data as RevisionData | undefined)?.spec?.template ?? {}
  return withoutNullTime(template)
}

/** Up to 1.33 upstream wrote a template's creationTimestamp as null; such revisions are none the less of that template. */
function withoutNullTime(template: PodTemplateSpec): PodTemplateSpec {
  const metadata = template.metadata as { creationTimestamp?: unknown } | undefined
  if (metadata?.creationTimestamp !== null) return template
  const { creationTimestamp: _, ...kept } = metadata
  return { ...template, metadata: kept as ObjectMeta }
}

/** Does the revision hold this very template? */
export function isRevisionOf(revision: ControllerRevision, template: PodTemplateSpec): boolean {
  return deepEqual(revisionTemplate(revision), withoutNullTime(template))
}

/** Oldest first. Upstream: byRevision. */
export function sortRevisions(revisions: readonly ControllerRevision[]): ControllerRevision[] {
  return [...revisions].sort(
    (a, b) =>
      a.revision - b.revision ||
      parseTimestamp(a.metadata.creationTimestamp) - parseTimestamp(b.metadata.creationTimestamp) ||
      (a.metadata.name < b.metadata.name ? -1 : 1),
  )
}

export interface NewRevision {
  readonly owner: KubeObject
  /** Of the owner, as `kind`. */
  readonly apiVersion: string
  readonly kind: string
  readonly template: PodTemplateSpec
  readonly name: string
  readonly revision: number
  /** Beyond those of the template. */
  readonly labels: Readonly<Record<string, string>>
}

/** Annotations are the owner's: `kubectl rollout history` finds the change cause there. */
export function newRevision({ owner, apiVersion, kind, template, name, revision, labels }: NewRevision): New<ControllerRevision> {
  const metadata: Partial<ObjectMeta> = {
    name,
    namespace: owner.metadata.namespace,
    labels: { ...template.metadata?.labels, ...labels },
    ...(owner.metadata.annotations && { annotations: { ...owner.metadata.annotations } }),
    ownerReferences: [controllerReference(owner, apiVersion, kind)],
  }
  return { apiVersion: 'apps/v1', kind: 'ControllerRevision', metadata, data: revisionData(template), revision }
}

export function createRevision(revision: New<ControllerRevision>): CreateAction {
  return { verb: 'create', resource: CONTROLLER_REVISIONS, object: revision as New<KubeObject> }
}

/** Makes an old revision the newest again: what a rollback comes to. */
export function renumberRevision({ metadata }: ControllerRevision, revision: number): PatchAction {
  return { verb: 'patch', target: refOf(metadata), patch: { metadata: { uid: metadata.uid }, revision } }
}

export function labelRevision({ metadata }: ControllerRevision, labels: Readonly<Record<string, string>>): PatchAction {
  return { verb: 'patch', target: refOf(metadata), patch: { metadata: { uid: metadata.uid, labels } } }
}

export function deleteRevision({ metadata }: ControllerRevision): DeleteAction {
  return { verb: 'delete', target: refOf(metadata), preconditions: { uid: metadata.uid } }
}

function refOf({ namespace, name }: ObjectMeta) {
  return { resource: CONTROLLER_REVISIONS, namespace, name }
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, part]) => part !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, part]) => [key, sortKeys(part)]),
  )
}
