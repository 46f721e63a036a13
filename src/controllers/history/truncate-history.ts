import type { ControllerRevision } from '../../api/types.gen.ts'
import { sortRevisions } from './controller-revision.ts'

/**
 * The revisions to delete, oldest first, so that `limit` are left. One that is live (the current, the next, or a pod's) is never among them.
 * @param revisions those that count towards the limit
 */
export function truncateHistory(
  revisions: readonly ControllerRevision[],
  limit: number,
  isLive: (revision: ControllerRevision) => boolean,
): ControllerRevision[] {
  const excess = revisions.length - limit
  if (excess <= 0 || limit < 0) return []
  return sortRevisions(revisions)
    .filter((revision) => !isLive(revision))
    .slice(0, excess)
}
