/** Which templates the set's pods are at and go to, and what keeps its history in order. Upstream: getStatefulSetRevisions. */
import type { ControllerRevision, Pod, PodTemplateSpec, StatefulSet } from '../../api/types.gen.ts'
import type { Action } from '../../runtime/plan.ts'
import {
  createRevision,
  deleteRevision,
  isRevisionOf,
  newRevision,
  renumberRevision,
  revisionData,
  revisionTemplate,
  sortRevisions,
} from '../history/controller-revision.ts'
import { revisionHash, revisionName } from '../history/revision-name.ts'
import { truncateHistory } from '../history/truncate-history.ts'
import { podRevision } from './identity.ts'

const HASH_LABEL = 'controller.kubernetes.io/hash'

export interface SetRevision {
  readonly name: string
  readonly template: PodTemplateSpec
}

export interface SetRevisions {
  /** What pods were made from before the update that is underway; the same as `update` when none is. */
  readonly current: SetRevision
  /** What spec.template says now. */
  readonly update: SetRevision
  readonly collisionCount: number
  readonly actions: readonly Action[]
}

/**
 * @param revisions those of the set
 * @param revisionNamed any of the namespace: another owner's may have the name this one's should get
 */
export function chooseRevisions(
  set: StatefulSet,
  revisions: readonly ControllerRevision[],
  revisionNamed: (name: string) => ControllerRevision | undefined,
): SetRevisions {
  const sorted = sortRevisions(revisions)
  const { update, collisionCount, actions } = chooseUpdate(set, sorted, revisionNamed)
  const current = sorted.find(({ metadata }) => metadata.name === set.status?.currentRevision)
  return { current: current === undefined ? update : asSetRevision(current), update, collisionCount, actions }
}

function chooseUpdate(
  set: StatefulSet,
  sorted: readonly ControllerRevision[],
  revisionNamed: (name: string) => ControllerRevision | undefined,
): Pick<SetRevisions, 'update' | 'collisionCount' | 'actions'> {
  const template = set.spec.template
  const collisionCount = set.status?.collisionCount ?? 0
  const newest = sorted.at(-1)
  if (newest !== undefined && isRevisionOf(newest, template)) return { update: asSetRevision(newest), collisionCount, actions: [] }

  // A set that is going leaves its history to garbage collection: a new revision would only be collected too.
  const isGoing = set.metadata.deletionTimestamp !== undefined
  const number = (newest?.revision ?? 0) + 1
  const earlier = sorted.findLast((revision) => isRevisionOf(revision, template))
  if (earlier !== undefined) {
    return { update: asSetRevision(earlier), collisionCount, actions: isGoing ? [] : [renumberRevision(earlier, number)] }
  }
  const free = firstFreeName(set, collisionCount, revisionNamed)
  if (free.existing !== undefined || isGoing)
    return { update: { name: free.name, template }, collisionCount: free.collisionCount, actions: [] }
  const created = newRevision({
    owner: set,
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    template,
    name: free.name,
    revision: number,
    // The label keeps the hash of the first try, as upstream's does when names collide.
    labels: { [HASH_LABEL]: revisionHash(revisionData(template), collisionCount) },
  })
  return { update: { name: free.name, template }, collisionCount: free.collisionCount, actions: [createRevision(created)] }
}

/** A name nobody has, or whose revision has the same data. Upstream: controller_history.go CreateControllerRevision. */
function firstFreeName(set: StatefulSet, collisionCount: number, revisionNamed: (name: string) => ControllerRevision | undefined) {
  const data = revisionData(set.spec.template)
  for (let count = collisionCount; ; count++) {
    const name = revisionName(set.metadata.name, revisionHash(data, count))
    const existing = revisionNamed(name)
    if (existing === undefined || isRevisionOf(existing, set.spec.template)) return { name, existing, collisionCount: count }
  }
}

/** Deletes the oldest revisions beyond the limit; the two in use and those of pods don't count. Upstream: truncateHistory. */
export function cleanUpHistory(
  set: StatefulSet,
  revisions: readonly ControllerRevision[],
  { current, update }: SetRevisions,
  pods: readonly Pod[],
): Action[] {
  const live = new Set([current.name, update.name, ...pods.map(podRevision)])
  const history = revisions.filter(({ metadata }) => !live.has(metadata.name))
  return truncateHistory(history, set.spec.revisionHistoryLimit ?? 10, () => false).map(deleteRevision)
}

function asSetRevision(revision: ControllerRevision): SetRevision {
  return { name: revision.metadata.name, template: revisionTemplate(revision) }
}
