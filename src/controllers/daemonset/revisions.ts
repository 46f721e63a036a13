/** The DaemonSet's template as a numbered revision, and its history. Upstream: daemon/update.go constructHistory, snapshot. */
import type { ControllerRevision, DaemonSet, Pod } from '../../api/types.gen.ts'
import type { Action } from '../../runtime/plan.ts'
import {
  createRevision,
  deleteRevision,
  isRevisionOf,
  labelRevision,
  newRevision,
  REVISION_LABEL,
  renumberRevision,
} from '../history/controller-revision.ts'
import { truncateHistory } from '../history/truncate-history.ts'
import { templateHash } from '../pods/template-hash.ts'
import { PODS } from './daemon-pod.ts'

export interface SetHistory {
  /** Label value of pods made from the template as it is. */
  readonly hash: string
  readonly old: readonly ControllerRevision[]
  readonly actions: readonly Action[]
  /** The name for the new revision is taken by another template: count on and try again. */
  readonly isCollision: boolean
}

/**
 * @param revisions those of the set
 * @param revisionNamed any of the namespace: another owner's may have the name this one's should get
 */
export function chooseHistory(
  set: DaemonSet,
  revisions: readonly ControllerRevision[],
  pods: readonly Pod[],
  revisionNamed: (name: string) => ControllerRevision | undefined,
): SetHistory {
  const { template } = set.spec
  const labelling = revisions.filter((revision) => hashOf(revision) === undefined)
  const actions: Action[] = labelling.map((revision) => labelRevision(revision, { [REVISION_LABEL]: revision.metadata.name }))
  const matching = revisions.filter((revision) => isRevisionOf(revision, template))
  const old = revisions.filter((revision) => !matching.includes(revision))
  const number = Math.max(0, ...old.map(({ revision }) => revision)) + 1

  if (matching.length > 0) {
    const kept = matching.reduce((best, revision) => (revision.revision >= best.revision ? revision : best))
    const hash = hashOf(kept) ?? kept.metadata.name
    if (matching.length > 1) actions.push(...merge(kept, hash, matching, pods))
    if (kept.revision < number) actions.push(renumberRevision(kept, number))
    return { hash, old, actions, isCollision: false }
  }
  const hash = templateHash(template, set.status?.collisionCount)
  const name = `${set.metadata.name}-${hash}`
  const taken = revisionNamed(name)
  if (taken !== undefined) return { hash, old, actions, isCollision: !isRevisionOf(taken, template) }
  const labels = { [REVISION_LABEL]: hash }
  actions.push(
    createRevision(newRevision({ owner: set, apiVersion: 'apps/v1', kind: 'DaemonSet', template, name, revision: number, labels })),
  )
  return { hash, old, actions, isCollision: false }
}

/** Several revisions of one template become one, and all pods its pods. Upstream: dedupCurHistories. */
function merge(kept: ControllerRevision, hash: string, matching: readonly ControllerRevision[], pods: readonly Pod[]): Action[] {
  const relabelled = pods
    .filter((pod) => pod.metadata.labels?.[REVISION_LABEL] !== hash)
    .map(
      ({ metadata: { namespace, name, uid } }): Action => ({
        verb: 'patch',
        target: { resource: PODS, namespace, name },
        patch: { metadata: { uid, labels: { [REVISION_LABEL]: hash } } },
      }),
    )
  return [...relabelled, ...matching.filter((revision) => revision !== kept).map(deleteRevision)]
}

/** Old revisions beyond the limit, but none that a pod was made from. Upstream: cleanupHistory. */
export function cleanUpHistory(set: DaemonSet, old: readonly ControllerRevision[], pods: readonly Pod[]): Action[] {
  const live = new Set(pods.map((pod) => pod.metadata.labels?.[REVISION_LABEL]))
  const isLive = (revision: ControllerRevision) => live.has(hashOf(revision) ?? revision.metadata.name)
  return truncateHistory(old, set.spec.revisionHistoryLimit ?? 10, isLive).map(deleteRevision)
}

function hashOf({ metadata }: ControllerRevision): string | undefined {
  return metadata.labels?.[REVISION_LABEL]
}
